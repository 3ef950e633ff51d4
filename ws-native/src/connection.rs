//! The asynchronous face for native programs and servers.

mod receiving;
mod sending;
mod sides;
mod sink;
mod split;
mod turn;

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::{CloseCode, Data, Failure, FailureKind};

use sides::{Side, Sides};
pub use split::{Receiver, Sender};
use turn::Turn;

use crate::clock::Clock;
use crate::ending::{State, failure_of};
use crate::proto::{self, AcceptError, Answer, Close, Closed, Config, Delivery, Established, Event, Request};
use crate::random;
use crate::server::{Broadcast, Follower, Following, Joined, Progress, Shutdown};
use crate::stream::Stream;
use crate::tap::Tapping;
use crate::transport::{End, Transport};

/// An established WebSocket connection over any byte stream, in either role.
///
/// It has no task of its own: the protocol runs while [`recv`](Self::recv) or [`send`](Self::send) is awaited, pings
/// are answered by `recv`. What was [fed](Self::feed) goes out when `recv` is about to wait, so that a burst of answers
/// is one write. Back-pressure is TCP's in both directions: `recv` reads no more than it is asked for, a server's
/// nothing at all while more than 1 MiB waits to be written; `send` waits until all is written. Two ends that only send
/// and never receive therefore wait for each other.
///
/// ```no_run
/// # async fn program() -> Result<(), ws_native::Failure> {
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
    /// Boxed, because a task that moves a connection from one future into another makes room for it
    /// in each of them.
    inner: Box<Inner<T>>,
}

#[derive(Debug)]
struct Inner<T> {
    protocol: proto::Connection,
    transport: Transport<T>,
    clock: Clock,
    established: Established,
    state: State,
    following: Following,
    /// The broadcasts it gets.
    joined: Joined,
    /// The tap on its stream.
    tapping: Option<Arc<Tapping>>,
    /// How much the program was given since other tasks had their turn.
    turn: Turn,
    /// Who waits at its sides, once it is used as a Stream or a Sink.
    sides: Option<Box<Sides>>,
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
                connection.inner.established = *established;
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
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (stream, _peer) = tokio::io::duplex(64);
    /// # let key = "dGhlIHNhbXBsZSBub25jZQ==";
    /// # let headers = [("Host", "h"), ("Connection", "Upgrade"), ("Upgrade", "websocket")].into_iter();
    /// # let headers = headers.chain([("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", key)]);
    /// # let headers = ws_native::proto::Headers::from_iter(headers);
    /// use ws_native::Connection;
    /// use ws_native::proto::{self, Config, IncomingRequest};
    /// // An HTTP server has read the request.
    /// let request = IncomingRequest::validate("GET", "/chat", headers)?;
    /// let (protocol, established) = proto::Connection::server_upgraded(&request, Config::default());
    /// // It answers 101 with this as Sec-WebSocket-Accept, and gives the stream.
    /// assert_eq!(request.accept_value(), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    /// let connection = Connection::server_upgraded(stream, (protocol, established));
    /// # Ok(()) }
    /// ```
    pub fn server_upgraded(stream: T, (protocol, established): (proto::Connection, Established)) -> Self {
        let mut connection = Self::new(protocol, stream, Clock::start());
        connection.inner.established = established;
        connection
    }

