//! The browser's own WebSocketStream, as events and with a way to hold them back.

use std::{
    cell::{Cell, OnceCell, RefCell},
    fmt,
    future::poll_fn,
    rc::Rc,
    sync::Arc,
    task::{Poll, Waker},
    time::Duration,
};

use gloo_timers::future::sleep;
use js_sys::{JsString, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use ws_core::{Close, CloseCode, CloseEvent, Data, Drained, Error, EventTarget, MessageEvent, ReadyState, Task};

use super::{BrowserStream, outbox::Outbox, sys};
use crate::error;

/// How long a peer may take to read what was sent before the connection was closed.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection over the browser's WebSocketStream.
pub(crate) struct Engine(Rc<Connection>);

/// What the handle and the task that reads share.
struct Connection {
    stream: sys::WebSocketStream,
    /// The standard's "ready state", which the browser does not show.
    ready_state: Cell<ReadyState>,
    /// What the server selected, once the connection is established.
    info: OnceCell<sys::Dictionary>,
    outbox: Rc<Outbox>,
    /// No message is to be read.
    held: Cell<bool>,
    /// How the connection was closed: what `closed` has resolved with, or was rejected with.
    ending: RefCell<Option<Result<JsValue, JsValue>>>,
    /// Wakes the task that reads, for one of the two above.
    waker: Cell<Option<Waker>>,
}

impl Engine {
    /// Whether this browser has a WebSocketStream.
    pub(crate) fn is_there() -> bool {
        sys::CONSTRUCTOR.with(Option::is_some)
    }

    pub(crate) fn open(url: &str, protocols: &[String]) -> Result<Self, Error> {
        let options = sys::Dictionary::empty();
        options.set_protocols(&protocols.iter().map(|protocol| JsString::from(protocol.as_str())).collect());
        let stream = sys::WebSocketStream::new(url, &options).map_err(|exception| error::from_exception(&exception))?;
        Ok(Self(Rc::new(Connection {
            outbox: Outbox::new(stream.clone()),
            stream,
            ready_state: Cell::new(ReadyState::Connecting),
            info: OnceCell::new(),
            held: Cell::new(false),
            ending: RefCell::new(None),
            waker: Cell::new(None),
        })))
    }

    /// Reads until the connection is closed, also when nobody can hear it any more: what is behind the messages is to come.
    pub(crate) fn establish(&self, target: EventTarget<BrowserStream>) {
        let connection = Rc::clone(&self.0);
        // Both promises have somebody who handles them from now on, so that no rejection is reported as unhandled.
        let (opened, closed) = (JsFuture::from(self.0.stream.opened()), JsFuture::from(self.0.stream.closed()));
        spawn_local(async move {
            let result = closed.await;
            connection.end(result);
        });
        let connection = Rc::clone(&self.0);
        spawn_local(async move {
            if let Ok(info) = opened.await {
                connection.run(info.unchecked_into(), &target).await;
            }
            let close = connection.closed().await;
            target.run(close);
        });
    }

    pub(crate) fn url(&self) -> String {
        self.0.stream.url()
    }

    pub(crate) fn ready_state(&self) -> ReadyState {
        match self.0.ready_state.get() {
            ReadyState::Open if self.0.outbox.has_failed() => ReadyState::Closing,
            state => state,
        }
    }

    pub(crate) fn buffered_amount(&self) -> u64 {
        self.0.outbox.bytes()
    }

    pub(crate) fn extensions(&self) -> String {
        self.0.info.get().map(sys::Dictionary::extensions).unwrap_or_default()
    }

    pub(crate) fn protocol(&self) -> String {
        self.0.info.get().map(sys::Dictionary::protocol).unwrap_or_default()
    }

    pub(crate) fn send(&self, data: &Data) -> Result<(), Error> {
        match self.ready_state() {
            ReadyState::Connecting => Err(Error::InvalidState),
            ReadyState::Open => self.0.outbox.send(data),
            state @ (ReadyState::Closing | ReadyState::Closed) => Err(Error::Discarded(state)),
        }
    }

    /// Messages sent before go out first. What comes after it is read, so that the peer's Close frame is, and not told.
    pub(crate) fn close(&self, close: Option<Close>) {
        if !matches!(self.ready_state(), ReadyState::Connecting | ReadyState::Open) {
            return;
        }
        self.0.ready_state.set(ReadyState::Closing);
        self.0.outbox.close(close);
        self.0.wake();
        if !self.0.outbox.is_empty() {
            // A peer that does not read is not waited for without end.
            let outbox = Rc::clone(&self.0.outbox);
            spawn_local(async move {
                sleep(CLOSE_TIMEOUT).await;
                if !outbox.is_empty() {
                    outbox.abort().await;
                }
            });
        }
    }

    pub(crate) fn hold_back(&self, held: bool) {
        self.0.held.set(held);
        self.0.wake();
    }

    pub(crate) fn drained(&self, left: u64) -> Drained {
        Box::pin(self.0.outbox.drained(left))
    }
}

impl Connection {
    /// From the established connection to the end of its messages.
    async fn run(&self, info: sys::Dictionary, target: &EventTarget<BrowserStream>) {
        let reader = info.readable().get_reader();
        self.outbox.open(info.writable().get_writer());
        let _ = self.info.set(info);
        // Unless the program has closed it meanwhile.
        if self.ready_state.get() == ReadyState::Connecting {
            self.ready_state.set(ReadyState::Open);
            target.run(Task::Open);
        }
        let origin: Arc<str> = sys::Url::parse(&self.stream.url()).map(|url| url.origin()).unwrap_or_default().into();
        loop {
            self.wanted().await;
            let Ok(chunk) = JsFuture::from(reader.read()).await else { break };
            let chunk: sys::Dictionary = chunk.unchecked_into();
            if chunk.done() {
                break;
            }
            // "If stream's ready state is not OPEN (1), then return."
            if self.ready_state.get() == ReadyState::Open {
                target.run(Task::Message(MessageEvent::new(received(chunk.value()), Arc::clone(&origin))));
            }
        }
    }

    /// Waits until a message is wanted, or what is behind the messages.
    async fn wanted(&self) {
        poll_fn(|cx| {
            let is_held =
                self.held.get() && self.ready_state.get() == ReadyState::Open && self.ending.borrow().is_none();
            if is_held {
                self.waker.set(Some(cx.waker().clone()));
                return Poll::Pending;
            }
            Poll::Ready(())
        })
        .await;
    }

    /// Waits for the end: the last task.
    async fn closed(&self) -> Task {
        let result = poll_fn(|cx| match self.ending.borrow().clone() {
            Some(result) => Poll::Ready(result),
            None => {
                self.waker.set(Some(cx.waker().clone()));
                Poll::Pending
            }
        })
        .await;
        self.ready_state.set(ReadyState::Closed);
        self.outbox.end();
        let was_clean = result.is_ok() && !self.outbox.has_failed();
        let (Ok(info) | Err(info)) = result;
        // What it was rejected with is a WebSocketError, whose code is null if there was none.
        let info: sys::Dictionary = info.unchecked_into();
        let event = match info.close_code() {
            Some(code) if !self.outbox.has_failed() => {
                CloseEvent::new(was_clean, CloseCode::new(code), info.reason().unwrap_or_default())
            }
            _ => CloseEvent::abnormal(),
        };
        Task::Close { failed: !was_clean, event }
    }

    fn end(&self, result: Result<JsValue, JsValue>) {
        self.ending.replace(Some(result));
        self.wake();
    }

    fn wake(&self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// A chunk: "a new DOMString containing data", or "a new Uint8Array object [...] whose contents are data". Browsers that began
/// before it was said so have an ArrayBuffer.
fn received(chunk: JsValue) -> Data {
    if let Some(text) = chunk.as_string() {
        return Data::Text(text.into());
    }
    let bytes = chunk.dyn_into().unwrap_or_else(|buffer| Uint8Array::new(&buffer));
    Data::Binary(bytes.to_vec().into())
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("ready_state", &self.ready_state()).finish_non_exhaustive()
    }
}
