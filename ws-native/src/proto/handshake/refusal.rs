//! The answer that refuses: [RFC 6455, section 4.2.2, step 4](https://datatracker.ietf.org/doc/html/rfc6455#section-4.2.2),
//! and what [RFC 9110, section 15](https://datatracker.ietf.org/doc/html/rfc9110#section-15) says of its status.

use alloc::{format, string::String, vec::Vec};
use core::fmt::Write as _;

use super::http;
use super::server::AcceptError;

/// An answer that refuses, but for what HTTP/1.1 and HTTP/2 write in ways of their own.
#[derive(Debug)]
pub(crate) struct Refusal<'a> {
    /// The status: one of a redirection or of an error.
    pub(crate) status: u16,
    /// The headers.
    pub(crate) headers: Vec<(&'a str, &'a str)>,
    /// The body.
    pub(crate) message: &'a str,
}

impl<'a> Refusal<'a> {
    /// An answer with the headers that belong to its status: 500 in place of one that does not refuse. `method` is the one by
    /// which a WebSocket is asked for, CONNECT over HTTP/2: there 400 is in place of 426.
    pub(crate) fn new(status: u16, message: &'a str, method: &'static str) -> Self {
        let status = if is_refusing(status) { status } else { 500 };
        let mut headers = Vec::with_capacity(2);
        match status {
            // RFC 9110, section 15.5.6: "The origin server MUST generate an Allow header field in a 405 response".
            405 => headers.push(("Allow", method)),
            // "[...] the server MUST respond with a |Sec-WebSocket-Version| header indicating the version(s) the server is
            // capable of understanding."
            426 => headers.push(("Sec-WebSocket-Version", "13")),
            _ => {}
        }
        headers.push(("Content-Type", "text/plain; charset=utf-8"));
        // RFC 9110, section 15.5.22: "The server MUST send an Upgrade header field in a 426 response", which HTTP/2 forbids.
        let status = if status == 426 && method == "CONNECT" { 400 } else { status };
        Self { status, headers, message }
    }

    /// Adds the program's headers, in place of those of the same name.
    ///
    /// # Errors
    /// [`AcceptError::Header`].
    pub(crate) fn with(mut self, headers: &[(&'a str, &'a str)]) -> Result<Self, AcceptError> {
        let added = http::sendable(headers)?;
        self.headers.retain(|(own, _)| !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(own)));
        self.headers.extend(added);
        Ok(self)
    }

    /// Writes it as an answer of HTTP/1.1, after which the connection ends.
    pub(crate) fn encode(&self) -> String {
        let Self { status, headers, message } = self;
        // With Upgrade, as 426 demands, goes what section 7.8 says: "A sender of Upgrade MUST also send an "Upgrade" connection
        // option in the Connection header field".
        let (upgrade, connection) =
            if *status == 426 { ("Upgrade: websocket\r\n", "close, Upgrade") } else { ("", "close") };
        let mut answer = format!("HTTP/1.1 {status} {}\r\n{upgrade}", reason(*status));
        for (name, value) in headers {
            // Writing into a String cannot fail.
            let _ = write!(answer, "{name}: {value}\r\n");
        }
        let length = message.len();
        let _ = write!(answer, "Connection: {connection}\r\nContent-Length: {length}\r\n\r\n{message}");
        answer
    }
}

/// Whether an answer with this status refuses, and may have a body: RFC 9110, section 6.4.1, "All 1xx (Informational), 204 (No
/// Content), and 304 (Not Modified) responses do not include content." A 2xx would accept over HTTP/2.
fn is_refusing(status: u16) -> bool {
    matches!(status, 300..=303 | 305..=599)
}

fn reason(status: u16) -> &'static str {
    match status {
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "Refused",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16, headers: &[(&str, &str)], message: &str) -> Result<String, AcceptError> {
        Refusal::new(status, message, "GET").with(headers).map(|refusal| refusal.encode())
    }

    #[test]
    fn a_refusal_for_the_version_names_the_one_that_is_spoken() {
        assert_eq!(
            refusal(426, &[], "no").unwrap(),
            "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Content-Type: text/plain; charset=utf-8\r\nConnection: close, Upgrade\r\nContent-Length: 2\r\n\r\nno"
        );
    }

    #[test]
    fn a_refusal_has_the_headers_of_the_program() {
        let headers = [("WWW-Authenticate", "Basic realm=\"x\""), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")];
        assert_eq!(
            refusal(401, &headers, "who are you?\n").unwrap(),
            "HTTP/1.1 401 Unauthorized\r\nContent-Type: text/plain; charset=utf-8\r\n\
             WWW-Authenticate: Basic realm=\"x\"\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\
             Connection: close\r\nContent-Length: 13\r\n\r\nwho are you?\n"
        );
        assert_eq!(refusal(401, &[("A", " x y\t"), ("B", "\t ")], ""), refusal(401, &[("A", "x y"), ("B", "")], ""));
        // In place of those that there would be.
        assert_eq!(
            refusal(405, &[("allow", "GET, HEAD"), ("content-type", "application/json")], "{}").unwrap(),
            "HTTP/1.1 405 Method Not Allowed\r\nallow: GET, HEAD\r\ncontent-type: application/json\r\n\
             Connection: close\r\nContent-Length: 2\r\n\r\n{}"
        );
        assert_eq!(
            refusal(405, &[], "").unwrap(),
            "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Connection: close\r\nContent-Length: 0\r\n\r\n"
        );
    }

    #[test]
    fn headers_that_would_break_the_answer_are_not_sent() {
        for (name, value) in [
            ("Location", "/x\r\nSet-Cookie: a=1"),
            ("Bad Name", "x"),
            ("", "x"),
            ("Content-Length", "0"),
            ("transfer-encoding", "chunked"),
            ("Connection", "keep-alive"),
            ("Upgrade", "h2c"),
            ("Keep-Alive", "timeout=5"),
            ("Proxy-Connection", "keep-alive"),
            ("Sec-WebSocket-Accept", "x"),
        ] {
            assert_eq!(refusal(401, &[("A", "b"), (name, value)], ""), Err(AcceptError::Header(name.into())));
        }
    }

    #[test]
    fn a_status_that_does_not_refuse_is_500() {
        for status in [300, 303, 305, 399, 400, 403, 499, 500, 599] {
            let answer = refusal(status, &[], "no").unwrap();
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        }
        for status in [0, 99, 100, 101, 199, 200, 204, 299, 304, 600, 1000, 65535] {
            assert_eq!(
                refusal(status, &[], "no").unwrap(),
                "HTTP/1.1 500 Internal Server Error\r\n\
                 Content-Type: text/plain; charset=utf-8\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno",
                "{status}"
            );
        }
    }
}
