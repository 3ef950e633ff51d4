//! Messages as values of the program, by serde.
//!
//! A codec is named where a message is written or read; what is sent is a message like any other.
//!
//! | codec | feature | sends | reads | by |
//! |---|---|---|---|---|
//! | `Json` | `json` | text | text and binary | serde_json |
//! | `JsValues` | `js-values` | text | text and binary | in browsers their own `JSON`, and serde_json natively |
//! | `MessagePack` | `msgpack` | binary | binary | rmp-serde, structs as maps with the names of their fields |
//!
//! ```
//! # #[cfg(feature = "json")] {
//! use isosocket::{Data, Json};
//!
//! #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
//! enum Chat {
//!     Join { room: String },
//!     Say(String),
//! }
//!
//! let data = Data::encode::<Json, _>(&Chat::Say("hello".into()))?;
//! assert_eq!(data.as_text(), Some(r#"{"Say":"hello"}"#));
//! assert_eq!(data.decode::<Json, Chat>()?, Chat::Say("hello".into()));
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Binary messages of the event face are blobs, unless its `binary_type` is [`ArrayBuffer`](crate::BinaryType::ArrayBuffer). A browser
//! has the bytes of a blob, and a codec cannot read them; natively they are in memory, and it can. The async face has no blobs.
//!
//! A peer may send anything: all codecs refuse messages with something left over after the value,
//! and values that are nested deeper than 127 levels.

#[cfg(feature = "js-values")]
mod js_values;

use std::{error, fmt};

#[cfg(any(feature = "json", feature = "msgpack"))]
use serde_core::{Serialize, de::DeserializeOwned};
#[cfg(feature = "msgpack")]
use ws_core::Bounded;
use ws_core::Data;
#[cfg(any(feature = "json", feature = "msgpack"))]
use ws_core::{Decode, Encode};

#[cfg(feature = "js-values")]
pub use js_values::JsValues;

/// JSON, by serde_json. Sends text; reads text, and binary messages that are text in UTF-8.
///
/// Integers of 64 bits are written exactly, which a peer in JavaScript cannot read exactly: see
/// [`JsValues`]. Numbers that are not finite are written as `null`. Bytes are arrays of numbers.
///
/// ```
/// use isosocket::{Data, Json};
/// let data = Data::encode::<Json, _>(&(1, "one"))?;
/// assert_eq!(data.as_text(), Some(r#"[1,"one"]"#));
/// assert!(Data::from("[1").decode::<Json, (u8, String)>().is_err());
/// # Ok::<(), isosocket::codec::CodecError>(())
/// ```
#[cfg(feature = "json")]
#[derive(Clone, Copy, Debug)]
pub struct Json;

/// MessagePack, by rmp-serde. Sends and reads binary messages.
///
/// Structs are maps with the names of their fields, as libraries for JavaScript and Python write and read them; arrays are read
/// as well. Numbers of all kinds are exact. Byte vectors are arrays of numbers, unless serde is told otherwise, as by the
/// crate `serde_bytes`.
///
/// ```
/// use isosocket::{Data, MessagePack};
/// let data = Data::encode::<MessagePack, _>(&(1, "one"))?;
/// assert_eq!(data.as_binary(), Some(b"\x92\x01\xa3one".as_slice()));
/// assert_eq!(data.decode::<MessagePack, (u8, String)>()?, (1, "one".into()));
/// # Ok::<(), isosocket::codec::CodecError>(())
/// ```
#[cfg(feature = "msgpack")]
#[derive(Clone, Copy, Debug)]
pub struct MessagePack;

/// A value that a codec cannot express, or a message that cannot be read as a value. The words are
/// those of the codec's library.
#[derive(Debug)]
pub struct CodecError(Cause);

#[derive(Debug)]
enum Cause {
    /// The codec's library refuses the value or the message.
    Library(Box<dyn error::Error + Send + Sync>),
    /// A text message for a codec that is binary.
    #[cfg_attr(not(feature = "msgpack"), allow(dead_code, reason = "the other codecs read both kinds"))]
    Text,
    /// The host has the bytes.
    Blob,
    /// The value ends before the message does.
    #[cfg_attr(not(feature = "msgpack"), allow(dead_code, reason = "other libraries say it themselves"))]
    Surplus,
}

#[cfg(feature = "json")]
impl<T: Serialize + ?Sized> Encode<T> for Json {
    type Error = CodecError;

    fn encode(value: &T) -> Result<Data, CodecError> {
        serde_json::to_string(value).map(Data::from).map_err(CodecError::library)
    }
}

#[cfg(feature = "json")]
impl<T: DeserializeOwned> Decode<T> for Json {
    type Error = CodecError;

    fn decode(data: &Data) -> Result<T, CodecError> {
        serde_json::from_str(text(data)?).map_err(CodecError::library)
    }
}

#[cfg(feature = "msgpack")]
impl<T: Serialize + ?Sized> Encode<T> for MessagePack {
    type Error = CodecError;

    fn encode(value: &T) -> Result<Data, CodecError> {
        rmp_serde::to_vec_named(value).map(Data::from).map_err(CodecError::library)
    }
}

#[cfg(feature = "msgpack")]
impl<T: DeserializeOwned> Decode<T> for MessagePack {
    type Error = CodecError;

    fn decode(data: &Data) -> Result<T, CodecError> {
        let bytes = match data {
            Data::Binary(bytes) => bytes,
            Data::Blob(blob) => blob.as_bytes().ok_or(CodecError(Cause::Blob))?,
            Data::Text(_) => return Err(CodecError(Cause::Text)),
        };
        let mut deserializer = rmp_serde::Deserializer::new(&**bytes);
        let value = T::deserialize(Bounded::new(&mut deserializer)).map_err(CodecError::library)?;
        match deserializer.get_ref() {
            [] => Ok(value),
            _ => Err(CodecError(Cause::Surplus)),
        }
    }
}

/// The text of a message of either kind.
#[cfg(any(feature = "json", feature = "js-values"))]
fn text(data: &Data) -> Result<&str, CodecError> {
    let bytes = match data {
        Data::Text(text) => return Ok(text),
        Data::Binary(bytes) => bytes,
        Data::Blob(blob) => blob.as_bytes().ok_or(CodecError(Cause::Blob))?,
    };
    str::from_utf8(bytes).map_err(CodecError::library)
}

impl CodecError {
    fn library(error: impl error::Error + Send + Sync + 'static) -> Self {
        Self(Cause::Library(Box::new(error)))
    }
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Cause::Library(error) => error.fmt(f),
            Cause::Text => f.write_str("it is text, and the codec is binary"),
            Cause::Blob => f.write_str(
                "it is a blob, whose bytes the browser has: set the socket's binary_type to BinaryType::ArrayBuffer",
            ),
            Cause::Surplus => f.write_str("there is more in it than the value"),
        }
    }
}

impl error::Error for CodecError {
    /// The error of the codec's library, whose words the error itself has; to be downcast to the library's type.
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &self.0 {
            Cause::Library(error) => Some(&**error),
            Cause::Text | Cause::Blob | Cause::Surplus => None,
        }
    }
}
