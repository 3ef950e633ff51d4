//! Compressing and decompressing messages: [RFC 7692, section 7.2][1].
//!
//! [1]: https://datatracker.ietf.org/doc/html/rfc7692#section-7.2

use core::{fmt, mem};

use alloc::boxed::Box;
use alloc::vec::Vec;
use bytes::{Bytes, BytesMut};
use once_cell::race::OnceBox;
use zlib_rs::{Deflate, DeflateFlush, Inflate, InflateFlush, Status};

use super::config::Compression;
use super::error::ProtocolError;
use super::extension::{MAX_WINDOW_BITS, Side};

/// What is taken off the end of a compressed message, and put there again before it is decompressed.
const TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];

/// The window of DEFLATE in bytes, beyond which nothing is referred to.
const WINDOW: usize = 1 << MAX_WINDOW_BITS;

/// The base-2 logarithm of the smallest window there is a compressor for.
const LEAST_WINDOW_BITS: usize = 9;

/// What a message for many connections is compressed to, for each size of window. `None`: it becomes no smaller.
///
/// Threads that need the same one at once may each make it; one is kept.
#[derive(Default)]
pub(super) struct Shared([OnceBox<Option<Bytes>>; MAX_WINDOW_BITS as usize - LEAST_WINDOW_BITS + 1]);

/// Compresses the messages of one end.
pub(super) struct Compressor {
    side: Side,
    level: u8,
    threshold: usize,
    release_when_idle: bool,
    /// Made with the first message, for it takes some 260 KiB with the largest window.
    deflate: Option<Deflate>,
    /// The peer has had a compressed message since that is not in the window here.
    behind: bool,
}

impl Compressor {
    pub(super) fn new(side: Side, compression: &Compression) -> Self {
        let Compression { level, threshold, release_when_idle, .. } = *compression;
        Self { side, level, threshold, release_when_idle, deflate: None, behind: false }
    }

    /// The connection waits, and no message has been begun. The next one refers to none before it.
    pub(super) fn release(&mut self) {
        if self.release_when_idle {
            self.deflate = None;
        }
    }

    /// Compresses a message. `None`: it is to be sent as it is.
    pub(super) fn compress(&mut self, message: &[u8]) -> Option<Vec<u8>> {
        if message.len() < self.threshold || !self.begin() {
            return None;
        }
        let deflate = self.deflate.as_mut()?;
        match flush(deflate, message) {
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
        }
    }

