//! Accepting connections: [RFC 6455, section 4.2](https://datatracker.ietf.org/doc/html/rfc6455#section-4.2).

#[cfg(feature = "axum")]
pub mod axum;
mod broadcast;
#[cfg(feature = "http2")]
mod http2;
#[cfg(not(feature = "http2"))]
#[path = "http1.rs"]
mod http2;
#[cfg(feature = "hyper")]
pub mod hyper;
mod shutdown;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
#[cfg(unix)]
use tokio::net::UnixListener;
use tokio::net::{TcpListener, ToSocketAddrs};
#[cfg(feature = "tls")]
use tokio::time::timeout;
#[cfg(feature = "tls")]
use tokio_rustls::rustls::ServerConfig;
use ws_core::{Failure, FailureKind};

pub(crate) use broadcast::Joined;
pub use broadcast::{Broadcast, BroadcastConfig, Slow};
#[cfg(feature = "http2")]
pub use http2::Requests;
pub use shutdown::Shutdown;
pub(crate) use shutdown::{Follower, Progress};

use crate::clock::Clock;
use crate::ending::failure_of;
use crate::origin::{Origins, PAGE_REFUSED};
use crate::proto::{self, Config, Event, IncomingRequest};
use crate::sending::misuse;
use crate::{Connection, Stream};

/// A listener whose clients are WebSockets.
///
/// ```no_run
/// # async fn program() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use ws_native::Server;
/// let server = Server::bind("127.0.0.1:9001").await?;
/// loop {
///     let Ok(accepted) = server.accept().await else {
///         tokio::time::sleep(Duration::from_millis(100)).await; // out of file descriptors, say
///         continue;
///     };
///     tokio::spawn(async move {
///         let mut connection = accepted.request().await?.accept(None).await?;
///         while let Some(message) = connection.recv().await? {
///             connection.feed(message)?; // goes out when recv is about to wait
///         }
///         Ok::<(), ws_core::Failure>(())
///     });
/// }
/// # }
/// ```
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
    shutdown: Option<Shutdown>,
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
pub struct Incoming<T = Stream> {
    request: Arc<IncomingRequest>,
    answering: Answering<T>,
}

/// Where the answer to a request goes.
#[derive(Debug)]
enum Answering<T> {
    Http1(Connection<T>),
    /// With the function that makes the transport of the stream.
    #[cfg_attr(not(feature = "http2"), expect(dead_code, reason = "there is no such request"))]
    Http2(http2::Asked, fn(Stream) -> T),
}

