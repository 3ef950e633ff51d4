//! What stands between a script and the network: the Fetch side of connecting,
//! <https://websockets.spec.whatwg.org/#websocket-opening-handshake>.

mod bad_port;
mod forbidden_header;

use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use percent_encoding::percent_decode_str;
use ws_core::url::SocketUrl;
use ws_core::{Error, SyntaxError};

use crate::proto::{Headers, Request, RequestError};

pub use bad_port::is_bad_port;
pub use forbidden_header::is_forbidden_header;

/// What a script may connect to, and what is sent along: the settings of its page or worker. Every method has the standard's
/// default for a script that came from nowhere; a host overrides those that its scripts differ in.
///
/// A connection that is refused fails as any other does: asynchronously, with `error` and `close`
/// with code 1006, and without a reason that the script could see. The host finds it in
/// [`Session::failure`](crate::Session::failure). Redirects are never followed, and there is
/// nothing to set.
///
/// ```
/// use ws_native::policy::{Origin, Policy};
///
/// /// Scripts of one page, which may connect to its own host.
/// #[derive(Debug)]
/// struct Page;
///
/// impl Policy for Page {
///     fn base_url(&self) -> Option<String> {
///         Some("https://example.org/app/".into())
///     }
///     fn origin(&self) -> Origin {
///         Origin::Tuple("https://example.org".into())
///     }
///     fn allows(&self, url: &ws_native::SocketUrl) -> bool {
///         url.host() == "example.org"
///     }
/// }
///
/// let target = Page.target("../echo", &["v1"])?;
/// assert_eq!(target.url().as_str(), "wss://example.org/echo");
/// assert!(target.request().is_ok());
/// assert!(Page.target("wss://example.com", &[])?.request().is_err(), "not for this page");
/// assert!(Page.target("ws://example.org", &[])?.request().is_err(), "mixed content");
/// assert!(Page.target("ftp://example.org", &[]).is_err(), "what the constructor throws");
/// # Ok::<(), ws_core::Error>(())
/// ```
pub trait Policy: fmt::Debug {
    /// The API base URL, which relative URLs are resolved against. Default: none, so that they are a syntax error.
    fn base_url(&self) -> Option<String> {
        None
    }

    /// The origin of the script, for the Origin header. Default: none, and no header.
    fn origin(&self) -> Origin {
        Origin::None
    }

    /// Whether nothing may be connected to on this port. Default: [`is_bad_port`].
    fn blocks_port(&self, port: u16) -> bool {
        is_bad_port(port)
    }

    /// Whether the script may not use connections that are not secure. Default: if it came over `https`.
    fn prohibits_mixed_content(&self) -> bool {
        // Deviation: by the letter the origin would only have to be potentially trustworthy, as
        // that of a loopback address is over http, too. Browsers look at the scheme.
        matches!(self.origin(), Origin::Tuple(origin) if origin.starts_with("https://"))
    }

    /// Whether this host is known to want only secure connections (HSTS): `ws` then becomes `wss`.
    /// Default: no.
    fn is_hsts_host(&self, _host: &str) -> bool {
        false
    }

    /// Whether the script may connect to this URL: `connect-src` of its Content Security Policy, or the host's own rules.
    /// Default: yes.
    fn allows(&self, _url: &SocketUrl) -> bool {
        true
    }

    /// Whether the script may connect to this address of the URL's host. This guards against names
    /// that lead into the program's own network. Not asked where a proxy resolves the name.
    /// Default: yes.
    fn allows_address(&self, _url: &SocketUrl, _address: IpAddr) -> bool {
        true
    }

    /// The value of the Cookie header for this URL. Default: none.
    fn cookies(&self, _url: &SocketUrl) -> Option<String> {
        None
    }

    /// Takes the value of a Set-Cookie header in the answer from this URL. Default: it is thrown away.
    fn store_cookie(&self, _url: &SocketUrl, _set_cookie: &str) {}

    /// The value of the Authorization header for this URL. Default: user name and password of the URL, by the scheme Basic.
    fn authorization(&self, url: &SocketUrl) -> Option<String> {
        basic_authorization(url)
    }

