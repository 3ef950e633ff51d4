//! What the chats say to each other: JSON in a text message.

use serde::{Deserialize, Serialize};

/// Something that somebody said.
///
/// ```
/// use chat_message::Message;
/// let message = Message { name: "Zoë".into(), text: "hello".into() };
/// assert_eq!(message.to_json(), r#"{"name":"Zoë","text":"hello"}"#);
/// assert_eq!(Message::from_json(&message.to_json()), Some(message));
/// assert_eq!(Message::from_json("hello"), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who.
    pub name: String,
    /// What.
    pub text: String,
}

impl Message {
    /// As it is sent.
    pub fn to_json(&self) -> String {
        // Two strings are always JSON.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// As it was received. `None` for anything else: whoever is connected can send what they like.
    pub fn from_json(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }
}
