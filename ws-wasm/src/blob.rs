//! The browser's own blobs: <https://w3c.github.io/FileAPI/#blob-section>.

use std::future::poll_fn;

use bytes::Bytes;
use wasm_bindgen::{JsCast as _, JsValue};
use ws_core::{Blob, BlobError, BlobFuture, Data, HostBlob};

use crate::{
    call::Call,
    data, error,
    sys::{self, ArrayBuffer},
};

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
pub struct JsBlob(pub(crate) sys::Blob);

impl HostBlob for JsBlob {
    fn size(&self) -> u64 {
        self.0.number("size") as u64
    }

    fn media_type(&self) -> String {
        self.0.text("type")
    }

    fn bytes(&self) -> BlobFuture {
        let reading = Call::expect(|settled| self.0.array_buffer().then(settled, settled));
        Box::pin(poll_fn(move |context| reading.poll(context).map(read)))
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

/// What the promise was settled with: fulfilled with a buffer, or rejected with anything else.
fn read(value: JsValue) -> Result<Bytes, BlobError> {
    match value.dyn_into::<ArrayBuffer>() {
        Ok(buffer) => Ok(data::copy(&buffer)),
        Err(exception) => Err(error::from_rejection(&exception)),
    }
}
