//! Between a stream that blocks and the bytes a connection wants to read and write.

use std::cell::Cell;
use std::io::{self, ErrorKind, IoSlice};
use std::task::{Poll, ready};
use std::time::{Duration, Instant};

use super::Timed;
use super::connection::TICK;
use crate::{memory, proto};

/// The most bytes of one read, which [`Read`](io::Read) wants initialised: they are read here, and
/// copied to where the protocol wants them. Initialising memory anew for every read would cost at
/// least as much.
const READ: usize = 64 << 10;

/// The most pieces that are written at once: sixteen long messages and their headers.
const VECTOR: usize = 32;

/// How many bytes a read that has waited counts for, in the bound on what may have come in time and
/// is read late.
const WAIT: usize = 1 << 20;

/// How long one direction of a stream that blocks waits at first at the end, while the other has something to do, too: several
/// ticks of a slow system's clock.
const TURN: Duration = TICK.saturating_mul(5);

/// How often one direction reads before it is the other's turn.
const READS: usize = 32;

thread_local! {
    /// The memory that this thread reads into, while no read uses it.
    static SCRATCH: Cell<Option<Box<[u8]>>> = const { Cell::new(None) };
}

/// A byte stream, and how far each direction has come.
///
/// Pending: the call would have to wait longer than the stream does, or beyond the deadline.
#[derive(Debug)]
pub(super) struct Wire<S> {
    stream: S,
    /// Something was written that may still be in the stream's own buffer.
    unflushed: bool,
    /// Writing has failed. The peer may have said why before it went away, so reading goes on until its end.
    broken: Option<io::Error>,
    /// Nothing more will be written.
    shut: bool,
    /// The peer has ended the stream.
    ended: bool,
}

impl<S: Timed> Wire<S> {
    pub(super) fn new(stream: S) -> Self {
        // A stream of TLS may have something left of its handshake.
        Self { stream, unflushed: true, broken: None, shut: false, ended: false }
    }

    pub(super) fn stream(&self) -> &S {
        &self.stream
    }

    /// Why writing has failed, while there may still be something to read.
    pub(super) fn broken(&self) -> Option<&io::Error> {
        self.broken.as_ref()
    }

    /// Writes all of the output. Pending: the stream takes no more for now, or never will, which
    /// reading will show.
    pub(super) fn transmit(&mut self, protocol: &mut proto::Connection, deadline: Option<Instant>) -> Poll<()> {
        if self.broken.is_some() {
            return Poll::Pending;
        }
        match self.write(protocol, deadline) {
            Ok(()) => return Poll::Ready(()),
            Err(error) if is_wait(&error) => {}
            Err(error) => self.broken = Some(error),
        }
        Poll::Pending
    }

    fn write(&mut self, protocol: &mut proto::Connection, deadline: Option<Instant>) -> io::Result<()> {
        while !protocol.output().is_empty() {
            let mut slices = [IoSlice::new(&[]); VECTOR];
            let mut count = 0;
            for (slice, piece) in slices.iter_mut().zip(protocol.output_pieces().filter(|piece| !piece.is_empty())) {
                *slice = IoSlice::new(piece);
                count += 1;
            }
            match uninterrupted(|| self.stream.write_by(&slices[..count], deadline))? {
                0 => return Err(ErrorKind::WriteZero.into()),
                count => protocol.consume_output(count),
            }
            self.unflushed = true;
        }
        if self.unflushed {
            uninterrupted(|| self.stream.flush_by(deadline))?;
            self.unflushed = false;
        }
        Ok(())
    }

    /// Reads once. Ready: something has arrived, be it the end. Always pending after the end.
    ///
    /// The error is one of reading, or that of the writing which failed before.
    pub(super) fn receive(
        &mut self,
        protocol: &mut proto::Connection,
        deadline: Option<Instant>,
    ) -> Poll<io::Result<()>> {
        if self.ended {
            return Poll::Pending;
        }
        // It is not known beforehand whether the read will wait. The memory is returned only where
        // the stream says that it would block.
        protocol.release_idle();
        let most = memory::lend_for_reading(protocol);
        let began = protocol.is_timed().then(Instant::now);
        let outcome = with_scratch(|scratch| {
            let buffer = &mut scratch[..most.min(READ)];
            let count = uninterrupted(|| self.stream.read_by(buffer, deadline))?;
            protocol.receive(&buffer[..count]);
            Ok(count)
        });
        match (outcome, self.broken.take()) {
            (Ok(count @ 1..), broken) => {
                self.broken = broken;
                // What had to be waited for can hardly have been there before.
                let waited = began.is_some_and(|began| began.elapsed() > TICK);
                protocol.note_read(if waited { WAIT } else { count });
                memory::lend_for_writing(protocol);
                Poll::Ready(Ok(()))
            }
            (Err(error), broken) if is_wait(&error) => {
                self.broken = broken;
                memory::take_back(protocol);
                Poll::Pending
            }
            (Ok(_), None) => {
                self.ended = true;
                protocol.receive_end();
                Poll::Ready(Ok(()))
            }
            (Ok(_), Some(error)) | (Err(_), Some(error)) | (Err(error), None) => {
                self.ended = true;
                Poll::Ready(Err(error))
            }
        }
    }

