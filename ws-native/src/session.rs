//! A WebSocket for an embedder to drive: the protocol and the interface's model, joined, still
//! without I/O.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use bytes::BufMut;
use ws_core::{CloseEvent, Failure, FailureKind, Feedback, Message, Model, ReadyState, Task};

use crate::ledger::Ledger;
use crate::policy::Blocked;
use crate::proto::{self, Answer, Config, Connection, Event, HandshakeError, Headers, Random, Request};
use crate::send_queue::SendQueue;

mod messages;
mod pongs;
mod sending;

use pongs::Pongs;

/// The client's end of a WebSocket: [`ws_core::Model`] over [`proto::Connection`].
///
/// The loop of a host, for one turn of its event loop:
///
/// ```
/// use core::time::Duration;
/// use ws_native::{Session, proto};
///
/// let request = proto::Request::new("example.org", "/", &[] as &[&str])?;
/// let random = |bytes: &mut [u8]| bytes.fill(7); // a host uses its system's secure generator
/// let now = Duration::ZERO;
/// let mut session = Session::new(request, "ws://example.org".into(), Default::default(), Box::new(random), now);
///
/// // 1. Give it what the transport has: bytes, its end, its failure; and the time.
/// session.lost("connection refused");
/// session.handle_timeout(now);
/// // 2. Run the tasks, one after the other, and fire their events.
/// let mut fired = vec![];
/// loop {
///     session.begin_turn();
///     let Some(task) = session.next_task(now) else { break };
///     fired.push(task);
/// }
/// // 3. Transmit its output; when the last event was fired and the output is gone, end the transport.
/// let written = session.output().len();
/// session.consume_output(written);
/// // 4. Wait for the transport, or for the deadline.
/// assert_eq!(session.deadline(), None);
/// assert!(session.is_closed());
/// assert!(matches!(fired[..], [ws_core::Task::Close { failed: true, .. }]));
/// assert_eq!(session.failure().unwrap().kind(), ws_native::FailureKind::Network);
/// # Ok::<(), ws_native::proto::RequestError>(())
/// ```
pub struct Session {
    model: Model,
    connection: Connection,
    queue: SendQueue,
    ledger: Ledger,
    failure: Option<Failure>,
    /// The headers of the server's answer, once it has come.
    answer: Headers,
    pongs: Pongs,
}

impl Session {
    /// A socket that connects. `origin` is the serialized origin of its URL, which message events carry.
    pub fn new(
        request: Request,
        origin: alloc::sync::Arc<str>,
        config: Config,
        random: Box<dyn Random>,
        now: Duration,
    ) -> Self {
        Self {
            model: Model::new(origin),
            connection: Connection::client(request, config, random, now),
            queue: SendQueue::default(),
            ledger: Ledger::default(),
            failure: None,
            answer: Headers::default(),
            pongs: Pongs::default(),
        }
    }

    /// The interface's state: its attributes, and the setter of `binaryType`.
    pub fn model(&mut self) -> &mut Model {
        &mut self.model
    }

    /// The `readyState` attribute.
    pub fn ready_state(&self) -> ReadyState {
        self.model.ready_state()
    }

    /// Why the connection failed, once its `error` event was queued. For the host, never for a script.
    pub fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// The headers of the server's answer to the opening handshake, whatever it says; empty before
    /// it has come. For the host, never for a script.
    pub fn answer(&self) -> &Headers {
        &self.answer
    }

    /// Whether the last task was given out: transmit the rest of the output, then end the
    /// transport.
    pub fn is_closed(&self) -> bool {
        self.connection.is_closed() && !self.model.has_tasks()
    }

    /// Whether the connection is closed, though there may be tasks left to run: transmit the rest
    /// of the output, then end the transport.
    pub fn connection_is_closed(&self) -> bool {
        self.connection.is_closed()
    }

    /// The bounds of the connection.
    pub fn config(&self) -> &Config {
        self.connection.config()
    }

    // Input: see `proto::Connection`.

