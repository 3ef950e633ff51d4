//! The browser's own WebSocketStream, as events and with a way to hold them back.

use std::{
    cell::{Cell, OnceCell},
    fmt,
    future::poll_fn,
    rc::{Rc, Weak},
    sync::Arc,
};

use wasm_bindgen::{JsCast as _, JsValue};
use ws_core::{Close, CloseCode, CloseEvent, Data, Drained, Error, EventTarget, MessageEvent, ReadyState, Task};

use super::{
    BrowserStream,
    outbox::{Next, Outbox, Taking},
    patience::TURN,
    sys,
};
use crate::{
    backend, data, error,
    sys::{Callback, Global, Object, Promise, Uint8Array, make, set_timeout},
};

/// Of the interface.
const NAME: &str = "WebSocketStream";

/// A connection over the browser's WebSocketStream.
pub(crate) struct OwnStream(Rc<Connection>);

/// What the handle and the browser share.
///
/// All that can happen is that a promise is settled, and each has a [`Step`]. There is no task and
/// no state but what is here, which makes a smaller program than futures do.
struct Connection {
    stream: sys::WebSocketStream,
    /// The standard's "ready state", which a browser's WebSocketStream does not show.
    ready_state: Cell<ReadyState>,
    /// What the server selected, the messages and their origin, once the connection is established.
    opened: OnceCell<Opened>,
    target: OnceCell<EventTarget<BrowserStream>>,
    outbox: Outbox,
    messages: Cell<Messages>,
    /// No message is to be read.
    held: Cell<bool>,
    /// How the connection was closed, until it is told.
    ending: Cell<Option<Ending>>,
    /// What the browser calls, by the steps.
    callbacks: Option<[Callback; STEPS.len()]>,
    /// How often it is going to call.
    expected: Cell<usize>,
    /// Itself, until the end is told.
    kept: Cell<Option<Rc<Self>>>,
}

struct Opened {
    info: Object,
    reader: sys::Reader,
    origin: Arc<str>,
}

/// Where the messages are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Messages {
    /// The browser was asked for the next message, or for the first.
    AskedFor,
    /// The next one can be asked for.
    Here,
    /// There are no more.
    Over,
}

/// What `closed` was resolved or rejected with.
struct Ending {
    was_clean: bool,
    info: Object,
}

/// What has happened: a promise was settled.
#[derive(Clone, Copy)]
enum Step {
    /// `opened` is fulfilled.
    Opened,
    /// `read()` is fulfilled.
    Read,
    /// One of these was rejected, and `closed` with it.
    Failed,
    /// `write()` is fulfilled.
    Written,
    /// `write()` is rejected.
    Unwritten,
    /// A blob has been read, or could not be.
    Blob,
    /// `closed` is fulfilled.
    Closed,
    /// `closed` is rejected.
    Broken,
    /// The peer has had some more time to take what was sent before the connection was closed.
    Waited,
}

/// All of them, in their order.
const STEPS: [Step; 9] = [
    Step::Opened,
    Step::Read,
    Step::Failed,
    Step::Written,
    Step::Unwritten,
    Step::Blob,
    Step::Closed,
    Step::Broken,
    Step::Waited,
];

impl OwnStream {
    /// Whether this browser has a WebSocketStream.
    pub(crate) fn is_there() -> bool {
        !Global::member(NAME).is_undefined()
    }

    pub(crate) fn open(url: &str, protocols: &[String]) -> Result<Self, Error> {
        let options = Object::new();
        options.set("protocols", &backend::sequence(protocols));
        let stream = make(&Global::member(NAME), url, &options).map_err(error::from_exception)?;
        Ok(Self(Rc::new_cyclic(|connection: &Weak<Connection>| Connection {
            outbox: Outbox::new(),
            stream: stream.unchecked_into(),
            ready_state: Cell::new(ReadyState::Connecting),
            opened: OnceCell::new(),
            target: OnceCell::new(),
            messages: Cell::new(Messages::AskedFor),
            held: Cell::new(false),
            ending: Cell::new(None),
            callbacks: Some(STEPS.map(|step| {
                let connection = Weak::clone(connection);
                Callback::own_assert_unwind_safe(move |value| {
                    if let Some(connection) = connection.upgrade() {
                        connection.settled(step, value);
                    }
                })
            })),
            expected: Cell::new(0),
            kept: Cell::new(None),
        })))
    }

    /// Reads until the connection is closed, even when nobody can hear the messages any more: the
    /// end comes after them.
    pub(crate) fn establish(&self, target: EventTarget<BrowserStream>) {
        let connection = &self.0;
        let _ = connection.target.set(target);
        connection.kept.set(Some(Rc::clone(connection)));
        // Both promises have handlers from now on, so that no rejection is reported as unhandled.
        connection.expect(connection.stream.get("opened").unchecked_ref(), Step::Opened, Step::Failed);
        connection.expect(connection.stream.get("closed").unchecked_ref(), Step::Closed, Step::Broken);
    }

