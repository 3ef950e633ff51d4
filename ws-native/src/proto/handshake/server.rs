//! The server's half: [RFC 6455, section 4.2](https://datatracker.ietf.org/doc/html/rfc6455#section-4.2).

use alloc::{format, string::String, vec::Vec};
use core::fmt::Write as _;
use core::mem::MaybeUninit;

use bytes::BytesMut;
use ws_core::subprotocol;

use super::http::{self, HeadEnd, Headers, MAX_HEADERS};
use super::refusal::Refusal;
use crate::proto::compression::{self, Agreement, Compression};
use crate::proto::error::{Found, HandshakeError};

/// A client's request, to be accepted or refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    resource: String,
    key: String,
    headers: Headers,
}

/// An answer that cannot be given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AcceptError {
    /// There is no request to answer.
    #[error("there is no request to answer")]
    NoRequest,
    /// The subprotocol was not offered by the client.
    #[error("the client did not offer the subprotocol {0:?}")]
    Subprotocol(String),
    /// A header's name is not a token, its value has a control character, or it belongs to the handshake.
    #[error("the header {0:?} cannot be sent")]
    Header(String),
}

impl Incoming {
    /// Checks a request that was read by somebody else, such as an HTTP server: its method, its target, which is path
    /// and query or a URL, its headers. That it is HTTP/1.1 is for the caller to check.
    ///
    /// # Errors
    /// [`HandshakeError`], whose [`status`](HandshakeError::status) is what to answer.
    pub fn validate(method: &str, target: &str, mut headers: Headers) -> Result<Self, HandshakeError> {
        // 1. "An HTTP/1.1 or higher GET request, including a "Request-URI" that should be interpreted as a /resource
        //    name/."
        if method != "GET" {
            return Err(HandshakeError::Method);
        }
        let (host, resource) = host_and_resource_name(target)?;
        // 2. "A |Host| header field containing the server's authority."
        headers.single("Host")?;
        // RFC 9112, section 3.2.2: "When an origin server receives a request with an absolute-form of request-target,
        // the origin server MUST ignore the received Host header field (if any) and instead use the host information of
        // the request-target."
        if let Some(host) = host {
            headers.replace("Host", host);
        }
        // 3. "An |Upgrade| header field containing the value "websocket", treated as an ASCII case-insensitive value."
        headers.expect_element("Upgrade", "websocket")?;
        // 4. "A |Connection| header field that includes the token "Upgrade", treated as an ASCII case-insensitive
        //    value."
        headers.expect_element("Connection", "Upgrade")?;
        // 6. "A |Sec-WebSocket-Version| header field, with a value of 13."
        if headers.single("Sec-WebSocket-Version")? != "13" {
            return Err(HandshakeError::Header { name: "Sec-WebSocket-Version", found: Found::Wrong });
        }
        // 5. "A |Sec-WebSocket-Key| header field with a base64-encoded value that, when decoded, is 16 bytes in length."
        let key = headers.single("Sec-WebSocket-Key")?;
        if !http::is_key(key) {
            return Err(HandshakeError::Header { name: "Sec-WebSocket-Key", found: Found::Wrong });
        }
        // Section 9.1: what is not of the header's form fails the connection; an extension that is not known is
        // declined.
        if !compression::are_well_formed(headers.values("Sec-WebSocket-Extensions")) {
            return Err(HandshakeError::Header { name: "Sec-WebSocket-Extensions", found: Found::Wrong });
        }
        Ok(Self { resource, key: key.into(), headers })
    }

