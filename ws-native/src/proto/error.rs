//! Why a connection failed, by whose fault, and which close code tells the peer.

use alloc::{boxed::Box, string::String, sync::Arc};

use ws_core::{CloseCode, Failure};

use super::handshake::http::Headers;

/// Why a connection failed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The opening handshake was not completed.
    #[error("the opening handshake failed: {0}")]
    Handshake(#[from] HandshakeError),
    /// The peer broke the protocol.
    #[error("the peer broke the protocol: {0}")]
    Protocol(#[from] ProtocolError),
    /// A bound of [`Config`](super::Config) was exceeded.
    #[error("{0}")]
    Bound(Bound),
    /// A deadline of [`Config`](super::Config) passed.
    #[error("{0}")]
    Timeout(Phase),
    /// The peer ended the transport without a Close frame.
    #[error("the peer ended the connection without a Close frame")]
    Ended,
    /// The transport could not be opened, or broke.
    #[error("the transport failed: {0}")]
    Transport(#[source] Arc<dyn core::error::Error + Send + Sync>),
    /// A blob that was to be sent could not be read.
    #[error("{0}")]
    Blob(ws_core::BlobError),
    /// This end gave the connection up before it was established.
    #[error("the connection was given up before it was established")]
    Cancelled,
}

/// What was wrong with the peer's half of the opening handshake.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The bytes are not an HTTP/1.1 head.
    #[error("the peer does not speak HTTP/1.1 ({0})")]
    NotHttp(&'static str),
    /// The server answered with another status than 101.
    #[error("the server answered with status {}", .0.status)]
    Status(Arc<Answer>),
    /// The server's answer accepts, but not as it must.
    #[error("{error}")]
    Invalid {
        /// What is wrong with it.
        error: Box<HandshakeError>,
        /// The answer.
        answer: Arc<Answer>,
    },
    /// A header is missing, doubled, or has another value than it must have.
    #[error("the header {name} is {found}")]
    Header {
        /// The header's name.
        name: &'static str,
        /// What it is instead.
        found: Found,
    },
    /// The server picked a subprotocol that was not offered.
    #[error("the server picked the subprotocol {0:?}, which was not offered")]
    Subprotocol(String),
    /// Subprotocols were offered and the server picked none.
    #[error("the server picked none of the offered subprotocols")]
    NoSubprotocol,
    /// The server wants an extension that was not offered.
    #[error("the server picked the extension {0:?}, which was not offered")]
    Extension(String),
    /// The head has more bytes than [`Config::max_head`](super::Config::max_head), which is given here.
    #[error("the head has more than {0} bytes (max_head)")]
    TooLarge(usize),
    /// The head has more headers than this, which is the most that are read.
    #[error("the head has more than {0} headers")]
    TooManyHeaders(usize),
    /// The peer ended the transport before its head was complete.
    #[error("the connection ended within the opening handshake")]
    Ended,
    /// The request's method is not GET.
    #[error("the method is not GET")]
    Method,
    /// The request's target is neither path and query nor a URL with a host.
    #[error("the target has no resource name")]
    Target,
    /// The program refused the request with this status.
    #[error("refused with status {0}")]
    Refused(u16),
}

/// The status and headers of a server's answer. The body is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: Headers,
}

impl Answer {
    /// The answer of a server that refused, if that is why it failed.
    ///
    /// ```
    /// use ws_native::Failure;
    /// use ws_native::proto::Answer;
    /// /// How many seconds to wait until the next try. `None`: it would be refused again.
    /// fn seconds_to_wait(failure: &Failure) -> Option<u64> {
    ///     let Some(answer) = Answer::of(failure) else { return Some(10) };
    ///     match answer.status {
    ///         401 | 403 => None,
    ///         _ => Some(answer.headers.get_str("Retry-After").and_then(|after| after.parse().ok()).unwrap_or(10)),
    ///     }
    /// }
    /// # use std::sync::Arc;
    /// # use ws_native::proto::{Error, HandshakeError, Headers};
    /// # let refused = |status| Arc::new(Answer { status, headers: Headers::default() });
    /// # let failure = |status| Failure::from(Error::from(HandshakeError::Status(refused(status))));
    /// # assert_eq!([403, 503].map(|status| seconds_to_wait(&failure(status))), [None, Some(10)]);
    /// # assert_eq!(seconds_to_wait(&Error::Ended.into()), Some(10));
    /// ```
    pub fn of(failure: &Failure) -> Option<&Self> {
        match failure.cause().downcast_ref() {
            Some(Error::Handshake(HandshakeError::Status(answer))) => Some(answer),
            _ => None,
        }
    }
}

/// What a header was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Found {
    /// It is not there.
    #[error("missing")]
    Missing,
    /// It has another value than it must have, or comes more than once.
    #[error("wrong")]
    Wrong,
}

