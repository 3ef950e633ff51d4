//! What an open connection sends: messages, whole or in parts, pings and pongs.

use bytes::Bytes;
use bytestring::ByteString;

use super::{Connection, State};
use crate::proto::encoder::Encoder;
use crate::proto::error::{Bound, Error};
use crate::proto::event::SendError;
use crate::proto::frame::Opcode;
use crate::proto::outgoing::Outgoing;
use crate::proto::prepared::Prepared;

/// How many bytes may wait before a pong is held back until the one before it has gone; of those that are held back
/// only the newest is sent: "If an endpoint receives a Ping frame and has not yet sent Pong frame(s) in response to
/// previous Ping frame(s), the endpoint MAY elect to send a Pong frame for only the most recently processed Ping
/// frame."
const PONG_BACKLOG: usize = 64 << 10;

impl Connection {
    /// Sends a text message, which is copied.
    ///
    /// # Errors
    /// [`SendError::NotOpen`], [`SendError::Closed`], [`SendError::Leaving`], [`SendError::Full`],
    /// [`SendError::Unfinished`].
    pub fn send_text(&mut self, text: &str) -> Result<(), SendError> {
        self.send_copied(Opcode::Text, text.as_bytes())
    }

    /// Sends a binary message, which is copied.
    ///
    /// # Errors
    /// [`SendError::NotOpen`], [`SendError::Closed`], [`SendError::Leaving`], [`SendError::Full`],
    /// [`SendError::Unfinished`].
    pub fn send_binary(&mut self, bytes: &[u8]) -> Result<(), SendError> {
        self.send_copied(Opcode::Binary, bytes)
    }

    /// Sends a text message that is handed over: a long one is sent from where it is.
    ///
    /// # Errors
    /// [`SendError::NotOpen`], [`SendError::Closed`], [`SendError::Leaving`], [`SendError::Full`],
    /// [`SendError::Unfinished`].
    #[inline]
    pub fn send_owned_text(&mut self, text: ByteString) -> Result<(), SendError> {
        self.send_owned(Opcode::Text, text.into_bytes())
    }

    /// Sends a binary message that is handed over: a long one is sent from where it is.
    ///
    /// # Errors
    /// [`SendError::NotOpen`], [`SendError::Closed`], [`SendError::Leaving`], [`SendError::Full`],
    /// [`SendError::Unfinished`].
    #[inline]
    pub fn send_owned_binary(&mut self, bytes: Bytes) -> Result<(), SendError> {
        self.send_owned(Opcode::Binary, bytes)
    }

    /// Sends a message that other connections send, too. A server's frame was made before, and a long one is sent from
    /// where it is; a client masks a copy.
    ///
    /// # Errors
    /// [`SendError::NotOpen`], [`SendError::Closed`], [`SendError::Leaving`], [`SendError::Full`],
    /// [`SendError::Unfinished`].
    pub fn send_prepared(&mut self, message: &Prepared) -> Result<(), SendError> {
        let expected = self.encoder.expect_complete();
        self.send(message.payload().len(), expected, |encoder, outgoing| encoder.prepared(outgoing, message))
    }

    /// Sends a part of a text message, as it is produced; the first one begins the message, the last one ends it. Until
    /// then no other message can be sent, but control frames can, and the connection can be closed.
    ///
    /// ```
    /// # use ws_native::proto::{Config, Connection};
    /// # let mut connection = Connection::server_established(Config::default());
    /// connection.send_text_part("as it is ", false)?;
    /// connection.send_text_part("produced", true)?;
    /// assert_eq!(connection.output(), b"\x01\x09as it is \x80\x08produced");
    /// # Ok::<(), ws_native::proto::SendError>(())
    /// ```
    ///
    /// # Errors
    /// [`SendError::NotOpen`], [`SendError::Closed`], [`SendError::Leaving`], [`SendError::Full`],
    /// [`SendError::Unfinished`].
    pub fn send_text_part(&mut self, text: &str, last: bool) -> Result<(), SendError> {
        self.send_part(Opcode::Text, text.as_bytes(), last)
    }

    /// Sends a part of a binary message, as [`send_text_part`](Self::send_text_part) does of a text.
    ///
    /// # Errors
    /// [`SendError::NotOpen`], [`SendError::Closed`], [`SendError::Leaving`], [`SendError::Full`],
    /// [`SendError::Unfinished`].
    pub fn send_binary_part(&mut self, bytes: &[u8], last: bool) -> Result<(), SendError> {
        self.send_part(Opcode::Binary, bytes, last)
    }

