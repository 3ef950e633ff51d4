//! What waits to be transmitted.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

use bytes::{Buf as _, Bytes};

use super::frame::Header;
use super::mask;

/// Frames, encoded and in order.
///
/// What is short is copied behind one another, so that many messages are one write. A long payload that was handed over is
/// sent from where it is, and only its place is kept. One that is to be masked, and that others may hold, is masked stage by
/// stage when its turn comes: so it takes no memory of its own size, and leaves the processor's caches to others.
#[derive(Debug)]
pub(super) struct Outgoing {
    /// How much of a payload is masked at a time, and from which size on it is masked in stages. A multiple of the key's.
    stage: usize,
    frames: Frames,
    /// How many of the first of the frames' bytes are consumed.
    consumed: usize,
    /// Bytes queued since the beginning.
    queued: u64,
    /// Bytes transmitted since the beginning, of those queued.
    transmitted: u64,
}

/// What frames are written into.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    /// Headers, and the payloads that were copied.
    bytes: Vec<u8>,
    /// The payloads, and the frames of many connections, that were not copied, in order.
    payloads: VecDeque<Payload>,
    /// Of the first payload, if that is to be masked.
    stage: Option<Box<Stage>>,
}

/// What is masked of a payload, and not consumed: something, while there is such a payload.
#[derive(Debug, Default)]
struct Stage {
    bytes: Vec<u8>,
    /// How many of the first bytes are consumed.
    left: usize,
}

/// A payload, or a whole frame, that is sent from where it is.
#[derive(Debug)]
struct Payload {
    /// How many of the other bytes come before it.
    place: usize,
    /// The bytes that are not consumed, nor in the stage.
    bytes: Bytes,
    /// With what they are to be masked, if they are.
    key: Option<[u8; 4]>,
}

impl Outgoing {
    /// The payload from which on it is cheaper to send it from where it is.
    pub(super) const LONG: usize = 4 << 10;
    /// The most memory of an empty buffer that is kept for later.
    const KEPT: usize = 256 << 10;
    /// The consumed bytes at which the memory they take is used again.
    const STALE: usize = 64 << 10;

    /// `stage`: how much of a payload is masked at a time.
    pub(super) fn new(stage: usize) -> Self {
        Self { stage, frames: Frames::default(), consumed: 0, queued: 0, transmitted: 0 }
    }

    /// Appends a head of the opening handshake.
    pub(super) fn push_head(&mut self, head: &[u8]) {
        self.frames.bytes.extend_from_slice(head);
        self.queued += head.len() as u64;
    }

    /// Appends a frame, whose header's length is the payload's.
    pub(super) fn push(&mut self, header: Header, payload: &[u8]) {
        self.reclaim();
        self.frames.bytes.reserve(Header::LONGEST + payload.len());
        let before = self.push_header(header);
        match header.mask {
            Some(key) => mask::append(&mut self.frames.bytes, payload, key),
            None => self.frames.bytes.extend_from_slice(payload),
        }
        self.queued += (self.frames.bytes.len() - before) as u64;
    }

    /// Appends a frame whose payload is handed over.
    pub(super) fn push_owned(&mut self, header: Header, payload: Bytes) {
        if payload.len() < Self::LONG {
            return self.push(header, &payload);
        }
        let (payload, key) = match header.mask {
            Some(key) if payload.len() < self.stage => match payload.try_into_mut() {
                // Nobody else holds it, so it can be masked where it is.
                Ok(mut payload) => {
                    mask::apply(&mut payload, key, 0);
                    (payload.freeze(), None)
                }
                Err(payload) => return self.push(header, &payload),
            },
            key => (payload, key),
        };
        self.reclaim();
        let before = self.push_header(header);
        self.queued += (self.frames.bytes.len() - before) as u64;
        self.push_payload(payload, key);
    }

    /// Appends a whole frame that others send, too.
    pub(super) fn push_frame(&mut self, frame: Bytes) {
        self.reclaim();
        if frame.len() < Self::LONG {
            self.queued += frame.len() as u64;
            self.frames.bytes.extend_from_slice(&frame);
        } else {
            self.push_payload(frame, None);
        }
    }

    fn push_payload(&mut self, bytes: Bytes, key: Option<[u8; 4]>) {
        self.queued += bytes.len() as u64;
        self.frames.payloads.push_back(Payload { place: self.frames.bytes.len(), bytes, key });
        if self.frames.payloads.len() == 1 {
            self.frames.fill_stage(self.stage);
        }
    }

