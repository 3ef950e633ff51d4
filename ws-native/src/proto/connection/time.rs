//! What a connection has to do in time, and its peer.

use alloc::boxed::Box;
use core::time::Duration;

use ws_core::CloseCode;

use super::{Connection, State};
use crate::proto::close::Close;
use crate::proto::error::{Error, Phase};
use crate::proto::event::SendError;
use crate::proto::frame::Opcode;
use crate::proto::timer::Timer;
use crate::proto::watch::{Due, Watch};

impl Connection {
    /// When [`handle_timeout`](Self::handle_timeout) is to be called, if nothing happens before. To be asked after
    /// [`poll`](Self::poll), which is where the times of the closing handshake and of an open connection begin.
    pub fn deadline(&self) -> Option<Duration> {
        match &self.timer {
            Some(timer) => timer.deadline(),
            None => self.watch.as_ref().filter(|_| self.is_open())?.deadline(),
        }
    }

    /// Time has passed. Does nothing before the deadline, and may do no more than to put the deadline off.
    ///
    /// To be called after what the transport has was received and [polled](Self::poll): a peer whose pong or Close
    /// frame nobody has looked for is given up, and what was received before it is lost.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.note_time(now);
        match self.timer.take_if(|timer| timer.has_passed(now)).map(|timer| timer.phase()) {
            None => self.look_after_peer(now),
            // "In abnormal cases (such as not having received a TCP Close from the server after a reasonable amount of
            // time) a client MAY initiate the TCP Close."
            Some(Phase::End) => self.ended = true,
            Some(phase) => self.fail(Error::Timeout(phase)),
        }
    }

    /// As [`handle_timeout`](Self::handle_timeout), for a caller that has polled everything received and is about to
    /// read. `now` is only called while a timer runs. True: a deadline passed, so poll again.
    ///
    /// The answer to a Close frame, and the messages before it, may have come in time without having been read: the
    /// time for it is over when a read waits, or when more was read than can have been there.
    #[cfg(feature = "std")]
    pub(crate) fn handle_timeout_before_reading(&mut self, now: impl FnOnce() -> Duration) -> bool {
        if self.timer.is_none() {
            return false;
        }
        let now = now();
        self.note_time(now);
        if !self.timer.as_mut().is_some_and(|timer| timer.may_be_answered(now)) {
            self.handle_timeout(now);
        }
        self.timer.is_none()
    }

    /// The transport gave this many bytes.
    #[cfg(feature = "std")]
    pub(crate) fn note_read(&mut self, count: usize) {
        if let Some(timer) = &mut self.timer {
            timer.note_read(count);
        }
    }

    /// Call this when input that was held back is looked at again, and when bytes of a message arrive that was [set
    /// aside](Self::set_aside) or [found](Self::find_aside): heartbeat and idle time-out then begin again, at the `now`
    /// of the next call that has one.
    pub fn listen_anew(&mut self) {
        self.incoming.hear_message();
    }

    /// How long the peer took to answer the newest ping of the [heartbeat](crate::proto::Heartbeat) that it has
    /// answered: from when the ping was last seen waiting to be transmitted until its pong was given out. `None`: it
    /// has answered none.
    pub fn round_trip_time(&self) -> Option<Duration> {
        self.watch.as_ref()?.round_trip_time()
    }

    /// The time for the opening handshake begins now, and not when the connection was made: for a caller who had to
    /// wait before it could open the transport.
    pub fn restart_handshake_timer(&mut self, now: Duration) {
        if let State::ClientHandshake(_) = self.state {
            self.timer = Some(Timer::handshake(now, &self.config));
        }
    }

    /// Times begin, and begin again, when it is known what time it is.
    pub(crate) fn note_time(&mut self, now: Duration) {
        if let Some(timer) = &mut self.timer {
            timer.begin(now, self.outgoing.remaining_to(self.close_end), &self.config);
        } else if self.is_watched() {
            let watch = self.watch.get_or_insert_with(|| Box::new(Watch::begin(now, &self.config)));
            watch.note(now, self.incoming.take_heard(), self.message_end, &self.outgoing, &self.config);
        }
    }

    /// The same where no more is to be had of what was received.
    pub(super) fn note_drained(&mut self, now: Duration) {
        self.note_time(now);
        if let Some(watch) = &mut self.watch {
            watch.wait(self.incoming.buffer().len());
        }
    }

    /// There is nothing to be received: the times of what has just begun begin here.
    #[cfg(feature = "std")]
    pub(crate) fn note_wait(&mut self, now: impl FnOnce() -> Duration) {
        if self.is_timed() || self.is_watched() {
            self.note_drained(now());
        }
    }

    /// The same for one who waits for room in the output, and meanwhile looks at nothing that comes: that the output
    /// goes is what is heard of the peer then.
    #[cfg(feature = "std")]
    pub(crate) fn note_wait_for_room(&mut self, now: impl FnOnce() -> Duration) {
        if !(self.is_timed() || self.is_watched()) {
            return;
        }
        let now = now();
        // This may create the watch.
        self.note_time(now);
        if let Some(watch) = &mut self.watch {
            watch.note_progress(now, &self.outgoing, &self.config);
        }
        self.note_drained(now);
    }

    /// Whether the connection is open and has deadlines all the same.
    pub(crate) fn is_watched(&self) -> bool {
        self.is_open() && self.config.is_watched()
    }

    /// Does what is due in an open connection.
    fn look_after_peer(&mut self, now: Duration) {
        if !self.is_watched() {
            return;
        }
        let Some(watch) = &mut self.watch else { return };
        match watch.due(now, self.incoming.buffer().len(), &self.config) {
            Due::Nothing => {}
            Due::Ping(payload) => {
                self.encoder.control(&mut self.outgoing, Opcode::Ping, &payload);
                watch.pinged(now, &self.outgoing, &self.config);
            }
            Due::Close => self.begin_closing(SendError::Leaving, Some(&Close::new(CloseCode::GOING_AWAY))),
            Due::Failure => self.fail(Error::Timeout(Phase::Heartbeat)),
        }
    }
}
