//! How long the network has taken nothing, while messages wait for room.

use core::time::Duration;

/// How long the peer may take no data after the program has closed the socket. Then the socket is
/// closed and what still waits is thrown away, so that it does not take for ever. Natively a peer
/// has equally long to answer a Close frame (`close_timeout`).
const PATIENCE: Duration = Duration::from_secs(10);

/// The delay before the next look, if something has gone out since the last one.
const SHORTEST_PAUSE: Duration = Duration::from_millis(5);

/// The longest delay, if nothing has gone out.
const LONGEST_PAUSE: Duration = Duration::from_millis(64);

/// There is no room: how many bytes were left at the last look, and since when nothing has gone
/// out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stall {
    left: u64,
    since: Duration,
}

impl Stall {
    /// There is no room, and this many bytes are left. `before` is what the last look has found, if
    /// there was one.
    pub(super) fn look(before: Option<Self>, left: u64, now: Duration) -> Self {
        let since = match before {
            Some(before) if before.left <= left => before.since,
            _ => now,
        };
        Self { left, since }
    }

    /// The delay before the next look. It doubles while nothing goes out.
    pub(super) fn pause(&self, now: Duration) -> Duration {
        SHORTEST_PAUSE.saturating_add(self.lasts(now)).min(LONGEST_PAUSE)
    }

    /// Whether a socket that was closed is to stop waiting.
    pub(super) fn is_hopeless(&self, now: Duration) -> bool {
        self.lasts(now) >= PATIENCE
    }

    fn lasts(&self, now: Duration) -> Duration {
        now.saturating_sub(self.since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pauses in milliseconds, with so many bytes left at each look.
    fn pauses<const N: usize>(lefts: [u64; N]) -> [u128; N] {
        let (mut stall, mut now) = (None, Duration::from_secs(7));
        lefts.map(|left| {
            let looked = Stall::look(stall, left, now);
            let pause = looked.pause(now);
            (stall, now) = (Some(looked), now + pause);
            pause.as_millis()
        })
    }

    #[test]
    fn pauses_double_until_something_has_gone_out() {
        assert_eq!(pauses([9, 9, 9, 9, 9, 9]), [5, 10, 20, 40, 64, 64]);
        assert_eq!(pauses([9, 9, 9, 8, 8, 7]), [5, 10, 20, 5, 10, 5]);
        // More bytes, because something was sent after it, prove nothing.
        assert_eq!(pauses([8, 9, 9, 8, 8]), [5, 10, 20, 5, 10]);
    }

    #[test]
    fn there_is_no_hope_when_nothing_has_gone_out_for_ten_seconds() {
        let second = Duration::from_secs(1);
        let stall = Stall::look(None, 1, second);
        assert!(!stall.is_hopeless(11 * second - Duration::from_nanos(1)));
        assert!(stall.is_hopeless(11 * second));
        assert!(Stall::look(Some(stall), 1, 11 * second).is_hopeless(11 * second));
        assert!(!Stall::look(Some(stall), 0, 11 * second).is_hopeless(11 * second));
    }
}
