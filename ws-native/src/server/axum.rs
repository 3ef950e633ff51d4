//! WebSockets in an application of [axum](https://docs.rs/axum).
//!
//! [`WebSocketUpgrade`] is the extractor. It is built on the module [`hyper`](super::hyper), and
//! what is said there about the transport holds here, too: serve the application over HTTP/1.1, and
//! with `TCP_NODELAY`. `axum::serve` sets clients no limit for sending a request, and its graceful
//! shutdown waits for each that has begun one. Where that matters, put a proxy in front, or serve
//! the router by hyper with a timer, and begin a [`Shutdown`] beside it, as
//! `examples/axum_server.rs` does.
//!
//! ```
//! use axum::Router;
//! use axum::response::Response;
//! use axum::routing::any;
//! use ws_native::Failure;
//! use ws_native::Connection;
//! use ws_native::axum::WebSocketUpgrade;
//!
//! async fn chat(upgrade: WebSocketUpgrade) -> Response {
//!     upgrade.protocols(["chat.v1"]).on_upgrade(|connection| async {
//!         if let Err(failure) = send_back(connection).await {
//!             eprintln!("{failure}");
//!         }
//!     })
//! }
//!
//! async fn send_back(mut connection: Connection) -> Result<(), Failure> {
//!     while let Some(message) = connection.recv().await? {
//!         connection.feed(message)?;
//!     }
//!     Ok(())
//! }
//!
//! let router: Router = Router::new().route("/chat", any(chat));
//! ```

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use hyper::upgrade::OnUpgrade;
use ws_core::Failure;

use super::hyper::{UpgradeOptions, accept, take_upgrading, validate};
use super::{Origins, Shutdown};
use crate::Connection;
use crate::proto::{Config, IncomingRequest};

pub use super::hyper::Rejection;

/// The extractor of a request for a WebSocket. Any other request is answered as its [`Rejection`] says.
///
/// The request's path is the one that the router leaves: in a nested router, without the prefix.
///
/// ```
/// use axum::extract::State;
/// use axum::response::Response;
/// use ws_native::axum::WebSocketUpgrade;
/// use ws_native::{Origins, Shutdown};
///
/// async fn ticks(State(shutdown): State<Shutdown>, upgrade: WebSocketUpgrade) -> Response {
///     let from = upgrade.request().resource().to_owned();
///     upgrade
///         .shutdown(&shutdown)
///         .origins(Origins::These(vec!["https://www.example".into()]))
///         .on_failed_upgrade(|failure| eprintln!("{failure}"))
///         .on_upgrade(|mut connection| async move {
///             let _ = connection.send(format!("welcome to {from}")).await;
///         })
/// }
/// ```
#[must_use = "nothing is answered before on_upgrade"]
pub struct WebSocketUpgrade {
    request: IncomingRequest,
    /// The means to upgrade.
    upgrading: OnUpgrade,
    options: UpgradeOptions,
    failed: Box<dyn FnOnce(Failure) + Send>,
}

impl WebSocketUpgrade {
    /// The request: its headers, its path and query, the subprotocols and the origin.
    pub fn request(&self) -> &IncomingRequest {
        &self.request
    }

    /// Uses these bounds. Default: [`Config::default`].
    pub fn config(mut self, config: impl Into<Arc<Config>>) -> Self {
        self.options.config = config.into();
        self
    }

    /// Takes requests from these pages; others are refused with status 403. Default:
    /// [`Origins::SameHost`].
    pub fn origins(mut self, origins: Origins) -> Self {
        self.options.origins = origins;
        self
    }

    /// Speaks these subprotocols: the first of them that the client offers is agreed on, or none. Default: none.
    pub fn protocols(mut self, protocols: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.options.protocols = protocols.into_iter().map(Into::into).collect();
        self
    }

    /// Lets the connection [follow](Connection::follow) this shutdown.
    pub fn shutdown(mut self, shutdown: &Shutdown) -> Self {
        self.options.shutdown = Some(shutdown.clone());
        self
    }

    /// Tells why there is no connection after all: the client was gone before it was answered, say. Default: nobody is
    /// told.
    pub fn on_failed_upgrade(mut self, failed: impl FnOnce(Failure) + Send + 'static) -> Self {
        self.failed = Box::new(failed);
        self
    }

    /// Accepts, and serves the connection in a task of its own once the answer is sent. A request that is not allowed is
    /// refused by the answer, and no function is called.
    ///
    /// The handler has to return the answer, and no layer may replace it: what decides who may connect comes before. The
    /// HTTP server does not tell which answer was sent, and the connection may be that of a client that was refused.
    pub fn on_upgrade<F, S>(self, serve: F) -> Response
    where
        F: FnOnce(Connection) -> S + Send + 'static,
        S: Future<Output = ()> + Send + 'static,
    {
        let Self { request, upgrading, options, failed } = self;
        let (response, upgrade) = match accept(&request, upgrading, &options) {
            Ok(accepted) => accepted,
            Err(rejection) => return rejection.into_response(),
        };
        tokio::spawn(async move {
            match upgrade.await {
                Ok(connection) => serve(connection).await,
                Err(failure) => failed(failure),
            }
        });
        response.map(|()| Body::empty())
    }
}

impl<S: Sync> FromRequestParts<S> for WebSocketUpgrade {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Rejection> {
        Ok(Self {
            request: validate(&parts.method, &parts.uri, parts.version, &parts.headers)?,
            upgrading: take_upgrading(&mut parts.extensions)?,
            options: UpgradeOptions::default(),
            failed: Box::new(drop),
        })
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        self.response().map(Body::from)
    }
}

impl fmt::Debug for WebSocketUpgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketUpgrade")
            .field("request", &self.request)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
