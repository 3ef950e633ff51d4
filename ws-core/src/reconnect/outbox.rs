//! What waits for a connection.

use alloc::collections::VecDeque;

use super::config::ReconnectConfig;
use crate::Data;

/// Messages, in the order in which they were sent, with their lengths. Asking a blob of the
/// program's for its size runs the program's code, and so does dropping it: neither is done here.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    messages: VecDeque<(Data, u64)>,
    bytes: u64,
}

impl Outbox {
    /// How many bytes it has.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many messages it has.
    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    /// Takes a message of this length, or gives it back: it would be one too many.
    pub(super) fn put(&mut self, message: Data, length: u64, config: &ReconnectConfig) -> Result<(), Data> {
        let bytes = self.bytes.saturating_add(length);
        if self.messages.len() >= config.max_enqueued_messages || bytes > config.max_enqueued_bytes {
            return Err(message);
        }
        self.bytes = bytes;
        self.messages.push_back((message, length));
        Ok(())
    }

    /// The length of the first message.
    pub(super) fn first(&self) -> Option<u64> {
        self.messages.front().map(|(_, length)| *length)
    }

    /// Gives the first message out, and its length.
    pub(super) fn take(&mut self) -> Option<(Data, u64)> {
        let (message, length) = self.messages.pop_front()?;
        self.bytes -= length;
        Some((message, length))
    }

    /// The first message could not be sent: it is the first again.
    pub(super) fn put_back(&mut self, message: Data, length: u64) {
        self.bytes = self.bytes.saturating_add(length);
        self.messages.push_front((message, length));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(messages: usize, bytes: u64) -> ReconnectConfig {
        ReconnectConfig { max_enqueued_messages: messages, max_enqueued_bytes: bytes, ..ReconnectConfig::default() }
    }

    fn put(outbox: &mut Outbox, text: &str, config: &ReconnectConfig) -> bool {
        outbox.put(text.into(), text.len() as u64, config).is_ok()
    }

    #[test]
    fn messages_are_taken_up_to_the_bound_and_not_above() {
        let (mut outbox, config) = (Outbox::default(), config(2, 100));
        assert!(put(&mut outbox, "a", &config));
        assert!(put(&mut outbox, "", &config));
        assert!(!put(&mut outbox, "", &config));
        assert_eq!(outbox.take().unwrap().0.as_text(), Some("a"));
        assert!(put(&mut outbox, "c", &config));
    }

    #[test]
    fn bytes_are_taken_up_to_the_bound_and_not_above() {
        let (mut outbox, config) = (Outbox::default(), config(10, 4));
        assert!(put(&mut outbox, "üü", &config));
        assert!(!put(&mut outbox, "a", &config));
        assert!(put(&mut outbox, "", &config));
        assert_eq!(outbox.bytes(), 4);
        let (first, length) = outbox.take().unwrap();
        assert_eq!((length, outbox.bytes()), (4, 0));
        outbox.put_back(first, length);
        assert_eq!((outbox.bytes(), outbox.take().unwrap().0.as_text()), (4, Some("üü")));
    }
}
