//! What a client asks for: [RFC 6455, section 4.1](https://datatracker.ietf.org/doc/html/rfc6455#section-4.1).

use alloc::{string::String, vec, vec::Vec};
use core::fmt::{self, Write as _};

use ws_core::subprotocol;

use super::http::{self, Headers};
use crate::proto::compression::{self, Compression};
use crate::proto::config::Config;

/// What a client asks a server for.
///
/// ```
/// use ws_native::proto::Request;
/// let request = Request::new("example.org:8080", "/chat?room=1", &["v2", "v1"])?.header("Origin", "https://a.example")?;
/// assert!(Request::new("example.org", "/", &[] as &[&str])?.header("Host", "b.example").is_err());
/// # Ok::<(), ws_native::proto::RequestError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    host: String,
    resource: String,
    pub(super) protocols: Vec<String>,
    headers: Headers,
}

/// A request that cannot be written as HTTP, or that would not be one for a WebSocket any more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The host or the resource name has a character it must not have.
    #[error("{0:?} cannot stand in a request line or a Host header")]
    Target(String),
    /// A subprotocol is not a token, or occurs twice.
    #[error(transparent)]
    Subprotocol(#[from] ws_core::SyntaxError),
    /// The handshake sets this header itself.
    #[error("the header {0} is set by the opening handshake itself")]
    Forbidden(String),
    /// A header's name is not a token, or its value has a control character.
    #[error("the header {0:?} has a character it must not have")]
    Header(String),
}

impl Request {
    /// A request for this resource name (path and query), with the value of the Host header (host and, if it is not the
    /// scheme's default, port).
    ///
    /// # Errors
    /// [`RequestError::Target`], [`RequestError::Subprotocol`].
    pub fn new<S: AsRef<str>>(host: &str, resource: &str, protocols: &[S]) -> Result<Self, RequestError> {
        for part in [host, resource] {
            if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(RequestError::Target(part.into()));
            }
        }
        subprotocol::validate(protocols)?;
        let protocols = protocols.iter().map(|protocol| protocol.as_ref().into()).collect();
        Ok(Self { host: host.into(), resource: resource.into(), protocols, headers: Headers::default() })
    }

    /// Adds a header, such as Origin, Cookie or Authorization. A value is sent as the bytes that it is, but for spaces and tabs at its
    /// ends, which are no part of it.
    ///
    /// # Errors
    /// [`RequestError::Forbidden`] for a header that belongs to the handshake, [`RequestError::Header`] for one that
    /// cannot be written.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Result<Self, RequestError> {
        let value = value.as_ref();
        if !subprotocol::is_token(name) || !http::is_header_value(value) {
            return Err(RequestError::Header(name.into()));
        }
        if http::is_own_header(name) {
            return Err(RequestError::Forbidden(name.into()));
        }
        // RFC 9113, section 8.2.1: "A field value MUST NOT start or end with an ASCII whitespace character (ASCII SP or HTAB, 0x20
        // or 0x09)." HTTP/1.1 ignores them.
        self.headers.0.push((name.into(), value.trim_ascii().into()));
        Ok(self)
    }

    /// The value of the Host header, which over HTTP/2 is `:authority`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The resource name, which over HTTP/2 is `:path`.
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// The headers of the request over HTTP/2: [RFC 8441, section 5][1]. Those that a program has added for a connection of HTTP/1.1, such
    /// as Keep-Alive, are left out.
    ///
    /// ```
    /// use ws_native::proto::{Config, Request};
    /// let mut config = Config::default();
    /// config.compression = None;
    /// let headers = Request::new("example.org", "/", &["v1"])?.http2_headers(&config);
    /// assert_eq!(headers.first(), Some(&("sec-websocket-version".into(), b"13".into())));
    /// assert_eq!(headers.last(), Some(&("sec-websocket-protocol".into(), b"v1".into())));
    /// # Ok::<(), ws_native::proto::RequestError>(())
    /// ```
    ///
    /// [1]: https://datatracker.ietf.org/doc/html/rfc8441#section-5
    pub fn http2_headers(&self, config: &Config) -> Vec<(String, Vec<u8>)> {
        let mut headers: Vec<(String, Vec<u8>)> = vec![("sec-websocket-version".into(), b"13".into())];
        headers.extend(self.against_caches().map(|name| (name.to_ascii_lowercase(), b"no-cache".into())));
        if !self.protocols.is_empty() {
            headers.push(("sec-websocket-protocol".into(), self.protocols.join(", ").into_bytes()));
        }
        if let Some(compression) = config.compression() {
            headers.push(("sec-websocket-extensions".into(), compression::offer(&compression).into_bytes()));
        }
        let others = self.headers.iter().filter(|(name, value)| !http::is_of_connection(name, value));
        headers.extend(others.map(|(name, value)| (name.to_ascii_lowercase(), value.into())));
        headers
    }

    /// Writes the request.
    pub(super) fn encode(&self, key: &str, compression: Option<&Compression>) -> Vec<u8> {
        let mut head = String::with_capacity(256);
        // Writing into a String cannot fail.
        let _ = write!(head, "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\n", self.resource, self.host);
        for name in self.against_caches() {
            let _ = write!(head, "{name}: no-cache\r\n");
        }
        let _ = write!(head, "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n");
        if !self.protocols.is_empty() {
            let _ = write!(head, "Sec-WebSocket-Protocol: {}\r\n", self.protocols.join(", "));
        }
        if let Some(compression) = compression {
            let _ = write!(head, "Sec-WebSocket-Extensions: {}\r\n", compression::offer(compression));
        }
        let mut head = head.into_bytes();
        for (name, value) in self.headers.iter() {
            for part in [name.as_bytes(), b": ", value, b"\r\n"] {
                head.extend_from_slice(part);
            }
        }
        head.extend_from_slice(b"\r\n");
        head
    }

    /// The headers whose value is `no-cache`. [Fetch](https://fetch.spec.whatwg.org/#http-network-or-cache-fetch): "If httpRequest's cache mode
    /// is "no-store" or "reload", then: If httpRequest's header list does not contain `Pragma`, then append (`Pragma`, `no-cache`)
    /// to httpRequest's header list." The same of `Cache-Control`.
    fn against_caches(&self) -> impl Iterator<Item = &'static str> {
        ["Pragma", "Cache-Control"].iter().copied().filter(|name| self.headers.get(name).is_none())
    }
}