    /// Checks a request over HTTP/2, whose method is CONNECT and whose protocol is `websocket`: [RFC 8441, section
    /// 5][1]. Its `:authority` is to be among the headers, as Host.
    ///
    /// # Errors
    /// [`HandshakeError`], whose [`status`](HandshakeError::status) is what to answer; but 400 in place of 426, with the header
    /// `Sec-WebSocket-Version: 13`.
    ///
    /// [1]: https://datatracker.ietf.org/doc/html/rfc8441#section-5
    pub fn validate_http2(path: &str, headers: Headers) -> Result<Self, HandshakeError> {
        // RFC 9113, section 8.3.1: an absolute path, with or without a query.
        if !path.starts_with('/') {
            return Err(HandshakeError::Target);
        }
        headers.single("Host")?;
        if headers.single("Sec-WebSocket-Version")? != "13" {
            return Err(HandshakeError::Header { name: "Sec-WebSocket-Version", found: Found::Wrong });
        }
        if !compression::are_well_formed(headers.values("Sec-WebSocket-Extensions")) {
            return Err(HandshakeError::Header { name: "Sec-WebSocket-Extensions", found: Found::Wrong });
        }
        Ok(Self { resource: path.into(), key: String::new(), headers })
    }

    /// The value of `Sec-WebSocket-Accept` in the answer that accepts; of no meaning over HTTP/2.
    pub fn accept_value(&self) -> String {
        http::accept_for(&self.key)
    }

    /// The resource name: path and query.
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// The subprotocols the client offers, in order of its preference.
    pub fn protocols(&self) -> impl Iterator<Item = &str> {
        self.headers.list("Sec-WebSocket-Protocol").filter(|protocol| subprotocol::is_token(protocol))
    }

    /// All headers of the request. Host is that of the target if that is a URL.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// The extensions that are chosen from those the client offers.
    pub(in crate::proto) fn choose_extensions(&self, compression: Option<&Compression>) -> Option<(Agreement, String)> {
        compression::choose(self.headers.values("Sec-WebSocket-Extensions"), compression?)
    }

    /// Writes the answer that accepts.
    pub(in crate::proto) fn accept(
        &self,
        protocol: Option<&str>,
        extensions: Option<&str>,
        headers: &[(&str, &str)],
    ) -> Result<String, AcceptError> {
        let mut head = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {}\r\n",
            self.accept_value()
        );
        for (name, value) in self.answer_headers(protocol, extensions, headers)? {
            // Writing into a String cannot fail.
            let _ = write!(head, "{name}: {value}\r\n");
        }
        head.push_str("\r\n");
        Ok(head)
    }

    /// The headers of the answer that accepts, but for those of HTTP/1.1.
    pub(crate) fn answer_headers<'a>(
        &self,
        protocol: Option<&'a str>,
        extensions: Option<&'a str>,
        headers: &[(&'a str, &'a str)],
    ) -> Result<Vec<(&'a str, &'a str)>, AcceptError> {
        if let Some(protocol) = protocol.filter(|protocol| !self.protocols().any(|offered| offered == *protocol)) {
            return Err(AcceptError::Subprotocol(protocol.into()));
        }
        let added = http::sendable(headers)?;
        let own = [("Sec-WebSocket-Protocol", protocol), ("Sec-WebSocket-Extensions", extensions)];
        let own = own.into_iter().filter_map(|(name, value)| Some((name, value?)));
        Ok(own.chain(added).collect())
    }
}

/// What came of reading a request: nothing as long as it is not complete. An error is there with the answer to it.
type Outcome = Result<Option<Incoming>, (HandshakeError, String)>;

/// A server that waits for the client's request.
#[derive(Debug)]
pub(in crate::proto) struct Handshake {
    end: HeadEnd,
    /// Reads the request. Connections know it by this pointer alone, so that a program of clients has no code for
    /// servers.
    read: fn(&mut HeadEnd, &mut BytesMut, usize) -> Outcome,
}

impl Handshake {
    pub(in crate::proto) fn new() -> Self {
        let read = |end: &mut HeadEnd, buffer: &mut BytesMut, max| {
            // RFC 9110, section 9.3.2: "The HEAD method is identical to GET except that the server MUST NOT send
            // content in the response."
            let has_content = !buffer.starts_with(b"HEAD ");
            Incoming::read(end, buffer, max).map_err(|error| {
                let message = if has_content { format!("{error}\n") } else { String::new() };
                let answer = Refusal::new(error.status(), &message, "GET").encode();
                (error, answer)
            })
        };
        Self { end: HeadEnd::default(), read }
    }

