//! What methods throw.

use wasm_bindgen::JsValue;
use ws_core::Error;

pub(crate) fn sent(outcome: Result<(), Error>) -> Result<(), JsValue> {
    if is_sent(&outcome) { Ok(()) } else { outcome.map_err(|error| thrown(&error)) }
}

/// The standard throws nothing for a message that is discarded.
pub(crate) fn is_sent(outcome: &Result<(), Error>) -> bool {
    matches!(outcome, Ok(()) | Err(Error::Discarded(_)))
}

pub(crate) fn thrown(error: &Error) -> JsValue {
    exception(error.name().unwrap_or("Error"), error)
}

pub(crate) fn exception(name: &str, error: &dyn core::fmt::Display) -> JsValue {
    let exception = js_sys::Error::new(&error.to_string());
    exception.set_name(name);
    exception.into()
}
