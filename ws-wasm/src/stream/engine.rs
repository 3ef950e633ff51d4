//! The browser's own WebSocketStream, as events and with a way to hold them back.

use std::{
    cell::{Cell, OnceCell, RefCell},
    fmt,
    rc::{Rc, Weak},
    sync::Arc,
    time::Duration,
};

use gloo_timers::future::sleep;
use js_sys::{JsString, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::spawn_local;
use ws_core::{Close, CloseCode, CloseEvent, Data, Drained, Error, EventTarget, MessageEvent, ReadyState, Task};

use super::{BrowserStream, outbox::Outbox, sys};
use crate::{
    error,
    sys::{Callback, Uint8Array as View},
};

/// How long a peer may take to read what was sent before the connection was closed.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection over the browser's WebSocketStream.
pub(crate) struct Engine(Rc<Connection>);

/// What the handle and the browser's promises share.
///
/// The promises call what is made once, so that a message costs no closure and no task of its own.
struct Connection {
    stream: sys::WebSocketStream,
    /// The standard's "ready state", which the browser does not show.
    ready_state: Cell<ReadyState>,
    /// What the server selected, once the connection is established.
    info: OnceCell<sys::Dictionary>,
    outbox: Rc<Outbox>,
    /// Who is told, from `establish()` on.
    target: OnceCell<EventTarget<BrowserStream>>,
    inbound: RefCell<Inbound>,
    /// The origin of all message events.
    origin: OnceCell<Arc<str>>,
    /// No message is to be read.
    held: Cell<bool>,
    /// How the connection was closed: what `closed` has resolved with, or was rejected with.
    ending: RefCell<Option<Result<JsValue, JsValue>>>,
    callbacks: Callbacks,
    /// Itself, as long as the browser may call one of these.
    called: RefCell<Option<Rc<Self>>>,
}

/// Where the messages come from.
enum Inbound {
    /// The connection is being made.
    Connecting,
    Reader(sys::Reader),
    /// The next message has been asked for, and will be told with the reader.
    Asked(sys::Reader),
    /// There is none any more.
    Over,
}

struct Callbacks {
    opened: Callback,
    chunk: Callback,
    /// There will be no message: the connection could not be made, or has failed.
    failed: Callback,
    closed: Callback,
    lost: Callback,
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
        Ok(Self(Rc::new_cyclic(|connection| Connection {
            outbox: Outbox::new(stream.clone()),
            stream,
            ready_state: Cell::new(ReadyState::Connecting),
            info: OnceCell::new(),
            target: OnceCell::new(),
            inbound: RefCell::new(Inbound::Connecting),
            origin: OnceCell::new(),
            held: Cell::new(false),
            ending: RefCell::new(None),
            callbacks: Callbacks::new(connection),
            called: RefCell::new(None),
        })))
    }

    /// Reads until the connection is closed, also when nobody can hear it any more: what is behind the messages is to come.
    pub(crate) fn establish(&self, target: EventTarget<BrowserStream>) {
        let connection = &self.0;
        let _ = connection.target.set(target);
        connection.called.replace(Some(Rc::clone(connection)));
        // Both ways, so that no rejection is reported as unhandled.
        let Callbacks { opened, failed, closed, lost, .. } = &connection.callbacks;
        connection.stream.opened().then(opened.as_js_value(), failed.as_js_value());
        connection.stream.closed().then(closed.as_js_value(), lost.as_js_value());
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
        self.0.advance();
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
        self.0.advance();
    }

    pub(crate) fn drained(&self, left: u64) -> Drained {
        Box::pin(self.0.outbox.drained(left))
    }
}

impl Callbacks {
    fn new(connection: &Weak<Connection>) -> Self {
        let callback = |told: fn(&Connection, JsValue)| {
            let connection = Weak::clone(connection);
            Callback::own_assert_unwind_safe(move |value| {
                if let Some(connection) = connection.upgrade() {
                    told(&connection, value);
                    connection.advance();
                }
            })
        };
        Self {
            opened: callback(|connection, info| connection.opened(info.unchecked_into())),
            chunk: callback(|connection, chunk| connection.read(&chunk.unchecked_into())),
            failed: callback(|connection, _| _ = connection.inbound.replace(Inbound::Over)),
            closed: callback(|connection, info| _ = connection.ending.replace(Some(Ok(info)))),
            lost: callback(|connection, error| _ = connection.ending.replace(Some(Err(error)))),
        }
    }
}

impl Connection {
    /// The connection is established.
    fn opened(&self, info: sys::Dictionary) {
        self.inbound.replace(Inbound::Reader(info.readable().get_reader()));
        self.outbox.open(info.writable().get_writer());
        let _ = self.info.set(info);
        // Unless the program has closed it meanwhile.
        if self.ready_state.get() == ReadyState::Connecting {
            self.ready_state.set(ReadyState::Open);
            self.tell(Task::Open);
        }
    }

    /// What was asked for has come.
    fn read(&self, chunk: &sys::Dictionary) {
        let inbound = self.inbound.replace(Inbound::Over);
        if let Inbound::Asked(reader) = inbound
            && !chunk.done()
        {
            self.inbound.replace(Inbound::Reader(reader));
            // "If stream's ready state is not OPEN (1), then return."
            if self.ready_state.get() == ReadyState::Open {
                self.tell(Task::Message(MessageEvent::new(received(chunk.value()), self.origin())));
            }
        }
    }

    /// Asks for the next message if one is wanted, or tells the end if there is none.
    fn advance(&self) {
        let is_over = self.ending.borrow().is_some();
        let is_held = self.held.get() && self.ready_state.get() == ReadyState::Open && !is_over;
        let mut inbound = self.inbound.borrow_mut();
        match inbound.take() {
            Inbound::Reader(reader) if !is_held => {
                let Callbacks { chunk, failed, .. } = &self.callbacks;
                reader.read().then(chunk.as_js_value(), failed.as_js_value());
                *inbound = Inbound::Asked(reader);
            }
            Inbound::Over if is_over => {
                drop(inbound);
                self.close();
            }
            as_it_is => *inbound = as_it_is,
        }
    }

    /// The last task, once.
    fn close(&self) {
        let Some(result) = self.ending.take() else { return };
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
        self.tell(Task::Close { failed: !was_clean, event });
        self.called.take();
    }

    fn tell(&self, task: Task) {
        if let Some(target) = self.target.get() {
            target.run(task);
        }
    }

    fn origin(&self) -> Arc<str> {
        let origin = || sys::Url::parse(&self.stream.url()).map(|url| url.origin()).unwrap_or_default().into();
        Arc::clone(self.origin.get_or_init(origin))
    }
}

impl Inbound {
    fn take(&mut self) -> Self {
        std::mem::replace(self, Self::Over)
    }
}

/// A chunk: "a new DOMString containing data", or "a new Uint8Array object [...] whose contents are data". Browsers that began
/// before it was said so have an ArrayBuffer.
fn received(chunk: JsValue) -> Data {
    if let Some(text) = chunk.as_string() {
        return Data::Text(text.into());
    }
    let bytes: View = chunk.dyn_into().unwrap_or_else(|buffer| Uint8Array::new(&buffer)).unchecked_into();
    Data::Binary(bytes.value_of().into())
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("ready_state", &self.ready_state()).finish_non_exhaustive()
    }
}
