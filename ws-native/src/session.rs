//! A WebSocket as an embedder pumps it: the protocol and the interface's model, joined, still without I/O.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::ToString as _;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use bytes::{BufMut, Bytes};
use ws_core::{
    BlobError, Close, CloseEvent, Closing, Data, Error, Failure, FailureKind, Feedback, Message, Model, ReadyState,
    Sending, Task,
};

use crate::ledger::Ledger;
use crate::policy::Blocked;
use crate::proto::{self, Answer, Config, Connection, Event, HandshakeError, Headers, Random, Request, SendError};
use crate::send_queue::{BlobId, SendQueue, Waiting};

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
/// assert_eq!(session.failure().unwrap().kind(), ws_core::FailureKind::Network);
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
    /// How many of the program's pings may still be answered.
    pings: usize,
    /// The payloads of the pongs that came since the last one was taken.
    pongs: VecDeque<Bytes>,
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
            pings: 0,
            pongs: VecDeque::new(),
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

    /// The headers of the server's answer to the opening handshake, whatever it was; empty before. For the host, never for
    /// a script.
    pub fn answer(&self) -> &Headers {
        &self.answer
    }

    /// Whether the last task was given out: transmit what is output, then end the transport.
    pub fn is_closed(&self) -> bool {
        self.connection.is_closed() && !self.model.has_tasks()
    }

    /// Whether the connection is closed, though tasks may be left to run: transmit what is output, then end the
    /// transport.
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

    /// Lets the host collect the message that is arriving: see [`proto::Connection::collect`]. It is the next one, and there
    /// is no task before it.
    pub fn collect(&mut self, least: usize) -> Option<(Bytes, usize)> {
        let is_next = !self.model.has_tasks() && self.model.ready_state() == ReadyState::Open && !self.has_pong();
        if is_next { self.connection.collect(least) } else { None }
    }

    /// So many bytes more of that message have come. Whether that is all of it, and it is to be handed over, as those of
    /// [`take_messages`](Self::take_messages) are.
    pub fn count_collected(&mut self, count: usize) -> bool {
        self.connection.count_collected(count) && self.model.ready_state() == ReadyState::Open
    }

    /// Where a transport can write the bytes it gives, with room made for a read.
    pub fn read_buffer(&mut self) -> impl BufMut {
        self.connection.read_buffer()
    }

    /// The server's answer over HTTP/2: see [`proto::Connection::receive_answer`].
    pub fn receive_answer(&mut self, answer: Answer) {
        self.connection.receive_answer(answer);
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

    /// When [`handle_timeout`](Self::handle_timeout) is to be called, if nothing happens before.
    pub fn deadline(&self) -> Option<Duration> {
        self.connection.deadline()
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.connection.handle_timeout(now);
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

    /// How many bytes of messages and frames have not reached the network, those of messages that wait for a blob included.
    pub fn unwritten(&self) -> u64 {
        (self.connection.backlog() as u64).saturating_add(self.queue.bytes())
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

    /// Whether the next task brings a message, as far as input was given: what a face with back-pressure may not want yet.
    pub fn next_is_message(&mut self, now: Duration) -> bool {
        self.has_task(now) && self.model.next_is_message()
    }

    /// Throws the message away that the next task brings.
    pub fn discard_message(&mut self) {
        self.model.discard_message();
    }

    /// Whether the connection has failed, though the task that says so may still have messages before it.
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

    /// Takes the messages that come next and are there wholly, as long as `take` says that it wants more. The host hands them
    /// over as it does those of [`next_task`](Self::next_task), each in a task of its own and before it asks for another task,
    /// and forgets those that are left when the socket is not open any more.
    ///
    /// Nothing is looked at that comes behind them, so that what a program answers to one of them is not too late for the end
    /// of the connection.
    pub fn take_messages(&mut self, now: Duration, mut take: impl FnMut(Message) -> bool) {
        if self.model.has_tasks() || self.model.ready_state() != ReadyState::Open || self.has_pong() {
            return;
        }
        while let Some(event) = self.connection.poll_whole_message(now) {
            let wants_more = match event {
                Event::Text(text) => take(Message::Text(text)),
                Event::Binary(bytes) => take(Message::Binary(bytes)),
                // It was wrong.
                other => {
                    if let Some(feedback) = self.feedback(other) {
                        self.model.feedback(feedback);
                    }
                    false
                }
            };
            if !wants_more {
                return;
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
                self.queue.clear();
                Feedback::ClosingHandshakeStarted
            }
            Event::Closed(closed) => {
                self.queue.clear();
                let event = CloseEvent::new(closed.clean, closed.code(), closed.reason().into());
                let failed = closed.error.is_some();
                if let Some(proto::Error::Handshake(HandshakeError::Status(answer))) = &closed.error {
                    self.answer = answer.headers.clone();
                }
                self.failure = closed.error.map(Failure::from);
                Feedback::Closed { failed, event }
            }
            Event::Pong(payload) if self.pings > 0 => {
                self.pings -= 1;
                self.pongs.push_back(payload);
                return None;
            }
            Event::Part(_) | Event::Ping(_) | Event::Pong(_) | Event::Request(_) => return None,
        })
    }

    // Pings, which the interface knows nothing of.

    /// Sends a ping.
    ///
    /// # Errors
    /// [`SendError::NotOpen`], [`SendError::LongControl`].
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), SendError> {
        self.connection.ping(payload)?;
        self.pings += 1;
        Ok(())
    }

    /// Whether there is a pong to be [taken](Self::take_pong).
    pub fn has_pong(&self) -> bool {
        !self.pongs.is_empty()
    }

    /// Takes the payload of the next pong, of no more than there were [pings](Self::ping). Those that are there came before
    /// the message of the [next task](Self::next_task).
    pub fn take_pong(&mut self) -> Option<Bytes> {
        self.pongs.pop_front()
    }

    // The interface's methods.

    /// The `send()` method for text and bytes. A blob whose bytes are elsewhere goes through
    /// [`send_blob`](Self::send_blob).
    ///
    /// # Errors
    /// [`Error::InvalidState`] while connecting, [`Error::Discarded`] when closing or closed; the latter is nothing a
    /// script sees.
    pub fn send(&mut self, data: Data) -> Result<(), Error> {
        let message = match data {
            Data::Text(text) => Waiting::Text(text),
            Data::Binary(bytes) => Waiting::Binary(bytes),
            Data::Blob(blob) => match blob.as_bytes() {
                Some(bytes) => Waiting::Binary(bytes.clone()),
                None => return Err(Error::Host("a blob that is not in memory goes through send_blob".to_string())),
            },
        };
        self.admit(message.len())?;
        self.queue.push(message);
        self.transmit_queue();
        Ok(())
    }

    /// The `send()` method for text that need not be kept.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_text(&mut self, text: &str) -> Result<(), Error> {
        self.admit(text.len() as u64)?;
        if self.queue.is_empty() {
            self.transmit(text.len(), |connection| connection.send_text(text)).map_err(|_| self.discarded())
        } else {
            self.queue.push(Waiting::Text(text.into()));
            Ok(())
        }
    }

    /// The `send()` method for bytes that need not be kept.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_binary(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.admit(bytes.len() as u64)?;
        if self.queue.is_empty() {
            self.transmit(bytes.len(), |connection| connection.send_binary(bytes)).map_err(|_| self.discarded())
        } else {
            self.queue.push(Waiting::Binary(Bytes::copy_from_slice(bytes)));
            Ok(())
        }
    }

    /// The `send()` method for a blob of this size, which the host reads: its place in the order is kept until
    /// [`blob_read`](Self::blob_read) or [`blob_failed`](Self::blob_failed).
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_blob(&mut self, size: u64) -> Result<BlobId, Error> {
        self.admit(size)?;
        Ok(self.queue.push_blob(size))
    }

    /// The bytes of a blob, which must be as many as were announced. Does nothing if the connection is gone.
    pub fn blob_read(&mut self, id: BlobId, bytes: Bytes) {
        match self.queue.fill(id, bytes) {
            Ok(()) => self.transmit_queue(),
            Err(error) => self.blob_failed(id, error),
        }
    }

    /// A blob could not be read: the connection fails, for its messages must not go on with a gap.
    pub fn blob_failed(&mut self, id: BlobId, error: BlobError) {
        if self.queue.is_reading(id) {
            self.queue.clear();
            self.connection.fail(proto::Error::Blob(error));
        }
    }

    /// Step 3 of the `close()` method, whose arguments [`Close::new`] has validated.
    pub fn close(&mut self, close: Option<Close>) {
        let closing = self.model.close(close);
        self.carry_out(closing);
    }

    /// The handle is gone: starts the closing handshake without a code, or gives up connecting.
    pub fn abandon(&mut self) {
        let closing = self.model.abandon();
        self.carry_out(closing);
    }

    /// The page or worker of the object goes away: starts the closing handshake with code 1001, or gives up connecting.
    pub fn disappear(&mut self) {
        let closing = self.model.disappear();
        self.carry_out(closing);
    }

    /// Ends the connection at once, without a closing handshake: its last event is close with code 1006, after error.
    pub fn terminate(&mut self) {
        self.queue.clear();
        self.connection.lost(Failure::new(FailureKind::Cancelled, "this program has ended the connection"));
    }

    fn carry_out(&mut self, closing: Closing) {
        match closing {
            Closing::Nothing => {}
            Closing::Fail => self.connection.fail(proto::Error::Cancelled),
            Closing::Start(close) => {
                self.queue.push(Waiting::Close(close));
                self.transmit_queue();
            }
        }
    }

    /// Lets a message of this many bytes in, if it can still be sent and there is room for it.
    fn admit(&mut self, length: u64) -> Result<(), Error> {
        let sending = self.model.send(length)?;
        if sending == Sending::Discard || !self.connection.is_open() {
            return Err(self.discarded());
        }
        let bound = self.connection.config().max_send_queue;
        if self.unwritten().saturating_add(length) > bound as u64 {
            self.queue.clear();
            self.connection.fail(proto::Error::Bound(proto::Bound::SendQueue(bound)));
            return Err(self.discarded());
        }
        Ok(())
    }

    /// The connection may be further than the ready state, whose task still waits.
    fn discarded(&self) -> Error {
        Error::Discarded(self.model.ready_state().max(ReadyState::Closing))
    }

    /// Sends what waits, up to the next blob that is still being read.
    fn transmit_queue(&mut self) {
        while let Some(next) = self.queue.pop() {
            // What the connection cannot send any more is lost with it, as the close event says.
            let _ = match next {
                Waiting::Text(text) => self.transmit(text.len(), |connection| connection.send_owned_text(text)),
                Waiting::Binary(bytes) => self.transmit(bytes.len(), |connection| connection.send_owned_binary(bytes)),
                Waiting::Close(close) => {
                    let close = close.map(|close| proto::Close::with_reason(close.code(), close.reason()));
                    self.connection.start_closing_handshake(close.as_ref())
                }
                Waiting::Reading { .. } => Ok(()),
            };
        }
    }

    /// Sends a message of this length, and keeps account of it.
    fn transmit(
        &mut self,
        length: usize,
        send: impl FnOnce(&mut Connection) -> Result<(), SendError>,
    ) -> Result<(), SendError> {
        let before = self.connection.queued_total();
        send(&mut self.connection)?;
        let end = self.connection.queued_total();
        self.ledger.push(end - before, end, length as u64);
        Ok(())
    }
}

/// Leaves out what was received and what waits, which may be secrets.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("ready_state", &self.ready_state()).finish_non_exhaustive()
    }
}

impl From<proto::Error> for Failure {
    fn from(error: proto::Error) -> Self {
        // A transport that could not be opened has said why in these words already.
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