    /// Headers that the host adds, such as User-Agent and Accept-Language. Default: none.
    fn headers(&self, _url: &SocketUrl) -> Vec<(String, String)> {
        Vec::new()
    }

    /// The constructor's steps for its arguments, with everything that can throw: what a new socket
    /// is to be connected to.
    ///
    /// # Errors
    /// [`Error::Syntax`], for the URL before the subprotocols.
    fn target(&self, url: &str, protocols: &[&str]) -> Result<Target<'_>, Error>
    where
        Self: Sized,
    {
        Target::new(self, url, protocols)
    }

    /// Hands all cookies of the answer to an opening handshake, even of a refusal, to
    /// [`store_cookie`](Self::store_cookie).
    fn store_cookies(&self, url: &SocketUrl, answer: &Headers) {
        for value in answer.get_all("Set-Cookie") {
            if let Ok(value) = core::str::from_utf8(value) {
                self.store_cookie(url, value);
            }
        }
    }
}

/// Where a script comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// A serialized origin, such as `https://example.org`.
    Tuple(String),
    /// An opaque origin, which equals no other, such as that of a sandboxed page: `null`.
    Opaque,
    /// There is no origin, because the program is no page.
    #[default]
    None,
}

impl Origin {
    /// The origin of a URL.
    ///
    /// ```
    /// use ws_native::policy::Origin;
    /// assert_eq!(Origin::of("https://example.org:443/app"), Origin::Tuple("https://example.org".into()));
    /// assert_eq!(Origin::of("data:,"), Origin::Opaque);
    /// ```
    pub fn of(url: &str) -> Self {
        match url::Url::parse(url).map(|url| url.origin()) {
            Ok(origin) if origin.is_tuple() => Self::Tuple(origin.ascii_serialization()),
            _ => Self::Opaque,
        }
    }

    /// The value of the Origin header, if there is to be one.
    pub fn header(&self) -> Option<&str> {
        match self {
            Self::Tuple(origin) => Some(origin),
            Self::Opaque => Some("null"),
            Self::None => None,
        }
    }
}

/// Why a script may not connect. For the host, never for the script.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Blocked {
    /// Other protocols are spoken there: see [`is_bad_port`].
    #[error("port {0} is blocked, for other protocols are spoken there")]
    Port(u16),
    /// A script that came over a secure connection asked for one that is not.
    #[error("the script came over a secure connection, and {0} would not be one: use wss")]
    MixedContent(String),
    /// [`Policy::allows`] said no.
    #[error("the script may not connect to {0}")]
    Url(String),
    /// [`Policy::allows_address`] said no to every address of the host.
    #[error("the script may not connect to {host}, whose address is {address}")]
    Address {
        /// The host's name.
        host: String,
        /// The first of its addresses.
        address: IpAddr,
    },
    /// What the policy adds cannot be written as a header.
    #[error(transparent)]
    Request(#[from] RequestError),
}

/// What a new socket is to be connected to.
#[derive(Debug)]
pub struct Target<'a> {
    policy: &'a dyn Policy,
    url: SocketUrl,
    protocols: Vec<String>,
}

impl<'a> Target<'a> {
    /// As [`Policy::target`].
    ///
    /// # Errors
    /// [`Error::Syntax`], for the URL before the subprotocols.
    pub fn new<S: AsRef<str>>(policy: &'a dyn Policy, url: &str, protocols: &[S]) -> Result<Self, Error> {
        let url = SocketUrl::parse(url, policy.base_url().as_deref())?;
        ws_core::subprotocol::validate(protocols)?;
        let protocols: Vec<String> = protocols.iter().map(|protocol| protocol.as_ref().to_owned()).collect();
        // The only other thing that can be wrong is a host that cannot be written in a Host header.
        Request::new(url.authority(), url.resource_name(), &protocols)
            .map_err(|error| Error::Syntax(SyntaxError::Host(format!("{error}"))))?;
        Ok(Self { policy, url, protocols })
    }

    /// The URL of the socket: its `url` attribute, and the origin of its message events.
    pub fn url(&self) -> &SocketUrl {
        &self.url
    }

