//! Requests over HTTP/2: [RFC 8441](https://datatracker.ietf.org/doc/html/rfc8441).

use std::fmt;
use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use h2::ext::Protocol;
use h2::server::{Builder, Connection as Http2Connection, SendResponse};
use h2::{Reason, RecvStream};
use http::{HeaderValue, Method, Request, Response, header};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::time::{sleep, timeout};
use ws_core::{Failure, FailureKind};

use super::{Incoming, Progress, Settings, Shutdown};
use crate::Connection;
use crate::clock::Clock;
use crate::http2::{CONNECTION_WINDOW, Carrier, FRAME_BUDGET, MAX_STREAMS, Noted, STREAM_WINDOW};
use crate::origin::PAGE_REFUSED;
use crate::proto::{self, Config, IncomingRequest, Refusal};
use crate::sending::misuse;
use crate::stream::Stream;

/// The requests of one client, of which there can be many over HTTP/2. Made by [`Accepted::requests`](super::Accepted).
///
/// If it is dropped, the client can make no more requests; the sockets that there are go on.
#[derive(Debug)]
pub struct Requests(Source);

enum Source {
    /// Over HTTP/1.1 there is one.
    One(Option<Box<(Stream, Arc<Settings>, Clock)>>),
    /// A task of their own reads them.
    Many(mpsc::Receiver<Incoming>),
}

impl Requests {
    /// Begins with a client, in the time that has begun with the clock.
    pub(super) async fn begin(stream: Stream, settings: Arc<Settings>, clock: Clock) -> Result<Self, Failure> {
        if stream.tls_session().and_then(|session| session.alpn_protocol()) != Some(b"h2") {
            return Ok(Self(Source::One(Some(Box::new((stream, settings, clock))))));
        }
        let carrier = Carrier::over(&stream);
        let mut builder = Builder::new();
        builder.initial_window_size(STREAM_WINDOW).initial_connection_window_size(CONNECTION_WINDOW);
        builder
            .max_concurrent_streams(MAX_STREAMS)
            .max_header_list_size(u32::try_from(settings.config.max_head).unwrap_or(u32::MAX));
        builder.data_frame_budget(FRAME_BUDGET).enable_connect_protocol();
        let left = settings.config.handshake_timeout.saturating_sub(clock.now());
        let handshake = timeout(left, builder.handshake(Noted::new(stream, carrier.output().clone())));
        let connection = match handshake.await {
            Ok(begun) => begun.map_err(|error| Failure::new(FailureKind::Network, error))?,
            Err(_) => return Err(proto::Error::Timeout(proto::Phase::Handshake).into()),
        };
        // There is room for as many as there can be streams, so that the task never waits for the
        // program.
        let (sender, receiver) = mpsc::channel(MAX_STREAMS as usize);
        tokio::spawn(serve(connection, carrier, sender, settings));
        Ok(Self(Source::Many(receiver)))
    }

    /// The next request. `None`: the client makes no more.
    ///
    /// # Errors
    /// As [`Accepted::request`](super::Accepted::request), over HTTP/1.1. Over HTTP/2 a request
    /// that is not valid or not allowed is answered, and the program does not hear of it.
    ///
    /// # Cancel safety
    /// Over HTTP/2 nothing is lost if the future is dropped; over HTTP/1.1 the request is.
    pub async fn next(&mut self) -> Option<Result<Incoming, Failure>> {
        match &mut self.0 {
            Source::One(one) => {
                let (stream, settings, clock) = *one.take()?;
                Some(Incoming::read_from(stream, &settings, clock).await)
            }
            Source::Many(requests) => requests.recv().await.map(Ok),
        }
    }
}

impl Drop for Requests {
    fn drop(&mut self) {
        let Source::Many(requests) = &mut self.0 else { return };
        requests.close();
        while let Ok(incoming) = requests.try_recv() {
            incoming.give_back();
        }
    }
}

/// How many requests and sockets of one client the program may hold. A stream that the client resets makes room for another at once,
/// while a program that looks something up before it answers still holds its request.
const MOST_HELD: usize = 2 * MAX_STREAMS as usize;

/// Runs the connection to its end. When the program wants no more requests, when the server shuts
/// down, or when the client has had no socket for a time, the client is told to make no more
/// requests, and the connection ends with its last socket.
async fn serve(
    mut connection: Http2Connection<Noted<Stream>, Bytes>,
    carrier: Carrier,
    requests: mpsc::Sender<Incoming>,
    settings: Arc<Settings>,
) {
    let limit = settings.config.handshake_timeout;
    let mut idle = pin!(sleep(limit));
    let mut unwanted = pin!(requests.closed());
    let mut follower = settings.shutdown.as_ref().map(Shutdown::follow_uncounted);
    let mut is_ending = false;
    loop {
        let accepted = poll_fn(|cx| {
            let mut is_to_end = !is_ending && unwanted.as_mut().poll(cx).is_ready();
            while let Some(Poll::Ready(progress)) = follower.as_mut().map(|follower| follower.poll_progress(cx)) {
                if progress == Progress::Over {
                    return Poll::Ready(None);
                }
                is_to_end = true;
            }
            if idle.as_mut().poll(cx).is_ready() {
                idle.set(sleep(limit));
                // Polled once, it wakes this task.
                let _ = idle.as_mut().poll(cx);
                if carrier.owners() == 1 {
                    if is_ending {
                        return Poll::Ready(None);
                    }
                    is_to_end = true;
                }
            }
            if is_to_end {
                is_ending = true;
                connection.graceful_shutdown();
            }
            carrier.output().during(|| connection.poll_accept(cx))
        });
        // The client is gone, has broken the protocol, or has not gone though it should have.
        let Some(Ok((request, mut respond))) = accepted.await else { return };
        if carrier.owners() > MOST_HELD {
            respond.send_reset(Reason::REFUSED_STREAM);
            continue;
        }
        if let Some(incoming) = read(request, respond, &carrier, &settings)
            && let Err(TrySendError::Full(incoming) | TrySendError::Closed(incoming)) = requests.try_send(incoming)
        {
            incoming.give_back();
        }
    }
}

