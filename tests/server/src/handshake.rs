//! The opening handshake by hand, so that a request can be looked at and answered wrongly.

use std::fmt;
use std::io;

use percent_encoding::percent_decode_str;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use ws_native::Stream;
use ws_native::proto::{Headers, IncomingRequest};

/// A client's request.
pub(crate) struct Asked {
    /// As it came.
    pub(crate) head: String,
    request: IncomingRequest,
}

/// The head of an answer.
pub(crate) struct Answer {
    status: String,
    headers: Vec<(&'static str, String)>,
}

/// Reads a request. `None`: it is none for a WebSocket, and was answered so.
pub(crate) async fn read(stream: &mut Stream) -> io::Result<Option<Asked>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
        // TLS, for one, begins with another byte.
        if !head.starts_with(b"G") {
            return Ok(None);
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (method, resource) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let headers: Headers = lines.filter_map(|line| line.split_once(": ")).collect();
    match IncomingRequest::validate(method, resource, headers) {
        Ok(request) => Ok(Some(Asked { head, request })),
        Err(error) => {
            // A browser that asks for a page gets one with nothing in it, to run a test's script in.
            let status = if resource == "/page" { 200 } else { error.status() };
            let head = format!(
                "HTTP/1.1 {status} Test\r\nContent-Type: text/html\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).await?;
            Ok(None)
        }
    }
}

impl Asked {
    pub(crate) fn path(&self) -> &str {
        self.request.resource().split('?').next().unwrap_or_default()
    }

    /// The decoded value of a parameter of the query; empty if it is given without one.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let (_, query) = self.request.resource().split_once('?')?;
        query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (key == name).then(|| percent_decode_str(value).decode_utf8_lossy().into_owned())
        })
    }

    /// The same, or nothing.
    pub(crate) fn text(&self, name: &str) -> String {
        self.parameter(name).unwrap_or_default()
    }

    /// Whether the request has this header with this value.
    pub(crate) fn has(&self, name: &str, value: &str) -> bool {
        self.request.headers().get(name) == Some(value.as_bytes())
    }

    /// The answer that accepts it, with the first of the subprotocols that it offers.
    pub(crate) fn accept(&self) -> Answer {
        let mut answer = Answer {
            status: "HTTP/1.1 101 Switching Protocols".into(),
            headers: vec![
                ("Upgrade", "websocket".into()),
                ("Connection", "Upgrade".into()),
                ("Sec-WebSocket-Accept", self.request.accept_value()),
            ],
        };
        if let Some(protocol) = self.request.protocols().next() {
            answer.headers.push((Answer::PROTOCOL, protocol.into()));
        }
        answer
    }
}

impl Answer {
    const PROTOCOL: &str = "Sec-WebSocket-Protocol";

    /// Picks this subprotocol instead.
    pub(crate) fn protocol(self, protocol: String) -> Self {
        let mut answer = self.without(Self::PROTOCOL);
        answer.headers.push((Self::PROTOCOL, protocol));
        answer
    }

    pub(crate) fn status(mut self, line: String) -> Self {
        self.status = line;
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self
    }

    /// With these lines at the end of the head.
    pub(crate) fn lines(&self, more: &str) -> String {
        let more = if more.is_empty() { String::new() } else { format!("{more}\r\n") };
        format!("{self}{more}\r\n")
    }
}

/// The head without the empty line at its end.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\r\n", self.status)?;
        self.headers.iter().try_for_each(|(name, value)| write!(f, "{name}: {value}\r\n"))
    }
}
