//! The two halves of a connection, for two tasks.

mod waking;

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_core::Stream;
use futures_sink::Sink;
use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::{CloseCode, Data, Failure, Message};

use self::waking::{Place, Waking};
use super::{Connection, in_memory};
use crate::Stream as Transport;
use crate::proto::{Closed, Established, Part, Prepared};
use crate::receiving::Received;
use crate::server::Broadcast;
use crate::tap::Tapping;

/// The half of a connection that receives. While it is awaited, pings are answered, and what the other half sends is
/// written. What the other half has only [fed](Sender::feed) is written when this one next begins to wait; one that
/// waits already is not woken for it. Made by [`Connection::split`].
///
/// ```
/// use ws_native::Connection;
///
/// async fn talk(connection: Connection, mut lines: tokio::sync::mpsc::Receiver<String>) -> Result<(), ws_native::Failure> {
///     let (sender, mut receiver) = connection.split();
///     tokio::spawn(async move {
///         while let Some(line) = lines.recv().await {
///             sender.send(line).await?;
///         }
///         sender.close(None).await
///     });
///     while let Some(message) = receiver.recv().await? {
///         println!("{message:?}");
///     }
///     Ok(())
/// }
/// ```
#[derive(Debug)]
pub struct Receiver<T = Transport> {
    shared: Arc<Shared<T>>,
    place: Place,
}

/// The half of a connection that sends. Clones share the connection: a message goes out whole, before or after those of
/// others. Made by [`Connection::split`]; [`Receiver`] has an example.
#[derive(Debug)]
pub struct Sender<T = Transport> {
    shared: Arc<Shared<T>>,
    /// For the Sink: each future has its own.
    place: Place,
}

