//! Pings and their answers, which the interface knows nothing of.

use alloc::collections::VecDeque;

use bytes::Bytes;

use super::Session;
use crate::proto::SendError;

/// The answers to the program's own pings.
#[derive(Default)]
pub(super) struct Pongs {
    /// How many of the pings may still be answered.
    pings: usize,
    /// The payloads that came since the last one was taken.
    payloads: VecDeque<Bytes>,
}

impl Pongs {
    /// A pong has come. One that nobody has asked for is nothing.
    pub(super) fn receive(&mut self, payload: Bytes) {
        if let Some(pings) = self.pings.checked_sub(1) {
            self.pings = pings;
            self.payloads.push_back(payload);
        }
    }
}

impl Session {
    /// Sends a ping.
    ///
    /// # Errors
    /// [`SendError::NotOpen`], [`SendError::Leaving`], [`SendError::LongControl`], [`SendError::Full`].
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), SendError> {
        self.connection.ping(payload)?;
        self.pongs.pings += 1;
        Ok(())
    }

    /// Whether there is a pong to be [taken](Self::take_pong).
    pub fn has_pong(&self) -> bool {
        !self.pongs.payloads.is_empty()
    }

    /// Takes the payload of the next pong, of no more than there were [pings](Self::ping). Those that are there came before
    /// the message of the [next task](Self::next_task).
    pub fn take_pong(&mut self) -> Option<Bytes> {
        self.pongs.payloads.pop_front()
    }
}