/// How the peer broke the protocol after the opening handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A reserved bit is set and no extension gives it a meaning.
    #[error("a reserved bit is set")]
    ReservedBits,
    /// The opcode is a reserved one.
    #[error("the opcode {0:#x} is reserved")]
    Opcode(u8),
    /// A control frame is fragmented.
    #[error("a control frame is fragmented")]
    FragmentedControl,
    /// A control frame has more than 125 bytes.
    #[error("a control frame has more than 125 bytes")]
    LongControl,
    /// The most significant bit of a 64-bit length is set.
    #[error("a length has its most significant bit set")]
    Length,
    /// The length is not encoded in the fewest bytes.
    #[error("a length is not encoded in the fewest bytes")]
    LengthEncoding,
    /// A server's frame is masked.
    #[error("a server's frame is masked")]
    Masked,
    /// A client's frame is not masked.
    #[error("a client's frame is not masked")]
    Unmasked,
    /// A continuation frame without a message to continue.
    #[error("a continuation frame continues nothing")]
    Continuation,
    /// A message begins before the one before it has ended.
    #[error("a message begins inside another one")]
    Interleaved,
    /// Text, or a close reason, is not UTF-8.
    #[error("text is not UTF-8")]
    Utf8,
    /// A compressed message cannot be decompressed.
    #[error("a compressed message is not DEFLATE")]
    Deflate,
    /// The body of a Close frame has one byte.
    #[error("a Close frame has a body of one byte")]
    CloseBody,
    /// A Close frame carries a code that must not be sent.
    #[error("a Close frame has the code {0}, which must not be sent")]
    CloseCode(CloseCode),
}

/// A bound that was exceeded; each is a field of [`Config`](super::Config).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Bound {
    /// `max_message`
    #[error("a message has more than {0} bytes (max_message)")]
    Message(usize),
    /// `max_frame`
    #[error("a frame has more than {0} bytes (max_frame)")]
    Frame(usize),
    /// `max_fragments`
    #[error("a message has more than {0} frames (max_fragments)")]
    Fragments(u32),
    /// `max_send_queue`
    #[error("more than {0} bytes wait to be transmitted (max_send_queue)")]
    SendQueue(usize),
}

/// What took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Phase {
    /// The opening handshake (`handshake_timeout`).
    #[error("the opening handshake took too long (handshake_timeout)")]
    Handshake,
    /// The peer's answer to a Close frame (`close_timeout`).
    #[error("the peer did not answer the Close frame in time (close_timeout)")]
    Close,
    /// The end of the transport after the closing handshake (`end_timeout`).
    #[error("the peer did not end the transport in time (end_timeout)")]
    End,
    /// The peer's answer to a ping (`heartbeat.timeout`).
    #[error("the peer has not answered a ping in time (heartbeat.timeout)")]
    Heartbeat,
}

impl HandshakeError {
    /// The server's answer, if it is what is wrong.
    pub fn answer(&self) -> Option<&Answer> {
        match self {
            Self::Status(answer) | Self::Invalid { answer, .. } => Some(answer),
            _ => None,
        }
    }

    /// The HTTP status that tells a client what was wrong with its request. Over HTTP/2 there is no 426, and 400 says it.
    pub fn status(&self) -> u16 {
        match self {
            Self::Method => 405,
            Self::TooLarge(_) | Self::TooManyHeaders(_) => 431,
            Self::Header { name: "Sec-WebSocket-Version" | "Upgrade" | "Connection", .. } => 426,
            Self::Refused(status) => *status,
            _ => 400,
        }
    }
}

impl Error {
    /// The code to put into the Close frame that tells the peer, if there is something to tell.
    ///
    /// The program itself sees 1006, for no Close frame was received.
    pub fn close_code(&self) -> Option<CloseCode> {
        match self {
            // RFC 6455, section 8.1: the endpoint MUST _Fail the WebSocket Connection_; section 7.4.1 has the code:
            // "1007 indicates that an endpoint is terminating the connection because it has received data within a
            // message that was not consistent with the type of the message".
            Self::Protocol(ProtocolError::Utf8 | ProtocolError::Deflate) => Some(CloseCode::INVALID_PAYLOAD),
            Self::Protocol(_) => Some(CloseCode::PROTOCOL),
            Self::Bound(Bound::Message(_) | Bound::Frame(_)) => Some(CloseCode::TOO_BIG),
            Self::Bound(Bound::Fragments(_)) => Some(CloseCode::POLICY),
            Self::Bound(Bound::SendQueue(_)) | Self::Blob(_) => Some(CloseCode::GOING_AWAY),
            Self::Handshake(_) | Self::Timeout(_) | Self::Ended | Self::Transport(_) | Self::Cancelled => None,
        }
    }
}
