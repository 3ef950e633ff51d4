//! The date of a cookie's Expires, which servers write in many ways: [RFC 6265, section 5.1.1][1].
//!
//! [1]: https://datatracker.ietf.org/doc/html/rfc6265#section-5.1.1

use std::ops::RangeInclusive;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The last date that an Expires of this Set-Cookie header has, as in `06 Nov 1994 08:49:37 GMT`.
///
/// Section 5.2.1: "If the attribute-value failed to parse as a cookie date, ignore the cookie-av."
pub(super) fn expires(set_cookie: &str) -> Option<String> {
    let (_, attributes) = set_cookie.split_once(';')?;
    let attributes = attributes.rsplit(';').filter_map(|attribute| attribute.split_once('='));
    attributes.filter(|(name, _)| name.trim().eq_ignore_ascii_case("Expires")).find_map(|(_, value)| read(value))
}

fn read(text: &str) -> Option<String> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    // "2. Process each date-token sequentially in the order the date-tokens appear in the cookie-date":
    for token in text.split(is_delimiter) {
        // "1. If the found-time flag is not set and the token matches the time production, [...] skip the remaining sub-steps
        // and continue to the next date-token." The same of the three that follow.
        if time.is_none() && time_of(token).is_some() {
            time = time_of(token);
        } else if day.is_none() && number(token, 1..=2).is_some() {
            day = number(token, 1..=2);
        } else if month.is_none() && month_of(token).is_some() {
            month = month_of(token);
        } else if year.is_none() {
            year = number(token, 2..=4);
        }
    }
    // "5. Abort these steps and fail to parse the cookie-date if: at least one of the found-day-of-month, found-month,
    // found-year, or found-time flags is not set, [...]."
    let ((hour, minute, second), (day, _), month, (year, _)) = (time?, day?, month?, year?);
    let year = match year {
        // "3. If the year-value is greater than or equal to 70 and less than or equal to 99, increment the year-value by
        // 1900. 4. If the year-value is greater than or equal to 0 and less than or equal to 69, increment [...] by 2000."
        70..=99 => year + 1900,
        0..=69 => year + 2000,
        _ => year,
    };
    let is_a_date = (1..=31).contains(&day) && year >= 1601 && hour <= 23 && minute <= 59 && second <= 59;
    is_a_date.then(|| format!("{day:02} {month} {year} {hour:02}:{minute:02}:{second:02} GMT"))
}

/// "delimiter = %x09 / %x20-2F / %x3B-40 / %x5B-60 / %x7B-7E"
fn is_delimiter(character: char) -> bool {
    matches!(character, '\t' | ' '..='/' | ';'..='@' | '['..='`' | '{'..='~')
}

/// The number at the front, of so many digits, and what follows it.
fn number(token: &str, digits: RangeInclusive<usize>) -> Option<(u32, &str)> {
    let length = token.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = token.split_at(length);
    Some((number.parse().ok().filter(|_| digits.contains(&length))?, rest))
}

/// "hms-time = time-field ":" time-field ":" time-field", "time-field = 1*2DIGIT"
fn time_of(token: &str) -> Option<(u32, u32, u32)> {
    let (hour, rest) = number(token, 1..=2)?;
    let (minute, rest) = number(rest.strip_prefix(':')?, 1..=2)?;
    let (second, _) = number(rest.strip_prefix(':')?, 1..=2)?;
    Some((hour, minute, second))
}

/// "month = ( "jan" / "feb" / [...] / "dec" ) *OCTET"
fn month_of(token: &str) -> Option<&'static str> {
    let name = token.get(..3)?;
    MONTHS.into_iter().find(|month| month.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_read_in_every_way_that_it_is_written() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sun, 6 Nov 1994 8:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sunday, 06-Nov-1994 08:49:37 UTC",
            "Sun Nov  6 08:49:37 1994",
            "Sun, 06 Nov 1994 08:49:37 -0000",
            "1994 november 6th 08:49:37.5",
            "\t08:49:37,06/NOV/94",
        ] {
            assert_eq!(read(text).as_deref(), Some("06 Nov 1994 08:49:37 GMT"), "{text}");
        }
        for (year, meant) in
            [("70", "1970"), ("99", "1999"), ("00", "2000"), ("69", "2069"), ("1601", "1601"), ("9999", "9999")]
        {
            assert_eq!(read(&format!("1 Jan {year} 00:00:00")), Some(format!("01 Jan {meant} 00:00:00 GMT")));
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "0",
            "-1",
            "Thu, 01 Jan 1970",
            "Jan 1970 00:00:00",
            "01 1970 00:00:00",
            "01 Jan 00:00:00",
            "00 Jan 1970 00:00:00",
            "32 Jan 1970 00:00:00",
            "01 Jan 1600 00:00:00",
            "01 Jan 19700 00:00:00",
            "01 Jan 100 00:00:00",
            "01 Jan 1970 24:00:00",
            "01 Jan 1970 00:60:00",
            "01 Jan 1970 00:00:60",
            "01 Jan 1970 00:00:000",
            "01 Jan 1970 00:00",
            "01 Jäö 1970 00:00:00",
            "99999999999999999999 Jan 1970 00:00:00",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn the_last_one_that_is_valid_counts() {
        let last = "a=1; Expires=Thu, 1 Jan 1970 00:00:00 GMT; EXPIRES = 2 Jan 1970 00:00:00; Expires=never; Path=/";
        assert_eq!(expires(last).as_deref(), Some("02 Jan 1970 00:00:00 GMT"));
        assert_eq!(expires("expires=1 Jan 1970 00:00:00"), None, "it is the cookie's name");
    }
}
