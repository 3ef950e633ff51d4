//! What the browser throws, as the core's errors.

use wasm_bindgen::{JsCast as _, JsValue};
use ws_core::{Error, SyntaxError};

use crate::sys::Exception;

/// The error an exception of the constructor or of `send()` stands for, in the browser's own words.
///
/// The one exception of another name, "InvalidStateError", is never met: nothing is sent while connecting.
pub(crate) fn from_exception(exception: JsValue) -> Error {
    SyntaxError::Host(message(exception)).into()
}

/// An exception's message; empty for a value that has none.
pub(crate) fn message(exception: JsValue) -> String {
    exception.unchecked_into::<Exception>().message().unwrap_or_default()
}
