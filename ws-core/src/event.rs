//! The events of the interface: <https://websockets.spec.whatwg.org/#feedback-from-the-protocol>.

use alloc::{string::String, sync::Arc};

use crate::{CloseCode, Data};

/// An event at a [`WebSocket`](crate::WebSocket).
///
/// ```
/// use ws_core::{Event, EventKind};
/// assert_eq!(Event::Open.kind(), EventKind::Open);
/// assert_eq!(EventKind::Open.as_str(), "open");
/// ```
#[derive(Clone, Debug)]
pub enum Event {
    /// `open`: the connection is established.
    Open,
    /// `message`: a whole message has been received.
    Message(MessageEvent),
    /// `error`: the connection failed. It carries nothing, as the standard wants; `close` follows at once.
    Error,
    /// `close`: the connection is closed. The last event.
    Close(CloseEvent),
}

/// Which event a listener is for.
///
/// ```
/// fn watch<B: ws_core::Backend>(socket: &ws_core::WebSocket<B>) {
///     use ws_core::EventKind;
///     for kind in [EventKind::Open, EventKind::Message, EventKind::Error, EventKind::Close] {
///         socket.add_event_listener(kind, |_, event| println!("{event:?}"));
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// `open`
    Open,
    /// `message`
    Message,
    /// `error`
    Error,
    /// `close`
    Close,
}

/// A received message. Two are equal by what is in them, see [`Blob`](crate::Blob).
///
/// ```
/// fn show(event: &ws_core::MessageEvent) {
///     match event.data.as_text() {
///         Some(text) => println!("{}: {text}", event.origin),
///         None => println!("{}: {} bytes", event.origin, event.data.len()),
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessageEvent {
    /// What was received.
    pub data: Data,
    /// The serialized origin of the socket's URL: `wss://host`, with the port if it is not the default one.
    pub origin: Arc<str>,
}

/// How the connection was closed.
///
/// ```
/// use ws_core::{CloseCode, CloseEvent};
/// fn is_over(event: &CloseEvent) -> bool {
///     event.was_clean && event.code == CloseCode::NORMAL
/// }
/// assert!(!is_over(&CloseEvent::abnormal()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CloseEvent {
    /// Both Close frames were exchanged before the transport was closed. Says nothing about the code.
    pub was_clean: bool,
    /// The code the peer sent; 1005 for a Close frame without one, 1006 if there was no Close frame.
    pub code: CloseCode,
    /// The reason the peer sent; empty if there was none.
    pub reason: String,
}

impl MessageEvent {
    /// A message event, as a backend makes it.
    pub fn new(data: Data, origin: Arc<str>) -> Self {
        Self { data, origin }
    }
}

impl CloseEvent {
    /// A close event, as a backend makes it.
    pub fn new(was_clean: bool, code: CloseCode, reason: String) -> Self {
        Self { was_clean, code, reason }
    }

    /// The close event of a connection that failed: 1006, no reason, not clean.
    pub fn abnormal() -> Self {
        Self::new(false, CloseCode::ABNORMAL, String::new())
    }
}

impl Event {
    /// Which event it is.
    pub const fn kind(&self) -> EventKind {
        match self {
            Self::Open => EventKind::Open,
            Self::Message(_) => EventKind::Message,
            Self::Error => EventKind::Error,
            Self::Close(_) => EventKind::Close,
        }
    }
}

impl EventKind {
    /// The event's type, as the standard spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Message => "message",
            Self::Error => "error",
            Self::Close => "close",
        }
    }
}
