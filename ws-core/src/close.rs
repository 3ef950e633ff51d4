//! The arguments of `close()`: <https://websockets.spec.whatwg.org/#dom-websocket-close>.

use alloc::string::{String, ToString as _};

use crate::{CloseCode, Error, SyntaxError};

/// A code and a reason for `close()`, which are valid: there is no other way to make one than [`Close::new`].
///
/// ```
/// use ws_core::{Close, CloseCode, Error};
/// assert_eq!(Close::new(None, None), Ok(None));
/// let close = Close::new(Some(CloseCode::new(3000)), Some("bye")).unwrap().unwrap();
/// assert_eq!((close.code().get(), close.reason()), (3000, "bye"));
/// assert_eq!(Close::new(Some(CloseCode::new(1001)), None), Err(Error::InvalidAccess(CloseCode::new(1001))));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    code: CloseCode,
    /// At most [`Close::MAX_REASON`] bytes.
    reason: String,
}

impl Close {
    /// The most UTF-8 bytes a reason may have: a control frame's 125 less the two of the code.
    pub const MAX_REASON: usize = 123;

    /// Validates the arguments of `close()`. `Ok(None)` stands for a Close frame with no body.
    ///
    /// # Errors
    /// [`Error::InvalidAccess`] for a code a script may not use, [`Error::Syntax`] for a reason that is too long.
    pub fn new(code: Option<CloseCode>, reason: Option<&str>) -> Result<Option<Self>, Error> {
        // 1. If code is present, but is neither an integer equal to 1000 nor an integer in the range 3000 to 4999,
        //    inclusive, throw an "InvalidAccessError" DOMException.
        if let Some(code) = code
            && !code.is_allowed_in_close()
        {
            return Err(Error::InvalidAccess(code));
        }
        // 2. If reason is present, then run these substeps:
        // 2.1. Let reasonBytes be the result of encoding reason.
        // 2.2. If reasonBytes is longer than 123 bytes, then throw a "SyntaxError" DOMException.
        let length = reason.map_or(0, str::len);
        if length > Self::MAX_REASON {
            return Err(Error::Syntax(SyntaxError::ReasonTooLong { length }));
        }
        // If neither code nor reason is present, the WebSocket Close message must not have a body.
        //
        // The text leaves open which code goes before a reason given alone; browsers send 1000. An empty reason
        // alone is no reason to send a body in any of them.
        if code.is_none() && length == 0 {
            return Ok(None);
        }
        Ok(Some(Self { code: code.unwrap_or(CloseCode::NORMAL), reason: reason.unwrap_or_default().to_string() }))
    }

    /// The code 1000, and no reason.
    pub(crate) const fn normal() -> Self {
        Self { code: CloseCode::NORMAL, reason: String::new() }
    }

    /// That of a page or worker that goes away, which no script can ask for.
    pub(crate) const fn going_away() -> Self {
        Self { code: CloseCode::GOING_AWAY, reason: String::new() }
    }

    /// The status code to send.
    pub const fn code(&self) -> CloseCode {
        self.code
    }

    /// The reason to send after it. May be empty.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(number: u16) -> Option<CloseCode> {
        Some(CloseCode::new(number))
    }

    #[test]
    fn the_code_is_checked_before_the_reason() {
        let long = "x".repeat(124);
        assert_eq!(Close::new(code(999), Some(&long)), Err(Error::InvalidAccess(CloseCode::new(999))));
    }

    #[test]
    fn a_reason_is_measured_in_utf8_bytes() {
        assert!(Close::new(code(1000), Some(&"x".repeat(123))).is_ok());
        let too_long = Err(Error::Syntax(SyntaxError::ReasonTooLong { length: 124 }));
        assert_eq!(Close::new(code(1000), Some(&"x".repeat(124))), too_long);
        assert_eq!(Close::new(None, Some(&"ü".repeat(62))), too_long);
        assert!(Close::new(None, Some(&"ü".repeat(61))).is_ok());
    }

    #[test]
    fn a_reason_alone_gets_the_normal_code() {
        let close = Close::new(None, Some("done")).unwrap().unwrap();
        assert_eq!(close, Close { code: CloseCode::NORMAL, reason: "done".into() });
    }

    #[test]
    fn nothing_given_means_no_body() {
        assert_eq!(Close::new(None, None), Ok(None));
        let close = Close::new(code(1000), None).unwrap().unwrap();
        assert_eq!(close.reason, "");
    }
}
