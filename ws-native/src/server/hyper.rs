//! WebSockets on the port of an HTTP server: requests that [hyper](https://docs.rs/hyper), or a server that stands on it,
//! has read.
//!
//! [`upgrade`] looks at a request and gives the answer, and an [`Upgrade`] that becomes a [`Connection`] once the answer
//! is sent. The server has to serve its connections with upgrades, and over HTTP/1.1. What is the transport's is the HTTP
//! server's matter: TLS, the client's address, the time a client has for its request, and `TCP_NODELAY`, without which
//! short messages may wait for each other.
//!
//! ```
//! use std::convert::Infallible;
//!
//! use hyper::body::Incoming;
//! use hyper::{Request, Response};
//! use ws_native::hyper::{UpgradeOptions, upgrade};
//!
//! /// To be called by `hyper::service::service_fn`; `examples/hyper_server.rs` has the rest of the program.
//! async fn serve(mut request: Request<Incoming>) -> Result<Response<String>, Infallible> {
//!     let (response, upgrade) = match upgrade(&mut request, &UpgradeOptions::default()) {
//!         Ok(accepted) => accepted,
//!         Err(rejection) => return Ok(rejection.response()),
//!     };
//!     // In a task of its own: there is no connection before the answer is sent.
//!     tokio::spawn(async move {
//!         let mut connection = upgrade.await?;
//!         while let Some(message) = connection.recv().await? {
//!             connection.feed(message)?;
//!         }
//!         Ok::<(), ws_native::Failure>(())
//!     });
//!     Ok(response.map(|()| String::new()))
//! }
//! ```

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::{self, HeaderValue};
use http::{Extensions, HeaderMap, Method, Request, Response, StatusCode, Uri, Version};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::time::timeout;
use ws_core::{Failure, FailureKind};

use super::{Origins, Shutdown};
use crate::proto::{self, Config, HandshakeError, Headers, IncomingRequest, Phase};
use crate::{Connection, Stream};

/// How requests are answered, and what their connections are like.
///
/// ```
/// use ws_native::{Origins, hyper::UpgradeOptions};
/// let mut options = UpgradeOptions::default();
/// options.protocols = vec!["chat.v2".into(), "chat.v1".into()];
/// options.origins = Origins::These(vec!["https://www.example".into()]);
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct UpgradeOptions {
    /// Bounds, compression and deadlines; `max_head` is the HTTP server's matter. `handshake_timeout` begins when the
    /// [`Upgrade`] is first awaited, and ends when the answer is sent.
    pub config: Arc<Config>,
    /// The pages that may connect. Default: [`Origins::SameHost`].
    pub origins: Origins,
    /// The subprotocols that the program speaks: the first of them that the client offers is agreed on, or none. Default:
    /// none.
    pub protocols: Vec<String>,
    /// The shutdown that the connections [follow](Connection::follow), from before the answer is sent. Default: none.
    pub shutdown: Option<Shutdown>,
}

/// Accepts a request, if it asks for a WebSocket: gives the answer, with status 101, and what becomes the connection. Of
/// the request only the means to upgrade is taken.
///
/// The program may add headers to the answer, and has to send it. hyper does not tell whether another one was sent
/// instead, and may hand over the transport of a client that was refused: a program that changes its mind drops the
/// [`Upgrade`].
///
/// The module's documentation has an example.
///
/// # Errors
/// [`Rejection`], whose [`response`](Rejection::response) is the answer instead.
pub fn upgrade<B>(request: &mut Request<B>, options: &UpgradeOptions) -> Result<(Response<()>, Upgrade), Rejection> {
    let incoming = validate(request.method(), request.uri(), request.version(), request.headers())?;
    let upgrading = take_upgrading(request.extensions_mut())?;
    accept(&incoming, upgrading, options)
}

/// Checks a request that an HTTP server has read.
pub(super) fn validate(
    method: &Method,
    uri: &Uri,
    version: Version,
    headers: &HeaderMap,
) -> Result<IncomingRequest, Rejection> {
    match version {
        Version::HTTP_11 => {}
        Version::HTTP_2 | Version::HTTP_3 => return Err(Rejection::Version),
        _ => return Err(HandshakeError::NotHttp("the version is not HTTP/1.1").into()),
    }
    // The whole target: `uri.path()` is "/" also where the target has no path.
    let target = uri.to_string();
    let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    Ok(IncomingRequest::validate(method.as_str(), &target, Headers::from_iter(headers))?)
}

/// Takes what the HTTP server has put there for an upgrade.
pub(super) fn take_upgrading(extensions: &mut Extensions) -> Result<OnUpgrade, Rejection> {
    extensions.remove().ok_or(Rejection::NotUpgradable)
}