    pub(crate) fn url(&self) -> String {
        self.0.stream.text("url")
    }

    pub(crate) fn ready_state(&self) -> ReadyState {
        self.0.ready_state.get()
    }

    pub(crate) fn buffered_amount(&self) -> u64 {
        self.0.outbox.bytes()
    }

    /// An attribute of what the server selected.
    pub(crate) fn selected(&self, name: &str) -> String {
        self.0.opened.get().map(|opened| opened.info.text(name)).unwrap_or_default()
    }

    pub(crate) fn send(&self, data: Data) -> Result<(), Error> {
        match self.ready_state() {
            ReadyState::Connecting => Err(Error::InvalidState),
            // The browser sends no more, though what has come may not have been read yet.
            ReadyState::Open if self.0.outbox.has_ended() => Err(Error::Discarded(ReadyState::Closing)),
            ReadyState::Open => {
                self.0.outbox.push(data)?;
                self.0.write();
                Ok(())
            }
            state @ (ReadyState::Closing | ReadyState::Closed) => Err(Error::Discarded(state)),
        }
    }

    /// Messages sent before go out first.
    pub(crate) fn close(&self, close: Option<Close>) {
        self.0.close(close);
        self.0.close_behind();
        self.0.advance();
    }

    pub(crate) fn hold_back(&self, held: bool) {
        self.0.held.set(held);
        self.0.advance();
    }

    pub(crate) fn drained(&self, left: u64) -> Drained {
        let connection = Rc::clone(&self.0);
        let mut place = connection.outbox.watch();
        Box::pin(poll_fn(move |context| place.poll(context, || connection.outbox.is_drained(left))))
    }
}

impl Connection {
    /// Has the browser call for one of these two steps.
    fn expect(&self, promise: &Promise, fulfilled: Step, rejected: Step) {
        self.have_called(|callbacks| {
            promise.then(callbacks[fulfilled as usize].as_js_value(), callbacks[rejected as usize].as_js_value());
        });
    }

    /// Gives the browser what it is going to call, once.
    fn have_called(&self, give: impl FnOnce(&[Callback; STEPS.len()])) {
        if let Some(callbacks) = &self.callbacks {
            self.expected.set(self.expected.get() + 1);
            give(callbacks);
        }
    }

    fn settled(&self, step: Step, value: JsValue) {
        match step {
            Step::Opened => self.established(value.unchecked_into()),
            Step::Read => self.read(value.unchecked_ref::<sys::ReadResult>().value()),
            Step::Failed => self.messages.set(Messages::Over),
            Step::Written | Step::Unwritten => self.outbox.written(matches!(step, Step::Written)),
            Step::Blob => {
                match self.outbox.blob_read(value) {
                    Some(writing) => self.expect(&writing, Step::Written, Step::Unwritten),
                    // Later messages must not overtake it, so nothing more can be sent.
                    None => self.close(None),
                }
                self.write();
            }
            Step::Closed | Step::Broken => {
                let was_clean = matches!(step, Step::Closed);
                self.ending.set(Some(Ending { was_clean, info: value.unchecked_into() }));
            }
            Step::Waited => self.await_peer(),
        }
        self.close_behind();
        self.advance();
        self.expected.set(self.expected.get() - 1);
    }

    /// The connection is established, unless the program has closed it meanwhile.
    fn established(&self, info: Object) {
        let reader = info.get("readable").unchecked_ref::<sys::ReadableStream>().get_reader();
        self.outbox.open(info.get("writable").unchecked_ref::<sys::WritableStream>().get_writer());
        let url = make(&Global::member("URL"), &self.stream.text("url"), &JsValue::UNDEFINED);
        let origin = url.map(|url| url.text("origin")).unwrap_or_default().into();
        let _ = self.opened.set(Opened { info, reader, origin });
        if self.ready_state.get() == ReadyState::Connecting {
            self.ready_state.set(ReadyState::Open);
            self.tell(Task::Open);
        }
        self.messages.set(Messages::Here);
    }