    /// The bytes the transport gave.
    pub fn receive(&mut self, bytes: &[u8]) {
        self.connection.receive(bytes);
    }

    /// Where a transport can write the bytes it gives, with room made for a read.
    pub fn read_buffer(&mut self) -> impl BufMut {
        self.connection.read_buffer()
    }

    /// The server's answer over HTTP/2: see [`proto::Connection::receive_answer`].
    pub fn receive_answer(&mut self, answer: Answer) {
        let waited = self.connection.backlog();
        self.connection.receive_answer(answer);
        // This drops the request over HTTP/1.1, which would have come before the messages: nobody
        // is to wait for it.
        self.ledger.transmitted(waited - self.connection.backlog());
    }

    /// The transport has ended.
    pub fn receive_end(&mut self) {
        self.connection.receive_end();
    }

    /// The transport could not be opened, or broke.
    pub fn lost(&mut self, error: impl Into<Box<dyn core::error::Error + Send + Sync>>) {
        self.connection.lost(error);
    }

    /// The connection may not be made, as the [policy](crate::policy::Policy) says: it fails before it has begun.
    pub fn refuse(&mut self, blocked: Blocked) {
        self.connection.lost(Failure::new(FailureKind::Policy, blocked));
    }

    /// The time for the opening handshake begins now: for a host that had to wait before it could open the transport.
    pub fn restart_handshake_timer(&mut self, now: Duration) {
        self.connection.restart_handshake_timer(now);
    }

