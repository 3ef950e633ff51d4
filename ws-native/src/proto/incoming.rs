//! From bytes to messages and control frames: [RFC 6455, sections 5.4 to 5.6][1].
//!
//! [1]: https://datatracker.ietf.org/doc/html/rfc6455#section-5.4

use bytes::{Buf as _, Bytes, BytesMut};
use bytestring::ByteString;

use super::close::Close;
use super::config::Config;
use super::connection::Role;
use super::error::{Bound, Error, ProtocolError};
use super::frame::{Header, Opcode};
use super::mask;
use super::utf8::Validator;

/// The bytes that were received and what is known of them.
///
/// All of it is here and nothing in a future, so a read can be given up at any time. Each byte is unmasked once, when it
/// arrives. Text that arrives whole is validated once; text in pieces is validated as it arrives, so that a fault is
/// found at once, and again as a whole, where it becomes a `str`.
#[derive(Debug)]
pub(super) struct Incoming {
    role: Role,
    /// What was received and is not consumed yet. Begins with a header, or else with the payload of `frame`.
    buffer: BytesMut,
    /// The frame whose header was read.
    frame: Option<Frame>,
    /// The message whose first fragment was received.
    message: Option<Message>,
    /// Of the text that is arriving.
    validator: Validator,
}

/// A frame whose payload is arriving.
#[derive(Debug)]
struct Frame {
    header: Header,
    /// How many bytes of the payload were unmasked and, if they are text, validated; they stand first in the buffer.
    processed: usize,
}

/// A message in fragments.
#[derive(Debug)]
struct Message {
    kind: Kind,
    payload: BytesMut,
    /// How many frames it has so far.
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
    Close(Option<Close>),
    Ping(Bytes),
    Pong(Bytes),
}

impl Incoming {
    pub(super) fn new(role: Role) -> Self {
        Self { role, buffer: BytesMut::new(), frame: None, message: None, validator: Validator::default() }
    }

    /// Where the transport's bytes are to be appended.
    pub(super) fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// How many bytes the frame that is arriving still lacks.
    pub(super) fn missing(&self) -> usize {
        self.frame.as_ref().map_or(0, |frame| (frame.header.length as usize).saturating_sub(self.buffer.len()))
    }

    /// The payload above which a frame's memory is not kept for the next ones.
    const KEPT: usize = 64 << 10;

    /// The next message or control frame, if it is complete.
    pub(super) fn next(&mut self, config: &Config) -> Result<Option<Received>, Error> {
        loop {
            let mut frame = match self.frame.take() {
                Some(frame) => frame,
                None => match Header::decode(&self.buffer, self.role)? {
                    Some((header, length)) => {
                        self.check(&header, config)?;
                        self.buffer.advance(length);
                        Frame { header, processed: 0 }
                    }
                    None => return Ok(None),
                },
            };
            self.process(&mut frame)?;
            let length = frame.header.length as usize;
            if frame.processed < length {
                self.frame = Some(frame);
                return Ok(None);
            }
            let payload = self.buffer.split_to(length);
            if length > Self::KEPT {
                // What is left over is a read's worth at the most. The memory of the large frame goes with its message.
                self.buffer = BytesMut::from(&self.buffer[..]);
            }
            if let Some(received) = self.finish_frame(frame.header, payload)? {
                return Ok(Some(received));
            }
        }
    }

    /// Whether the frame may come here, and whether it is within the bounds.
    fn check(&self, header: &Header, config: &Config) -> Result<(), Error> {
        match (header.opcode, &self.message) {
            (Opcode::Continuation, None) => return Err(ProtocolError::Continuation.into()),
            (Opcode::Text | Opcode::Binary, Some(_)) => return Err(ProtocolError::Interleaved.into()),
            _ => {}
        }
        if header.opcode.is_control() {
            return Ok(());
        }
        if header.length > config.max_frame as u64 {
            return Err(Error::Bound(Bound::Frame(config.max_frame)));
        }
        let (before, frames) = self.message.as_ref().map_or((0, 0), |message| (message.payload.len(), message.frames));
        if before as u64 + header.length > config.max_message as u64 {
            return Err(Error::Bound(Bound::Message(config.max_message)));
        }
        if frames >= config.max_fragments {
            return Err(Error::Bound(Bound::Fragments(config.max_fragments)));
        }
        Ok(())
    }

