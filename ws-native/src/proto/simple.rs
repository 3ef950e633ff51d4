//! What most messages are: one frame, which is there wholly, and not compressed.

use bytes::{Buf as _, Bytes, BytesMut};
use bytestring::ByteString;

use super::connection::Role;
use super::{mask, utf8};

/// A message of less than 64 KiB in one frame, at the front of what was received.
#[derive(Clone, Copy, Debug)]
pub(super) struct Simple {
    is_text: bool,
    /// Where the payload begins.
    start: usize,
    /// Where it ends, and the frame with it.
    end: usize,
    mask: Option<[u8; 4]>,
}

/// A message where it was read.
#[cfg(feature = "std")]
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lent<'a> {
    Text(&'a str),
    Binary(&'a [u8]),
}

impl Simple {
    /// The message that these bytes, which the end of this role has received, begin with. `None`: it is longer than this, or
    /// it is something else, or it is not there wholly, or it is wrong.
    #[inline(always)]
    pub(super) fn find(bytes: &[u8], role: Role, longest: usize) -> Option<Self> {
        let (length, start) = match *bytes {
            [0x81 | 0x82, second, ..] if second & 0x7F < 126 => (usize::from(second & 0x7F), 2),
            [0x81 | 0x82, second, high, low, ..] if second & 0x7F == 126 && (high > 0 || low >= 126) => {
                (usize::from(u16::from_be_bytes([high, low])), 4)
            }
            _ => return None,
        };
        let masked = role == Role::Server;
        let start = if masked { start + 4 } else { start };
        let end = start + length;
        if (bytes[1] & 0x80 != 0) != masked || length > longest || bytes.len() < end {
            return None;
        }
        let mask = bytes[..start].last_chunk().copied().filter(|_| masked);
        Some(Self { is_text: bytes[0] == 0x81, start, end, mask })
    }

    /// The bytes of its frame.
    #[cfg(feature = "std")]
    pub(super) fn size(&self) -> usize {
        self.end
    }

    /// The bytes before its payload.
    pub(super) fn header(&self) -> usize {
        self.start
    }

    /// The length of its payload.
    pub(super) fn length(&self) -> usize {
        self.end - self.start
    }

    pub(super) fn mask(&self) -> Option<[u8; 4]> {
        self.mask
    }

    /// Unmasks it where it is, at the front of these bytes.
    #[inline(always)]
    pub(super) fn unmask(&self, bytes: &mut [u8]) {
        if let Some(key) = self.mask {
            mask::apply(&mut bytes[self.start..self.end], key, 0);
        }
    }

    /// Lends it where it is, unmasked. `None`: it should be text and is not.
    #[cfg(feature = "std")]
    #[inline(always)]
    pub(super) fn lend<'a>(&self, bytes: &'a [u8]) -> Option<Lent<'a>> {
        let payload = &bytes[self.start..self.end];
        if self.is_text { utf8::validate(payload).map(Lent::Text) } else { Some(Lent::Binary(payload)) }
    }

    /// Takes it off the bytes, unmasked. `None`: it should be text and is not, and the bytes are left as they are.
    #[inline(always)]
    pub(super) fn split<M>(
        &self,
        bytes: &mut BytesMut,
        text: impl FnOnce(ByteString) -> M,
        binary: impl FnOnce(Bytes) -> M,
    ) -> Option<M> {
        if self.is_text {
            return utf8::split_text(bytes, self.start, self.end).map(text);
        }
        bytes.advance(self.start);
        Some(binary(bytes.split_to(self.length()).freeze()))
    }
}
