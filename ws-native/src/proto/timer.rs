//! The time that the peer has to do something.

use core::time::Duration;

use super::config::Config;
use super::error::Phase;

/// A deadline, and what it is for.
#[derive(Debug)]
pub(super) struct Timer {
    phase: Phase,
    /// When it is over. `None`: it has not begun, or lies beyond all time.
    deadline: Option<Duration>,
    /// How far the transmission was when it began.
    progress: Option<u64>,
}

/// The bytes that must reach the network within a timer's time for it to begin again: a peer that takes them one by one is
/// not waited for.
const STEP: u64 = 64 << 10;

impl Timer {
    /// The time for the opening handshake, which begins now.
    pub(super) fn handshake(now: Duration, config: &Config) -> Self {
        Self { phase: Phase::Handshake, deadline: now.checked_add(config.handshake_timeout), progress: None }
    }

    /// The time for a part of the closing handshake, which is still to [begin](Self::begin).
    pub(super) fn new(phase: Phase) -> Self {
        Self { phase, deadline: None, progress: None }
    }

    /// Begins, and begins again while the bytes up to the Close frame, of which so many remain, reach the network: the
    /// peer cannot answer one that is still queued behind messages. The time of the opening handshake runs from its
    /// beginning, whatever happens.
    pub(super) fn begin(&mut self, now: Duration, remaining: u64, config: &Config) {
        let limit = match self.phase {
            // A watch of its own has the time of pings.
            Phase::Handshake | Phase::Heartbeat => return,
            Phase::Close => config.close_timeout,
            Phase::End => config.end_timeout,
        };
        let progress = Some(remaining.div_ceil(STEP));
        if self.progress != progress {
            self.progress = progress;
            self.deadline = now.checked_add(limit);
        }
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase
    }

    pub(super) fn deadline(&self) -> Option<Duration> {
        self.deadline
    }

    pub(super) fn has_passed(&self, now: Duration) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= now)
    }
}
