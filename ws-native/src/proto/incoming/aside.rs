//! Long binary messages whose payload the caller takes to a place of its own, past the buffer.

use core::mem;
use core::ops::Range;

use bytes::Bytes;

use super::Incoming;
use crate::proto::config::Config;
use crate::proto::frame::{Header, Opcode};

impl Incoming {
    /// Where the payload is of the message that these bytes begin with, if they come next, there is nothing to be done to it,
    /// and it is within the bounds: it is all of a binary message, neither masked nor compressed.
    ///
    /// Nothing changes. Anything else, and all that is wrong, is left to [`next`](Self::next).
    pub(in crate::proto) fn find_aside(&self, front: &[u8], config: &Config) -> Option<Range<usize>> {
        if !self.buffer.is_empty() || !self.is_between_messages() {
            return None;
        }
        let (header, start) = Header::decode(front, self.role, self.decompressor.is_some()).ok()??;
        let is_plain = header.fin && !header.compressed && header.opcode == Opcode::Binary && header.mask.is_none();
        let length =
            usize::try_from(header.length).ok().filter(|&length| is_plain && length <= config.max_whole_frame())?;
        Some(start..start.checked_add(length)?)
    }

    /// Gives up the message that is arriving, if it is such a one: gives what has come of its payload, and says how many bytes
    /// it lacks, which are not to be appended to the buffer.
    pub(in crate::proto) fn set_aside(&mut self, least: usize) -> Option<(Bytes, usize)> {
        let missing = self.missing();
        // Of messages in fragments, in parts or compressed there is more than a frame.
        if missing < least.max(1) || self.message.is_some() {
            return None;
        }
        self.frame.take_if(|frame| frame.header.opcode == Opcode::Binary && frame.header.mask.is_none())?;
        // With the memory that it was read into, of which nothing else is left.
        Some((mem::take(&mut self.buffer).freeze(), missing))
    }
}