    /// Gives the frame of a message for many connections, compressed: by the first of them with this size of window, and for
    /// the others as it is. `None`: it is to be sent uncompressed.
    ///
    /// It is compressed with an empty window, so that every peer can read it, whatever came before: an end that has not
    /// agreed to do so with each message "MAY take over the LZ77 sliding window used to build the last compressed message",
    /// and need not. But it moves the peer's window on, and the one here knows nothing of it: what is referred to would be
    /// found at other distances. So the next message of the connection's own begins with an empty window, too. To compress
    /// the message here as well, for the window alone, would cost each connection what sharing is to save.
    pub(super) fn shared(
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
    pub(super) fn begin(&mut self) -> bool {
        let bits = self.side.window_bits();
        if usize::from(bits) < LEAST_WINDOW_BITS {
            return false;
        }
        let deflate = self.deflate.get_or_insert_with(|| Deflate::new(i32::from(self.level), false, bits));
        // "If the "agreed parameters" contain the "client_no_context_takeover" extension parameter, the client MUST start
        // compressing each new message with an empty LZ77 sliding window." And so the server with its own.
        if mem::take(&mut self.behind) || self.side.no_context_takeover {
            deflate.reset();
        }
        true
    }

    /// Compresses the next part of the message that was begun.
    pub(super) fn part(&mut self, part: &[u8], last: bool) -> Vec<u8> {
        if part.is_empty() {
            // What came before ends with a whole block; an empty one, but for the bytes that are taken off, ends the message.
            return if last { [0].into() } else { Vec::new() };
        }
        let compressed = self.deflate.as_mut().and_then(|deflate| flush(deflate, part));
        let mut compressed = compressed.unwrap_or_else(|| {
            self.deflate = None;
            stored(part)
        });
        if last {
            compressed.truncate(compressed.len() - TAIL.len());
        }
        compressed
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
fn stored(message: &[u8]) -> Vec<u8> {
    let blocks = message.chunks(usize::from(u16::MAX)).chain([&[][..]]);
    blocks
        .flat_map(|block| {
            let length = block.len() as u16;
            [&[0][..], &length.to_le_bytes(), &(!length).to_le_bytes(), block].concat()
        })
        .collect()
}

/// Decompresses the messages of the other end.
pub(super) struct Decompressor {
    side: Side,
    release_when_idle: bool,
    /// Made with the first message, for it takes some 40 KiB.
    inflate: Option<Inflate>,
    /// The last of the message that was taken away from it already, as much as can be referred to.
    taken: Vec<u8>,
    /// How many final blocks the message has so far.
    final_blocks: u32,
    /// The last of what was decompressed was the end of a final block.
    at_final_block: bool,
}

/// How many bytes are decompressed at a time.
const BLOCK: usize = 4 << 10;

/// The most final blocks a message may have. One is the most that is ever met; an empty one has two bytes, and makes work
/// of 32 KiB.
const MAX_FINAL_BLOCKS: u32 = 64;

/// A message that cannot be decompressed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum InflateError {
    /// It has more bytes than are allowed.
    TooLong,
    /// It is not DEFLATE.
    Protocol(ProtocolError),
}

impl Decompressor {
    pub(super) fn new(side: Side, compression: &Compression) -> Self {
        let release_when_idle = compression.release_when_idle;
        Self { side, release_when_idle, inflate: None, taken: Vec::new(), final_blocks: 0, at_final_block: false }
    }

    /// The connection waits, and no message has begun. What the next one may refer to is kept.
    pub(super) fn release(&mut self) {
        if self.release_when_idle && self.side.no_context_takeover {
            self.inflate = None;
        }
    }

    /// Decompresses a piece of a message and appends it to what there is of it already, which must not become longer
    /// than `max` bytes. Not a byte beyond that is decompressed.
    pub(super) fn push(&mut self, piece: &[u8], message: &mut BytesMut, max: usize) -> Result<(), InflateError> {
        // A smaller window than the largest would save some memory, and fail peers that overstep what they agreed to.
        let inflate = self.inflate.get_or_insert_with(|| Inflate::new(false, MAX_WINDOW_BITS));
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
                Ok(Status::StreamEnd) => return Err(InflateError::Protocol(ProtocolError::Deflate)),
                Ok(_) if written < room && rest.is_empty() => {
                    self.at_final_block &= piece.is_empty();
                    return Ok(());
                }
                Ok(Status::Ok) => {}
                Ok(Status::BufError) if written == room => {}
                Ok(Status::BufError) | Err(_) => return Err(InflateError::Protocol(ProtocolError::Deflate)),
            }
        }
    }

    /// A part is taken away from the message.
    pub(super) fn remember(&mut self, part: &[u8]) {
        let part = &part[part.len().saturating_sub(WINDOW)..];
        let excess = (self.taken.len() + part.len()).saturating_sub(WINDOW);
        self.taken.drain(..excess);
        self.taken.extend_from_slice(part);
    }

    /// The message has ended.
    pub(super) fn finish(&mut self, message: &mut BytesMut, max: usize) -> Result<(), InflateError> {
        // 1. "Append 4 octets of 0x00 0x00 0xff 0xff to the tail end of the payload of the message." They complete an
        //    empty block. After a final block without one there is nothing to complete; other libraries send that, too.
        if !core::mem::take(&mut self.at_final_block) {
            let length = message.len();
            self.push(&TAIL, message, max)?;
            if message.len() > length {
                return Err(InflateError::Protocol(ProtocolError::Deflate));
            }
        }
        self.final_blocks = 0;
        self.taken = Vec::new();
        if self.side.no_context_takeover
            && let Some(inflate) = &mut self.inflate
        {
            inflate.reset(false);
        }
        Ok(())
    }
}

/// Goes on after a final block, with what the message has so far as the window. What came before the message is not in it:
/// a compressor that ends its stream begins anew.
fn restart(inflate: &mut Inflate, taken: &[u8], message: &[u8]) -> Result<(), InflateError> {
    inflate.reset(false);
    let missing = WINDOW.saturating_sub(message.len());
    let before = &taken[taken.len().saturating_sub(missing)..];
    let window = [before, &message[message.len().saturating_sub(WINDOW)..]].concat();
    if !window.is_empty() {
        inflate.set_dictionary(&window).map_err(|_| InflateError::Protocol(ProtocolError::Deflate))?;
    }
    Ok(())
}

