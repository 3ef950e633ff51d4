//! Accepting connections: [RFC 6455, section 4.2](https://datatracker.ietf.org/doc/html/rfc6455#section-4.2).

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
#[cfg(unix)]
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use ws_core::{Failure, FailureKind};

use super::connection::would_block;
use super::{Connection, Stream, Timed};
use crate::Origins;
use crate::ending::failure_of;
use crate::origin::PAGE_REFUSED;
use crate::proto::{self, Config, Event, IncomingRequest};
#[cfg(feature = "tls")]
use crate::rustls::ServerConfig;
use crate::sending::misuse;

/// A listener whose clients are WebSockets, each for a thread of the program's to serve: see the [module](super).
#[derive(Debug)]
pub struct Server {
    listener: Listener,
    settings: Arc<Settings>,
}

#[derive(Debug)]
enum Listener {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
}

/// What is the same for all connections of a server.
#[derive(Clone, Debug, Default)]
struct Settings {
    config: Arc<Config>,
    origins: Origins,
    #[cfg(feature = "tls")]
    tls: Option<Arc<ServerConfig>>,
}

/// A transport that a client has opened, before anything was read from it.
#[derive(Debug)]
pub struct Accepted {
    stream: Stream,
    settings: Arc<Settings>,
}

/// A client's request, to be accepted or refused. Dropped without an answer, the transport is ended.
#[derive(Debug)]
pub struct Incoming<S = Stream> {
    connection: Connection<S>,
    request: Arc<IncomingRequest>,
}

impl Server {
    /// Listens on this address.
    ///
    /// # Errors
    /// What the system says, such as that the port is in use.
    pub fn bind(address: impl ToSocketAddrs) -> io::Result<Self> {
        Ok(TcpListener::bind(address)?.into())
    }

    fn new(listener: Listener) -> Self {
        Self { listener, settings: Arc::default() }
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.settings));
        self
    }

    /// Uses these bounds for the connections accepted from now on.
    #[must_use]
    pub fn config(self, config: impl Into<Arc<Config>>) -> Self {
        self.with(|settings| settings.config = config.into())
    }

    /// Takes requests from these pages; others are refused with status 403. Default:
    /// [`Origins::SameHost`].
    #[must_use]
    pub fn origins(self, origins: Origins) -> Self {
        self.with(|settings| settings.origins = origins)
    }

    /// Speaks TLS: with an [`Identity`](crate::Identity), by its
    /// [`into_server_config`](crate::Identity::into_server_config), or with any other configuration of rustls, but for its ALPN:
    /// of that HTTP/1.1 is used.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(self, config: impl Into<Arc<ServerConfig>>) -> Self {
        self.with(|settings| settings.tls = Some(crate::connect::tls::server_with_http1(config.into())))
    }

    /// The address it listens on, with the port the system chose if 0 was asked for.
    ///
    /// # Errors
    /// What the system says; that it is no address for a Unix socket.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        match &self.listener {
            Listener::Tcp(listener) => listener.local_addr(),
            #[cfg(unix)]
            Listener::Unix(_) => Err(io::Error::new(io::ErrorKind::Unsupported, "a Unix socket has no IP address")),
        }
    }

    /// Waits for a client. Its request is read by [`Accepted::request`], in a thread of its own, so that a slow client
    /// keeps no other waiting.
    ///
    /// # Errors
    /// What the system says, such as that there are too many open files: worth another try after a moment.
    pub fn accept(&self) -> io::Result<Accepted> {
        let stream = match &self.listener {
            Listener::Tcp(listener) => {
                let (stream, _) = listener.accept()?;
                // Elsewhere than on Linux it is as the listener is, and that may be one which does not block.
                stream.set_nonblocking(false)?;
                // A socket that does not take this option still works.
                let _ = stream.set_nodelay(true);
                stream.into()
            }
            #[cfg(unix)]
            Listener::Unix(listener) => {
                let (stream, _) = listener.accept()?;
                stream.set_nonblocking(false)?;
                stream.into()
            }
        };
        Ok(Accepted { stream, settings: Arc::clone(&self.settings) })
    }
}

/// Accepts from a listener that was made by other means.
impl From<TcpListener> for Server {
    fn from(listener: TcpListener) -> Self {
        Self::new(Listener::Tcp(listener))
    }
}

/// Accepts from a Unix socket.
#[cfg(unix)]
impl From<UnixListener> for Server {
    fn from(listener: UnixListener) -> Self {
        Self::new(Listener::Unix(listener))
    }
}

impl Accepted {
    /// The stream, for a server that wants something else with it.
    pub fn into_stream(self) -> Stream {
        self.stream
    }

    /// The client's address, or that of a proxy in front. `None`: it came over a Unix socket, or is gone.
    pub fn peer_address(&self) -> Option<SocketAddr> {
        self.stream.peer_address()
    }

