//! What was sent and is not done yet: it is with the browser, or waits for a blob before it.

use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::VecDeque,
    rc::Rc,
    task::Poll,
};

use wasm_bindgen::{JsCast as _, JsValue};
use ws_core::{Close, Data, Error, Place, Waiters};

use super::{patience::Patience, sys};
use crate::{
    JsBlob, data,
    sys::{ArrayBuffer, Promise, Uint8Array},
};

/// The way out of a WebSocketStream, in order.
///
/// The browser tells of each write when there was room for it, and keeps a reference to the data
/// until then: bytes have to be copied out of the program's memory first, and a blob has to be
/// read.
pub(crate) struct Outbox {
    /// There once the connection is established.
    writer: OnceCell<sys::Writer>,
    /// What is not written yet: it waits for the blob that is first.
    waiting: RefCell<VecDeque<Data>>,
    /// The first is being read.
    reading: Cell<bool>,
    /// What was written and is not over, in order.
    under_way: RefCell<VecDeque<Write>>,
    /// What the browser has done with.
    spare: Cell<Option<Write>>,
    /// The bytes of all that is not over.
    bytes: Cell<u64>,
    /// The arguments of `close()`, if the program has called it: it waits for what was sent before.
    close: Cell<Option<Option<Close>>>,
    /// No write will ever be over any more.
    has_ended: Cell<bool>,
    /// Something could not be sent: a blob could not be read, or the peer did not take it in time.
    has_failed: Cell<bool>,
    /// Who waits until less is left.
    watchers: Rc<Waiters>,
}

/// The most bytes of memory that is kept for the next message.
const MOST_SPARE: u64 = 1 << 20;

/// A message with the browser.
struct Write {
    size: u64,
    /// How much of its time the peer has had to take the message, if the connection was closed
    /// meanwhile.
    patience: Patience,
    /// Its bytes, outside of the program's memory. A later message of the same size can reuse this
    /// memory: to allocate and free it takes a browser half as long as all the rest.
    memory: Option<Uint8Array>,
}

/// What has been started.
pub(crate) enum Next {
    /// A message is written.
    Writing(Promise),
    /// A blob is read.
    Reading(Promise),
}

/// How the peer takes what was sent before the connection was closed.
pub(crate) enum Taking {
    /// Nothing waits behind the message under way, or nothing more will go out: there is nothing to
    /// give up.
    All,
    /// The message under way still has time, or none is under way because a blob is being read.
    InTime,
    /// The message under way has had its time. What waits behind it is lost, and this is how to close.
    TooLong(Option<Close>),
}

impl Outbox {
    pub(crate) fn new() -> Self {
        Self {
            writer: OnceCell::new(),
            waiting: RefCell::default(),
            reading: Cell::new(false),
            under_way: RefCell::default(),
            spare: Cell::new(None),
            bytes: Cell::new(0),
            close: Cell::new(None),
            has_ended: Cell::new(false),
            has_failed: Cell::new(false),
            watchers: Rc::new(Waiters::new()),
        }
    }

    pub(crate) fn open(&self, writer: sys::Writer) {
        let _ = self.writer.set(writer);
    }

    pub(crate) fn writer(&self) -> Option<&sys::Writer> {
        self.writer.get()
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.get()
    }

    /// Takes a message in, to be written [`next`](Self::next).
    pub(crate) fn push(&self, data: Data) -> Result<(), Error> {
        if let Data::Blob(blob) = &data
            && blob.as_bytes().is_none()
            && blob.downcast_host::<JsBlob>().is_none()
        {
            return Err(data::foreign_blob());
        }
        self.bytes.set(self.bytes.get() + data.len());
        self.waiting.borrow_mut().push_back(data);
        Ok(())
    }

