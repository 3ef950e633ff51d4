//! Messages that a host hands over without a call for each.

use ws_core::Message;

/// The most messages of a batch.
const MOST: usize = 1024;

/// The bytes with which a batch is large enough: what is compressed may be much more than it looks.
const LARGE: usize = 256 << 10;

/// Messages where they were read, and their places in memory: two numbers for each.
///
/// The first one is where it begins. The second one is how many bytes it has, times four; and 2 if it is text, and 1 if that
/// is ASCII.
#[derive(Default)]
pub(crate) struct Batch {
    messages: Vec<Message>,
    places: Vec<u32>,
    bytes: usize,
}

impl Batch {
    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    pub(crate) fn count(&self) -> usize {
        self.messages.len()
    }

    pub(crate) fn places(&self) -> *const u32 {
        self.places.as_ptr()
    }

    /// Adds a message; whether there may be more.
    pub(crate) fn push(&mut self, message: Message) -> bool {
        let (payload, kind): (&[u8], u32) = match &message {
            Message::Text(text) => (text.as_bytes().as_ref(), 2 + u32::from(text.is_ascii())),
            Message::Binary(bytes) => (bytes.as_ref(), 0),
        };
        self.places.push(payload.as_ptr() as u32);
        self.places.push(((payload.len() as u32) << 2) | kind);
        self.bytes += payload.len();
        self.messages.push(message);
        self.messages.len() < MOST && self.bytes < LARGE
    }

    pub(crate) fn clear(&mut self) {
        self.messages.clear();
        self.places.clear();
        self.bytes = 0;
    }
}
