//! Proxies: which one a connection goes through, and how it is asked for a tunnel.

mod answer;
mod environment;

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use percent_encoding::percent_decode_str;
use tokio::io::AsyncWriteExt as _;
use tokio_socks::tcp::Socks5Stream;
use url::Url;
use ws_core::url::SocketUrl;

use answer::Answer;
use environment::Environment;

use super::ConnectError;
use super::connecting::NoTunnel;
use crate::stream::{Beneath, Stream};

/// The proxy that a client goes through.
///
/// ```
/// use ws_native::{ConnectOptions, Proxy};
/// let mut options = ConnectOptions::default();
/// options.proxy = Proxy::Environment;
/// options.proxy = Proxy::Through("http://user:password@proxy.example:3128".parse()?);
/// options.proxy = Proxy::Through("socks5h://127.0.0.1:1080".parse()?);
/// # Ok::<(), ws_native::ProxyUrlError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Proxy {
    /// None.
    #[default]
    Direct,
    /// The one that the environment names when the connection is made: `http_proxy` for `ws`,
    /// `https_proxy` for `wss`, otherwise `all_proxy`, but none for the hosts in `no_proxy`. A
    /// variable that is not set, or empty, may be set in capitals. They mean what they mean to
    /// curl, with two exceptions: `HTTP_PROXY` is used, too, unless the program is a CGI script,
    /// whose client could set it by a header; and the port of an `http` URL without one is 80,
    /// where curl takes 1080.
    Environment,
    /// This one.
    Through(ProxyUrl),
}

