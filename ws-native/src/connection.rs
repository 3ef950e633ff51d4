//! The asynchronous face for native programs and servers.

mod sink;
mod split;

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::{CloseCode, Data, Failure, FailureKind, Message};

pub use split::{Receiver, Sender};

use crate::clock::Clock;
use crate::ending::{State, failure_of};
use crate::memory;
use crate::proto::{
    self, AcceptError, Answer, Close, Closed, Config, Delivery, Established, Event, Part, Prepared, Request, Role,
};
use crate::random;
use crate::receiving::{self, Received};
use crate::sending::{self, WATERMARK, misuse};
use crate::server::{Broadcast, Follower, Joined, Phase as ShutdownPhase, Shutdown};
use crate::stream::Stream;
use crate::transport::Transport;
use crate::{Answers, MessageRef};

/// An established WebSocket connection over any byte stream, in either role.
///
/// It has no task of its own: the protocol runs while [`recv`](Self::recv) or [`send`](Self::send) is awaited, pings are
/// answered by `recv`. What was [fed](Self::feed) goes out when `recv` is about to wait, so that a burst of answers is
/// one write. Back-pressure is TCP's in both directions: `recv` reads no more than it is asked for, a server's nothing at
/// all while more than 1 MiB waits to be written; `send` waits until all is written. Two ends that only send and never
/// receive therefore wait for each other.
///
/// ```no_run
/// # async fn program() -> Result<(), ws_core::Failure> {
/// use ws_native::{ConnectOptions, Connection};
/// let mut connection = Connection::connect("wss://example.org/chat", &ConnectOptions::default()).await?;
/// connection.send("hello").await?;
/// while let Some(message) = connection.recv().await? {
///     println!("{message:?}");
///     connection.close(None).await?;
/// }
/// # Ok(()) }
/// ```
///
/// For two tasks, one that sends and one that receives, it is [split](Self::split). It is also a `futures` Stream of
/// messages and a Sink for them.
#[derive(Debug)]
pub struct Connection<T = Stream> {
    protocol: Box<proto::Connection>,
    transport: Transport<T>,
    clock: Clock,
    established: Box<Established>,
    state: State,
    /// The shutdown it follows.
    follower: Option<Follower>,
    /// The broadcasts it gets.
    joined: Joined,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Connection<T> {
    /// Performs the client's half of the opening handshake over a stream that is connected.
    ///
    /// # Errors
    /// [`Failure`]: the server refused, did not answer in time or not as it must, or the stream broke.
    ///
    /// # Cancel safety
    /// A handshake that is dropped is lost, and the stream with it.
    pub async fn client(stream: T, request: Request, config: impl Into<Arc<Config>>) -> Result<Self, Failure> {
        Self::client_with(stream, request, config.into(), None).await
    }

    /// As [`client`](Self::client), with the server's answer if it has come over HTTP/2.
    pub(crate) async fn client_with(
        stream: T,
        request: Request,
        config: Arc<Config>,
        answer: Option<Answer>,
    ) -> Result<Self, Failure> {
        let clock = Clock::start();
        let mut protocol = proto::Connection::client(request, config, Box::new(random::secure), clock.now());
        if let Some(answer) = answer {
            protocol.receive_answer(answer);
        }
        let mut connection = Self::new(protocol, stream, clock);
        match connection.next_event().await {
            Event::Established(established) => {
                connection.established = established;
                Ok(connection)
            }
            event => Err(failure_of(event)),
        }
    }

    /// The server's end over a stream whose opening handshake was done by somebody else, who agreed to no extensions.
    pub fn server_established(stream: T, config: impl Into<Arc<Config>>) -> Self {
        Self::new(proto::Connection::server_established(config), stream, Clock::start())
    }

    /// The client's end over a stream whose opening handshake was done by somebody else, who agreed to no extensions.
    pub fn client_established(stream: T, config: impl Into<Arc<Config>>) -> Self {
        let protocol = proto::Connection::client_established(config, Box::new(random::secure));
        Self::new(protocol, stream, Clock::start())
    }

    /// The server's end over a stream that an HTTP server has upgraded, with the protocol's end that was made for its
    /// answer: see [`proto::Connection::server_upgraded`].
    pub fn server_upgraded(stream: T, (protocol, established): (proto::Connection, Established)) -> Self {
        Self { established: Box::new(established), ..Self::new(protocol, stream, Clock::start()) }
    }

    pub(crate) fn new(protocol: proto::Connection, stream: T, clock: Clock) -> Self {
        let transport = Transport::new(stream);
        Self {
            protocol: Box::new(protocol),
            transport,
            clock,
            established: Box::default(),
            state: State::Running,
            follower: None,
            joined: Joined::default(),
        }
    }

    /// Closes itself, with 1001, when this shutdown [begins](Shutdown::begin), and is cut when its time is over. Then
    /// [`recv`](Self::recv) ends as if the program had closed, or fails.
    pub fn follow(&mut self, shutdown: &Shutdown) {
        self.set_follower(shutdown.follow());
    }

    pub(crate) fn set_follower(&mut self, follower: Follower) {
        self.follower = Some(follower);
    }

    /// Gets the messages that are sent to this broadcast from now on. Those that come are sent while [`recv`](Self::recv)
    /// waits, in order with what is fed, until the connection is closed or dropped, or [leaves](Self::leave). To join once
    /// more changes nothing.
    ///
    /// Not between the parts of a message that is [sent in parts](Self::send_part): then they wait for its end.
    pub fn join(&mut self, broadcast: &Broadcast) {
        self.joined.join(broadcast);
    }

    /// Gets no more messages of this broadcast, nor those that still wait to be taken.
    pub fn leave(&mut self, broadcast: &Broadcast) {
        self.joined.leave(broadcast);
    }

    /// How many messages of broadcasts it has missed so far, because its peer was too slow.
    pub fn missed(&self) -> u64 {
        self.joined.missed()
    }

    /// What was agreed on in the opening handshake; at a client's end, with the headers of the server's answer.
    pub fn established(&self) -> &Established {
        &self.established
    }

    /// How the connection was closed, once [`recv`](Self::recv) has said that it is.
    pub fn closed(&self) -> Option<&Closed> {
        self.state.closed()
    }

    /// How long the peer took to answer the newest ping that it has answered, of those that
    /// [`Config::heartbeat`] sends while [`recv`](Self::recv) waits.
    pub fn round_trip_time(&self) -> Option<Duration> {
        self.protocol.round_trip_time()
    }

    /// The stream underneath.
    pub fn stream(&self) -> &T {
        self.transport.stream()
    }

    /// The next message. `None`: the closing handshake was completed, see [`closed`](Self::closed).
    ///
    /// # Errors
    /// [`Failure`], once: the connection was lost or failed, or the peer ended it without a Close frame.
    ///
    /// # Cancel safety
    /// Nothing is lost if the future is dropped: all that was read, and how far the end has come, is kept in the
    /// connection.
    pub async fn recv(&mut self) -> Result<Option<Message>, Failure> {
        poll_fn(|cx| self.poll_message(cx)).await
    }

    #[inline(always)]
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Message>, Failure>> {
        let simple = |connection: &mut Self| receiving::next_simple(&mut connection.protocol, &connection.state);
        match simple(self) {
            // Most messages need no more than this.
            Some(message) => Poll::Ready(Ok(Some(message))),
            None => self.poll_recv(cx, Delivery::Whole, simple, receiving::message),
        }
    }

    /// Waits for messages, and shows all that have come at once, one after the other. `false`: the closing handshake was
    /// completed, see [`closed`](Self::closed).
    ///
    /// It is the cheapest way to receive, by far for short messages: they are shown where they were read, and none has to be
    /// taken off. What is to be awaited for a message is better done with [`recv`](Self::recv).
    ///
    /// ```no_run
    /// # async fn program(mut connection: ws_native::Connection) -> Result<(), ws_core::Failure> {
    /// let mut sum = 0.0;
    /// let mut add = |text: &str| sum += text.parse().unwrap_or(0.0);
    /// while connection
    ///     .recv_each(|message, answers| match message.as_text() {
    ///         Some("ping") => answers.feed_text("pong"),
    ///         Some(text) => Ok(add(text)),
    ///         None => answers.echo(message),
    ///     })
    ///     .await?
    /// {}
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`recv`](Self::recv); and the first error of what it is shown to, which is then shown no more of what has come.
    ///
    /// # Cancel safety
    /// As [`recv`](Self::recv): what was shown is done with, all else is kept in the connection.
    pub async fn recv_each(
        &mut self,
        mut each: impl FnMut(MessageRef<'_>, &mut Answers<'_>) -> Result<(), Failure>,
    ) -> Result<bool, Failure> {
        poll_fn(|cx| self.poll_each(cx, &mut each)).await
    }

