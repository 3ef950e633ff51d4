//! What a program sends, as the protocol takes it: the same for a face that awaits and for one that blocks.

use ws_core::{CloseCode, Data, Failure, FailureKind};

use crate::proto::{Close, Connection, Part};

/// The most bytes that may wait to be written while a server's `recv` reads on. Above it a client that does not read what
/// it asked for is not read from either. A client reads on: if both ends stopped, they would wait for each other.
pub(crate) const WATERMARK: usize = 1 << 20;

/// Whether the next message is welcome before what is queued is written.
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
    sent.map_err(misuse)
}

/// Queues a part of a message.
pub(crate) fn feed_part(protocol: &mut Connection, part: Part) -> Result<(), Failure> {
    let sent = match part {
        Part::Text { text, last } => protocol.send_text_part(&text, last),
        Part::Binary { bytes, last } => protocol.send_binary_part(&bytes, last),
    };
    sent.map_err(misuse)
}

/// Starts the closing handshake.
pub(crate) fn start_closing(protocol: &mut Connection, close: Option<(CloseCode, &str)>) -> Result<(), Failure> {
    let close = close.map(|(code, reason)| Close { code, reason: reason.into() });
    protocol.start_closing_handshake(close.as_ref()).map_err(misuse)
}

/// The failure of a program that asked for what cannot be done.
pub(crate) fn misuse(error: impl std::error::Error + Send + Sync + 'static) -> Failure {
    Failure::new(FailureKind::Misuse, error)
}
