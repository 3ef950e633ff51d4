//! What a WebSocket implementation provides, and what it is given to report events.

use alloc::string::String;

use crate::counted::Weak;
use crate::{
    BinaryType, Close, Data, Error, Event, Failure, MaybeSend, MaybeSync, ReadyState, Task, WebSocket,
    handlers::Handlers, websocket::Inner,
};

/// A WebSocket implementation: the browser's own, RFC 6455 over a native socket, or one made for a test.
///
/// [`WebSocket`] is the interface over it. The getters are asked each time and never cached,
/// because a browser changes `readyState` and `bufferedAmount` without an event. All methods take
/// `&self` and may be called from within a handler, that is, while [`EventTarget::run`] is on the
/// stack: keep nothing borrowed or locked there.
pub trait Backend: Sized + 'static {
    /// Settings of a connection beyond what the standard's constructor takes.
    type Options: Default;

    /// Steps 1 to 11 of the constructor: everything that can throw. Performs no I/O and fires no event.
    ///
    /// # Errors
    /// [`Error::Syntax`], for the URL before the subprotocols.
    fn open(url: &str, protocols: &[String], options: Self::Options) -> Result<Self, Error>;

    /// Step 12 of the constructor: establishes the connection in parallel, and from now on reports to `target`.
    ///
    /// Called once, after [`open`](Self::open), when the program has registered its handlers.
    fn establish(&self, target: EventTarget<Self>);

    /// The `url` attribute.
    fn url(&self) -> String;

    /// The `readyState` attribute.
    fn ready_state(&self) -> ReadyState;

    /// The `bufferedAmount` attribute, in bytes.
    fn buffered_amount(&self) -> u64;

    /// The `extensions` attribute; empty before the connection is established.
    fn extensions(&self) -> String;

    /// The `protocol` attribute; empty before the connection is established.
    fn protocol(&self) -> String;

    /// The `binaryType` attribute.
    fn binary_type(&self) -> BinaryType;

    /// Sets the `binaryType` attribute.
    fn set_binary_type(&self, binary_type: BinaryType);

    /// The `send()` method.
    ///
    /// # Errors
    /// [`Error::InvalidState`] while connecting, [`Error::Discarded`] when closing or closed.
    fn send(&self, data: Data) -> Result<(), Error>;

    /// Step 3 of `close()`, whose arguments have been validated. `None`: a Close frame without a body.
    fn close(&self, close: Option<Close>);

    /// The last handle is gone: no event can be heard any more.
    ///
    /// "If a WebSocket object is garbage collected while its connection is still open, the user agent must start the
    /// WebSocket closing handshake, with no status code for the Close message." One that is connecting is given up.
    fn abandon(&self);

    /// Calls a function of the program's, such as a handler. Where a program can go on after a
    /// panic, the panic is reported and ends here, just as a browser reports an exception of a
    /// listener and calls the next one.
    fn call(program: impl FnOnce()) {
        program();
    }

    /// Why the connection failed, once it has and if the implementation knows. Never to be shown to a script.
    fn failure(&self) -> Option<Failure>;
}

/// Who hears a socket's tasks: its [`Handlers`], or a stream over it.
///
/// A program that uses only one of the two does not contain the other.
pub(crate) trait Audience<B: Backend>: MaybeSend + MaybeSync {
    fn hear(&self, socket: &WebSocket<B>, task: Task);

    /// Where handlers and listeners are registered. A stream has none, and does not give its socket out.
    fn handlers(&self) -> Option<&Handlers<WebSocket<B>, Event>> {
        None
    }
}

/// Where a backend reports the tasks of the WebSocket task source. Does not keep the socket alive.
pub struct EventTarget<B: Backend>(pub(crate) Weak<Inner<B>>);

impl<B: Backend> EventTarget<B> {
    /// Runs a task: calls the handlers of the events it fires, in the order of their registration.
    ///
    /// Returns false if nobody can hear it because the program has dropped its last handle.
    pub fn run(&self, task: Task) -> bool {
        let Some(inner) = self.0.upgrade() else { return false };
        WebSocket(inner).hear(task);
        true
    }

    /// Whether a handle is left that could hear an event.
    pub fn is_alive(&self) -> bool {
        self.0.strong_count() > 0
    }
}

impl<B: Backend> Clone for EventTarget<B> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<B: Backend> core::fmt::Debug for EventTarget<B> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("EventTarget").field("alive", &self.is_alive()).finish()
    }
}