/// Reads a request. One that does not ask for a WebSocket, or is not allowed, is refused here.
fn read(
    request: Request<RecvStream>,
    respond: SendResponse<Bytes>,
    carrier: &Carrier,
    settings: &Settings,
) -> Option<Incoming> {
    let (head, body) = request.into_parts();
    let is_websocket = head.extensions.get::<Protocol>().is_some_and(|protocol| protocol.as_str() == "websocket");
    let asked = Asked {
        respond,
        body,
        carrier: carrier.clone(),
        config: Arc::clone(&settings.config),
        shutdown: settings.shutdown.clone(),
    };
    if head.method != Method::CONNECT {
        // RFC 9110, section 9.3.2: "the server MUST NOT send content in the response" to a HEAD.
        let message = if head.method == Method::HEAD { "" } else { "the request is no CONNECT\n" };
        let _ = asked.refuse(405, &[], message);
        return None;
    }
    if !is_websocket {
        // RFC 9220, section 3, of the same in HTTP/3: "If a server receives an Extended CONNECT request with a :protocol value that
        // is unknown or is not supported, the server SHOULD respond to the request with a 501 (Not Implemented) status code."
        let _ = asked.refuse(501, &[], "the protocol is not websocket\n");
        return None;
    }
    let host = head.uri.authority().map(|authority| ("host", authority.as_str().as_bytes()));
    // RFC 9113, section 8.2.3: a client may send each cookie in a field of its own. They have to be
    // joined by "; " before they are passed to code that knows nothing of HTTP/2.
    let cookies: Vec<&[u8]> = head.headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes).collect();
    let cookies = (!cookies.is_empty()).then(|| cookies.join(&b"; "[..]));
    let cookies = cookies.as_deref().map(|cookies| ("cookie", cookies));
    let others = head.headers.iter().filter(|(name, _)| *name != header::HOST && *name != header::COOKIE);
    let others = others.map(|(name, value)| (name.as_str(), value.as_bytes()));
    let resource = head.uri.path_and_query().map_or("/", |resource| resource.as_str());
    match IncomingRequest::validate_http2(resource, host.into_iter().chain(cookies).chain(others).collect()) {
        Ok(request) if settings.origins.allow(&request) => Some(Incoming::over_http2(request, asked)),
        Ok(_) => {
            let _ = asked.refuse(403, &[], PAGE_REFUSED);
            None
        }
        Err(error) => {
            let _ = asked.refuse(error.status(), &[], &format!("{error}\n"));
            None
        }
    }
}

/// A request that waits for its answer.
pub(super) struct Asked {
    respond: SendResponse<Bytes>,
    body: RecvStream,
    carrier: Carrier,
    config: Arc<Config>,
    shutdown: Option<Shutdown>,
}

impl Asked {
    pub(super) fn accept<T: AsyncRead + AsyncWrite + Unpin>(
        mut self,
        request: &IncomingRequest,
        protocol: Option<&str>,
        headers: &[(&str, &str)],
        transport: fn(Stream) -> T,
    ) -> Result<Connection<T>, Failure> {
        let (connection, mut established) = proto::Connection::server_upgraded(request, self.config);
        let extensions = Some(established.extensions.as_str()).filter(|extensions| !extensions.is_empty());
        let headers = request.answer_headers(protocol, extensions, headers).map_err(misuse)?;
        let mut answer = Response::builder().status(200);
        for (name, value) in headers {
            answer = answer.header(name, value);
        }
        let send = self.respond.send_response(answer.body(()).map_err(misuse)?, false).map_err(broken)?;
        established.protocol = protocol.map(Into::into);
        let stream = transport(self.carrier.stream(send, self.body));
        let mut connection = Connection::server_upgraded(stream, (connection, established));
        if let Some(shutdown) = &self.shutdown {
            connection.follow(shutdown);
        }
        Ok(connection)
    }

    pub(super) fn refuse(mut self, status: u16, headers: &[(&str, &str)], message: &str) -> Result<(), Failure> {
        let refusal = Refusal::new(status, message, "CONNECT").with(headers).map_err(misuse)?;
        let mut answer = Response::builder().status(refusal.status);
        for (name, value) in refusal.headers {
            answer = answer.header(name, value);
        }
        let mut body = self.respond.send_response(answer.body(()).map_err(misuse)?, false).map_err(broken)?;
        body.send_data(Bytes::copy_from_slice(message.as_bytes()), true).map_err(broken)
    }

    /// RFC 9113, section 8.7: "The REFUSED_STREAM error code can be included in a RST_STREAM frame to indicate that the stream
    /// is being closed prior to any processing having occurred. Any request that was sent on the reset stream can be safely
    /// retried."
    pub(super) fn give_back(mut self) {
        self.respond.send_reset(Reason::REFUSED_STREAM);
    }
}

fn broken(error: h2::Error) -> Failure {
    Failure::new(FailureKind::Network, error)
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked").field("stream", &self.respond.stream_id()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::One(_) => "One",
            Self::Many(_) => "Many",
        })
    }
}
