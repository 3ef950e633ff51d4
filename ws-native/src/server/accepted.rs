//! A client that has connected: [RFC 6455, section 4.2](https://datatracker.ietf.org/doc/html/rfc6455#section-4.2).

use std::net::SocketAddr;
use std::sync::Arc;

#[cfg(feature = "tls")]
use tokio::time::timeout;
#[cfg(feature = "tls")]
use tokio_rustls::rustls::ServerConfig;
use ws_core::Failure;
#[cfg(feature = "tls")]
use ws_core::FailureKind;

#[cfg(feature = "http2")]
use super::Requests;
use super::{Incoming, Settings};
use crate::Stream;
use crate::clock::Clock;
#[cfg(feature = "tls")]
use crate::proto::{self, Config};

/// A transport that a client has opened, before anything was read from it.
#[derive(Debug)]
pub struct Accepted {
    stream: Stream,
    settings: Arc<Settings>,
}

impl Accepted {
    pub(super) fn new(stream: Stream, settings: Arc<Settings>) -> Self {
        Self { stream, settings }
    }

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
    ///     Ok::<(), ws_native::Failure>(())
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
