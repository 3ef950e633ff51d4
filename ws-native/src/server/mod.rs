//! Accepting connections: [RFC 6455, section 4.2](https://datatracker.ietf.org/doc/html/rfc6455#section-4.2).

mod accepted;
#[cfg(feature = "axum")]
pub mod axum;
mod broadcast;
#[cfg(feature = "http2")]
mod http2;
#[cfg(not(feature = "http2"))]
#[path = "without_http2.rs"]
mod http2;
#[cfg(feature = "hyper")]
pub mod hyper;
mod incoming;
mod shutdown;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

#[cfg(unix)]
use tokio::net::UnixListener;
use tokio::net::{TcpListener, ToSocketAddrs};
#[cfg(feature = "tls")]
use tokio_rustls::rustls::ServerConfig;

pub use accepted::Accepted;
pub(crate) use broadcast::Joined;
pub use broadcast::{Broadcast, BroadcastConfig, Slow};
#[cfg(feature = "http2")]
pub use http2::Requests;
pub use incoming::Incoming;
pub use shutdown::Shutdown;
pub(crate) use shutdown::{Follower, Following, Progress};

use crate::origin::Origins;
use crate::proto::Config;

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
///         Ok::<(), ws_native::Failure>(())
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

    /// Lets its connections [follow](crate::Connection::follow) this shutdown.
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
        Ok(Accepted::new(stream, Arc::clone(&self.settings)))
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