    /// Writes a header; returns where it begins.
    fn push_header(&mut self, header: Header) -> usize {
        let start = self.frames.bytes.len();
        header.encode(&mut self.frames.bytes);
        start
    }

    /// Uses the memory of what was consumed again, if it is much.
    fn reclaim(&mut self) {
        if self.consumed >= Self::STALE && self.consumed * 2 >= self.frames.bytes.len() {
            self.frames.bytes.drain(..self.consumed);
            for payload in &mut self.frames.payloads {
                payload.place -= self.consumed;
            }
            self.consumed = 0;
        }
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.frames.payloads.is_empty() && self.consumed == self.frames.bytes.len()
    }

    /// The first of what waits.
    pub(super) fn first(&self) -> &[u8] {
        match self.frames.payloads.front() {
            Some(payload) if payload.place == self.consumed => self.frames.masked(payload),
            Some(payload) => &self.frames.bytes[self.consumed..payload.place],
            None => &self.frames.bytes[self.consumed..],
        }
    }

    /// What waits, in pieces, of which some may be empty: all of it, or up to where a payload is to be masked first.
    pub(super) fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let (count, end) = self.frames.masked_up_to();
        let mut start = self.consumed;
        let masked = self.frames.payloads.range(..count);
        let last = masked.clone().next_back().map_or(self.consumed, |payload| payload.place);
        let woven = masked.flat_map(move |payload| {
            let before = &self.frames.bytes[start..payload.place];
            start = payload.place;
            [before, self.frames.masked(payload)]
        });
        woven.chain([&self.frames.bytes[last..end]])
    }

    /// How many bytes have not reached the network: those that wait, and those that were taken.
    pub(super) fn backlog(&self) -> usize {
        (self.queued - self.transmitted) as usize
    }

    /// How many bytes were queued since the beginning.
    pub(super) fn queued_total(&self) -> u64 {
        self.queued
    }

    /// How many bytes up to this one, counted from the beginning, have not reached the network.
    pub(super) fn remaining_to(&self, end: u64) -> u64 {
        end.saturating_sub(self.transmitted)
    }

    /// Takes all that waits, with its memory.
    pub(super) fn take(&mut self) -> Vec<u8> {
        if self.consumed == 0 && self.frames.payloads.is_empty() {
            return core::mem::take(&mut self.frames.bytes);
        }
        let mut taken = Vec::new();
        while !self.is_empty() {
            let before = taken.len();
            self.pieces().for_each(|piece| taken.extend_from_slice(piece));
            self.consume(taken.len() - before);
        }
        taken
    }

    /// This many of the first bytes were transmitted. They are counted by [`transmitted`](Self::transmitted).
    pub(super) fn consume(&mut self, count: usize) {
        let mut rest = count;
        while rest > 0 && !self.is_empty() {
            let step = rest.min(self.first().len());
            rest -= step;
            match self.frames.payloads.front() {
                Some(payload) if payload.place == self.consumed => self.frames.consume_payload(step, self.stage),
                _ => self.consumed += step,
            }
        }
        if self.is_empty() {
            self.consumed = 0;
            self.frames.bytes.clear();
            if self.frames.capacity() > Self::KEPT {
                self.frames = Frames::default();
            }
        }
    }

    /// Counts bytes that reached the network, after they were consumed or taken.
    pub(super) fn transmitted(&mut self, count: usize) {
        self.transmitted = (self.transmitted + count as u64).min(self.queued);
    }

    /// The memory that frames are written into, while there are none: to be replaced only with such as is empty.
    #[cfg(any(feature = "std", test))]
    pub(super) fn memory(&mut self) -> Option<&mut Frames> {
        self.is_empty().then_some(&mut self.frames)
    }

    /// Drops what waits: the transport is gone.
    pub(super) fn clear(&mut self) {
        self.clear_frames();
        self.transmitted = self.queued;
    }

    fn clear_frames(&mut self) {
        self.frames = Frames::default();
        self.consumed = 0;
    }
}

impl Frames {
    /// The bytes there is memory for.
    pub(crate) fn capacity(&self) -> usize {
        self.bytes.capacity()
            + self.payloads.capacity() * size_of::<Payload>()
            + self.stage.as_ref().map_or(0, |stage| stage.bytes.capacity())
    }

    /// What there is to be transmitted of a payload that comes before the first that is still to be masked, or is the first.
    fn masked<'a>(&'a self, payload: &'a Payload) -> &'a [u8] {
        match &self.stage {
            Some(stage) if payload.key.is_some() => &stage.bytes[stage.left..],
            _ => &payload.bytes,
        }
    }