    /// Writes what is left, shuts the stream down for writing, and waits for the peer to end it, if
    /// the stream can tell the peer. What the peer still sends is read and thrown away, by turns
    /// with the writing: it may take nothing before all of its own is taken.
    ///
    /// A stream that is dropped with bytes unread resets the connection, and the peer may then
    /// never read a Close frame that is on its way.
    pub(super) fn end(&mut self, protocol: &mut proto::Connection, deadline: Option<Instant>) -> Poll<()> {
        let mut turn = TURN;
        while !self.shut && !self.ended {
            let backlog = protocol.backlog();
            let until = end_of(turn, deadline);
            if self.write_end(protocol, until).is_ready() {
                break;
            }
            let mut has_waited = has_come(until, TICK);
            let until = end_of(turn, deadline);
            let mut reads = 0;
            while !self.ended && reads < READS {
                if self.read_end_once(protocol, until).is_pending() {
                    has_waited &= has_come(until, TICK);
                    break;
                }
                reads += 1;
            }
            // A stream that does not wait for as long as it may does not block, or the program has set its time-out.
            if !self.ended && (!has_waited || has_come(deadline, Duration::ZERO)) {
                return Poll::Pending;
            }
            // Where nothing moves, turns become longer than the time-out that the program may have set.
            turn = if reads > 0 || protocol.backlog() < backlog { TURN } else { turn.saturating_mul(2) };
        }
        if !self.shut && self.write_end(protocol, deadline).is_pending() {
            return Poll::Pending;
        }
        while !self.ended {
            // A stream that always has something to read would never look at the deadline.
            if self.read_end_once(protocol, deadline).is_pending() || has_come(deadline, Duration::ZERO) && !self.ended
            {
                return Poll::Pending;
            }
        }
        // The program may keep the connection for as long as it likes.
        memory::take_back(protocol);
        Poll::Ready(())
    }

    /// Writes what is left, and shuts the stream down for writing.
    fn write_end(&mut self, protocol: &mut proto::Connection, deadline: Option<Instant>) -> Poll<()> {
        // Where writing has failed, or fails now, there is nothing to wait for.
        if self.transmit(protocol, deadline).is_pending() && self.broken.is_none() {
            return Poll::Pending;
        }
        match uninterrupted(|| self.stream.shutdown_by(deadline)) {
            Err(error) if is_wait(&error) => return Poll::Pending,
            Err(_) => self.ended = true,
            Ok(()) => {}
        }
        self.shut = true;
        Poll::Ready(())
    }

    /// Reads, and throws it away.
    fn read_end_once(&mut self, protocol: &mut proto::Connection, deadline: Option<Instant>) -> Poll<()> {
        // Where reading has failed, nothing can be written any more.
        self.shut |= ready!(self.receive(protocol, deadline)).is_err();
        protocol.read_memory().clear();
        Poll::Ready(())
    }
}

/// When the turn of one direction is over that begins now. `None`: never.
fn end_of(turn: Duration, deadline: Option<Instant>) -> Option<Instant> {
    let Some(end) = Instant::now().checked_add(turn) else { return deadline };
    Some(deadline.map_or(end, |deadline| deadline.min(end)))
}

/// Whether it is that time, or will be soon.
fn has_come(time: Option<Instant>, soon: Duration) -> bool {
    time.is_some_and(|time| time <= Instant::now() + soon)
}

/// Whether the error only says that the stream would wait, or has waited long enough. TCP has
/// another `TimedOut`, for a peer that is gone.
fn is_wait(error: &io::Error) -> bool {
    match error.kind() {
        ErrorKind::WouldBlock => true,
        ErrorKind::TimedOut => cfg!(not(unix)) || error.raw_os_error().is_none(),
        _ => false,
    }
}

/// Calls again what a signal has broken off, as it does where this process was stopped for a while.
pub(super) fn uninterrupted<R>(mut attempt: impl FnMut() -> io::Result<R>) -> io::Result<R> {
    loop {
        match attempt() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            outcome => return outcome,
        }
    }
}

/// Lends the memory that this thread reads into. It is made anew for a stream that reads from
/// another connection meanwhile, and while the thread ends.
fn with_scratch<R>(read: impl FnOnce(&mut [u8]) -> R) -> R {
    let scratch = SCRATCH.try_with(Cell::take).ok().flatten();
    let mut scratch = scratch.unwrap_or_else(|| vec![0; READ].into());
    let outcome = read(&mut scratch);
    let _ = SCRATCH.try_with(|kept| kept.set(Some(scratch)));
    outcome
}
