//! What a program sends, as the protocol takes it: for the asynchronous face and for the blocking
//! one.

use ws_core::{CloseCode, Data, Failure, FailureKind};

use crate::proto::{Close, Connection, Part, Role, SendError};

/// The most bytes that may wait to be written while a server's `recv` reads on. With more, the
/// server does not read from a client that does not read what it asked for. A client always reads
/// on: if both ends stopped, they would wait for each other.
const WATERMARK: usize = 1 << 20;

/// Whether so much waits to be written to a stream that is not broken that a server takes no more
/// of what its client sends.
#[inline(always)]
pub(crate) fn waits_for_room(protocol: &Connection, is_broken: bool) -> bool {
    protocol.backlog() > WATERMARK && protocol.role() == Role::Server && protocol.is_listening() && !is_broken
}

/// Whether another message may be queued before what is queued is written.
#[inline]
pub(crate) fn is_ready(protocol: &Connection) -> bool {
    protocol.backlog() <= protocol.config().most_queued()
}

/// Queues a message.
#[inline]
pub(crate) fn feed(protocol: &mut Connection, data: Data) -> Result<(), Failure> {
    let sent = match data {
        Data::Text(text) => protocol.send_owned_text(text),
        Data::Binary(bytes) => protocol.send_owned_binary(bytes),
        Data::Blob(blob) => match blob.as_bytes() {
            Some(bytes) => protocol.send_owned_binary(bytes.clone()),
            None => {
                let reason = "a blob that is not in memory has to be read first, as the asynchronous send() does";
                return Err(Failure::new(FailureKind::Misuse, reason));
            }
        },
    };
    outcome(sent)
}

/// Queues a part of a message.
pub(crate) fn feed_part(protocol: &mut Connection, part: Part) -> Result<(), Failure> {
    let sent = match part {
        Part::Text { text, last } => protocol.send_text_part(&text, last),
        Part::Binary { bytes, last } => protocol.send_binary_part(&bytes, last),
    };
    outcome(sent)
}

/// The outcome of sending a message.
///
/// While something else than the program closes the connection, the message is thrown away, as the
/// standard's `send()` does when CLOSING. A program that answers what it still receives cannot
/// know, and has made no mistake: with an error it would drop a connection whose Close frame is
/// under way. It is told of the end when it receives. Nor can it know that the peer has closed,
/// but there nothing is lost by an error: it is no [`Misuse`](FailureKind::Misuse), though.
#[inline]
pub(crate) fn outcome(sent: Result<(), SendError>) -> Result<(), Failure> {
    match sent {
        Err(SendError::Leaving) => Ok(()),
        Err(error @ SendError::Closed) => Err(Failure::new(FailureKind::Ended, error)),
        sent => sent.map_err(misuse),
    }
}

/// The Close frame that a program wants to be sent.
pub(crate) fn close_frame(close: Option<(CloseCode, &str)>) -> Result<Option<Close>, Failure> {
    let close = close.map(|(code, reason)| Close { code, reason: reason.into() });
    close.as_ref().map_or(Ok(()), Close::check).map_err(misuse)?;
    Ok(close)
}

/// Starts the closing handshake.
pub(crate) fn start_closing(protocol: &mut Connection, close: Option<&Close>) -> Result<(), Failure> {
    protocol.start_closing_handshake(close).map_err(misuse)
}

/// The failure of a program that has asked for something impossible.
pub(crate) fn misuse(error: impl std::error::Error + Send + Sync + 'static) -> Failure {
    Failure::new(FailureKind::Misuse, error)
}
