//! Sockets over HTTP/2, several of them on one connection: [RFC 8441](https://datatracker.ietf.org/doc/html/rfc8441).

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use h2::client::SendRequest;
use h2::ext::Protocol;
use http::{Method, Version};
use ws_core::url::SocketUrl;

use super::proxy::ProxyUrl;
use super::{ConnectError, Connecting, Tls};
use crate::Stream;
use crate::http2::{CONNECTION_WINDOW, FRAME_BUDGET, Http2Stream, STREAM_WINDOW, headers, into_io};
use crate::proto::{Answer, Config, Request};

/// Connections of HTTP/2 that sockets share: those that were opened with clones of one value.
///
/// `wss` sockets then offer HTTP/2 by ALPN. With a server that speaks it, but not WebSockets over it, they go over HTTP/1.1.
///
/// ```no_run
/// # async fn program() -> Result<(), ws_core::Failure> {
/// use ws_native::{ConnectOptions, Connection, Http2};
/// let mut options = ConnectOptions::default();
/// options.http2 = Some(Http2::default());
/// let first = Connection::connect("wss://example.org/a", &options).await?;
/// let second = Connection::connect("wss://example.org/b", &options).await?; // on the same connection
/// # Ok(()) }
/// ```
#[derive(Clone, Default)]
pub struct Http2(Arc<Mutex<HashMap<Server, Known>>>);

/// Whom a connection is with, by whose word, and on which way.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Server {
    host: String,
    port: u16,
    tls: Tls,
    proxy: Option<ProxyUrl>,
}

/// What is known of a server.
#[derive(Clone)]
enum Known {
    Connection(SendRequest<Bytes>),
    /// It does not take WebSockets over HTTP/2.
    Unable,
}

impl Server {
    fn new(url: &SocketUrl, tls: Tls, proxy: Option<ProxyUrl>) -> Self {
        Self { host: url.host().into(), port: url.port(), tls, proxy }
    }
}

impl Http2 {
    fn lock(&self) -> MutexGuard<'_, HashMap<Server, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether HTTP/2 is to be offered to this server.
    fn is_worth_a_try(&self, server: &Server) -> bool {
        !matches!(self.lock().get(server), Some(Known::Unable))
    }

    /// The connection there is with this server, if it takes another stream.
    async fn existing(&self, server: &Server) -> Option<SendRequest<Bytes>> {
        let Some(Known::Connection(connection)) = self.lock().get(server).cloned() else { return None };
        match connection.ready().await {
            Ok(connection) => Some(connection),
            Err(_) => {
                self.lock().remove(server);
                None
            }
        }
    }

    /// Begins a connection over this stream. `None`: the server does not take WebSockets over it.
    async fn begin(&self, server: Server, stream: Stream) -> Result<Option<SendRequest<Bytes>>, ConnectError> {
        let failed = |error| ConnectError::Http2 { host: server.host.clone(), source: into_io(error) };
        let mut builder = h2::client::Builder::new();
        builder.initial_window_size(STREAM_WINDOW).initial_connection_window_size(CONNECTION_WINDOW);
        builder.data_frame_budget(FRAME_BUDGET).enable_push(false);
        let (sender, mut connection) = builder.handshake(stream).await.map_err(failed)?;
        let ping = connection.ping_pong();
        // It ends when the last stream has, and nobody may open another.
        tokio::spawn(connection);
        // The server's settings come before its answer to anything.
        if let Some(mut ping) = ping {
            ping.ping(h2::Ping::opaque()).await.map_err(failed)?;
        }
        if !sender.is_extended_connect_protocol_enabled() {
            self.lock().insert(server, Known::Unable);
            return Ok(None);
        }
        self.lock().insert(server, Known::Connection(sender.clone()));
        Ok(Some(sender))
    }
}

impl Connecting {
    /// Performs the opening handshake over HTTP/2. `None`: it cannot be, or is not wanted. Without an answer: the server
    /// speaks HTTP/1.1 over this stream.
    pub(super) async fn open_http2(&self) -> Result<Option<(Stream, Option<Answer>)>, ConnectError> {
        let Self { url, options, .. } = self;
        let Some(http2) = options.http2.as_ref().filter(|_| url.is_secure()) else { return Ok(None) };
        let server = Server::new(
            url,
            Tls::of(options).map_err(|source| ConnectError::tls(url.host(), source))?,
            self.proxy.clone(),
        );
        if !http2.is_worth_a_try(&server) {
            return Ok(None);
        }
        let connection = match http2.existing(&server).await {
            Some(connection) => connection,
            None => {
                let stream = self.open_stream(true).await?;
                if stream.tls_session().and_then(|session| session.alpn_protocol()) != Some(b"h2") {
                    return Ok(Some((stream, None)));
                }
                let Some(connection) = http2.begin(server, stream).await? else { return Ok(None) };
                connection
            }
        };
        let (stream, answer) = ask(connection, &self.request, &options.config).await?;
        Ok(Some((stream, Some(answer))))
    }
}

/// Performs the client's half of the opening handshake, on a stream of its own. Gives this, and the server's answer.
async fn ask(
    connection: SendRequest<Bytes>,
    request: &Request,
    config: &Config,
) -> Result<(Stream, Answer), ConnectError> {
    let failed = |error| ConnectError::Http2 { host: request.host().into(), source: into_io(error) };
    let mut connection = connection.ready().await.map_err(failed)?;
    let mut head = http::Request::builder()
        .method(Method::CONNECT)
        .version(Version::HTTP_2)
        .uri(format!("https://{}{}", request.host(), request.resource()))
        .extension(Protocol::from_static("websocket"));
    for (name, value) in request.http2_headers(config) {
        head = head.header(name, value);
    }
    let invalid = |error| ConnectError::Http2 { host: request.host().into(), source: std::io::Error::other(error) };
    let (answer, send) = connection.send_request(head.body(()).map_err(invalid)?, false).map_err(failed)?;
    let (head, receive) = answer.await.map_err(failed)?.into_parts();
    let stream = Stream::other(Http2Stream::new(send, receive));
    Ok((stream, Answer { status: head.status.as_u16(), headers: headers(&head.headers) }))
}

/// The number of servers it knows.
impl fmt::Debug for Http2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http2").field("servers", &self.lock().len()).finish_non_exhaustive()
    }
}
