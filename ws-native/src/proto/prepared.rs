//! A message for many connections.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use bytes::Bytes;

use super::compression::{Compressor, Shared};
use super::frame::{Header, Opcode};

/// A message that is encoded once and sent by many servers' ends: [`send_prepared`](super::Connection::send_prepared).
///
/// Its frame is made here, and where compression was agreed on, a compressed one by the first connection that needs it, for
/// each size of window and with that connection's level. A clone shares them.
///
/// ```
/// use ws_native::proto::{Config, Connection, Prepared};
/// let message = Prepared::text("hello");
/// for _ in 0..3 {
///     let mut connection = Connection::server_established(Config::default());
///     connection.send_prepared(&message)?;
///     assert_eq!(connection.output(), b"\x81\x05hello");
/// }
/// # Ok::<(), ws_native::proto::SendError>(())
/// ```
#[derive(Clone)]
pub struct Prepared(Arc<Message>);

struct Message {
    /// Text or binary.
    opcode: Opcode,
    /// As a server sends it uncompressed.
    frame: Bytes,
    /// Where the payload begins in the frame.
    payload: usize,
    compressed: Shared,
}

impl Prepared {
    /// A text message, which is copied.
    pub fn text(text: &str) -> Self {
        Self::new(Opcode::Text, text.as_bytes())
    }

    /// A binary message, which is copied.
    pub fn binary(bytes: &[u8]) -> Self {
        Self::new(Opcode::Binary, bytes)
    }

    fn new(opcode: Opcode, payload: &[u8]) -> Self {
        let frame = frame(opcode, false, payload);
        let payload = frame.len() - payload.len();
        Self(Arc::new(Message { opcode, frame, payload, compressed: Shared::default() }))
    }

    pub(super) fn opcode(&self) -> Opcode {
        self.0.opcode
    }

    /// The message's bytes.
    pub fn payload(&self) -> &[u8] {
        &self.0.frame[self.0.payload..]
    }

    /// As a server sends it uncompressed.
    pub(super) fn frame(&self) -> Bytes {
        self.0.frame.clone()
    }

    /// As a server sends it that compresses so. `None`: it is to be sent uncompressed.
    pub(super) fn compressed(&self, compressor: &mut Compressor) -> Option<Bytes> {
        compressor.shared(self.payload(), &self.0.compressed, |payload| frame(self.0.opcode, true, payload))
    }
}

fn frame(opcode: Opcode, compressed: bool, payload: &[u8]) -> Bytes {
    let mut frame = Vec::with_capacity(Header::LONGEST + payload.len());
    Header { fin: true, compressed, opcode, mask: None, length: payload.len() as u64 }.encode(&mut frame);
    frame.extend_from_slice(payload);
    frame.into()
}

impl From<&str> for Prepared {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Prepared {
    fn from(text: String) -> Self {
        Self::text(&text)
    }
}

impl From<&[u8]> for Prepared {
    fn from(bytes: &[u8]) -> Self {
        Self::binary(bytes)
    }
}

impl From<Vec<u8>> for Prepared {
    fn from(bytes: Vec<u8>) -> Self {
        Self::binary(&bytes)
    }
}

impl From<Bytes> for Prepared {
    fn from(bytes: Bytes) -> Self {
        Self::binary(&bytes)
    }
}

/// Its kind and length: the message itself may be long, and is not for a log.
impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared").field("opcode", &self.0.opcode).field("length", &self.payload().len()).finish()
    }
}