    fn poll_each(
        &mut self,
        cx: &mut Context<'_>,
        each: &mut impl FnMut(MessageRef<'_>, &mut Answers<'_>) -> Result<(), Failure>,
    ) -> Poll<Result<bool, Failure>> {
        let simple = |connection: &mut Self| {
            receiving::show_simple(&mut connection.protocol, &connection.state, &mut *each).map(Received::Shown)
        };
        let other = |event| receiving::message(event).map(Received::Other);
        Poll::Ready(match ready!(self.poll_recv(cx, Delivery::Whole, simple, other))? {
            Some(Received::Shown(shown)) => shown.map(|()| true),
            Some(Received::Other(message)) => each(message.into(), &mut Answers::of(&mut self.protocol)).map(|()| true),
            None => Ok(false),
        })
    }

    /// The next part of a message, as it arrives, of which then no more is in memory. What is left of a message of which
    /// parts were received is had whole by [`recv`](Self::recv). `None`: the closing handshake was completed.
    ///
    /// ```no_run
    /// # async fn store(bytes: &[u8]) {}
    /// # async fn program(mut connection: ws_native::Connection) -> Result<(), ws_core::Failure> {
    /// use ws_native::proto::Part;
    /// while let Some(Part::Binary { bytes, last }) = connection.recv_part().await? {
    ///     store(&bytes).await;
    ///     if last {
    ///         break;
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    ///
    /// # Cancel safety
    /// As [`recv`](Self::recv).
    pub async fn recv_part(&mut self) -> Result<Option<Part>, Failure> {
        poll_fn(|cx| self.poll_part(cx)).await
    }

