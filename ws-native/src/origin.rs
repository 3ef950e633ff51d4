//! Which pages may connect: [RFC 6455, section 10.2](https://datatracker.ietf.org/doc/html/rfc6455#section-10.2).

use url::Url;

use crate::proto::IncomingRequest;

/// What a page that may not connect is told.
pub(crate) const PAGE_REFUSED: &str = "this page may not connect\n";

/// The pages whose browsers a server takes requests from. A browser lets any page connect to any
/// server, with the user's cookies, and names the page's origin in the Origin header: refusing a
/// page is up to the server. Requests without the header do not come from a browser, and are taken.
///
/// ```
/// use ws_native::{Origins, proto::{Headers, IncomingRequest}};
/// let headers = Headers::from_iter([
///     ("Host", "chat.example:9001"), ("Upgrade", "websocket"), ("Connection", "Upgrade"),
///     ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
///     ("Origin", "https://www.example"),
/// ]);
/// let request = IncomingRequest::validate("GET", "/", headers)?;
/// assert!(!Origins::SameHost.allow(&request));
/// assert!(Origins::These(vec!["https://www.example".into()]).allow(&request));
/// # Ok::<(), ws_native::proto::HandshakeError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origins {
    /// Pages of the host that the request is for, with any port and scheme. A proxy in front has to
    /// pass the Host header on.
    ///
    /// Whoever owns a name can let it point here for a while, and then pages of that name are of
    /// the same host. So a server that trusts everybody who reaches it, such as one on the loopback
    /// interface, should name its origins.
    #[default]
    SameHost,
    /// Pages of these origins, such as `https://example.org`, with the port if it is not the
    /// scheme's default.
    These(Vec<String>),
    /// All pages: for servers that do not recognise their users by cookies or by their place in the
    /// network.
    Any,
}

impl Origins {
    /// Whether this request is to be taken.
    pub fn allow(&self, request: &IncomingRequest) -> bool {
        let mut origins = request.headers().get_all("Origin");
        let Some(origin) = origins.next() else { return true };
        if *self == Self::Any {
            return true;
        }
        // "null", a malformed header, or two of them name nobody's origin.
        let Some(origin) = std::str::from_utf8(origin).ok().and_then(|origin| Url::parse(origin).ok()) else {
            return false;
        };
        if origins.next().is_some() {
            return false;
        }
        match self {
            Self::Any => true,
            Self::SameHost => {
                let host = request.headers().get_str("Host");
                let host = host.and_then(|host| Url::parse(&format!("http://{host}/")).ok());
                host.is_some_and(|host| origin.has_host() && host.host() == origin.host())
            }
            Self::These(allowed) => {
                allowed.iter().filter_map(|allowed| Url::parse(allowed).ok()).any(|allowed| is_same(&allowed, &origin))
            }
        }
    }
}

/// Whether these are the same origin. The URL standard takes those of extensions and the like for
/// opaque, which equal no other; but they have a scheme and a host, which are compared.
fn is_same(one: &Url, other: &Url) -> bool {
    match one.origin().is_tuple() {
        true => one.origin() == other.origin(),
        false => {
            one.has_host() && (one.scheme(), one.host(), one.port()) == (other.scheme(), other.host(), other.port())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::Headers;

    fn allow(origins: &Origins, host: &str, given: &[&str]) -> bool {
        origins.allow(&request("/", host, given))
    }

    fn request(target: &str, host: &str, given: &[&str]) -> IncomingRequest {
        let headers = [
            ("Host", host),
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        let headers = headers.into_iter().chain(given.iter().map(|origin| ("Origin", *origin)));
        IncomingRequest::validate("GET", target, Headers::from_iter(headers)).unwrap()
    }

    #[test]
    fn pages_of_the_same_host_are_taken() {
        for origin in ["http://h", "https://H:8443", "http://h:80"] {
            assert!(allow(&Origins::SameHost, "h:9001", &[origin]), "{origin}");
        }
        assert!(allow(&Origins::SameHost, "[::1]:9001", &["http://[::1]:8080"]));
        assert!(allow(&Origins::SameHost, "h", &[]), "no browser");
    }

    #[test]
    fn pages_of_others_are_not() {
        for origin in ["http://i", "http://h.evil", "http://evil/h", "null", "h", "", "file:///h", "http://h@i"] {
            assert!(!allow(&Origins::SameHost, "h", &[origin]), "{origin}");
        }
        assert!(!allow(&Origins::SameHost, "h", &["http://h", "http://i"]));
    }

    #[test]
    fn the_host_is_that_of_the_target_if_it_has_one() {
        for (origin, allowed) in [("http://h", true), ("http://i", false)] {
            assert_eq!(Origins::SameHost.allow(&request("http://h/", "i", &[origin])), allowed, "{origin}");
        }
    }

    #[test]
    fn a_list_has_origins_and_no_hosts() {
        let these = Origins::These(vec![
            "https://a.example".into(),
            "http://b.example:8080".into(),
            "null".into(),
            "chrome-extension://abc".into(),
        ]);
        for (origin, allowed) in [
            ("https://a.example", true),
            ("https://A.example:443", true),
            ("http://a.example", false),
            ("https://a.example:444", false),
            ("http://b.example:8080", true),
            ("http://b.example", false),
            ("https://h", false),
            ("null", false),
            ("chrome-extension://abc", true),
            ("chrome-extension://abd", false),
            ("moz-extension://abc", false),
        ] {
            assert_eq!(allow(&these, "h", &[origin]), allowed, "{origin}");
        }
        assert!(allow(&Origins::Any, "h", &["null"]));
    }
}
