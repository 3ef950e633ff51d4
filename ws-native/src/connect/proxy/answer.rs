//! A proxy's answer to CONNECT.

use std::io::{self, ErrorKind};
use std::mem;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use ws_core::subprotocol::is_token;

/// The most bytes of an answer.
const MAX_HEAD: usize = 16 << 10;

/// The most headers of an answer: as many as a server's may have.
const MAX_HEADERS: usize = 128;

/// What is of interest in the head of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// The schemes of authentication that are asked for, if Basic is none of them.
    pub(super) other_schemes: Option<String>,
}

impl Answer {
    /// Reads the head of an answer, after which the tunnel begins. Nothing comes through it before
    /// something is sent.
    pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Self> {
        let mut head = Vec::with_capacity(256);
        loop {
            if let Some(answer) = Self::parse(&mut head)? {
                return Ok(answer);
            }
            if head.len() >= MAX_HEAD {
                return Err(invalid("its answer is too long"));
            }
            if stream.read_buf(&mut head).await? == 0 {
                return Err(io::Error::new(ErrorKind::UnexpectedEof, "it ended the connection without an answer"));
            }
        }
    }

    /// Reads it from what has come of it, if that is all.
    fn parse(head: &mut Vec<u8>) -> io::Result<Option<Self>> {
        loop {
            let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
            let mut response = httparse::Response::new(&mut headers);
            let length = match response.parse(head) {
                Ok(httparse::Status::Complete(length)) => length,
                Ok(httparse::Status::Partial) => return Ok(None),
                Err(httparse::Error::TooManyHeaders) => {
                    return Err(invalid(format!("its answer has more than {MAX_HEADERS} headers")));
                }
                Err(_) => return Err(invalid("its answer is not HTTP/1.1")),
            };
            let status = response.code.unwrap_or_default();
            if (100..=199).contains(&status) {
                // RFC 9110, section 15.2: an interim answer may come before the final one, or
                // together with it.
                head.drain(..length);
                continue;
            }
            // A refusal may have a body; a tunnel has nothing in it yet.
            if length != head.len() && (200..=299).contains(&status) {
                return Err(invalid("it sent more than an answer"));
            }
            let challenges =
                response.headers.iter().filter(|header| header.name.eq_ignore_ascii_case("Proxy-Authenticate"));
            let other_schemes = other_schemes(challenges.map(|header| header.value));
            return Ok(Some(Self { status, other_schemes }));
        }
    }
}

fn invalid(words: impl Into<String>) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, words.into())
}

/// Names the schemes of these challenges, if Basic is none of them. They are somebody else's words: no more of them is kept
/// than is good to read.
fn other_schemes<'a>(challenges: impl Iterator<Item = &'a [u8]>) -> Option<String> {
    const MOST: usize = 5;
    const LONGEST: usize = 32;
    let mut named: Vec<String> = Vec::new();
    for challenge in challenges {
        for scheme in schemes(&String::from_utf8_lossy(challenge)) {
            if scheme.eq_ignore_ascii_case("Basic") {
                return None;
            }
            // A token is of ASCII.
            let scheme = &scheme[..scheme.len().min(LONGEST)];
            if named.len() < MOST && !named.iter().any(|other| other.eq_ignore_ascii_case(scheme)) {
                named.push(scheme.into());
            }
        }
    }
    (!named.is_empty()).then(|| named.join(", "))
}

/// The schemes of a list of challenges: [RFC 9110, section 11.6.1](https://datatracker.ietf.org/doc/html/rfc9110#section-11.6.1).
///
/// ```text
/// challenge = auth-scheme [ 1*SP ( token68 / #auth-param ) ]
/// ```
///
/// "[...] a comma, which is used as a list element separator [...], can also occur within [...] the list of authentication
/// parameters": what begins with `name =` is no challenge, but a parameter of the one before it.
fn schemes(challenges: &str) -> impl Iterator<Item = &str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let elements = challenges.split(move |character| {
        let was_escaped = mem::take(&mut is_escaped);
        match character {
            '"' if !was_escaped => is_quoted = !is_quoted,
            '\\' => is_escaped = is_quoted && !was_escaped,
            _ => {}
        }
        character == ',' && !is_quoted
    });
    elements.filter_map(|element| {
        let element = element.trim_matches([' ', '\t']);
        let (name, rest) = element.split_at(element.find([' ', '\t', '=']).unwrap_or(element.len()));
        let is_parameter = rest.trim_start_matches([' ', '\t']).starts_with('=');
        (!is_parameter && is_token(name)).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(challenges: &[&str]) -> Option<String> {
        other_schemes(challenges.iter().map(|challenge| challenge.as_bytes()))
    }

    #[test]
    fn schemes_are_told_from_their_parameters() {
        for (challenges, schemes) in [
            (&["Negotiate", "NTLM"][..], "Negotiate, NTLM"),
            (&["Negotiate, NTLM, ntlm"], "Negotiate, NTLM"),
            (&["Negotiate TlRMTVNTUAAB==,NTLM"], "Negotiate, NTLM"),
            (&["Digest realm=\"a, Basic b\", qop = \"auth\",nonce=x, \t Bearer"], "Digest, Bearer"),
            (&["Digest realm=\"\\\", Basic b\\\\\", Bearer"], "Digest, Bearer"),
        ] {
            assert_eq!(named(challenges).as_deref(), Some(schemes));
        }
    }

    #[test]
    fn none_are_named_where_basic_is_one_of_them_or_there_are_none() {
        for challenges in
            [&["Negotiate", "basic"][..], &["NTLM, Basic realm=\"x\""], &["Basic"], &[""], &["=x, \"y"], &[]]
        {
            assert_eq!(named(challenges), None, "{challenges:?}");
        }
    }

    #[test]
    fn no_more_of_them_is_told_than_is_good_to_read() {
        let long = "x".repeat(1000);
        assert_eq!(named(&[&long]), Some("x".repeat(32)));
        assert_eq!(named(&["a,b,c,d,e,f,g"]).as_deref(), Some("a, b, c, d, e"));
        assert_eq!(named(&["a,b,c,d,e,f,Basic"]), None);
        assert_eq!(named(&["\u{1B}[31mred, \u{E9}, N\u{202E}TLM, NTLM"]).as_deref(), Some("NTLM"));
    }
}