    /// The same connection, where these bytes have been read from the stream already: what came behind the head of an
    /// opening handshake that was done by somebody else. To be called before anything is received.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), ws_native::Failure> {
    /// # let (stream, _peer) = tokio::io::duplex(64);
    /// use ws_native::{Connection, proto::Config};
    /// let read = b"GET /chat HTTP/1.1\r\n\r\n\x81\x82\x00\x00\x00\x00Hi";
    /// let behind_the_head = &read[22..];
    /// let mut connection = Connection::server_established(stream, Config::default()).with_read(behind_the_head);
    /// assert_eq!(connection.recv().await?, Some(ws_native::Message::Text("Hi".into())));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn with_read(mut self, bytes: &[u8]) -> Self {
        self.inner.protocol.receive(bytes);
        self
    }

    pub(crate) fn new(protocol: proto::Connection, stream: T, clock: Clock) -> Self {
        let inner = Inner {
            protocol,
            transport: Transport::new(stream),
            clock,
            established: Established::default(),
            state: State::Running,
            following: Following::default(),
            joined: Joined::default(),
            tapping: None,
            turn: Turn::default(),
            sides: None,
        };
        Self { inner: Box::new(inner) }
    }

    /// Sets the tap on its stream.
    pub(crate) fn set_tapping(&mut self, tapping: Option<Arc<Tapping>>) {
        self.inner.tapping = tapping;
    }

    /// Has the connection closed with 1001 when this shutdown [begins](Shutdown::begin), and cut when the shutdown's
    /// time is over. [`recv`](Self::recv) then ends as if the program had closed it, or fails.
    pub fn follow(&mut self, shutdown: &Shutdown) {
        self.set_follower(shutdown.follow());
    }

    pub(crate) fn set_follower(&mut self, follower: Follower) {
        self.inner.following = Following::Shutdown(follower);
    }

    /// Gets the messages that are sent to this broadcast from now on. Those that come are sent while
    /// [`recv`](Self::recv) waits, behind what was fed before, until the connection is closed or dropped, or
    /// [leaves](Self::leave). Those that have come when the program or a shutdown closes the connection go before its
    /// Close frame. To join once more changes nothing.
    ///
    /// While a message is [sent in parts](Self::send_part), they wait for its end.
    pub fn join(&mut self, broadcast: &Broadcast) {
        // One that has ended has left all it had joined, and nothing would make it leave another.
        if let State::Running = self.inner.state {
            self.inner.joined.join(broadcast);
        }
    }

    /// Gets no more messages of this broadcast, nor those that still wait to be taken.
    pub fn leave(&mut self, broadcast: &Broadcast) {
        self.inner.joined.leave(broadcast);
    }

    /// How many messages of broadcasts it has missed so far, because its peer was too slow. Those that have come when
    /// it is closed between the parts of a message count as well: there is no place for them any more.
    pub fn missed(&self) -> u64 {
        self.inner.joined.missed()
    }

    /// What was agreed on in the opening handshake; at a client's end, with the headers of the server's answer.
    pub fn established(&self) -> &Established {
        &self.inner.established
    }

    /// How the connection was closed, once [`recv`](Self::recv) has said that it is.
    pub fn closed(&self) -> Option<&Closed> {
        self.inner.state.closed()
    }

    /// How long the peer took to answer the newest ping that it has answered, of those that
    /// [`Config::heartbeat`] sends while [`recv`](Self::recv) waits.
    pub fn round_trip_time(&self) -> Option<Duration> {
        self.inner.protocol.round_trip_time()
    }

    /// The stream underneath.
    pub fn stream(&self) -> &T {
        self.inner.transport.stream()
    }

    pub(crate) fn accept(&mut self, protocol: Option<&str>, headers: &[(&str, &str)]) -> Result<(), AcceptError> {
        self.inner.established = self.inner.protocol.accept(protocol, headers)?;
        Ok(())
    }

    pub(crate) fn protocol(&mut self) -> &mut proto::Connection {
        &mut self.inner.protocol
    }

    pub(crate) async fn next_event(&mut self) -> Event {
        poll_fn(|cx| self.poll_event(cx)).await
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        loop {
            match self.inner.protocol.advance(Delivery::Whole) {
                Some(event) => return Poll::Ready(event),
                None => ready!(self.poll_io(cx)),
            }
        }
    }

    /// Does what the shutdown says that this connection follows. Whether there was anything to do.
    fn follow_shutdown(&mut self, cx: &mut Context<'_>) -> bool {
        let mut done = false;
        while let Poll::Ready(progress) = self.inner.following.poll_progress(cx) {
            done = true;
            match progress {
                Progress::Running => {}
                Progress::Leaving => {
                    self.inner.joined.give_out(&mut self.inner.protocol);
                    // A connection that is not open is already going away.
                    self.inner.protocol.start_closing_for_host(&Close::new(CloseCode::GOING_AWAY));
                }
                Progress::Over => {
                    self.inner.following = Following::Over;
                    if let State::Running = self.inner.state {
                        self.inner.protocol.lost(Failure::new(FailureKind::Cancelled, "the server has shut down"));
                    }
                }
            }
        }
        done
    }

    /// Ready when a deadline of the protocol has passed, and the protocol was told. Before the call the protocol has to
    /// know what is waited for: that decides which deadline there is.
    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // The timer is asked and not the clock: like the stream it is pending in a task that has to
        // let others run.
        ready!(self.inner.clock.poll_deadline(self.inner.protocol.deadline(), cx));
        self.inner.protocol.handle_timeout(self.inner.clock.now());
        Poll::Ready(())
    }

    pub(crate) fn begin_end(&mut self, closed: Box<Closed>) {
        self.inner.joined.leave_all();
        self.inner.state.begin_end(closed, &self.inner.protocol, self.inner.clock.now());
    }

    /// Ends the transport, without waiting long for the peer. Gives the cause of a failure, once.
    pub(crate) async fn end(&mut self) -> Option<Failure> {
        poll_fn(|cx| self.poll_end(cx)).await
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Option<Failure>> {
        self.poll_side(Side::Reading, cx, Self::poll_transport_end)
    }

    fn poll_transport_end(&mut self, cx: &mut Context<'_>) -> Poll<Option<Failure>> {
        if let State::Ending { .. } = self.inner.state {
            let _ = self.follow_shutdown(cx);
            let end = self.inner.transport.poll_end(&mut self.inner.protocol, cx);
            if end != Poll::Ready(End::Reached) {
                let waits = self.poll_patience(cx).is_pending();
                if waits && end == Poll::Ready(End::Later) {
                    cx.waker().wake_by_ref();
                }
                if waits {
                    return Poll::Pending;
                }
            }
            self.inner.protocol.discard_output();
        }
        Poll::Ready(self.inner.state.end())
    }

    /// Ready when the end of the transport was waited for long enough.
    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let State::Ending { patience, .. } = &mut self.inner.state else { return Poll::Ready(()) };
        if let Following::Over = self.inner.following {
            return Poll::Ready(());
        }
        let limit = self.inner.protocol.config().end_timeout;
        let now = self.inner.clock.now();
        let deadline = patience.deadline(self.inner.protocol.backlog(), now, limit);
        // The clock is asked directly, for the timer stays pending in a task that has read so much
        // that it has to let others run.
        if deadline.is_some_and(|deadline| deadline <= now) {
            return Poll::Ready(());
        }
        self.inner.clock.poll_deadline(deadline, cx)
    }
}

/// The data; the bytes of a blob are read into memory.
async fn in_memory(data: Data) -> Result<Data, Failure> {
    match data {
        Data::Blob(blob) => {
            blob.bytes().await.map(Data::Binary).map_err(|error| Failure::new(FailureKind::Network, error))
        }
        data => Ok(data),
    }
}