/// Where a proxy is, what it speaks, and the user name and password for it.
///
/// The schemes are `http` and `https` (the method CONNECT, over plain TCP or over TLS), `socks5` (the client resolves the
/// server's name) and `socks5h` (the proxy does). The default ports are 80, 443 and 1080. SOCKS takes a user name and a
/// password of 1 to 255 bytes each, or neither.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ProxyUrl {
    scheme: Scheme,
    host: String,
    port: u16,
    /// User name and password.
    credentials: Option<(String, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Scheme {
    Http,
    Https,
    Socks5,
    Socks5h,
}

/// A URL that names no proxy, or one with a user name and password that cannot be sent to it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{rule}, unlike {named:?}")]
pub struct ProxyUrlError {
    named: String,
    rule: &'static str,
}

const FORM: &str = "a proxy's URL begins with http, https, socks5 or socks5h and has a host";
/// RFC 1929, section 2: "+----+------+----------+------+----------+ |VER | ULEN | UNAME | PLEN | PASSWD | [...] | 1 | 1 | 1 to 255 | 1 |
/// 1 to 255 |".
const SOCKS_CREDENTIALS: &str =
    "the URL of a SOCKS proxy has a user name and a password of 1 to 255 bytes each, or neither";

impl ProxyUrlError {
    fn of(text: &str, rule: &'static str) -> Self {
        // What may be a password stays out of it.
        Self { named: text.rsplit_once('@').map_or(text, |(_, after)| after).into(), rule }
    }
}

impl FromStr for ProxyUrl {
    type Err = ProxyUrlError;

    fn from_str(text: &str) -> Result<Self, ProxyUrlError> {
        let error = || ProxyUrlError::of(text, FORM);
        let url = Url::parse(text).map_err(|_| error())?;
        let (scheme, port) = match url.scheme() {
            "http" => (Scheme::Http, 80),
            "https" => (Scheme::Https, 443),
            "socks5" => (Scheme::Socks5, 1080),
            "socks5h" => (Scheme::Socks5h, 1080),
            _ => return Err(error()),
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(error)?;
        let decode = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let credentials = (decode(url.username()), decode(url.password().unwrap_or_default()));
        let proxy = Self { scheme, host: host.into(), port: url.port().unwrap_or(port), credentials: None };
        proxy.with(Some(credentials))
    }
}

impl Proxy {
    /// The proxy on the way to this URL.
    ///
    /// # Errors
    /// [`ConnectError::Proxy`]: the environment names one that cannot be spoken to. To go without it would show to whom one
    /// goes.
    pub(crate) fn for_url(&self, url: &SocketUrl) -> Result<Option<ProxyUrl>, ConnectError> {
        match self {
            Self::Direct => Ok(None),
            Self::Environment => Environment::read().proxy(url),
            Self::Through(proxy) => Ok(Some(proxy.clone())),
        }
    }
}

impl ProxyUrl {
    /// With this user name and password, if they are not both empty.
    fn with(self, credentials: Option<(String, String)>) -> Result<Self, ProxyUrlError> {
        let credentials = credentials.filter(|(user, password)| !user.is_empty() || !password.is_empty());
        let is_socks = matches!(self.scheme, Scheme::Socks5 | Scheme::Socks5h);
        let fits = |text: &String| (1..=255).contains(&text.len());
        match &credentials {
            Some((user, password)) if is_socks && !(fits(user) && fits(password)) => {
                Err(ProxyUrlError::of(&self.to_string(), SOCKS_CREDENTIALS))
            }
            _ => Ok(Self { credentials, ..self }),
        }
    }

    /// The proxy's host; an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The proxy's port.
    pub fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn is_secure(&self) -> bool {
        self.scheme == Scheme::Https
    }

    /// Whether the client is to resolve the server's name for it.
    pub(super) fn wants_address(&self) -> bool {
        self.scheme == Scheme::Socks5
    }

    /// Asks for a tunnel to the server, over a stream to the proxy. `address` is the server's, if the proxy
    /// [wants](Self::wants_address) it.
    ///
    /// # Errors
    /// What the proxy said.
    pub(super) async fn tunnel(
        &self,
        stream: Stream,
        url: &SocketUrl,
        address: Option<SocketAddr>,
    ) -> Result<Stream, NoTunnel> {
        match self.scheme {
            Scheme::Http | Scheme::Https => {
                let tunnel = self.http_tunnel(stream, &format!("{}:{}", url.host(), url.port())).await;
                tunnel.map_err(|reason| NoTunnel { reason, is_for_address: false })
            }
            Scheme::Socks5 | Scheme::Socks5h => {
                let beneath = Beneath::of(&stream);
                let tunnel = match address {
                    Some(address) => self.socks_tunnel(stream, address).await,
                    None => match url.address() {
                        // An address in the URL has no name to resolve.
                        Some(address) => self.socks_tunnel(stream, SocketAddr::new(address, url.port())).await,
                        None => self.socks_tunnel(stream, (url.host(), url.port())).await,
                    },
                };
                match tunnel {
                    Ok(tunnel) => Ok(Stream::within(beneath, tunnel)),
                    Err(error) => {
                        let is_for_address = matches!(
                            error,
                            tokio_socks::Error::NetworkUnreachable
                                | tokio_socks::Error::HostUnreachable
                                | tokio_socks::Error::ConnectionRefused
                                | tokio_socks::Error::TtlExpired
                                | tokio_socks::Error::AddressTypeNotSupported
                        );
                        Err(NoTunnel { reason: error.to_string(), is_for_address })
                    }
                }
            }
        }
    }

    /// [RFC 1928](https://datatracker.ietf.org/doc/html/rfc1928).
    async fn socks_tunnel<'t>(
        &self,
        stream: Stream,
        target: impl tokio_socks::IntoTargetAddr<'t>,
    ) -> Result<Socks5Stream<Stream>, tokio_socks::Error> {
        match &self.credentials {
            None => Socks5Stream::connect_with_socket(stream, target).await,
            Some((user, password)) => {
                Socks5Stream::connect_with_password_and_socket(stream, target, user, password).await
            }
        }
    }

    /// [RFC 9110, section 9.3.6](https://datatracker.ietf.org/doc/html/rfc9110#section-9.3.6).
    async fn http_tunnel(&self, mut stream: Stream, target: &str) -> Result<Stream, String> {
        let mut head = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
        if let Some((user, password)) = &self.credentials {
            let pair = BASE64.encode(format!("{user}:{password}"));
            head.push_str(&format!("Proxy-Authorization: Basic {pair}\r\n"));
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes()).await.map_err(|error| error.to_string())?;
        stream.flush().await.map_err(|error| error.to_string())?;
        let answer = Answer::read(&mut stream).await.map_err(|error| error.to_string())?;
        match answer.status {
            200..=299 => Ok(stream),
            407 => Err(format!("it answered with status 407: {}", self.unauthenticated(&answer))),
            status => Err(format!("it answered with status {status}")),
        }
    }

    /// What a proxy wants that answers with status 407.
    fn unauthenticated(&self, answer: &Answer) -> String {
        match (&answer.other_schemes, &self.credentials) {
            (Some(schemes), _) => format!("it wants {schemes}, and only Basic is spoken here"),
            (None, None) => "it wants a user name and a password, which its URL can have".into(),
            (None, Some(_)) => "it does not take this user name and password".into(),
        }
    }
}

/// Host and port.
impl fmt::Display for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// Leaves user name and password out.
impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProxyUrl({:?} {self})", self.scheme)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> (Scheme, String, Option<(String, String)>) {
        let proxy: ProxyUrl = text.parse().unwrap();
        (proxy.scheme, proxy.to_string(), proxy.credentials)
    }

    #[test]
    fn a_url_says_what_the_proxy_speaks_and_where_it_is() {
        assert_eq!(parse("http://proxy"), (Scheme::Http, "proxy:80".into(), None));
        assert_eq!(parse("https://proxy:8443/"), (Scheme::Https, "proxy:8443".into(), None));
        assert_eq!(parse("socks5://[::1]"), (Scheme::Socks5, "[::1]:1080".into(), None));
        let pair = Some(("a@b".into(), "c:d".into()));
        assert_eq!(parse("http://:pass@h").2, Some((String::new(), "pass".into())));
        assert_eq!(parse("socks5h://a%40b:c%3Ad@h:1"), (Scheme::Socks5h, "h:1".into(), pair));
    }

    #[test]
    fn what_names_no_proxy_is_refused_without_its_password() {
        for text in ["ftp://user:secret@h", "proxy:3128", "http://", "://user:secret@h"] {
            let error = text.parse::<ProxyUrl>().unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
