//! The client's half: [RFC 6455, sections 4.1 and 4.2.2][1], as altered by [the WHATWG standard][2].
//!
//! [1]: https://datatracker.ietf.org/doc/html/rfc6455#section-4.1
//! [2]: https://websockets.spec.whatwg.org/#websocket-opening-handshake

use alloc::{boxed::Box, string::String, sync::Arc, vec, vec::Vec};

use bytes::BytesMut;

use super::http::{self, HeadEnd, Headers, MAX_HEADERS};
use super::request::Request;
use crate::proto::compression::{self, Agreement, Compression};
use crate::proto::error::{Answer, Found, HandshakeError};

/// What was agreed on in the opening handshake.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Established {
    /// The subprotocol in use.
    pub protocol: Option<String>,
    /// The extensions in use; empty if there are none.
    pub extensions: String,
    /// The headers of the server's answer; empty at a server's end, and where somebody else has done the opening
    /// handshake.
    pub headers: Headers,
}

/// An answer in another version cannot accept.
const NOT_HTTP_1_1: HandshakeError = HandshakeError::NotHttp("the answer does not begin with HTTP/1.1");

/// A client that waits for the server's answer.
#[derive(Debug)]
pub(in crate::proto) struct Handshake {
    protocols: Vec<String>,
    /// What was offered.
    compression: Option<Compression>,
    /// The value of Sec-WebSocket-Accept that proves that the server has read the request.
    accept: String,
    end: HeadEnd,
    /// The bytes of the interim answers so far.
    interim: usize,
    /// The answer that came over HTTP/2.
    answer: Option<Box<Answer>>,
}

impl Handshake {
    /// Starts, and gives the request to send.
    pub(in crate::proto) fn start(
        request: Request,
        nonce: [u8; 16],
        compression: Option<Compression>,
    ) -> (Self, Vec<u8>) {
        let key = http::key_from(nonce);
        let head = request.encode(&key, compression.as_ref());
        let accept = http::accept_for(&key);
        (
            Self {
                protocols: request.protocols,
                compression,
                accept,
                end: HeadEnd::default(),
                interim: 0,
                answer: None,
            },
            head,
        )
    }

    /// The answer has come over HTTP/2.
    pub(in crate::proto) fn answered_over_http2(&mut self, answer: Answer) {
        self.answer = Some(Box::new(answer));
    }

    /// Takes the answer off the buffer's front once it is complete. What follows it belongs to the frames.
    pub(in crate::proto) fn advance(
        &mut self,
        buffer: &mut BytesMut,
        max: usize,
    ) -> Result<Option<(Established, Option<Agreement>)>, HandshakeError> {
        if let Some(answer) = self.answer.take() {
            return self.validate_http2(*answer).map(Some);
        }
        loop {
            // RFC 8446, section 5.1: a record begins with its type, 21 being an alert.
            if buffer.starts_with(&[21]) {
                return Err(HandshakeError::NotHttp("it speaks TLS: the URL's scheme is to be wss"));
            }
            // A server that is older, or a proxy before it, says in HTTP/1.0 that it refuses.
            let begins_with = |prefix: &[u8]| buffer.iter().zip(prefix).all(|(byte, expected)| byte == expected);
            if !begins_with(b"HTTP/1.1 ") && !begins_with(b"HTTP/1.0 ") {
                return Err(NOT_HTTP_1_1);
            }
            // Interim answers and the final one share one bound.
            let head = self.end.take(buffer, max.saturating_sub(self.interim));
            let Some(head) = head.map_err(|_| HandshakeError::TooLarge(max))? else { return Ok(None) };
            let mut parsed = vec![httparse::EMPTY_HEADER; MAX_HEADERS];
            let mut response = httparse::Response::new(&mut parsed);
            http::expect_whole(response.parse(&head).map_err(http::parse_error)?, &head)?;
            match response.code.unwrap_or_default() {
                // RFC 9110, section 15.2: "A client MUST be able to parse one or more 1xx responses received prior to a
                // final response".
                interim @ 100..=199 if interim != 101 => {
                    self.end = HeadEnd::default();
                    self.interim += head.len();
                }
                101 if response.version != Some(1) => return Err(NOT_HTTP_1_1),
                status => {
                    let headers = Headers::from(&*response.headers);
                    return self.validate(Answer { status, headers }).map(Some);
                }
            }
        }
    }

