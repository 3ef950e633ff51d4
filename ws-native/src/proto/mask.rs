//! Masking: [RFC 6455, section 5.3](https://datatracker.ietf.org/doc/html/rfc6455#section-5.3).

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem::MaybeUninit;

/// A source of randomness fit for masking keys and handshake nonces.
///
/// "The masking key needs to be unpredictable; thus, the masking key MUST be derived from a strong source of entropy":
/// the system's secure generator, not a fast one. Any `FnMut(&mut [u8])` will do.
pub trait Random: Send {
    /// Fills the buffer.
    fn fill(&mut self, buffer: &mut [u8]);
}

impl<F: FnMut(&mut [u8]) + Send> Random for F {
    fn fill(&mut self, buffer: &mut [u8]) {
        self(buffer);
    }
}

/// The masking keys of a client, drawn many at a time.
pub(super) struct MaskKeys {
    random: Box<dyn Random>,
    drawn: [u8; Self::DRAW],
    /// Where the unused keys begin; at the end of `drawn` none is left.
    used: usize,
}

impl MaskKeys {
    /// Bytes drawn at a time: 64 keys.
    const DRAW: usize = 256;

    pub(super) fn new(random: Box<dyn Random>) -> Self {
        Self { random, drawn: [0; Self::DRAW], used: Self::DRAW }
    }

    /// The nonce of an opening handshake: "a randomly selected 16-byte value".
    pub(super) fn nonce(&mut self) -> [u8; 16] {
        let mut nonce = [0; 16];
        self.random.fill(&mut nonce);
        nonce
    }

    /// A key, used once.
    #[inline]
    pub(super) fn next_key(&mut self) -> [u8; 4] {
        if let Some(key) = self.drawn.get(self.used..).and_then(|unused| unused.first_chunk()) {
            self.used += 4;
            return *key;
        }
        self.draw()
    }

    #[cold]
    fn draw(&mut self) -> [u8; 4] {
        self.random.fill(&mut self.drawn);
        self.used = 4;
        [self.drawn[0], self.drawn[1], self.drawn[2], self.drawn[3]]
    }
}

/// Masks or unmasks a part of a payload, which begins at this offset of it.
///
/// "Octet i of the transformed data ("transformed-octet-i") is the XOR of octet i of the original data
/// ("original-octet-i") with octet at index i modulo 4 of the masking key ("masking-key-octet-j")."
#[inline]
pub(super) fn apply(part: &mut [u8], key: [u8; 4], offset: usize) {
    let mut key = key;
    key.rotate_left(offset % 4);
    if part.len() < LONG { apply_words(part, key) } else { apply_long(part, key) }
}

/// The bytes from which on it is worth asking what the processor can do.
const LONG: usize = 256;

/// As [`apply_words`], with vectors of 32 bytes where the processor has them.
fn apply_long(part: &mut [u8], key: [u8; 4]) {
    #[cfg(all(feature = "std", target_arch = "x86_64"))]
    if std::arch::is_x86_feature_detected!("avx2") {
        #[allow(unsafe_code, reason = "half the time for what is a third of the cost of a long message")]
        // SAFETY: the processor has the feature that the function is compiled for, which is all that it asks for.
        unsafe {
            return apply_avx2(part, key);
        }
    }
    apply_words(part, key);
}

#[cfg(all(feature = "std", target_arch = "x86_64"))]
#[target_feature(enable = "avx2")]
fn apply_avx2(part: &mut [u8], key: [u8; 4]) {
    let (head, lines) = part.split_at_mut(before_line(part.as_ptr(), part.len()));
    let mut rotated = key;
    rotated.rotate_left(head.len() % 4);
    apply_words(head, key);
    apply_words(lines, rotated);
}

/// How many of so many bytes from here on come before the first of the processor's cache lines: a vector that is written to
/// two of them takes twice as long.
#[cfg(all(feature = "std", target_arch = "x86_64"))]
fn before_line(start: *const u8, length: usize) -> usize {
    const LINE: usize = 64;
    start.align_offset(LINE).min(length)
}

