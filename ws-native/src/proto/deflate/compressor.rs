//! Compressing the messages of one end.

use core::{fmt, mem};

use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::Bytes;
use once_cell::race::OnceBox;
use zlib_rs::{Deflate, DeflateFlush};

use super::{TAIL, spare};
use crate::proto::config::Compression;
use crate::proto::extension::{MAX_WINDOW_BITS, Side};

/// The base-2 logarithm of the smallest window there is a compressor for.
const LEAST_WINDOW_BITS: usize = 9;

/// What a message for many connections is compressed to, for each size of window. `None`: it becomes no smaller.
///
/// Threads that need the same one at once may each make it; one is kept.
#[derive(Default)]
pub(in crate::proto) struct Shared([OnceBox<Option<Bytes>>; MAX_WINDOW_BITS as usize - LEAST_WINDOW_BITS + 1]);

/// Compresses the messages of one end.
pub(in crate::proto) struct Compressor {
    side: Side,
    level: u8,
    threshold: usize,
    release_when_idle: bool,
    /// From the first message on, for it takes some 260 KiB with the largest window; or during a message, if none refers to
    /// another.
    deflate: Option<Deflate>,
    /// The peer has had a compressed message since that is not in the window here.
    behind: bool,
}

impl Compressor {
    pub(in crate::proto) fn new(side: Side, compression: &Compression) -> Self {
        let Compression { level, threshold, release_when_idle, .. } = *compression;
        Self { side, level, threshold, release_when_idle, deflate: None, behind: false }
    }

    /// The connection waits, and no message has been begun. The next one refers to none before it.
    pub(in crate::proto) fn release(&mut self) {
        if self.release_when_idle {
            spare::give_back(self.settings(), &mut self.deflate);
        }
    }

    /// Compresses a message. `None`: it is to be sent as it is.
    pub(in crate::proto) fn compress(&mut self, message: &[u8]) -> Option<Vec<u8>> {
        if message.len() < self.threshold || !self.begin() {
            return None;
        }
        let deflate = self.deflate.as_mut()?;
        let compressed = match flush(deflate, message) {
            Some(mut compressed) if compressed.len() < message.len() + TAIL.len() => {
                compressed.truncate(compressed.len() - TAIL.len());
                Some(compressed)
            }
            // It has become no smaller. The peer will not see what is in the window now, so that begins anew.
            Some(_) => {
                deflate.reset();
                None
            }
            None => {
                self.deflate = None;
                None
            }
        };
        self.finish();
        compressed
    }

    /// A message has ended.
    fn finish(&mut self) {
        if self.side.no_context_takeover {
            spare::give_back(self.settings(), &mut self.deflate);
        }
    }

    fn settings(&self) -> (u8, u8) {
        (self.level, self.side.window_bits())
    }

    /// Gives the frame of a message for many connections, compressed: by the first of them with this size of window, and for
    /// the others as it is. `None`: it is to be sent uncompressed.
    ///
    /// It is compressed with an empty window, so that every peer can read it, whatever came before: an end that has not
    /// agreed to do so with each message "MAY take over the LZ77 sliding window used to build the last compressed message",
    /// and need not. But it moves the peer's window on, and the one here knows nothing of it: what is referred to would be
    /// found at other distances. So the next message of the connection's own begins with an empty window, too. To compress
    /// the message here as well, for the window alone, would cost each connection what sharing is to save.
    pub(in crate::proto) fn shared(
        &mut self,
        message: &[u8],
        shared: &Shared,
        frame: impl FnOnce(&[u8]) -> Bytes,
    ) -> Option<Bytes> {
        if message.len() < self.threshold {
            return None;
        }
        let place = usize::from(self.side.window_bits()).checked_sub(LEAST_WINDOW_BITS)?;
        let made = shared.0.get(place)?.get_or_init(|| {
            let mut alone = Self { deflate: None, behind: false, ..*self };
            Box::new(alone.compress(message).map(|compressed| frame(&compressed)))
        });
        self.behind |= made.is_some();
        made.clone()
    }

    /// Begins a message. Whether it can be compressed: no library that compresses raw DEFLATE knows a window of 256 bytes, so
    /// an end that agreed to it does not compress.
    pub(in crate::proto) fn begin(&mut self) -> bool {
        let bits = self.side.window_bits();
        if usize::from(bits) < LEAST_WINDOW_BITS {
            return false;
        }
        // "If the "agreed parameters" contain the "client_no_context_takeover" extension parameter, the client MUST start
        // compressing each new message with an empty LZ77 sliding window." And so the server with its own.
        if mem::take(&mut self.behind)
            && let Some(deflate) = &mut self.deflate
        {
            deflate.reset();
        }
        self.deflate.get_or_insert_with(|| spare::lease((self.level, bits)));
        true
    }

    /// Compresses the next part of the message that was begun.
    pub(in crate::proto) fn part(&mut self, part: &[u8], last: bool) -> Vec<u8> {
        if part.is_empty() {
            // What came before ends with a whole block; an empty one, but for the bytes that are taken off, ends the message.
            if last {
                self.finish();
            }
            return if last { [0].into() } else { Vec::new() };
        }
        let compressed = self.deflate.as_mut().and_then(|deflate| flush(deflate, part));
        let mut compressed = compressed.unwrap_or_else(|| {
            self.deflate = None;
            stored(part)
        });
        if last {
            compressed.truncate(compressed.len() - TAIL.len());
            self.finish();
        }
        compressed
    }
}

impl Drop for Compressor {
    fn drop(&mut self) {
        spare::give_back(self.settings(), &mut self.deflate);
    }
}

/// Steps 1 and 2: compresses all, and ends with an empty block without compression, which is there as [`TAIL`].
fn flush(deflate: &mut Deflate, message: &[u8]) -> Option<Vec<u8>> {
    let mut compressed = Vec::new();
    let start = deflate.total_in();
    let mut guess = message.len() / 2 + 64;
    loop {
        let length = compressed.len();
        compressed.resize(length + guess, 0);
        let rest = &message[(deflate.total_in() - start) as usize..];
        let before = deflate.total_out();
        deflate.compress(rest, &mut compressed[length..], DeflateFlush::SyncFlush).ok()?;
        let written = (deflate.total_out() - before) as usize;
        compressed.truncate(length + written);
        // All is flushed when there was room left for more.
        if written < guess {
            break;
        }
        guess = guess.max(1024);
    }
    let whole = deflate.total_in() - start == message.len() as u64;
    (whole && compressed.ends_with(&TAIL)).then_some(compressed)
}

/// The same in blocks without compression, which need no compressor.
pub(super) fn stored(message: &[u8]) -> Vec<u8> {
    let blocks = message.chunks(usize::from(u16::MAX)).chain([&[][..]]);
    blocks
        .flat_map(|block| {
            let length = block.len() as u16;
            [&[0][..], &length.to_le_bytes(), &(!length).to_le_bytes(), block].concat()
        })
        .collect()
}

impl fmt::Debug for Compressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compressor").field("side", &self.side).field("level", &self.level).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_example_is_written() {
        let mut deflate = Deflate::new(6, false, 15);
        let with_tail = |bytes: &[u8]| Some([bytes, &TAIL].concat());
        assert_eq!(flush(&mut deflate, b"Hello"), with_tail(&[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]));
        assert_eq!(flush(&mut deflate, b"Hello"), with_tail(&[0xf2, 0x00, 0x11, 0x00, 0x00]));
    }
}
