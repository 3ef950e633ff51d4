//! Compressing and decompressing messages: [RFC 7692, section 7.2][1].
//!
//! [1]: https://datatracker.ietf.org/doc/html/rfc7692#section-7.2

mod compressor;
mod decompressor;
mod spare;

pub(super) use compressor::{Compressor, Shared};
pub(super) use decompressor::{Decompressor, InflateError};

/// What is taken off the end of a compressed message, and put there again before it is decompressed.
const TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];

#[cfg(test)]
mod tests {
    use alloc::{vec, vec::Vec};

    use bytes::BytesMut;

    use super::*;
    use crate::proto::config::Compression;
    use crate::proto::extension::Side;

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
            let blocks = compressor::stored(&message);
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
        assert_eq!(outcome(65), Err(InflateError::NotDeflate));
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
        assert_eq!(decompress(&mut decompressor, &[&cut_off], MAX), Err(InflateError::NotDeflate));
    }

    #[test]
    fn a_message_ends_with_a_block() {
        // Nothing at all, and "Hello" with the end of its empty block left on it.
        for wrong in [&[][..], &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00, 0x00, 0xff, 0xff]] {
            assert_eq!(
                decompress(&mut decompressor_for(side(false, 15)), &[wrong], MAX),
                Err(InflateError::NotDeflate),
                "{wrong:?}"
            );
        }
        // Within a block of the fixed codes, wherever that is cut.
        let hello: &[u8] = &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        for length in 0..hello.len() - 1 {
            let cut_off = decompress(&mut decompressor_for(side(false, 15)), &[&hello[..length]], MAX);
            assert_eq!(cut_off, Err(InflateError::NotDeflate), "{length}");
        }
        assert_eq!(decompress(&mut decompressor_for(side(false, 15)), &[hello], MAX).unwrap(), b"Hello");
        // Within a block of codes of its own, behind their table.
        let text = (0..2000).map(|number| format!("{number} ")).collect::<String>();
        let compressed = compressor_for(side(false, 15), 6).compress(text.as_bytes()).unwrap();
        for length in compressed.len() / 2..compressed.len() - 1 {
            let cut_off = decompress(&mut decompressor_for(side(false, 15)), &[&compressed[..length]], MAX);
            assert_eq!(cut_off, Err(InflateError::NotDeflate), "{length}");
        }
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
        assert_eq!(garbage, Err(InflateError::NotDeflate));
        // A reference to before the beginning.
        let early = decompress(&mut decompressor_for(side(false, 15)), &[&[0xf2, 0x00, 0x11, 0x00, 0x00]], MAX);
        assert_eq!(early, Err(InflateError::NotDeflate));
    }
}