    /// Reads the client's request, after the TLS handshake if the server speaks TLS. A request that does not ask for a
    /// WebSocket is answered with the HTTP status that says why, and so is one of a page that may not connect.
    ///
    /// # Errors
    /// [`Failure`]: the request was not valid or not allowed, did not come in time, or the stream broke.
    pub fn request(self) -> Result<Incoming, Failure> {
        let Self { stream, settings } = self;
        let start = Instant::now();
        let stream = secure(stream, &settings, start)?;
        let incoming = Incoming::read_since(start, stream, Arc::clone(&settings.config))?;
        if !settings.origins.allow(incoming.request()) {
            incoming.refuse(403, PAGE_REFUSED)?;
            return Err(Failure::new(FailureKind::Policy, "the request's Origin is not allowed"));
        }
        Ok(incoming)
    }
}

/// Performs the TLS handshake, if there is to be one.
#[cfg(feature = "tls")]
fn secure(stream: Stream, settings: &Settings, start: Instant) -> Result<Stream, Failure> {
    let Some(tls) = &settings.tls else { return Ok(stream) };
    let deadline = start.checked_add(settings.config.handshake_timeout);
    super::tls::accept(tls, stream, deadline).map_err(|error| match deadline {
        Some(deadline) if deadline <= Instant::now() => proto::Error::Timeout(proto::Phase::Handshake).into(),
        _ => Failure::new(FailureKind::Network, format!("TLS with the client failed: {error}")),
    })
}

#[cfg(not(feature = "tls"))]
fn secure(stream: Stream, _settings: &Settings, _start: Instant) -> Result<Stream, Failure> {
    Ok(stream)
}

impl<S: Timed> Incoming<S> {
    /// Reads a client's request from any stream. Which [`Origins`] to allow is then for the program to say.
    ///
    /// # Errors
    /// [`Failure`]: the request was not valid, did not come in time, or the stream broke or does not block.
    pub fn read(stream: S, config: impl Into<Arc<Config>>) -> Result<Self, Failure> {
        Self::read_since(Instant::now(), stream, config.into())
    }

    fn read_since(start: Instant, stream: S, config: Arc<Config>) -> Result<Self, Failure> {
        let mut connection = Connection::new(proto::Connection::server(config, Duration::ZERO), stream, start);
        match connection.next_event() {
            Poll::Ready(Event::Request(request)) => Ok(Self { connection, request }),
            Poll::Ready(Event::Closed(closed)) => {
                connection.begin_end(closed);
                match connection.end() {
                    Poll::Ready(failure) => Err(failure.unwrap_or_else(|| proto::Error::Ended.into())),
                    Poll::Pending => Err(would_block()),
                }
            }
            Poll::Ready(event) => Err(failure_of(event)),
            Poll::Pending => Err(would_block()),
        }
    }

    /// The request.
    pub fn request(&self) -> &IncomingRequest {
        &self.request
    }

    /// Accepts, with one of the subprotocols the client offers or with none.
    ///
    /// # Errors
    /// [`Failure`]: the subprotocol was not offered, or the stream broke or does not block.
    pub fn accept(self, protocol: Option<&str>) -> Result<Connection<S>, Failure> {
        self.accept_with(protocol, &[])
    }

    /// Accepts with further headers.
    ///
    /// # Errors
    /// As [`accept`](Self::accept), and if a header cannot be sent.
    pub fn accept_with(mut self, protocol: Option<&str>, headers: &[(&str, &str)]) -> Result<Connection<S>, Failure> {
        self.connection.accept(protocol, headers).map_err(misuse)?;
        self.connection.flush()?;
        Ok(self.connection)
    }

    /// Refuses with an HTTP status, such as 403, and a message for people.
    ///
    /// The status has to be one of a redirection or an error: 300 to 599, except 304, whose answer
    /// has no message. In place of any other, which would not refuse, 500 is sent.
    ///
    /// # Errors
    /// [`Failure`]: the stream broke or does not block.
    pub fn refuse(self, status: u16, message: &str) -> Result<(), Failure> {
        self.refuse_with(status, &[], message)
    }

    /// Refuses with further headers, such as the `WWW-Authenticate` of a 401. The message is plain
    /// text unless the headers have a `Content-Type`.
    ///
    /// # Errors
    /// As [`refuse`](Self::refuse), and if a header cannot be sent: then there is no answer.
    pub fn refuse_with(mut self, status: u16, headers: &[(&str, &str)], message: &str) -> Result<(), Failure> {
        self.connection.refuse_with(status, headers, message).map_err(misuse)?;
        match self.connection.next_event() {
            Poll::Ready(Event::Closed(closed)) => self.connection.begin_end(closed),
            Poll::Ready(event) => return Err(failure_of(event)),
            Poll::Pending => return Err(would_block()),
        }
        // It fails because it was refused, as intended.
        if self.connection.end().is_pending() { Err(would_block()) } else { Ok(()) }
    }
}
