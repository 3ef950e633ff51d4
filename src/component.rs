//! The socket of a component on a page, for any framework: opened when the component is on the
//! page, and gone with it.

use std::fmt;
use std::rc::Rc;

use crate::{
    Attempt, BinaryType, CloseEvent, Error, Event, MessageEvent, ReadyState, ReconnectConfig, ReconnectingEvent,
    ReconnectingWebSocket, WebSocket,
};

mod newest;
mod reconnection;
mod socket;

pub(crate) use newest::Newest;
pub(crate) use socket::Connection;
pub use socket::HookSocket;

use reconnection::Reconnection;

/// What a hook does beyond connecting to a URL. It says, too, whether the component has a
/// [`WebSocket`] or one that [connects again](Self::reconnecting).
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
#[must_use = "options do nothing before a hook has them"]
pub struct UseWebSocketOptions<S: HookSocket = WebSocket> {
    pub(crate) protocols: Vec<String>,
    pub(crate) binary_type: BinaryType,
    pub(crate) keep: usize,
    pub(crate) setting: S::Setting,
    onopen: Rc<dyn Fn(&S)>,
    onmessage: Handler<S, MessageEvent>,
    onclose: Handler<S, CloseEvent>,
}

type Handler<S, E> = Rc<dyn Fn(&S, &E)>;

impl UseWebSocketOptions<ReconnectingWebSocket> {
    /// The component has a socket that connects again when its connection ends. This configuration
    /// is read when the socket is made.
    ///
    /// Its state is CONNECTING between two connections, and a [`close`](Self::onclose) is the last one only if it is CLOSED. Messages
    /// are kept from one connection to the next, and what is sent meanwhile waits.
    ///
    /// ```
    /// use isosocket::ReconnectConfig;
    #[cfg_attr(feature = "yew", doc = "use isosocket::yew::UseWebSocketOptions;")]
    #[cfg_attr(not(feature = "yew"), doc = "use isosocket::leptos::UseWebSocketOptions;")]
    ///
    /// let options = UseWebSocketOptions::reconnecting(ReconnectConfig::default())
    ///     .onopen(|socket| drop(socket.send("subscribe")));
    /// ```
    pub fn reconnecting(config: ReconnectConfig) -> Self {
        Self::with(Reconnection::new(config))
    }

    /// As [`reconnecting`](Self::reconnecting), but the program says each time what to connect to,
    /// by an [`Attempt`] as with [`ReconnectingWebSocket::builder_with`], given the hook's URL. It
    /// may answer later, for instance when it has a token. The subprotocols are then up to the
    /// program, too. Whether it is asked is decided when the socket is made; so it is with
    /// [`should_reconnect`](Self::should_reconnect).
    ///
    /// ```
    /// use isosocket::ReconnectConfig;
    #[cfg_attr(feature = "yew", doc = "use isosocket::yew::UseWebSocketOptions;")]
    #[cfg_attr(not(feature = "yew"), doc = "use isosocket::leptos::UseWebSocketOptions;")]
    ///
    /// fn token() -> String {
    ///     "secret".into()
    /// }
    /// let options = UseWebSocketOptions::reconnecting_with(ReconnectConfig::default(), |attempt, url| {
    ///     attempt.connect_to(format!("{url}?token={}", token()))
    /// });
    /// ```
    pub fn reconnecting_with(config: ReconnectConfig, ask: impl Fn(Attempt, &str) + 'static) -> Self {
        Self::with(Reconnection { ask: Some(Rc::new(ask)), ..Reconnection::new(config) })
    }

    /// Says after which end of a connection another one is made. Without this function, or when
    /// newer options do not have it, the default of
    /// [`ReconnectingBuilder::should_reconnect`](crate::ReconnectingBuilder::should_reconnect)
    /// holds.
    pub fn should_reconnect(mut self, decide: impl Fn(&CloseEvent) -> bool + 'static) -> Self {
        self.setting.should_reconnect = Some(Rc::new(decide));
        self
    }

