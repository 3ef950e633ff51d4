//! JSON by the browser's own `JSON`, so that the program needs no parser and no printer of its own.

use std::fmt;

use js_sys::JSON;
use serde_core::{Serialize, de::DeserializeOwned};
use serde_wasm_bindgen::{Deserializer, Serializer};
use wasm_bindgen::JsValue;
use ws_core::Bounded;

use crate::error;

/// How deep arrays and objects may be nested in a text that is read. The engines have no limit, and
/// a type that contains itself would use up the stack.
const MAX_DEPTH: usize = 127;

/// Says in words why a value cannot be written as JSON, or a text is no such value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError(String);

/// Writes a value as JSON, by `JSON.stringify()`.
///
/// # Errors
/// [`JsonError`] for what JavaScript has no number for: an integer beyond 2⁵³ - 1, on either side of zero; and for a map whose
/// keys are not text.
///
/// ```
/// # #[cfg(target_arch = "wasm32")]
/// assert_eq!(ws_wasm::json::to_text(&(1, "one")).as_deref(), Ok(r#"[1,"one"]"#));
/// ```
pub fn to_text<T: Serialize + ?Sized>(value: &T) -> Result<String, JsonError> {
    let value = value.serialize(&Serializer::json_compatible()).map_err(JsonError::from_serde)?;
    JSON::stringify(&value).map(String::from).map_err(|exception| JsonError::from_exception(&exception))
}

/// Reads a value from JSON, by `JSON.parse()`.
///
/// # Errors
/// [`JsonError`] for a text that is not JSON, that is nested more than 127 levels deep, or that is no such value.
///
/// ```
/// # #[cfg(target_arch = "wasm32")]
/// assert_eq!(ws_wasm::json::from_text(r#"[1,"one"]"#), Ok((1, "one".to_owned())));
/// ```
pub fn from_text<T: DeserializeOwned>(text: &str) -> Result<T, JsonError> {
    if depth(text) > MAX_DEPTH {
        return Err(JsonError("recursion limit exceeded".into()));
    }
    let value = JSON::parse(text).map_err(|exception| JsonError::from_exception(&exception))?;
    T::deserialize(Bounded::new(Deserializer::from(value))).map_err(JsonError::from_serde)
}

/// How deep arrays and objects are nested in a JSON text. For a text that is not JSON this may be
/// any number.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'"' => skip_string(&mut bytes),
            _ => {}
        }
    }
    deepest
}

/// Goes to the end of a string whose opening quotation mark was taken.
fn skip_string(bytes: &mut impl Iterator<Item = u8>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => drop(bytes.next()),
            _ => {}
        }
    }
}

impl JsonError {
    fn from_serde(error: serde_wasm_bindgen::Error) -> Self {
        Self::from_exception(&JsValue::from(error))
    }

    fn from_exception(exception: &JsValue) -> Self {
        Self(error::message(exception))
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for JsonError {}
