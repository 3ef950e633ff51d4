//! What a program asks of a session: the interface's methods, and the order in which messages go out.

use alloc::string::ToString as _;

use bytes::Bytes;
use ws_core::{BlobError, Close, Closing, Data, Error, Failure, FailureKind, ReadyState, Sending};

use super::Session;
use crate::proto::{self, Connection, SendError};
use crate::send_queue::{BlobId, Waiting};

impl Session {
    /// The `send()` method for text and bytes. A blob whose bytes are elsewhere goes through
    /// [`send_blob`](Self::send_blob).
    ///
    /// # Errors
    /// [`Error::InvalidState`] while connecting, [`Error::Discarded`] when closing or closed; a
    /// script never sees the latter.
    pub fn send(&mut self, data: Data) -> Result<(), Error> {
        let message = match data {
            Data::Text(text) => Waiting::Text(text),
            Data::Binary(bytes) => Waiting::Binary(bytes),
            Data::Blob(blob) => match blob.as_bytes() {
                Some(bytes) => Waiting::Binary(bytes.clone()),
                None => return Err(Error::Host("a blob that is not in memory goes through send_blob".to_string())),
            },
        };
        self.admit(message.len())?;
        self.queue.push(message);
        self.transmit_queue();
        Ok(())
    }

    /// The `send()` method for text that need not be kept.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_text(&mut self, text: &str) -> Result<(), Error> {
        self.admit(text.len() as u64)?;
        if self.queue.is_empty() {
            self.transmit(text.len(), |connection| connection.send_text(text)).map_err(|_| self.discarded())
        } else {
            self.queue.push(Waiting::Text(text.into()));
            Ok(())
        }
    }

    /// The `send()` method for bytes that need not be kept.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_binary(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.admit(bytes.len() as u64)?;
        if self.queue.is_empty() {
            self.transmit(bytes.len(), |connection| connection.send_binary(bytes)).map_err(|_| self.discarded())
        } else {
            self.queue.push(Waiting::Binary(Bytes::copy_from_slice(bytes)));
            Ok(())
        }
    }

    /// The `send()` method for a blob of this size, which the host reads: its place in the order is kept until
    /// [`blob_read`](Self::blob_read) or [`blob_failed`](Self::blob_failed).
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_blob(&mut self, size: u64) -> Result<BlobId, Error> {
        self.admit(size)?;
        Ok(self.queue.push_blob(size))
    }

    /// The bytes of a blob, which must be as many as were announced. Does nothing if the connection is gone.
    pub fn blob_read(&mut self, id: BlobId, bytes: Bytes) {
        match self.queue.fill(id, bytes) {
            Ok(()) => self.transmit_queue(),
            Err(error) => self.blob_failed(id, error),
        }
    }

    /// A blob could not be read: the connection fails, for a message must not be left out.
    pub fn blob_failed(&mut self, id: BlobId, error: BlobError) {
        if self.queue.is_reading(id) {
            self.fail_for_want_of(error);
        }
    }

    /// Nobody is left who could give the bytes of the blobs that are being read, if there are any.
    #[cfg(feature = "tokio")]
    pub(crate) fn blobs_are_lost(&mut self) {
        if !self.queue.is_empty() {
            self.fail_for_want_of(BlobError("the socket was dropped before".to_string()));
        }
    }

    fn fail_for_want_of(&mut self, error: BlobError) {
        self.queue.discard();
        self.connection.fail(proto::Error::Blob(error));
    }

    /// Step 3 of the `close()` method, whose arguments [`Close::new`] has validated.
    pub fn close(&mut self, close: Option<Close>) {
        let closing = self.model.close(close);
        self.carry_out(closing);
    }

    /// The handle is gone: starts the closing handshake without a code, or gives up connecting. A blob that is being read is
    /// still waited for.
    pub fn abandon(&mut self) {
        let closing = self.model.abandon();
        self.carry_out(closing);
    }

    /// The page or worker of the object goes away: starts the closing handshake with code 1001, or gives up connecting.
    pub fn disappear(&mut self) {
        let closing = self.model.disappear();
        self.carry_out(closing);
    }

    /// Ends the connection at once, without a closing handshake: its last event is close with code 1006, after error. Behind the
    /// peer's Close frame that event is the one of a clean end, with the code that came.
    pub fn terminate(&mut self) {
        self.queue.discard();
        self.connection.lost(Failure::new(FailureKind::Cancelled, "this program has ended the connection"));
    }

    fn carry_out(&mut self, closing: Closing) {
        match closing {
            Closing::Nothing => {}
            Closing::Fail => self.connection.fail(proto::Error::Cancelled),
            Closing::Start(close) => {
                self.queue.push(Waiting::Close(close));
                self.transmit_queue();
            }
        }
    }

    /// Lets a message of this many bytes in, if it can still be sent and there is room for it.
    fn admit(&mut self, length: u64) -> Result<(), Error> {
        let sending = self.model.send(length)?;
        if sending == Sending::Discard || !self.connection.is_open() {
            return Err(self.discarded());
        }
        let bound = self.connection.config().max_send_queue;
        if self.unwritten().saturating_add(length) > bound as u64 {
            self.queue.discard();
            let error = || proto::Error::Bound(proto::Bound::SendQueue(bound));
            // Said at once: whoever sent the message again on another connection would make that
            // fail, too.
            self.failure = Some(error().into());
            self.connection.fail(error());
            return Err(self.discarded());
        }
        Ok(())
    }

    /// Whether a message of this many bytes can be sent now without failing the connection for want of room. What is too long by
    /// itself has no more room than when nothing waits.
    #[cfg(feature = "tokio")]
    pub(crate) fn has_room(&self, length: u64) -> bool {
        let unwritten = self.unwritten();
        let is_refused = !self.connection.is_open() || self.model.ready_state() >= ReadyState::Closing;
        is_refused
            || unwritten == 0
            || unwritten.saturating_add(length) <= self.connection.config().max_send_queue as u64
    }

    /// The connection may be further than the ready state, whose change waits for its task.
    fn discarded(&self) -> Error {
        Error::Discarded(self.model.ready_state().max(ReadyState::Closing))
    }

    /// Sends what waits, up to the next blob that is still being read.
    fn transmit_queue(&mut self) {
        while let Some(next) = self.queue.pop() {
            // What the connection cannot send any more is lost with it, as the close event says.
            let _ = match next {
                Waiting::Text(text) => self.transmit(text.len(), |connection| connection.send_owned_text(text)),
                Waiting::Binary(bytes) => self.transmit(bytes.len(), |connection| connection.send_owned_binary(bytes)),
                Waiting::Close(close) => {
                    let close = close.map(|close| proto::Close::with_reason(close.code(), close.reason()));
                    self.connection.start_closing_handshake(close.as_ref())
                }
                Waiting::Reading { .. } => Ok(()),
            };
        }
    }

    /// Sends a message of this length, and keeps account of it.
    fn transmit(
        &mut self,
        length: usize,
        send: impl FnOnce(&mut Connection) -> Result<(), SendError>,
    ) -> Result<(), SendError> {
        let before = self.connection.queued_total();
        send(&mut self.connection)?;
        let end = self.connection.queued_total();
        self.ledger.push(end - before, end, length as u64);
        Ok(())
    }
}