    /// How many payloads, and how many of the other bytes, come before what is still to be masked.
    fn masked_up_to(&self) -> (usize, usize) {
        match self.payloads.front() {
            Some(first) if first.key.is_some() && !first.bytes.is_empty() => (1, first.place),
            _ => match self.payloads.iter().skip(1).position(|payload| payload.key.is_some()) {
                Some(index) => (index + 1, self.payloads[index + 1].place),
                None => (self.payloads.len(), self.bytes.len()),
            },
        }
    }

    /// So many bytes of the first payload were transmitted.
    fn consume_payload(&mut self, count: usize, stage: usize) {
        let Some(payload) = self.payloads.front_mut() else { return };
        match &mut self.stage {
            Some(masked) if payload.key.is_some() => {
                masked.left += count;
                if masked.left < masked.bytes.len() {
                    return;
                }
            }
            _ => payload.bytes.advance(count),
        }
        if payload.bytes.is_empty() {
            self.payloads.pop_front();
        }
        self.fill_stage(stage);
    }

    /// Masks more of the first payload, if it is to be masked. The stage was consumed.
    fn fill_stage(&mut self, stage: usize) {
        if let Some(Payload { bytes, key: Some(key), .. }) = self.payloads.front_mut() {
            let next = bytes.split_to(bytes.len().min(stage));
            let masked = self.stage.get_or_insert_default();
            masked.left = 0;
            masked.bytes.clear();
            mask::append(&mut masked.bytes, &next, *key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::frame::Opcode;
    use super::*;
    use alloc::vec;

    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    const STAGE: usize = 64 << 10;

    fn header(length: usize, mask: Option<[u8; 4]>) -> Header {
        Header { fin: true, compressed: false, opcode: Opcode::Binary, mask, length: length as u64 }
    }

    fn all(outgoing: &Outgoing) -> Vec<u8> {
        outgoing.pieces().collect::<Vec<_>>().concat()
    }

    #[test]
    fn the_examples_of_section_5_7_are_written() {
        let text = |mask| Header { opcode: Opcode::Text, ..header(5, mask) };
        let mut outgoing = Outgoing::new(STAGE);
        outgoing.push(text(None), b"Hello");
        assert_eq!(outgoing.first(), b"\x81\x05Hello");
        outgoing.consume(7);
        outgoing.push(text(Some(KEY)), b"Hello");
        assert_eq!(outgoing.first(), b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
    }

    #[test]
    fn a_long_payload_is_sent_from_where_it_is_and_in_its_place() {
        let long = Bytes::from(vec![7; Outgoing::LONG]);
        let mut outgoing = Outgoing::new(STAGE);
        outgoing.push(header(1, None), b"a");
        outgoing.push_owned(header(long.len(), None), long.clone());
        outgoing.push_owned(header(1, None), Bytes::from_static(b"b"));
        outgoing.push_owned(header(long.len(), None), long.clone());
        assert!(outgoing.pieces().any(|piece| piece.as_ptr() == long.as_ptr()));
        let expected = [b"\x82\x01a\x82\x7e\x10\x00", &long[..], b"\x82\x01b\x82\x7e\x10\x00", &long].concat();
        assert_eq!(all(&outgoing), expected);
        assert_eq!(outgoing.backlog(), expected.len());
        for step in [1, 5, 700, 4000] {
            let mut gone = 0;
            let mut outgoing = Outgoing::new(STAGE);
            outgoing.push(header(1, None), b"a");
            outgoing.push_owned(header(long.len(), None), long.clone());
            outgoing.push_owned(header(1, None), Bytes::from_static(b"b"));
            outgoing.push_owned(header(long.len(), None), long.clone());
            while !outgoing.is_empty() {
                assert_eq!(all(&outgoing), expected[gone..]);
                assert!(expected[gone..].starts_with(outgoing.first()) && !outgoing.first().is_empty());
                outgoing.consume(step);
                gone += step;
            }
            assert!(gone >= expected.len());
        }
        assert_eq!(outgoing.take(), expected);
        assert!(outgoing.is_empty());
    }

    #[test]
    fn one_byte_below_the_bound_is_copied() {
        let mut outgoing = Outgoing::new(STAGE);
        outgoing.push_owned(header(Outgoing::LONG - 1, None), vec![7; Outgoing::LONG - 1].into());
        assert_eq!(outgoing.first().len(), 4 + Outgoing::LONG - 1);
    }

    #[test]
    fn a_payload_of_nobody_else_is_masked_where_it_is() {
        let plain = vec![9; Outgoing::LONG];
        let mut expected = Outgoing::new(STAGE);
        expected.push(header(plain.len(), Some(KEY)), &plain);
        for shared in [false, true] {
            let payload = Bytes::from(plain.clone());
            let address = payload.as_ptr();
            let _other = shared.then(|| payload.clone());
            let mut outgoing = Outgoing::new(STAGE);
            outgoing.push_owned(header(plain.len(), Some(KEY)), payload);
            assert_eq!(all(&outgoing), all(&expected));
            assert_eq!(outgoing.pieces().any(|piece| piece.as_ptr() == address), !shared);
        }
    }

    #[test]
    fn a_very_long_payload_is_masked_in_stages_and_takes_no_memory_of_its_size() {
        let plain: Vec<u8> = (0..3 * STAGE + 5).map(|i| (i % 251) as u8).collect();
        let payload = Bytes::from(plain.clone());
        let lengths = [STAGE, 1, STAGE + 1, 3 * STAGE + 5, Outgoing::LONG, STAGE];
        let mut expected = Outgoing::new(STAGE);
        lengths.iter().for_each(|length| expected.push(header(*length, Some(KEY)), &plain[..*length]));
        let expected = expected.take();
        for step in [1_000, STAGE, STAGE + 9, usize::MAX] {
            let mut outgoing = Outgoing::new(STAGE);
            for length in lengths {
                outgoing.push_owned(header(length, Some(KEY)), payload.slice(..length));
            }
            assert_eq!(outgoing.backlog(), expected.len());
            assert!(outgoing.frames.capacity() < 3 * STAGE);
            let mut transmitted = Vec::new();
            while !outgoing.is_empty() {
                let pieces = all(&outgoing);
                assert!(!outgoing.first().is_empty() && pieces.starts_with(outgoing.first()));
                let count = step.min(pieces.len());
                transmitted.extend_from_slice(&pieces[..count]);
                outgoing.consume(count);
            }
            assert!(transmitted == expected, "{step}");
        }
        let mut outgoing = Outgoing::new(STAGE);
        lengths.iter().for_each(|length| outgoing.push_owned(header(*length, Some(KEY)), payload.slice(..*length)));
        outgoing.consume(3);
        assert!(outgoing.take() == expected[3..]);
    }

    #[test]
    fn what_was_consumed_takes_no_memory_for_long() {
        let mut outgoing = Outgoing::new(STAGE);
        let long = Bytes::from(vec![7; Outgoing::LONG]);
        for _ in 0..10_000 {
            outgoing.push(header(100, None), &[1; 100]);
            outgoing.push_owned(header(long.len(), None), long.clone());
            // One byte always stays.
            outgoing.consume(outgoing.pieces().map(<[u8]>::len).sum::<usize>() - 1);
        }
        assert!(outgoing.frames.bytes.capacity() < 4 * Outgoing::STALE, "{}", outgoing.frames.bytes.capacity());
        assert_eq!(all(&outgoing), [7]);
    }

    #[test]
    fn the_memory_of_much_output_is_given_back_when_it_has_gone() {
        let mut outgoing = Outgoing::new(STAGE);
        outgoing.push(header(1 << 20, None), &vec![0; 1 << 20]);
        outgoing.consume(1 << 19);
        outgoing.consume(1 << 20);
        assert_eq!(outgoing.frames.capacity(), 0);
        outgoing.push(header(1, None), b"a");
        assert!(outgoing.memory().is_none());
        outgoing.consume(3);
        assert!(outgoing.memory().is_some_and(|memory| memory.capacity() > 0));
    }

    #[test]
    fn the_backlog_is_what_has_not_reached_the_network() {
        let mut outgoing = Outgoing::new(STAGE);
        outgoing.push(header(2, None), b"ab");
        outgoing.push(header(3, None), b"cde");
        assert_eq!(outgoing.take(), b"\x82\x02ab\x82\x03cde");
        assert_eq!((outgoing.backlog(), outgoing.remaining_to(4)), (9, 4));
        outgoing.transmitted(3);
        assert_eq!((outgoing.backlog(), outgoing.remaining_to(4)), (6, 1));
        outgoing.transmitted(100);
        assert_eq!((outgoing.backlog(), outgoing.remaining_to(4), outgoing.queued_total()), (0, 0, 9));
    }
}
