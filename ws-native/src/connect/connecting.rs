//! From a URL to a transport, over tokio.

#[cfg(feature = "http2")]
mod http2;
#[cfg(not(feature = "http2"))]
#[path = "connecting/http1.rs"]
mod http2;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use ws_core::url::SocketUrl;

#[cfg(feature = "http2")]
pub use http2::Http2;

#[cfg(feature = "tls")]
use super::Tls;
use super::{ConnectError, ConnectOptions, Stage, Turn, addresses, eyeballs, proxy, turn};
use crate::Stream;
use crate::proto::{Answer, Request};

/// A client that may connect now.
#[derive(Debug)]
pub(crate) struct Connecting {
    url: SocketUrl,
    options: ConnectOptions,
    #[cfg_attr(not(feature = "http2"), expect(dead_code, reason = "over HTTP/1.1 it is the protocol that sends it"))]
    request: Request,
    proxy: Option<proxy::ProxyUrl>,
    /// The addresses of the server, or of the proxy.
    addresses: Vec<SocketAddr>,
    turn: Option<Turn>,
}

/// A transport to the server.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) stream: Stream,
    /// The server's answer, if the opening handshake was done over HTTP/2.
    pub(crate) answer: Option<Answer>,
    /// It is over when the opening handshake is.
    pub(crate) turn: Option<Turn>,
}

impl Connecting {
    /// Finds out where to connect to, and waits for the turn to do so.
    ///
    /// # Cancel safety
    /// Dropped, the place in the queue is given up.
    pub(crate) async fn prepare(
        url: SocketUrl,
        request: Request,
        options: ConnectOptions,
    ) -> Result<Self, ConnectError> {
        #[cfg(unix)]
        if options.unix_socket.is_some() {
            return Ok(Self { url, options, request, proxy: None, addresses: Vec::new(), turn: None });
        }
        let proxy = options.proxy.for_url(&url)?;
        let next = proxy.as_ref().map(|proxy| (proxy.host(), proxy.port()));
        let (host, port) = next.unwrap_or((url.host(), url.port()));
        let resolved = resolve(host, port, options.connect_timeout).await;
        let mut addresses = resolved.map_err(|error| on_the_way(proxy.as_ref(), error))?;
        match url.address() {
            _ if next.is_none() => addresses = options.allowed(&url, addresses)?,
            // It is known where the proxy will connect to.
            Some(address) => drop(options.allowed(&url, vec![SocketAddr::new(address, url.port())])?),
            None => {}
        }
        // "If the client cannot determine the IP address [...] (for example, because all communication is being done through
        // a proxy server that performs DNS queries itself), then the client MUST assume [...] that each host name refers to
        // a distinct remote host."
        let address = match addresses.first().filter(|_| next.is_none()) {
            Some(address) => address.to_string(),
            None => format!("{}:{}", url.host(), url.port()),
        };
        // As long as any socket may take.
        let limit = options.connect_timeout.saturating_add(options.tls_timeout);
        let limit = limit.saturating_add(options.config.handshake_timeout);
        let turn = if options.one_at_a_time { turn::wait(address, limit).await } else { None };
        Ok(Self { url, options, request, proxy, addresses, turn })
    }

    /// Opens the transport.
    ///
    /// # Cancel safety
    /// Dropped, nothing is left open but a connection of HTTP/2 that others may use.
    pub(crate) async fn open(self) -> Result<Opened, ConnectError> {
        if let Some((stream, answer)) = self.open_http2().await? {
            return Ok(Opened { stream, answer, turn: self.turn });
        }
        let stream = self.open_stream(false).await?;
        Ok(Opened { stream, answer: None, turn: self.turn })
    }

    /// Opens a byte stream to the server, on which HTTP/2 is offered or not.
    async fn open_stream(&self, http2: bool) -> Result<Stream, ConnectError> {
        let Self { url, options, .. } = self;
        let mut stream = self.open_plain().await?;
        if let Some(proxy) = &self.proxy {
            if proxy.is_secure() {
                stream = secure(proxy.host(), stream, options, false).await?;
            }
            stream = tunnel(proxy, stream, url, options).await?;
        }
        if url.is_secure() {
            stream = secure(url.host(), stream, options, http2).await?;
        }
        Ok(stream)
    }