    /// Takes the request off the buffer's front once it is complete.
    pub(in crate::proto) fn advance(&mut self, buffer: &mut BytesMut, max: usize) -> Outcome {
        (self.read)(&mut self.end, buffer, max)
    }
}

impl Incoming {
    fn read(end: &mut HeadEnd, buffer: &mut BytesMut, max: usize) -> Result<Option<Self>, HandshakeError> {
        // RFC 8446, section 5.1: a record begins with its type, 22 being a handshake. It would be no head, but it may
        // be the client that waits now.
        if buffer.starts_with(&[22]) {
            return Err(HandshakeError::NotHttp(
                "it speaks TLS, which is not spoken here: the URL's scheme is to be ws",
            ));
        }
        let Some(head) = end.take(buffer, max)? else { return Ok(None) };
        let mut parsed = [const { MaybeUninit::uninit() }; MAX_HEADERS];
        let mut request = httparse::Request::new(&mut []);
        let status = request.parse_with_uninit_headers(&head, &mut parsed).map_err(http::parse_error)?;
        http::expect_whole(status, &head)?;
        if request.version != Some(1) {
            return Err(HandshakeError::NotHttp("the version is not HTTP/1.1"));
        }
        let headers = Headers::from(&*request.headers);
        Incoming::validate(request.method.unwrap_or_default(), request.path.unwrap_or_default(), headers).map(Some)
    }
}

/// The resource name of a request's target, and its host if it is a URL: with the port, without the user.
fn host_and_resource_name(target: &str) -> Result<(Option<&str>, String), HandshakeError> {
    let (host, resource) = match target.split_once("://") {
        // RFC 9112, section 3.2.2: "a server MUST accept the absolute-form in requests even though most HTTP/1.1
        // clients will only send the absolute-form to a proxy."
        Some((scheme, rest)) if is_scheme(scheme) => {
            let (authority, resource) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
            // RFC 9110, section 4.2.1: "A sender MUST NOT generate an "http" URI with an empty host identifier. A
            // recipient that processes such a URI reference MUST reject it as invalid."
            let host = authority.rsplit('@').next().unwrap_or_default();
            if host.is_empty() || host.starts_with(':') {
                return Err(HandshakeError::Target);
            }
            (Some(host), if resource.is_empty() { "/" } else { resource })
        }
        _ => (None, target),
    };
    match resource.as_bytes().first() {
        Some(b'/') => Ok((host, resource.into())),
        // RFC 6455, section 3: ""/" if the path component is empty".
        Some(b'?') => Ok((host, format!("/{resource}"))),
        _ => Err(HandshakeError::Target),
    }
}