    fn poll_part(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Part>, Failure>> {
        self.poll_recv(cx, Delivery::InParts, |_| None, receiving::part)
    }

    /// The next event that is wanted, if none is had more simply; others are passed over. `None`: the connection is closed.
    fn poll_recv<M>(
        &mut self,
        cx: &mut Context<'_>,
        delivery: Delivery,
        mut simple: impl FnMut(&mut Self) -> Option<M>,
        wanted: impl Fn(Event) -> Option<M>,
    ) -> Poll<Result<Option<M>, Failure>> {
        while let State::Running = self.state {
            if let Some(message) = simple(self) {
                return Poll::Ready(Ok(Some(message)));
            }
            match self.advance(delivery) {
                None => ready!(self.poll_progress(cx)),
                Some(Event::Closed(closed)) => self.begin_end(closed),
                // It may be the answer to a ping of the heartbeat.
                Some(Event::Pong(_)) if self.protocol.is_watched() => self.protocol.note_time(self.clock.now(), false),
                Some(event) => {
                    if let Some(message) = wanted(event) {
                        memory::take_back_if_read(&mut self.protocol);
                        return Poll::Ready(Ok(Some(message)));
                    }
                }
            }
        }
        self.poll_end(cx).map(|failure| failure.map_or(Ok(None), Err))
    }

    /// Sends a message: queues it, and writes all that is queued.
    ///
    /// # Errors
    /// [`Failure`]: the connection is closed or a Close frame was sent, a blob could not be read, the stream broke.
    ///
    /// # Cancel safety
    /// The message is queued at the first poll (a blob that is not in memory: when it was read) and goes out with the
    /// next [`send`](Self::send), [`flush`](Self::flush) or [`recv`](Self::recv); it is never sent in part or twice.
    pub async fn send(&mut self, data: impl Into<Data>) -> Result<(), Failure> {
        self.feed(in_memory(data.into()).await?)?;
        self.flush().await
    }

    /// Sends a part of a message, as it is produced: queues it, and writes all that is queued. The first one begins the
    /// message, the last one ends it; until then no other message can be sent.
    ///
    /// # Errors
    /// As [`send`](Self::send); and if a message of another kind was begun.
    ///
    /// # Cancel safety
    /// As [`send`](Self::send).
    pub async fn send_part(&mut self, part: Part) -> Result<(), Failure> {
        self.feed_part(part)?;
        self.flush().await
    }

    fn feed_part(&mut self, part: Part) -> Result<(), Failure> {
        sending::feed_part(&mut self.protocol, part)
    }

    /// Queues a message.
    ///
    /// # Errors
    /// [`Failure`]: the connection is closed or a Close frame was sent, or the message is a blob that is not in memory.
    #[inline]
    pub fn feed(&mut self, data: impl Into<Data>) -> Result<(), Failure> {
        sending::feed(&mut self.protocol, data.into())
    }

    /// Queues a text message, of which a copy is made: the cheapest for text that is short or that is needed again.
    ///
    /// # Errors
    /// [`Failure`]: the connection is closed or a Close frame was sent.
    #[inline]
    pub fn feed_text(&mut self, text: &str) -> Result<(), Failure> {
        self.protocol.send_text(text).map_err(misuse)
    }

    /// Queues a binary message, of which a copy is made: the cheapest for bytes that are few or that are needed again.
    ///
    /// # Errors
    /// [`Failure`]: the connection is closed or a Close frame was sent.
    #[inline]
    pub fn feed_binary(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.protocol.send_binary(bytes).map_err(misuse)
    }

    /// Queues a message that other connections send, too, and that is encoded once.
    ///
    /// # Errors
    /// [`Failure`]: the connection is closed or a Close frame was sent.
    pub fn feed_prepared(&mut self, message: &Prepared) -> Result<(), Failure> {
        self.protocol.send_prepared(message).map_err(misuse)
    }

    /// Writes all that is queued, if that is more than [`Config::write_size`], 64 KiB: between two messages that are [fed](Self::feed), it keeps the
    /// queue short.
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    ///
    /// # Cancel safety
    /// As [`flush`](Self::flush).
    #[inline]
    pub async fn ready(&mut self) -> Result<(), Failure> {
        poll_fn(|cx| self.poll_ready(cx)).await
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        if sending::is_ready(&self.protocol) { Poll::Ready(Ok(())) } else { self.poll_flush(cx) }
    }

    /// Writes all that is queued.
    ///
    /// # Errors
    /// [`Failure`]: the stream broke. What the peer had sent before can still be [received](Self::recv).
    ///
    /// # Cancel safety
    /// Nothing is lost if the future is dropped: what was not written stays queued.
    pub async fn flush(&mut self) -> Result<(), Failure> {
        poll_fn(|cx| self.poll_flush(cx)).await
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        let _ = self.poll_shutdown(cx);
        let transmitted = self.transport.poll_transmit(&mut *self.protocol, cx);
        self.state.flushed(&self.protocol, transmitted, self.transport.broken())
    }

    /// Sends a ping with up to 125 bytes of payload. Pongs are not reported.
    ///
    /// # Errors
    /// [`Failure`]: the payload is too long, the connection is closed, or the stream broke.
    ///
    /// # Cancel safety
    /// As [`send`](Self::send).
    pub async fn ping(&mut self, payload: &[u8]) -> Result<(), Failure> {
        self.feed_ping(payload)?;
        self.flush().await
    }

    fn feed_ping(&mut self, payload: &[u8]) -> Result<(), Failure> {
        self.protocol.ping(payload).map_err(misuse)
    }

    /// Starts the closing handshake. The peer's answer comes through [`recv`](Self::recv), after the messages it sent
    /// before, as its `None`.
    ///
    /// # Errors
    /// [`Failure`]: the code must not be sent, the reason has more than 123 bytes, or the stream broke.
    ///
    /// # Cancel safety
    /// As [`send`](Self::send).
    pub async fn close(&mut self, close: Option<(CloseCode, &str)>) -> Result<(), Failure> {
        self.start_closing(close)?;
        poll_fn(|cx| self.poll_close(cx)).await
    }

    fn start_closing(&mut self, close: Option<(CloseCode, &str)>) -> Result<(), Failure> {
        sending::start_closing(&mut self.protocol, close)
    }

    /// Writes all that is queued, the Close frame being the last of it.
    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        if let State::Ended(_) = self.state {
            return Poll::Ready(Ok(()));
        }
        if let Poll::Ready(flushed) = self.poll_flush(cx) {
            return Poll::Ready(flushed);
        }
        // A peer that does not read is given up in time, of which `recv` then tells.
        if self.protocol.is_closing() {
            ready!(self.poll_deadline(cx));
        }
        Poll::Ready(Ok(()))
    }