    /// Writes what is first, or starts to read it. `None`: there is nothing to do before something
    /// else is done.
    pub(crate) fn next(&self) -> Option<Next> {
        if self.reading.get() {
            return None;
        }
        // Dropping it may run the program's code. That happens after the write, with nothing
        // borrowed.
        let data = self.waiting.borrow_mut().pop_front()?;
        let bytes = match &data {
            Data::Text(text) => return self.write(&JsValue::from_str(text), data.len(), None).map(Next::Writing),
            Data::Binary(bytes) => bytes,
            Data::Blob(blob) => match (blob.as_bytes(), blob.downcast_host::<JsBlob>()) {
                (Some(bytes), _) => bytes,
                // The blob keeps its place, and what comes after it waits.
                (None, Some(host)) => {
                    let reading = host.0.array_buffer();
                    self.waiting.borrow_mut().push_front(data);
                    self.reading.set(true);
                    return Some(Next::Reading(reading));
                }
                (None, None) => return None,
            },
        };
        let memory = self.copied(bytes);
        self.write(&memory.clone().into(), data.len(), Some(memory)).map(Next::Writing)
    }

    /// The blob that was being read: its buffer is written, unless it could not be read or the connection has ended meanwhile.
    pub(crate) fn blob_read(&self, value: JsValue) -> Option<Promise> {
        self.reading.set(false);
        let data = self.waiting.borrow_mut().pop_front()?;
        if !value.has_type::<ArrayBuffer>() {
            self.waiting.take();
            self.has_failed.set(true);
            return None;
        }
        self.write(&value, data.len(), None)
    }

    /// The first of the writes under way is done; or it and all after it never will be. The browser
    /// may tell of those before the write that it is busy with. Then the number of bytes that are
    /// left is no longer exact, but no longer matters either.
    pub(crate) fn written(&self, is_written: bool) {
        let write = self.under_way.borrow_mut().pop_front();
        match write {
            Some(write) if is_written => {
                self.bytes.set(self.bytes.get() - write.size);
                self.spare.set(Some(write).filter(|write| write.memory.is_some() && write.size <= MOST_SPARE));
            }
            _ => self.has_ended.set(true),
        }
        self.watchers.wake();
    }

    /// The closing handshake is to start after everything that was sent before. Whoever waits for room looks again.
    pub(crate) fn close(&self, close: Option<Close>) {
        self.close.set(Some(close));
        self.watchers.wake();
    }

    /// How to start the closing handshake, if nothing is left before it.
    pub(crate) fn take_close(&self) -> Option<Option<Close>> {
        if self.is_empty() { self.close.take() } else { None }
    }

    /// Looks whether the peer takes what was sent: when the connection is closed, and after each
    /// [`TURN`](super::patience::TURN). The browser is busy with the first of the writes under way,
    /// and has not begun with those behind it.
    pub(crate) fn await_peer(&self) -> Taking {
        let mut under_way = self.under_way.borrow_mut();
        let is_begun = under_way.len() <= 1 && self.waiting.borrow().is_empty();
        if is_begun || self.has_ended.get() {
            return Taking::All;
        }
        let is_in_time = under_way.front_mut().is_none_or(|write| write.patience.goes_on(write.size));
        match self.close.take() {
            Some(close) if !is_in_time => {
                self.has_failed.set(true);
                Taking::TooLong(close)
            }
            close => {
                self.close.set(close);
                Taking::InTime
            }
        }
    }

