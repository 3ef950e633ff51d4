//! What was sent and is not over: with its browser, or waiting for a blob before it.

use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::VecDeque,
    rc::Rc,
    task::Poll,
};

use wasm_bindgen::{JsCast as _, JsValue};
use ws_core::{Close, Data, Error, Place, Waiters};

use super::sys;
use crate::{
    JsBlob, data,
    sys::{ArrayBuffer, Promise, Uint8Array},
};

/// The way out of a WebSocketStream, in order.
///
/// The browser tells of each write when there was room for it. It keeps what is written by reference until then: bytes
/// have to leave the program's memory first, and a blob has to be read.
pub(crate) struct Outbox {
    /// There once the connection is established.
    writer: OnceCell<sys::Writer>,
    /// What is not written: it waits for a blob, which is first.
    waiting: RefCell<VecDeque<Data>>,
    /// The first is being read.
    reading: Cell<bool>,
    /// What was written and is not over, in order.
    under_way: RefCell<VecDeque<Write>>,
    /// What the browser has done with.
    spare: Cell<Option<Write>>,
    /// The bytes of all that is not over.
    bytes: Cell<u64>,
    /// The closing handshake is to start when nothing is left before it.
    close: Cell<Option<Option<Close>>>,
    /// No write will ever be over any more.
    has_ended: Cell<bool>,
    /// Something could not be sent: a blob that could not be read, or what the peer did not take in time.
    has_failed: Cell<bool>,
    /// Who waits until less is left.
    watchers: Rc<Waiters>,
}

/// The most bytes of memory that is kept for the next message.
const MOST_SPARE: u64 = 1 << 20;

/// A message with the browser.
struct Write {
    size: u64,
    /// Its bytes, outside of the program's memory. A message of the same size can have the memory after it: a new one takes a
    /// browser as long to get and to give back as half of the rest does.
    memory: Option<Uint8Array>,
}

/// What has been started.
pub(crate) enum Next {
    /// A message is written.
    Writing(Promise),
    /// A blob is read.
    Reading(Promise),
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

    /// Writes what is first, or starts to read it. `None` if there is nothing to be done before something is over.
    pub(crate) fn next(&self) -> Option<Next> {
        if self.reading.get() {
            return None;
        }
        // It may run the program's code when it is dropped, which is after the write and with nothing borrowed.
        let data = self.waiting.borrow_mut().pop_front()?;
        let bytes = match &data {
            Data::Text(text) => return self.write(&JsValue::from_str(text), data.len(), None).map(Next::Writing),
            Data::Binary(bytes) => bytes,
            Data::Blob(blob) => match (blob.as_bytes(), blob.downcast_host::<JsBlob>()) {
                (Some(bytes), _) => bytes,
                // It keeps its place, and what comes after it waits.
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

    /// The first of the writes under way is over, or, as all after it, never will be. Those that never will may be told of before the one
    /// that the browser is about; then the bytes that are left are not exact any more, and mean nothing any more.
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

    /// How to start the closing handshake, once nothing is left before it.
    pub(crate) fn take_close(&self) -> Option<Option<Close>> {
        if self.is_empty() { self.close.take() } else { None }
    }

    /// The same, with something left before it, which is lost.
    pub(crate) fn give_up(&self) -> Option<Option<Close>> {
        let close = self.close.take();
        self.has_failed.set(close.is_some() || self.has_failed.get());
        close
    }

    /// Whether everything that was sent is over.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.borrow().is_empty() && self.under_way.borrow().is_empty()
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

    /// Ready when no more than this many bytes are left: true; or none will ever be fewer: false.
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
            Some(Write { size, memory: Some(memory) }) if size == bytes.len() as u64 => {
                memory.set(bytes);
                memory
            }
            _ => Uint8Array::copied(bytes),
        }
    }

    fn write(&self, chunk: &JsValue, size: u64, memory: Option<Uint8Array>) -> Option<Promise> {
        let writer = self.writer.get()?;
        self.under_way.borrow_mut().push_back(Write { size, memory });
        Some(writer.write(chunk))
    }
}
