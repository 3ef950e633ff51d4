//! What a client can be told beyond a URL.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ws_core::url::SocketUrl;
use ws_core::{Failure, FailureKind};

use super::ConnectError;
#[cfg(feature = "http2")]
use super::Http2;
use super::cookies::CookieJar;
use super::proxy::Proxy;
#[cfg(feature = "tls")]
use super::tls::Tls;
#[cfg(feature = "tokio")]
use crate::Tap;
use crate::policy::{self, Blocked, Origin, Policy, Target};
use crate::proto::{Config, Request};
use crate::sending::misuse;

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
    /// Headers of the opening handshake, such as Origin, User-Agent or Authorization; without the
    /// last, the URL's user name and password are sent. Headers of the handshake itself are
    /// refused, among them Sec-WebSocket-Protocol: it is made of the [`protocols`](Self::protocols).
    pub headers: Vec<(String, String)>,
    /// The URL that relative URLs are resolved against. Without one they are a syntax error.
    pub base_url: Option<String>,
    /// Limits, compression, and the deadlines of the protocol, including that of the whole opening
    /// handshake.
    pub config: Config,
    /// How long each of these may take: to resolve the host's name, to connect to one of its
    /// addresses, to get the proxy's answer. Default: 10 s.
    pub connect_timeout: Duration,
    /// How long the TLS handshake may take. Default: 10 s.
    pub tls_timeout: Duration,
    /// Sends what is written at once (`TCP_NODELAY`). Default: true.
    pub nodelay: bool,
    /// Sends TCP keep-alive probes when the connection was idle for this long. Default: none.
    pub tcp_keepalive: Option<Duration>,
    /// TLS for `wss`, and for a proxy whose URL says `https`. Default: with the platform's roots.
    #[cfg(feature = "tls")]
    pub tls: Option<Tls>,
    /// Goes over HTTP/2 where the server can, on shared connections; only for `wss`. Default: off. Clients of the module
    /// `blocking` go over HTTP/1.1.
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
    /// Where cookies come from, and go to. Default: nowhere, or where the policy says.
    pub cookies: Option<Arc<dyn CookieJar>>,
    /// For connections that scripts ask for: what they may connect to, and what is sent along, such
    /// as their origin. Default: none; a program may connect where it likes.
    pub policy: Option<Arc<dyn Policy + Send + Sync>>,
    /// Is shown the heads and frames of the connection, in both directions. Default: none, which
    /// costs nothing. Clients of the module `blocking` have no taps.
    #[cfg(feature = "tokio")]
    pub tap: Option<Arc<dyn Tap>>,
    /// Waits until no other socket of this program is connecting to the same address, as the
    /// standard says, but no longer than the three deadlines of connecting together. A program that
    /// opens thousands of connections to its own server may turn it off. Default: true.
    pub one_at_a_time: bool,
}

impl ConnectOptions {
    /// Where a program that gives this URL connects to, and with which request.
    pub(crate) fn target_of(&self, url: &str) -> Result<(SocketUrl, Request), Failure> {
        let target = Target::new(self, url, &self.protocols).map_err(misuse)?;
        target.request().map_err(|blocked| match blocked {
            Blocked::Request(error) => misuse(error),
            blocked => Failure::new(FailureKind::Policy, blocked),
        })
    }

    /// Leaves out the addresses that the policy does not allow.
    pub(crate) fn allowed(&self, url: &SocketUrl, addresses: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, ConnectError> {
        let first = addresses.first().map(SocketAddr::ip);
        let allowed: Vec<_> = addresses.into_iter().filter(|address| self.allows_address(url, address.ip())).collect();
        match first.filter(|_| allowed.is_empty()) {
            Some(address) => Err(Blocked::Address { host: url.host().into(), address }.into()),
            None => Ok(allowed),
        }
    }
}

/// A program may connect where it likes; one that runs scripts sets the [policy](ConnectOptions::policy) of their page.
impl Policy for ConnectOptions {
    fn base_url(&self) -> Option<String> {
        self.base_url.clone().or_else(|| self.policy.as_ref()?.base_url())
    }

    fn origin(&self) -> Origin {
        self.policy.as_ref().map_or(Origin::None, |policy| policy.origin())
    }

    fn blocks_port(&self, port: u16) -> bool {
        self.policy.as_ref().is_some_and(|policy| policy.blocks_port(port))
    }

    fn prohibits_mixed_content(&self) -> bool {
        self.policy.as_ref().is_some_and(|policy| policy.prohibits_mixed_content())
    }

    fn is_hsts_host(&self, host: &str) -> bool {
        self.policy.as_ref().is_some_and(|policy| policy.is_hsts_host(host))
    }

    fn allows(&self, url: &SocketUrl) -> bool {
        self.policy.as_ref().is_none_or(|policy| policy.allows(url))
    }

    fn allows_address(&self, url: &SocketUrl, address: IpAddr) -> bool {
        self.policy.as_ref().is_none_or(|policy| policy.allows_address(url, address))
    }

    fn cookies(&self, url: &SocketUrl) -> Option<String> {
        match &self.cookies {
            Some(jar) => jar.cookies(url),
            None => self.policy.as_ref()?.cookies(url),
        }
    }

    fn store_cookie(&self, url: &SocketUrl, set_cookie: &str) {
        match (&self.cookies, &self.policy) {
            (Some(jar), _) => jar.store(url, set_cookie),
            (None, Some(policy)) => policy.store_cookie(url, set_cookie),
            (None, None) => {}
        }
    }

    fn authorization(&self, url: &SocketUrl) -> Option<String> {
        match &self.policy {
            Some(policy) => policy.authorization(url),
            None => policy::basic_authorization(url),
        }
    }

    fn headers(&self, url: &SocketUrl) -> Vec<(String, String)> {
        let mut headers = self.headers.clone();
        if let Some(policy) = &self.policy {
            headers.extend(policy.headers(url));
        }
        headers
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
            tcp_keepalive: None,
            #[cfg(feature = "tls")]
            tls: None,
            #[cfg(feature = "http2")]
            http2: None,
            proxy: Proxy::Direct,
            #[cfg(unix)]
            unix_socket: None,
            cookies: None,
            policy: None,
            #[cfg(feature = "tokio")]
            tap: None,
            one_at_a_time: true,
        }
    }
}

/// Leaves out the values of headers: there may be secrets in them.
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