/// Makes the answer to a request that was validated.
pub(super) fn accept(
    request: &IncomingRequest,
    upgrading: OnUpgrade,
    options: &UpgradeOptions,
) -> Result<(Response<()>, Upgrade), Rejection> {
    if !options.origins.allow(request) {
        return Err(Rejection::Origin);
    }
    let (protocol, mut established) = proto::Connection::server_upgraded(request, Arc::clone(&options.config));
    established.protocol =
        options.protocols.iter().find(|spoken| request.protocols().any(|offered| offered == *spoken)).cloned();

    let mut response = Response::new(());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let accept = request.accept_value();
    let extensions = Some(&established.extensions).filter(|extensions| !extensions.is_empty());
    let headers = [
        (header::UPGRADE, Some("websocket")),
        (header::CONNECTION, Some("Upgrade")),
        (header::SEC_WEBSOCKET_ACCEPT, Some(&*accept)),
        (header::SEC_WEBSOCKET_PROTOCOL, established.protocol.as_deref()),
        (header::SEC_WEBSOCKET_EXTENSIONS, extensions.map(String::as_str)),
    ];
    // None of these is left out because of its characters: they are base64, and tokens.
    let headers = headers.into_iter().filter_map(|(name, value)| Some((name, HeaderValue::from_str(value?).ok()?)));
    response.headers_mut().extend(headers);

    let limit = options.config.handshake_timeout;
    let follower = options.shutdown.as_ref().map(Shutdown::follow);
    let upgrade = async move {
        let upgraded = match timeout(limit, upgrading).await {
            Ok(upgraded) => upgraded.map_err(|error| Failure::new(FailureKind::Network, error))?,
            Err(_) => return Err(proto::Error::Timeout(Phase::Handshake).into()),
        };
        let stream = Stream::other(TokioIo::new(upgraded));
        let mut connection = Connection::server_upgraded(stream, (protocol, established));
        if let Some(follower) = follower {
            connection.set_follower(follower);
        }
        Ok(connection)
    };
    Ok((response, Upgrade(Box::pin(upgrade))))
}

/// Resolves to the connection once the answer is sent. Await it in a task of its own: a program
/// that awaits it before it answers waits for itself, until `handshake_timeout` is over.
///
/// # Errors
/// [`Failure`]: the answer was not sent in time, or the client was gone before.
///
/// # Cancel safety
/// Dropped, the connection is lost: the client finds it ended.
#[must_use = "without it there is no connection"]
pub struct Upgrade(Pin<Box<dyn Future<Output = Result<Connection, Failure>> + Send>>);

impl Future for Upgrade {
    type Output = Result<Connection, Failure>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for Upgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgrade").finish_non_exhaustive()
    }
}

/// Why a request was not upgraded.
///
/// ```
/// use ws_native::hyper::{Rejection, UpgradeOptions, upgrade};
/// let mut request = http::Request::get("/").header("Host", "chat.example").body(())?;
/// let rejection = upgrade(&mut request, &UpgradeOptions::default()).unwrap_err();
/// assert!(matches!(rejection, Rejection::Handshake(_)));
/// assert_eq!(rejection.status(), http::StatusCode::UPGRADE_REQUIRED);
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// It does not ask for a WebSocket, or is not valid. Statuses 400, 405 and 426.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// It came over HTTP/2 or later, where connections are not upgraded, and another request (RFC 8441) is needed that
    /// is not supported. Status 501.
    #[error("WebSockets are supported over HTTP/1.1 alone here")]
    Version,
    /// It comes from a page whose origin is not one of the [`Origins`]. Status 403.
    #[error("this page may not connect")]
    Origin,
    /// The HTTP server does not upgrade its connections, or somebody else has taken the means to. Status 500.
    #[error("the server cannot upgrade this connection")]
    NotUpgradable,
}

impl Rejection {
    /// The HTTP status to answer with.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Handshake(error) => StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST),
            Self::Version => StatusCode::NOT_IMPLEMENTED,
            Self::Origin => StatusCode::FORBIDDEN,
            Self::NotUpgradable => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The answer: the status, the headers that belong to it, and a text that says why.
    pub fn response(&self) -> Response<String> {
        let mut response = Response::new(format!("{self}\n"));
        *response.status_mut() = self.status();
        let own: &[_] = match self.status() {
            StatusCode::METHOD_NOT_ALLOWED => &[(header::ALLOW, "GET")],
            // RFC 6455, section 4.4: "[...] the server MUST respond with a |Sec-WebSocket-Version| header indicating the
            // version(s) the server is capable of understanding."
            StatusCode::UPGRADE_REQUIRED => &[
                (header::UPGRADE, "websocket"),
                (header::CONNECTION, "Upgrade"),
                (header::SEC_WEBSOCKET_VERSION, "13"),
            ],
            _ => &[],
        };
        for (name, value) in [(header::CONTENT_TYPE, "text/plain; charset=utf-8")].iter().chain(own) {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}
