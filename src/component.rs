//! The socket of a component on a page, whichever framework shows it: opened when the component is on the page, and gone
//! with it.

use std::fmt;
use std::rc::Rc;

use send_wrapper::SendWrapper;

use crate::{BinaryType, CloseEvent, Error, Event, EventKind, ListenerId, MessageEvent, ReadyState, WebSocket};

/// What a hook does beyond connecting to a URL.
///
/// ```
/// use isosocket::BinaryType;
#[cfg_attr(feature = "yew", doc = "use isosocket::yew::UseWebSocketOptions;")]
#[cfg_attr(not(feature = "yew"), doc = "use isosocket::leptos::UseWebSocketOptions;")]
///
/// let options = UseWebSocketOptions::default()
///     .protocols(["chat.v2", "chat.v1"])
///     .binary_type(BinaryType::ArrayBuffer)
///     .keep(100)
///     .onopen(|socket| drop(socket.send("hello")))
///     .onclose(|_, event| println!("closed with {}", event.code));
/// ```
#[derive(Clone)]
#[must_use = "options do nothing before a hook has them"]
pub struct UseWebSocketOptions {
    pub(crate) protocols: Vec<String>,
    pub(crate) binary_type: BinaryType,
    pub(crate) keep: usize,
    pub(crate) onopen: Rc<dyn Fn(&WebSocket)>,
    pub(crate) onmessage: Handler<MessageEvent>,
    pub(crate) onclose: Handler<CloseEvent>,
}

type Handler<E> = Rc<dyn Fn(&WebSocket, &E)>;

impl UseWebSocketOptions {
    /// Offers these subprotocols, in order of preference. The connection fails if the server picks none of them.
    pub fn protocols<S: Into<String>>(mut self, protocols: impl IntoIterator<Item = S>) -> Self {
        self.protocols = protocols.into_iter().map(Into::into).collect();
        self
    }

    /// Sets how binary messages are handed over; as blobs, if nothing is set.
    pub fn binary_type(mut self, binary_type: BinaryType) -> Self {
        self.binary_type = binary_type;
        self
    }

    /// Keeps so many messages as state, the newest ones. The default is 1, the last message; with 0 a message changes
    /// no state, and is heard by [`onmessage`](Self::onmessage) alone.
    pub fn keep(mut self, messages: usize) -> Self {
        self.keep = messages;
        self
    }

    /// Is called when the connection is established.
    pub fn onopen(mut self, handler: impl Fn(&WebSocket) + 'static) -> Self {
        self.onopen = Rc::new(handler);
        self
    }

    /// Is called for each message.
    pub fn onmessage(mut self, handler: impl Fn(&WebSocket, &MessageEvent) + 'static) -> Self {
        self.onmessage = Rc::new(handler);
        self
    }

    /// Is called when the connection is closed or could not be made, and not when the component is taken from the page.
    pub fn onclose(mut self, handler: impl Fn(&WebSocket, &CloseEvent) + 'static) -> Self {
        self.onclose = Rc::new(handler);
        self
    }
}

impl Default for UseWebSocketOptions {
    fn default() -> Self {
        Self {
            protocols: Vec::new(),
            binary_type: BinaryType::default(),
            keep: 1,
            onopen: Rc::new(|_| ()),
            onmessage: Rc::new(|_, _| ()),
            onclose: Rc::new(|_, _| ()),
        }
    }
}

impl fmt::Debug for UseWebSocketOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UseWebSocketOptions")
            .field("protocols", &self.protocols)
            .field("binary_type", &self.binary_type)
            .field("keep", &self.keep)
            .finish_non_exhaustive()
    }
}

/// The socket that a component has at the moment.
#[derive(Debug, Default)]
pub(crate) enum Mounted {
    /// The component is not on the page yet; on a server it never will be.
    #[default]
    NotYet,
    /// It has a socket, in whatever state.
    Connected(Connection),
    /// It has been taken from the page, or its socket could not be made.
    NoMore,
}

impl Mounted {
    /// The socket, or what a socket in its place would answer to a message.
    pub(crate) fn socket(&self) -> Result<WebSocket, Error> {
        match self {
            Self::NotYet => Err(Error::InvalidState),
            Self::Connected(connection) => Ok(connection.socket.clone()),
            Self::NoMore => Err(Error::Discarded(ReadyState::Closed)),
        }
    }
}

/// A socket with its listeners. When it is dropped nothing is heard any more and the socket is closed, or given up if it
/// is still connecting, also where the program has kept a handle of it.
#[derive(Debug)]
pub(crate) struct Connection {
    socket: WebSocket,
    listeners: Vec<ListenerId>,
}

impl Connection {
    /// Starts to connect. `listener` hears every event but `error`, which `close` follows at once.
    pub(crate) fn open(
        url: &str,
        protocols: &[String],
        binary_type: BinaryType,
        listener: impl Fn(&WebSocket, &Event) + 'static,
    ) -> Result<Self, Error> {
        // What listens is of the page's one thread. Elsewhere nothing connects: see the callers.
        let listener = SendWrapper::new(Rc::new(listener));
        let mut listeners = Vec::new();
        let socket = WebSocket::builder(url).protocols(protocols).connect_with(|socket| {
            socket.set_binary_type(binary_type);
            for kind in [EventKind::Open, EventKind::Message, EventKind::Close] {
                let listener = listener.clone();
                listeners.push(socket.add_event_listener(kind, move |socket, event| listener(socket, event)));
            }
        })?;
        Ok(Self { socket, listeners })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        for listener in self.listeners.drain(..) {
            self.socket.remove_event_listener(listener);
        }
        self.socket.close();
    }
}