#[derive(Debug)]
struct Shared<T> {
    connection: Mutex<Connection<T>>,
    /// The tap on its stream.
    tapping: Option<Arc<Tapping>>,
    waking: Arc<Waking>,
    /// Wakes all that wait.
    waker: Waker,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Connection<T> {
    /// The halves of the connection, for two tasks or more.
    ///
    /// ```no_run
    /// # async fn program(connection: ws_native::Connection) -> Result<(), ws_native::Failure> {
    /// let (sender, mut receiver) = connection.split();
    /// tokio::spawn(async move {
    ///     while let Some(message) = receiver.recv().await? {
    ///         println!("{message:?}");
    ///     }
    ///     Ok::<(), ws_native::Failure>(())
    /// });
    /// sender.send("hello").await?;
    /// # Ok(()) }
    /// ```
    pub fn split(mut self) -> (Sender<T>, Receiver<T>) {
        // Sides wake whoever waits at once, and then the connection may be locked. The halves have places of their own.
        self.inner.sides = None;
        let waking = Arc::new(Waking::new());
        let waker = Waker::from(Arc::clone(&waking));
        let tapping = self.inner.tapping.clone();
        if let Some(tapping) = &tapping {
            tapping.hold_back();
        }
        let shared = Arc::new(Shared { connection: Mutex::new(self), tapping, waking, waker });
        let receiver = Receiver { place: shared.place(), shared: Arc::clone(&shared) };
        (Sender { place: shared.place(), shared }, receiver)
    }
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, Connection<T>> {
        // Only the stream's code runs while it is locked, and a stream that panics is as good as
        // broken.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self) -> Place {
        self.waking.place()
    }

    /// Polls the connection for the task that has this place.
    fn poll<R>(
        &self,
        place: &mut Place,
        cx: &Context<'_>,
        poll: impl FnOnce(&mut Connection<T>, &mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        // The place is taken before the connection is polled, so that what happens meanwhile is not missed.
        let outcome = place.poll(cx, || {
            let mut connection = self.lock();
            let _polled = self.waking.poll();
            poll(&mut connection, &mut Context::from_waker(&self.waker))
        });
        self.waking.wake_late();
        if let Some(tapping) = &self.tapping {
            tapping.tell();
        }
        outcome
    }

    /// Polls the connection for the task that has this place, until there is a result.
    async fn until<R>(&self, mut poll: impl FnMut(&mut Connection<T>, &mut Context<'_>) -> Poll<R>) -> R {
        let mut place = self.place();
        poll_fn(|cx| self.poll(&mut place, cx, &mut poll)).await
    }

    /// Queues something. If that fails the connection, or gives it a deadline, the tasks that wait
    /// are woken.
    fn queue<R>(&self, queue: impl FnOnce(&mut Connection<T>) -> Result<R, Failure>) -> Result<R, Failure> {
        let queued = queue(&mut self.lock());
        if queued.is_err() {
            self.waker.wake_by_ref();
        }
        queued
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> Shared<T> {
    /// Polls the connection for the task that has this place, and receives.
    fn poll_receive<M>(
        &self,
        place: &mut Place,
        cx: &Context<'_>,
        poll: impl FnOnce(&mut Connection<T>, &mut Context<'_>) -> Poll<Result<Option<M>, Failure>>,
    ) -> Poll<Result<Option<M>, Failure>> {
        let received = self.poll(place, cx, poll);
        if let Poll::Ready(Ok(None) | Err(_)) = received {
            // Tasks that wait to write learn that they no longer can.
            self.waker.wake_by_ref();
        }
        received
    }

    fn start_closing(&self, close: Option<(CloseCode, &str)>) -> Result<(), Failure> {
        let begins = self.queue(|connection| {
            let is_open = connection.inner.protocol.is_open();
            connection.start_closing(close).map(|()| is_open)
        })?;
        if begins {
            // A receiver that waits has a deadline from now on.
            self.waker.wake_by_ref();
        }
        Ok(())
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
        poll_fn(|cx| self.shared.poll_receive(&mut self.place, cx, Connection::poll_message)).await
    }

    /// The next message, ping or pong: see [`Connection::recv_any`].
    ///
    /// # Errors
    /// As [`Connection::recv`].
    ///
    /// # Cancel safety
    /// As [`Connection::recv`].
    pub async fn recv_any(&mut self) -> Result<Option<Received>, Failure> {
        poll_fn(|cx| self.shared.poll_receive(&mut self.place, cx, Connection::poll_any)).await
    }

    /// The next part of a message, as it arrives: see [`Connection::recv_part`].
    ///
    /// # Errors
    /// As [`Connection::recv`].
    ///
    /// # Cancel safety
    /// As [`Connection::recv`].
    pub async fn recv_part(&mut self) -> Result<Option<Part>, Failure> {
        poll_fn(|cx| self.shared.poll_receive(&mut self.place, cx, Connection::poll_part)).await
    }

    /// Gets the messages that are sent to this broadcast from now on: see [`Connection::join`].
    pub fn join(&mut self, broadcast: &Broadcast) {
        self.shared.lock().join(broadcast);
    }

    /// Gets no more messages of this broadcast: see [`Connection::leave`].
    pub fn leave(&mut self, broadcast: &Broadcast) {
        self.shared.lock().leave(broadcast);
    }

    /// How many messages of broadcasts were missed so far, because the peer was too slow.
    pub fn missed(&self) -> u64 {
        self.shared.lock().missed()
    }

    /// What was agreed on in the opening handshake.
    pub fn established(&self) -> Established {
        self.shared.lock().established().clone()
    }

    /// How the connection was closed, once [`recv`](Self::recv) has said that it is.
    pub fn closed(&self) -> Option<Closed> {
        self.shared.lock().closed().cloned()
    }

    /// See [`Connection::round_trip_time`].
    pub fn round_trip_time(&self) -> Option<Duration> {
        self.shared.lock().round_trip_time()
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
        let (Part::Text { last, .. } | Part::Binary { last, .. }) = part;
        self.shared.queue(|connection| connection.feed_part(part))?;
        if last {
            // The other half can now send what waited for the end of the message, such as
            // broadcasts.
            self.shared.waker.wake_by_ref();
        }
        self.flush().await
    }

    /// Queues a message, to be written by the next [`flush`](Self::flush) or [`send`](Self::send), or when the other
    /// half next begins to wait, as it does when it has received something. It is not woken for this.
    ///
    /// # Errors
    /// As [`Connection::feed`].
    pub fn feed(&self, data: impl Into<Data>) -> Result<(), Failure> {
        self.shared.queue(|connection| connection.feed(data))
    }

    /// Queues a text message, of which a copy is made.
    ///
    /// # Errors
    /// As [`Connection::feed`].
    pub fn feed_text(&self, text: &str) -> Result<(), Failure> {
        self.shared.queue(|connection| connection.feed_text(text))
    }

    /// Queues a binary message, of which a copy is made.
    ///
    /// # Errors
    /// As [`Connection::feed`].
    pub fn feed_binary(&self, bytes: &[u8]) -> Result<(), Failure> {
        self.shared.queue(|connection| connection.feed_binary(bytes))
    }

    /// Queues a message that other connections send, too, and that is encoded once.
    ///
    /// # Errors
    /// As [`Connection::feed`].
    pub fn feed_prepared(&self, message: &Prepared) -> Result<(), Failure> {
        self.shared.queue(|connection| connection.feed_prepared(message))
    }

    /// Writes all that is queued, if that is more than [`Config::write_size`](crate::proto::Config::write_size), by default 64 KiB.
    ///
    /// # Errors
    /// As [`Connection::flush`].
    ///
    /// # Cancel safety
    /// As [`Connection::flush`].
    pub async fn ready(&self) -> Result<(), Failure> {
        self.shared.until(Connection::poll_ready).await
    }

    /// Writes all that is queued.
    ///
    /// # Errors
    /// As [`Connection::flush`].
    ///
    /// # Cancel safety
    /// As [`Connection::flush`].
    pub async fn flush(&self) -> Result<(), Failure> {
        self.shared.until(Connection::poll_flush).await
    }

    /// Sends a ping with up to 125 bytes of payload.
    ///
    /// # Errors
    /// As [`Connection::ping`].
    ///
    /// # Cancel safety
    /// As [`Connection::send`].
    pub async fn ping(&self, payload: &[u8]) -> Result<(), Failure> {
        self.shared.queue(|connection| connection.feed_ping(payload))?;
        self.flush().await
    }

    /// Starts the closing handshake. The peer's answer comes through the other half, which has to
    /// be awaited. Once the connection is closing, this changes nothing: a second code is not sent.
    ///
    /// # Errors
    /// As [`Connection::close`].
    ///
    /// # Cancel safety
    /// As [`Connection::send`].
    pub async fn close(&self, close: Option<(CloseCode, &str)>) -> Result<(), Failure> {
        self.shared.start_closing(close)?;
        self.shared.until(Connection::poll_close).await
    }

    /// How the connection was closed, once the [other half](Receiver::recv) was told that it is.
    pub fn closed(&self) -> Option<Closed> {
        self.shared.lock().closed().cloned()
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), place: self.shared.place() }
    }
}

/// As the Stream of a [`Connection`].
impl<T: AsyncRead + AsyncWrite + Unpin> Stream for Receiver<T> {
    type Item = Result<Message, Failure>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { shared, place } = &mut *self;
        shared.poll_receive(place, cx, Connection::poll_message).map(Result::transpose)
    }
}

/// As the Sink of a [`Connection`].
impl<T: AsyncRead + AsyncWrite + Unpin> Sink<Message> for Sender<T> {
    type Error = Failure;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        let Self { shared, place } = &mut *self;
        shared.poll(place, cx, Connection::poll_ready)
    }

    fn start_send(self: Pin<&mut Self>, message: Message) -> Result<(), Failure> {
        self.feed(message)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        let Self { shared, place } = &mut *self;
        shared.poll(place, cx, Connection::poll_flush)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        let Self { shared, place } = &mut *self;
        shared.start_closing(None)?;
        shared.poll(place, cx, Connection::poll_close)
    }
}