    /// Whether everything that was sent is over.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.borrow().is_empty() && self.under_way.borrow().is_empty()
    }

    /// Whether nothing can be sent any more.
    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended.get()
    }

    /// Whether something that was to be sent could not be.
    pub(crate) fn has_failed(&self) -> bool {
        self.has_failed.get()
    }

    /// The connection is closed.
    pub(crate) fn end(&self) {
        self.has_ended.set(true);
        self.waiting.take();
        self.watchers.wake();
    }

    /// Ready when no more than this many bytes are left: true; or when there will never be fewer:
    /// false.
    pub(crate) fn is_drained(&self, left: u64) -> Poll<bool> {
        let has_ended = self.has_ended.get();
        if has_ended || self.bytes.get() <= left && (left > 0 || self.is_empty()) {
            Poll::Ready(!has_ended)
        } else {
            Poll::Pending
        }
    }

    /// Where to wait until less is left.
    pub(crate) fn watch(&self) -> Place<Rc<Waiters>> {
        Place::new(Rc::clone(&self.watchers))
    }

    /// Bytes in memory that the browser may keep for a while.
    fn copied(&self, bytes: &[u8]) -> Uint8Array {
        match self.spare.take() {
            Some(Write { size, memory: Some(memory), .. }) if size == bytes.len() as u64 => {
                memory.set(bytes);
                memory
            }
            _ => Uint8Array::copied(bytes),
        }
    }

    fn write(&self, chunk: &JsValue, size: u64, memory: Option<Uint8Array>) -> Option<Promise> {
        let writer = self.writer.get()?;
        self.under_way.borrow_mut().push_back(Write { size, patience: Patience::new(), memory });
        Some(writer.write(chunk))
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    /// A closed outbox whose peer takes nothing by itself, with these messages written as far as
    /// possible.
    fn closed_behind(messages: impl IntoIterator<Item = Data>) -> Outbox {
        let writer = evaluate("{ write: () => new Promise(() => {}) }");
        let outbox = Outbox::new();
        outbox.open(writer.unchecked_into());
        for message in messages {
            outbox.push(message).unwrap_or_else(|error| panic!("{error}"));
            while outbox.next().is_some() {}
        }
        outbox.close(None);
        outbox
    }

    fn evaluate(expression: &str) -> JsValue {
        js_sys::Function::new_no_args(&format!("return ({expression})")).call0(&JsValue::NULL).unwrap_or_default()
    }

    /// How many looks it takes until the peer's time is over, up to a limit.
    fn turns(outbox: &Outbox, most: usize) -> usize {
        (0..most).take_while(|_| matches!(outbox.await_peer(), Taking::InTime)).count()
    }

    #[wasm_bindgen_test]
    fn what_waits_behind_a_message_that_is_not_taken_is_given_up() {
        let outbox = closed_behind(["one".into(), "two".into()]);
        assert_eq!(turns(&outbox, 10), 1);
        assert!(outbox.has_failed());
        assert!(outbox.take_close().is_none(), "given out, to go behind the one under way");
    }

    #[wasm_bindgen_test]
    fn a_long_message_has_time_and_so_has_each_one_behind_it() {
        let outbox = closed_behind([vec![0; 1 << 20].into(), "".into(), "three".into()]);
        // The first turn is not over at the first look; then there are 10 seconds, and 64 for the
        // size.
        assert_eq!(turns(&outbox, 7), 7);
        outbox.written(true);
        assert_eq!(turns(&outbox, 1), 1, "the second one, of which nothing can be seen but that it is over");
        outbox.written(true);
        assert!(matches!(outbox.await_peer(), Taking::All), "the last one is under way");
        outbox.written(true);
        assert!(outbox.take_close().is_some());
        assert!(!outbox.has_failed());
    }

    #[wasm_bindgen_test]
    fn with_nothing_behind_the_one_under_way_nothing_is_given_up() {
        for outbox in [closed_behind([]), closed_behind([vec![0; 1 << 20].into()])] {
            assert!(matches!(outbox.await_peer(), Taking::All));
            assert!(!outbox.has_failed());
        }
    }

    #[wasm_bindgen_test]
    fn while_a_blob_is_read_the_peer_has_nothing_to_take() {
        let blob = evaluate("new Blob(['x'])").unchecked_into();
        let outbox = closed_behind([ws_core::Blob::from(JsBlob(blob)).into(), "behind".into()]);
        assert_eq!(turns(&outbox, 100), 100);
        let buffer = evaluate("new ArrayBuffer(1)");
        assert!(outbox.blob_read(buffer).is_some());
        assert_eq!(turns(&outbox, 10), 1, "its time begins");
        assert!(outbox.has_failed());
    }
}
