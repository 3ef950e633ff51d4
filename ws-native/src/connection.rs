//! The asynchronous face for native programs and servers.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use ws_core::{CloseCode, Data, Failure, FailureKind, Message};

use crate::clock::Clock;
use crate::proto::{self, Close, Closed, Config, Established, Event, Request};
use crate::random;
use crate::transport::Transport;

/// An established WebSocket connection over any byte stream, in either role.
///
/// It has no task of its own: the protocol runs while [`recv`](Self::recv) or [`send`](Self::send) is awaited, pings are
/// answered by `recv`. What was [fed](Self::feed) goes out when `recv` is about to wait, so that a burst of answers is
/// one write.
///
/// ```no_run
/// # async fn program() -> Result<(), Box<dyn std::error::Error>> {
/// use ws_native::{Connection, proto};
/// let stream = tokio::net::TcpStream::connect("127.0.0.1:9001").await?;
/// let request = proto::Request::new("127.0.0.1:9001", "/", &[] as &[&str])?;
/// let mut connection = Connection::client(stream, request, Default::default()).await?;
/// connection.send("hello").await?;
/// while let Some(message) = connection.recv().await? {
///     println!("{message:?}");
///     connection.close(None).await?;
/// }
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Connection<T = TcpStream> {
    protocol: proto::Connection,
    transport: Transport<T>,
    clock: Clock,
    established: Established,
    /// How it was closed, once it is.
    closed: Option<Closed>,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Connection<T> {
    /// Performs the client's half of the opening handshake over a stream that is connected.
    ///
    /// # Errors
    /// [`Failure`]: the server refused, did not answer in time or not as it must, or the stream broke.
    ///
    /// # Cancel safety
    /// A handshake that is dropped is lost, and the stream with it.
    pub async fn client(stream: T, request: Request, config: Config) -> Result<Self, Failure> {
        let clock = Clock::start();
        let protocol = proto::Connection::client(request, config, Box::new(random::system), clock.now());
        let mut connection = Self::new(protocol, stream, clock);
        match connection.next_event().await {
            Event::Established(established) => {
                connection.established = established;
                Ok(connection)
            }
            event => Err(connection.failure_of(event)),
        }
    }

    /// The server's end over a stream whose opening handshake was done by somebody else, such as an HTTP server.
    pub fn server_established(stream: T, config: Config) -> Self {
        Self::new(proto::Connection::server_established(config), stream, Clock::start())
    }

    pub(crate) fn new(protocol: proto::Connection, stream: T, clock: Clock) -> Self {
        let transport = Transport::new(stream);
        Self { protocol, transport, clock, established: Established::default(), closed: None }
    }

    /// What was agreed on in the opening handshake; as a server's end, nothing of it is kept here.
    pub fn established(&self) -> &Established {
        &self.established
    }

    /// How the connection was closed, once [`recv`](Self::recv) has said that it is.
    pub fn closed(&self) -> Option<&Closed> {
        self.closed.as_ref()
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
    /// Nothing is lost if the future is dropped: all that was read is kept in the connection.
    pub async fn recv(&mut self) -> Result<Option<Message>, Failure> {
        if self.closed.is_some() {
            return Ok(None);
        }
        loop {
            match self.next_event().await {
                Event::Text(text) => return Ok(Some(Message::Text(text))),
                Event::Binary(bytes) => return Ok(Some(Message::Binary(bytes))),
                Event::Closed(closed) => return self.finish(closed).await.map(|()| None),
                _ => {}
            }
        }
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
        match data.into() {
            Data::Blob(blob) => {
                let bytes = blob.bytes().await.map_err(|error| Failure::new(FailureKind::Network, error))?;
                self.feed(bytes)?;
            }
            data => self.feed(data)?,
        }
        self.flush().await
    }

    /// Queues a message.
    ///
    /// # Errors
    /// [`Failure`]: the connection is closed or a Close frame was sent, or the message is a blob that is not in memory.
    pub fn feed(&mut self, data: impl Into<Data>) -> Result<(), Failure> {
        let sent = match data.into() {
            Data::Text(text) => self.protocol.send_text(&text),
            Data::Binary(bytes) => self.protocol.send_binary(&bytes),
            Data::Blob(blob) => match blob.as_bytes() {
                Some(bytes) => self.protocol.send_binary(bytes),
                None => return Err(Failure::new(FailureKind::Cancelled, "a blob that is not in memory needs send()")),
            },
        };
        sent.map_err(|error| Failure::new(FailureKind::Cancelled, error))
    }

    /// Writes all that is queued.
    ///
    /// # Errors
    /// [`Failure`]: the stream broke.
    ///
    /// # Cancel safety
    /// Nothing is lost if the future is dropped: what was not written stays queued.
    pub async fn flush(&mut self) -> Result<(), Failure> {
        poll_fn(|cx| self.transport.poll_transmit(&mut self.protocol, cx))
            .await
            .map_err(|error| Failure::new(FailureKind::Network, error))
    }

    /// Sends a ping with up to 125 bytes of payload. Pongs are not reported.
    ///
    /// # Errors
    /// [`Failure`]: the payload is too long, the connection is closed, or the stream broke.
    ///
    /// # Cancel safety
    /// As [`send`](Self::send).
    pub async fn ping(&mut self, payload: &[u8]) -> Result<(), Failure> {
        self.protocol.ping(payload).map_err(|error| Failure::new(FailureKind::Cancelled, error))?;
        self.flush().await
    }

    /// Starts the closing handshake. The peer's answer comes through [`recv`](Self::recv), after the messages it sent
    /// before, as its `None`.
    ///
    /// # Errors
    /// [`Failure`]: the stream broke.
    ///
    /// # Cancel safety
    /// As [`send`](Self::send).
    pub async fn close(&mut self, close: Option<(CloseCode, &str)>) -> Result<(), Failure> {
        let close = close.map(|(code, reason)| Close::with_reason(code, reason));
        self.protocol.start_closing_handshake(close.as_ref(), self.clock.now());
        self.flush().await
    }

    pub(crate) fn protocol(&mut self) -> &mut proto::Connection {
        &mut self.protocol
    }

    pub(crate) async fn next_event(&mut self) -> Event {
        poll_fn(|cx| self.poll_event(cx)).await
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Event> {
        loop {
            if let Some(event) = self.protocol.poll(self.clock.now()) {
                return Poll::Ready(event);
            }
            // The reader is about to wait: now is the time to write.
            if let Poll::Ready(Err(error)) = self.transport.poll_transmit(&mut self.protocol, cx) {
                self.protocol.lost(error);
                continue;
            }
            match self.transport.poll_receive(&mut self.protocol, cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => self.protocol.lost(error),
                Poll::Pending => match self.clock.poll_deadline(self.protocol.deadline(), cx) {
                    Poll::Ready(()) => self.protocol.handle_timeout(self.clock.now()),
                    Poll::Pending => return Poll::Pending,
                },
            }
        }
    }

    /// Remembers how the connection was closed, and ends the transport without waiting for the peer for long.
    pub(crate) async fn finish(&mut self, closed: Closed) -> Result<(), Failure> {
        let error = closed.error.clone();
        self.closed = Some(closed);
        let limit = self.protocol.config().end_timeout;
        // How the transport ends after the last event is nobody's concern.
        let _ = tokio::time::timeout(limit, self.transport.end(&mut self.protocol)).await;
        error.map_or(Ok(()), |error| Err(error.into()))
    }

    /// The failure of an opening handshake, of which this is the last event.
    pub(crate) fn failure_of(&self, event: Event) -> Failure {
        match event {
            Event::Closed(Closed { error: Some(error), .. }) => error.into(),
            _ => proto::Error::Ended.into(),
        }
    }
}

impl Connection<TcpStream> {
    /// The peer's address.
    ///
    /// # Errors
    /// What the system says, such as for a stream that is not connected any more.
    pub fn peer_address(&self) -> std::io::Result<SocketAddr> {
        self.stream().peer_addr()
    }
}
