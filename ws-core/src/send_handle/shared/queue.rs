//! A queue between a handle and its driver.

use alloc::collections::VecDeque;

use crate::{Message, SendHandleConfig};

/// Messages on their way to the other side.
#[derive(Default)]
pub(super) struct Queue {
    messages: VecDeque<Message>,
    /// The bytes of all of them.
    bytes: u64,
}

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// What the first message counts for.
    pub(super) fn first(&self) -> Option<u64> {
        self.messages.front().map(length)
    }

    /// The bytes of the messages in it.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn has_room(&self, config: &SendHandleConfig) -> bool {
        self.messages.is_empty() || self.messages.len() < config.max_messages && self.bytes < config.max_bytes
    }

    pub(super) fn push(&mut self, message: Message) {
        self.bytes += length(&message);
        self.messages.push_back(message);
    }

    /// Takes the message back that was given out last.
    pub(super) fn push_front(&mut self, message: Message) {
        self.bytes += length(&message);
        self.messages.push_front(message);
    }

    pub(super) fn pop(&mut self) -> Option<Message> {
        let message = self.messages.pop_front()?;
        self.bytes -= length(&message);
        Some(message)
    }
}

/// What a message counts for, in bytes.
pub(super) fn length(message: &Message) -> u64 {
    match message {
        Message::Text(text) => text.len() as u64,
        Message::Binary(bytes) => bytes.len() as u64,
    }
}
