//! What was sent and is not over: with its browser, or waiting for a blob before it.

use std::{
    cell::{Cell, OnceCell, RefCell},
    collections::VecDeque,
    future::{Future, poll_fn},
    rc::{Rc, Weak},
    task::{Poll, Waker},
};

use js_sys::{JsString, Uint8Array};
use wasm_bindgen::{JsValue, closure::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use ws_core::{Close, Data, Error};

use super::sys;
use crate::{JsBlob, data};

/// The way out of a WebSocketStream, in order.
///
/// The browser tells of each write when there was room for it. It keeps what is written by reference until then: bytes
/// have to leave the program's memory first, and a blob has to be read.
pub(crate) struct Outbox {
    stream: sys::WebSocketStream,
    /// There once the connection is established.
    writer: OnceCell<sys::Writer>,
    /// Called when a write is over, and when it never will be.
    written: Closure<dyn FnMut(JsValue)>,
    failed: Closure<dyn FnMut(JsValue)>,
    /// Itself, as long as the browser may call one of these.
    called: RefCell<Option<Rc<Self>>>,
    /// What waits for a blob, which is first and being read.
    waiting: RefCell<VecDeque<Waiting>>,
    /// The sizes of what was written and is not over, in order.
    under_way: RefCell<VecDeque<u64>>,
    /// The bytes of all that is not over.
    bytes: Cell<u64>,
    /// The closing handshake is to start when nothing is left before it.
    close: Cell<Option<Option<Close>>>,
    /// No write will ever be over any more.
    has_ended: Cell<bool>,
    /// A blob could not be read, so that nothing can be sent any more.
    has_failed: Cell<bool>,
    /// Who waits until less is left.
    watchers: RefCell<Vec<Waker>>,
}

/// What is next to be written.
enum Waiting {
    /// A chunk as the browser takes it, and its size in bytes.
    Chunk(JsValue, u64),
    Blob(JsBlob, u64),
}

impl Outbox {
    pub(crate) fn new(stream: sys::WebSocketStream) -> Rc<Self> {
        Rc::new_cyclic(|outbox: &Weak<Self>| {
            let settled = |is_written| {
                let outbox = Weak::clone(outbox);
                Closure::own_assert_unwind_safe(move |_| {
                    if let Some(outbox) = outbox.upgrade() {
                        outbox.settled(is_written);
                    }
                })
            };
            Self {
                stream,
                writer: OnceCell::new(),
                written: settled(true),
                failed: settled(false),
                called: RefCell::default(),
                waiting: RefCell::default(),
                under_way: RefCell::default(),
                bytes: Cell::new(0),
                close: Cell::new(None),
                has_ended: Cell::new(false),
                has_failed: Cell::new(false),
                watchers: RefCell::default(),
            }
        })
    }

    pub(crate) fn open(&self, writer: sys::Writer) {
        let _ = self.writer.set(writer);
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.get()
    }

    pub(crate) fn send(self: &Rc<Self>, data: &Data) -> Result<(), Error> {
        let size = data.len();
        let message = match data {
            Data::Text(text) => Waiting::Chunk(JsString::from(&**text).into(), size),
            Data::Binary(bytes) => Waiting::Chunk(Uint8Array::new_from_slice(bytes).into(), size),
            Data::Blob(blob) => match (blob.as_bytes(), blob.downcast_host::<JsBlob>()) {
                (Some(bytes), _) => Waiting::Chunk(Uint8Array::new_from_slice(bytes).into(), size),
                (None, Some(blob)) => Waiting::Blob(blob.clone(), size),
                (None, None) => return Err(data::foreign_blob()),
            },
        };
        self.bytes.set(self.bytes.get() + size);
        let is_first = self.waiting.borrow().is_empty();
        self.waiting.borrow_mut().push_back(message);
        if is_first {
            self.advance();
        }
        Ok(())
    }

    /// Starts the closing handshake after everything that was sent before. Whoever waits for room looks again.
    pub(crate) fn close(&self, close: Option<Close>) {
        self.close.set(Some(close));
        self.close_when_empty();
        self.wake();
    }

    /// Whether everything that was sent is over.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.borrow().is_empty() && self.under_way.borrow().is_empty()
    }

    /// Whether something that was to be sent could not be.
    pub(crate) fn has_failed(&self) -> bool {
        self.has_failed.get()
    }

    /// Gives up what was sent and is not over, and starts the closing handshake.
    pub(crate) async fn abort(&self) {
        if let Some(writer) = self.writer.get() {
            let _ = JsFuture::from(writer.abort()).await;
        }
    }

    /// The connection is closed.
    pub(crate) fn end(&self) {
        self.has_ended.set(true);
        self.waiting.take();
        self.wake();
    }

    /// Resolves when no more than this many bytes are left: true; or none will ever be fewer: false.
    pub(crate) fn drained(self: &Rc<Self>, left: u64) -> impl Future<Output = bool> + 'static {
        let outbox = Rc::clone(self);
        poll_fn(move |cx| {
            if outbox.has_ended.get() {
                return Poll::Ready(false);
            }
            if outbox.bytes.get() <= left && (left > 0 || outbox.is_empty()) {
                return Poll::Ready(true);
            }
            let mut watchers = outbox.watchers.borrow_mut();
            if !watchers.iter().any(|waker| waker.will_wake(cx.waker())) {
                watchers.push(cx.waker().clone());
            }
            Poll::Pending
        })
    }

    /// Writes what is first, up to a blob, and starts to read that.
    fn advance(self: &Rc<Self>) {
        loop {
            let next = self.waiting.borrow_mut().pop_front();
            match next {
                None => break,
                Some(Waiting::Chunk(chunk, size)) => self.write(&chunk, size),
                Some(Waiting::Blob(blob, size)) => {
                    let outbox = Rc::clone(self);
                    let buffer = JsFuture::from(blob.array_buffer());
                    // It keeps its place: what comes after it sees that something is before it.
                    self.waiting.borrow_mut().push_front(Waiting::Blob(blob, size));
                    spawn_local(async move {
                        let buffer = buffer.await;
                        outbox.blob_read(buffer, size);
                    });
                    break;
                }
            }
        }
    }

    fn blob_read(self: &Rc<Self>, buffer: Result<JsValue, JsValue>, size: u64) {
        let waited = self.waiting.borrow_mut().pop_front();
        match buffer {
            // The connection has not ended meanwhile.
            Ok(buffer) if waited.is_some() => {
                self.write(&buffer, size);
                self.advance();
            }
            Ok(_) => {}
            // Messages after it must not overtake it, so that nothing can be sent any more.
            Err(_) => {
                self.waiting.take();
                self.has_failed.set(true);
                let close = self.close.take().flatten();
                self.close(close);
            }
        }
    }

    fn write(self: &Rc<Self>, chunk: &JsValue, size: u64) {
        let Some(writer) = self.writer.get() else { return };
        self.under_way.borrow_mut().push_back(size);
        self.called.replace(Some(Rc::clone(self)));
        // Both ways, so that no rejection is reported as unhandled: the stream itself tells why.
        let _ = writer.write(chunk).then2(&self.written, &self.failed);
    }

    /// The first of the writes under way is over, or, as all after it, never will be.
    fn settled(&self, is_written: bool) {
        let size = self.under_way.borrow_mut().pop_front().unwrap_or_default();
        if is_written {
            self.bytes.set(self.bytes.get() - size);
        } else {
            self.has_ended.set(true);
        }
        self.wake();
        self.close_when_empty();
        if self.under_way.borrow().is_empty() {
            self.called.take();
        }
    }

    fn close_when_empty(&self) {
        if !self.is_empty() {
            return;
        }
        if let Some(close) = self.close.take() {
            let info = sys::Dictionary::empty();
            if let Some(close) = close {
                info.set_close_code(close.code().get());
                info.set_reason(close.reason());
            }
            // Code and reason have been validated: it throws nothing.
            let _ = self.stream.close(&info);
        }
    }

    fn wake(&self) {
        self.watchers.take().into_iter().for_each(Waker::wake);
    }
}