    /// The URL to connect to, and the request to send: "establish a WebSocket connection" as far as the network.
    ///
    /// # Errors
    /// [`Blocked`]: fail the connection with it, by [`Session::refuse`](crate::Session::refuse).
    pub fn request(&self) -> Result<(SocketUrl, Request), Blocked> {
        let policy = self.policy;
        let asked = &self.url;
        // Fetch, main fetch: "If should request be blocked due to a bad port, should fetching request be blocked as mixed
        // content, should request be blocked by Content Security Policy [...] returns blocked, then set response to a network
        // error."
        if policy.blocks_port(asked.port()) {
            return Err(Blocked::Port(asked.port()));
        }
        if policy.prohibits_mixed_content() && !is_potentially_trustworthy(asked) {
            return Err(Blocked::MixedContent(asked.host().into()));
        }
        if !policy.allows(asked) {
            // This is for a log: without the password, and without the query, which may have
            // secrets in it.
            let path = asked.resource_name().split('?').next().unwrap_or_default();
            return Err(Blocked::Url(format!("{}{path}", asked.origin())));
        }
        // "If all of the following conditions are true: request's current URL's scheme is "http"; request's current URL's host
        // is a domain; [it is not localhost]; matching request's current URL's host per Known HSTS Host Domain Name Matching
        // results in [a match]; then set request's current URL's scheme to "https"."
        let is_domain = asked.address().is_none() && !is_localhost(asked.host());
        let url = match is_domain && policy.is_hsts_host(asked.host()) {
            true => asked.to_secure(),
            false => asked.clone(),
        };
        let mut request = Request::new(url.authority(), url.resource_name(), &self.protocols)?;
        let added = policy.headers(&url);
        let own = [
            ("Origin", policy.origin().header().map(str::to_owned)),
            ("Authorization", policy.authorization(&url)),
            ("Cookie", policy.cookies(&url)),
        ];
        for (name, value) in own {
            let is_given = added.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
            if let Some(value) = value.filter(|_| !is_given) {
                request = request.header(name, &value)?;
            }
        }
        for (name, value) in &added {
            request = request.header(name, value)?;
        }
        Ok((url, request))
    }
}

/// [RFC 7617](https://datatracker.ietf.org/doc/html/rfc7617#section-2): user-id and password, joined by a colon, in Base64.
pub(crate) fn basic_authorization(url: &SocketUrl) -> Option<String> {
    let (user, password) = url.credentials()?;
    let mut pair: Vec<u8> = percent_decode_str(user).collect();
    pair.push(b':');
    pair.extend(percent_decode_str(password));
    Some(format!("Basic {}", BASE64.encode(pair)))
}

/// Whether the URL is potentially trustworthy: secure, or of this machine.
///
/// <https://w3c.github.io/webappsec-secure-contexts/#potentially-trustworthy-url>
fn is_potentially_trustworthy(url: &SocketUrl) -> bool {
    url.is_secure() || url.address().is_some_and(|address| address.is_loopback()) || is_localhost(url.host())
}

