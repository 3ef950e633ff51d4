//! The two halves of a connection, for two tasks.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures_core::Stream;
use futures_sink::Sink;
use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::{CloseCode, Data, Failure, Message};

use super::{Connection, in_memory};
use crate::Stream as Transport;
use crate::proto::{Closed, Established, Part};

/// The half of a connection that receives. While it is awaited, pings are answered and what the other half has queued is
/// written. Made by [`Connection::split`].
#[derive(Debug)]
pub struct Receiver<T = Transport>(Arc<Shared<T>>);

/// The half of a connection that sends. Clones share the connection: a message goes out whole, before or after those of
/// others. Made by [`Connection::split`].
#[derive(Debug)]
pub struct Sender<T = Transport>(Arc<Shared<T>>);

#[derive(Debug)]
struct Shared<T> {
    connection: Mutex<Connection<T>>,
    waiting: Arc<Waiting>,
    /// Wakes all that wait.
    waker: Waker,
}

/// The tasks that wait for the connection.
///
/// A transport remembers one task for reading and one for writing, the last that asked, and either half may be that. So it
/// is told to remember all of them, and whatever happens, all look again.
#[derive(Debug, Default)]
struct Waiting(Mutex<Vec<Waker>>);

/// The most tasks that are remembered. If there are more, as when futures that are dropped leave theirs behind, all look
/// again, and those that still wait are remembered anew.
const MOST: usize = 64;

