//! HTTP/1.1 heads, as far as the opening handshake needs them.

use alloc::{string::String, vec::Vec};
use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD as BASE64};
use bytes::BytesMut;
use sha1::{Digest as _, Sha1};
use ws_core::subprotocol;

use super::server::AcceptError;
use crate::proto::error::{Found, HandshakeError};

/// The most headers a head may have.
pub(super) const MAX_HEADERS: usize = 128;

/// The headers of a head, in the order they came. Names are compared without regard to case.
///
/// ```
/// # use ws_native::proto::Headers;
/// let headers = Headers::from_iter([("Server", "x"), ("Set-Cookie", "a=1"), ("set-cookie", "b=2")]);
/// assert_eq!(headers.get("server"), Some(&b"x"[..]));
/// assert_eq!(headers.get_str("server"), Some("x"));
/// assert_eq!(headers.get_all("Set-Cookie").count(), 2);
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(pub(super) Vec<(String, Vec<u8>)>);

impl Headers {
    /// The first value of this name.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.get_all(name).next()
    }

    /// The first value of this name as text. `None` also for one that is not UTF-8.
    pub fn get_str(&self, name: &str) -> Option<&str> {
        core::str::from_utf8(self.get(name)?).ok()
    }

    /// All values of this name.
    pub fn get_all(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.iter().filter(move |(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// All headers.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_slice()))
    }

    /// Gives the headers of this name another value.
    pub(super) fn replace(&mut self, name: &str, value: &str) {
        for (_, old) in self.0.iter_mut().filter(|(other, _)| other.eq_ignore_ascii_case(name)) {
            *old = value.into();
        }
    }

    /// All values of this name as text. One that is not UTF-8 becomes U+FFFD: it is none that anybody knows, but it is
    /// there.
    pub(super) fn values(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.get_all(name).map(|value| core::str::from_utf8(value).unwrap_or("\u{FFFD}"))
    }

    /// The elements of a header that is a list, over all of its lines.
    pub(super) fn list(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.values(name).flat_map(|value| value.split(',')).map(|element| element.trim_matches([' ', '\t']))
    }

    /// The value of a header that must be there once.
    pub(super) fn single(&self, name: &'static str) -> Result<&str, HandshakeError> {
        let mut values = self.get_all(name);
        let value = values.next().ok_or(HandshakeError::Header { name, found: Found::Missing })?;
        let wrong = HandshakeError::Header { name, found: Found::Wrong };
        match core::str::from_utf8(value) {
            Ok(value) if values.next().is_none() => Ok(value.trim_matches([' ', '\t'])),
            _ => Err(wrong),
        }
    }

    /// Fails unless this header is a list in which the element occurs.
    pub(super) fn expect_element(&self, name: &'static str, element: &str) -> Result<(), HandshakeError> {
        if self.get(name).is_none() {
            return Err(HandshakeError::Header { name, found: Found::Missing });
        }
        if self.list(name).any(|other| other.eq_ignore_ascii_case(element)) {
            Ok(())
        } else {
            Err(HandshakeError::Header { name, found: Found::Wrong })
        }
    }
}

/// The names: values may be secrets.
impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

impl<N: Into<String>, V: AsRef<[u8]>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(headers: I) -> Self {
        Self(headers.into_iter().map(|(name, value)| (name.into(), value.as_ref().to_vec())).collect())
    }
}

impl From<&[httparse::Header<'_>]> for Headers {
    fn from(headers: &[httparse::Header<'_>]) -> Self {
        Self(headers.iter().map(|header| (header.name.into(), header.value.to_vec())).collect())
    }
}

/// Finds the end of a head as its bytes arrive, looking at each of them once.
#[derive(Debug, Default)]
pub(super) struct HeadEnd {
    /// How many bytes were looked at.
    seen: usize,
}

impl HeadEnd {
    /// Takes the head off the buffer's front, empty line included, once it is complete.
    pub(super) fn take(&mut self, buffer: &mut BytesMut, max: usize) -> Result<Option<BytesMut>, HandshakeError> {
        let from = self.seen.saturating_sub(3);
        let end = buffer[from..].windows(4).position(|window| window == b"\r\n\r\n").map(|at| from + at + 4);
        self.seen = buffer.len();
        match end {
            Some(end) if end <= max => Ok(Some(buffer.split_to(end))),
            None if buffer.len() < max => Ok(None),
            _ => Err(HandshakeError::TooLarge(max)),
        }
    }
}

/// Fails unless the parser has read the head to its end: it takes shorter line ends than [`HeadEnd`] does.
pub(super) fn expect_whole(status: httparse::Status<usize>, head: &[u8]) -> Result<(), HandshakeError> {
    match status {
        httparse::Status::Complete(length) if length == head.len() => Ok(()),
        _ => Err(HandshakeError::NotHttp("a line does not end as it must")),
    }
}

/// Says what was wrong with a head that could not be parsed.
pub(super) fn parse_error(error: httparse::Error) -> HandshakeError {
    match error {
        httparse::Error::TooManyHeaders => HandshakeError::TooManyHeaders(MAX_HEADERS),
        httparse::Error::HeaderName => HandshakeError::NotHttp("a header's name is not a token"),
        httparse::Error::HeaderValue => HandshakeError::NotHttp("a header's value has a byte it must not have"),
        httparse::Error::Version => HandshakeError::NotHttp("the version is not HTTP/1.1"),
        httparse::Error::Status => HandshakeError::NotHttp("the status line is malformed"),
        httparse::Error::NewLine => HandshakeError::NotHttp("a line does not end as it must"),
        httparse::Error::Token => HandshakeError::NotHttp("the request line is malformed"),
    }
}

/// The value of `Sec-WebSocket-Accept` for a value of `Sec-WebSocket-Key`.
///
/// "The value of this header field is constructed by concatenating /key/ [...] with the string
/// "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", taking the SHA-1 hash of this concatenated value to obtain a 20-byte value
/// and base64-encoding this 20-byte hash."
pub(super) fn accept_for(key: &str) -> String {
    let hash = Sha1::new().chain_update(key).chain_update("258EAFA5-E914-47DA-95CA-C5AB0DC85B11").finalize();
    BASE64.encode(hash)
}

/// The value of `Sec-WebSocket-Key` for a nonce.
pub(super) fn key_from(nonce: [u8; 16]) -> String {
    BASE64.encode(nonce)
}

/// Whether this is a value of `Sec-WebSocket-Key`: one that, "when base64-decoded, is 16 bytes in length". Bits that are
/// left over may be set, as they are in the standard's own example.
pub(super) fn is_key(key: &str) -> bool {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
    );
    LENIENT.decode(key).is_ok_and(|nonce| nonce.len() == 16)
}

