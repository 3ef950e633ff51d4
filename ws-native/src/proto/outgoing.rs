//! What waits to be transmitted.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

use bytes::{Buf as _, Bytes};

use super::frame::Header;
use super::mask;

/// Frames, encoded and in order.
///
/// What is short is copied behind one another, so that many messages are one write. A long payload that was handed over
/// is sent from where it is, and only its place is kept. One that is to be masked, and that others may hold, is masked
/// stage by stage when its turn comes: so it takes no memory of its own size, and leaves the processor's caches to
/// others.
#[derive(Debug)]
pub(super) struct Outgoing {
    /// How much of a payload is masked at a time, and from which size on it is masked in stages. A multiple of the
    /// key's.
    stage_size: usize,
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
    consumed: usize,
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

    /// `stage_size`: how much of a payload is masked at a time.
    pub(super) fn new(stage_size: usize) -> Self {
        Self { stage_size, frames: Frames::default(), consumed: 0, queued: 0, transmitted: 0 }
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
            Some(key) if payload.len() < self.stage_size => match payload.try_into_mut() {
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
            self.frames.fill_stage(self.stage_size);
        }
    }

    /// Writes a header; returns where it begins.
    #[inline]
    fn push_header(&mut self, header: Header) -> usize {
        let start = self.frames.bytes.len();
        header.encode(&mut self.frames.bytes);
        start
    }

    /// Uses the memory of what was consumed again, if it is much.
    #[inline]
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

    /// How many bytes have reached the network since the beginning.
    #[cfg(feature = "std")]
    pub(super) fn transmitted_total(&self) -> u64 {
        self.transmitted
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
        let payloads: usize = self.frames.payloads.iter().map(|payload| payload.bytes.len()).sum();
        let mut taken = Vec::with_capacity(self.frames.bytes.len() + payloads + self.stage_size);
        while !self.is_empty() {
            let before = taken.len();
            self.pieces().for_each(|piece| taken.extend_from_slice(piece));
            self.consume(taken.len() - before);
        }
        taken
    }

    /// Removes this many of the first bytes. [`transmitted`](Self::transmitted) counts them, when they are.
    pub(super) fn consume(&mut self, count: usize) {
        let mut rest = count;
        while rest > 0 && !self.is_empty() {
            let step = rest.min(self.first().len());
            rest -= step;
            match self.frames.payloads.front() {
                Some(payload) if payload.place == self.consumed => self.frames.consume_payload(step, self.stage_size),
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

    /// What there is to be transmitted of a payload that comes before the first that is still to be masked, or is the
    /// first.
    fn masked<'a>(&'a self, payload: &'a Payload) -> &'a [u8] {
        match &self.stage {
            Some(stage) if payload.key.is_some() => &stage.bytes[stage.consumed..],
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

    /// Removes so many bytes of the first payload.
    fn consume_payload(&mut self, count: usize, stage_size: usize) {
        let Some(payload) = self.payloads.front_mut() else { return };
        match &mut self.stage {
            Some(masked) if payload.key.is_some() => {
                masked.consumed += count;
                if masked.consumed < masked.bytes.len() {
                    return;
                }
            }
            _ => payload.bytes.advance(count),
        }
        if payload.bytes.is_empty() {
            self.payloads.pop_front();
        }
        self.fill_stage(stage_size);
    }

    /// Masks more of the first payload, if it is to be masked. The stage was consumed.
    fn fill_stage(&mut self, stage_size: usize) {
        if let Some(Payload { bytes, key: Some(key), .. }) = self.payloads.front_mut() {
            let next = bytes.split_to(bytes.len().min(stage_size));
            let masked = self.stage.get_or_insert_default();
            masked.consumed = 0;
            masked.bytes.clear();
            mask::append(&mut masked.bytes, &next, *key);
        }
    }
}

#[cfg(test)]
mod tests;
