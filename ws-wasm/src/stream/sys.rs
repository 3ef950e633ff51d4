//! The browser's side: <https://github.com/whatwg/websockets/pull/48> and <https://streams.spec.whatwg.org/>.
//!
//! Own bindings, because `web-sys` has none of WebSocketStream.

use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;

use crate::sys::Promise as Settled;

#[wasm_bindgen]
extern "C" {
    /// The constructor, if this browser has it.
    #[wasm_bindgen(thread_local_v2, js_name = WebSocketStream)]
    pub(crate) static CONSTRUCTOR: Option<JsValue>;

    #[derive(Clone, Debug)]
    pub(crate) type WebSocketStream;

    #[wasm_bindgen(constructor, catch)]
    pub(crate) fn new(url: &str, options: &Dictionary) -> Result<WebSocketStream, JsValue>;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn url(this: &WebSocketStream) -> String;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn opened(this: &WebSocketStream) -> Settled;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn closed(this: &WebSocketStream) -> Settled;

    #[wasm_bindgen(method, catch)]
    pub(crate) fn close(this: &WebSocketStream, info: &Dictionary) -> Result<(), JsValue>;

    /// A dictionary: `WebSocketStreamOptions`, `WebSocketOpenInfo`, `WebSocketCloseInfo` or what `read()` resolves with; and
    /// a `WebSocketError`, which has the members of `WebSocketCloseInfo`.
    #[wasm_bindgen(js_name = Object)]
    pub(crate) type Dictionary;

    #[wasm_bindgen(constructor, js_class = Object)]
    pub(crate) fn empty() -> Dictionary;

    #[wasm_bindgen(method, setter, js_class = Object)]
    pub(crate) fn set_protocols(this: &Dictionary, protocols: &Array);

    #[wasm_bindgen(method, setter, js_class = Object, js_name = closeCode)]
    pub(crate) fn set_close_code(this: &Dictionary, code: u16);

    #[wasm_bindgen(method, setter, js_class = Object)]
    pub(crate) fn set_reason(this: &Dictionary, reason: &str);

    #[wasm_bindgen(method, getter, js_class = Object)]
    pub(crate) fn readable(this: &Dictionary) -> ReadableStream;

    #[wasm_bindgen(method, getter, js_class = Object)]
    pub(crate) fn writable(this: &Dictionary) -> WritableStream;

    #[wasm_bindgen(method, getter, js_class = Object)]
    pub(crate) fn protocol(this: &Dictionary) -> String;

    #[wasm_bindgen(method, getter, js_class = Object)]
    pub(crate) fn extensions(this: &Dictionary) -> String;

    #[wasm_bindgen(method, getter, js_class = Object)]
    pub(crate) fn done(this: &Dictionary) -> bool;

    #[wasm_bindgen(method, getter, js_class = Object)]
    pub(crate) fn value(this: &Dictionary) -> JsValue;

    #[wasm_bindgen(method, getter, js_class = Object, js_name = closeCode)]
    pub(crate) fn close_code(this: &Dictionary) -> Option<u16>;

    #[wasm_bindgen(method, getter, js_class = Object)]
    pub(crate) fn reason(this: &Dictionary) -> Option<String>;

    pub(crate) type ReadableStream;

    #[wasm_bindgen(method, js_name = getReader)]
    pub(crate) fn get_reader(this: &ReadableStream) -> Reader;

    /// A `ReadableStreamDefaultReader`.
    pub(crate) type Reader;

    #[wasm_bindgen(method)]
    pub(crate) fn read(this: &Reader) -> Settled;

    pub(crate) type WritableStream;

    #[wasm_bindgen(method, js_name = getWriter)]
    pub(crate) fn get_writer(this: &WritableStream) -> Writer;

    /// A `WritableStreamDefaultWriter`.
    pub(crate) type Writer;

    #[wasm_bindgen(method)]
    pub(crate) fn write(this: &Writer, chunk: &JsValue) -> Promise;

    #[wasm_bindgen(method)]
    pub(crate) fn abort(this: &Writer) -> Promise;

    /// <https://url.spec.whatwg.org/#url-class>
    #[wasm_bindgen(js_name = URL)]
    pub(crate) type Url;

    #[wasm_bindgen(constructor, js_class = URL, catch)]
    pub(crate) fn parse(url: &str) -> Result<Url, JsValue>;

    #[wasm_bindgen(method, getter, js_class = URL)]
    pub(crate) fn origin(this: &Url) -> String;
}
