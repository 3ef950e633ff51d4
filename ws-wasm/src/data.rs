//! The contents of messages, on their way in and out.

use bytes::Bytes;
use wasm_bindgen::{JsCast as _, JsValue};
use ws_core::{Data, Error, SyntaxError};

use crate::{
    JsBlob, error,
    sys::{self, ArrayBuffer},
};

/// The data of a message event, whose type the browser chose by the socket's `binaryType`: text or bytes. Gives anything
/// else back.
pub(crate) fn received(value: JsValue) -> Result<Data, JsValue> {
    match value.as_string() {
        Some(text) => Ok(Data::Text(text.into_boxed_str().into())),
        None => value.dyn_into().map(|buffer| Data::Binary(copy(&buffer))),
    }
}

/// Hands a message to the browser.
pub(crate) fn send(socket: &sys::WebSocket, data: &Data) -> Result<(), Error> {
    match data {
        Data::Text(text) => socket.send_text(text),
        Data::Binary(bytes) => send_bytes(socket, bytes),
        Data::Blob(blob) => match (blob.as_bytes(), blob.downcast_host::<JsBlob>()) {
            (Some(bytes), _) => send_bytes(socket, bytes),
            (None, Some(blob)) => socket.send_value(blob.as_ref()),
            (None, None) => return Err(foreign_blob()),
        },
    }
    .map_err(error::from_exception)
}

/// It would have to be read first, while the messages after it wait: the browser's own queue takes
/// only the browser's own blobs.
pub(crate) fn foreign_blob() -> Error {
    SyntaxError::Host("a browser can only send its own blobs".into()).into()
}

#[cfg(not(target_feature = "atomics"))]
fn send_bytes(socket: &sys::WebSocket, bytes: &[u8]) -> Result<(), JsValue> {
    socket.send_bytes(bytes)
}

/// "[AllowShared]" is not among the attributes of `send()`: a view of shared memory is refused, so it gets a copy.
#[cfg(target_feature = "atomics")]
fn send_bytes(socket: &sys::WebSocket, bytes: &[u8]) -> Result<(), JsValue> {
    socket.send_value(sys::Uint8Array::copied(bytes).as_ref())
}

/// The bytes of a buffer, in the program's memory.
pub(crate) fn copy(buffer: &ArrayBuffer) -> Bytes {
    sys::Uint8Array::new(buffer).value_of().into()
}