    pub(crate) fn accept(&mut self, protocol: Option<&str>, headers: &[(&str, &str)]) -> Result<(), AcceptError> {
        *self.established = self.protocol.accept(protocol, headers)?;
        Ok(())
    }

    pub(crate) fn protocol(&mut self) -> &mut proto::Connection {
        &mut self.protocol
    }

    pub(crate) async fn next_event(&mut self) -> Event {
        poll_fn(|cx| self.poll_event(cx, Delivery::Whole)).await
    }

    fn poll_event(&mut self, cx: &mut Context<'_>, delivery: Delivery) -> Poll<Event> {
        loop {
            match self.advance(delivery) {
                Some(event) => return Poll::Ready(event),
                None => ready!(self.poll_progress(cx)),
            }
        }
    }

    /// The next event, if there is one.
    fn advance(&mut self, delivery: Delivery) -> Option<Event> {
        if self.protocol.is_timed() {
            self.protocol.handle_timeout(self.clock.now());
        }
        self.protocol.advance(delivery)
    }

    /// Writes, reads and waits, until there is reason to look for an event again.
    fn poll_progress(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.poll_shutdown(cx) {
            return Poll::Ready(());
        }
        let Ok(more) = self.joined.poll(&mut self.protocol, cx) else { return Poll::Ready(()) };
        // The reader is about to wait: now is the time to write.
        let transmitted = self.transport.poll_transmit(&mut *self.protocol, cx);
        let is_server = self.protocol.role() == Role::Server;
        let blocked = is_server && transmitted.is_pending() && self.protocol.backlog() > WATERMARK;
        let received = match self.transport.broken() {
            None if blocked => Poll::Pending,
            _ => self.transport.poll_receive(&mut *self.protocol, cx),
        };
        match received {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(error)) => self.protocol.lost(error),
            // There is room again for what is broadcast.
            Poll::Pending if more && transmitted.is_ready() => {}
            Poll::Pending => return self.poll_deadline(cx),
        }
        Poll::Ready(())
    }

    /// Does what the shutdown says that it follows. Whether there was anything to do.
    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> bool {
        let mut done = false;
        while let Some(Poll::Ready(phase)) = self.follower.as_mut().map(|follower| follower.poll_phase(cx)) {
            done = true;
            match phase {
                ShutdownPhase::Running => {}
                ShutdownPhase::Leaving => {
                    // One that is not open is going away already.
                    let _ = self.protocol.start_closing_handshake(Some(&Close::new(CloseCode::GOING_AWAY)));
                }
                ShutdownPhase::Over => {
                    self.follower = None;
                    self.protocol.lost(Failure::new(FailureKind::Cancelled, "the server has shut down"));
                }
            }
        }
        done
    }

    /// Ready when a time is over, and the protocol knows of it. To be called when there is nothing to be received.
    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.protocol.is_timed() {
            // The time of a closing handshake that has just begun begins here.
            self.protocol.handle_timeout(self.clock.now());
            if !self.protocol.is_timed() {
                return Poll::Ready(());
            }
        }
        if self.protocol.is_watched() {
            self.protocol.note_time(self.clock.now(), true);
        }
        ready!(self.clock.poll_deadline(self.protocol.deadline(), cx));
        self.protocol.handle_timeout(self.clock.now());
        Poll::Ready(())
    }

    pub(crate) fn begin_end(&mut self, closed: Box<Closed>) {
        self.joined.leave_all();
        self.state.begin_end(closed, &self.protocol, self.clock.now());
    }

    /// Ends the transport, without waiting for the peer for long. Gives the cause of the end, once.
    pub(crate) async fn end(&mut self) -> Option<Failure> {
        poll_fn(|cx| self.poll_end(cx)).await
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Option<Failure>> {
        let State::Ending { patience, .. } = &mut self.state else { return Poll::Ready(None) };
        if self.transport.poll_end(&mut *self.protocol, cx).is_pending() {
            let limit = self.protocol.config().end_timeout;
            let deadline = patience.deadline(self.protocol.backlog(), self.clock.now(), limit);
            ready!(self.clock.poll_deadline(deadline, cx));
        }
        Poll::Ready(self.state.end())
    }
}

/// The data, with the bytes of a blob that are elsewhere read.
async fn in_memory(data: Data) -> Result<Data, Failure> {
    match data {
        Data::Blob(blob) => {
            blob.bytes().await.map(Data::Binary).map_err(|error| Failure::new(FailureKind::Network, error))
        }
        data => Ok(data),
    }
}
