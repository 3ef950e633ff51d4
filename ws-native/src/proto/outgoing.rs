//! What waits to be transmitted.

use alloc::collections::VecDeque;

use bytes::{Buf as _, BytesMut};

use super::frame::Header;
use super::mask;

/// Frames, encoded and in order, and the application bytes in them.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    bytes: BytesMut,
    /// The most bytes that waited since it was empty, for which it has memory.
    largest: usize,
    /// The frames with application data that are not wholly transmitted, in order.
    frames: VecDeque<Frame>,
    /// Bytes appended since the beginning.
    appended: u64,
    /// Bytes transmitted since the beginning, of those appended.
    transmitted: u64,
    /// Application bytes of `frames` that were counted as transmitted already: a part of the first one's.
    counted: u64,
}

#[derive(Debug)]
struct Frame {
    /// The value of `transmitted` at which the frame has gone.
    end: u64,
    /// The bytes of its payload, which come last.
    payload: u64,
    /// Application bytes in it, before masking and compression.
    application: u64,
}

impl Outgoing {
    /// Appends a head of the opening handshake.
    pub(super) fn push_head(&mut self, head: &[u8]) {
        self.bytes.extend_from_slice(head);
        self.appended += head.len() as u64;
    }

    /// Appends a frame, whose header's length is the payload's. `application`: the bytes of it that `bufferedAmount`
    /// counts.
    pub(super) fn push(&mut self, header: Header, payload: &[u8], application: u64) {
        let before = self.bytes.len();
        self.bytes.reserve(payload.len() + 14);
        header.encode(&mut self.bytes);
        let start = self.bytes.len();
        self.bytes.extend_from_slice(payload);
        if let Some(key) = header.mask {
            mask::apply(&mut self.bytes[start..], key, 0);
        }
        self.appended += (self.bytes.len() - before) as u64;
        self.largest = self.largest.max(self.bytes.len());
        if application > 0 {
            self.frames.push_back(Frame { end: self.appended, payload: header.length, application });
        }
    }

    /// All that waits.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many bytes have not reached the network: those that wait, and those that were taken.
    pub(super) fn backlog(&self) -> usize {
        (self.appended - self.transmitted) as usize
    }

    /// How many bytes were appended since the beginning.
    pub(super) fn appended_total(&self) -> u64 {
        self.appended
    }

    /// How many bytes up to this one, counted from the beginning, have not reached the network.
    pub(super) fn remaining_to(&self, end: u64) -> u64 {
        end.saturating_sub(self.transmitted)
    }

    /// Takes all that waits.
    pub(super) fn take(&mut self) -> BytesMut {
        // With its memory, which the next output would otherwise claim back.
        core::mem::take(&mut self.bytes)
    }

    /// This many of the first bytes were transmitted.
    pub(super) fn consume(&mut self, count: usize) {
        self.bytes.advance(count.min(self.bytes.len()));
        if self.bytes.is_empty() && core::mem::take(&mut self.largest) > Self::KEPT {
            self.bytes = BytesMut::new();
        }
    }

    /// The most bytes of an empty buffer that are kept for later.
    const KEPT: usize = 64 << 10;

    /// Counts bytes that reached the network, after they were consumed or taken. Returns how many application bytes were in them.
    pub(super) fn transmitted(&mut self, count: usize) -> u64 {
        self.transmitted = (self.transmitted + count as u64).min(self.appended);
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

    /// Drops what waits: the transport is gone.
    pub(super) fn clear(&mut self) {
        self.bytes = BytesMut::new();
        self.frames.clear();
        self.transmitted = self.appended;
    }
}

impl Frame {
    /// How many of its application bytes are still to go: of a compressed one in proportion.
    fn remaining(&self, transmitted: u64) -> u64 {
        let payload = self.end.saturating_sub(transmitted).min(self.payload);
        let share = u128::from(self.application) * u128::from(payload);
        share.div_ceil(u128::from(self.payload.max(1))) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::super::frame::Opcode;
    use super::*;

    fn push(outgoing: &mut Outgoing, opcode: Opcode, payload: &[u8], mask: Option<[u8; 4]>, application: u64) {
        let header = Header { fin: true, compressed: false, opcode, mask, length: payload.len() as u64 };
        outgoing.push(header, payload, application);
    }

    #[test]
    fn the_examples_of_section_5_7_are_written() {
        let mut outgoing = Outgoing::default();
        push(&mut outgoing, Opcode::Text, b"Hello", None, 5);
        assert_eq!(outgoing.bytes(), b"\x81\x05Hello");
        outgoing.consume(7);
        push(&mut outgoing, Opcode::Text, b"Hello", Some([0x37, 0xfa, 0x21, 0x3d]), 5);
        assert_eq!(outgoing.bytes(), b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
    }

    #[test]
    fn application_bytes_are_counted_as_they_go() {
        let mut outgoing = Outgoing::default();
        push(&mut outgoing, Opcode::Binary, &[0; 10], None, 10); // 12 bytes
        push(&mut outgoing, Opcode::Ping, &[0; 4], None, 0); // 6 bytes
        push(&mut outgoing, Opcode::Text, &[0; 3], None, 3); // 5 bytes
        outgoing.consume(23);
        let counts: alloc::vec::Vec<u64> =
            [2, 1, 8, 1, 6, 5].into_iter().map(|count| outgoing.transmitted(count)).collect();
        assert_eq!(counts, [0, 1, 8, 1, 0, 3]);
    }

    #[test]
    fn application_bytes_of_a_compressed_frame_go_in_proportion() {
        let mut outgoing = Outgoing::default();
        push(&mut outgoing, Opcode::Ping, &[0; 4], None, 0); // 6 bytes
        push(&mut outgoing, Opcode::Binary, &[0; 10], None, 1000); // 12 bytes
        let counts = [6, 2, 1, 4, 4, 1].map(|count| outgoing.transmitted(count));
        assert_eq!(counts, [0, 0, 100, 400, 400, 100]);
    }

    #[test]
    fn the_memory_of_much_output_is_given_back_when_it_has_gone() {
        let mut outgoing = Outgoing::default();
        for taken in [false, true] {
            push(&mut outgoing, Opcode::Binary, &vec![0; 1 << 20], None, 0);
            let length = outgoing.bytes().len();
            if taken {
                outgoing.take();
            } else {
                outgoing.consume(length / 2);
                outgoing.consume(length - length / 2);
            }
            outgoing.transmitted(length);
            push(&mut outgoing, Opcode::Ping, &[0], None, 0);
            assert!(outgoing.bytes.capacity() < 1 << 16, "{}", outgoing.bytes.capacity());
            outgoing.consume(3);
        }
    }

    #[test]
    fn several_frames_can_go_at_once() {
        let mut outgoing = Outgoing::default();
        push(&mut outgoing, Opcode::Text, b"ab", None, 2);
        push(&mut outgoing, Opcode::Text, b"cde", None, 3);
        assert_eq!(outgoing.transmitted(9), 5);
        assert_eq!(outgoing.transmitted(0), 0);
    }
}
