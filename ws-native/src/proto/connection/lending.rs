//! What an open connection has received, lent where it was read: no message is a slice of its own.

use core::mem;

use bytes::{Buf as _, BytesMut};

use super::{Connection, State};
use crate::proto::outgoing::Outgoing;
use crate::proto::simple::{Lent, Simple};

/// What was read, while the messages in it are lent. Dropped, be it by a panic, it leaves to the connection what was not.
struct Loan<'a> {
    connection: &'a mut Connection,
    bytes: BytesMut,
    /// How many of the first bytes were lent, or are being lent.
    passed: usize,
}

impl Connection {
    /// Lends one after the other the messages that stand first in what was received, as long as they are short and it takes
    /// next to no work to have them, and are no more than `most`; with the connection, for answers to be sent. How many there were.
    ///
    /// Longer messages are worth being taken off, so that an answer can be sent from where they are.
    ///
    /// # Errors
    /// The first error of the caller, who is then lent no more.
    pub(crate) fn lend<E>(
        &mut self,
        most: usize,
        mut each: impl FnMut(Lent<'_>, &mut Self) -> Result<(), E>,
    ) -> Result<usize, E> {
        let mut count = 0;
        if !self.incoming.is_between_messages() {
            return Ok(count);
        }
        let role = self.role();
        let longest = self.config.max_whole_frame().min(Outgoing::LONG - 1);
        let bytes = mem::take(self.incoming.buffer());
        let mut loan = Loan { connection: self, bytes, passed: 0 };
        // The answer to a message may be what fails the connection.
        while let State::Established { close_received: None, .. } = loan.connection.state {
            if count == most {
                break;
            }
            let rest = &mut loan.bytes[loan.passed..];
            let Some(message) = Simple::find(rest, role, longest) else { break };
            message.unmask(rest);
            let Some(lent) = message.lend(rest) else {
                loan.bytes.advance(loan.passed);
                loan.passed = message.header();
                loan.connection.incoming.refuse_text(&message);
                break;
            };
            loan.passed += message.size();
            count += 1;
            each(lent, loan.connection)?;
        }
        Ok(count)
    }
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        self.bytes.advance(self.passed);
        if self.passed > 0 {
            self.connection.incoming.hear_message();
        }
        *self.connection.incoming.buffer() = mem::take(&mut self.bytes);
    }
}
