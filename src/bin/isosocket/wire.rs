//! What goes over the wire, on the standard error: `--verbose`.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write as _};

use ws_native::Tap;
use ws_native::proto::{FrameSeen, Opcode, Seen};

use crate::console::harmless;

/// Shows the lines of heads, and a line for each frame.
#[derive(Debug)]
pub(crate) struct Wire;

impl Tap for Wire {
    fn sent(&self, seen: Seen) {
        show('>', &seen);
    }

    fn received(&self, seen: Seen) {
        show('<', &seen);
    }

    /// The longest payload of a Close frame, the only one that is shown. RFC 6455, section 5.5: "All
    /// control frames MUST have a payload length of 125 bytes or less and MUST NOT be fragmented."
    fn preview(&self) -> usize {
        125
    }
}

fn show(way: char, seen: &Seen) {
    let mut shown = String::new();
    let mut add = |line: &str| {
        // Writing to a string cannot fail.
        let _ = writeln!(shown, "{way} {}", harmless(line, &[]));
    };
    match seen {
        Seen::Head(head) => {
            let head = String::from_utf8_lossy(head);
            head.trim_end().lines().for_each(|line| add(&without_credentials(line)));
        }
        Seen::Frame(frame) => add(&describe(frame)),
        _ => {}
    }
    // At once, so that nothing gets in between. If nobody looks, there is nobody to show it to.
    let _ = io::stderr().write_all(shown.as_bytes());
}

/// The headers that say who somebody is.
const CREDENTIALS: [&str; 4] = ["Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie"];

/// A line of a head as it may be shown to others. A query may have a token in it, since pages have
/// no other place for one.
fn without_credentials(line: &str) -> Cow<'_, str> {
    if let Some((name, _)) = line.split_once(':')
        && CREDENTIALS.iter().any(|known| known.eq_ignore_ascii_case(name.trim()))
    {
        return format!("{name}: ***").into();
    }
    // No header's name has a space in it: this is the request line.
    if line.starts_with("GET ")
        && let (Some((path, _)), Some((_, version))) = (line.split_once('?'), line.rsplit_once(' '))
    {
        return format!("{path}?*** {version}").into();
    }
    // Where to look instead is often the same URL at another host.
    if let (Some((name, _)), Some((url, _))) = (line.split_once(':'), line.split_once('?'))
        && name.trim().eq_ignore_ascii_case("Location")
    {
        return format!("{url}?***").into();
    }
    line.into()
}

fn describe(frame: &FrameSeen) -> String {
    let mut text = format!("{:?}", frame.opcode);
    if frame.fin {
        text.push_str(", FIN");
    }
    // Writing to a string cannot fail.
    let _ = write!(text, ", length {}", frame.length);
    if frame.compressed {
        text.push_str(", compressed");
    }
    if frame.opcode == Opcode::Close
        && let Some((code, reason)) = frame.payload.split_first_chunk()
    {
        let _ = write!(text, ", code {}", u16::from_be_bytes(*code));
        if !reason.is_empty() {
            let _ = write!(text, ": {}", String::from_utf8_lossy(reason));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::without_credentials;

    #[test]
    fn credentials_are_not_shown() {
        for (line, expected) in [
            ("Authorization: Bearer secret", "Authorization: ***"),
            ("proxy-authorization:secret", "proxy-authorization: ***"),
            ("COOKIE : id=secret", "COOKIE : ***"),
            ("Set-Cookie: id=secret; Secure", "Set-Cookie: ***"),
            ("X-Cookie: 1?", "X-Cookie: 1?"),
            ("GET /a:b?token=secret?x HTTP/1.1", "GET /a:b?*** HTTP/1.1"),
            ("Location: https://h/a?token=secret", "Location: https://h/a?***"),
            ("location: /a", "location: /a"),
            ("GET /a HTTP/1.1", "GET /a HTTP/1.1"),
            ("HTTP/1.1 404 What? No", "HTTP/1.1 404 What? No"),
            ("Authorization", "Authorization"),
            ("", ""),
        ] {
            assert_eq!(without_credentials(line), expected);
        }
    }
}