    /// Is called after the end of a connection that another one will follow, with the delay until
    /// then.
    pub fn onreconnecting(mut self, handler: impl Fn(&ReconnectingWebSocket, &ReconnectingEvent) + 'static) -> Self {
        self.setting.onreconnecting = Rc::new(handler);
        self
    }
}

impl<S: HookSocket> UseWebSocketOptions<S> {
    fn with(setting: S::Setting) -> Self {
        Self {
            protocols: Vec::new(),
            binary_type: BinaryType::default(),
            keep: 1,
            setting,
            onopen: Rc::new(|_| ()),
            onmessage: Rc::new(|_, _| ()),
            onclose: Rc::new(|_, _| ()),
        }
    }

    /// Offers these subprotocols, in order of preference. The connection fails if the server picks none of them.
    pub fn protocols<P: Into<String>>(mut self, protocols: impl IntoIterator<Item = P>) -> Self {
        self.protocols = protocols.into_iter().map(Into::into).collect();
        self
    }

    /// Sets how binary messages are handed over. Default: as blobs.
    pub fn binary_type(mut self, binary_type: BinaryType) -> Self {
        self.binary_type = binary_type;
        self
    }

    /// Keeps this many messages as state, the newest ones. The default is 1, the last message; with
    /// 0 a message changes no state, and only [`onmessage`](Self::onmessage) hears of it. In Yew
    /// each new message copies the handles of all that are kept.
    pub fn keep(mut self, messages: usize) -> Self {
        self.keep = messages;
        self
    }

    /// Is called when the connection is established.
    pub fn onopen(mut self, handler: impl Fn(&S) + 'static) -> Self {
        self.onopen = Rc::new(handler);
        self
    }

    /// Is called for each message.
    pub fn onmessage(mut self, handler: impl Fn(&S, &MessageEvent) + 'static) -> Self {
        self.onmessage = Rc::new(handler);
        self
    }

    /// Is called when the connection is closed or could not be made, but not when the hook itself takes
    /// the socket away: because the component is taken from the page, or because the URL, the
    /// subprotocols or the type of binary messages have changed.
    pub fn onclose(mut self, handler: impl Fn(&S, &CloseEvent) + 'static) -> Self {
        self.onclose = Rc::new(handler);
        self
    }

    /// Calls what is to be called for an event.
    pub(crate) fn call_back(&self, socket: &S, event: &Event) {
        match event {
            Event::Open => (self.onopen)(socket),
            Event::Message(event) => (self.onmessage)(socket, event),
            Event::Error => {}
            Event::Close(event) => (self.onclose)(socket, event),
        }
    }
}

impl Default for UseWebSocketOptions {
    fn default() -> Self {
        Self::with(())
    }
}

impl<S: HookSocket> Clone for UseWebSocketOptions<S> {
    fn clone(&self) -> Self {
        Self {
            protocols: self.protocols.clone(),
            binary_type: self.binary_type,
            keep: self.keep,
            setting: self.setting.clone(),
            onopen: Rc::clone(&self.onopen),
            onmessage: Rc::clone(&self.onmessage),
            onclose: Rc::clone(&self.onclose),
        }
    }
}

impl<S: HookSocket> fmt::Debug for UseWebSocketOptions<S> {
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
pub(crate) enum Mounted<S: HookSocket> {
    /// The component is not on the page yet, and on a server never will be; or it has had a socket and gets another.
    #[default]
    NotYet,
    /// It has a socket, in whatever state.
    Connected(Connection<S>),
    /// It has been taken from the page, or its socket could not be made.
    NoMore,
}

impl<S: HookSocket> Mounted<S> {
    /// The socket, or, if there is none, the error that a closed or connecting socket would give
    /// for a message.
    pub(crate) fn socket(&self) -> Result<S, Error> {
        match self {
            Self::NotYet => Err(Error::InvalidState),
            Self::Connected(connection) => Ok(connection.socket()),
            Self::NoMore => Err(Error::Discarded(ReadyState::Closed)),
        }
    }

    /// Whether the component has this socket.
    #[cfg(feature = "leptos")]
    pub(crate) fn has(&self, socket: &S) -> bool {
        matches!(self, Self::Connected(connection) if connection.socket() == *socket)
    }
}
