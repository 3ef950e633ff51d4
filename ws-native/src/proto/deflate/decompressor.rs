//! Decompressing the messages of the other end.

use core::fmt;

use alloc::vec::Vec;
use bytes::BytesMut;
use zlib_rs::{Inflate, InflateFlush, Status};

use super::spare;
use crate::proto::config::Compression;
use crate::proto::extension::{MAX_WINDOW_BITS, Side};

/// The window of DEFLATE in bytes, beyond which nothing is referred to.
const WINDOW: usize = 1 << MAX_WINDOW_BITS;

/// What completes the empty block that a message ends with, and an empty block.
const ENDING: [u8; 9] = [0x00, 0x00, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0xFF, 0xFF];

/// Decompresses the messages of the other end.
pub(in crate::proto) struct Decompressor {
    side: Side,
    release_when_idle: bool,
    /// From the first message on, for it takes some 40 KiB; or during a message, if none refers to another.
    inflate: Option<Inflate>,
    /// The last of the message that was taken away from it already, as much as can be referred to and up to as much
    /// before.
    taken: Vec<u8>,
    /// How many final blocks the message has so far.
    final_blocks: u32,
    /// The last of what was decompressed was the end of a final block.
    at_final_block: bool,
}

/// How many bytes are decompressed at a time.
const BLOCK: usize = 4 << 10;

/// The most final blocks a message may have. One is the most that is ever met; an empty one has two bytes, and makes
/// work of 32 KiB.
const MAX_FINAL_BLOCKS: u32 = 64;

/// A message that cannot be decompressed.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::proto) enum InflateError {
    /// It has more bytes than are allowed.
    TooLong,
    /// It is not DEFLATE.
    NotDeflate,
}

impl Decompressor {
    pub(in crate::proto) fn new(side: Side, compression: &Compression) -> Self {
        let release_when_idle = compression.release_when_idle;
        Self { side, release_when_idle, inflate: None, taken: Vec::new(), final_blocks: 0, at_final_block: false }
    }

    /// The connection waits, and no message has begun. What the next one may refer to is kept.
    pub(in crate::proto) fn release(&mut self) {
        if self.release_when_idle && self.side.no_context_takeover {
            spare::give_back((), &mut self.inflate);
        }
    }

    /// Decompresses a piece of a message and appends it to what there is of it already, which must not become longer
    /// than `max` bytes. Not a byte beyond that is decompressed.
    pub(in crate::proto) fn push(
        &mut self,
        piece: &[u8],
        message: &mut BytesMut,
        max: usize,
    ) -> Result<(), InflateError> {
        let inflate = self.inflate.get_or_insert_with(|| spare::lease(()));
        let mut rest = piece;
        let mut block = [0; BLOCK];
        loop {
            // One byte more than allowed shows that there is more.
            let room = BLOCK.min((max - message.len()).saturating_add(1));
            let (read, written) = (inflate.total_in(), inflate.total_out());
            let outcome = inflate.decompress(rest, &mut block[..room], InflateFlush::SyncFlush);
            let written = (inflate.total_out() - written) as usize;
            rest = &rest[(inflate.total_in() - read) as usize..];
            message.extend_from_slice(&block[..written]);
            if message.len() > max {
                return Err(InflateError::TooLong);
            }
            match outcome {
                // "An endpoint MAY use both DEFLATE blocks with the "BFINAL" bit set to 0 and DEFLATE blocks with the
                // "BFINAL" bit set to 1."
                Ok(Status::StreamEnd) if self.final_blocks < MAX_FINAL_BLOCKS => {
                    self.final_blocks += 1;
                    restart(inflate, &self.taken, message)?;
                    self.at_final_block = rest.is_empty();
                    if rest.is_empty() {
                        return Ok(());
                    }
                }
                Ok(Status::StreamEnd) => return Err(InflateError::NotDeflate),
                Ok(_) if written < room && rest.is_empty() => {
                    self.at_final_block &= piece.is_empty();
                    return Ok(());
                }
                Ok(Status::Ok) => {}
                Ok(Status::BufError) if written == room => {}
                Ok(Status::BufError) | Err(_) => return Err(InflateError::NotDeflate),
            }
        }
    }

    /// A part is taken away from the message.
    pub(in crate::proto) fn remember(&mut self, part: &[u8]) {
        let part = &part[part.len().saturating_sub(WINDOW)..];
        let length = self.taken.len() + part.len();
        // However small the parts are, each byte is moved once at the most.
        if length > 2 * WINDOW {
            self.taken.drain(..length - WINDOW);
        }
        self.taken.extend_from_slice(part);
    }

    /// The message has ended.
    pub(in crate::proto) fn finish(&mut self, message: &mut BytesMut, max: usize) -> Result<(), InflateError> {
        // 1. "Append 4 octets of 0x00 0x00 0xff 0xff to the tail end of the payload of the message." They complete an
        //    empty block, and what stands behind them is another one: a message that ends within a block gives output by
        //    that, or is wrong; but one that ends within a table of codes may do so by the next message only, and where none
        //    refers to another, not at all. After a final block there is nothing to complete; other libraries send that, too.
        if !core::mem::take(&mut self.at_final_block) {
            let length = message.len();
            self.push(&ENDING, message, max)?;
            if message.len() > length {
                return Err(InflateError::NotDeflate);
            }
        }
        self.final_blocks = 0;
        self.taken = Vec::new();
        if self.side.no_context_takeover {
            spare::give_back((), &mut self.inflate);
        }
        Ok(())
    }
}

impl Drop for Decompressor {
    fn drop(&mut self) {
        spare::give_back((), &mut self.inflate);
    }
}

/// Goes on after a final block, with what the message has so far as the window. What came before the message is not in
/// it: a compressor that ends its stream begins anew.
fn restart(inflate: &mut Inflate, taken: &[u8], message: &[u8]) -> Result<(), InflateError> {
    inflate.reset(false);
    let missing = WINDOW.saturating_sub(message.len());
    let before = &taken[taken.len().saturating_sub(missing)..];
    let window = [before, &message[message.len().saturating_sub(WINDOW)..]].concat();
    if !window.is_empty() {
        inflate.set_dictionary(&window).map_err(|_| InflateError::NotDeflate)?;
    }
    Ok(())
}

impl fmt::Debug for Decompressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decompressor").field("side", &self.side).finish_non_exhaustive()
    }
}
