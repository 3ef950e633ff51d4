//! Messages in one frame that are there wholly, as most are.

use bytes::{Buf as _, Bytes};
use bytestring::ByteString;

use super::{Frame, Incoming};
use crate::proto::config::Config;
use crate::proto::frame::{Header, Opcode};
use crate::proto::simple::Simple;

impl Incoming {
    /// The next message, if it is as most are: in one frame of less than 64 KiB that is there wholly, not compressed, with
    /// nothing begun before it. Anything else, and all that is wrong, is left to [`next`](Self::next).
    ///
    /// What it is made into is up to the caller, so that it is moved about no more than it must be.
    #[inline(always)]
    pub(in crate::proto) fn next_simple<M>(
        &mut self,
        config: &Config,
        text: impl FnOnce(ByteString) -> M,
        binary: impl FnOnce(Bytes) -> M,
    ) -> Option<M> {
        if !self.is_between_messages() {
            return None;
        }
        let message = Simple::find(&self.buffer, self.role, config.max_whole_frame())?;
        self.hear_message();
        message.unmask(&mut self.buffer);
        let taken = message.split(&mut self.buffer, text, binary);
        if taken.is_none() {
            self.buffer.advance(message.header());
            self.refuse_text(&message);
        }
        taken
    }

    /// Whether what comes next is a message in one frame that is there wholly, compressed or not. It may be wrong.
    pub(in crate::proto) fn has_whole_message(&self) -> bool {
        if !self.is_between_messages() || !matches!(self.buffer.first(), Some(0x81 | 0x82 | 0xC1 | 0xC2)) {
            return false;
        }
        let decoded = Header::decode(&self.buffer, self.role, self.decompressor.is_some());
        matches!(decoded, Ok(Some((header, start))) if (self.buffer.len() - start) as u64 >= header.length)
    }

    /// This message, of which the payload now stands first in the buffer and is unmasked, is not the text that it should be:
    /// all that is left to be done is to refuse it.
    #[cold]
    pub(in crate::proto) fn refuse_text(&mut self, message: &Simple) {
        let (mask, length) = (message.mask(), message.length());
        let header = Header { fin: true, compressed: false, opcode: Opcode::Text, mask, length: length as u64 };
        self.frame = Some(Frame { header, taken: 0, processed: length });
    }
}
