//! A connection of HTTP/2 that sockets share, and what is asked for on it.

use std::io;
use std::pin::pin;
use std::time::Duration;

use h2::Reason;
use h2::ext::Protocol;
use http::{Method, Version};
use tokio::time::timeout;

use super::ConnectError;
use super::line::{ANSWER, FRESH, Line};
use crate::http2::{Carrier, headers, into_io};
use crate::proto::{Answer, Config, Request};
use crate::stream::Stream;

/// A connection that takes WebSockets.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) line: Line,
    pub(super) carrier: Carrier,
}

impl Shared {
    /// The same as [`ask`](Self::ask), as long as the other end answers pings within this time. How
    /// long the answer may take is up to the deadline of the opening handshake.
    pub(super) async fn ask_while_alive(
        self,
        request: &Request,
        config: &Config,
        limit: Duration,
    ) -> Result<(Stream, Answer), Unanswered> {
        let line = self.line.clone();
        let mut asking = pin!(self.ask(request, config));
        loop {
            match timeout(limit.clamp(FRESH, ANSWER), &mut asking).await {
                Ok(answered) => return answered,
                // It may take no more requests, but still answer this one.
                Err(_) if line.answers(limit.min(ANSWER)).await.is_ok() => {}
                Err(elapsed) => {
                    let host = request.host().into();
                    return Err(Unanswered::Gone(ConnectError::Http2 { host, source: elapsed.into() }));
                }
            }
        }
    }

    /// Performs the client's half of the opening handshake, on a stream of its own. Gives the
    /// stream, and the server's answer.
    pub(super) async fn ask(self, request: &Request, config: &Config) -> Result<(Stream, Answer), Unanswered> {
        let host = request.host();
        let mut head = http::Request::builder()
            .method(Method::CONNECT)
            .version(Version::HTTP_2)
            .uri(format!("https://{host}{}", request.resource()))
            .extension(Protocol::from_static("websocket"));
        for (name, value) in request.http2_headers(config) {
            head = head.header(name, value);
        }
        let head = head.body(()).map_err(|error| {
            Unanswered::Failed(ConnectError::Http2 { host: host.into(), source: io::Error::other(error) })
        })?;
        let mut requests = self
            .line
            .requests
            .ready()
            .await
            .map_err(|error| Unanswered::Gone(ConnectError::Http2 { host: host.into(), source: into_io(error) }))?;
        let (answer, send) = requests.send_request(head, false).map_err(|error| Unanswered::new(host, error))?;
        let (head, receive) = answer.await.map_err(|error| Unanswered::new(host, error))?.into_parts();
        let stream = self.carrier.stream(send, receive);
        Ok((stream, Answer { status: head.status.as_u16(), headers: headers(&head.headers) }))
    }
}

/// Why a request has no answer.
pub(super) enum Unanswered {
    /// The connection is gone, or the server has not looked at the request: it can be made again.
    Gone(ConnectError),
    /// The server wants to be asked over HTTP/1.1.
    Http1,
    /// The program is told, and the request is not made again.
    Failed(ConnectError),
}

impl Unanswered {
    /// What this error is, in place of an answer.
    fn new(host: &str, error: h2::Error) -> Self {
        let reason = error.reason().filter(|_| error.is_remote());
        // RFC 9113, section 8.7: "The REFUSED_STREAM error code can be included in a RST_STREAM frame to indicate that the stream is
        // being closed prior to any processing having occurred. Any request that was sent on the reset stream can be safely retried."
        let is_gone = error.is_go_away() || error.is_io() || reason == Some(Reason::REFUSED_STREAM);
        let error = ConnectError::Http2 { host: host.into(), source: into_io(error) };
        match reason {
            // RFC 9113, section 7: "The endpoint requires that HTTP/1.1 be used instead of HTTP/2."
            Some(Reason::HTTP_1_1_REQUIRED) => Self::Http1,
            _ if is_gone => Self::Gone(error),
            _ => Self::Failed(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use tokio::io::duplex;

    /// As servers do that are started anew: what was begun goes on, and nothing else is begun.
    #[tokio::test(start_paused = true)]
    async fn an_answer_is_waited_for_behind_the_words_that_no_more_is_taken() {
        let (client, server) = duplex(64 << 10);
        let serving = tokio::spawn(async move {
            let mut builder = h2::server::Builder::new();
            builder.enable_connect_protocol();
            let mut connection: h2::server::Connection<_, Bytes> = builder.handshake(server).await.unwrap();
            let (_request, mut respond) = connection.accept().await.unwrap().unwrap();
            connection.graceful_shutdown();
            let answering = async {
                tokio::time::sleep(4 * ANSWER).await;
                respond.send_response(http::Response::new(()), true).unwrap();
            };
            let (ended, ()) = tokio::join!(connection.accept(), answering);
            assert!(ended.is_none());
        });
        let (requests, mut connection) = h2::client::handshake(client).await.unwrap();
        let ping = connection.ping_pong().unwrap();
        tokio::spawn(connection);
        let line = Line::new(requests, ping);
        let shared = Shared { line, carrier: Carrier::default() };
        shared.line.answers(ANSWER).await.unwrap();
        let request = Request::new::<&str>("a.example", "/", &[]).unwrap();
        let Ok((stream, answer)) = shared.ask_while_alive(&request, &Config::default(), ANSWER).await else {
            panic!("no answer");
        };
        assert_eq!(answer.status, 200);
        drop(stream);
        serving.await.unwrap();
    }
}
