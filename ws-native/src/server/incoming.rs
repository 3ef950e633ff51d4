//! A request and its answer: [RFC 6455, section 4.2.2](https://datatracker.ietf.org/doc/html/rfc6455#section-4.2.2).

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::{Failure, FailureKind};

use super::{Settings, Shutdown, http2};
use crate::clock::Clock;
use crate::ending::failure_of;
use crate::origin::PAGE_REFUSED;
use crate::proto::{self, Config, Event, IncomingRequest};
use crate::sending::misuse;
use crate::{Connection, Stream};

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

impl Incoming {
    /// A request that was made over HTTP/2.
    #[cfg(feature = "http2")]
    pub(super) fn over_http2(request: IncomingRequest, asked: http2::Asked) -> Self {
        Self { request: Arc::new(request), answering: Answering::Http2(asked, |stream| stream) }
    }

    /// Tells a client of HTTP/2 that nobody has looked at the request.
    #[cfg(feature = "http2")]
    pub(super) fn give_back(self) {
        if let Answering::Http2(asked, _) = self.answering {
            asked.give_back();
        }
    }

    /// Reads a client's request over HTTP/1.1.
    pub(super) async fn read_from(stream: Stream, settings: &Settings, clock: Clock) -> Result<Self, Failure> {
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
    /// Reads a client's request from any stream. Which [`Origins`](crate::Origins) to allow is then for the program to say.
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
    /// has no message. In place of any other, which would not refuse, 500 is sent, and over HTTP/2, where there is no 426, 400 in place
    /// of that.
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
    /// # async fn serve(incoming: Incoming) -> Result<(), ws_native::Failure> {
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
