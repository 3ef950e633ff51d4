//! What a message carries.

use alloc::{string::String, vec::Vec};

use bytes::Bytes;

use crate::Blob;

/// Text that is known to be UTF-8, in a buffer that is shared and not copied when it is cloned. Dereferences to `str`.
pub type Text = bytestring::ByteString;

/// The contents of a message, sent or received.
///
/// Everything that can be sent converts into it: `&str`, `String`, byte slices and vectors, [`Bytes`] (whose slices are
/// the standard's views) and [`Blob`].
///
/// ```
/// use ws_core::Data;
/// let text: Data = "hello".into();
/// assert_eq!(text.as_text(), Some("hello"));
/// let bytes = Data::from(vec![1, 2, 3]);
/// assert_eq!(bytes.as_binary(), Some(&[1, 2, 3][..]));
/// assert_eq!(Data::from("ü").len(), 2);
/// assert_eq!(Data::from("text"), Data::from(&String::from("text")));
/// assert_ne!(Data::from("text"), Data::from(b"text"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// Text, sent in a text frame.
    Text(Text),
    /// Bytes, sent in a binary frame; the standard's `ArrayBuffer` and views.
    Binary(Bytes),
    /// A [`Blob`], sent in a binary frame.
    Blob(Blob),
}

/// How binary messages are handed to the program.
///
/// ```
/// use ws_core::BinaryType;
/// assert_eq!(BinaryType::default().as_str(), "blob");
/// assert_eq!(BinaryType::from_name("arraybuffer"), Some(BinaryType::ArrayBuffer));
/// assert_eq!(BinaryType::from_name("nodebuffer"), None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum BinaryType {
    /// As [`Data::Blob`]; the default of the standard.
    #[default]
    Blob,
    /// As [`Data::Binary`].
    ArrayBuffer,
}

impl Data {
    /// The number of application bytes, as `bufferedAmount` counts them: text in UTF-8, a blob's size.
    pub fn len(&self) -> u64 {
        match self {
            Self::Text(text) => text.len() as u64,
            Self::Binary(bytes) => bytes.len() as u64,
            Self::Blob(blob) => blob.size(),
        }
    }

    /// Whether there are no bytes in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The text, if it is text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Binary(_) | Self::Blob(_) => None,
        }
    }

    /// The bytes, if they are in memory. A blob's are not: see [`Blob::bytes`].
    pub fn as_binary(&self) -> Option<&[u8]> {
        match self {
            Self::Binary(bytes) => Some(bytes),
            Self::Text(_) | Self::Blob(_) => None,
        }
    }

    /// The blob, if it is one.
    pub fn as_blob(&self) -> Option<&Blob> {
        match self {
            Self::Blob(blob) => Some(blob),
            Self::Text(_) | Self::Binary(_) => None,
        }
    }
}

impl BinaryType {
    /// The value of the standard's enumeration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Blob => "blob",
            Self::ArrayBuffer => "arraybuffer",
        }
    }

    /// The type of this name; `None` for any other text, which the attribute's setter ignores.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "blob" => Some(Self::Blob),
            "arraybuffer" => Some(Self::ArrayBuffer),
            _ => None,
        }
    }
}

impl From<Text> for Data {
    fn from(text: Text) -> Self {
        Self::Text(text)
    }
}

impl From<String> for Data {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<&str> for Data {
    fn from(text: &str) -> Self {
        Self::Text(alloc::boxed::Box::<str>::from(text).into())
    }
}

impl From<&String> for Data {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<Bytes> for Data {
    fn from(bytes: Bytes) -> Self {
        Self::Binary(bytes)
    }
}

impl From<Vec<u8>> for Data {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Binary(bytes.into())
    }
}

impl From<&Vec<u8>> for Data {
    fn from(bytes: &Vec<u8>) -> Self {
        Self::from(bytes.as_slice())
    }
}

impl From<&[u8]> for Data {
    fn from(bytes: &[u8]) -> Self {
        Self::Binary(Bytes::copy_from_slice(bytes))
    }
}

impl<const N: usize> From<&[u8; N]> for Data {
    fn from(bytes: &[u8; N]) -> Self {
        Self::from(bytes.as_slice())
    }
}

impl<const N: usize> From<[u8; N]> for Data {
    fn from(bytes: [u8; N]) -> Self {
        Self::from(bytes.as_slice())
    }
}

impl From<Blob> for Data {
    fn from(blob: Blob) -> Self {
        Self::Blob(blob)
    }
}