/// Headers of an HTTP/1.1 connection: RFC 9113, section 8.2.2, "An endpoint MUST NOT generate an HTTP/2 message containing
/// connection-specific header fields." The connection of an answer ends with it, or is none of HTTP any more.
const OF_CONNECTION: [&str; 2] = ["keep-alive", "proxy-connection"];

/// Whether a request over HTTP/2 goes without this header. In the same section: "The only exception to this is the TE header field, which
/// MAY be present in an HTTP/2 request; when it is, it MUST NOT contain any value other than "trailers"."
pub(super) fn is_of_connection(name: &str, value: &[u8]) -> bool {
    OF_CONNECTION.iter().any(|own| own.eq_ignore_ascii_case(name))
        || (name.eq_ignore_ascii_case("te") && value != b"trailers")
}

/// The headers that a program adds to an answer, if it can: with the white space at their ends left out, as for a request.
pub(super) fn sendable<'a>(
    headers: &[(&'a str, &'a str)],
) -> Result<impl Iterator<Item = (&'a str, &'a str)>, AcceptError> {
    let unfit = |(name, value): &&(&str, &str)| {
        is_own_header(name)
            || OF_CONNECTION.iter().any(|own| own.eq_ignore_ascii_case(name))
            || !subprotocol::is_token(name)
            || !is_header_value(value.as_bytes())
    };
    match headers.iter().find(unfit) {
        Some((name, _)) => Err(AcceptError::Header((*name).into())),
        // What is left of white space in such a value is spaces and tabs.
        None => Ok(headers.iter().map(|(name, value)| (*name, value.trim_ascii()))),
    }
}

/// Whether this header belongs to the opening handshake, or to the framing of HTTP.
pub(super) fn is_own_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let own = ["host", "upgrade", "connection", "content-length", "transfer-encoding"];
    own.contains(&name.as_str()) || name.starts_with("sec-websocket-")
}

/// Whether this can be a header's value: no control characters, above all no line break.
pub(super) fn is_header_value(value: &[u8]) -> bool {
    value.iter().all(|&byte| byte == b'\t' || (byte >= 0x20 && byte != 0x7F))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_accept_value_of_section_1_3_is_computed() {
        assert_eq!(accept_for("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn keys_are_sixteen_bytes() {
        let key = key_from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
        // The standard's example of this value has a last digit that no encoder writes (erratum 3150).
        assert_eq!(key, "AQIDBAUGBwgJCgsMDQ4PEA==");
        assert!(is_key(&key));
        assert!(is_key("AQIDBAUGBwgJCgsMDQ4PEC=="));
        assert!(!is_key("AQIDBAUGBwgJCgsMDQ4P"));
        assert!(!is_key("not base64"));
    }

    #[test]
    fn a_head_is_found_however_it_is_cut_and_each_byte_is_looked_at_once() {
        let head = b"HTTP/1.1 101 x\r\nA: b\r\n\r\nrest";
        for cut in 1..head.len() {
            let (mut end, mut buffer) = (HeadEnd::default(), BytesMut::new());
            buffer.extend_from_slice(&head[..cut]);
            let early = end.take(&mut buffer, 100).unwrap();
            buffer.extend_from_slice(&head[cut..]);
            let found = early.or_else(|| end.take(&mut buffer, 100).unwrap()).unwrap();
            assert_eq!((&found[..], &buffer[..]), (&head[..24], &b"rest"[..]));
        }
    }

    #[test]
    fn a_head_has_a_bound() {
        let take = |bytes: &[u8], max| HeadEnd::default().take(&mut BytesMut::from(bytes), max);
        assert!(matches!(take(b"abcd\r\n\r\n", 8), Ok(Some(_))));
        assert_eq!(take(b"abcd\r\n\r\n", 7), Err(HandshakeError::TooLarge(7)));
        assert_eq!(take(b"abcdefg", 8), Ok(None));
        assert_eq!(take(b"abcdefgh", 8), Err(HandshakeError::TooLarge(8)));
    }

    #[test]
    fn lists_may_come_in_several_lines() {
        let headers = Headers::from_iter([("A", "x , y"), ("b", "z"), ("a", "\tz")]);
        assert_eq!(headers.list("A").collect::<Vec<_>>(), ["x", "y", "z"]);
        assert_eq!(headers.single("A"), Err(HandshakeError::Header { name: "A", found: Found::Wrong }));
        assert_eq!(headers.single("C"), Err(HandshakeError::Header { name: "C", found: Found::Missing }));
        assert_eq!(headers.single("B"), Ok("z"));
    }
}
