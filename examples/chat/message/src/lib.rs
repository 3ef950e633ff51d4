//! What the chats have in common: who comes, and what they say to each other, which is JSON in a text message.

use serde::{Deserialize, Serialize};

/// Who comes, and where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visitor {
    /// The URL of the room, which may be relative to the page's.
    pub server: String,
    /// What the visitor is called.
    pub name: String,
}

impl Default for Visitor {
    fn default() -> Self {
        Self { server: "/chat".into(), name: String::new() }
    }
}

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