/// [RFC 3986, section 3.1](https://datatracker.ietf.org/doc/html/rfc3986#section-3.1).
fn is_scheme(text: &str) -> bool {
    let is_of_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.bytes().all(is_of_scheme)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "GET /chat?x HTTP/1.1\r\nHost: h\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n\
                        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
                        Sec-WebSocket-Protocol: a, b\r\nSec-WebSocket-Protocol: c\r\n\r\n";

    fn read(head: &str) -> Result<Option<Incoming>, HandshakeError> {
        Handshake::new().advance(&mut BytesMut::from(head.as_bytes()), 4096).map_err(|(error, _)| error)
    }

    #[test]
    fn a_request_is_read_and_accepted() {
        let request = read(GOOD).unwrap().unwrap();
        assert_eq!(request.resource(), "/chat?x");
        assert_eq!(request.protocols().collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(
            request.accept(Some("b"), Some("e"), &[("Server", "x")]).unwrap(),
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: b\r\n\
             Sec-WebSocket-Extensions: e\r\nServer: x\r\n\r\n"
        );
    }

    #[test]
    fn a_target_in_absolute_form_has_a_resource_name() {
        for (target, resource) in [
            ("http://h/chat?x", "/chat?x"),
            ("http://h", "/"),
            ("/http://h/chat", "/http://h/chat"),
            ("ws://user@[::1]:80/chat", "/chat"),
            ("ws://h?room=1", "/?room=1"),
            ("http://h?next=/admin", "/?next=/admin"),
            ("WSS://h:80?next=ws://i/admin", "/?next=ws://i/admin"),
        ] {
            assert_eq!(read(&GOOD.replace("/chat?x", target)).unwrap().unwrap().resource(), resource);
        }
    }

    #[test]
    fn a_target_in_absolute_form_has_the_host_in_place_of_the_header() {
        for (target, host) in
            [("/chat", "i"), ("http://h/chat", "h"), ("http://h:81?x", "h:81"), ("ws://user@[::1]:80", "[::1]:80")]
        {
            let head = GOOD.replace("/chat?x", target).replace("Host: h", "hOST: i");
            let request = read(&head).unwrap().unwrap();
            assert_eq!(request.headers().get_all("Host").collect::<Vec<_>>(), [host.as_bytes()], "{target}");
        }
        let without = GOOD.replace("/chat?x", "http://h/chat").replace("Host: h\r\n", "");
        assert_eq!(read(&without).unwrap_err().status(), 400);
    }

    #[test]
    fn a_target_without_a_resource_name_is_refused() {
        for target in [
            "foo",
            "*",
            "h:80",
            "foo?x=http://h/y",
            "://h/y",
            "1a://h/y",
            "http://",
            "http:///y",
            "http://?y",
            "http://:80/y",
            "http://user@/y",
            "h#/y",
        ] {
            let refused = read(&GOOD.replace("/chat?x", target));
            assert_eq!(refused.map_err(|error| error.status()), Err(400), "{target}");
        }
        for path in ["*", "?x", "http://h/y"] {
            let headers = Headers::from_iter([("Host", "h"), ("Sec-WebSocket-Version", "13")]);
            let refused = Incoming::validate_http2(path, headers);
            assert_eq!(refused.map_err(|error| error.status()), Err(400), "{path}");
        }
    }

    #[test]
    fn an_answer_keeps_to_what_was_offered() {
        let request = read(GOOD).unwrap().unwrap();
        assert_eq!(request.accept(Some("d"), None, &[]), Err(AcceptError::Subprotocol("d".into())));
        assert_eq!(request.accept(None, None, &[("A", "x\r\ny")]), Err(AcceptError::Header("A".into())));
        for own in ["Sec-WebSocket-Extensions", "Upgrade", "content-length"] {
            assert_eq!(request.accept(None, None, &[(own, "x")]), Err(AcceptError::Header(own.into())));
        }
    }

    #[test]
    fn requests_that_are_none_for_a_websocket_are_refused_with_a_fitting_status() {
        let cases = [
            (GOOD.replace("GET", "POST"), 405),
            (GOOD.replace("HTTP/1.1", "HTTP/1.0"), 400),
            (GOOD.replace("Host: h\r\n", ""), 400),
            (GOOD.replace("Host: h\r\n", "Host: h\r\nHost: i\r\n"), 400),
            (GOOD.replace("Upgrade: WebSocket\r\n", ""), 426),
            (GOOD.replace(", Upgrade", ""), 426),
            (GOOD.replace("Version: 13", "Version: 8"), 426),
            (GOOD.replace("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ="), 400),
            (GOOD.replace("/chat?x", "/chat x"), 400),
        ];
        for (head, status) in cases {
            assert_eq!(read(&head).unwrap_err().status(), status, "{head}");
        }
        assert_eq!(read(&"x".repeat(5000)).unwrap_err().status(), 431);
        assert_eq!(read("\x16").unwrap_err().status(), 400);
    }
}
