//! Messages whose payload the caller collects.

use bytes::Bytes;

use super::Incoming;
use crate::proto::frame::Opcode;

impl Incoming {
    /// Gives what has come of the payload that is arriving, and says how many bytes it lacks, if those are `least` or more
    /// and nothing has to be done to them: they are all of a binary message, neither masked nor compressed.
    ///
    /// They are then not to be appended to the buffer, but to be [counted](Self::count_collected).
    pub(in crate::proto) fn collect(&mut self, least: usize) -> Option<(Bytes, usize)> {
        if self.message.is_some() || self.missing() < least {
            return None;
        }
        let frame = self.frame.as_mut()?;
        if frame.header.opcode != Opcode::Binary || frame.header.mask.is_some() {
            return None;
        }
        let arrived = self.buffer.split().freeze();
        frame.taken += arrived.len();
        frame.processed = 0;
        Some((arrived, frame.rest()))
    }

    /// So many bytes more of the payload have come to the caller. Whether that is all of it.
    pub(in crate::proto) fn count_collected(&mut self, count: usize) -> bool {
        let Some(frame) = self.frame.as_mut() else { return false };
        frame.taken += count.min(frame.rest());
        let is_whole = frame.rest() == 0;
        if is_whole {
            self.frame = None;
        }
        self.hear_message();
        is_whole
    }
}
