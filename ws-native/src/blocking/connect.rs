//! From a URL to an open connection, with a thread that waits.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
#[cfg(unix)]
use std::os::{fd::OwnedFd, unix::net::UnixStream};
#[cfg(unix)]
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

#[cfg(unix)]
use socket2::{Domain, SockAddr, Socket, Type};
use socket2::{SockRef, TcpKeepalive};
use ws_core::Failure;
use ws_core::url::SocketUrl;

use super::wire::uninterrupted;
use super::{Connection, Stream, turn};
use crate::connect::{interleave, keep};
use crate::proto::{self, Phase, Request};
use crate::sending::misuse;
use crate::{ConnectError, ConnectOptions, Stage};

impl Connection {
    /// Connects to a server: resolves its name, opens a transport to it, with TLS for `wss`, and performs the client's half of
    /// the opening handshake.
    ///
    /// The addresses of a host are tried one after the other, IPv6 and IPv4 in turn; each may take
    /// an equal share of what is left of [`connect_timeout`](ConnectOptions::connect_timeout).
    ///
    /// # Errors
    /// [`Failure`]: the URL or an option is not valid or cannot be had here, such as a proxy
    /// ([`Misuse`](ws_core::FailureKind::Misuse)), no transport could be had (its [`cause`](Failure::cause) is a
    /// [`ConnectError`]), or what [`client`](Self::client) says.
    pub fn connect(url: &str, options: &ConnectOptions) -> Result<Self, Failure> {
        let (url, request) = options.target_of(url)?;
        let connected = open(&url, options, request);
        keep(options, &url, connected.as_ref().map(Self::established));
        connected
    }
}

fn open(url: &SocketUrl, options: &ConnectOptions, request: Request) -> Result<Connection, Failure> {
    #[cfg(unix)]
    if let Some(path) = &options.unix_socket {
        let handshake = Handshake::begin(url, options);
        return handshake.perform(handshake.connect_unix(path)?.into(), request);
    }
    if let Some(proxy) = options.proxy.for_url(url)? {
        let reason = "a blocking connection goes through none".into();
        return Err(misuse(ConnectError::Proxy { proxy: proxy.to_string(), reason }));
    }
    let addresses = options.allowed(url, resolve(url, options.connect_timeout)?)?;
    // As long as any connection may take.
    let limit = options.connect_timeout.saturating_add(options.tls_timeout);
    let limit = limit.saturating_add(options.config.handshake_timeout);
    let _turn = addresses.first().filter(|_| options.one_at_a_time).map(|address| turn::wait(*address, limit));
    let handshake = Handshake::begin(url, options);
    let stream = handshake.connect(&addresses)?;
    // A socket that does not take this option still works.
    let _ = stream.set_nodelay(options.nodelay);
    if let Some(idle) = options.tcp_keepalive {
        let _ = SockRef::from(&stream).set_tcp_keepalive(&TcpKeepalive::new().with_time(idle).with_interval(idle));
    }
    handshake.perform(stream.into(), request)
}

/// The addresses of the URL's host, in the order to try them.
fn resolve(url: &SocketUrl, limit: Duration) -> Result<Vec<SocketAddr>, ConnectError> {
    if let Some(address) = url.address() {
        return Ok(vec![SocketAddr::new(address, url.port())]);
    }
    let (host, port) = (url.host().to_owned(), url.port());
    let (sender, receiver) = mpsc::channel();
    // The system cannot be told how long to resolve a name: a thread does that, for as long as it
    // takes.
    let looking = thread::Builder::new().name("ws-native resolve".into()).spawn(move || {
        let _ = sender.send((host.as_str(), port).to_socket_addrs().map(interleave));
    });
    let found = match looking.map(|_| receiver.recv_timeout(limit)) {
        Err(source) => Err(source),
        Ok(Ok(Ok(addresses))) if addresses.is_empty() => Err(io::Error::new(ErrorKind::NotFound, "it has no address")),
        Ok(Ok(found)) => found,
        Ok(Err(_)) => {
            let stage = Stage::Resolve(url.host().into());
            return Err(ConnectError::Timeout { stage, limit, setting: "connect_timeout" });
        }
    };
    found.map_err(|source| ConnectError::Resolve { host: url.host().into(), source })
}

/// An opening handshake, including the transport's own, and the time that it may take.
struct Handshake<'h> {
    url: &'h SocketUrl,
    options: &'h ConnectOptions,
    start: Instant,
    end: Option<Instant>,
}