    fn validate(&self, answer: Answer) -> Result<(Established, Option<Agreement>), HandshakeError> {
        // "1. If response is a network error or its status is not 101, fail the WebSocket connection."
        if answer.status != 101 {
            return Err(HandshakeError::Status(Arc::new(answer)));
        }
        let headers = &answer.headers;
        let agreed = self
            .expect_subprotocol(headers)
            .and_then(|()| self.expect_upgrade(headers))
            .and_then(|()| self.agree(headers));
        conclude(agreed, answer)
    }

    fn expect_upgrade(&self, headers: &Headers) -> Result<(), HandshakeError> {
        // "3. Follow the requirements stated step 2 to step 6, inclusive, of the last set of steps in section 4.1."
        // 2. "If the response lacks an |Upgrade| header field or the |Upgrade| header field contains a value that is
        //    not an ASCII case-insensitive match for the value "websocket", the client MUST _Fail the WebSocket
        //    Connection_."
        if !headers.single("Upgrade")?.eq_ignore_ascii_case("websocket") {
            return Err(HandshakeError::Header { name: "Upgrade", found: Found::Wrong });
        }
        // 3. "If the response lacks a |Connection| header field or the |Connection| header field doesn't contain a token
        //    that is an ASCII case-insensitive match for the value "Upgrade", the client MUST _Fail [...]_."
        headers.expect_element("Connection", "Upgrade")?;
        // 4. "If the response lacks a |Sec-WebSocket-Accept| header field or the |Sec-WebSocket-Accept| contains a value
        //    other than [...], the client MUST _Fail the WebSocket Connection_."
        if headers.single("Sec-WebSocket-Accept")? != self.accept {
            return Err(HandshakeError::Header { name: "Sec-WebSocket-Accept", found: Found::Wrong });
        }
        Ok(())
    }

    /// [RFC 8441, section 5](https://datatracker.ietf.org/doc/html/rfc8441#section-5): "Implementations using this
    /// extended CONNECT to bootstrap WebSockets do not do the processing of the Sec-WebSocket-Key and
    /// Sec-WebSocket-Accept header fields".
    fn validate_http2(&self, answer: Answer) -> Result<(Established, Option<Agreement>), HandshakeError> {
        if !(200..=299).contains(&answer.status) {
            return Err(HandshakeError::Status(Arc::new(answer)));
        }
        let agreed = self.expect_subprotocol(&answer.headers).and_then(|()| self.agree(&answer.headers));
        conclude(agreed, answer)
    }

    fn expect_subprotocol(&self, headers: &Headers) -> Result<(), HandshakeError> {
        // "2. If protocols is not the empty list and extracting header list values given `Sec-WebSocket-Protocol` and
        // response's header list results in null, failure, or the empty byte sequence, then fail the WebSocket
        // connection."
        if !self.protocols.is_empty() && headers.get_all("Sec-WebSocket-Protocol").all(<[u8]>::is_empty) {
            return Err(HandshakeError::NoSubprotocol);
        }
        Ok(())
    }

    /// What the server has chosen of what was offered.
    fn agree(&self, headers: &Headers) -> Result<Agreed, HandshakeError> {
        // 5. "If the response includes a |Sec-WebSocket-Extensions| header field and this header field indicates the use
        //    of an extension that was not present in the client's handshake [...], the client MUST _Fail [...]_."
        let values = headers.values("Sec-WebSocket-Extensions");
        let agreement =
            compression::accept_answer(values, self.compression.as_ref()).map_err(HandshakeError::Extension)?;
        // 6. "If the response includes a |Sec-WebSocket-Protocol| header field and this header field indicates the use
        //    of a subprotocol that was not present in the client's handshake [...], the client MUST _Fail [...]_."
        let protocol = match headers.get("Sec-WebSocket-Protocol") {
            None => None,
            Some(_) => {
                let picked = headers.single("Sec-WebSocket-Protocol")?;
                if !self.protocols.iter().any(|offered| offered == picked) {
                    return Err(HandshakeError::Subprotocol(picked.into()));
                }
                Some(picked.into())
            }
        };
        Ok((protocol, agreement))
    }
}

/// The subprotocol, and what was agreed on of compression, also as the server has said it.
type Agreed = (Option<String>, Option<(Agreement, String)>);

