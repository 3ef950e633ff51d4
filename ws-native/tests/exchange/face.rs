//! A connection, whole or in halves, whose futures are dropped in the middle.

use std::future::Future;
use std::pin::pin;

use futures_util::FutureExt as _;
use tokio::task::yield_now;
use ws_core::{CloseCode, Failure, Message};
use ws_native::proto::{Closed, Part};
use ws_native::{Connection, Receiver, Sender};

use crate::end::Act;
use crate::rough::Rough;

/// A connection, as it is used.
pub(crate) enum Face {
    Whole(Box<Connection<Rough>>),
    Halves(Sender<Rough>, Receiver<Rough>),
}

impl Face {
    pub(crate) fn of(connection: Connection<Rough>, is_split: bool) -> Self {
        if is_split {
            let (sender, receiver) = connection.split();
            Self::Halves(sender, receiver)
        } else {
            Self::Whole(Box::new(connection))
        }
    }

    pub(crate) async fn recv(&mut self) -> Result<Option<Message>, Failure> {
        match self {
            Self::Whole(connection) => connection.recv().await,
            Self::Halves(_, receiver) => receiver.recv().await,
        }
    }

    pub(crate) async fn recv_part(&mut self) -> Result<Option<Part>, Failure> {
        match self {
            Self::Whole(connection) => connection.recv_part().await,
            Self::Halves(_, receiver) => receiver.recv_part().await,
        }
    }

    pub(crate) fn closed(&self) -> Option<Closed> {
        match self {
            Self::Whole(connection) => connection.closed().cloned(),
            Self::Halves(_, receiver) => receiver.closed(),
        }
    }

    /// Queues a message, and may begin to write it. An error: it will not be sent.
    pub(crate) async fn send(&mut self, act: Act, message: Message, times: usize) -> Result<(), Failure> {
        match (act, self) {
            (Act::Feed, Self::Whole(connection)) => connection.feed(message),
            (Act::Feed, Self::Halves(sender, _)) => sender.feed(message),
            (Act::SendParts, face) => {
                for part in parts(message) {
                    let sending = async {
                        match face {
                            Self::Whole(connection) => connection.send_part(part).await,
                            Self::Halves(sender, _) => sender.send_part(part).await,
                        }
                    };
                    polled(times, sending).await.unwrap_or(Ok(()))?;
                }
                Ok(())
            }
            (_, Self::Whole(connection)) => polled(times, connection.send(message)).await.unwrap_or(Ok(())),
            (_, Self::Halves(sender, _)) => polled(times, sender.send(message)).await.unwrap_or(Ok(())),
        }
    }

    /// Errors are those of a connection that is closed or broken, which receiving tells.
    pub(crate) async fn write(&mut self, act: Act, times: usize) {
        let _ = match (act, self) {
            (Act::Ready, Self::Whole(connection)) => polled(times, connection.ready()).await,
            (Act::Ready, Self::Halves(sender, _)) => polled(times, sender.ready()).await,
            (Act::Ping, Self::Whole(connection)) => polled(times, connection.ping(b"ping")).await,
            (Act::Ping, Self::Halves(sender, _)) => polled(times, sender.ping(b"ping")).await,
            (_, Self::Whole(connection)) => polled(times, connection.flush()).await,
            (_, Self::Halves(sender, _)) => polled(times, sender.flush()).await,
        };
    }

    /// As with [`write`](Self::write): the peer may have closed before.
    pub(crate) async fn close(&mut self, times: usize) {
        let close = Some((CloseCode::new(4000), "enough"));
        let _ = match self {
            Self::Whole(connection) => polled(times, connection.close(close)).await,
            Self::Halves(sender, _) => polled(times, sender.close(close)).await,
        };
    }
}

/// A message in three parts, between whole characters.
fn parts(message: Message) -> Vec<Part> {
    match message {
        Message::Text(text) => {
            let cut = |place: usize| (0..=place).rev().find(|place| text.is_char_boundary(*place)).unwrap_or(0);
            let (first, second) = (cut(text.len() / 3), cut(text.len() / 2));
            vec![
                Part::Text { text: text[..first].into(), last: false },
                Part::Text { text: text[first..second].into(), last: false },
                Part::Text { text: text[second..].into(), last: true },
            ]
        }
        Message::Binary(bytes) => {
            let (first, second) = (bytes.len() / 3, bytes.len() / 2);
            vec![
                Part::Binary { bytes: bytes.slice(..first), last: false },
                Part::Binary { bytes: bytes.slice(first..second), last: false },
                Part::Binary { bytes: bytes.slice(second..), last: true },
            ]
        }
    }
}

/// Polls a future so many times at the most, and drops it.
pub(crate) async fn polled<F: Future>(times: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    for _ in 0..times {
        let outcome = future.as_mut().now_or_never();
        if outcome.is_some() {
            return outcome;
        }
        yield_now().await;
    }
    None
}
