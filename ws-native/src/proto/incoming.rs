//! From bytes to messages and control frames: [RFC 6455, sections 5.4 to 5.6][1].
//!
//! [1]: https://datatracker.ietf.org/doc/html/rfc6455#section-5.4

use alloc::boxed::Box;
use core::mem;

use bytes::{Buf as _, Bytes, BytesMut};
use bytestring::ByteString;

use super::close::Close;
use super::compression::{Decompressor, InflateError};
use super::config::Config;
use super::connection::Role;
use super::error::{Bound, Error, ProtocolError};
use super::event::Part;
use super::frame::{Header, Opcode};
use super::mask;
use super::simple::Simple;
use super::utf8::Validator;
use super::watch::Heard;

/// The bytes that were received and what is known of them.
///
/// All of it is here and nothing in a future, so a read can be given up at any time. Each byte is unmasked once and, if it
/// is text, validated once, when it arrives.
#[derive(Debug)]
pub(super) struct Incoming {
    role: Role,
    /// What was received and is not consumed yet. Begins with a header, or else with what is left of the payload of
    /// `frame`.
    buffer: BytesMut,
    /// The frame whose header was read.
    frame: Option<Frame>,
    /// The message of which something was taken off the buffer: one in fragments, or compressed.
    message: Option<Message>,
    /// Of the text that is arriving.
    validator: Validator,
    /// Where compression was agreed on.
    decompressor: Option<Box<Decompressor>>,
    /// What has come since it was last asked for.
    heard: Heard,
}

/// How a message is given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    Whole,
    InParts,
}

/// A frame whose payload is arriving.
#[derive(Debug)]
struct Frame {
    header: Header,
    /// How many bytes of the payload were taken off the buffer already.
    taken: usize,
    /// How many bytes of the payload were unmasked and, if they are text, validated; they stand first in the buffer.
    processed: usize,
}

/// A message that is arriving.
#[derive(Debug)]
struct Message {
    kind: Kind,
    compressed: bool,
    /// What there is of it, decompressed, and was not given out.
    payload: BytesMut,
    /// How many bytes of it were given out in parts.
    given: usize,
    /// How many frames it has so far, the one that is arriving included.
    frames: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Binary,
}

/// A message or a control frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Received {
    Text(ByteString),
    Binary(Bytes),
    Part(Part),
    Close(Option<Close>),
    Ping(Bytes),
    Pong(Bytes),
}

impl Incoming {
    /// The payload above which a frame's memory is not kept for the next ones.
    const KEPT: usize = 64 << 10;

    pub(super) fn new(role: Role) -> Self {
        Self {
            role,
            buffer: BytesMut::new(),
            frame: None,
            message: None,
            validator: Validator::default(),
            decompressor: None,
            heard: Heard::Nothing,
        }
    }

    /// Takes compressed messages from now on.
    pub(super) fn set_decompressor(&mut self, decompressor: Decompressor) {
        self.decompressor = Some(Box::new(decompressor));
    }

    /// The connection waits.
    pub(super) fn release(&mut self) {
        if let Some(decompressor) = self.decompressor.as_mut().filter(|_| self.message.is_none()) {
            decompressor.release();
        }
    }

    /// Where the transport's bytes are to be appended.
    pub(super) fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// What was looked at since this was last called.
    pub(super) fn take_heard(&mut self) -> Heard {
        mem::take(&mut self.heard)
    }

    /// How many bytes the frame that is arriving still lacks.
    pub(super) fn missing(&self) -> usize {
        self.frame.as_ref().map_or(0, |frame| frame.rest().saturating_sub(self.buffer.len()))
    }

    /// Whether the next byte is the first of a message or of a control frame, with no message begun before it.
    pub(super) fn is_between_messages(&self) -> bool {
        self.frame.is_none() && self.message.is_none()
    }

    /// Something of a message was looked at.
    pub(super) fn hear_message(&mut self) {
        self.heard = Heard::Message;
    }

