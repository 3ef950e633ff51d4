//! The header of a frame: [RFC 6455, section 5.2](https://datatracker.ietf.org/doc/html/rfc6455#section-5.2).

use alloc::vec::Vec;

use super::connection::Role;
use super::error::ProtocolError;

/// What a frame is for: "Defines the interpretation of the "Payload data"."
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Opcode {
    /// Continues the message that a text or binary frame has begun.
    Continuation,
    /// Begins a text message.
    Text,
    /// Begins a binary message.
    Binary,
    /// Starts or answers the closing handshake.
    Close,
    /// Asks for a pong.
    Ping,
    /// Answers a ping, or says unasked that the end is alive.
    Pong,
}

/// The part of a frame before its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// "Indicates that this is the final fragment in a message."
    pub(super) fin: bool,
    /// RSV1: the message that begins here is compressed.
    pub(super) compressed: bool,
    pub(super) opcode: Opcode,
    /// The masking key; frames from a client have one, frames from a server have none.
    pub(super) mask: Option<[u8; 4]>,
    /// The payload's length in bytes; below 2^63.
    pub(super) length: u64,
}

impl Header {
    /// The bytes of the longest header: of a long, masked payload.
    pub(super) const LONGEST: usize = 14;

    /// Reads a header sent by the peer of this role, and says how many bytes it has. `None`: more bytes are needed.
    /// `compression`: whether messages may be compressed.
    ///
    /// What is wrong is found at the first byte that shows it.
    pub(super) fn decode(bytes: &[u8], role: Role, compression: bool) -> Result<Option<(Self, usize)>, ProtocolError> {
        let Some(&first) = bytes.first() else { return Ok(None) };
        let fin = first & 0x80 != 0;
        let compressed = first & 0x40 != 0;
        // "RSV1, RSV2, RSV3: MUST be 0 unless an extension is negotiated that defines meanings for non-zero values."
        if first & 0x30 != 0 || (compressed && !compression) {
            return Err(ProtocolError::ReservedBits);
        }
        // "If an unknown opcode is received, the receiving endpoint MUST _Fail the WebSocket Connection_."
        let opcode = Opcode::decode(first & 0x0F).ok_or(ProtocolError::Opcode(first & 0x0F))?;
        // RFC 7692, section 6.1: "An endpoint MUST NOT set the "Per-Message Compressed" bit of control frames and
        // non-first fragments of a data message."
        if compressed && (opcode.is_control() || opcode == Opcode::Continuation) {
            return Err(ProtocolError::ReservedBits);
        }
        // "All control frames MUST have a payload length of 125 bytes or less and MUST NOT be fragmented."
        if opcode.is_control() && !fin {
            return Err(ProtocolError::FragmentedControl);
        }
        let Some(&second) = bytes.get(1) else { return Ok(None) };
        let masked = second & 0x80 != 0;
        // Section 5.1: "The server MUST close the connection upon receiving a frame that is not masked." "A client MUST
        // close a connection if it detects a masked frame."
        match role {
            Role::Client if masked => return Err(ProtocolError::Masked),
            Role::Server if !masked => return Err(ProtocolError::Unmasked),
            Role::Client | Role::Server => {}
        }
        let short = second & 0x7F;
        if opcode.is_control() && short > 125 {
            return Err(ProtocolError::LongControl);
        }
        let (length, mut end) = match short {
            // "If 126, the following 2 bytes interpreted as a 16-bit unsigned integer are the payload length."
            126 => {
                let Some(field) = bytes[2..].first_chunk::<2>() else { return Ok(None) };
                (u64::from(u16::from_be_bytes(*field)), 4)
            }
            // "If 127, the following 8 bytes interpreted as a 64-bit unsigned integer (the most significant bit MUST be
            // 0) are the payload length."
            127 => {
                let Some(field) = bytes[2..].first_chunk::<8>() else { return Ok(None) };
                (u64::from_be_bytes(*field), 10)
            }
            length => (u64::from(length), 2),
        };
        if length >> 63 != 0 {
            return Err(ProtocolError::Length);
        }
        // "Note that in all cases, the minimal number of bytes MUST be used to encode the length."
        if (short == 126 && length < 126) || (short == 127 && length <= 0xFFFF) {
            return Err(ProtocolError::LengthEncoding);
        }
        let mask = if masked {
            let Some(key) = bytes.get(end..).and_then(|rest| rest.first_chunk::<4>()) else { return Ok(None) };
            end += 4;
            Some(*key)
        } else {
            None
        };
        Ok(Some((Self { fin, compressed, opcode, mask, length }, end)))
    }

    /// Writes the header.
    #[inline(always)]
    pub(super) fn encode(&self, output: &mut Vec<u8>) {
        let (first, short) = (self.first(), self.length as u8);
        match (self.length, self.mask) {
            (0..=125, None) => output.extend_from_slice(&[first, short]),
            (0..=125, Some([a, b, c, d])) => output.extend_from_slice(&[first, 0x80 | short, a, b, c, d]),
            _ => self.encode_longer(output),
        }
    }

