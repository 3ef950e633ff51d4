//! A message, whole.

use alloc::string::String;
use alloc::vec::Vec;

use bytes::Bytes;

use crate::{Data, Text};

/// A message as it comes from the protocol.
///
/// ```
/// use ws_core::Message;
/// assert_eq!(Message::from("hello"), Message::Text("hello".into()));
/// assert_eq!(Message::from(vec![1, 2]), Message::Binary(vec![1, 2].into()));
/// ```
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

impl From<Text> for Message {
    fn from(text: Text) -> Self {
        Self::Text(text)
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<Bytes> for Message {
    fn from(bytes: Bytes) -> Self {
        Self::Binary(bytes)
    }
}

impl From<Vec<u8>> for Message {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Binary(bytes.into())
    }
}
