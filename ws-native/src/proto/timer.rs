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
    /// How far the transmission was when it began, in steps.
    progress: Option<u32>,
    /// How many bytes were read since it was seen to be over.
    #[cfg(feature = "std")]
    late: Option<u32>,
}

/// What a system may have kept of what came in time, for a program that is slow to read it: more than systems keep by
/// default.
#[cfg(feature = "std")]
const LATE: u32 = 8 << 20;

/// What a read counts for at least: a peer that always has a little more to say is not heard for ever.
#[cfg(feature = "std")]
const READ: u32 = 16 << 10;

/// How many bytes must reach the network, within the time for the closing handshake or for the end of the transport,
/// for that time to begin again: a peer that takes them one by one is not waited for.
pub(crate) const PROGRESS: u64 = 64 << 10;

impl Timer {
    /// The time for the opening handshake, which begins now.
    pub(super) fn handshake(now: Duration, config: &Config) -> Self {
        Self { deadline: now.checked_add(config.handshake_timeout), ..Self::new(Phase::Handshake) }
    }

    /// The time for a part of the closing handshake, which is still to [begin](Self::begin).
    pub(super) fn new(phase: Phase) -> Self {
        Self {
            phase,
            deadline: None,
            progress: None,
            #[cfg(feature = "std")]
            late: None,
        }
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
        let progress = Some(u32::try_from(remaining.div_ceil(PROGRESS)).unwrap_or(u32::MAX));
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

    /// Whether it is over, and the peer's answer may have come in time all the same: among what is still to be read.
    #[cfg(feature = "std")]
    pub(super) fn may_be_answered(&mut self, now: Duration) -> bool {
        if self.phase != Phase::Close || !self.has_passed(now) {
            self.late = None;
            return false;
        }
        *self.late.get_or_insert(0) < LATE
    }

    /// This many bytes were read.
    #[cfg(feature = "std")]
    pub(super) fn note_read(&mut self, count: usize) {
        if let Some(late) = &mut self.late {
            *late = late.saturating_add(u32::try_from(count).unwrap_or(u32::MAX).max(READ));
        }
    }
}
