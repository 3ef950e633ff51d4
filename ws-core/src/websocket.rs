//! The interface: <https://websockets.spec.whatwg.org/#the-websocket-interface>.

use alloc::{boxed::Box, string::String, vec::Vec};
use core::fmt;

use crate::backend::Audience;
use crate::counted::Counted;
use crate::handlers::{Callback, Handlers, Registration};
use crate::{
    Backend, BinaryType, Close, CloseCode, CloseEvent, Data, Error, Event, EventKind, EventTarget, Failure, ListenerId,
    MaybeSend, MessageEvent, ReadyState, Task,
};

/// A WebSocket, as the WHATWG standard defines it.
///
/// The type is a handle: clones name the same socket. When the last one is dropped, a connection
/// that is being made is given up, and one that is open is closed without a code, as for a
/// collected object in a browser. A handler is given the socket as its first argument and need not
/// capture it; one that captures a clone keeps the socket until it is closed. After `close`,
/// handlers and listeners are dropped, and any that are set later are dropped at once.
///
/// Events come one task at a time, in order: `open` once, any number of `message`, then `close` once, with an `error`
/// before it if the connection failed. In a handler nothing is borrowed or locked: every method may be called.
///
/// A handler that panics stops nothing natively: the handlers after it are called, and all of them
/// for the next event. In a browser, where a panic cannot be caught, it ends the task that it runs
/// in and is not called again; if that is the task of `error`, no `close` follows.
///
/// ```no_run
/// # fn program<B: ws_core::Backend>() -> Result<(), ws_core::Error> {
/// use ws_core::WebSocket;
/// // Keep it: the connection is given up when the last handle is dropped.
/// let socket = WebSocket::<B>::builder("wss://example.org/echo").connect_with(|socket| {
///     socket.set_onopen(|socket| socket.send("hello").unwrap_or_else(|error| eprintln!("{error}")));
///     socket.set_onmessage(|socket, event| {
///         println!("{:?}", event.data);
///         socket.close();
///     });
///     socket.set_onclose(|_, event| println!("closed: {} clean: {}", event.code, event.was_clean));
/// })?;
/// # drop(socket);
/// # Ok(()) }
/// ```
// Deviation: "A WebSocket object [...] must not be garbage collected if there are any event listeners
// registered". A Rust program says by its handles how long it wants a value, and would be surprised
// by a socket that it cannot drop.
#[must_use = "the connection is given up when its last handle is dropped"]
pub struct WebSocket<B: Backend>(pub(crate) Counted<Inner<B>>);

/// What all handles share.
pub(crate) struct Inner<B: Backend> {
    backend: B,
    audience: Box<dyn Audience<B>>,
}

/// A socket about to be made: its subprotocols, its backend's options, its first handlers.
///
/// ```
/// # fn program<B: ws_core::Backend>(options: B::Options) -> Result<(), ws_core::Error> {
/// use ws_core::{BinaryType, WebSocket};
/// let socket = WebSocket::<B>::builder("wss://example.org/chat")
///     .protocols(["chat.v2", "chat.v1"])
///     .options(options)
///     .connect_with(|socket| {
///         socket.set_binary_type(BinaryType::ArrayBuffer);
///         socket.set_onopen(|socket| println!("they speak {}", socket.protocol()));
///     })?;
/// # drop(socket);
/// # Ok(()) }
/// ```
#[must_use = "nothing is connected before `connect` or `connect_with`"]
pub struct Builder<B: Backend> {
    url: String,
    protocols: Vec<String>,
    options: B::Options,
}

impl<B: Backend> Builder<B> {
    /// Offers these subprotocols, in order of preference. The connection fails if the server picks none of them.
    pub fn protocols<S: Into<String>>(mut self, protocols: impl IntoIterator<Item = S>) -> Self {
        self.protocols = protocols.into_iter().map(Into::into).collect();
        self
    }

    /// Sets what goes beyond the standard; what there is to set is the backend's matter.
    pub fn options(mut self, options: B::Options) -> Self {
        self.options = options;
        self
    }

    /// Makes the socket and starts to connect.
    ///
    /// # Errors
    /// As [`WebSocket::new`].
    pub fn connect(self) -> Result<WebSocket<B>, Error> {
        self.connect_with(|_| ())
    }

    /// Makes the socket, lets the program register its handlers, and then starts to connect.
    ///
    /// On a native runtime with several threads, use this to miss no event: the connection may be
    /// made and closed before the thread that called [`WebSocket::new`] runs its next line.
    ///
    /// # Errors
    /// As [`WebSocket::new`].
    pub fn connect_with(self, register: impl FnOnce(&WebSocket<B>)) -> Result<WebSocket<B>, Error> {
        self.connect_to(Box::new(Handlers::new()), register)
    }

