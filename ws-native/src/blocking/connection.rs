//! The blocking face for native programs and servers.

mod receiving;

use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::{Duration, Instant};

use ws_core::{CloseCode, Data, Failure, FailureKind};

use super::wire::Wire;
use super::{Stream, Timed};
use crate::ending::{State, failure_of};
use crate::proto::{self, AcceptError, Closed, Config, Delivery, Error, Established, Event, Part, Phase, Request};
use crate::random;
use crate::sending;

/// An established WebSocket connection over any byte stream that blocks, in either role.
///
/// It has no thread of its own: the protocol runs while [`recv`](Self::recv) or
/// [`send`](Self::send) does, pings are answered by `recv`. What was [fed](Self::feed) goes out
/// when `recv` is about to wait, so that a burst of answers is one write. Back-pressure is that of
/// the stream in both directions. The [module](super) says how deadlines are kept, and what happens
/// with streams that do not block.
///
/// ```no_run
/// use ws_native::ConnectOptions;
/// use ws_native::blocking::Connection;
/// let mut connection = Connection::connect("wss://example.org/chat", &ConnectOptions::default())?;
/// connection.send("hello")?;
/// while let Some(message) = connection.recv()? {
///     println!("{message:?}");
///     connection.close(None)?;
/// }
/// # Ok::<(), ws_native::Failure>(())
/// ```
///
/// It is also an iterator over the messages that are received; a failure is its last item, unless it is
/// [`WouldBlock`](ws_core::FailureKind::WouldBlock), behind which it goes on.
#[derive(Debug)]
pub struct Connection<S = Stream> {
    protocol: Box<proto::Connection>,
    wire: Wire<S>,
    /// From where the protocol's time is counted.
    start: Instant,
    established: Box<Established>,
    state: State,
}

/// How much too early a time-out may come: a tick of the slowest system's clock.
pub(super) const TICK: Duration = Duration::from_millis(10);

impl<S: Timed> Connection<S> {
    /// Performs the client's half of the opening handshake over a stream that is connected.
    ///
    /// # Errors
    /// [`Failure`]: the server refused, did not answer in time or not as it must, or the stream broke or does not
    /// block.
    pub fn client(stream: S, request: Request, config: impl Into<Arc<Config>>) -> Result<Self, Failure> {
        Self::client_since(Instant::now(), stream, request, config)
    }

    /// The same, where the time for the opening handshake has already begun.
    pub(super) fn client_since(
        start: Instant,
        stream: S,
        request: Request,
        config: impl Into<Arc<Config>>,
    ) -> Result<Self, Failure> {
        let protocol = proto::Connection::client(request, config, Box::new(random::secure), Duration::ZERO);
        let mut connection = Self::new(protocol, stream, start);
        match connection.next_event() {
            Poll::Ready(Event::Established(established)) => {
                connection.established = established;
                Ok(connection)
            }
            Poll::Ready(event) => Err(failure_of(event)),
            Poll::Pending => Err(would_block()),
        }
    }

    /// The server's end over a stream whose opening handshake was done by somebody else, who agreed to no extensions.
    pub fn server_established(stream: S, config: impl Into<Arc<Config>>) -> Self {
        Self::new(proto::Connection::server_established(config), stream, Instant::now())
    }

    /// The client's end over a stream whose opening handshake was done by somebody else, who agreed to no extensions.
    pub fn client_established(stream: S, config: impl Into<Arc<Config>>) -> Self {
        let protocol = proto::Connection::client_established(config, Box::new(random::secure));
        Self::new(protocol, stream, Instant::now())
    }

    /// The server's end over a stream that an HTTP server has upgraded, with the protocol's end that was made for its
    /// answer: see [`proto::Connection::server_upgraded`].
    pub fn server_upgraded(stream: S, (protocol, established): (proto::Connection, Established)) -> Self {
        Self { established: Box::new(established), ..Self::new(protocol, stream, Instant::now()) }
    }

    /// The same connection, where these bytes have been read from the stream already: what came behind the head of an
    /// opening handshake that was done by somebody else. To be called before anything is received.
    #[must_use]
    pub fn with_read(mut self, bytes: &[u8]) -> Self {
        self.protocol.receive(bytes);
        self
    }