/// The headers are there for the program whatever is wrong with one of them: "HTTP-network fetch" has stored their
/// cookies before these steps look at the answer.
fn conclude(
    agreed: Result<Agreed, HandshakeError>,
    answer: Answer,
) -> Result<(Established, Option<Agreement>), HandshakeError> {
    match agreed {
        Ok((protocol, agreement)) => {
            let (agreement, extensions) = agreement.unzip();
            let extensions = extensions.unwrap_or_default();
            Ok((Established { protocol, extensions, headers: answer.headers }, agreement))
        }
        Err(error) => Err(HandshakeError::Invalid { error: Box::new(error), answer: Arc::new(answer) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

    fn answer(protocols: &[&str], head: &str) -> Result<Option<Established>, HandshakeError> {
        let request = Request::new("h", "/", protocols).unwrap();
        let (mut handshake, _) = Handshake::start(request, *b"the sample nonce", None);
        match handshake.advance(&mut BytesMut::from(head.as_bytes()), 4096) {
            Ok(answer) => Ok(answer.map(|(established, _)| established)),
            Err(HandshakeError::Invalid { error, answer }) => {
                assert_eq!(
                    answer.headers.get("Upgrade").is_some(),
                    head.contains("\r\nUpgrade:"),
                    "they are all there"
                );
                Err(*error)
            }
            Err(error) => Err(error),
        }
    }

    fn status_of(answer: Result<Option<Established>, HandshakeError>) -> Option<u16> {
        match answer {
            Err(HandshakeError::Status(answer)) => Some(answer.status),
            _ => None,
        }
    }

    fn answer_with(protocols: &[&str], headers: &str) -> Result<Option<Established>, HandshakeError> {
        answer(
            protocols,
            &format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: keep-alive, upgrade\r\n\
                 Sec-WebSocket-Accept: {ACCEPT}\r\n{headers}\r\n"
            ),
        )
    }

    #[test]
    fn the_request_is_the_one_of_section_1_3() {
        let request = Request::new("server.example.com", "/chat", &["chat", "superchat"]).unwrap();
        let (_, head) =
            Handshake::start(request.header("Origin", "http://example.com").unwrap(), *b"the sample nonce", None);
        assert_eq!(
            String::from_utf8(head).unwrap(),
            "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nConnection: Upgrade\r\nPragma: no-cache\r\n\
             Cache-Control: no-cache\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: chat, superchat\r\n\
             Origin: http://example.com\r\n\r\n"
        );
    }

    #[test]
    fn a_good_answer_establishes_the_connection() {
        let established = answer_with(&["b", "a"], "Sec-WebSocket-Protocol: a\r\n").unwrap().unwrap();
        assert_eq!(established.protocol.as_deref(), Some("a"));
        assert_eq!(established.headers.get("upgrade"), Some(&b"WebSocket"[..]));
        assert_eq!(answer_with(&[], "").unwrap().unwrap().protocol, None);
    }

    #[test]
    fn an_answer_that_is_not_101_is_refused() {
        for status in [200, 204, 301, 401, 404, 500] {
            let head = format!("HTTP/1.1 {status} No\r\nLocation: /x\r\n\r\n");
            assert_eq!(status_of(answer(&[], &head)), Some(status));
        }
    }

    #[test]
    fn a_refusal_over_http_1_0_keeps_its_status_and_headers() {
        let head = "HTTP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\n\r\n";
        for end in 0..head.len() {
            assert_eq!(answer(&[], &head[..end]), Ok(None));
        }
        let Err(HandshakeError::Status(refused)) = answer(&[], head) else { panic!("a status") };
        assert_eq!((refused.status, refused.headers.get("www-authenticate")), (401, Some(&b"Basic realm=\"x\""[..])));
        let accepted = format!(
            "HTTP/1.0 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {ACCEPT}\r\n\r\n"
        );
        assert!(matches!(answer(&[], &accepted), Err(HandshakeError::NotHttp(_))));
        assert!(matches!(answer(&[], "HTTP/1.2"), Err(HandshakeError::NotHttp(_))));
        assert!(matches!(answer(&[], "HTTP/2"), Err(HandshakeError::NotHttp(_))));
    }

    #[test]
    fn interim_answers_are_skipped() {
        let interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
        let last = format!(
            "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {ACCEPT}\r\n\r\n"
        );
        assert!(answer(&[], &format!("{interim}{last}")).unwrap().is_some());
        assert_eq!(answer(&[], interim), Ok(None));
        assert_eq!(status_of(answer(&[], &format!("{interim}HTTP/1.1 404 No\r\n\r\n"))), Some(404));
        assert_eq!(answer(&[], &"HTTP/1.1 100\r\n\r\n".repeat(100_000)), Err(HandshakeError::TooLarge(4096)));
    }

    #[test]
    fn lines_end_with_both_characters() {
        let head = format!(
            "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {ACCEPT}\n\n\
             Sec-WebSocket-Protocol: smuggled\r\n\r\n"
        );
        assert!(matches!(answer(&[], &head), Err(HandshakeError::NotHttp(_))));
    }

    #[test]
    fn what_is_not_http_is_refused_at_its_first_byte() {
        assert_eq!(answer(&[], "H"), Ok(None));
        assert!(matches!(answer(&[], "\x16\x03"), Err(HandshakeError::NotHttp(_))));
        assert!(matches!(answer(&[], "HTTP/1.0 101 x\r\n\r\n"), Err(HandshakeError::NotHttp(_))));
        assert!(matches!(answer(&[], "HTTP/1.1 1x1 x\r\n\r\n"), Err(HandshakeError::NotHttp(_))));
        assert!(matches!(answer(&[], "HTTP/1.1 101 x\r\nA b: c\r\n\r\n"), Err(HandshakeError::NotHttp(_))));
    }

    #[test]
    fn a_head_without_end_is_refused() {
        assert_eq!(answer(&[], &format!("HTTP/1.1 101 {}", "x".repeat(5000))), Err(HandshakeError::TooLarge(4096)));
        let many = "A: b\r\n".repeat(MAX_HEADERS + 1);
        let error = answer(&[], &format!("HTTP/1.1 101 x\r\n{many}\r\n")).unwrap_err();
        assert_eq!(error.to_string(), "the head has more than 128 headers");
    }

    #[test]
    fn each_header_must_be_there_and_right() {
        let good = [
            ("Upgrade", "websocket", "h2c"),
            ("Connection", "Upgrade", "close"),
            ("Sec-WebSocket-Accept", ACCEPT, "s3pPLMBiTxaQ9kYGzzhZRbK+xOp="),
        ];
        for broken in 0..good.len() {
            for found in [Found::Missing, Found::Wrong] {
                let mut head = String::from("HTTP/1.1 101 x\r\n");
                for (index, (name, right, wrong)) in good.iter().enumerate() {
                    match found {
                        _ if index != broken => head.push_str(&format!("{name}: {right}\r\n")),
                        Found::Wrong => head.push_str(&format!("{name}: {wrong}\r\n")),
                        Found::Missing => {}
                    }
                }
                head.push_str("\r\n");
                assert_eq!(answer(&[], &head), Err(HandshakeError::Header { name: good[broken].0, found }));
            }
        }
    }

    #[test]
    fn only_an_offered_subprotocol_may_be_picked() {
        let picked = |name: &str| format!("Sec-WebSocket-Protocol: {name}\r\n");
        assert_eq!(answer_with(&["a"], ""), Err(HandshakeError::NoSubprotocol));
        assert_eq!(answer_with(&["a"], &picked("")), Err(HandshakeError::NoSubprotocol));
        assert_eq!(answer_with(&["a"], &picked("A")), Err(HandshakeError::Subprotocol("A".into())));
        assert_eq!(answer_with(&["a", "b"], &picked("a, b")), Err(HandshakeError::Subprotocol("a, b".into())));
        assert_eq!(answer_with(&[], &picked("a")), Err(HandshakeError::Subprotocol("a".into())));
        let twice = format!("{}{}", picked("a"), picked("a"));
        assert!(answer_with(&["a"], &twice).is_err());
    }

    #[test]
    fn an_extension_that_was_not_offered_is_refused() {
        let header = "Sec-WebSocket-Extensions: \r\nSec-WebSocket-Extensions: permessage-deflate; x\r\n";
        assert_eq!(answer_with(&[], header), Err(HandshakeError::Extension("permessage-deflate; x".into())));
        assert!(answer_with(&[], "Sec-WebSocket-Extensions: \r\n").is_ok());
        let request = Request::new("h", "/", &[] as &[&str]).unwrap();
        let (mut handshake, _) = Handshake::start(request, *b"the sample nonce", None);
        let head = format!(
            "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {ACCEPT}\r\n\
             Sec-WebSocket-Extensions: "
        );
        let mut buffer = BytesMut::from(head.as_bytes());
        buffer.extend_from_slice(b"\xff\r\n\r\n");
        let Err(HandshakeError::Invalid { error, .. }) = handshake.advance(&mut buffer, 4096) else {
            panic!("no error")
        };
        assert!(matches!(*error, HandshakeError::Extension(_)));
    }
}
