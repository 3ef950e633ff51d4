//! A message that is lent, not given away.

use bytes::Bytes;
use ws_core::{Data, Message, Text};

use crate::proto::Lent;

/// A received message, as [`Connection::recv_each`](crate::Connection::recv_each) shows it: a short
/// one in the memory that it was read into, which is used again; a long one with memory of its own.
///
/// ```
/// use ws_native::MessageRef;
/// fn price(message: &MessageRef<'_>) -> Option<f64> {
///     message.as_text()?.parse().ok()
/// }
/// assert_eq!(price(&MessageRef::from("1.25")), Some(1.25));
/// ```
#[derive(Debug)]
pub struct MessageRef<'a>(Length<'a>);

#[derive(Debug)]
pub(crate) enum Length<'a> {
    Short(Lent<'a>),
    Long(Message),
}

impl<'a> MessageRef<'a> {
    /// The text, if it is text.
    #[inline]
    pub fn as_text(&self) -> Option<&str> {
        match &self.0 {
            Length::Short(Lent::Text(text)) => Some(text),
            Length::Long(Message::Text(text)) => Some(text),
            Length::Short(Lent::Binary(_)) | Length::Long(Message::Binary(_)) => None,
        }
    }

    /// The bytes, if they are not text.
    #[inline]
    pub fn as_binary(&self) -> Option<&[u8]> {
        if self.is_text() { None } else { Some(self.as_bytes()) }
    }

    /// The bytes, of text in UTF-8.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Length::Short(Lent::Text(text)) => text.as_bytes(),
            Length::Short(Lent::Binary(bytes)) => bytes,
            Length::Long(Message::Text(text)) => text.as_bytes(),
            Length::Long(Message::Binary(bytes)) => bytes,
        }
    }

    /// Whether it is text.
    #[inline]
    pub fn is_text(&self) -> bool {
        matches!(self.0, Length::Short(Lent::Text(_)) | Length::Long(Message::Text(_)))
    }

    /// The message, to be kept: a short one is copied, a long one keeps its memory.
    ///
    /// ```
    /// use ws_native::Message;
    /// use ws_native::MessageRef;
    /// assert_eq!(MessageRef::from(&b"ab"[..]).into_message(), Message::Binary("ab".into()));
    /// ```
    pub fn into_message(self) -> Message {
        match self.0 {
            Length::Short(Lent::Text(text)) => Message::Text(Text::from(text)),
            Length::Short(Lent::Binary(bytes)) => Message::Binary(Bytes::copy_from_slice(bytes)),
            Length::Long(message) => message,
        }
    }

    /// A short message, which is lent, or a long one, which is given away.
    #[inline]
    pub(crate) fn length(self) -> Length<'a> {
        self.0
    }
}

impl<'a> From<Lent<'a>> for MessageRef<'a> {
    #[inline]
    fn from(lent: Lent<'a>) -> Self {
        Self(Length::Short(lent))
    }
}

impl<'a> From<&'a str> for MessageRef<'a> {
    fn from(text: &'a str) -> Self {
        Lent::Text(text).into()
    }
}

impl<'a> From<&'a [u8]> for MessageRef<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Lent::Binary(bytes).into()
    }
}

impl From<Message> for MessageRef<'_> {
    fn from(message: Message) -> Self {
        Self(Length::Long(message))
    }
}

impl From<MessageRef<'_>> for Data {
    fn from(message: MessageRef<'_>) -> Self {
        message.into_message().into()
    }
}
