//! What the browser throws, as the core's errors.

use wasm_bindgen::{JsCast as _, JsValue};
use ws_core::{BlobError, Error, SyntaxError};

use crate::sys::Object;

/// The error that an exception of the constructor or of `send()` stands for, by its name.
///
/// Anything else that is thrown, by a worklet that has no WebSocket say, is told in its own words.
pub(crate) fn from_exception(exception: JsValue) -> Error {
    let (name, message) = describe(&exception);
    match name.as_str() {
        "SecurityError" => Error::Security(message),
        // Firefox has an exception of its own, without a message, for what the page's policy
        // forbids.
        "NS_ERROR_CONTENT_BLOCKED" => Error::Security(name),
        // Chromium's message has the URL, or its fragment, in it, and this goes to logs.
        "SyntaxError" => SyntaxError::Refused.into(),
        _ => Error::Host(message),
    }
}

/// Why a blob could not be read.
pub(crate) fn from_rejection(exception: &JsValue) -> BlobError {
    let (name, message) = describe(exception);
    BlobError(if message.is_empty() { name } else { message })
}

/// The message of an exception.
#[cfg(feature = "js-values")]
pub(crate) fn message(exception: &JsValue) -> String {
    describe(exception).1
}

/// Name and message; empty for a value that has none.
fn describe(exception: &JsValue) -> (String, String) {
    if !exception.is_object() {
        return Default::default();
    }
    let exception: &Object = exception.unchecked_ref();
    (exception.text("name"), exception.text("message"))
}
