//! How much of the messages that were sent has gone out: what `bufferedAmount` counts.

use alloc::collections::VecDeque;

/// The messages that are not wholly transmitted.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    frames: VecDeque<Frame>,
    /// Bytes transmitted since the beginning of the connection.
    transmitted: u64,
    /// Application bytes that were already counted as transmitted: a part of the first frame's.
    counted: u64,
}

/// The frame of one message.
#[derive(Debug)]
struct Frame {
    /// How many bytes of the connection are transmitted, in all, when this frame has gone out.
    end: u64,
    /// Its bytes, the header's included.
    length: u64,
    /// The bytes of the message, before masking and compression.
    application: u64,
}

impl Ledger {
    /// A message of this many application bytes is queued, in a frame of this length, which ends at
    /// this position in the stream.
    pub(crate) fn push(&mut self, length: u64, end: u64, application: u64) {
        if application > 0 {
            self.frames.push_back(Frame { end, length, application });
        }
    }

    /// This many more bytes have reached the network. Returns how many application bytes were in
    /// them.
    pub(crate) fn transmitted(&mut self, count: usize) -> u64 {
        self.transmitted += count as u64;
        let mut newly = 0;
        while let Some(frame) = self.frames.front() {
            let remaining = frame.remaining(self.transmitted);
            let done = frame.application - remaining;
            newly += done.saturating_sub(self.counted);
            if remaining > 0 {
                self.counted = self.counted.max(done);
                break;
            }
            self.counted = 0;
            self.frames.pop_front();
        }
        newly
    }
}

impl Frame {
    /// How many of its application bytes are still to go out: of a compressed message in
    /// proportion.
    fn remaining(&self, transmitted: u64) -> u64 {
        let rest = self.end.saturating_sub(transmitted).min(self.length);
        if rest == 0 || self.length >= self.application {
            return rest.min(self.application);
        }
        (u128::from(self.application) * u128::from(rest)).div_ceil(u128::from(self.length)) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn application_bytes_are_counted_as_they_go_and_headers_go_first() {
        let mut ledger = Ledger::default();
        ledger.push(12, 12, 10);
        // Between them stands a ping of 6 bytes.
        ledger.push(5, 23, 3);
        let counts = [2, 1, 8, 1, 6, 5].map(|count| ledger.transmitted(count));
        assert_eq!(counts, [0, 1, 8, 1, 0, 3]);
    }

    #[test]
    fn application_bytes_of_a_compressed_frame_go_in_proportion() {
        let mut ledger = Ledger::default();
        ledger.push(10, 16, 1000);
        let counts = [6, 1, 4, 4, 1].map(|count| ledger.transmitted(count));
        assert_eq!(counts, [0, 100, 400, 400, 100]);
    }

    #[test]
    fn several_messages_can_go_at_once() {
        let mut ledger = Ledger::default();
        ledger.push(4, 4, 2);
        ledger.push(2, 6, 0);
        ledger.push(5, 11, 3);
        assert_eq!((ledger.transmitted(11), ledger.transmitted(0)), (5, 0));
    }
}
