//! From bytes to messages and control frames: [RFC 6455, sections 5.4 to 5.6][1].
//!
//! [1]: https://datatracker.ietf.org/doc/html/rfc6455#section-5.4

mod aside;
mod whole;

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
use super::utf8::Validator;
use super::watch::Heard;

/// The bytes that were received and what is known of them.
///
/// All of it is here and nothing in a future, so a read can be given up at any time. Each byte is unmasked once and, if
/// it is text, validated once, when it arrives.
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
    const KEPT: usize = 128 << 10;

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
    pub(super) fn set_decompressor(&mut self, decompressor: Option<Decompressor>) {
        self.decompressor = decompressor.map(Box::new);
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

    /// The next message or control frame, if it is complete; or of a message what there is of it, if it is to be given
    /// in parts.
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
    /// Appends what has arrived: a long piece stays where it is, a short one does not keep the memory of its
    /// neighbours.
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
            Self::NotDeflate => ProtocolError::Deflate.into(),
        }
    }
}

#[cfg(test)]
mod tests;
