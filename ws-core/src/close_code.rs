//! Status codes of RFC 6455, section 7.4.

use core::fmt;

/// A status code saying why a connection was closed ([RFC 6455, section 7.4][1]).
///
/// A newtype and not an enumeration: every number from 0 to 65535 can be seen in a [`CloseEvent`](crate::CloseEvent)
/// made by a program, and new codes are registered over time.
///
/// ```
/// use ws_core::CloseCode;
/// assert_eq!(CloseCode::NORMAL, CloseCode::new(1000));
/// assert!(CloseCode::new(4000).is_allowed_in_frame());
/// assert!(!CloseCode::ABNORMAL.is_allowed_in_frame());
/// ```
///
/// [1]: https://datatracker.ietf.org/doc/html/rfc6455#section-7.4
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloseCode(u16);

impl CloseCode {
    /// 1000: the purpose for which the connection was established has been fulfilled.
    pub const NORMAL: Self = Self(1000);
    /// 1001: an endpoint goes away, such as a server going down or a browser having navigated away.
    pub const GOING_AWAY: Self = Self(1001);
    /// 1002: a protocol error.
    pub const PROTOCOL: Self = Self(1002);
    /// 1003: data of a type the endpoint cannot accept.
    pub const UNSUPPORTED: Self = Self(1003);
    /// 1005: no status code was present in the Close frame. Never sent.
    pub const NO_STATUS: Self = Self(1005);
    /// 1006: the connection was closed without a Close frame being received. Never sent.
    pub const ABNORMAL: Self = Self(1006);
    /// 1007: data in a message that was not consistent with its type, such as text that is not UTF-8.
    pub const INVALID_PAYLOAD: Self = Self(1007);
    /// 1008: a message that violates the endpoint's policy.
    pub const POLICY: Self = Self(1008);
    /// 1009: a message too big to process.
    pub const TOO_BIG: Self = Self(1009);
    /// 1010: the client expected an extension that the server did not negotiate.
    pub const EXTENSION: Self = Self(1010);
    /// 1011: the server met an unexpected condition.
    pub const INTERNAL: Self = Self(1011);
    /// 1012: the service is restarted.
    pub const RESTART: Self = Self(1012);
    /// 1013: try again later.
    pub const TRY_AGAIN: Self = Self(1013);
    /// 1014: a gateway got an invalid response from upstream.
    pub const BAD_GATEWAY: Self = Self(1014);

    /// The code with this number.
    pub const fn new(number: u16) -> Self {
        Self(number)
    }

    /// The code's number.
    pub const fn get(self) -> u16 {
        self.0
    }

    /// Whether an endpoint may put this code into a Close frame.
    ///
    /// RFC 6455, section 7.4.2: "0-999: Status codes in the range 0-999 are not used." 1005, 1006 and 1015 "MUST NOT be set
    /// as a status code in a Close control frame by an endpoint", and 1004 is "Reserved" (section 7.4.1); 1016 to 2999 are
    /// not registered, and numbers from 5000 up have no meaning at all.
    pub const fn is_allowed_in_frame(self) -> bool {
        matches!(self.0, 1000..=1003 | 1007..=1014 | 3000..=4999)
    }

    /// Whether a script may pass this code to `close()`: 1000, or 3000 to 4999.
    pub const fn is_allowed_in_close(self) -> bool {
        matches!(self.0, 1000 | 3000..=4999)
    }
}

impl From<u16> for CloseCode {
    fn from(number: u16) -> Self {
        Self(number)
    }
}

impl From<CloseCode> for u16 {
    fn from(code: CloseCode) -> Self {
        code.0
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CloseCode({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::CloseCode;

    #[test]
    fn codes_allowed_in_a_frame_are_the_registered_and_the_private_ones() {
        let allowed: alloc::vec::Vec<u16> =
            (0..=u16::MAX).filter(|n| CloseCode::new(*n).is_allowed_in_frame()).collect();
        let mut expected: alloc::vec::Vec<u16> = alloc::vec![1000, 1001, 1002, 1003];
        expected.extend(1007..=1014);
        expected.extend(3000..=4999);
        assert_eq!(allowed, expected);
    }

    #[test]
    fn codes_allowed_in_close_have_their_bounds() {
        for (number, allowed) in
            [(999, false), (1000, true), (1001, false), (2999, false), (3000, true), (4999, true), (5000, false)]
        {
            assert_eq!(CloseCode::new(number).is_allowed_in_close(), allowed, "{number}");
        }
    }
}