    /// Unmasks and validates what has arrived of the payload.
    fn process(&mut self, frame: &mut Frame) -> Result<(), ProtocolError> {
        let arrived = self.buffer.len().min(frame.header.length as usize);
        let part = &mut self.buffer[frame.processed..arrived];
        if let Some(key) = frame.header.mask {
            mask::apply(part, key, frame.processed);
        }
        let text = match frame.header.opcode {
            Opcode::Text => true,
            Opcode::Continuation => self.message.as_ref().is_some_and(|message| message.kind == Kind::Text),
            _ => false,
        };
        // A message that is there whole is validated once, where it becomes text.
        let whole = frame.header.fin && frame.processed == 0 && arrived as u64 == frame.header.length;
        if text && !(whole && frame.header.opcode == Opcode::Text) {
            self.validator.push(part)?;
        }
        frame.processed = arrived;
        Ok(())
    }

    /// The whole payload is here.
    fn finish_frame(&mut self, header: Header, payload: BytesMut) -> Result<Option<Received>, Error> {
        let kind = match header.opcode {
            Opcode::Close => return Ok(Some(Received::Close(Close::decode(&payload)?))),
            Opcode::Ping => return Ok(Some(Received::Ping(payload.freeze()))),
            Opcode::Pong => return Ok(Some(Received::Pong(payload.freeze()))),
            Opcode::Text => Kind::Text,
            Opcode::Binary => Kind::Binary,
            Opcode::Continuation => return self.continue_message(header.fin, &payload),
        };
        if header.fin {
            return self.finish_message(kind, payload.freeze()).map(Some);
        }
        self.message = Some(Message { kind, payload, frames: 1 });
        Ok(None)
    }

    fn continue_message(&mut self, fin: bool, payload: &[u8]) -> Result<Option<Received>, Error> {
        let Some(mut message) = self.message.take() else { return Err(ProtocolError::Continuation.into()) };
        message.payload.extend_from_slice(payload);
        message.frames += 1;
        if fin {
            return self.finish_message(message.kind, message.payload.freeze()).map(Some);
        }
        self.message = Some(message);
        Ok(None)
    }

    fn finish_message(&mut self, kind: Kind, payload: Bytes) -> Result<Received, Error> {
        match kind {
            Kind::Binary => Ok(Received::Binary(payload)),
            Kind::Text => {
                self.validator.finish()?;
                let text = ByteString::try_from(payload).map_err(|_| ProtocolError::Utf8)?;
                Ok(Received::Text(text))
            }
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
            while let Some(next) = incoming.next(config)? {
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
                received = incoming.next(&Config::default()).unwrap();
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

    #[test]
    fn a_large_message_takes_its_memory_along() {
        let mut incoming = Incoming::new(Role::Client);
        let mut bytes = b"\x82\x7f\x00\x00\x00\x00\x00\x10\x00\x00".to_vec();
        bytes.resize(10 + (1 << 20), 0);
        incoming.buffer().extend_from_slice(&bytes);
        incoming.buffer().extend_from_slice(b"\x81\x01a");
        assert!(incoming.next(&Config::default()).unwrap().is_some());
        assert!(incoming.buffer().capacity() < 4096);
        assert_eq!(incoming.next(&Config::default()).unwrap(), Some(text("a")));
    }

    #[test]
    fn a_frame_knows_what_it_lacks() {
        let mut incoming = Incoming::new(Role::Client);
        incoming.buffer().extend_from_slice(b"\x82\x05ab");
        assert_eq!(incoming.next(&Config::default()).unwrap(), None);
        assert_eq!(incoming.missing(), 3);
    }
}