    /// The next message, if it is as most are: in one frame of less than 64 KiB that is there wholly, not compressed, with
    /// nothing begun before it. Anything else, and all that is wrong, is left to [`next`](Self::next).
    ///
    /// What it is made into is up to the caller, so that it is moved about no more than it must be.
    #[inline(always)]
    pub(super) fn next_simple<M>(
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

    /// This message, of which the payload now stands first in the buffer and is unmasked, is not the text that it should be:
    /// all that is left to be done is to refuse it.
    #[cold]
    pub(super) fn refuse_text(&mut self, message: &Simple) {
        let (mask, length) = (message.mask(), message.length());
        let header = Header { fin: true, compressed: false, opcode: Opcode::Text, mask, length: length as u64 };
        self.frame = Some(Frame { header, taken: 0, processed: length });
    }

    /// The next message or control frame, if it is complete; or of a message what there is of it, if it is to be given in
    /// parts.
    pub(super) fn next(&mut self, config: &Config, delivery: Delivery) -> Result<Option<Received>, Error> {
        loop {
            let mut frame = match self.frame.take() {
                Some(frame) => frame,
                None => match Header::decode(&self.buffer, self.role, self.decompressor.is_some())? {
                    Some((header, length)) => {
                        self.begin_frame(&header, config, delivery)?;
                        self.buffer.advance(length);
                        Frame { header, taken: 0, processed: 0 }
                    }
                    None => return Ok(self.next_part(delivery)),
                },
            };
            self.process(&mut frame, config, delivery)?;
            if frame.processed < frame.rest() {
                self.frame = Some(frame);
                return Ok(self.next_part(delivery));
            }
            let payload = self.buffer.split_to(frame.processed);
            if payload.len() > Self::KEPT && self.buffer.len() <= Self::KEPT {
                // The memory of the large frame goes with its message; the little that is left over is copied.
                self.buffer = BytesMut::from(&self.buffer[..]);
            }
            if let Some(received) = self.finish_frame(frame.header, payload, config, delivery)? {
                return Ok(Some(received));
            }
        }
    }

    /// Whether the frame may come here and is within the bounds. Begins or continues its message, unless it will be
    /// there whole in one frame.
    fn begin_frame(&mut self, header: &Header, config: &Config, delivery: Delivery) -> Result<(), Error> {
        self.hear(header.opcode);
        if header.opcode.is_control() {
            return Ok(());
        }
        let kind = match (header.opcode, &self.message) {
            (Opcode::Continuation, None) => return Err(ProtocolError::Continuation.into()),
            (Opcode::Text | Opcode::Binary, Some(_)) => return Err(ProtocolError::Interleaved.into()),
            (Opcode::Text, None) => Kind::Text,
            _ => Kind::Binary,
        };
        if header.length > config.max_frame as u64 {
            return Err(Error::Bound(Bound::Frame(config.max_frame)));
        }
        let (compressed, before, frames) = match &self.message {
            Some(message) => (message.compressed, message.given + message.payload.len(), message.frames),
            None => (header.compressed, 0, 0),
        };
        // Of a compressed message, what it is decompressed to counts.
        if !compressed && before as u64 + header.length > config.max_message as u64 {
            return Err(Error::Bound(Bound::Message(config.max_message)));
        }
        if frames >= config.max_fragments.max(1) {
            return Err(Error::Bound(Bound::Fragments(config.max_fragments)));
        }
        match &mut self.message {
            Some(message) => message.frames += 1,
            None if header.fin && !compressed && delivery == Delivery::Whole => {}
            None => {
                let payload = BytesMut::new();
                self.message = Some(Message { kind, compressed, payload, given: 0, frames: 1 });
            }
        }
        Ok(())
    }

    /// Unmasks and validates what has arrived of the payload. What is compressed is taken off the buffer.
    fn process(&mut self, frame: &mut Frame, config: &Config, delivery: Delivery) -> Result<(), Error> {
        let arrived = self.buffer.len().min(frame.rest());
        if arrived > frame.processed {
            self.hear(frame.header.opcode);
        }
        let part = &mut self.buffer[frame.processed..arrived];
        if let Some(key) = frame.header.mask {
            mask::apply(part, key, frame.taken + frame.processed);
        }
        match &mut self.message {
            _ if frame.header.opcode.is_control() => frame.processed = arrived,
            Some(message) if message.compressed => {
                let before = message.payload.len();
                if let Some(decompressor) = &mut self.decompressor {
                    let most = config.max_message - message.given;
                    decompressor.push(part, &mut message.payload, most).map_err(|error| error.within(config))?;
                }
                if message.kind == Kind::Text {
                    self.validator.push(&message.payload[before..])?;
                }
                self.buffer.advance(arrived);
                frame.taken += arrived;
            }
            Some(message) => {
                if message.kind == Kind::Text {
                    self.validator.push(part)?;
                }
                if delivery == Delivery::InParts {
                    message.append(self.buffer.split_to(arrived));
                    frame.taken += arrived;
                    frame.processed = 0;
                } else {
                    frame.processed = arrived;
                }
            }
            None => {
                if frame.header.opcode == Opcode::Text {
                    self.validator.push(part)?;
                }
                frame.processed = arrived;
            }
        }
        Ok(())
    }

    /// Something of a frame has come.
    fn hear(&mut self, opcode: Opcode) {
        self.heard = self.heard.max(if opcode.is_control() { Heard::Control } else { Heard::Message });
    }

    /// The whole payload is here, or was taken into its message.
    fn finish_frame(
        &mut self,
        header: Header,
        payload: BytesMut,
        config: &Config,
        delivery: Delivery,
    ) -> Result<Option<Received>, Error> {
        match header.opcode {
            Opcode::Close => return Ok(Some(Received::Close(Close::decode(&payload)?))),
            Opcode::Ping => return Ok(Some(Received::Ping(payload.freeze()))),
            Opcode::Pong => return Ok(Some(Received::Pong(payload.freeze()))),
            Opcode::Text | Opcode::Binary | Opcode::Continuation => {}
        }
        let Some(mut message) = self.message.take() else {
            let kind = if header.opcode == Opcode::Text { Kind::Text } else { Kind::Binary };
            return self.finish_message(kind, payload.freeze(), delivery).map(Some);
        };
        if !payload.is_empty() {
            message.append(payload);
        }
        if !header.fin {
            self.message = Some(message);
            return Ok(self.next_part(delivery));
        }
        if message.compressed
            && let Some(decompressor) = &mut self.decompressor
        {
            let before = message.payload.len();
            let most = config.max_message - message.given;
            decompressor.finish(&mut message.payload, most).map_err(|error| error.within(config))?;
            if message.kind == Kind::Text {
                self.validator.push(&message.payload[before..])?;
            }
        }
        self.finish_message(message.kind, message.payload.freeze(), delivery).map(Some)
    }

    /// What there is of a message that is given in parts, if there is something.
    fn next_part(&mut self, delivery: Delivery) -> Option<Received> {
        let message = self.message.as_mut().filter(|_| delivery == Delivery::InParts)?;
        let held = message.payload.len();
        let part = match message.kind {
            Kind::Text => {
                let text = self.validator.take_characters(&mut message.payload);
                Part::Text { text, last: false }
            }
            Kind::Binary => Part::Binary { bytes: message.payload.split().freeze(), last: false },
        };
        let given = held - message.payload.len();
        message.given += given;
        if let Some(decompressor) = self.decompressor.as_mut().filter(|_| message.compressed) {
            decompressor.remember(match &part {
                Part::Text { text, .. } => text.as_bytes(),
                Part::Binary { bytes, .. } => bytes,
            });
        }
        (given > 0).then_some(Received::Part(part))
    }

    fn finish_message(&mut self, kind: Kind, payload: Bytes, delivery: Delivery) -> Result<Received, Error> {
        let last = true;
        Ok(match (kind, delivery) {
            (Kind::Binary, Delivery::Whole) => Received::Binary(payload),
            (Kind::Binary, Delivery::InParts) => Received::Part(Part::Binary { bytes: payload, last }),
            (Kind::Text, Delivery::Whole) => Received::Text(self.validator.finish(payload)?),
            (Kind::Text, Delivery::InParts) => {
                Received::Part(Part::Text { text: self.validator.finish(payload)?, last })
            }
        })
    }
}

impl Message {
    /// Appends what has arrived: a long piece stays where it is, a short one does not keep the memory of its neighbours.
    fn append(&mut self, piece: BytesMut) {
        const LONG: usize = 4 << 10;
        if self.payload.is_empty() && piece.len() >= LONG {
            self.payload = piece;
        } else {
            self.payload.extend_from_slice(&piece);
        }
    }
}

impl Frame {
    /// The bytes of the payload that were not taken off the buffer, whether they have arrived or not.
    fn rest(&self) -> usize {
        self.header.length as usize - self.taken
    }
}

impl InflateError {
    fn within(self, config: &Config) -> Error {
        match self {
            Self::TooLong => Error::Bound(Bound::Message(config.max_message)),
            Self::Protocol(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{vec, vec::Vec};

    /// Everything a client receives in these bytes, given to it in chunks of this size.
    fn receive(bytes: &[u8], chunk: usize, config: &Config) -> Result<Vec<Received>, Error> {
        let mut incoming = Incoming::new(Role::Client);
        let mut received = vec![];
        for chunk in bytes.chunks(chunk) {
            incoming.buffer().extend_from_slice(chunk);
            while let Some(next) = incoming.next(config, Delivery::Whole)? {
                received.push(next);
            }
        }
        Ok(received)
    }

    fn receive_any(bytes: &[u8]) -> Result<Vec<Received>, ProtocolError> {
        let mut outcomes: Vec<_> = (1..=bytes.len())
            .map(|chunk| match receive(bytes, chunk, &Config::default()) {
                Ok(received) => Ok(received),
                Err(Error::Protocol(error)) => Err(error),
                Err(other) => panic!("{other}"),
            })
            .collect();
        outcomes.dedup();
        assert_eq!(outcomes.len(), 1, "the same, however it is cut");
        outcomes.remove(0)
    }

    fn text(text: &'static str) -> Received {
        Received::Text(ByteString::from_static(text))
    }

    #[test]
    fn the_examples_of_section_5_7_are_read() {
        assert_eq!(receive_any(b"\x81\x05Hello"), Ok(vec![text("Hello")]));
        assert_eq!(receive_any(b"\x01\x03Hel\x80\x02lo"), Ok(vec![text("Hello")]));
        assert_eq!(receive_any(b"\x89\x05Hello"), Ok(vec![Received::Ping(Bytes::from_static(b"Hello"))]));
        let mut long = b"\x82\x7e\x01\x00".to_vec();
        long.extend([7; 256]);
        assert_eq!(receive_any(&long), Ok(vec![Received::Binary(vec![7; 256].into())]));
    }

    #[test]
    fn masked_frames_are_unmasked_however_they_are_cut() {
        for chunk in 1..12 {
            let mut incoming = Incoming::new(Role::Server);
            let mut received = None;
            for chunk in b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58".chunks(chunk) {
                incoming.buffer().extend_from_slice(chunk);
                received = incoming.next(&Config::default(), Delivery::Whole).unwrap();
            }
            assert_eq!(received, Some(text("Hello")));
        }
    }

    #[test]
    fn control_frames_may_come_between_fragments() {
        let received = receive_any(b"\x01\x01a\x89\x01p\x00\x01b\x8a\x00\x80\x01c");
        let expected = vec![Received::Ping(Bytes::from_static(b"p")), Received::Pong(Bytes::new()), text("abc")];
        assert_eq!(received, Ok(expected));
    }

    #[test]
    fn empty_fragments_make_a_message() {
        assert_eq!(receive_any(b"\x01\x00\x00\x00\x80\x00"), Ok(vec![text("")]));
        assert_eq!(receive_any(b"\x02\x00\x80\x01x"), Ok(vec![Received::Binary(Bytes::from_static(b"x"))]));
    }

    #[test]
    fn fragments_out_of_place_are_refused() {
        assert_eq!(receive_any(b"\x80\x00"), Err(ProtocolError::Continuation));
        assert_eq!(receive_any(b"\x81\x00\x80\x00"), Err(ProtocolError::Continuation));
        assert_eq!(receive_any(b"\x01\x00\x81\x00"), Err(ProtocolError::Interleaved));
        assert_eq!(receive_any(b"\x02\x00\x02\x00"), Err(ProtocolError::Interleaved));
    }

    #[test]
    fn a_character_may_be_cut_by_fragments_and_control_frames() {
        assert_eq!(receive_any(b"\x01\x02\xe2\x82\x89\x00\x80\x01\xac").unwrap()[1], text("€"));
        assert_eq!(receive_any(b"\x01\x02\xe2\x82\x80\x00"), Err(ProtocolError::Utf8));
        assert_eq!(receive_any(b"\x81\x02\xe2\x82"), Err(ProtocolError::Utf8));
    }

    #[test]
    fn text_is_refused_before_its_frame_is_complete() {
        let error = receive(b"\x81\x7f\x00\x00\x00\x00\x00\x10\x00\x00ab\xff", 13, &Config::default());
        assert!(matches!(error, Err(Error::Protocol(ProtocolError::Utf8))));
    }

    #[test]
    fn a_leading_byte_order_mark_is_text() {
        assert_eq!(receive_any(b"\x81\x04\xef\xbb\xbfa"), Ok(vec![text("\u{feff}a")]));
    }

    #[test]
    fn bounds_hold_on_both_sides() {
        let config = Config { max_message: 4, max_frame: 3, max_fragments: 2, ..Config::default() };
        assert!(receive(b"\x82\x03abc", 9, &config).is_ok());
        assert!(matches!(receive(b"\x82\x04", 9, &config), Err(Error::Bound(Bound::Frame(3)))));
        assert!(receive(b"\x02\x03abc\x80\x01d", 9, &config).is_ok());
        assert!(matches!(receive(b"\x02\x03abc\x80\x02", 9, &config), Err(Error::Bound(Bound::Message(4)))));
        assert!(receive(b"\x02\x00\x80\x00\x02\x00\x80\x00", 9, &config).is_ok());
        assert!(matches!(receive(b"\x02\x00\x00\x00\x80\x00", 9, &config), Err(Error::Bound(Bound::Fragments(2)))));
    }

    /// Everything in parts; and how much memory was held at the most.
    fn receive_parts(bytes: &[u8], chunk: usize) -> Result<Vec<Received>, Error> {
        let mut incoming = Incoming::new(Role::Client);
        let mut received = vec![];
        for chunk in bytes.chunks(chunk) {
            incoming.buffer().extend_from_slice(chunk);
            while let Some(next) = incoming.next(&Config::default(), Delivery::InParts)? {
                received.push(next);
            }
            assert!(incoming.buffer.len() < 10);
            assert!(incoming.message.as_ref().is_none_or(|message| message.payload.len() < 4));
        }
        Ok(received)
    }

    fn text_part(text: &'static str, last: bool) -> Received {
        Received::Part(Part::Text { text: ByteString::from_static(text), last })
    }

    #[test]
    fn a_message_can_be_had_as_it_arrives() {
        let bytes = b"\x01\x05a\xe2\x82\xacb\x89\x00\x80\x02cd\x82\x02xy";
        let whole = vec![
            text_part("a€b", false),
            Received::Ping(Bytes::new()),
            text_part("cd", true),
            Received::Part(Part::Binary { bytes: Bytes::from_static(b"xy"), last: true }),
        ];
        assert_eq!(receive_parts(bytes, 100).unwrap(), whole);
        let cut = receive_parts(bytes, 1).unwrap();
        assert_eq!(cut[..3], [text_part("a", false), text_part("€", false), text_part("b", false)]);
        assert_eq!(cut[4..6], [text_part("c", false), text_part("d", true)]);
    }

    #[test]
    fn text_in_parts_is_validated() {
        assert!(receive_parts(b"\x01\x02\xe2\x82\x80\x00", 100).is_err());
        assert!(receive_parts(b"\x81\x04ab\xff", 100).is_err());
    }

    #[test]
    fn what_is_left_of_a_message_can_be_had_whole() {
        let mut incoming = Incoming::new(Role::Client);
        incoming.buffer().extend_from_slice(b"\x81\x04a\xc3");
        let config = Config::default();
        assert_eq!(incoming.next(&config, Delivery::InParts).unwrap(), Some(text_part("a", false)));
        incoming.buffer().extend_from_slice(b"\xa9");
        assert_eq!(incoming.next(&config, Delivery::Whole).unwrap(), None);
        incoming.buffer().extend_from_slice(b"b");
        assert_eq!(incoming.next(&config, Delivery::Whole).unwrap(), Some(text("éb")));
    }

    #[test]
    fn whole_and_in_parts_can_take_turns() {
        use Delivery::{InParts, Whole};
        let mut incoming = Incoming::new(Role::Client);
        let config = Config::default();
        let mut after = |bytes: &[u8], delivery| {
            incoming.buffer().extend_from_slice(bytes);
            incoming.next(&config, delivery).unwrap()
        };
        assert_eq!(after(b"\x01\x02ab", Whole), None);
        assert_eq!(after(b"\x00\x04c", Whole), None);
        assert_eq!(after(b"d", InParts), Some(text_part("abcd", false)));
        assert_eq!(after(b"e", Whole), None);
        assert_eq!(after(b"f\x80\x01g", InParts), Some(text_part("ef", false)));
        assert_eq!(after(b"\x81\x02x", InParts), Some(text_part("g", true)));
        assert_eq!(after(b"", Whole), None);
        assert_eq!(after(b"y\x81\x02z", InParts), Some(text_part("xy", true)));
        assert_eq!(after(b"", Whole), None);
        assert_eq!(after(b"z", InParts), Some(text_part("zz", true)));
        assert_eq!(after(b"\x01\x01a", Whole), None);
        assert_eq!(after(b"", InParts), Some(text_part("a", false)), "what there is does not wait for a header");
    }

    #[test]
    fn the_bound_of_a_message_holds_for_all_its_parts() {
        let config = Config { max_message: 4, ..Config::default() };
        let mut incoming = Incoming::new(Role::Client);
        incoming.buffer().extend_from_slice(b"\x02\x03abc");
        assert!(incoming.next(&config, Delivery::InParts).unwrap().is_some());
        incoming.buffer().extend_from_slice(b"\x80\x02");
        assert!(matches!(incoming.next(&config, Delivery::InParts), Err(Error::Bound(Bound::Message(4)))));
    }

    #[cfg(feature = "deflate")]
    mod compressed {
        use super::*;
        use crate::proto::config::Compression;
        use crate::proto::extension::accept_answer;
        use alloc::string::{String, ToString as _};

        /// Everything a client that has agreed on compression receives in these bytes, whatever the chunks.
        fn receive_compressed(bytes: &[u8], config: &Config) -> Result<Vec<Received>, String> {
            let mut outcomes: Vec<_> = (1..=bytes.len())
                .map(|chunk| {
                    let compression = Compression::default();
                    let agreement = accept_answer(["permessage-deflate"].into_iter(), Some(&compression)).unwrap();
                    let mut incoming = Incoming::new(Role::Client);
                    incoming.set_decompressor(agreement.unwrap().0.client(&compression).1);
                    let mut received = vec![];
                    for chunk in bytes.chunks(chunk) {
                        incoming.buffer().extend_from_slice(chunk);
                        while let Some(next) =
                            incoming.next(config, Delivery::Whole).map_err(|error| error.to_string())?
                        {
                            received.push(next);
                        }
                    }
                    Ok(received)
                })
                .collect();
            outcomes.dedup();
            assert_eq!(outcomes.len(), 1, "the same, however it is cut");
            outcomes.remove(0)
        }

        #[test]
        fn the_examples_of_rfc_7692_are_read() {
            let whole = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00";
            let fragments = b"\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00";
            for bytes in [&whole[..], fragments] {
                assert_eq!(receive_compressed(bytes, &Config::default()), Ok(vec![text("Hello")]));
            }
        }

        #[test]
        fn compressed_and_other_messages_and_control_frames_mix() {
            let bytes = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\x81\x01a\x42\x02\xf2\x00\x89\x00\x80\x03\x11\x00\x00\xc2\x01\x00";
            let hello = Received::Binary(Bytes::from_static(b"Hello"));
            let expected =
                vec![text("Hello"), text("a"), Received::Ping(Bytes::new()), hello, Received::Binary(Bytes::new())];
            assert_eq!(receive_compressed(bytes, &Config::default()), Ok(expected));
        }

        #[test]
        fn what_it_is_decompressed_to_must_be_within_the_bound() {
            let bytes = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00";
            let config = |max_message| Config { max_message, ..Config::default() };
            assert!(receive_compressed(bytes, &config(5)).is_ok());
            assert!(receive_compressed(bytes, &config(4)).unwrap_err().contains("max_message"));
        }

        #[test]
        fn text_is_validated_after_it_is_decompressed() {
            // A stored block with the bytes ff fe.
            let bytes = b"\xc1\x08\x00\x02\x00\xfd\xff\xff\xfe\x00";
            assert!(receive_compressed(bytes, &Config::default()).unwrap_err().contains("UTF-8"));
        }
    }

    #[test]
    fn a_large_message_takes_its_memory_along() {
        let mut incoming = Incoming::new(Role::Client);
        let mut bytes = b"\x82\x7f\x00\x00\x00\x00\x00\x10\x00\x00".to_vec();
        bytes.resize(10 + (1 << 20), 0);
        incoming.buffer().extend_from_slice(&bytes);
        incoming.buffer().extend_from_slice(b"\x81\x01a");
        assert!(incoming.next(&Config::default(), Delivery::Whole).unwrap().is_some());
        assert!(incoming.buffer().capacity() < 4096);
        assert_eq!(incoming.next(&Config::default(), Delivery::Whole).unwrap(), Some(text("a")));
    }

    #[test]
    fn a_frame_knows_what_it_lacks() {
        let mut incoming = Incoming::new(Role::Client);
        incoming.buffer().extend_from_slice(b"\x82\x05ab");
        assert_eq!(incoming.next(&Config::default(), Delivery::Whole).unwrap(), None);
        assert_eq!(incoming.missing(), 3);
    }
}