    /// A chunk: "a new DOMString containing data", or "a new Uint8Array object [...] whose contents
    /// are data". Browsers that are older than this rule have an ArrayBuffer.
    fn read(&self, chunk: JsValue) {
        let data = match data::received(chunk) {
            Ok(data) => data,
            Err(end) if end.is_undefined() => {
                // "When the WebSocket closing handshake is started [...] change stream's ready state to CLOSING (2)": the peer has
                // begun, and `closed` waits for the end of TCP.
                if self.ready_state.get() == ReadyState::Open {
                    self.ready_state.set(ReadyState::Closing);
                }
                return self.messages.set(Messages::Over);
            }
            Err(array) => Data::Binary(array.unchecked_ref::<Uint8Array>().value_of().into()),
        };
        // "If stream's ready state is not OPEN (1), then return."
        if self.ready_state.get() == ReadyState::Open
            && let Some(opened) = self.opened.get()
        {
            self.tell(Task::Message(MessageEvent::new(data, Arc::clone(&opened.origin))));
        }
        self.messages.set(Messages::Here);
    }

    /// Asks for the next message, if it or what comes after it is wanted; or tells the end.
    fn advance(&self) {
        let ending = self.ending.take();
        match (self.messages.get(), self.opened.get(), ending) {
            (Messages::Over, _, Some(ending)) => self.end(ending),
            (Messages::Here, Some(opened), ending) => {
                let is_held = self.held.get() && self.ready_state.get() == ReadyState::Open && ending.is_none();
                self.ending.set(ending);
                if !is_held {
                    self.messages.set(Messages::AskedFor);
                    self.expect(&opened.reader.read(), Step::Read, Step::Failed);
                }
            }
            (_, _, ending) => self.ending.set(ending),
        }
    }

    /// From now on only what was sent before goes out. What arrives is read, so that the peer's
    /// Close frame is, but not told.
    fn close(&self, close: Option<Close>) {
        if !matches!(self.ready_state.get(), ReadyState::Connecting | ReadyState::Open) {
            return;
        }
        self.ready_state.set(ReadyState::Closing);
        self.outbox.close(close);
        self.await_peer();
    }

    /// Gives the peer time to take the message under way, if others wait behind it. When that time
    /// is over, messages that the browser has not begun to send are given up. The one that it has
    /// begun still waits for the peer, and the Close frame waits behind it: nothing can overtake
    /// it. With `close()` instead, Chromium 156 crashes the page.
    fn await_peer(&self) {
        match self.outbox.await_peer() {
            Taking::All => {}
            Taking::InTime => {
                self.have_called(|callbacks| set_timeout(callbacks[Step::Waited as usize].as_js_value(), TURN));
            }
            Taking::TooLong(close) => {
                let Some(writer) = self.outbox.writer() else { return };
                let reason =
                    make(&Global::member("WebSocketError"), "", &info(close)).map_or(JsValue::UNDEFINED, JsValue::from);
                self.expect(&writer.abort(&reason), Step::Unwritten, Step::Unwritten);
            }
        }
    }

    /// The last task.
    fn end(&self, Ending { was_clean, info }: Ending) {
        self.ready_state.set(ReadyState::Closed);
        self.kept.take();
        self.outbox.end();
        let has_failed = self.outbox.has_failed();
        // What it was rejected with is a WebSocketError, whose code is null if there was none.
        let code = info.number("closeCode") as u16;
        let event = if has_failed || code == 0 {
            CloseEvent::abnormal()
        } else {
            CloseEvent::new(was_clean, CloseCode::new(code), info.text("reason"))
        };
        self.tell(Task::Close { failed: !was_clean || has_failed, event });
    }

    fn tell(&self, task: Task) {
        if let Some(target) = self.target.get() {
            target.run(task);
        }
    }

    /// Writes what is first, up to a blob, and starts to read that.
    fn write(&self) {
        while let Some(next) = self.outbox.next() {
            match next {
                // Fulfilled or rejected alike, so that no rejection is reported as unhandled: the
                // stream itself tells why.
                Next::Writing(promise) => self.expect(&promise, Step::Written, Step::Unwritten),
                Next::Reading(promise) => self.expect(&promise, Step::Blob, Step::Blob),
            }
        }
    }

    /// Starts the closing handshake, if that was asked for and nothing is left before it.
    fn close_behind(&self) {
        if let Some(close) = self.outbox.take_close() {
            // Code and reason have been validated: it throws nothing.
            let _ = self.stream.close(&info(close));
        }
    }
}

impl Drop for Connection {
    /// Functions that the browser may still call are left to its garbage collector: when a
    /// connection breaks, it may never settle the promises.
    fn drop(&mut self) {
        if self.expected.get() > 0 {
            self.callbacks.take().into_iter().flatten().for_each(|callback| drop(callback.into_js_value()));
        }
    }
}

/// A dictionary of code and reason, or of neither.
fn info(close: Option<Close>) -> Object {
    let info = Object::new();
    if let Some(close) = close {
        info.set("closeCode", &close.code().get().into());
        info.set("reason", &close.reason().into());
    }
    info
}

impl fmt::Debug for OwnStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnStream").field("ready_state", &self.ready_state()).finish_non_exhaustive()
    }
}
