//! Misuse of the interface: the exceptions the standard throws.

use crate::{CloseCode, ReadyState};

/// A call the interface refuses. It leaves the socket as it was, except where a variant says otherwise.
///
/// Each variant has the name of the `DOMException` that the standard throws for it, see [`Error::name`]. What goes
/// wrong later, on the network, is never an `Error`: it is an `error` event, followed by a `close` event, and native
/// programs find the cause in [`WebSocket::failure`](crate::WebSocket::failure).
///
/// ```
/// use ws_core::{Error, ReadyState};
/// assert_eq!(Error::InvalidState.name(), Some("InvalidStateError"));
/// assert_eq!(Error::Discarded(ReadyState::Closed).name(), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// `SyntaxError`: the URL, a subprotocol or a close reason is not of the form the standard asks for.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// `InvalidAccessError`: `close()` was given this code, which is neither 1000 nor in the range 3000 to 4999.
    #[error("the close code must be 1000 or in the range 3000 to 4999, not {0}")]
    InvalidAccess(CloseCode),
    /// `InvalidStateError`: `send()` was called while the socket is still connecting.
    #[error("the socket is still connecting: send after its open event")]
    InvalidState,
    /// The socket is closing or closed, so this message was counted in `bufferedAmount` and thrown away.
    ///
    /// The standard throws nothing here, so [`Error::name`] is `None`; a script-facing host ignores this error.
    #[error("the socket is {}: the message was discarded", if *.0 == ReadyState::Closed { "closed" } else { "closing" })]
    Discarded(ReadyState),
    /// `QuotaExceededError`: with this message more would have waited for a connection than the
    /// settings of the [`ReconnectingWebSocket`](crate::ReconnectingWebSocket) allow. This can also
    /// happen with an open connection, while it is still sending what has waited.
    #[error("more than max_enqueued_messages or max_enqueued_bytes would wait for a connection")]
    QuotaExceeded,
    /// `SecurityError`: the page may not make this connection, because of its policy or because it is a secure page and the
    /// connection would not be. The standard fails the connection instead, and some browsers throw; their own words follow.
    #[error("the page may not make this connection: {0}")]
    Security(alloc::string::String),
    /// The host cannot run a socket, and says why in its own words: no thread could be started,
    /// say, or a worklet has no WebSocket.
    #[error("the socket cannot be run: {0}")]
    Host(alloc::string::String),
}

/// What is wrong with the form of an argument.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SyntaxError {
    /// The URL could not be parsed; a relative one needs a base, which native programs do not have.
    #[error("the URL cannot be parsed: {0}")]
    Url(alloc::string::String),
    /// The URL's scheme is none of `ws`, `wss`, `http` and `https`.
    #[error("the URL's scheme must be ws, wss, http or https, not {0}")]
    Scheme(alloc::string::String),
    /// The URL has a fragment, be it an empty one.
    #[error("the URL must not have a fragment")]
    Fragment,
    /// A subprotocol is not an HTTP token.
    #[error("a subprotocol must be an HTTP token, which {0:?} is not")]
    Subprotocol(alloc::string::String),
    /// A subprotocol occurs twice.
    #[error("a subprotocol must be given once, and {0:?} is there again")]
    DuplicateSubprotocol(alloc::string::String),
    /// The reason given to `close()` has more than 123 UTF-8 bytes.
    #[error("a close reason may have 123 UTF-8 bytes, and this one has {length}")]
    ReasonTooLong {
        /// The reason's length in UTF-8 bytes.
        length: usize,
    },
    /// A browser refuses the URL or a subprotocol. Its own words are left out: they may have the
    /// URL in them, and that a password.
    #[error("the URL is not one of a WebSocket, or a subprotocol is not valid")]
    Refused,
    /// The host refuses what it is given; its own words follow.
    #[error("{0}")]
    Host(alloc::string::String),
}

impl Error {
    /// The name of the `DOMException` the standard throws, if it throws one.
    pub const fn name(&self) -> Option<&'static str> {
        match self {
            Self::Syntax(_) => Some("SyntaxError"),
            Self::InvalidAccess(_) => Some("InvalidAccessError"),
            Self::InvalidState => Some("InvalidStateError"),
            Self::QuotaExceeded => Some("QuotaExceededError"),
            Self::Security(_) => Some("SecurityError"),
            Self::Discarded(_) | Self::Host(_) => None,
        }
    }
}
