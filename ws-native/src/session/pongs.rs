//! Pings and their answers, which the interface knows nothing of.

use alloc::collections::VecDeque;

use bytes::Bytes;

use super::Session;
use crate::proto::SendError;

/// The most pings that may wait for their answers. With more, the oldest count as answered.
const MOST_WAITING: usize = 1024;

/// The answers to the program's own pings.
#[derive(Default)]
pub(super) struct Pongs {
    /// The payloads of the pings that may still be answered, the oldest first.
    pings: VecDeque<Bytes>,
    /// The payloads of pongs that were not taken yet.
    payloads: VecDeque<Bytes>,
}

impl Pongs {
    fn sent(&mut self, payload: &[u8]) {
        if self.pings.len() == MOST_WAITING {
            self.pings.pop_front();
        }
        self.pings.push_back(Bytes::copy_from_slice(payload));
    }

    /// A pong has come. "A Pong frame sent in response to a Ping frame must have identical
    /// "Application data"": a pong that answers none of the program's pings, but say the
    /// heartbeat's, is ignored. Pings before the one that is answered will not be answered any
    /// more: "the endpoint MAY elect to send a Pong frame for only the most recently processed Ping
    /// frame."
    pub(super) fn receive(&mut self, payload: Bytes) {
        if self.pings.contains(&payload) {
            while self.pings.pop_front().is_some_and(|ping| ping != payload) {}
            self.payloads.push_back(payload);
        }
    }
}

impl Session {
    /// Sends a ping.
    ///
    /// # Errors
    /// [`SendError::NotOpen`], [`SendError::Closed`], [`SendError::Leaving`], [`SendError::LongControl`], [`SendError::Full`].
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), SendError> {
        self.connection.ping(payload)?;
        self.pongs.sent(payload);
        Ok(())
    }

    /// Whether there is a pong to be [taken](Self::take_pong).
    pub fn has_pong(&self) -> bool {
        !self.pongs.payloads.is_empty()
    }

    /// Takes the payload of the next pong: the answer to a [ping](Self::ping). A peer that has
    /// several to answer may answer only the newest. All pongs that can be taken came before the
    /// message of the [next task](Self::next_task).
    pub fn take_pong(&mut self) -> Option<Bytes> {
        self.pongs.payloads.pop_front()
    }
}
