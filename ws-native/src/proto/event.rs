//! What a connection tells its program.

use alloc::{boxed::Box, sync::Arc};

use bytes::Bytes;
use bytestring::ByteString;
use ws_core::CloseCode;

use super::close::Close;
use super::error::Error;
use super::handshake::client::Established;
use super::handshake::server::Incoming as IncomingRequest;

/// What has happened.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// A server has received a valid request: [accept](super::Connection::accept) or
    /// [refuse](super::Connection::refuse) it.
    Request(Arc<IncomingRequest>),
    /// The WebSocket connection is established.
    Established(Box<Established>),
    /// A text message has been received.
    Text(ByteString),
    /// A binary message has been received.
    Binary(Bytes),
    /// A part of a message has been received: see [`poll_part`](super::Connection::poll_part).
    Part(Part),
    /// A ping has been received; the pong is on its way.
    Ping(Bytes),
    /// A pong has been received, solicited or not.
    Pong(Bytes),
    /// The WebSocket closing handshake is started by the peer: its Close frame has been received, and is answered.
    ClosingHandshakeStarted(Option<Close>),
    /// The WebSocket connection is closed: the last event. What is still [output](super::Connection::output) is to be
    /// transmitted, and then the transport to be ended.
    Closed(Box<Closed>),
}

/// A part of a message, as it arrived: of any length, and unrelated to the fragments the peer has made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Of a text message; whole characters.
    Text {
        /// The text.
        text: ByteString,
        /// The message ends with it.
        last: bool,
    },
    /// Of a binary message.
    Binary {
        /// The bytes.
        bytes: Bytes,
        /// The message ends with them.
        last: bool,
    },
}

/// How the connection was closed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Closed {
    /// The WebSocket closing handshake was completed.
    pub clean: bool,
    /// The Close frame that was received, if one was; `Some(None)`: it had no body.
    pub received: Option<Option<Close>>,
    /// Why the connection was failed, if it was.
    pub error: Option<Error>,
}

/// Why a frame cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The connection is not established yet, or this program has closed it.
    #[error("the connection is not open for sending")]
    NotOpen,
    /// The connection has ended, or is about to, and not by this program's doing: the peer has closed it, say, or it
    /// has failed. A program cannot always know before it sends.
    #[error("the connection is being closed by the peer, or has ended")]
    Closed,
    /// The connection is being closed, and not by the program: by its [idle time-out](super::Config::idle_timeout), or
    /// by what runs it. The message was thrown away. What the peer still sends is received, and the last event tells of
    /// the end.
    #[error("the connection is being closed: the message was discarded")]
    Leaving,
    /// A ping or pong can carry 125 bytes, and a Close frame a reason of 123.
    #[error("a ping or pong can carry 125 bytes, and a reason 123")]
    LongControl,
    /// A message that is being sent in parts has not had its last one yet.
    #[error("a message that is being sent in parts is not complete")]
    Unfinished,
    /// A Close frame must not carry this code.
    #[error("the code {0} must not be sent in a Close frame")]
    CloseCode(CloseCode),
    /// [`Config::max_send_queue`](super::Config::max_send_queue) would be exceeded. The connection is failed by a
    /// message, and not by a ping or pong.
    #[error("too many bytes wait to be transmitted (max_send_queue)")]
    Full,
}

impl Closed {
    /// _The WebSocket Connection Close Code_: [RFC 6455, section 7.1.5][1].
    ///
    /// [1]: https://datatracker.ietf.org/doc/html/rfc6455#section-7.1.5
    pub fn code(&self) -> CloseCode {
        match &self.received {
            Some(Some(close)) => close.code,
            // "If this Close control frame contains no status code, _The WebSocket Connection Close Code_ is considered
            // to be 1005."
            Some(None) => CloseCode::NO_STATUS,
            // "If _The WebSocket Connection is Closed_ and no Close control frame was received by the endpoint [...],
            // _The WebSocket Connection Close Code_ is considered to be 1006."
            None => CloseCode::ABNORMAL,
        }
    }

    /// _The WebSocket Connection Close Reason_; empty if none was received.
    pub fn reason(&self) -> &str {
        self.received.as_ref().and_then(Option::as_ref).map_or("", |close| &close.reason)
    }
}
