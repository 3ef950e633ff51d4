//! The browser's own blobs: <https://w3c.github.io/FileAPI/#blob-section>.

use std::{
    cell::Cell,
    future::poll_fn,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use js_sys::{ArrayBuffer, Promise};
use wasm_bindgen::{JsCast as _, JsValue};
use ws_core::{Blob, BlobError, BlobFuture, Data, HostBlob};

use crate::{
    data, error,
    sys::{self, Callback},
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

/// A blob whose bytes have been asked for.
#[derive(Default)]
struct Reading {
    outcome: Cell<Option<Result<Bytes, BlobError>>>,
    waker: Cell<Option<Waker>>,
    /// What the promise calls. It owns the reading in turn, until it is called: promises are always settled here.
    callback: Cell<Option<Callback>>,
}

impl Reading {
    fn start(blob: &sys::Blob) -> Rc<Self> {
        let reading = Rc::new(Self::default());
        let settled = Rc::clone(&reading);
        let callback = Callback::own_assert_unwind_safe(move |value| settled.settle(value));
        blob.array_buffer().then(callback.as_js_value(), callback.as_js_value());
        reading.callback.set(Some(callback));
        reading
    }

    /// The promise is fulfilled with a buffer, or rejected with anything else.
    fn settle(&self, value: JsValue) {
        let outcome = match value.dyn_into::<ArrayBuffer>() {
            Ok(buffer) => Ok(data::copy(&buffer)),
            Err(exception) => Err(error::from_rejection(&exception)),
        };
        self.outcome.set(Some(outcome));
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
        self.callback.take();
    }

    fn poll(&self, context: &Context<'_>) -> Poll<Result<Bytes, BlobError>> {
        match self.outcome.take() {
            Some(outcome) => Poll::Ready(outcome),
            None => {
                self.waker.set(Some(context.waker().clone()));
                Poll::Pending
            }
        }
    }
}

impl JsBlob {
    /// Starts reading it, into the browser's memory.
    pub(crate) fn array_buffer(&self) -> Promise {
        self.0.array_buffer().unchecked_into()
    }
}

impl HostBlob for JsBlob {
    fn size(&self) -> u64 {
        self.0.number("size") as u64
    }

    fn media_type(&self) -> String {
        self.0.text("type")
    }

    fn bytes(&self) -> BlobFuture {
        let reading = Reading::start(&self.0);
        Box::pin(poll_fn(move |context| reading.poll(context)))
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
