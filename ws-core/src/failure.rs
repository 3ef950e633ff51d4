//! Why a connection failed: for the host program, never for a script.

use alloc::sync::Arc;
use core::{error, fmt};

/// The cause of an `error` event.
///
/// The event itself stays mute, as the standard demands: a script must not learn why a connection failed. A native
/// program may, and asks [`WebSocket::failure`](crate::WebSocket::failure). Browsers do not tell.
///
/// ```
/// use ws_core::{Failure, FailureKind};
/// let failure = Failure::new(FailureKind::Timeout, "no answer within 20 s");
/// assert!(failure.is_timeout());
/// assert_eq!(failure.to_string(), "no answer within 20 s");
/// ```
#[derive(Clone)]
pub struct Failure {
    kind: FailureKind,
    cause: Arc<dyn error::Error + Send + Sync>,
}

/// Whose doing a [`Failure`] was.
///
/// ```
/// use ws_core::{Failure, FailureKind};
/// /// Whether the same might go well in a while.
/// fn is_worth_another_try(failure: &Failure) -> bool {
///     matches!(failure.kind(), FailureKind::Network | FailureKind::Timeout | FailureKind::Ended)
/// }
/// assert!(!is_worth_another_try(&Failure::new(FailureKind::Policy, "port 25 is blocked")));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureKind {
    /// The host could not be reached, or the transport broke: DNS, refusal, reset, TLS.
    Network,
    /// The server answered the opening handshake with another status than 101.
    Refused,
    /// The answer to the opening handshake was not a valid one.
    Handshake,
    /// The peer broke the protocol after the opening handshake.
    Protocol,
    /// A limit set by this program was exceeded: by what the peer sent, or by what waits to be sent to it.
    Limit,
    /// A deadline passed.
    Timeout,
    /// The peer ended the connection without a Close frame; or, of what was to be sent: the connection has ended, or the peer has begun
    /// to close it.
    Ended,
    /// This program closed the socket before it was established, or cut it: when a shutdown had waited long enough, say.
    Cancelled,
    /// This program asked for something impossible, such as sending what it has itself closed the connection for.
    Misuse,
    /// The program's own policy forbids the connection, such as a blocked port.
    Policy,
    /// Nothing has failed: a stream that does not block would have to wait. Call again when it is
    /// ready.
    WouldBlock,
}

impl Failure {
    /// A failure of this kind, in the words of its cause.
    pub fn new(kind: FailureKind, cause: impl Into<alloc::boxed::Box<dyn error::Error + Send + Sync>>) -> Self {
        Self { kind, cause: Arc::from(cause.into()) }
    }

    /// Whose doing it was.
    pub const fn kind(&self) -> FailureKind {
        self.kind
    }

    /// Whether a deadline passed.
    pub fn is_timeout(&self) -> bool {
        self.kind == FailureKind::Timeout
    }

    /// The error behind it, to be downcast to the backend's own types.
    pub fn cause(&self) -> &(dyn error::Error + Send + Sync + 'static) {
        &*self.cause
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failure").field("kind", &self.kind).field("cause", &self.cause).finish()
    }
}

impl error::Error for Failure {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.cause.source()
    }
}