    /// The host goes on looking at what comes, after it has held that back, or took something past
    /// the session: see [`proto::Connection::listen_anew`].
    pub fn listen_anew(&mut self) {
        self.connection.listen_anew();
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called, if nothing happens before.
    pub fn deadline(&self) -> Option<Duration> {
        self.connection.deadline()
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Duration) {
        let was_open = self.connection.is_open();
        self.connection.handle_timeout(now);
        // RFC 6455, section 7.1.3: "Upon either sending or receiving a Close control frame, it is
        // said that _The WebSocket Closing Handshake is Started_". No program has asked for this
        // one.
        if was_open && self.connection.is_closing() {
            self.queue.discard();
            self.model.feedback(Feedback::ClosingHandshakeStarted);
        }
    }

    /// How long the peer took to answer the newest ping of [`Config::heartbeat`] that it has answered.
    pub fn round_trip_time(&self) -> Option<Duration> {
        self.connection.round_trip_time()
    }

    // Output.

    /// What is to be transmitted.
    pub fn output(&self) -> &[u8] {
        self.connection.output()
    }

    /// This many bytes of the output were transmitted.
    pub fn consume_output(&mut self, count: usize) {
        self.connection.consume_output(count);
        self.model.transmitted(self.ledger.transmitted(count));
    }

    /// How many bytes of messages and frames have not reached the network, including those of
    /// messages that wait for a blob.
    pub fn unwritten(&self) -> u64 {
        (self.connection.backlog() as u64).saturating_add(self.queue.bytes())
    }

    /// Whether something that was sent was thrown away because the connection ends: it was not
    /// written, and never will be.
    pub fn has_discarded(&self) -> bool {
        self.connection.has_discarded() || self.queue.has_discarded()
    }

    /// How many bytes have not reached the network: the output, and what was taken of it.
    pub fn backlog(&self) -> usize {
        self.connection.backlog()
    }

    /// Takes this many bytes of the output, of which the host has a copy; [`transmitted`](Self::transmitted) is to be called
    /// when they reached the network.
    pub fn take_copied(&mut self, count: usize) {
        self.connection.take_copied(count);
    }

    /// Takes the output; [`transmitted`](Self::transmitted) is to be called when it reached the network.
    pub fn take_output(&mut self) -> Vec<u8> {
        self.connection.take_output()
    }

    /// This many bytes of the output that was taken were transmitted.
    pub fn transmitted(&mut self, count: usize) {
        self.connection.transmitted(count);
        self.model.transmitted(self.ledger.transmitted(count));
    }

    /// The protocol underneath, for the transport.
    #[cfg(feature = "tokio")]
    pub(crate) fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    // Tasks.

    /// The event loop reached step 1: `bufferedAmount` falls here.
    pub fn begin_turn(&mut self) {
        self.model.begin_turn();
    }

    /// Whether [`next_task`](Self::next_task) has something, as far as input was given.
    pub fn has_task(&mut self, now: Duration) -> bool {
        self.advance(now);
        self.model.has_tasks()
    }

    /// Whether the next task brings a message, as far as input was given: a face with back-pressure
    /// may not want it yet.
    pub fn next_is_message(&mut self, now: Duration) -> bool {
        self.has_task(now) && self.model.next_is_message()
    }

    /// Throws the message away that the next task brings.
    pub fn discard_message(&mut self) {
        self.model.discard_message();
    }

    /// Whether the connection has failed, though there may still be messages before the task that
    /// says so.
    pub fn has_failed(&self) -> bool {
        self.failure.is_some() || self.connection.failure().is_some()
    }

    /// Runs the next task's change of state. The host fires its events.
    ///
    /// What was received stays unparsed until it is asked for here: a host that does not ask reads no further ahead.
    pub fn next_task(&mut self, now: Duration) -> Option<Task> {
        loop {
            if let Some(task) = self.model.run_task() {
                return Some(task);
            }
            if !self.has_task(now) {
                return None;
            }
        }
    }

    /// Reads on, until a task is queued or there is nothing more.
    fn advance(&mut self, now: Duration) {
        while !self.model.has_tasks() {
            let Some(event) = self.connection.poll(now) else { return };
            if let Some(feedback) = self.feedback(event) {
                self.model.feedback(feedback);
            }
        }
    }

    fn feedback(&mut self, event: Event) -> Option<Feedback> {
        Some(match event {
            Event::Established(established) => {
                self.answer = established.headers;
                let protocol = established.protocol.unwrap_or_default();
                Feedback::Established { extensions: established.extensions, protocol }
            }
            Event::Text(text) => Feedback::Message(Message::Text(text)),
            Event::Binary(bytes) => Feedback::Message(Message::Binary(bytes)),
            Event::ClosingHandshakeStarted(_) => {
                self.queue.discard();
                Feedback::ClosingHandshakeStarted
            }
            Event::Closed(closed) => {
                self.queue.discard();
                let event = CloseEvent::new(closed.clean, closed.code(), closed.reason().into());
                let failed = closed.error.is_some();
                if let Some(proto::Error::Handshake(error)) = &closed.error
                    && let Some(answer) = error.answer()
                {
                    self.answer = answer.headers.clone();
                }
                self.failure = closed.error.map(Failure::from);
                Feedback::Closed { failed, event }
            }
            Event::Pong(payload) => {
                self.pongs.receive(payload);
                return None;
            }
            Event::Part(_) | Event::Ping(_) | Event::Request(_) => return None,
        })
    }
}

/// Leaves out what was received and what waits: there may be secrets in it.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("ready_state", &self.ready_state()).finish_non_exhaustive()
    }
}

impl From<proto::Error> for Failure {
    fn from(error: proto::Error) -> Self {
        // A transport that could not be opened has already said why.
        if let proto::Error::Transport(cause) = &error
            && let Some(failure) = cause.downcast_ref::<Self>()
        {
            return failure.clone();
        }
        let kind = match &error {
            proto::Error::Handshake(HandshakeError::Status(_)) => FailureKind::Refused,
            proto::Error::Handshake(_) => FailureKind::Handshake,
            proto::Error::Protocol(_) => FailureKind::Protocol,
            proto::Error::Bound(_) => FailureKind::Limit,
            proto::Error::Timeout(_) => FailureKind::Timeout,
            proto::Error::Ended => FailureKind::Ended,
            proto::Error::Cancelled => FailureKind::Cancelled,
            proto::Error::Transport(_) | proto::Error::Blob(_) => FailureKind::Network,
        };
        Self::new(kind, error)
    }
}