impl fmt::Debug for Compressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compressor").field("side", &self.side).field("level", &self.level).finish_non_exhaustive()
    }
}

impl fmt::Debug for Decompressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decompressor").field("side", &self.side).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    const MAX: usize = 1 << 20;

    fn compressor_for(side: Side, level: u8) -> Compressor {
        let compression = Compression { level, threshold: 1, ..Compression::default() };
        Compressor::new(side, &compression)
    }

    fn decompressor_for(side: Side) -> Decompressor {
        Decompressor::new(side, &Compression::default())
    }

    fn side(no_context_takeover: bool, bits: u8) -> Side {
        Side { no_context_takeover, max_window_bits: Some(bits) }
    }

    fn decompress(decompressor: &mut Decompressor, pieces: &[&[u8]], max: usize) -> Result<Vec<u8>, InflateError> {
        let mut message = BytesMut::new();
        for piece in pieces {
            decompressor.push(piece, &mut message, max)?;
        }
        decompressor.finish(&mut message, max)?;
        Ok(message.to_vec())
    }

    #[test]
    fn the_examples_of_section_7_2_3_are_read() {
        let mut decompressor = decompressor_for(side(false, 15));
        let hello: &[u8] = &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        let shared: &[u8] = &[0xf2, 0x00, 0x11, 0x00, 0x00];
        let stored: &[u8] = &[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00];
        let two_blocks: &[u8] = &[0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00];
        let last: &[u8] = &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00];
        for message in [hello, shared, stored, two_blocks, last, hello] {
            assert_eq!(decompress(&mut decompressor, &[message], MAX).unwrap(), b"Hello", "{message:x?}");
        }
        assert_eq!(decompress(&mut decompressor, &[&[0x00]], MAX).unwrap(), b"");
    }

    #[test]
    fn the_first_example_is_written() {
        let mut deflate = Deflate::new(6, false, 15);
        let with_tail = |bytes: &[u8]| Some([bytes, &TAIL].concat());
        assert_eq!(flush(&mut deflate, b"Hello"), with_tail(&[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]));
        assert_eq!(flush(&mut deflate, b"Hello"), with_tail(&[0xf2, 0x00, 0x11, 0x00, 0x00]));
    }

    #[test]
    fn what_is_compressed_is_decompressed_in_any_window_and_any_pieces() {
        let noise: Vec<u8> = (0_u32..200_000).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let text = "the same line again and again\n".repeat(5000).into_bytes();
        for bits in 9..=15 {
            for no_context_takeover in [false, true] {
                let mut compressor = compressor_for(side(no_context_takeover, bits), 1);
                let mut decompressor = decompressor_for(side(no_context_takeover, bits));
                for message in [&noise[..], &text, b"x", &text, &noise] {
                    let Some(compressed) = compressor.compress(message) else { continue };
                    let pieces: Vec<&[u8]> = compressed.chunks(777).collect();
                    assert_eq!(decompress(&mut decompressor, &pieces, MAX).unwrap(), message);
                }
            }
        }
    }

    #[test]
    fn blocks_without_compression_are_deflate() {
        for length in [1, 65_535, 65_536, 200_000] {
            let message = vec![7; length];
            let blocks = stored(&message);
            let cut = &blocks[..blocks.len() - TAIL.len()];
            assert_eq!(decompress(&mut decompressor_for(side(false, 15)), &[cut], MAX).unwrap(), message);
        }
    }

    #[test]
    fn parts_make_the_message() {
        for no_context_takeover in [false, true] {
            let mut compressor = compressor_for(side(no_context_takeover, 15), 6);
            let mut decompressor = decompressor_for(side(no_context_takeover, 15));
            for message in [&["a text, ", "", "a text", ""][..], &["", "again a text"], &["x"], &["", ""]] {
                assert!(compressor.begin());
                let last = message.len() - 1;
                let parts =
                    message.iter().enumerate().map(|(index, part)| compressor.part(part.as_bytes(), index == last));
                let parts: Vec<Vec<u8>> = parts.collect();
                let pieces: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
                assert_eq!(decompress(&mut decompressor, &pieces, MAX).unwrap(), message.concat().as_bytes());
            }
        }
    }

    #[test]
    fn a_window_of_256_bytes_is_not_compressed_for() {
        assert_eq!(compressor_for(side(false, 8), 6).compress(b"Hello"), None);
    }

    #[test]
    fn without_a_bound_all_is_decompressed() {
        let compressed = compressor_for(side(false, 15), 6).compress(&[7; 1000]).unwrap();
        let message = decompress(&mut decompressor_for(side(false, 15)), &[&compressed], usize::MAX);
        assert_eq!(message.unwrap(), [7; 1000]);
    }

    #[test]
    fn final_blocks_are_counted() {
        let blocks = |count: usize| [b"\x03\x00".repeat(count), vec![0]].concat();
        let outcome = |count| decompress(&mut decompressor_for(side(false, 15)), &[&blocks(count)], MAX);
        assert_eq!(outcome(64), Ok(vec![]));
        assert_eq!(outcome(65), Err(InflateError::Protocol(ProtocolError::Deflate)));
    }

    #[test]
    fn a_message_may_end_with_its_final_block_and_not_within_a_block() {
        let mut decompressor = decompressor_for(side(false, 15));
        let last: &[u8] = &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        let hello: &[u8] = &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        for message in [last, hello, last] {
            assert_eq!(decompress(&mut decompressor, &[message], MAX).unwrap(), b"Hello");
        }
        let cut_off = [0x00, 0x64, 0x00, 0x9b, 0xff, 1, 2];
        assert_eq!(
            decompress(&mut decompressor, &[&cut_off], MAX),
            Err(InflateError::Protocol(ProtocolError::Deflate))
        );
    }

    #[test]
    fn what_becomes_no_smaller_is_left_alone_and_the_window_begins_anew() {
        let mut seed = 1_u64;
        let noise: Vec<u8> = core::iter::repeat_with(|| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 56) as u8
        })
        .take(10_000)
        .collect();
        let mut compressor = compressor_for(side(false, 15), 1);
        let mut decompressor = decompressor_for(side(false, 15));
        assert_eq!(compressor.compress(&noise), None);
        let text = b"a text, a text, a text, a text".to_vec();
        let compressed = compressor.compress(&text).unwrap();
        assert_eq!(decompress(&mut decompressor, &[&compressed], MAX).unwrap(), text);
    }

    #[test]
    fn messages_below_the_threshold_are_left_alone() {
        let mut compressor = Compressor::new(side(false, 15), &Compression::default());
        assert_eq!(compressor.compress(&[b'x'; 127]), None);
        assert!(compressor.compress(&[b'x'; 128]).is_some());
    }

    #[test]
    fn a_bomb_goes_no_further_than_its_bound() {
        let bomb = compressor_for(side(false, 15), 9).compress(&vec![0; 64 << 20]).unwrap();
        assert!(bomb.len() < 100_000);
        let mut message = BytesMut::new();
        let outcome = decompressor_for(side(false, 15)).push(&bomb, &mut message, 100_000);
        assert_eq!(outcome, Err(InflateError::TooLong));
        assert!(message.capacity() < 400_000, "{}", message.capacity());
    }

    #[test]
    fn the_bound_holds_on_both_sides() {
        let message = vec![7; 1000];
        let compressed = compressor_for(side(false, 15), 6).compress(&message).unwrap();
        let fits = decompress(&mut decompressor_for(side(false, 15)), &[&compressed], 1000);
        assert_eq!(fits.unwrap(), message);
        let too_long = decompress(&mut decompressor_for(side(false, 15)), &[&compressed], 999);
        assert_eq!(too_long, Err(InflateError::TooLong));
    }

    #[test]
    fn what_is_not_deflate_is_refused() {
        let garbage = decompress(&mut decompressor_for(side(false, 15)), &[&[0xff; 20]], MAX);
        assert_eq!(garbage, Err(InflateError::Protocol(ProtocolError::Deflate)));
        // A reference to before the beginning.
        let early = decompress(&mut decompressor_for(side(false, 15)), &[&[0xf2, 0x00, 0x11, 0x00, 0x00]], MAX);
        assert_eq!(early, Err(InflateError::Protocol(ProtocolError::Deflate)));
    }
}
