//! Conversions of JavaScript values to those of the interface, as far as they need no engine:
//! <https://webidl.spec.whatwg.org/#js-type-mapping>.
//!
//! A host whose engine gives strings as UTF-16 and numbers as doubles needs these for the
//! interface's arguments. What needs the engine itself, such as its iterators, is in
//! `js/src/webidl.js` of this project's repository.

use alloc::string::String;

/// `USVString`: each lone surrogate becomes U+FFFD.
///
/// ```
/// use ws_core::webidl::usv_string;
/// assert_eq!(usv_string(&[0x61, 0xD83D, 0xDE00, 0xD83D]), "a\u{1F600}\u{FFFD}");
/// ```
pub fn usv_string(code_units: &[u16]) -> String {
    String::from_utf16_lossy(code_units)
}

/// `[Clamp] unsigned short`, the code of `close()`: the nearest integer in range, of two equally near ones the even one.
///
/// ```
/// use ws_core::webidl::clamped_unsigned_short;
/// assert_eq!(clamped_unsigned_short(999.5), 1000);
/// assert_eq!(clamped_unsigned_short(1000.5), 1000);
/// assert_eq!(clamped_unsigned_short(f64::from(u16::MAX) + 1000.0), 65535);
/// assert_eq!(clamped_unsigned_short(f64::NAN), 0);
/// ```
pub fn clamped_unsigned_short(value: f64) -> u16 {
    if value.is_nan() {
        return 0;
    }
    let clamped = value.clamp(0.0, f64::from(u16::MAX));
    // The conversion cuts the fraction off.
    let below = clamped as u16;
    let fraction = clamped - f64::from(below);
    let rounds_up = fraction > 0.5 || (fraction == 0.5 && below % 2 == 1);
    below + u16::from(rounds_up)
}

/// `unsigned short`, the code of a `CloseEvent`: the integer part, modulo 2^16.
///
/// ```
/// use ws_core::webidl::unsigned_short;
/// assert_eq!([65536.0 + 1000.9, -1.0, f64::INFINITY].map(unsigned_short), [1000, 65535, 0]);
/// ```
pub fn unsigned_short(value: f64) -> u16 {
    if !value.is_finite() {
        return 0;
    }
    // The remainder has the sign of the value, and the conversion cuts the fraction off towards zero.
    let remainder = (value % 65536.0) as i32;
    remainder.rem_euclid(65536) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clamping_rounds_half_to_even_and_stays_in_range() {
        for (value, expected) in [
            (-1.0, 0),
            (-0.0, 0),
            (0.5, 0),
            (1.5, 2),
            (2.5, 2),
            (0.500_000_1, 1),
            (65534.5, 65534),
            (65535.0, 65535),
            (65535.4, 65535),
            (1e300, 65535),
            (f64::NEG_INFINITY, 0),
            (f64::INFINITY, 65535),
        ] {
            assert_eq!(clamped_unsigned_short(value), expected, "{value}");
        }
    }

    #[test]
    fn without_clamping_it_wraps() {
        for (value, expected) in [
            (0.0, 0),
            (-0.9, 0),
            (65535.9, 65535),
            (65536.0, 0),
            (-65536.0, 0),
            (-65537.0, 65535),
            (f64::NAN, 0),
            (1e300, 0),
        ] {
            assert_eq!(unsigned_short(value), expected, "{value}");
        }
    }

    #[test]
    fn surrogates_that_stand_alone_are_replaced() {
        assert_eq!(usv_string(&[0xDC00, 0xD800]), "\u{FFFD}\u{FFFD}");
        assert_eq!(usv_string(&[0xFEFF, 0x41]), "\u{FEFF}A", "a byte order mark stays");
    }
}
