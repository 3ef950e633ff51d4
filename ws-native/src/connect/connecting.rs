//! From a URL to a transport, over tokio.

#[cfg(feature = "http2")]
mod http2;
#[cfg(not(feature = "http2"))]
#[path = "connecting/without_http2.rs"]
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
#[cfg(unix)]
use super::unix;
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

/// What a TLS handshake offers to speak.
#[derive(Clone, Copy)]
enum Offer {
    Http1,
    /// And HTTP/1.1, if the server does not.
    #[cfg(feature = "http2")]
    Http2,
}

/// What came of the opening handshake over HTTP/2.
#[cfg_attr(not(feature = "http2"), expect(dead_code, reason = "it is not tried"))]
enum OverHttp2 {
    /// The server's answer, and the stream of this request.
    Answered(Stream, Answer),
    /// The server speaks HTTP/1.1 over this stream.
    Http1(Stream),
    /// It cannot be done, or is not wanted.
    NotTried,
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
    /// If it is dropped, nothing stays open but a connection of HTTP/2 that others may use.
    pub(crate) async fn open(self) -> Result<Opened, ConnectError> {
        let (stream, answer) = match self.open_http2().await? {
            OverHttp2::Answered(stream, answer) => (stream, Some(answer)),
            OverHttp2::Http1(stream) => (stream, None),
            OverHttp2::NotTried => (self.open_stream(Offer::Http1).await?, None),
        };
        Ok(Opened { stream, answer, turn: self.turn })
    }

    /// Opens a byte stream to the server.
    async fn open_stream(&self, offer: Offer) -> Result<Stream, ConnectError> {
        let Self { url, options, .. } = self;
        let mut stream = self.open_plain().await?;
        if let Some(proxy) = &self.proxy {
            if proxy.is_secure() {
                stream = secure(proxy.host(), stream, options, Offer::Http1).await?;
            }
            // A proxy that wants an address is asked for each of them, one after the other.
            let addresses = match proxy.wants_address() {
                true => options.allowed(url, resolve(url.host(), url.port(), options.connect_timeout).await?)?,
                false => Vec::new(),
            };
            stream = self.tunnel(proxy, stream, addresses).await?;
        }
        if url.is_secure() {
            stream = secure(url.host(), stream, options, offer).await?;
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
            let connected = within(limit, Stage::Connect(address.clone()), unix::connect(path)).await?;
            return connected.map(Stream::from).map_err(|source| ConnectError::Connect { address, source });
        }
        let address = addresses.first().map_or_else(String::new, ToString::to_string);
        let race = eyeballs::race(addresses, TcpStream::connect);
        let connected = within(limit, Stage::Connect(address.clone()), race).await?;
        let failed = |source| on_the_way(self.proxy.as_ref(), ConnectError::Connect { address, source });
        let stream = connected.map_err(failed)?;
        // A socket that does not take this option still works.
        let _ = stream.set_nodelay(options.nodelay);
        if let Some(idle) = options.tcp_keepalive {
            let _ = SockRef::from(&stream).set_tcp_keepalive(&TcpKeepalive::new().with_time(idle).with_interval(idle));
        }
        Ok(stream.into())
    }

    /// Asks the proxy, over this stream, for a tunnel to the first of the server's addresses that
    /// it gets through to.
    async fn tunnel(
        &self,
        proxy: &proxy::ProxyUrl,
        mut stream: Stream,
        addresses: Vec<SocketAddr>,
    ) -> Result<Stream, ConnectError> {
        let asking = async {
            let mut addresses = addresses.into_iter();
            let mut address = addresses.next();
            loop {
                let refused = match proxy.tunnel(stream, &self.url, address).await {
                    Ok(tunnel) => return Ok(tunnel),
                    Err(refused) => refused,
                };
                address = addresses.next().filter(|_| refused.is_for_address);
                if address.is_none() {
                    return Err(ConnectError::Proxy { proxy: proxy.to_string(), reason: refused.reason });
                }
                // RFC 1928, section 6: "When a reply (REP value other than X'00') indicates a failure, the SOCKS server MUST
                // terminate the TCP connection".
                stream = self.open_plain().await?;
            }
        };
        within(self.options.connect_timeout, Stage::Proxy(proxy.to_string()), asking).await?
    }
}