impl<T: AsyncRead + AsyncWrite + Unpin> Connection<T> {
    /// The halves of the connection, for two tasks or more.
    ///
    /// ```no_run
    /// # async fn program(connection: ws_native::Connection) -> Result<(), ws_core::Failure> {
    /// let (sender, mut receiver) = connection.split();
    /// tokio::spawn(async move {
    ///     while let Some(message) = receiver.recv().await? {
    ///         println!("{message:?}");
    ///     }
    ///     Ok::<(), ws_core::Failure>(())
    /// });
    /// sender.send("hello").await?;
    /// # Ok(()) }
    /// ```
    pub fn split(self) -> (Sender<T>, Receiver<T>) {
        let waiting = Arc::<Waiting>::default();
        let waker = Waker::from(Arc::clone(&waiting));
        let shared = Arc::new(Shared { connection: Mutex::new(self), waiting, waker });
        (Sender(Arc::clone(&shared)), Receiver(shared))
    }
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, Connection<T>> {
        // Nobody else's code runs while it is locked but the stream's, and a stream that panics is as good as broken.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Polls the connection for this task.
    fn poll<R>(&self, cx: &Context<'_>, poll: impl FnOnce(&mut Connection<T>, &mut Context<'_>) -> Poll<R>) -> Poll<R> {
        let mut connection = self.lock();
        // Before it is polled, so that what happens meanwhile is not missed.
        self.waiting.remember(cx.waker());
        poll(&mut connection, &mut Context::from_waker(&self.waker))
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> Shared<T> {
    /// Polls the connection for this task, which receives.
    fn poll_receive<M>(
        &self,
        cx: &Context<'_>,
        poll: impl FnOnce(&mut Connection<T>, &mut Context<'_>) -> Poll<Result<Option<M>, Failure>>,
    ) -> Poll<Result<Option<M>, Failure>> {
        let received = self.poll(cx, poll);
        if let Poll::Ready(Ok(None) | Err(_)) = received {
            // Those who wait to write learn that they cannot any more.
            self.waker.wake_by_ref();
        }
        received
    }
}

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, Vec<Waker>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, waker: &Waker) {
        let mut waiting = self.lock();
        if waiting.iter().any(|known| known.will_wake(waker)) {
            return;
        }
        let others = if waiting.len() < MOST { Vec::new() } else { std::mem::take(&mut *waiting) };
        waiting.push(waker.clone());
        drop(waiting);
        others.into_iter().for_each(Waker::wake);
    }
}

impl Wake for Waiting {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let waiting = std::mem::take(&mut *self.lock());
        waiting.into_iter().for_each(Waker::wake);
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> Receiver<T> {
    /// The next message. `None`: the closing handshake was completed, see [`closed`](Self::closed).
    ///
    /// # Errors
    /// As [`Connection::recv`].
    ///
    /// # Cancel safety
    /// As [`Connection::recv`].
    pub async fn recv(&mut self) -> Result<Option<Message>, Failure> {
        poll_fn(|cx| self.0.poll_receive(cx, Connection::poll_message)).await
    }

    /// The next part of a message, as it arrives: see [`Connection::recv_part`].
    ///
    /// # Errors
    /// As [`Connection::recv`].
    ///
    /// # Cancel safety
    /// As [`Connection::recv`].
    pub async fn recv_part(&mut self) -> Result<Option<Part>, Failure> {
        poll_fn(|cx| self.0.poll_receive(cx, Connection::poll_part)).await
    }

    /// What was agreed on in the opening handshake.
    pub fn established(&self) -> Established {
        self.0.lock().established().clone()
    }

    /// How the connection was closed, once [`recv`](Self::recv) has said that it is.
    pub fn closed(&self) -> Option<Closed> {
        self.0.lock().closed().cloned()
    }

    /// See [`Connection::round_trip_time`].
    pub fn round_trip_time(&self) -> Option<Duration> {
        self.0.lock().round_trip_time()
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> Sender<T> {
    /// Sends a message: queues it, and writes all that is queued.
    ///
    /// # Errors
    /// As [`Connection::send`].
    ///
    /// # Cancel safety
    /// As [`Connection::send`].
    pub async fn send(&self, data: impl Into<Data>) -> Result<(), Failure> {
        self.feed(in_memory(data.into()).await?)?;
        self.flush().await
    }

    /// Sends a part of a message, as it is produced: see [`Connection::send_part`].
    ///
    /// # Errors
    /// As [`Connection::send_part`].
    ///
    /// # Cancel safety
    /// As [`Connection::send`].
    pub async fn send_part(&self, part: Part) -> Result<(), Failure> {
        self.0.lock().feed_part(part)?;
        self.flush().await
    }

    /// Queues a message, to be written by the next [`flush`](Self::flush) or [`send`](Self::send), or when the other half
    /// has received something.
    ///
    /// # Errors
    /// As [`Connection::feed`].
    pub fn feed(&self, data: impl Into<Data>) -> Result<(), Failure> {
        self.0.lock().feed(data)
    }

    /// Queues a text message, of which a copy is made.
    ///
    /// # Errors
    /// As [`Connection::feed`].
    pub fn feed_text(&self, text: &str) -> Result<(), Failure> {
        self.0.lock().feed_text(text)
    }

    /// Queues a binary message, of which a copy is made.
    ///
    /// # Errors
    /// As [`Connection::feed`].
    pub fn feed_binary(&self, bytes: &[u8]) -> Result<(), Failure> {
        self.0.lock().feed_binary(bytes)
    }

    /// Writes all that is queued, if that is more than 64 KiB.
    ///
    /// # Errors
    /// As [`Connection::flush`].
    ///
    /// # Cancel safety
    /// As [`Connection::flush`].
    pub async fn ready(&self) -> Result<(), Failure> {
        poll_fn(|cx| self.0.poll(cx, Connection::poll_ready)).await
    }

    /// Writes all that is queued.
    ///
    /// # Errors
    /// As [`Connection::flush`].
    ///
    /// # Cancel safety
    /// As [`Connection::flush`].
    pub async fn flush(&self) -> Result<(), Failure> {
        poll_fn(|cx| self.0.poll(cx, Connection::poll_flush)).await
    }

    /// Sends a ping with up to 125 bytes of payload.
    ///
    /// # Errors
    /// As [`Connection::ping`].
    ///
    /// # Cancel safety
    /// As [`Connection::send`].
    pub async fn ping(&self, payload: &[u8]) -> Result<(), Failure> {
        self.0.lock().feed_ping(payload)?;
        self.flush().await
    }

    /// Starts the closing handshake. The peer's answer comes through the other half, which is to be awaited for it.
    ///
    /// # Errors
    /// As [`Connection::close`].
    ///
    /// # Cancel safety
    /// As [`Connection::send`].
    pub async fn close(&self, close: Option<(CloseCode, &str)>) -> Result<(), Failure> {
        self.0.lock().start_closing(close)?;
        // A receiver that waits now has a deadline.
        self.0.waker.wake_by_ref();
        poll_fn(|cx| self.0.poll(cx, Connection::poll_close)).await
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// As the Stream of a [`Connection`].
impl<T: AsyncRead + AsyncWrite + Unpin> Stream for Receiver<T> {
    type Item = Result<Message, Failure>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_receive(cx, Connection::poll_message).map(Result::transpose)
    }
}

/// As the Sink of a [`Connection`].
impl<T: AsyncRead + AsyncWrite + Unpin> Sink<Message> for Sender<T> {
    type Error = Failure;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.0.poll(cx, Connection::poll_ready)
    }

    fn start_send(self: Pin<&mut Self>, message: Message) -> Result<(), Failure> {
        self.feed(message)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.0.poll(cx, Connection::poll_flush)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.0.poll(cx, |connection, cx| {
            connection.start_closing(None)?;
            connection.poll_close(cx)
        })
    }
}