/// Leaves out the values of headers, which may be secrets.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("host", &self.host).field("protocols", &self.protocols).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use alloc::{borrow::ToOwned as _, format};

    use super::*;

    #[test]
    fn headers_that_would_break_the_request_are_refused() {
        let request = || Request::new("h", "/", &[] as &[&str]).unwrap();
        for name in ["Host", "upgrade", "CONNECTION", "Sec-WebSocket-Key", "sec-websocket-extensions"] {
            assert_eq!(request().header(name, "x"), Err(RequestError::Forbidden(name.into())));
        }
        for (name, value) in [("A", "x\r\nB: y"), ("A", "x\ny"), ("A", "\0"), ("A b", "x"), ("", "x")] {
            assert_eq!(request().header(name, value), Err(RequestError::Header(name.to_owned())));
        }
        for value in [&b"\xE9\n"[..], b"\0", b"\x7F"] {
            assert_eq!(request().header("A", value), Err(RequestError::Header("A".to_owned())));
        }
        assert!(Request::new("h", "/a b", &[] as &[&str]).is_err());
        assert!(Request::new("h\r\nX: y", "/", &[] as &[&str]).is_err());
        assert!(Request::new("h", "/", &["a", "a"]).is_err());
    }

    #[test]
    fn headers_of_an_http1_connection_are_left_out_over_http2() {
        let mut request = Request::new("h", "/", &[] as &[&str]).unwrap();
        for (name, value) in
            [("Keep-Alive", "5"), ("PROXY-Connection", "close"), ("TE", "gzip"), ("Te", "trailers, gzip")]
        {
            request = request.header(name, value).unwrap();
        }
        request = request.header("TE", "trailers").unwrap().header("A", "b").unwrap();
        let config = Config { compression: None, ..Config::default() };
        let sent = request.http2_headers(&config).split_off(3);
        assert_eq!(sent, [("te".to_owned(), b"trailers".to_vec()), ("a".to_owned(), b"b".to_vec())]);
        assert!(request.encode("", None).ends_with(b"Keep-Alive: 5\r\nPROXY-Connection: close\r\nTE: gzip\r\nTe: trailers, gzip\r\nTE: trailers\r\nA: b\r\n\r\n"));
    }

    #[test]
    fn spaces_and_tabs_at_the_ends_of_a_value_are_left_out() {
        let config = Config { compression: None, ..Config::default() };
        for (given, sent) in [(" b\t", "b"), ("\t b \tc", "b \tc"), (" \t", ""), ("", "")] {
            let request = Request::new("h", "/", &[] as &[&str]).unwrap().header("A", given).unwrap();
            assert_eq!(request.http2_headers(&config).last(), Some(&("a".into(), sent.into())));
            assert!(request.encode("", None).ends_with(format!("\r\nA: {sent}\r\n\r\n").as_bytes()));
        }
        let request = Request::new("h", "/", &[] as &[&str]).unwrap().header("TE", "trailers ").unwrap();
        assert_eq!(request.http2_headers(&config).last(), Some(&("te".into(), "trailers".into())));
    }

    #[test]
    fn caches_are_told_to_keep_out_unless_a_program_tells_them_something_else() {
        let sent = |names: &[&str]| {
            let request = Request::new("h", "/", &[] as &[&str]).unwrap();
            let request = names.iter().fold(request, |request, name| request.header(name, "x").unwrap());
            let head = String::from_utf8(request.encode("", None)).unwrap();
            let of_caches = |(name, _): &(String, String)| ["pragma", "cache-control"].contains(&name.as_str());
            let lines = head.lines().filter_map(|line| line.split_once(": "));
            let lines = lines.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).filter(of_caches);
            let lines: Vec<_> = lines.collect();
            let headers = request.http2_headers(&Config::default()).into_iter();
            let headers = headers.map(|(name, value)| (name, String::from_utf8(value).unwrap())).filter(of_caches);
            assert_eq!(lines, headers.collect::<Vec<_>>());
            lines.iter().map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>()
        };
        assert_eq!(sent(&[]), ["pragma no-cache", "cache-control no-cache"]);
        assert_eq!(sent(&["CACHE-CONTROL"]), ["pragma no-cache", "cache-control x"]);
        assert_eq!(sent(&["pragma"]), ["cache-control no-cache", "pragma x"]);
    }

    #[test]
    fn a_value_is_sent_as_the_bytes_that_it_is() {
        let request = || Request::new("h", "/", &[] as &[&str]).unwrap();
        for (given, sent) in [(&b"\xE9"[..], &b"A: \xE9\r\n\r\n"[..]), ("\u{E9}".as_bytes(), b"A: \xC3\xA9\r\n\r\n")] {
            let request = request().header("A", given).unwrap();
            assert!(request.encode("", None).ends_with(sent));
            assert_eq!(request.http2_headers(&Config::default()).last(), Some(&("a".into(), given.to_vec())));
        }
    }
}
