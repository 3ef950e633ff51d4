//! Whether somebody is at the other end of a connection.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use h2::client::SendRequest;
use h2::{Ping, PingPong};
use tokio::sync::Mutex as Gate;
use tokio::time::{Instant, timeout};

use crate::http2::into_io;

/// The way to the other end.
#[derive(Clone)]
pub(super) struct Line {
    pub(super) requests: SendRequest<Bytes>,
    answering: Arc<Gate<Answering>>,
}

/// What is known of the other end.
struct Answering {
    ping: PingPong,
    /// When the ping was sent that is not answered yet.
    sent: Option<Instant>,
    /// When the newest ping was sent that was answered.
    answered: Option<Instant>,
}

/// How long an answer is good enough for others: of many sockets that are opened at once, one sends
/// a ping.
pub(super) const FRESH: Duration = Duration::from_secs(1);

/// How long the answer to a ping may take on a connection that has been used before. Most of the
/// opening handshake's time is to be left for another connection.
pub(super) const ANSWER: Duration = Duration::from_secs(3);

impl Line {
    pub(super) fn new(requests: SendRequest<Bytes>, ping: PingPong) -> Self {
        Self { requests, answering: Arc::new(Gate::new(Answering { ping, sent: None, answered: None })) }
    }

    /// Whether it may take requests, as far as is known without asking.
    pub(super) fn is_open(&self) -> bool {
        let mut requests = self.requests.clone();
        !matches!(requests.poll_ready(&mut Context::from_waker(Waker::noop())), Poll::Ready(Err(_)))
    }

    /// Whether it takes requests, and its other end answers a ping within this time, and within
    /// [`ANSWER`] at most.
    ///
    /// # Cancel safety
    /// As [`answers`](Self::answers).
    pub(super) async fn is_alive(&self, limit: Duration) -> bool {
        self.is_open() && self.answers(limit.min(ANSWER)).await.is_ok()
    }

    /// Waits for the answer to a ping.
    ///
    /// # Cancel safety
    /// If this is dropped, the ping was sent all the same, and the next caller waits for the rest
    /// of its time: so a dead connection is noticed however early callers give up.
    pub(super) async fn answers(&self, limit: Duration) -> io::Result<()> {
        let begun = Instant::now();
        let mut answering = self.answering.lock().await;
        // A ping of long ago only shows that somebody was there then.
        while answering.answered.is_none_or(|answered| answered + FRESH < begun) {
            let sent = match answering.sent {
                Some(sent) => sent,
                None => {
                    answering.ping.send_ping(Ping::opaque()).map_err(into_io)?;
                    *answering.sent.insert(Instant::now())
                }
            };
            let pong = poll_fn(|cx| answering.ping.poll_pong(cx));
            timeout(limit.saturating_sub(sent.elapsed()), pong).await?.map_err(into_io)?;
            answering.answered = answering.sent.take();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::watch;

    /// A line to an end that answers while this is false.
    async fn line() -> (Line, watch::Sender<bool>) {
        let (client, server) = tokio::io::duplex(64 << 10);
        let (stop, mut stopped) = watch::channel(false);
        tokio::spawn(async move {
            let mut connection: h2::server::Connection<_, Bytes> = h2::server::handshake(server).await.unwrap();
            loop {
                let is_over = async { stopped.wait_for(|stop| *stop).await.is_err() };
                let is_over = tokio::select! {
                    biased;
                    is_over = is_over => is_over,
                    _ = connection.accept() => true,
                };
                if is_over {
                    return;
                }
                let _ = stopped.wait_for(|stop| !*stop).await;
            }
        });
        let (requests, mut connection) = h2::client::handshake(client).await.unwrap();
        let ping = connection.ping_pong().unwrap();
        tokio::spawn(connection);
        (Line::new(requests, ping), stop)
    }

    #[tokio::test(start_paused = true)]
    async fn that_nobody_answers_is_found_out_by_those_who_give_up_early() {
        const LIMIT: Duration = Duration::from_secs(10);
        let (line, stop) = line().await;
        assert!(line.is_alive(LIMIT).await);
        stop.send_replace(true);
        tokio::time::advance(2 * FRESH).await;
        let mut outcomes = Vec::new();
        for _ in 0..4 {
            outcomes.push(timeout(ANSWER * 3 / 10, line.is_alive(LIMIT)).await.ok());
        }
        assert_eq!(outcomes, [None, None, None, Some(false)]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_of_long_ago_is_none() {
        const LIMIT: Duration = Duration::from_secs(1);
        let (line, stop) = line().await;
        stop.send_replace(true);
        assert!(timeout(LIMIT / 2, line.is_alive(LIMIT)).await.is_err());
        // It is answered when nobody asks any more, and then there is nobody again.
        stop.send_replace(false);
        tokio::time::sleep(2 * FRESH).await;
        stop.send_replace(true);
        tokio::time::sleep(FRESH).await;
        assert!(!line.is_alive(LIMIT).await);
        // It was only slow.
        stop.send_replace(false);
        tokio::time::sleep(FRESH).await;
        assert!(line.is_alive(LIMIT).await);
    }
}
