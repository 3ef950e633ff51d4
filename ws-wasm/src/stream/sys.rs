//! The browser's side: <https://github.com/whatwg/websockets/pull/48> and <https://streams.spec.whatwg.org/>.
//!
//! These bindings are our own, because `web-sys` has none for WebSocketStream. Attributes and
//! dictionaries are [`Object`]s, whose members are looked up by name.

use wasm_bindgen::prelude::*;

use crate::sys::{Object, Promise};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(extends = Object)]
    pub(crate) type WebSocketStream;

    /// Throws for a code or a reason that is not valid.
    #[wasm_bindgen(method, catch)]
    pub(crate) fn close(this: &WebSocketStream, info: &Object) -> Result<(), JsValue>;

    pub(crate) type ReadableStream;

    #[wasm_bindgen(method, js_name = getReader)]
    pub(crate) fn get_reader(this: &ReadableStream) -> Reader;

    /// A `ReadableStreamDefaultReader`.
    pub(crate) type Reader;

    #[wasm_bindgen(method)]
    pub(crate) fn read(this: &Reader) -> Promise;

    /// What `read()` resolves with: a chunk, or undefined after the last one.
    pub(crate) type ReadResult;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn value(this: &ReadResult) -> JsValue;

    pub(crate) type WritableStream;

    #[wasm_bindgen(method, js_name = getWriter)]
    pub(crate) fn get_writer(this: &WritableStream) -> Writer;

    /// A `WritableStreamDefaultWriter`.
    pub(crate) type Writer;

    #[wasm_bindgen(method)]
    pub(crate) fn write(this: &Writer, chunk: &JsValue) -> Promise;

    #[wasm_bindgen(method)]
    pub(crate) fn abort(this: &Writer, reason: &JsValue) -> Promise;
}
