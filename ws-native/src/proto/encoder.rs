//! From messages to frames: [RFC 6455, sections 5.4 to 6.1](https://datatracker.ietf.org/doc/html/rfc6455#section-5.4).

use alloc::boxed::Box;

use bytes::Bytes;

use super::compression::Compressor;
use super::event::SendError;
use super::frame::{Header, Opcode};
use super::mask::MaskKeys;
use super::outgoing::Outgoing;
use super::prepared::Prepared;

/// Makes frames of what is sent. Roles differ in data: a client has masking keys.
pub(super) struct Encoder {
    keys: Option<Box<MaskKeys>>,
    /// Where compression was agreed on.
    compressor: Option<Box<Compressor>>,
    /// The message of which parts were sent, and not the last one.
    unfinished: Option<Unfinished>,
}

/// A message that is sent in parts.
#[derive(Clone, Copy)]
struct Unfinished {
    /// Text or binary.
    opcode: Opcode,
    compressed: bool,
}

impl Encoder {
    pub(super) fn new(keys: Option<Box<MaskKeys>>) -> Self {
        Self { keys, compressor: None, unfinished: None }
    }

    /// Compresses messages from now on.
    pub(super) fn set_compressor(&mut self, compressor: Option<Compressor>) {
        self.compressor = compressor.map(Box::new);
    }

    /// The connection waits.
    pub(super) fn release(&mut self) {
        if let Some(compressor) = self.compressor.as_mut().filter(|_| self.unfinished.is_none()) {
            compressor.release();
        }
    }

    /// Whether frames are masked, as a client's are.
    pub(super) fn is_masking(&self) -> bool {
        self.keys.is_some()
    }

    /// A message in one frame, copied. None may be [unfinished](Self::expect_complete).
    #[inline]
    pub(super) fn message(&mut self, outgoing: &mut Outgoing, opcode: Opcode, payload: &[u8]) {
        match self.compressor.as_mut().and_then(|compressor| compressor.compress(payload)) {
            Some(compressed) => self.push(outgoing, opcode, true, &compressed),
            None => self.push(outgoing, opcode, false, payload),
        }
    }

    /// A message in one frame, handed over. None may be [unfinished](Self::expect_complete).
    pub(super) fn owned(&mut self, outgoing: &mut Outgoing, opcode: Opcode, payload: Bytes) {
        match self.compressor.as_mut().and_then(|compressor| compressor.compress(&payload)) {
            Some(compressed) => self.push(outgoing, opcode, true, &compressed),
            None => outgoing.push_owned(self.header(opcode, true, false, payload.len()), payload),
        }
    }

    /// A message in a frame that others send too, where frames are not masked. None may be
    /// [unfinished](Self::expect_complete).
    pub(super) fn prepared(&mut self, outgoing: &mut Outgoing, message: &Prepared) {
        if self.is_masking() {
            return self.message(outgoing, message.opcode(), message.payload());
        }
        let compressed = self.compressor.as_mut().and_then(|compressor| message.compressed(compressor));
        outgoing.push_frame(compressed.unwrap_or_else(|| message.frame()));
    }

    /// The next part of a message of this kind, in a frame of its own. It must be one that [may
    /// come](Self::expect_part).
    pub(super) fn part(&mut self, outgoing: &mut Outgoing, opcode: Opcode, payload: &[u8], last: bool) {
        let (message, first) = match self.unfinished {
            Some(message) => (message, false),
            // One that is whole is worth compressing or not, as any other.
            None if last => return self.message(outgoing, opcode, payload),
            None => {
                let compressed = self.compressor.as_mut().is_some_and(|compressor| compressor.begin());
                (Unfinished { opcode, compressed }, true)
            }
        };
        // "An unfragmented message consists of a single frame with the FIN bit set and an opcode other than 0." "A
        // fragmented message consists of a single frame with the FIN bit clear and an opcode other than 0, followed by
        // zero or more frames with the FIN bit clear and the opcode set to 0, and terminated by a single frame with the
        // FIN bit set and an opcode of 0."
        let frame = if first { opcode } else { Opcode::Continuation };
        match self.compressor.as_mut().filter(|_| message.compressed) {
            // RFC 7692, section 6.1: the bit that says so is that of the first fragment.
            Some(compressor) => {
                let compressed = compressor.part(payload, last);
                let header = self.header(frame, last, first, compressed.len());
                outgoing.push(header, &compressed);
            }
            None => {
                let header = self.header(frame, last, false, payload.len());
                outgoing.push(header, payload);
            }
        }
        self.unfinished = (!last).then_some(message);
    }

    /// A control frame, which may come between the parts of a message.
    pub(super) fn control(&mut self, outgoing: &mut Outgoing, opcode: Opcode, payload: &[u8]) {
        self.push(outgoing, opcode, false, payload);
    }

    /// Fails while a message is unfinished: "The fragments of one message MUST NOT be interleaved between the fragments
    /// of another message".
    pub(super) fn expect_complete(&self) -> Result<(), SendError> {
        if self.unfinished.is_some() { Err(SendError::Unfinished) } else { Ok(()) }
    }

    /// Fails unless a part of a message of this kind may come next.
    pub(super) fn expect_part(&self, opcode: Opcode) -> Result<(), SendError> {
        match self.unfinished {
            Some(message) if message.opcode != opcode => Err(SendError::Unfinished),
            _ => Ok(()),
        }
    }

    #[inline]
    fn push(&mut self, outgoing: &mut Outgoing, opcode: Opcode, compressed: bool, payload: &[u8]) {
        outgoing.push(self.header(opcode, true, compressed, payload.len()), payload);
    }

    #[inline]
    fn header(&mut self, opcode: Opcode, fin: bool, compressed: bool, length: usize) -> Header {
        let mask = self.keys.as_mut().map(|keys| keys.next_key());
        Header { fin, compressed, opcode, mask, length: length as u64 }
    }
}