impl<'h> Handshake<'h> {
    fn begin(url: &'h SocketUrl, options: &'h ConnectOptions) -> Self {
        let start = Instant::now();
        Self { url, options, start, end: start.checked_add(options.config.handshake_timeout) }
    }

    /// When a stage has to end that begins now and may take this long.
    fn deadline(&self, limit: Duration) -> Option<Instant> {
        [Instant::now().checked_add(limit), self.end].into_iter().flatten().min()
    }

    /// What has taken too long: the stage, or the handshake as a whole.
    fn timeout(&self, stage: Stage, limit: Duration, setting: &'static str) -> Failure {
        match self.end {
            Some(end) if end <= Instant::now() => proto::Error::Timeout(Phase::Handshake).into(),
            _ => ConnectError::Timeout { stage, limit, setting }.into(),
        }
    }

    /// Connects to the first of the addresses that answers.
    fn connect(&self, addresses: &[SocketAddr]) -> Result<TcpStream, Failure> {
        let limit = self.options.connect_timeout;
        let deadline = self.deadline(limit);
        let mut failure = io::Error::from(ErrorKind::NotFound);
        for (tried, address) in addresses.iter().enumerate() {
            let share = deadline.map(|deadline| {
                let left = deadline.saturating_duration_since(Instant::now()).as_nanos();
                let share = left / (addresses.len() - tried) as u128;
                Duration::from_nanos(u64::try_from(share).unwrap_or(u64::MAX))
            });
            let connected = match share {
                None => TcpStream::connect(address),
                Some(Duration::ZERO) => Err(ErrorKind::TimedOut.into()),
                Some(share) => TcpStream::connect_timeout(address, share),
            };
            match connected {
                Ok(stream) => return Ok(stream),
                Err(error) => failure = error,
            }
        }
        let address = addresses.first().map_or_else(String::new, ToString::to_string);
        match deadline {
            Some(deadline) if deadline <= Instant::now() => {
                Err(self.timeout(Stage::Connect(address), limit, "connect_timeout"))
            }
            _ => Err(ConnectError::Connect { address, source: failure }.into()),
        }
    }

    /// Connects to a Unix socket. A server that does not accept makes its clients wait; the time-out
    /// for writing also holds for connecting.
    #[cfg(unix)]
    fn connect_unix(&self, path: &Path) -> Result<UnixStream, Failure> {
        let limit = self.options.connect_timeout;
        let deadline = self.deadline(limit);
        let connect = || {
            let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
            let address = SockAddr::unix(path)?;
            uninterrupted(|| {
                if let Some(deadline) = deadline {
                    let left = deadline.saturating_duration_since(Instant::now());
                    // The system counts in microseconds, and takes zero for no time-out.
                    if left.is_zero() {
                        return Err(ErrorKind::WouldBlock.into());
                    }
                    let left = left.saturating_add(Duration::from_micros(1)).min(Duration::from_secs(u32::MAX.into()));
                    socket.set_write_timeout(Some(left))?;
                }
                socket.connect(&address)
            })?;
            socket.set_write_timeout(None)?;
            Ok(UnixStream::from(OwnedFd::from(socket)))
        };
        connect().map_err(|source: io::Error| {
            let address = path.display().to_string();
            match source.kind() {
                ErrorKind::WouldBlock => self.timeout(Stage::Connect(address), limit, "connect_timeout"),
                _ => ConnectError::Connect { address, source }.into(),
            }
        })
    }

    /// Performs the handshakes over a stream that is connected.
    fn perform(&self, stream: Stream, request: Request) -> Result<Connection, Failure> {
        let stream = if self.url.is_secure() { self.secure(stream)? } else { stream };
        Connection::client_since(self.start, stream, request, self.options.config.clone())
    }

    #[cfg(feature = "tls")]
    fn secure(&self, stream: Stream) -> Result<Stream, Failure> {
        let host = crate::connect::without_brackets(self.url.host());
        let limit = self.options.tls_timeout;
        let deadline = self.deadline(limit);
        let secured = crate::Tls::of(self.options).and_then(|tls| super::tls::connect(&tls, host, stream, deadline));
        secured.map_err(|error| match deadline {
            Some(deadline) if deadline <= Instant::now() => self.timeout(Stage::Tls(host.into()), limit, "tls_timeout"),
            _ => ConnectError::tls(host, error).into(),
        })
    }

    #[cfg(not(feature = "tls"))]
    fn secure(&self, _stream: Stream) -> Result<Stream, Failure> {
        Err(ConnectError::NoTls.into())
    }
}
