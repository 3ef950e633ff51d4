//! What a client can be told beyond a URL.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use percent_encoding::percent_decode_str;
use ws_core::url::SocketUrl;

#[cfg(feature = "http2")]
use super::Http2;
use super::cookies::CookieJar;
use super::proxy::Proxy;
#[cfg(feature = "tls")]
use super::tls::Tls;
use crate::proto::{Config, Request, RequestError};

/// Settings of a client beyond what the standard's constructor takes.
///
/// ```no_run
/// use ws_native::{ConnectOptions, WebSocket};
/// let mut options = ConnectOptions::default();
/// options.headers.push(("Authorization".into(), "Bearer token".into()));
/// options.config.max_message = 1 << 20;
/// let socket = WebSocket::builder("wss://example.org/chat").options(options).connect()?;
/// # Ok::<(), ws_core::Error>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct ConnectOptions {
    /// Subprotocols, in order of preference; after those that the constructor is given.
    pub protocols: Vec<String>,
    /// Headers of the opening handshake, such as Origin, User-Agent or Authorization, which else comes from the user name
    /// and password of the URL. Those of the handshake itself are refused.
    pub headers: Vec<(String, String)>,
    /// The URL that relative URLs are resolved against. Without one they are a syntax error.
    pub base_url: Option<String>,
    /// Limits, compression, and the deadlines of the protocol, that of the whole opening handshake among them.
    pub config: Config,
    /// How long each of these may take: to learn the host's addresses, to connect to one of them, the proxy's answer.
    /// Default: 10 s.
    pub connect_timeout: Duration,
    /// How long the TLS handshake may take. Default: 10 s.
    pub tls_timeout: Duration,
    /// Sends what is written at once (`TCP_NODELAY`). Default: true.
    pub nodelay: bool,
    /// Asks the peer for a sign of life, by TCP, when the connection was idle for so long. Default: not.
    pub keepalive: Option<Duration>,
    /// TLS for `wss`. Default: with the platform's roots.
    #[cfg(feature = "tls")]
    pub tls: Option<Tls>,
    /// Goes over HTTP/2 where the server can, on connections that are shared: for `wss` alone. Default: not.
    #[cfg(feature = "http2")]
    pub http2: Option<Http2>,
    /// The proxy to go through. Default: none.
    #[cfg(feature = "proxy")]
    pub proxy: Proxy,
    #[cfg(not(feature = "proxy"))]
    pub(crate) proxy: Proxy,
    /// Connects to this Unix socket, whatever host the URL names; through no proxy.
    #[cfg(unix)]
    pub unix_socket: Option<PathBuf>,
    /// Where cookies come from, and go to. Default: nowhere.
    pub cookies: Option<Arc<dyn CookieJar>>,
    /// Waits until no other socket of this program is connecting to the same address, as the standard says, but no longer than
    /// the three deadlines of connecting together. A program that
    /// opens thousands to its own server may turn it off. Default: true.
    pub one_at_a_time: bool,
}

impl ConnectOptions {
    /// The request for this URL. Credentials in the URL authenticate, unless the program brings its own.
    pub(crate) fn request(&self, url: &SocketUrl, protocols: &[String]) -> Result<Request, RequestError> {
        let protocols: Vec<&String> = protocols.iter().chain(&self.protocols).collect();
        let mut request = Request::new(url.authority(), url.resource_name(), &protocols)?;
        if let Some((user, password)) = url.credentials().filter(|_| !self.has_header("Authorization")) {
            let mut pair: Vec<u8> = percent_decode_str(user).collect();
            pair.push(b':');
            pair.extend(percent_decode_str(password));
            request = request.header("Authorization", &format!("Basic {}", BASE64.encode(pair)))?;
        }
        if let Some(cookies) =
            self.cookies.as_ref().filter(|_| !self.has_header("Cookie")).and_then(|jar| jar.cookies(url))
        {
            request = request.header("Cookie", &cookies)?;
        }
        self.headers.iter().try_fold(request, |request, (name, value)| request.header(name, value))
    }

    fn has_header(&self, name: &str) -> bool {
        self.headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name))
    }
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            protocols: Vec::new(),
            headers: Vec::new(),
            base_url: None,
            config: Config::default(),
            connect_timeout: Duration::from_secs(10),
            tls_timeout: Duration::from_secs(10),
            nodelay: true,
            keepalive: None,
            #[cfg(feature = "tls")]
            tls: None,
            #[cfg(feature = "http2")]
            http2: None,
            proxy: Proxy::Direct,
            #[cfg(unix)]
            unix_socket: None,
            cookies: None,
            one_at_a_time: true,
        }
    }
}

/// Leaves out the values of headers, which may be secrets.
impl fmt::Debug for ConnectOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("ConnectOptions")
            .field("protocols", &self.protocols)
            .field("headers", &headers)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