/// A proxy gives no tunnel.
#[derive(Debug)]
pub(super) struct NoTunnel {
    /// What it said.
    pub(super) reason: String,
    /// It does not get through to this address, but may get through to another.
    pub(super) is_for_address: bool,
}

/// The error; if there is a proxy, it is the proxy that could not be connected to.
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
    let name = addresses::without_brackets(host);
    let found = within(limit, Stage::Resolve(host.into()), lookup_host((name, port))).await?;
    let addresses = found.map(addresses::interleave).and_then(|addresses| match addresses.is_empty() {
        true => Err(io::Error::new(io::ErrorKind::NotFound, "it has no address")),
        false => Ok(addresses),
    });
    addresses.map_err(|source| ConnectError::Resolve { host: host.into(), source })
}

/// Performs the TLS handshake with this host.
#[cfg(feature = "tls")]
async fn secure(host: &str, stream: Stream, options: &ConnectOptions, offer: Offer) -> Result<Stream, ConnectError> {
    let host = addresses::without_brackets(host);
    let failed = |source| ConnectError::tls(host, source);
    let tls = Tls::of(options).map_err(failed)?;
    let tls = match offer {
        Offer::Http1 => tls.with_http1(),
        #[cfg(feature = "http2")]
        Offer::Http2 => tls.with_http2(),
    };
    let limit = options.tls_timeout;
    match timeout(limit, tls.connect(host, stream)).await {
        Ok(outcome) => outcome.map_err(failed),
        Err(_) => Err(ConnectError::Timeout { stage: Stage::Tls(host.into()), limit, setting: "tls_timeout" }),
    }
}

#[cfg(not(feature = "tls"))]
async fn secure(
    _host: &str,
    _stream: Stream,
    _options: &ConnectOptions,
    _offer: Offer,
) -> Result<Stream, ConnectError> {
    Err(ConnectError::NoTls)
}

async fn within<T>(limit: Duration, stage: Stage, work: impl Future<Output = T>) -> Result<T, ConnectError> {
    timeout(limit, work).await.map_err(|_| ConnectError::Timeout { stage, limit, setting: "connect_timeout" })
}

#[cfg(test)]
#[cfg(feature = "proxy")]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    /// What is left to ask a SOCKS server for when it has said this, and what came of it.
    async fn asked(replies: &'static [u8]) -> (Vec<u8>, Result<Stream, ConnectError>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move {
            let mut asked = Vec::new();
            for reply in replies {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (mut greeting, mut request) = ([0; 3], [0; 10]);
                stream.read_exact(&mut greeting).await.unwrap();
                stream.write_all(&[5, 0]).await.unwrap();
                stream.read_exact(&mut request).await.unwrap();
                assert_eq!(request[..7], [5, 1, 0, 1, 192, 0, 2]);
                asked.push(request[7]);
                stream.write_all(&[5, *reply, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
            }
            asked
        });
        let connecting = Connecting {
            url: SocketUrl::parse("ws://a.example/", None).unwrap(),
            options: ConnectOptions::default(),
            request: Request::new("a.example", "/", &[] as &[&str]).unwrap(),
            proxy: Some(format!("socks5://{address}").parse().unwrap()),
            addresses: vec![address],
            turn: None,
        };
        let addresses = [1, 2, 3].map(|last| (Ipv4Addr::new(192, 0, 2, last), 80).into()).to_vec();
        let stream = connecting.open_plain().await.unwrap();
        let outcome = connecting.tunnel(connecting.proxy.as_ref().unwrap(), stream, addresses).await;
        (serving.await.unwrap(), outcome)
    }

    #[tokio::test]
    async fn a_proxy_that_does_not_get_through_to_an_address_is_asked_for_the_next_one() {
        for refusal in [&[3, 0], &[4, 0], &[5, 0], &[6, 0], &[8, 0]] {
            let (asked, outcome) = asked(refusal).await;
            assert_eq!((asked, outcome.map(drop).map_err(|error| error.to_string())), (vec![1, 2], Ok(())));
        }
        // None is left.
        let (asked_for, outcome) = asked(&[4, 5, 3]).await;
        assert_eq!(asked_for, [1, 2, 3]);
        assert!(outcome.unwrap_err().to_string().ends_with("Network unreachable"));
        // It is not the address that it does not like.
        let (asked_for, outcome) = asked(&[2]).await;
        assert_eq!(asked_for, [1]);
        assert!(matches!(outcome, Err(ConnectError::Proxy { .. })));
    }
}