/// Masks eight bytes at a time, of which the compiler makes the vectors there are.
#[inline(always)]
fn apply_words(part: &mut [u8], key: [u8; 4]) {
    let word = twice(key);
    let (words, rest) = part.as_chunks_mut::<8>();
    for chunk in words {
        *chunk = (u64::from_ne_bytes(*chunk) ^ word).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(word.to_ne_bytes()) {
        *byte ^= mask;
    }
}

/// A key for eight bytes.
#[inline(always)]
fn twice(key: [u8; 4]) -> u64 {
    let once = u64::from(u32::from_ne_bytes(key));
    once << 32 | once
}

/// Appends a payload, masked on the way.
#[inline]
pub(super) fn append(output: &mut Vec<u8>, payload: &[u8], key: [u8; 4]) {
    output.reserve(payload.len());
    let start = output.len();
    let room = &mut output.spare_capacity_mut()[..payload.len()];
    if payload.len() < LONG {
        copy_words(room, payload, key)
    } else {
        copy_long(room, payload, key)
    }
    #[allow(unsafe_code, reason = "a copy that is masked afterwards costs a third more")]
    // SAFETY: there is room for the payload, for it was reserved, and all of that room has just been written.
    unsafe {
        output.set_len(start + payload.len());
    }
}

/// As [`copy_words`], with vectors of 32 bytes where the processor has them.
fn copy_long(room: &mut [MaybeUninit<u8>], payload: &[u8], key: [u8; 4]) {
    #[cfg(all(feature = "std", target_arch = "x86_64"))]
    if std::arch::is_x86_feature_detected!("avx2") {
        #[allow(unsafe_code, reason = "as in `apply_long`")]
        // SAFETY: the processor has the feature that the function is compiled for, which is all that it asks for.
        unsafe {
            return copy_avx2(room, payload, key);
        }
    }
    copy_words(room, payload, key);
}

#[cfg(all(feature = "std", target_arch = "x86_64"))]
#[target_feature(enable = "avx2")]
fn copy_avx2(room: &mut [MaybeUninit<u8>], payload: &[u8], key: [u8; 4]) {
    let head = before_line(room.as_ptr().cast(), payload.len());
    let (head_room, room) = room.split_at_mut(head);
    let (head, lines) = payload.split_at(head);
    let mut rotated = key;
    rotated.rotate_left(head.len() % 4);
    copy_words(head_room, head, key);
    copy_words(room, lines, rotated);
}

/// Writes a payload, masked, to where there is exactly the room for it.
#[inline(always)]
fn copy_words(room: &mut [MaybeUninit<u8>], payload: &[u8], key: [u8; 4]) {
    let word = twice(key);
    let (words, rest) = payload.as_chunks::<8>();
    let (room, room_for_rest) = room.as_chunks_mut::<8>();
    assert!(room.len() == words.len() && room_for_rest.len() == rest.len());
    for (room, chunk) in room.iter_mut().zip(words) {
        *room = (u64::from_ne_bytes(*chunk) ^ word).to_ne_bytes().map(MaybeUninit::new);
    }
    for ((room, byte), mask) in room_for_rest.iter_mut().zip(rest).zip(word.to_ne_bytes()) {
        room.write(byte ^ mask);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use alloc::vec::Vec;

    #[test]
    fn the_example_of_section_5_7_is_masked() {
        let mut hello = *b"Hello";
        apply(&mut hello, [0x37, 0xfa, 0x21, 0x3d], 0);
        assert_eq!(hello, [0x7f, 0x9f, 0x4d, 0x51, 0x58]);
    }

    #[test]
    fn a_payload_masked_in_parts_is_the_payload_masked_whole() {
        let key = [1, 2, 4, 8];
        let plain: Vec<u8> = (0..700).map(|i| i as u8).collect();
        let expected: Vec<u8> = plain.iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]).collect();
        for cut in 0..plain.len() {
            let mut parts = plain.clone();
            let (head, tail) = parts.split_at_mut(cut);
            apply(head, key, 0);
            apply(tail, key, cut);
            assert_eq!(parts, expected, "cut at {cut}");
        }
    }

    #[test]
    fn what_is_appended_is_the_payload_masked() {
        let key = [1, 2, 4, 8];
        let plain: Vec<u8> = (0..LONG + 40).map(|i| i as u8).collect();
        for length in (0..20).chain(LONG - 1..=plain.len()) {
            let mut output = vec![9];
            append(&mut output, &plain[..length], key);
            let mut expected = plain[..length].to_vec();
            apply(&mut expected, key, 0);
            assert_eq!((output[0], &output[1..]), (9, &expected[..]), "{length}");
        }
    }

    #[test]
    fn every_key_is_drawn_once() {
        let mut counter = 0_u8;
        let mut keys = MaskKeys::new(Box::new(move |buffer: &mut [u8]| {
            for byte in buffer {
                *byte = counter;
                counter = counter.wrapping_add(1);
            }
        }));
        let drawn: Vec<[u8; 4]> = (0..65).map(|_| keys.next_key()).collect();
        assert_eq!(drawn[..2], [[0, 1, 2, 3], [4, 5, 6, 7]]);
        assert_eq!(drawn[63..], [[252, 253, 254, 255], [0, 1, 2, 3]]);
    }
}
