//! Accepting connections: [RFC 6455, section 4.2](https://datatracker.ietf.org/doc/html/rfc6455#section-4.2).

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use ws_core::{Failure, FailureKind};

use crate::Connection;
use crate::clock::Clock;
use crate::proto::{self, Config, Event, IncomingRequest};

/// A listener whose clients are WebSockets.
///
/// ```no_run
/// # async fn program() -> Result<(), Box<dyn std::error::Error>> {
/// use ws_native::Server;
/// let server = Server::bind("127.0.0.1:9001").await?;
/// loop {
///     let accepted = server.accept().await?;
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
    listener: TcpListener,
    config: Arc<Config>,
}

/// A transport that a client has opened, before anything was read from it.
#[derive(Debug)]
pub struct Accepted<T = TcpStream> {
    stream: T,
    config: Arc<Config>,
}

/// A client's request, to be accepted or refused. Dropped without an answer, the transport is ended.
#[derive(Debug)]
pub struct Incoming<T = TcpStream> {
    connection: Connection<T>,
    request: Arc<IncomingRequest>,
}

impl Server {
    /// Listens on this address.
    ///
    /// # Errors
    /// What the system says, such as that the port is in use.
    pub async fn bind(address: impl ToSocketAddrs) -> io::Result<Self> {
        Ok(Self { listener: TcpListener::bind(address).await?, config: Arc::default() })
    }

    /// Uses these bounds for the connections accepted from now on.
    #[must_use]
    pub fn config(mut self, config: impl Into<Arc<Config>>) -> Self {
        self.config = config.into();
        self
    }

    /// The address it listens on, with the port the system chose if 0 was asked for.
    ///
    /// # Errors
    /// What the system says.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
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
        let (stream, _) = self.listener.accept().await?;
        // A socket that cannot be set so serves all the same.
        let _ = stream.set_nodelay(true);
        Ok(Accepted { stream, config: self.config.clone() })
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> Accepted<T> {
    /// A transport that was accepted by other means.
    pub fn new(stream: T, config: impl Into<Arc<Config>>) -> Self {
        Self { stream, config: config.into() }
    }

    /// The stream, for a server that wants something else with it.
    pub fn into_stream(self) -> T {
        self.stream
    }

    /// Reads the client's request. One that is none for a WebSocket is answered with the HTTP status that says why.
    ///
    /// # Errors
    /// [`Failure`]: the request was not valid, did not come in time, or the stream broke.
    ///
    /// # Cancel safety
    /// A request that is dropped is lost, and the stream with it.
    pub async fn request(self) -> Result<Incoming<T>, Failure> {
        let clock = Clock::start();
        let protocol = proto::Connection::server(self.config, clock.now());
        let mut connection = Connection::new(protocol, self.stream, clock);
        match connection.next_event().await {
            Event::Request(request) => Ok(Incoming { connection, request }),
            Event::Closed(closed) => {
                connection.begin_end(closed);
                Err(connection.end().await.unwrap_or_else(|| proto::Error::Ended.into()))
            }
            event => Err(connection.failure_of(event)),
        }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> Incoming<T> {
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
    pub async fn accept(self, protocol: Option<&str>) -> Result<Connection<T>, Failure> {
        self.accept_with(protocol, &[]).await
    }

    /// Accepts with further headers.
    ///
    /// # Errors
    /// As [`accept`](Self::accept), and if a header cannot be sent.
    ///
    /// # Cancel safety
    /// Dropped, the connection is lost.
    pub async fn accept_with(
        mut self,
        protocol: Option<&str>,
        headers: &[(&str, &str)],
    ) -> Result<Connection<T>, Failure> {
        self.connection.accept(protocol, headers).map_err(|error| Failure::new(FailureKind::Misuse, error))?;
        self.connection.flush().await?;
        Ok(self.connection)
    }

    /// Refuses with an HTTP status, such as 403, and a message for people.
    ///
    /// # Errors
    /// [`Failure`]: the stream broke.
    ///
    /// # Cancel safety
    /// Dropped, the connection is lost.
    pub async fn refuse(mut self, status: u16, message: &str) -> Result<(), Failure> {
        self.connection.protocol().refuse(status, message);
        match self.connection.next_event().await {
            Event::Closed(closed) => {
                self.connection.begin_end(closed);
                // It failed because it was refused, which is what was asked for.
                let _ = self.connection.end().await;
                Ok(())
            }
            event => Err(self.connection.failure_of(event)),
        }
    }
}
