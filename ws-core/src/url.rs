//! The URL a socket connects to: steps 2 to 7 of the constructor,
//! <https://websockets.spec.whatwg.org/#dom-websocket-websocket>.

use alloc::string::{String, ToString as _};
use core::fmt;
use core::net::IpAddr;

use ::url::{Host, ParseError, Position, Url};

use crate::SyntaxError;

/// A URL record whose scheme is `ws` or `wss` and which has no fragment.
///
/// ```
/// use ws_core::url::SocketUrl;
/// let url = SocketUrl::parse("https://Example.org:443/chat?room=1", None)?;
/// assert_eq!(url.as_str(), "wss://example.org/chat?room=1");
/// assert_eq!((url.host(), url.port(), url.resource_name()), ("example.org", 443, "/chat?room=1"));
/// assert_eq!(url.origin(), "wss://example.org");
/// # Ok::<(), ws_core::SyntaxError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SocketUrl(Url);

impl SocketUrl {
    /// Parses what was given to the constructor. A relative URL needs a `base`, an absolute URL itself.
    ///
    /// # Errors
    /// [`SyntaxError::Url`], [`SyntaxError::Scheme`] or [`SyntaxError::Fragment`].
    pub fn parse(url: &str, base: Option<&str>) -> Result<Self, SyntaxError> {
        // 1. Let baseURL be this's relevant settings object's API base URL.
        let base = base.map(Url::parse).transpose().map_err(|error| SyntaxError::Url(error.to_string()))?;
        // 2. Let urlRecord be the result of applying the URL parser to url with baseURL.
        // 3. If urlRecord is failure, then throw a "SyntaxError" DOMException.
        let mut record = Url::options().base_url(base.as_ref()).parse(url).map_err(|error| match error {
            ParseError::RelativeUrlWithoutBase => {
                SyntaxError::Url("it is a relative one; an absolute one begins with ws:// or wss://".into())
            }
            other => SyntaxError::Url(other.to_string()),
        })?;
        // 4. If urlRecord's scheme is "http", then set urlRecord's scheme to "ws".
        // 5. Otherwise, if urlRecord's scheme is "https", set urlRecord's scheme to "wss".
        let scheme = match record.scheme() {
            "http" | "ws" => "ws",
            "https" | "wss" => "wss",
            // 6. If urlRecord's scheme is not "ws" or "wss", then throw a "SyntaxError" DOMException.
            other => return Err(SyntaxError::Scheme(other.into())),
        };
        if record.set_scheme(scheme).is_err() {
            return Err(SyntaxError::Scheme(record.scheme().into()));
        }
        // 7. If urlRecord's fragment is non-null, then throw a "SyntaxError" DOMException.
        if record.fragment().is_some() {
            return Err(SyntaxError::Fragment);
        }
        Ok(Self(record))
    }

    /// The URL, serialized: what the `url` attribute gives.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether the scheme is `wss`.
    pub fn is_secure(&self) -> bool {
        self.0.scheme() == "wss"
    }

    /// The same with the scheme `wss`: what a host that is known to want TLS makes of `ws`. The default port becomes that of
    /// `wss`, any other stays: [RFC 6797, section 8.3](https://datatracker.ietf.org/doc/html/rfc6797#section-8.3).
    ///
    /// ```
    /// use ws_core::url::SocketUrl;
    /// assert_eq!(SocketUrl::parse("ws://h/a", None)?.to_secure().as_str(), "wss://h/a");
    /// assert_eq!(SocketUrl::parse("ws://h:8080/", None)?.to_secure().as_str(), "wss://h:8080/");
    /// # Ok::<(), ws_core::SyntaxError>(())
    /// ```
    #[must_use]
    pub fn to_secure(&self) -> Self {
        let mut url = self.0.clone();
        // Between two special schemes, this always succeeds.
        let _ = url.set_scheme("wss");
        Self(url)
    }

    /// The host to connect to; an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The host's address, if it is one and not a name.
    pub fn address(&self) -> Option<IpAddr> {
        match self.0.host()? {
            Host::Ipv4(address) => Some(address.into()),
            Host::Ipv6(address) => Some(address.into()),
            Host::Domain(_) => None,
        }
    }