    pub(super) fn new(protocol: proto::Connection, stream: S, start: Instant) -> Self {
        Self {
            protocol: Box::new(protocol),
            wire: Wire::new(stream),
            start,
            established: Box::default(),
            state: State::Running,
        }
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
    pub fn stream(&self) -> &S {
        self.wire.stream()
    }

    /// Sends a message: queues it, and writes all that is queued.
    ///
    /// # Errors
    /// As [`feed`](Self::feed), in which case nothing was queued; as [`flush`](Self::flush), in
    /// which case the message is queued.
    pub fn send(&mut self, data: impl Into<Data>) -> Result<(), Failure> {
        self.feed(data)?;
        self.flush()
    }

    /// Sends a part of a message, as it is produced: queues it, and writes all that is queued. The first one begins the
    /// message, the last one ends it; until then no other message can be sent.
    ///
    /// # Errors
    /// As [`send`](Self::send); a message that is not complete is an error only if it is of the other kind.
    pub fn send_part(&mut self, part: Part) -> Result<(), Failure> {
        sending::feed_part(&mut self.protocol, part)?;
        self.flush()
    }

    /// Queues a message.
    ///
    /// # Errors
    /// [`Failure`], and the message was not queued. Of the kind [`Ended`](FailureKind::Ended): the peer has closed, or
    /// the connection has failed or ended; a program cannot always know. Of the kind [`Misuse`](FailureKind::Misuse):
    /// the program has [closed](Self::close) first; a message that is sent [in parts](Self::send_part) is not complete;
    /// the message is a blob that is not in memory; or more than [`Config::max_send_queue`] would wait to be written,
    /// which also fails the connection.
    ///
    /// While the [idle time-out](Config::idle_timeout) closes the connection, what is sent, by this method or any
    /// other, is thrown away, but for such a blob, and there is no error: [`recv`](Self::recv) tells of the end.
    #[inline]
    pub fn feed(&mut self, data: impl Into<Data>) -> Result<(), Failure> {
        sending::feed(&mut self.protocol, data.into())
    }

    /// Queues a text message, of which a copy is made: the cheapest for text that is short or that is needed again.
    ///
    /// # Errors
    /// As [`feed`](Self::feed).
    #[inline]
    pub fn feed_text(&mut self, text: &str) -> Result<(), Failure> {
        sending::outcome(self.protocol.send_text(text))
    }

    /// Queues a binary message, of which a copy is made: the cheapest for bytes that are few or that are needed again.
    ///
    /// # Errors
    /// As [`feed`](Self::feed).
    #[inline]
    pub fn feed_binary(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        sending::outcome(self.protocol.send_binary(bytes))
    }

    /// Writes all that is queued, if that is more than [`Config::write_size`], by default 64 KiB: between two messages
    /// that are [fed](Self::feed), it keeps the queue short.
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    #[inline]
    pub fn ready(&mut self) -> Result<(), Failure> {
        if sending::is_ready(&self.protocol) { Ok(()) } else { self.flush() }
    }

    /// Writes all that is queued.
    ///
    /// # Errors
    /// [`Failure`]: the stream broke, and what the peer had sent before can still be [received](Self::recv); or the
    /// connection is being closed and the peer has not read in [time](Config::close_timeout), or it is closed and not
    /// all was written. Or [`WouldBlock`](FailureKind::WouldBlock): the stream takes no more yet, and what was not
    /// written stays queued.
    pub fn flush(&mut self) -> Result<(), Failure> {
        // The connection has already failed, and the stream may never take what is left.
        if let Some(error) = self.protocol.failure() {
            return Err(error.clone().into());
        }
        if self.protocol.is_closing() {
            let is_written = self.write_in_time()?;
            let failure = self.protocol.failure().cloned().unwrap_or(Error::Timeout(Phase::End));
            return if is_written { Ok(()) } else { Err(failure.into()) };
        }
        match self.write(None) {
            Poll::Ready(written) => written,
            Poll::Pending => Err(would_block()),
        }
    }

    /// Writes all that is queued, including the Close frame. False: the peer did not read in time,
    /// and was given up.
    fn write_in_time(&mut self) -> Result<bool, Failure> {
        loop {
            let has_time = self.protocol.has_time_to_close();
            let deadline = if has_time { self.begin_wait() } else { Some(self.start.elapsed()) };
            match self.write(deadline) {
                Poll::Ready(written) => return written.map(|()| true),
                Poll::Pending if !has_time => return Ok(false),
                Poll::Pending if self.has_passed(deadline) => self.protocol.handle_timeout(self.start.elapsed()),
                Poll::Pending => return Err(would_block()),
            }
        }
    }

    fn write(&mut self, deadline: Option<Duration>) -> Poll<Result<(), Failure>> {
        let by = self.instant(deadline);
        let transmitted = self.wire.transmit(&mut self.protocol, by);
        self.state.flushed(&self.protocol, transmitted, self.wire.broken())
    }

    /// Sends a ping with up to 125 bytes of payload. [`recv_any`](Self::recv_any) gives the pong.
    ///
    /// # Errors
    /// [`Failure`] of the kind [`Misuse`](FailureKind::Misuse): the payload is too long, or more than
    /// [`Config::max_send_queue`] would wait, which does not fail the connection. As [`feed`](Self::feed) if the
    /// connection is closed or is being closed. As [`flush`](Self::flush), and then the ping is queued.
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), Failure> {
        sending::outcome(self.protocol.ping(payload))?;
        self.flush()
    }

