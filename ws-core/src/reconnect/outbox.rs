//! What waits for a connection.

use alloc::collections::VecDeque;

use super::config::ReconnectConfig;
use crate::{Data, Error};

/// Messages, in the order in which they were sent.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    messages: VecDeque<Data>,
    bytes: u64,
}

impl Outbox {
    /// How many bytes it has.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Takes a message.
    pub(super) fn put(&mut self, message: Data, config: &ReconnectConfig) -> Result<(), Error> {
        let bytes = self.bytes.saturating_add(message.len());
        if self.messages.len() >= config.max_enqueued_messages || bytes > config.max_enqueued_bytes {
            return Err(Error::QuotaExceeded);
        }
        self.bytes = bytes;
        self.messages.push_back(message);
        Ok(())
    }

    /// Gives the first message out.
    pub(super) fn take(&mut self) -> Option<Data> {
        let message = self.messages.pop_front()?;
        self.bytes -= message.len();
        Some(message)
    }

    /// The first message could not be sent: it is the first again.
    pub(super) fn put_back(&mut self, message: Data) {
        self.bytes = self.bytes.saturating_add(message.len());
        self.messages.push_front(message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(messages: usize, bytes: u64) -> ReconnectConfig {
        ReconnectConfig { max_enqueued_messages: messages, max_enqueued_bytes: bytes, ..ReconnectConfig::default() }
    }

    #[test]
    fn messages_are_taken_up_to_the_bound_and_not_above() {
        let (mut outbox, config) = (Outbox::default(), config(2, 100));
        assert_eq!(outbox.put("a".into(), &config), Ok(()));
        assert_eq!(outbox.put("".into(), &config), Ok(()));
        assert_eq!(outbox.put("".into(), &config), Err(Error::QuotaExceeded));
        assert_eq!(outbox.take().unwrap().as_text(), Some("a"));
        assert_eq!(outbox.put("c".into(), &config), Ok(()));
    }

    #[test]
    fn bytes_are_taken_up_to_the_bound_and_not_above() {
        let (mut outbox, config) = (Outbox::default(), config(10, 4));
        assert_eq!(outbox.put("üü".into(), &config), Ok(()));
        assert!(outbox.put("a".into(), &config).is_err());
        assert_eq!(outbox.put("".into(), &config), Ok(()));
        assert_eq!(outbox.bytes(), 4);
        let first = outbox.take().unwrap();
        assert_eq!(outbox.bytes(), 0);
        outbox.put_back(first);
        assert_eq!((outbox.bytes(), outbox.take().unwrap().as_text()), (4, Some("üü")));
    }
}