    /// The port to connect to: the URL's own, else 80 for `ws` and 443 for `wss`.
    pub fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or(if self.is_secure() { 443 } else { 80 })
    }

    /// The value of the `Host` header: the port is left out where it is the scheme's default.
    pub fn authority(&self) -> &str {
        &self.0[Position::BeforeHost..Position::AfterPort]
    }

    /// The resource name of RFC 6455: path and, if there is one, query.
    pub fn resource_name(&self) -> &str {
        let name = &self.0[Position::BeforePath..Position::AfterQuery];
        // "If url's query is non-empty, append U+003F (?), followed by url's query, to resource name."
        name.strip_suffix('?').filter(|_| self.0.query() == Some("")).unwrap_or(name)
    }

    /// User name and password, percent-encoded as they stand in the URL, if it has any.
    pub fn credentials(&self) -> Option<(&str, &str)> {
        let (user, password) = (self.0.username(), self.0.password().unwrap_or_default());
        (!user.is_empty() || !password.is_empty()).then_some((user, password))
    }

    /// The serialization of the URL's origin, which every message event carries.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }
}

/// Leaves user name and password out.
impl fmt::Debug for SocketUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SocketUrl({}://{}{})", self.0.scheme(), self.authority(), self.resource_name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<String, SyntaxError> {
        SocketUrl::parse(url, None).map(|url| url.as_str().into())
    }

    #[test]
    fn http_becomes_ws_and_https_becomes_wss() {
        assert_eq!(parse("http://h/").unwrap(), "ws://h/");
        assert_eq!(parse("HTTPS://h:443").unwrap(), "wss://h/");
        assert_eq!(parse("http://h:443/").unwrap(), "ws://h:443/");
    }

    #[test]
    fn other_schemes_are_refused() {
        assert_eq!(parse("ftp://h/"), Err(SyntaxError::Scheme("ftp".into())));
        assert_eq!(parse("mailto:a@b"), Err(SyntaxError::Scheme("mailto".into())));
    }

    #[test]
    fn any_fragment_is_refused_even_an_empty_one() {
        assert_eq!(parse("ws://h/#a"), Err(SyntaxError::Fragment));
        assert_eq!(parse("ws://h/#"), Err(SyntaxError::Fragment));
        assert!(parse("ws://h/%23").is_ok());
    }

    #[test]
    fn a_relative_url_needs_a_base() {
        for relative in ["/echo", "127.0.0.1:9001", ""] {
            let words = "the URL cannot be parsed: it is a relative one; an absolute one begins with ws:// or wss://";
            assert_eq!(parse(relative).unwrap_err().to_string(), words);
        }
        let url = SocketUrl::parse("/echo", Some("https://h/page?q#f")).unwrap();
        assert_eq!(url.as_str(), "wss://h/echo");
        assert!(SocketUrl::parse("", Some("http://h/a")).unwrap().as_str() == "ws://h/a");
    }

    #[test]
    fn spaces_in_a_host_are_refused() {
        assert!(matches!(parse("ws://foo bar.com/"), Err(SyntaxError::Url(_))));
    }

    #[test]
    fn authority_leaves_the_default_port_out_and_keeps_brackets() {
        let url = |text| SocketUrl::parse(text, None).unwrap();
        assert_eq!(url("ws://u:p@h:80/").authority(), "h");
        assert_eq!(url("wss://h:80/").authority(), "h:80");
        assert_eq!(url("ws://[::1]:9000/").authority(), "[::1]:9000");
        assert_eq!(url("ws://[::1]:9000/").host(), "[::1]");
        assert_eq!(url("ws://[::1]:9000/").address(), Some([0, 0, 0, 0, 0, 0, 0, 1].into()));
        assert_eq!(url("ws://127.1/").address(), Some([127, 0, 0, 1].into()));
        assert_eq!(url("ws://h/").address(), None);
        assert_eq!(url("ws://h/").port(), 80);
    }

    #[test]
    fn resource_name_has_the_query_unless_it_is_empty() {
        let name = |text| SocketUrl::parse(text, None).unwrap().resource_name().to_string();
        assert_eq!(name("ws://h"), "/");
        assert_eq!(name("ws://h/a/b?c=d?"), "/a/b?c=d?");
        assert_eq!(name("ws://h/a?"), "/a");
    }

    #[test]
    fn credentials_are_found() {
        let url = SocketUrl::parse("ws://us%20er:pa@h/", None).unwrap();
        assert_eq!(url.credentials(), Some(("us%20er", "pa")));
        assert_eq!(alloc::format!("{url:?}"), "SocketUrl(ws://h/)");
        assert_eq!(SocketUrl::parse("ws://h/", None).unwrap().credentials(), None);
    }
}
