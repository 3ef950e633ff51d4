//! The contents of messages, on their way in and out.

use bytes::Bytes;
use js_sys::{ArrayBuffer, Promise, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use ws_core::{Blob, BlobFuture, Data, Error, HostBlob, SyntaxError};

use crate::{error, sys};

/// A JavaScript `Blob` or `File`. Its bytes stay with the browser until they are asked for.
///
/// ```
/// # #[cfg(target_arch = "wasm32")]
/// fn send_file(socket: &ws_core::WebSocket<ws_wasm::Browser>, file: wasm_bindgen::JsValue) {
///     if let Ok(file) = ws_wasm::JsBlob::try_from(file) {
///         let _ = socket.send(file);
///     }
/// }
///
/// # #[cfg(target_arch = "wasm32")]
/// fn as_js(blob: &ws_core::Blob) -> Option<&wasm_bindgen::JsValue> {
///     blob.downcast_host::<ws_wasm::JsBlob>().map(AsRef::as_ref)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct JsBlob(sys::Blob);

/// The data of a message event, whose type the browser chose by the socket's `binaryType`.
pub(crate) fn received(value: JsValue) -> Data {
    if let Some(text) = value.as_string() {
        return Data::Text(text.into());
    }
    match value.dyn_into::<ArrayBuffer>() {
        Ok(buffer) => Data::Binary(copy(&buffer)),
        Err(blob) => Data::Blob(JsBlob(blob.unchecked_into()).into()),
    }
}

/// Hands a message to the browser.
pub(crate) fn send(socket: &sys::WebSocket, data: &Data) -> Result<(), Error> {
    match data {
        Data::Text(text) => socket.send_text(text),
        Data::Binary(bytes) => send_bytes(socket, bytes),
        Data::Blob(blob) => match (blob.as_bytes(), blob.downcast_host::<JsBlob>()) {
            (Some(bytes), _) => send_bytes(socket, bytes),
            (None, Some(JsBlob(blob))) => socket.send_value(blob),
            (None, None) => return Err(foreign_blob()),
        },
    }
    .map_err(|exception| error::from_exception(&exception))
}

/// It would have to be read first, and this while the messages after it wait: the browser's own queue takes nothing but the
/// browser's own blobs.
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
    socket.send_value(&Uint8Array::new_from_slice(bytes))
}

/// The bytes of a buffer, in the program's memory.
fn copy(buffer: &ArrayBuffer) -> Bytes {
    Uint8Array::new(buffer).to_vec().into()
}

impl JsBlob {
    /// Starts reading it, into the browser's memory.
    pub(crate) fn array_buffer(&self) -> Promise {
        self.0.array_buffer()
    }
}

impl HostBlob for JsBlob {
    fn size(&self) -> u64 {
        self.0.size() as u64
    }

    fn media_type(&self) -> String {
        self.0.media_type()
    }

    fn bytes(&self) -> BlobFuture {
        let buffer = JsFuture::from(self.array_buffer());
        Box::pin(async move {
            match buffer.await {
                Ok(buffer) => Ok(copy(buffer.unchecked_ref())),
                Err(exception) => Err(error::from_rejection(&exception)),
            }
        })
    }
}

/// Succeeds for a `Blob` and for what is derived from it, such as a `File`; gives any other value back.
impl TryFrom<JsValue> for JsBlob {
    type Error = JsValue;

    fn try_from(value: JsValue) -> Result<Self, JsValue> {
        value.dyn_into().map(Self)
    }
}

impl AsRef<JsValue> for JsBlob {
    fn as_ref(&self) -> &JsValue {
        &self.0
    }
}

impl From<JsBlob> for Blob {
    fn from(blob: JsBlob) -> Self {
        Self::from_host(blob)
    }
}

impl From<JsBlob> for Data {
    fn from(blob: JsBlob) -> Self {
        Self::Blob(blob.into())
    }
}
