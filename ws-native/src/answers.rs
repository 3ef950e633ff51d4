//! Sending while messages are lent.

use ws_core::{Data, Failure, Message};

use crate::message_ref::{Length, MessageRef};
use crate::proto::{Connection, Lent};
use crate::sending;

/// Queues messages while others are [shown](crate::Connection::recv_each). What is queued goes out
/// when the connection is about to wait, or with the next `send` or `flush`.
#[derive(Debug)]
pub struct Answers<'a>(&'a mut Connection);

impl<'a> Answers<'a> {
    #[inline]
    pub(crate) fn of(protocol: &'a mut Connection) -> Self {
        Self(protocol)
    }

    /// Queues the message that is shown: a short one is copied, a long one is sent from where it
    /// is.
    ///
    /// # Errors
    /// As [`feed`](Self::feed).
    #[inline]
    pub fn echo(&mut self, message: MessageRef<'_>) -> Result<(), Failure> {
        let sent = match message.length() {
            Length::Short(Lent::Text(text)) => self.0.send_text(text),
            Length::Short(Lent::Binary(bytes)) => self.0.send_binary(bytes),
            Length::Long(Message::Text(text)) => self.0.send_owned_text(text),
            Length::Long(Message::Binary(bytes)) => self.0.send_owned_binary(bytes),
        };
        sending::outcome(sent)
    }

    /// Queues a message.
    ///
    /// # Errors
    /// As the connection's [`feed`](crate::Connection::feed).
    #[inline]
    pub fn feed(&mut self, data: impl Into<Data>) -> Result<(), Failure> {
        sending::feed(self.0, data.into())
    }

    /// Queues a text message, of which a copy is made.
    ///
    /// # Errors
    /// As [`feed`](Self::feed).
    #[inline]
    pub fn feed_text(&mut self, text: &str) -> Result<(), Failure> {
        sending::outcome(self.0.send_text(text))
    }

    /// Queues a binary message, of which a copy is made.
    ///
    /// # Errors
    /// As [`feed`](Self::feed).
    #[inline]
    pub fn feed_binary(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        sending::outcome(self.0.send_binary(bytes))
    }
}
