//! The body of a Close frame: [RFC 6455, section 5.5.1](https://datatracker.ietf.org/doc/html/rfc6455#section-5.5.1).

use alloc::string::String;

use ws_core::CloseCode;

use super::error::ProtocolError;
use super::event::SendError;

/// Why an endpoint closes, as its Close frame says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    /// The status code.
    pub code: CloseCode,
    /// The reason. A Close frame with more than 123 bytes of it cannot be sent.
    pub reason: String,
}

impl Close {
    /// A code without a reason.
    pub fn new(code: CloseCode) -> Self {
        Self { code, reason: String::new() }
    }

    /// A code and a reason, which is cut at a character's boundary if it has more than 123 bytes.
    pub fn with_reason(code: CloseCode, reason: &str) -> Self {
        let end = (0..=reason.len().min(123)).rev().find(|end| reason.is_char_boundary(*end)).unwrap_or(0);
        Self { code, reason: reason[..end].into() }
    }

    /// Whether it can be sent.
    pub(crate) fn check(&self) -> Result<(), SendError> {
        match self.reason.len() {
            _ if !self.code.is_allowed_in_frame() => Err(SendError::CloseCode(self.code)),
            0..=123 => Ok(()),
            _ => Err(SendError::LongControl),
        }
    }

    /// Reads the body of a received Close frame. `None`: it has no body.
    pub(super) fn decode(body: &[u8]) -> Result<Option<Self>, ProtocolError> {
        // "If there is a body, the first two bytes of the body MUST be a 2-byte unsigned integer (in network byte
        // order) representing a status code."
        let (code, reason) = match body {
            [] => return Ok(None),
            [_] => return Err(ProtocolError::CloseBody),
            [high, low, reason @ ..] => (CloseCode::new(u16::from_be_bytes([*high, *low])), reason),
        };
        if !code.is_allowed_in_frame() {
            return Err(ProtocolError::CloseCode(code));
        }
        // "Following the 2-byte integer, the body MAY contain UTF-8-encoded data with value /reason/."
        let reason = core::str::from_utf8(reason).map_err(|_| ProtocolError::Utf8)?;
        Ok(Some(Self { code, reason: reason.into() }))
    }

    /// The body of a Close frame.
    pub(super) fn encode(&self) -> alloc::vec::Vec<u8> {
        [&self.code.get().to_be_bytes(), self.reason.as_bytes()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_nothing_or_a_code_with_an_optional_reason() {
        assert_eq!(Close::decode(b""), Ok(None));
        assert_eq!(Close::decode(b"\x03"), Err(ProtocolError::CloseBody));
        assert_eq!(Close::decode(b"\x03\xe8"), Ok(Some(Close::new(CloseCode::NORMAL))));
        assert_eq!(Close::decode(b"\x0f\xa0ok"), Ok(Some(Close::with_reason(CloseCode::new(4000), "ok"))));
    }

    #[test]
    fn codes_that_must_not_be_sent_are_refused() {
        for number in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535_u16] {
            let code = CloseCode::new(number);
            assert_eq!(Close::decode(&number.to_be_bytes()), Err(ProtocolError::CloseCode(code)));
        }
        for number in [1000, 1003, 1007, 1014, 3000, 4999_u16] {
            assert_eq!(Close::decode(&number.to_be_bytes()), Ok(Some(Close::new(CloseCode::new(number)))));
        }
    }

    #[test]
    fn a_reason_is_utf8() {
        assert_eq!(Close::decode(b"\x03\xe8\xff"), Err(ProtocolError::Utf8));
    }

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        assert_eq!(Close::with_reason(CloseCode::NORMAL, &"é".repeat(62)).reason, "é".repeat(61));
        assert_eq!(Close::with_reason(CloseCode::NORMAL, &"x".repeat(123)).reason.len(), 123);
    }
}