    /// The constructor's steps. `prepare` is called after those that throw and before those that
    /// connect, so that it misses nothing.
    pub(crate) fn connect_to(
        self,
        audience: Box<dyn Audience<B>>,
        prepare: impl FnOnce(&WebSocket<B>),
    ) -> Result<WebSocket<B>, Error> {
        WebSocket::open(&self.url, &self.protocols, self.options, audience, prepare)
    }
}

impl<B: Backend> WebSocket<B> {
    /// Makes a socket and starts to connect, as `new WebSocket(url)` does.
    ///
    /// # Errors
    /// [`Error::Syntax`] for a URL that cannot be parsed, is of another scheme than `ws`, `wss`, `http` or `https`, or
    /// has a fragment. [`Error::Security`] where a browser refuses at once what its page may not do. Whatever goes wrong later is
    /// an `error` event, followed by `close`.
    pub fn new(url: &str) -> Result<Self, Error> {
        Self::open(url, &[], B::Options::default(), Box::new(Handlers::new()), |_| ())
    }

    /// Makes a socket and starts to connect, as `new WebSocket(url, protocols)` does.
    ///
    /// # Errors
    /// As [`WebSocket::new`], and [`Error::Syntax`] for a subprotocol that is not an HTTP token or occurs twice.
    pub fn with_protocols(url: &str, protocols: &[&str]) -> Result<Self, Error> {
        Self::builder(url).protocols(protocols.iter().copied()).connect()
    }

    /// Begins to describe a socket.
    pub fn builder(url: impl Into<String>) -> Builder<B> {
        Builder { url: url.into(), protocols: Vec::new(), options: B::Options::default() }
    }

    /// The URL the socket connects to, resolved and serialized.
    pub fn url(&self) -> String {
        self.0.backend.url()
    }

    /// The state of the connection.
    pub fn ready_state(&self) -> ReadyState {
        self.0.backend.ready_state()
    }

    /// The bytes of application data that were given to [`send`](Self::send) and not yet to the network.
    ///
    /// Text counts as UTF-8, framing and compression do not count. It grows with every call of `send`, also after
    /// `close`, falls only between two tasks of the event loop and never resets.
    pub fn buffered_amount(&self) -> u64 {
        self.0.backend.buffered_amount()
    }

    /// The extensions the server selected; empty if there are none.
    pub fn extensions(&self) -> String {
        self.0.backend.extensions()
    }

    /// The subprotocol the server selected; empty if there is none.
    pub fn protocol(&self) -> String {
        self.0.backend.protocol()
    }

    /// How binary messages are handed over.
    pub fn binary_type(&self) -> BinaryType {
        self.0.backend.binary_type()
    }

    /// Sets how binary messages are handed over. Takes effect with the next message whose task runs.
    pub fn set_binary_type(&self, binary_type: BinaryType) {
        self.0.backend.set_binary_type(binary_type);
    }

    /// Sends a message: text, bytes, or a blob.
    ///
    /// A blob is read asynchronously; messages sent after it wait for it, and so does the Close frame.
    ///
    /// # Errors
    /// [`Error::InvalidState`] while connecting. [`Error::Discarded`] when closing or closed: the
    /// standard silently counts the message in [`buffered_amount`](Self::buffered_amount) and drops
    /// it; here there is an error as well.
    pub fn send(&self, data: impl Into<Data>) -> Result<(), Error> {
        self.0.backend.send(data.into())
    }

    /// Starts the closing handshake with a Close frame that has no body; a socket that is connecting fails.
    ///
    /// Messages sent before go out first. Does nothing when closing or closed.
    pub fn close(&self) {
        self.0.backend.close(None);
    }

    /// Starts the closing handshake with a code and a reason; a socket that is connecting fails.
    ///
    /// # Errors
    /// In every state: [`Error::InvalidAccess`] for a code that is neither 1000 nor in the range 3000 to 4999,
    /// [`Error::Syntax`] for a reason of more than 123 UTF-8 bytes.
    pub fn close_with(&self, code: impl Into<CloseCode>, reason: &str) -> Result<(), Error> {
        let close = Close::new(Some(code.into()), Some(reason))?;
        self.0.backend.close(close);
        Ok(())
    }

    /// Why the connection failed, if it did and the backend knows: native ones do, browsers do not tell.
    ///
    /// For the program that runs the socket. It must not reach a script, which could otherwise map the user's network.
    pub fn failure(&self) -> Option<Failure> {
        self.0.backend.failure()
    }

    /// Sets the handler of the `open` event. One set before is replaced, and its place in the order is kept.
    pub fn set_onopen(&self, mut handler: impl FnMut(&Self) + MaybeSend + 'static) {
        self.set_handler(EventKind::Open, move |socket, _| handler(socket));
    }

    /// Sets the handler of the `message` event. One set before is replaced, and its place in the order is kept.
    pub fn set_onmessage(&self, mut handler: impl FnMut(&Self, &MessageEvent) + MaybeSend + 'static) {
        self.set_handler(EventKind::Message, move |socket, event| {
            if let Event::Message(event) = event {
                handler(socket, event);
            }
        });
    }