fn is_localhost(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;
    use alloc::vec;

    #[derive(Debug, Default)]
    struct Page {
        origin: Origin,
        headers: Vec<(String, String)>,
        hsts: bool,
    }

    impl Policy for Page {
        fn origin(&self) -> Origin {
            self.origin.clone()
        }
        fn headers(&self, _: &SocketUrl) -> Vec<(String, String)> {
            self.headers.clone()
        }
        fn is_hsts_host(&self, host: &str) -> bool {
            self.hsts && host == "h"
        }
        fn cookies(&self, url: &SocketUrl) -> Option<String> {
            url.is_secure().then(|| "a=1".into())
        }
    }

    fn page(origin: &str) -> Page {
        Page { origin: Origin::Tuple(origin.into()), ..Page::default() }
    }

    fn headers(page: &Page, url: &str) -> Vec<(String, String)> {
        let (_, request) = page.target(url, &[]).unwrap().request().unwrap();
        let config = crate::proto::Config { compression: None, ..crate::proto::Config::default() };
        let headers = request.http2_headers(&config).split_off(3);
        headers.into_iter().map(|(name, value)| (name, String::from_utf8(value).unwrap())).collect()
    }

    fn refusal(page: &Page, url: &str) -> Option<Blocked> {
        page.target(url, &[]).unwrap().request().err()
    }

    #[test]
    fn bad_ports_are_blocked_by_either_scheme() {
        assert_eq!(refusal(&Page::default(), "ws://h:25/"), Some(Blocked::Port(25)));
        assert_eq!(refusal(&Page::default(), "wss://h:6000/"), Some(Blocked::Port(6000)));
        assert_eq!(refusal(&Page::default(), "ws://h:6001/"), None);
    }

    #[test]
    fn scripts_that_came_over_https_need_wss_but_on_this_machine() {
        let secure = page("https://h");
        assert_eq!(refusal(&secure, "ws://h/"), Some(Blocked::MixedContent("h".to_string())));
        for url in ["wss://h/", "ws://127.8.0.1/", "ws://[::1]/", "ws://localhost/", "ws://a.localhost/"] {
            assert_eq!(refusal(&secure, url), None, "{url}");
        }
        assert_eq!(refusal(&page("http://h"), "ws://h/"), None);
    }

    #[test]
    fn a_host_that_wants_tls_gets_it_once_nothing_blocks() {
        let page = Page { hsts: true, ..Page::default() };
        let target = page.target("ws://h:8080/a", &[]).unwrap();
        assert_eq!(target.url().as_str(), "ws://h:8080/a", "what the script sees");
        assert_eq!(target.request().unwrap().0.as_str(), "wss://h:8080/a");
        assert_eq!(page.target("ws://i/", &[]).unwrap().request().unwrap().0.as_str(), "ws://i/");
        let secure = Page { hsts: true, ..self::page("https://h") };
        assert_eq!(refusal(&secure, "ws://h/"), Some(Blocked::MixedContent("h".to_string())), "as Fetch has it");
    }

    #[test]
    fn addresses_and_this_machine_are_no_hosts_that_want_tls() {
        #[derive(Debug)]
        struct All;
        impl Policy for All {
            fn is_hsts_host(&self, _: &str) -> bool {
                true
            }
        }
        for (asked, connected) in [
            ("ws://h/", "wss://h/"),
            ("ws://127.0.0.1/", "ws://127.0.0.1/"),
            ("ws://[::1]/", "ws://[::1]/"),
            ("ws://localhost/", "ws://localhost/"),
        ] {
            assert_eq!(All.target(asked, &[]).unwrap().request().unwrap().0.as_str(), connected);
        }
    }

    #[test]
    fn headers_follow_from_page_and_url_unless_the_host_gives_them() {
        let own = |name: &str, value: &str| (name.to_string(), value.to_string());
        assert_eq!(headers(&Page::default(), "ws://h/"), []);
        assert_eq!(
            headers(&page("http://p"), "wss://u%40:p@h/"),
            [own("origin", "http://p"), own("authorization", "Basic dUA6cA=="), own("cookie", "a=1")]
        );
        assert_eq!(headers(&Page { origin: Origin::Opaque, ..Page::default() }, "ws://h/"), [own("origin", "null")]);
        let given = Page { headers: vec![own("ORIGIN", "http://q"), own("User-Agent", "u")], ..page("http://p") };
        assert_eq!(headers(&given, "ws://h/"), [own("origin", "http://q"), own("user-agent", "u")]);
    }

    #[test]
    fn a_header_that_cannot_be_written_blocks() {
        let page = Page { headers: vec![("A".to_string(), "b\r\nC: d".to_string())], ..Page::default() };
        assert_eq!(refusal(&page, "ws://h/"), Some(Blocked::Request(RequestError::Header("A".to_string()))));
    }

    #[test]
    fn the_constructor_throws_for_the_url_first() {
        let page = Page::default();
        assert!(matches!(page.target("/", &["a", "a"]), Err(Error::Syntax(SyntaxError::Url(_)))));
        assert!(matches!(
            page.target("ws://h/", &["a", "a"]),
            Err(Error::Syntax(SyntaxError::DuplicateSubprotocol(_)))
        ));
    }
}
