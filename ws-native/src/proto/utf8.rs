//! UTF-8 that arrives in pieces: [RFC 6455, section 8.1](https://datatracker.ietf.org/doc/html/rfc6455#section-8.1).

use bytes::{Buf as _, Bytes, BytesMut};
use bytestring::ByteString;

use super::error::ProtocolError;

/// Validates text as it arrives, each byte once.
#[derive(Debug, Default)]
pub(super) struct Validator {
    /// The bytes of a character that is not complete yet.
    partial: [u8; 3],
    /// How many of them there are.
    length: usize,
    /// How many bytes were given, and not taken.
    given: usize,
}

impl Validator {
    /// Takes the next piece. An error as soon as what has arrived cannot become text any more.
    pub(super) fn push(&mut self, piece: &[u8]) -> Result<(), ProtocolError> {
        self.given += piece.len();
        let rest = if self.length == 0 { piece } else { self.complete_character(piece)? };
        let (whole, partial) = rest.split_at(rest.len() - cut_off(rest));
        validate(whole).ok_or(ProtocolError::Utf8)?;
        match core::str::from_utf8(partial) {
            Ok(_) => {}
            Err(error) if error.error_len().is_some() => return Err(ProtocolError::Utf8),
            Err(_) => {
                self.partial[..partial.len()].copy_from_slice(partial);
                self.length = partial.len();
            }
        }
        Ok(())
    }

    /// Takes the whole characters off the bytes that were given, of which these are the ones that were not taken before.
    pub(super) fn take_characters(&mut self, bytes: &mut BytesMut) -> ByteString {
        if self.given != bytes.len() {
            debug_assert_eq!(self.given, bytes.len());
            return ByteString::new();
        }
        self.given = self.length;
        trusted(bytes.split_to(bytes.len() - self.length).freeze())
    }

    /// The text has ended: makes it of the bytes that were given piece by piece. An error if its last character is not
    /// complete.
    pub(super) fn finish(&mut self, bytes: Bytes) -> Result<ByteString, ProtocolError> {
        let Self { length: 0, given, .. } = core::mem::take(self) else { return Err(ProtocolError::Utf8) };
        // Bytes that were not given are looked at here.
        if given != bytes.len() {
            return ByteString::try_from(bytes).map_err(|_| ProtocolError::Utf8);
        }
        Ok(trusted(bytes))
    }

    /// Gives the bytes to a character that began in an earlier piece, and returns what is left of this one.
    fn complete_character<'a>(&mut self, piece: &'a [u8]) -> Result<&'a [u8], ProtocolError> {
        for (index, byte) in piece.iter().enumerate() {
            if self.length == 0 {
                return Ok(&piece[index..]);
            }
            let mut character = [0; 4];
            character[..self.length].copy_from_slice(&self.partial[..self.length]);
            character[self.length] = *byte;
            match core::str::from_utf8(&character[..=self.length]) {
                Ok(_) => self.length = 0,
                Err(error) if error.error_len().is_some() => return Err(ProtocolError::Utf8),
                Err(_) => {
                    // A character has four bytes at the most, so an incomplete one has three.
                    self.partial[self.length] = *byte;
                    self.length += 1;
                }
            }
        }
        Ok(&[])
    }
}

/// How many bytes there are, at the end, of a character that needs more.
fn cut_off(bytes: &[u8]) -> usize {
    let character = bytes.iter().rev().take(3).position(|byte| byte & 0xC0 != 0x80).map_or(0, |index| index + 1);
    let needed = match bytes[bytes.len() - character..].first() {
        Some(0xF0..) => 4,
        Some(0xE0..) => 3,
        Some(0xC0..) => 2,
        _ => 0,
    };
    if character < needed { character } else { 0 }
}

/// The text that these bytes are, if they are.
#[inline]
pub(super) fn validate(bytes: &[u8]) -> Option<&str> {
    simdutf8::basic::from_utf8(bytes).ok()
}

/// Splits text off the bytes, which goes from here to there; what is before it is dropped. `None`: it is not UTF-8, and the
/// bytes are left as they are.
#[inline]
pub(super) fn split_text(bytes: &mut BytesMut, start: usize, end: usize) -> Option<ByteString> {
    validate(&bytes[start..end])?;
    bytes.advance(start);
    Some(trusted(bytes.split_to(end - start).freeze()))
}

/// Text of bytes that were validated, which are not looked at again.
#[allow(unsafe_code, reason = "validating twice is half of what receiving text costs")]
fn trusted(validated: Bytes) -> ByteString {
    // SAFETY: the caller has validated these bytes, from the first to the last, as UTF-8.
    unsafe { ByteString::from_bytes_unchecked(validated) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn validate(pieces: &[&[u8]]) -> Result<(), ProtocolError> {
        let mut validator = Validator::default();
        pieces.iter().try_for_each(|piece| validator.push(piece))?;
        let whole = pieces.concat();
        let text = validator.finish(whole.clone().into())?;
        assert_eq!(text.as_bytes()[..], whole);
        Ok(())
    }

    #[test]
    fn text_cut_anywhere_is_text() {
        let text = "a\u{7f}é\u{7ff}\u{800}€\u{d7ff}\u{e000}\u{ffff}\u{10000}😀\u{10ffff}z".as_bytes();
        for first in 0..=text.len() {
            for second in first..=text.len() {
                assert_eq!(validate(&[&text[..first], &text[first..second], &text[second..]]), Ok(()));
            }
        }
        let bytes: alloc::vec::Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(validate(&bytes), Ok(()));
    }

    #[test]
    fn what_is_not_utf8_is_refused_wherever_it_is_cut() {
        let invalid: [&[u8]; 8] = [
            b"\x80",
            b"a\xff",
            b"\xc0\xaf",         // overlong
            b"\xe0\x9f\xbf",     // overlong
            b"\xed\xa0\x80",     // a surrogate
            b"\xf0\x8f\xbf\xbf", // overlong
            b"\xf4\x90\x80\x80", // beyond U+10FFFF
            b"\xe2\x82z",        // a character that does not go on
        ];
        for text in invalid {
            for cut in 0..=text.len() {
                assert!(validate(&[&text[..cut], &text[cut..]]).is_err(), "{text:x?} cut at {cut}");
            }
        }
    }

    #[test]
    fn an_impossible_character_is_refused_at_its_first_impossible_byte() {
        let mut validator = Validator::default();
        assert_eq!(validator.push(b"\xed"), Ok(()));
        assert!(validator.push(b"\xa0").is_err());
    }

    #[test]
    fn a_character_cut_off_at_the_end_is_refused() {
        assert!(validate(&[b"\xf0\x9f\x98"]).is_err());
        assert!(validate(&[b"\xe2", b"\x82"]).is_err());
    }
}
