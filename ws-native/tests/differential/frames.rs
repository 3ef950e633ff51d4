//! Frames, which both ends of a role are given.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use tungstenite::protocol::Role;

use crate::end::{KEY, MAX_FRAME};

#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) first: u8,
    /// Masked if it is for a server, and not if it is for a client.
    pub(crate) is_masked_right: bool,
    pub(crate) length: Length,
    pub(crate) payload: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Length {
    Minimal,
    Bits16,
    Bits64,
    /// A length beyond the bound, of a payload that does not come.
    Claimed(u64),
}

impl Frame {
    pub(crate) fn new(first: u8, payload: impl Into<Vec<u8>>) -> Self {
        Self { first, is_masked_right: true, length: Length::Minimal, payload: payload.into() }
    }

    pub(crate) fn length_is_minimal(&self) -> bool {
        match self.length {
            Length::Minimal | Length::Claimed(_) => true,
            Length::Bits16 => self.payload.len() >= 126,
            Length::Bits64 => self.payload.len() > 0xFFFF,
        }
    }

    pub(crate) fn bytes(&self, to: Role) -> Vec<u8> {
        let is_masked = (to == Role::Server) == self.is_masked_right;
        let bit = u8::from(is_masked) << 7;
        let mut bytes = vec![self.first];
        match (self.length, self.payload.len()) {
            (Length::Claimed(length), _) => {
                bytes.push(bit | 127);
                bytes.extend(length.to_be_bytes());
            }
            (Length::Minimal, length @ 0..=125) => bytes.push(bit | length as u8),
            (Length::Minimal | Length::Bits16, length @ 0..=0xFFFF) => {
                bytes.push(bit | 126);
                bytes.extend((length as u16).to_be_bytes());
            }
            (_, length) => {
                bytes.push(bit | 127);
                bytes.extend((length as u64).to_be_bytes());
            }
        }
        let key = if is_masked { KEY } else { [0; 4] };
        bytes.extend(key.iter().filter(|_| is_masked));
        bytes.extend(self.payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
        bytes
    }
}

/// A message in frames as they must be, though perhaps not of UTF-8, with control frames among them.
fn message_frames() -> impl Strategy<Value = Vec<Frame>> {
    let payload = prop_oneof![
        4 => "[a-zé€😀]{0,40}".prop_map(|text| (1, text.into_bytes())),
        1 => any::<String>().prop_map(|text| (1, text.into_bytes())),
        1 => vec(any::<u8>(), 0..8).prop_map(|bytes| (1, bytes)),
        3 => vec(any::<u8>(), 0..300).prop_map(|bytes| (2, bytes)),
        1 => (0..MAX_FRAME + 5, any::<u8>()).prop_map(|(size, byte)| (2, vec![byte; size])),
    ];
    let control = prop_oneof![
        Just(None),
        (select(vec![0x89, 0x8A]), vec(any::<u8>(), 0..=125)).prop_map(|(first, payload)| Some((first, payload)))
    ];
    let cuts = prop_oneof![Just(Vec::new()), vec((any::<Index>(), control), 0..4)];
    (payload, cuts).prop_map(|((opcode, payload), cuts)| {
        let mut ends: Vec<_> = cuts.into_iter().map(|(cut, control)| (cut.index(payload.len() + 1), control)).collect();
        ends.sort_by_key(|(end, _)| *end);
        ends.push((payload.len(), None));
        let (count, mut start, mut frames) = (ends.len(), 0, Vec::new());
        for (index, (end, control)) in ends.into_iter().enumerate() {
            let fin = if index + 1 == count { 0x80 } else { 0 };
            frames.push(Frame::new(fin | if index == 0 { opcode } else { 0 }, &payload[start..end]));
            frames.extend(control.map(|(first, payload)| Frame::new(first, payload)));
            start = end;
        }
        frames
    })
}

/// A Close frame with any body.
fn close_frame() -> impl Strategy<Value = Frame> {
    let code = prop_oneof![
        select(vec![1000_u16, 1003, 1007, 1014, 3000, 4999]),
        select(vec![0_u16, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535]),
        any::<u16>(),
    ];
    let reason = prop_oneof!["[a-zé]{0,60}".prop_map(String::into_bytes), vec(any::<u8>(), 0..126)];
    prop_oneof![
        1 => vec(any::<u8>(), 0..2).prop_map(|body| Frame::new(0x88, body)),
        4 => (code, reason)
            .prop_map(|(code, reason)| Frame::new(0x88, [&code.to_be_bytes()[..], &reason].concat())),
    ]
}

/// A frame with anything in it.
fn any_frame() -> impl Strategy<Value = Frame> {
    let first = prop_oneof![any::<u8>(), select(vec![0, 1, 2, 0x80, 0x81, 0x82, 0x88, 0x89, 0x8A])];
    let length = prop_oneof![
        3 => Just(Length::Minimal),
        1 => Just(Length::Bits16),
        1 => Just(Length::Bits64),
        1 => prop_oneof![Just(MAX_FRAME as u64 + 1), MAX_FRAME as u64 + 1..=u64::MAX].prop_map(Length::Claimed),
    ];
    let payload = prop_oneof![vec(any::<u8>(), 0..300), (124_usize..128).prop_map(|size| vec![b'a'; size])];
    let is_masked_right = proptest::bool::weighted(0.9);
    (first, is_masked_right, length, payload).prop_map(|(first, is_masked_right, length, payload)| {
        let payload = if let Length::Claimed(_) = length { Vec::new() } else { payload };
        Frame { first, is_masked_right, length, payload }
    })
}

/// Messages as they must be, and some frames among them that may be anything.
pub(crate) fn frames() -> impl Strategy<Value = Vec<Frame>> {
    let strange = vec((any::<Index>(), prop_oneof![any_frame(), close_frame()]), 0..3);
    (vec(message_frames(), 0..6), strange).prop_map(|(messages, strange)| {
        let mut frames = messages.concat();
        for (place, frame) in strange {
            frames.insert(place.index(frames.len() + 1), frame);
        }
        frames
    })
}

/// The control frames in what an end has written, which are all there is in it.
pub(crate) fn control_frames(mut output: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut frames = Vec::new();
    while let [first, second, rest @ ..] = output {
        let (key, rest) = if second & 0x80 == 0 { (&[0; 4][..], rest) } else { rest.split_at(4) };
        let (payload, rest) = rest.split_at(usize::from(second & 0x7F));
        frames.push((*first, payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect()));
        output = rest;
    }
    frames
}
