//! Why a stream has ended, or refuses: <https://github.com/whatwg/websockets/pull/48>.

use crate::{CloseCode, CloseEvent, Error, Failure};

/// What a [`WebSocketStream`](crate::WebSocketStream) and its halves fail with.
///
/// ```
/// use ws_core::{CloseCode, CloseEvent, WebSocketError};
/// let error = WebSocketError::Closed { event: CloseEvent::abnormal(), failure: None };
/// assert_eq!(error.close_code(), Some(CloseCode::ABNORMAL));
/// assert_eq!(error.to_string(), "the connection was closed with 1006");
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WebSocketError {
    /// The connection failed, could not be made, or ended without a whole closing handshake.
    #[error(
        "the connection was closed with {}{}{}{}{}",
        event.code,
        if event.reason.is_empty() { "" } else { ": " },
        event.reason,
        if failure.is_some() { ": " } else { "" },
        failure.as_ref().map(alloc::string::ToString::to_string).unwrap_or_default()
    )]
    Closed {
        /// How it was closed.
        event: CloseEvent,
        /// Why it failed, where the host tells: browsers do not.
        failure: Option<Failure>,
    },
    /// The reader is too slow, and the host has no way to hold the peer up: see
    /// [`inbound_limit`](crate::StreamBuilder::inbound_limit).
    #[error(
        "the reader is too slow: another message would have made more than {bytes} bytes or {messages} messages wait"
    )]
    Overflow {
        /// The bound in bytes.
        bytes: u64,
        /// The bound in messages.
        messages: usize,
    },
    /// The two halves were given out before, and there is one of each.
    #[error("the stream's halves were given out before")]
    Locked,
    /// A call that the interface refuses; [`Error::Discarded`] for a message to a connection that is closing or closed.
    #[error(transparent)]
    Refused(#[from] Error),
}

impl WebSocketError {
    /// The code the connection was closed with, if it is closed.
    pub fn close_code(&self) -> Option<CloseCode> {
        match self {
            Self::Closed { event, .. } => Some(event.code),
            Self::Overflow { .. } | Self::Locked | Self::Refused(_) => None,
        }
    }

    /// The reason the peer gave; empty if it gave none.
    pub fn reason(&self) -> &str {
        match self {
            Self::Closed { event, .. } => &event.reason,
            Self::Overflow { .. } | Self::Locked | Self::Refused(_) => "",
        }
    }

    /// Why the connection failed, where the host tells.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Closed { failure, .. } => failure.as_ref(),
            Self::Overflow { .. } | Self::Locked | Self::Refused(_) => None,
        }
    }
}