    /// Writes the header of a payload whose length has a field of its own.
    fn encode_longer(&self, output: &mut Vec<u8>) {
        let (first, masked) = (self.first(), u8::from(self.mask.is_some()) << 7);
        if let Ok(length) = u16::try_from(self.length) {
            let [high, low] = length.to_be_bytes();
            output.extend_from_slice(&[first, masked | 126, high, low]);
        } else {
            output.extend_from_slice(&[first, masked | 127]);
            output.extend_from_slice(&self.length.to_be_bytes());
        }
        output.extend_from_slice(self.mask.as_ref().map_or(&[], |key| key));
    }

    /// The first byte: what the frame is.
    #[inline]
    fn first(&self) -> u8 {
        u8::from(self.fin) << 7 | u8::from(self.compressed) << 6 | self.opcode.number()
    }
}

impl Opcode {
    fn decode(number: u8) -> Option<Self> {
        Some(match number {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xA => Self::Pong,
            _ => return None,
        })
    }

    /// What stands for it on the wire: four bits.
    pub fn number(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xA,
        }
    }

    /// "Control frames are identified by opcodes where the most significant bit of the opcode is 1."
    pub fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

    fn header(opcode: Opcode, mask: Option<[u8; 4]>, length: u64) -> Header {
        Header { fin: true, compressed: false, opcode, mask, length }
    }

    #[test]
    fn headers_of_all_length_encodings_are_read_and_written() {
        let cases: [(&[u8], u64); 7] = [
            (b"\x82\x00", 0),
            (b"\x82\x7d", 125),
            (b"\x82\x7e\x00\x7e", 126),
            (b"\x82\x7e\xff\xff", 65_535),
            (b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 65_536),
            (b"\x82\x7f\x00\x00\x00\x01\x00\x00\x00\x00", 1 << 32),
            (b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", (1 << 63) - 1),
        ];
        for (bytes, length) in cases {
            let expected = header(Opcode::Binary, None, length);
            assert_eq!(Header::decode(bytes, Role::Client, false), Ok(Some((expected, bytes.len()))));
            let mut written = Vec::new();
            expected.encode(&mut written);
            assert_eq!(written, bytes);
            for end in 0..bytes.len() {
                assert_eq!(Header::decode(&bytes[..end], Role::Client, false), Ok(None));
            }
        }
    }

    #[test]
    fn a_masked_header_is_complete_with_its_key() {
        let bytes = b"\x81\x85\x37\xfa\x21\x3d";
        assert_eq!(Header::decode(bytes, Role::Server, false), Ok(Some((header(Opcode::Text, Some(KEY), 5), 6))));
        assert_eq!(Header::decode(&bytes[..5], Role::Server, false), Ok(None));
    }

    #[test]
    fn a_length_with_the_most_significant_bit_is_refused() {
        let bytes = b"\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00";
        assert_eq!(Header::decode(bytes, Role::Client, false), Err(ProtocolError::Length));
    }

    #[test]
    fn a_length_must_be_encoded_in_the_fewest_bytes() {
        for bytes in [&b"\x82\x7e\x00\x7d"[..], b"\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff"] {
            assert_eq!(Header::decode(bytes, Role::Client, false), Err(ProtocolError::LengthEncoding));
        }
    }

    #[test]
    fn masking_depends_on_the_role() {
        assert_eq!(Header::decode(b"\x81\x80", Role::Client, false), Err(ProtocolError::Masked));
        assert_eq!(Header::decode(b"\x81\x00", Role::Server, false), Err(ProtocolError::Unmasked));
    }

    #[test]
    fn reserved_bits_and_opcodes_are_refused_at_the_first_byte() {
        for first in 0..=255_u8 {
            let opcode = first & 0x0F;
            let expected = if first & 0x70 != 0 {
                Err(ProtocolError::ReservedBits)
            } else if matches!(opcode, 3..=7 | 0xB..=0xF) {
                Err(ProtocolError::Opcode(opcode))
            } else if opcode >= 8 && first & 0x80 == 0 {
                Err(ProtocolError::FragmentedControl)
            } else {
                Ok(None)
            };
            assert_eq!(Header::decode(&[first], Role::Client, false), expected, "{first:#x}");
        }
    }

    #[test]
    fn the_first_fragment_of_a_message_may_be_compressed_where_that_was_agreed_on() {
        let decode = |first: u8| Header::decode(&[first, 0], Role::Client, true);
        for first in [0xC1, 0xC2, 0x41, 0x42] {
            assert!(matches!(decode(first), Ok(Some((Header { compressed: true, .. }, 2)))));
        }
        for first in [0xC0, 0x40, 0xC8, 0xC9, 0xCA, 0xE1, 0xD1, 0xA1, 0x91] {
            assert_eq!(decode(first), Err(ProtocolError::ReservedBits), "{first:#x}");
        }
    }

    #[test]
    fn control_frames_have_125_bytes_at_the_most() {
        for first in [0x88, 0x89, 0x8A] {
            assert!(matches!(Header::decode(&[first, 125], Role::Client, false), Ok(Some(_))));
            assert_eq!(Header::decode(&[first, 126], Role::Client, false), Err(ProtocolError::LongControl));
            assert_eq!(Header::decode(&[first, 127], Role::Client, false), Err(ProtocolError::LongControl));
        }
    }
}
