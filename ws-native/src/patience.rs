//! How long the end of a transport is waited for.

use std::time::Duration;

/// How long the end of a transport is waited for: as long as what is left to write goes, and then a time for the peer.
#[derive(Debug)]
pub(crate) struct Patience {
    /// What was left to write when the time began, in steps.
    remaining: usize,
    deadline: Option<Duration>,
}

impl Patience {
    pub(crate) fn begin(backlog: usize, now: Duration, limit: Duration) -> Self {
        Self { remaining: Self::steps(backlog), deadline: now.checked_add(limit) }
    }

    /// The deadline, which begins again when a step of 64 KiB was written, and when all was.
    pub(crate) fn deadline(&mut self, backlog: usize, now: Duration, limit: Duration) -> Option<Duration> {
        if Self::steps(backlog) < self.remaining {
            *self = Self::begin(backlog, now, limit);
        }
        self.deadline
    }

    fn steps(backlog: usize) -> usize {
        backlog.div_ceil(64 << 10)
    }
}
