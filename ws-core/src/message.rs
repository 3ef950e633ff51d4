//! A message, whole.

use bytes::Bytes;

use crate::{Data, Text};

/// A message as it comes from the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Type Text.
    Text(Text),
    /// Type Binary.
    Binary(Bytes),
}

impl Message {
    /// Its text.
    ///
    /// ```
    /// use ws_core::Message;
    /// assert_eq!(Message::Text("hello".into()).as_text(), Some("hello"));
    /// assert_eq!(Message::Binary((&b"hello"[..]).into()).as_text(), None);
    /// ```
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Binary(_) => None,
        }
    }

    /// Its bytes, if it is binary.
    pub fn as_binary(&self) -> Option<&[u8]> {
        match self {
            Self::Text(_) => None,
            Self::Binary(bytes) => Some(bytes),
        }
    }
}

impl From<Message> for Data {
    fn from(message: Message) -> Self {
        match message {
            Message::Text(text) => Self::Text(text),
            Message::Binary(bytes) => Self::Binary(bytes),
        }
    }
}