    /// Connects to the server or the proxy.
    async fn open_plain(&self) -> Result<Stream, ConnectError> {
        let Self { options, addresses, .. } = self;
        let limit = options.connect_timeout;
        #[cfg(unix)]
        if let Some(path) = &options.unix_socket {
            let address = path.display().to_string();
            let connected =
                within(limit, Stage::Connect(address.clone()), tokio::net::UnixStream::connect(path)).await?;
            return connected.map(Stream::from).map_err(|source| ConnectError::Connect { address, source });
        }
        let address = addresses.first().map_or_else(String::new, ToString::to_string);
        let race = eyeballs::race(addresses, TcpStream::connect);
        let connected = within(limit, Stage::Connect(address.clone()), race).await?;
        let failed = |source| on_the_way(self.proxy.as_ref(), ConnectError::Connect { address, source });
        let stream = connected.map_err(failed)?;
        // A socket that cannot be set so serves all the same.
        let _ = stream.set_nodelay(options.nodelay);
        if let Some(idle) = options.tcp_keepalive {
            let _ = SockRef::from(&stream).set_tcp_keepalive(&TcpKeepalive::new().with_time(idle).with_interval(idle));
        }
        Ok(stream.into())
    }
}

/// The error, which is the proxy's if there is one: it is the proxy that was to be connected to.
fn on_the_way(proxy: Option<&proxy::ProxyUrl>, error: ConnectError) -> ConnectError {
    match (proxy, error) {
        (Some(proxy), error @ (ConnectError::Resolve { .. } | ConnectError::Connect { .. })) => {
            ConnectError::Proxy { proxy: proxy.to_string(), reason: error.to_string() }
        }
        (_, error) => error,
    }
}

/// The addresses of a host, in the order to try them.
async fn resolve(host: &str, port: u16, limit: Duration) -> Result<Vec<SocketAddr>, ConnectError> {
    let name = host.trim_start_matches('[').trim_end_matches(']');
    let found = within(limit, Stage::Resolve(host.into()), lookup_host((name, port))).await?;
    let addresses = found.map(addresses::interleave).and_then(|addresses| match addresses.is_empty() {
        true => Err(io::Error::new(io::ErrorKind::NotFound, "it has no address")),
        false => Ok(addresses),
    });
    addresses.map_err(|source| ConnectError::Resolve { host: host.into(), source })
}

/// Asks the proxy for a tunnel to the server.
async fn tunnel(
    proxy: &proxy::ProxyUrl,
    stream: Stream,
    url: &SocketUrl,
    options: &ConnectOptions,
) -> Result<Stream, ConnectError> {
    let limit = options.connect_timeout;
    let address = match proxy.wants_address() {
        true => options.allowed(url, resolve(url.host(), url.port(), limit).await?)?.first().copied(),
        false => None,
    };
    within(limit, Stage::Proxy(proxy.to_string()), proxy.tunnel(stream, url, address))
        .await?
        .map_err(|reason| ConnectError::Proxy { proxy: proxy.to_string(), reason })
}

/// Performs the TLS handshake with this host.
#[cfg(feature = "tls")]
async fn secure(host: &str, stream: Stream, options: &ConnectOptions, http2: bool) -> Result<Stream, ConnectError> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let failed = |source| ConnectError::tls(host, source);
    let tls = Tls::of(options).map_err(failed)?;
    #[cfg(feature = "http2")]
    let tls = if http2 { tls.with_http2() } else { tls.with_http1() };
    #[cfg(not(feature = "http2"))]
    let (tls, _) = (tls.with_http1(), http2);
    let limit = options.tls_timeout;
    match timeout(limit, tls.connect(host, stream)).await {
        Ok(outcome) => outcome.map_err(failed),
        Err(_) => Err(ConnectError::Timeout { stage: Stage::Tls(host.into()), limit, setting: "tls_timeout" }),
    }
}

#[cfg(not(feature = "tls"))]
async fn secure(_host: &str, _stream: Stream, _options: &ConnectOptions, _http2: bool) -> Result<Stream, ConnectError> {
    Err(ConnectError::NoTls)
}

async fn within<T>(limit: Duration, stage: Stage, work: impl Future<Output = T>) -> Result<T, ConnectError> {
    timeout(limit, work).await.map_err(|_| ConnectError::Timeout { stage, limit, setting: "connect_timeout" })
}