impl Server {
    /// Listens on this address.
    ///
    /// # Errors
    /// What the system says, such as that the port is in use.
    pub async fn bind(address: impl ToSocketAddrs) -> io::Result<Self> {
        Ok(TcpListener::bind(address).await?.into())
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
    /// of that HTTP/1.1 is used, and HTTP/2 where the program asks for it.
    ///
    /// ```no_run
    /// # async fn program() -> Result<(), Box<dyn std::error::Error>> {
    /// use ws_native::{Identity, Server};
    /// let identity = Identity::from_pem(&std::fs::read("cert.pem")?, &std::fs::read("key.pem")?)?;
    /// let server = Server::bind("0.0.0.0:443").await?.tls(identity.into_server_config()?);
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(self, config: impl Into<Arc<ServerConfig>>) -> Self {
        self.with(|settings| settings.tls = Some(crate::connect::tls::server_with_http1(config.into())))
    }

    /// Lets its connections [follow](Connection::follow) this shutdown.
    #[must_use]
    pub fn shutdown(self, shutdown: &Shutdown) -> Self {
        self.with(|settings| settings.shutdown = Some(shutdown.clone()))
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

    /// Waits for a client. Its request is read by [`Accepted::request`], in a task of its own, so that a slow client
    /// keeps no other waiting.
    ///
    /// # Errors
    /// What the system says, such as that there are too many open files: worth another try after a moment.
    ///
    /// # Cancel safety
    /// No client is lost if the future is dropped.
    pub async fn accept(&self) -> io::Result<Accepted> {
        let stream = match &self.listener {
            Listener::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                // A socket that does not take this option still works.
                let _ = stream.set_nodelay(true);
                stream.into()
            }
            #[cfg(unix)]
            Listener::Unix(listener) => listener.accept().await?.0.into(),
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
    ///
    /// # Cancel safety
    /// A request that is dropped is lost, and the stream with it.
    pub fn request(self) -> impl Future<Output = Result<Incoming, Failure>> {
        // Boxed, so that a task that lives as long as the connection has no room for what only the
        // handshake needs.
        Box::pin(self.read())
    }

    async fn read(self) -> Result<Incoming, Failure> {
        let Self { stream, settings } = self;
        // The TLS handshake is part of the time that the opening handshake may take.
        let clock = Clock::start();
        #[cfg(feature = "tls")]
        let stream = secure(stream, settings.tls.clone(), &settings.config).await?;
        Incoming::read_from(stream, &settings, clock).await
    }

    /// The client's requests: over HTTP/2, which is offered by ALPN if the server speaks TLS, there
    /// can be many on one connection. At a time, there can be 128 requests and sockets, and up to
    /// 128 KiB may wait to be read from each; very small frames take up to 64 MiB of memory in
    /// addition. While the program holds 256 of them, including those that the client has given up,
    /// further requests are reset: the client may make them again.
    ///
    /// ```no_run
    /// # async fn program(server: ws_native::Server) -> Result<(), Box<dyn std::error::Error>> {
    /// # async fn serve(_: ws_native::Incoming) {}
    /// let accepted = server.accept().await?;
    /// tokio::spawn(async move {
    ///     let mut requests = accepted.requests().await?;
    ///     while let Some(incoming) = requests.next().await {
    ///         tokio::spawn(serve(incoming?));
    ///     }
    ///     Ok::<(), ws_core::Failure>(())
    /// });
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Failure`]: the TLS handshake or the beginning of HTTP/2 failed, or did not come in time.
    ///
    /// # Cancel safety
    /// Dropped, the stream is lost.
    #[cfg(feature = "http2")]
    pub async fn requests(self) -> Result<Requests, Failure> {
        let Self { stream, settings } = self;
        let clock = Clock::start();
        let tls = settings.tls.as_deref().map(crate::connect::tls::server_with_http2);
        let stream = secure(stream, tls, &settings.config).await?;
        Requests::begin(stream, settings, clock).await
    }
}

/// Performs the TLS handshake, if there is to be one.
#[cfg(feature = "tls")]
async fn secure(stream: Stream, tls: Option<Arc<ServerConfig>>, config: &Config) -> Result<Stream, Failure> {
    let Some(tls) = tls else { return Ok(stream) };
    match timeout(config.handshake_timeout, crate::connect::tls::accept(tls, stream)).await {
        Ok(outcome) => {
            outcome.map_err(|error| Failure::new(FailureKind::Network, format!("TLS with the client failed: {error}")))
        }
        Err(_) => Err(proto::Error::Timeout(proto::Phase::Handshake).into()),
    }
}

impl Incoming {
    /// Reads a client's request over HTTP/1.1.
    async fn read_from(stream: Stream, settings: &Settings, clock: Clock) -> Result<Self, Failure> {
        Self::read_following(stream, settings.config.clone(), settings.shutdown.as_ref(), clock)
            .await?
            .of_allowed(settings)
            .await
    }

    /// The request, unless it comes from a page that may not connect: that one is refused.
    async fn of_allowed(self, settings: &Settings) -> Result<Self, Failure> {
        if settings.origins.allow(&self.request) {
            return Ok(self);
        }
        self.refuse(403, PAGE_REFUSED).await?;
        Err(Failure::new(FailureKind::Policy, "the request's Origin is not allowed"))
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> Incoming<T> {
    /// Reads a client's request from any stream. Which [`Origins`] to allow is then for the program to say.
    ///
    /// # Errors
    /// [`Failure`]: the request was not valid, did not come in time, or the stream broke.
    ///
    /// # Cancel safety
    /// A request that is dropped is lost, and the stream with it.
    pub fn read(stream: T, config: impl Into<Arc<Config>>) -> impl Future<Output = Result<Self, Failure>> {
        // As with `Accepted::request`.
        Box::pin(Self::read_following(stream, config.into(), None, Clock::start()))
    }

    /// Reads it in the time that has begun with the clock.
    async fn read_following(
        stream: T,
        config: Arc<Config>,
        shutdown: Option<&Shutdown>,
        clock: Clock,
    ) -> Result<Self, Failure> {
        let protocol = proto::Connection::server(config, Duration::ZERO);
        let mut connection = Connection::new(protocol, stream, clock);
        if let Some(shutdown) = shutdown {
            connection.follow(shutdown);
        }
        match connection.next_event().await {
            Event::Request(request) => Ok(Self { request, answering: Answering::Http1(connection) }),
            Event::Closed(closed) => {
                connection.begin_end(closed);
                Err(connection.end().await.unwrap_or_else(|| proto::Error::Ended.into()))
            }
            event => Err(failure_of(event)),
        }
    }

    /// The request.
    pub fn request(&self) -> &IncomingRequest {
        &self.request
    }

    /// Accepts, with one of the subprotocols the client offers or with none.
    ///
    /// # Errors
    /// [`Failure`]: the subprotocol was not offered, or the stream broke.
    ///
    /// # Cancel safety
    /// Dropped, the connection is lost.
    pub fn accept(self, protocol: Option<&str>) -> impl Future<Output = Result<Connection<T>, Failure>> + use<T> {
        self.accept_with(protocol, &[])
    }

    /// Accepts with further headers.
    ///
    /// # Errors
    /// As [`accept`](Self::accept), and if a header cannot be sent.
    ///
    /// # Cancel safety
    /// Dropped, the connection is lost.
    pub fn accept_with(
        self,
        protocol: Option<&str>,
        headers: &[(&str, &str)],
    ) -> impl Future<Output = Result<Connection<T>, Failure>> + use<T> {
        let mut answered = self.answer(protocol, headers);
        async move {
            if let Ok(connection) = &mut answered {
                connection.flush().await?;
            }
            answered
        }
    }

    /// Queues the answer that accepts.
    fn answer(self, protocol: Option<&str>, headers: &[(&str, &str)]) -> Result<Connection<T>, Failure> {
        match self.answering {
            Answering::Http1(mut connection) => {
                connection.accept(protocol, headers).map_err(misuse)?;
                Ok(connection)
            }
            Answering::Http2(asked, transport) => asked.accept(&self.request, protocol, headers, transport),
        }
    }

    /// Refuses with an HTTP status, such as 403, and a message for people.
    ///
    /// The status has to be one of a redirection or an error: 300 to 599, except 304, whose answer
    /// has no message. In place of any other, which would not refuse, 500 is sent.
    ///
    /// # Errors
    /// [`Failure`]: the stream broke.
    ///
    /// # Cancel safety
    /// Dropped, the connection is lost.
    pub async fn refuse(self, status: u16, message: &str) -> Result<(), Failure> {
        self.refuse_with(status, &[], message).await
    }

    /// Refuses with further headers, such as the `WWW-Authenticate` of a 401. The message is plain
    /// text unless the headers have a `Content-Type`.
    ///
    /// ```no_run
    /// # use ws_native::Incoming;
    /// # async fn serve(incoming: Incoming) -> Result<(), ws_core::Failure> {
    /// if incoming.request().headers().get("Authorization").is_none() {
    ///     return incoming.refuse_with(401, &[("WWW-Authenticate", "Bearer")], "a token is needed\n").await;
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`refuse`](Self::refuse), and if a header cannot be sent: then there is no answer.
    ///
    /// # Cancel safety
    /// Dropped, the connection is lost.
    pub async fn refuse_with(self, status: u16, headers: &[(&str, &str)], message: &str) -> Result<(), Failure> {
        let mut connection = match self.answering {
            Answering::Http1(connection) => connection,
            Answering::Http2(asked, _) => return asked.refuse(status, headers, message),
        };
        connection.protocol().refuse_with(status, headers, message).map_err(misuse)?;
        match connection.next_event().await {
            Event::Closed(closed) => {
                connection.begin_end(closed);
                // It fails because it was refused, as intended.
                let _ = connection.end().await;
                Ok(())
            }
            event => Err(failure_of(event)),
        }
    }
}
