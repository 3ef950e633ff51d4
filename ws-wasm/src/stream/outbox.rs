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
    /// Called when a write is over.
    written: Closure<dyn FnMut(JsValue)>,
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
            let outbox = Weak::clone(outbox);
            let written = move |_| {
                if let Some(outbox) = outbox.upgrade() {
                    outbox.written();
                }
            };
            Self {
                stream,
                writer: OnceCell::new(),
                written: Closure::own_assert_unwind_safe(written),
                waiting: RefCell::default(),
                under_way: RefCell::default(),
                bytes: Cell::new(0),
                close: Cell::new(None),
                has_ended: Cell::new(false),
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

    /// Starts the closing handshake after everything that was sent before.
    pub(crate) fn close(&self, close: Option<Close>) {
        self.close.set(Some(close));
        self.close_when_empty();
    }

    /// The connection is closed.
    pub(crate) fn end(&self) {
        self.has_ended.set(true);
        self.waiting.take();
        self.wake();
    }

    /// Resolves when no more than this many bytes are left, or none will ever be fewer.
    pub(crate) fn drained(self: &Rc<Self>, left: u64) -> impl Future<Output = ()> + 'static {
        let outbox = Rc::clone(self);
        poll_fn(move |cx| {
            if outbox.bytes.get() <= left || outbox.has_ended.get() {
                return Poll::Ready(());
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
                self.close(None);
            }
        }
    }

    fn write(&self, chunk: &JsValue, size: u64) {
        let Some(writer) = self.writer.get() else { return };
        self.under_way.borrow_mut().push_back(size);
        // Both ways, so that no rejection is reported as unhandled: the stream itself tells why.
        let _ = writer.write(chunk).then2(&self.written, &self.written);
    }

    /// The first of the writes under way is over.
    fn written(&self) {
        let size = self.under_way.borrow_mut().pop_front();
        self.bytes.set(self.bytes.get() - size.unwrap_or_default());
        self.wake();
        self.close_when_empty();
    }

    fn close_when_empty(&self) {
        if !self.waiting.borrow().is_empty() || !self.under_way.borrow().is_empty() {
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