    /// Sends a ping.
    ///
    /// # Errors
    /// [`SendError::NotOpen`], [`SendError::Closed`], [`SendError::Leaving`], [`SendError::LongControl`]; and
    /// [`SendError::Full`], which does not fail the connection.
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), SendError> {
        self.send_control(Opcode::Ping, payload)
    }

    /// Sends an unsolicited pong. Pings are answered without being asked to.
    ///
    /// # Errors
    /// As [`ping`](Self::ping).
    pub fn pong(&mut self, payload: &[u8]) -> Result<(), SendError> {
        self.send_control(Opcode::Pong, payload)
    }

    /// Whether a message of which parts were sent has not had its last one.
    pub fn is_sending_parts(&self) -> bool {
        self.encoder.expect_complete().is_err()
    }

    fn send_copied(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), SendError> {
        let expected = self.encoder.expect_complete();
        self.send(payload.len(), expected, |encoder, outgoing| encoder.message(outgoing, opcode, payload))
    }

    #[inline]
    fn send_owned(&mut self, opcode: Opcode, payload: Bytes) -> Result<(), SendError> {
        if payload.len() < Outgoing::LONG {
            return self.send_copied(opcode, &payload);
        }
        let expected = self.encoder.expect_complete();
        self.send(payload.len(), expected, |encoder, outgoing| encoder.owned(outgoing, opcode, payload))
    }

    fn send_part(&mut self, opcode: Opcode, payload: &[u8], last: bool) -> Result<(), SendError> {
        let expected = self.encoder.expect_part(opcode);
        self.send(payload.len(), expected, |encoder, outgoing| encoder.part(outgoing, opcode, payload, last))
    }

    /// Has a message of this length encoded, if it can be sent, may come now, and there is room for it.
    #[inline]
    fn send(
        &mut self,
        length: usize,
        expected: Result<(), SendError>,
        encode: impl FnOnce(&mut Encoder, &mut Outgoing),
    ) -> Result<(), SendError> {
        if !self.is_open() {
            return Err(self.refusal());
        }
        expected?;
        if !self.has_room(length) {
            return Err(self.fail_as_full());
        }
        encode(&mut self.encoder, &mut self.outgoing);
        self.message_end = self.outgoing.queued_total();
        self.sent_end = self.message_end;
        Ok(())
    }

    /// "if the data cannot be sent, e.g. because it would need to be buffered but the buffer is full, the user agent
    /// must flag the WebSocket as full and then close the WebSocket connection."
    #[cold]
    fn fail_as_full(&mut self) -> SendError {
        self.fail(Error::Bound(Bound::SendQueue(self.config.max_send_queue)));
        SendError::Full
    }

    /// Why nothing can be sent in a connection that is not open.
    fn refusal(&self) -> SendError {
        match self.refusal {
            // It has ended by now, which the program is to know.
            SendError::Leaving if !self.is_closing() => SendError::Closed,
            refusal => refusal,
        }
    }

    /// Whether a payload of this length may wait with what waits already.
    fn has_room(&self, length: usize) -> bool {
        self.outgoing.backlog().saturating_add(length) <= self.config.max_send_queue
    }

    fn send_control(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), SendError> {
        if !self.is_open() {
            return Err(self.refusal());
        }
        if payload.len() > 125 {
            return Err(SendError::LongControl);
        }
        if !self.has_room(payload.len()) {
            return Err(SendError::Full);
        }
        self.encoder.control(&mut self.outgoing, opcode, payload);
        self.sent_end = self.outgoing.queued_total();
        Ok(())
    }

    /// Sends the pong that was held back, if there is room for it.
    pub(super) fn release_pong(&mut self) {
        let has_room = self.outgoing.backlog() <= PONG_BACKLOG || self.outgoing.remaining_to(self.pong_end) == 0;
        if has_room
            && let Some(payload) = self.pong.take()
            && matches!(self.state, State::Established { close_received: None, .. })
        {
            self.encoder.control(&mut self.outgoing, Opcode::Pong, &payload);
            self.pong_end = self.outgoing.queued_total();
        }
    }
}