    /// Starts the closing handshake. The peer's answer comes through [`recv`](Self::recv), after
    /// the messages it sent before, as its `None`. A peer that does not read in time is given up,
    /// and `recv` then says so. Once the connection is closing, whoever has begun that, this changes
    /// nothing: a second code is not sent.
    ///
    /// # Errors
    /// [`Failure`]: the code must not be sent, the reason has more than 123 bytes; as [`flush`](Self::flush), and then
    /// the Close frame is queued.
    pub fn close(&mut self, close: Option<(CloseCode, &str)>) -> Result<(), Failure> {
        let close = sending::close_frame(close)?;
        sending::start_closing(&mut self.protocol, close.as_ref())?;
        if self.protocol.has_time_to_close() {
            self.write_in_time()?;
        }
        Ok(())
    }

    pub(super) fn accept(&mut self, protocol: Option<&str>, headers: &[(&str, &str)]) -> Result<(), AcceptError> {
        *self.established = self.protocol.accept(protocol, headers)?;
        Ok(())
    }

    pub(super) fn refuse_with(
        &mut self,
        status: u16,
        headers: &[(&str, &str)],
        message: &str,
    ) -> Result<(), AcceptError> {
        self.protocol.refuse_with(status, headers, message)
    }

    /// Pending: the stream would block.
    pub(super) fn next_event(&mut self) -> Poll<Event> {
        loop {
            match self.protocol.advance(Delivery::Whole) {
                Some(event) => return Poll::Ready(event),
                None => ready!(self.progress()),
            }
        }
    }

    /// Writes, and reads if all that has come was given out, until it is worth looking for an event
    /// again. Pending: the stream would block.
    pub(super) fn progress(&mut self) -> Poll<()> {
        let is_drained = !self.waits_for_room();
        if self.protocol.handle_timeout_before_reading(|| self.start.elapsed()) {
            return Poll::Ready(());
        }
        // The program feeds nothing at the moment, so now is the time to write.
        let deadline = self.begin_wait();
        let by = self.instant(deadline);
        let _ = self.wire.transmit(&mut self.protocol, by);
        if self.waits_for_room() {
            return self.waited_for_room(deadline);
        }
        if !is_drained {
            return Poll::Ready(());
        }
        // The deadline may have moved meanwhile, as something was written.
        let deadline = self.begin_wait();
        let by = self.instant(deadline);
        match self.wire.receive(&mut self.protocol, by) {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(error)) => self.protocol.lost(error),
            Poll::Pending if self.has_passed(deadline) => self.protocol.handle_timeout(self.start.elapsed()),
            Poll::Pending => return Poll::Pending,
        }
        Poll::Ready(())
    }

    #[inline]
    pub(super) fn waits_for_room(&self) -> bool {
        sending::waits_for_room(&self.protocol, self.wire.broken().is_some())
    }

    /// There was no room to write before this deadline. Ready: it has passed. Pending: the stream
    /// would block.
    fn waited_for_room(&mut self, deadline: Option<Duration>) -> Poll<()> {
        let is_late = self.has_passed(deadline);
        self.protocol.note_wait_for_room(|| self.start.elapsed());
        if self.has_passed(self.protocol.deadline()) {
            self.protocol.handle_timeout(self.start.elapsed());
            return Poll::Ready(());
        }
        // What was written has put the protocol's deadline off.
        if is_late { Poll::Ready(()) } else { Poll::Pending }
    }

    /// The deadline of a wait that begins now, which starts the times that count from the beginning
    /// of a wait.
    fn begin_wait(&mut self) -> Option<Duration> {
        self.protocol.note_wait(|| self.start.elapsed());
        self.protocol.deadline()
    }

    /// Until when the stream is to wait for this deadline: if that has passed, long enough for one
    /// attempt.
    fn instant(&self, deadline: Option<Duration>) -> Option<Instant> {
        // A deadline that is too far away for the clock never comes.
        self.start.checked_add(deadline?.max(self.start.elapsed()).checked_add(TICK)?)
    }

    fn has_passed(&self, deadline: Option<Duration>) -> bool {
        deadline.is_some_and(|deadline| deadline <= self.start.elapsed())
    }

    pub(super) fn begin_end(&mut self, closed: Box<Closed>) {
        self.state.begin_end(closed, &self.protocol, self.start.elapsed());
    }

    /// Ends the transport, without waiting long for the peer. Gives the cause of a failure, once.
    /// Pending: the stream would block.
    pub(super) fn end(&mut self) -> Poll<Option<Failure>> {
        let limit = self.protocol.config().end_timeout;
        let mut tried = None;
        while let State::Ending { patience, .. } = &mut self.state {
            // It is put off when more was written.
            let deadline = patience.deadline(self.protocol.backlog(), self.start.elapsed(), limit);
            if tried == Some(deadline) {
                if self.has_passed(deadline) { break } else { return Poll::Pending }
            }
            let by = self.instant(deadline);
            if self.wire.end(&mut self.protocol, by).is_ready() {
                break;
            }
            tried = Some(deadline);
        }
        self.protocol.discard_output();
        Poll::Ready(self.state.end())
    }
}

/// The failure of a call whose stream does not wait any longer.
pub(super) fn would_block() -> Failure {
    Failure::new(FailureKind::WouldBlock, "the stream would block: worth another call when it is ready")
}