    /// Sets the handler of the `error` event. One set before is replaced, and its place in the order is kept.
    pub fn set_onerror(&self, mut handler: impl FnMut(&Self) + MaybeSend + 'static) {
        self.set_handler(EventKind::Error, move |socket, _| handler(socket));
    }

    /// Sets the handler of the `close` event. One set before is replaced, and its place in the order is kept.
    pub fn set_onclose(&self, mut handler: impl FnMut(&Self, &CloseEvent) + MaybeSend + 'static) {
        self.set_handler(EventKind::Close, move |socket, event| {
            if let Event::Close(event) = event {
                handler(socket, event);
            }
        });
    }

    /// Sets the handler of an event to null. One set later goes to the end of the order. False if there was none.
    pub fn clear_handler(&self, kind: EventKind) -> bool {
        self.handlers().is_some_and(|handlers| handlers.remove_handler(kind))
    }

    /// Adds a listener, to be called after those that are there.
    pub fn add_event_listener(
        &self,
        kind: EventKind,
        listener: impl FnMut(&Self, &Event) + MaybeSend + 'static,
    ) -> ListenerId {
        self.add(kind, Registration::Listener, Box::new(listener))
    }

    /// Adds a listener that is called once at the most: `addEventListener` with the option `once`.
    pub fn add_event_listener_once(
        &self,
        kind: EventKind,
        mut listener: impl FnMut(&Self, &Event) + MaybeSend + 'static,
    ) -> ListenerId {
        let Some(handlers) = self.handlers() else { return ListenerId::NONE };
        handlers.add_removable(kind, |id| {
            Box::new(move |socket, event| {
                // "If listener's once is true, then remove an event listener given event's currentTarget attribute
                // value and listener."
                socket.remove_event_listener(id);
                listener(socket, event);
            })
        })
    }

    /// Removes a listener, which is then not called any more, also for an event whose listeners are being called.
    /// False if it was not there.
    pub fn remove_event_listener(&self, id: ListenerId) -> bool {
        self.handlers().is_some_and(|handlers| handlers.remove(id))
    }

    /// The backend, for what it offers beyond the interface.
    pub fn backend(&self) -> &B {
        &self.0.backend
    }

    fn open(
        url: &str,
        protocols: &[String],
        options: B::Options,
        audience: Box<dyn Audience<B>>,
        prepare: impl FnOnce(&Self),
    ) -> Result<Self, Error> {
        let backend = B::open(url, protocols, options)?;
        let socket = Self(Counted::new(Inner { backend, audience }));
        prepare(&socket);
        socket.0.backend.establish(EventTarget(Counted::downgrade(&socket.0)));
        Ok(socket)
    }

    /// The handlers of a socket that a program has. The socket beneath a stream has none.
    fn handlers(&self) -> Option<&Handlers<WebSocket<B>, Event>> {
        self.0.audience.handlers()
    }

    fn add(&self, kind: EventKind, registration: Registration, callback: Callback<Self, Event>) -> ListenerId {
        self.handlers().map_or(ListenerId::NONE, |handlers| handlers.add(kind, registration, callback))
    }

    fn set_handler(&self, kind: EventKind, handler: impl FnMut(&Self, &Event) + MaybeSend + 'static) {
        self.add(kind, Registration::Handler, Box::new(handler));
    }

    pub(crate) fn hear(&self, task: Task) {
        self.0.audience.hear(self, task);
    }
}

impl<B: Backend> Drop for Inner<B> {
    fn drop(&mut self) {
        self.backend.abandon();
    }
}

impl<B: Backend> Clone for WebSocket<B> {
    fn clone(&self) -> Self {
        Self(Counted::clone(&self.0))
    }
}

impl<B: Backend> PartialEq for WebSocket<B> {
    fn eq(&self, other: &Self) -> bool {
        Counted::ptr_eq(&self.0, &other.0)
    }
}

impl<B: Backend> Eq for WebSocket<B> {}

/// Leaves the URL out, which may have a password in it.
impl<B: Backend> fmt::Debug for WebSocket<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket").field("ready_state", &self.ready_state()).finish_non_exhaustive()
    }
}

impl<B: Backend<Options: Clone>> Clone for Builder<B> {
    fn clone(&self) -> Self {
        Self { url: self.url.clone(), protocols: self.protocols.clone(), options: self.options.clone() }
    }
}

impl<B: Backend> From<&str> for Builder<B> {
    fn from(url: &str) -> Self {
        WebSocket::builder(url)
    }
}

impl<B: Backend> From<String> for Builder<B> {
    fn from(url: String) -> Self {
        WebSocket::builder(url)
    }
}

impl<B: Backend> fmt::Debug for Builder<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("protocols", &self.protocols).finish_non_exhaustive()
    }
}
