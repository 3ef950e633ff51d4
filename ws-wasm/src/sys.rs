//! The browser's side, as far as it is used: <https://websockets.spec.whatwg.org/#the-websocket-interface>.
//!
//! These bindings are our own, because in those of `web-sys` `bufferedAmount` is a 32-bit number,
//! and the code of `close()` cannot be `undefined`. There are some for JavaScript's own classes,
//! too: whoever links `js-sys` has parts of its futures in the program, wanted or not.

use wasm_bindgen::{JsCast as _, prelude::*};

/// A function that the browser calls. It is `Fn`, because a dialog may let an event in while
/// another is handled; and it is one type for all purposes, because each further one makes the
/// program larger.
pub(crate) type Callback = Closure<dyn Fn(JsValue)>;

#[wasm_bindgen]
extern "C" {
    /// The global object of the page or worker, with its interfaces.
    #[wasm_bindgen(js_name = globalThis)]
    pub(crate) type Global;

    /// It is looked up each time, because a page may have replaced it.
    #[wasm_bindgen(static_method_of = Global, indexing_getter)]
    pub(crate) fn member(name: &str) -> JsValue;

    /// An `Option`, though it is `None` only if an exception was thrown: a binding reserves a place
    /// in a table for what it returns, and would leave one behind with each exception.
    #[wasm_bindgen(js_namespace = Reflect, catch)]
    fn construct(interface: &JsValue, parameters: &Array) -> Result<Option<Object>, JsValue>;

    pub(crate) type Array;

    #[wasm_bindgen(static_method_of = Array)]
    fn of(first: &str, second: &JsValue) -> Array;

    #[wasm_bindgen(constructor)]
    pub(crate) fn new() -> Array;

    #[wasm_bindgen(method)]
    pub(crate) fn push(this: &Array, text: &str);

    #[derive(Clone, Debug)]
    #[wasm_bindgen(extends = Object)]
    pub(crate) type WebSocket;

    /// The interface itself, by the name that the bindings have for it and not as a member of the
    /// global object: what a page puts in its place may be built on this.
    #[wasm_bindgen(static_method_of = WebSocket, catch, js_name = valueOf)]
    pub(crate) fn interface() -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, getter, js_name = readyState)]
    pub(crate) fn ready_state(this: &WebSocket) -> u16;

    #[wasm_bindgen(method, catch, js_name = send)]
    pub(crate) fn send_text(this: &WebSocket, text: &str) -> Result<(), JsValue>;

    /// The browser reads the bytes out of the program's memory before the call returns.
    #[cfg(not(target_feature = "atomics"))]
    #[wasm_bindgen(method, catch, js_name = send)]
    pub(crate) fn send_bytes(this: &WebSocket, bytes: &[u8]) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = send)]
    pub(crate) fn send_value(this: &WebSocket, value: &JsValue) -> Result<(), JsValue>;

    /// The browser clamps the code; `None` is `undefined`: not given.
    #[wasm_bindgen(method)]
    pub(crate) fn close(this: &WebSocket, code: Option<u16>, reason: Option<&str>);

    /// Any of the four events. Attributes that a kind does not have are not asked for.
    #[wasm_bindgen(extends = Object)]
    pub(crate) type Event;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn data(this: &Event) -> JsValue;

    pub(crate) type ArrayBuffer;

    /// A view of a buffer.
    #[derive(Clone)]
    pub(crate) type Uint8Array;

    #[wasm_bindgen(constructor)]
    pub(crate) fn new(buffer: &ArrayBuffer) -> Uint8Array;

    /// A copy of these bytes, which the browser may keep.
    #[wasm_bindgen(constructor)]
    pub(crate) fn copied(bytes: &[u8]) -> Uint8Array;

    /// Overwrites these bytes with others, of the same number.
    #[wasm_bindgen(method)]
    pub(crate) fn set(this: &Uint8Array, bytes: &[u8]);

    /// The view itself. The bindings turn it into memory of the program, in one call and one copy.
    #[wasm_bindgen(method, js_name = valueOf)]
    pub(crate) fn value_of(this: &Uint8Array) -> Box<[u8]>;

    /// <https://w3c.github.io/FileAPI/#blob-section>
    #[derive(Clone, Debug)]
    #[wasm_bindgen(extends = Object)]
    pub(crate) type Blob;

    #[wasm_bindgen(method, js_name = arrayBuffer)]
    pub(crate) fn array_buffer(this: &Blob) -> Promise;

    pub(crate) type Promise;

    #[wasm_bindgen(method)]
    pub(crate) fn then(this: &Promise, fulfilled: &JsValue, rejected: &JsValue);

    /// <https://html.spec.whatwg.org/#dom-settimeout>
    #[wasm_bindgen(js_name = setTimeout)]
    pub(crate) fn set_timeout(function: &JsValue, milliseconds: u32);

    /// The same, and what stops it.
    #[wasm_bindgen(js_name = setTimeout)]
    pub(crate) fn start_timer(function: &JsValue, milliseconds: u32) -> f64;

    #[wasm_bindgen(js_name = clearTimeout)]
    pub(crate) fn stop_timer(id: f64);

    /// <https://w3c.github.io/hr-time/#dom-performance-now>, in milliseconds.
    #[wasm_bindgen(js_namespace = performance)]
    pub(crate) fn now() -> f64;

    #[wasm_bindgen(js_namespace = Math)]
    pub(crate) fn random() -> f64;

    /// <https://wicg.github.io/scheduling-apis/#scheduler>
    type Scheduler;

    #[wasm_bindgen(method, js_name = postTask)]
    fn post_task(this: &Scheduler, task: &JsValue, options: &Object);

    /// Any object. Members that are seldom used are looked up by name: a binding for each would
    /// cost a program more.
    #[derive(Clone, Debug)]
    pub(crate) type Object;

    #[wasm_bindgen(constructor)]
    pub(crate) fn new() -> Object;

    #[wasm_bindgen(method, indexing_getter)]
    pub(crate) fn get(this: &Object, name: &str) -> JsValue;

    /// A number, or a boolean as 0 or 1.
    #[wasm_bindgen(method, indexing_getter)]
    pub(crate) fn number(this: &Object, name: &str) -> f64;

    #[wasm_bindgen(method, js_name = addEventListener)]
    pub(crate) fn add_event_listener(this: &Object, name: &str, listener: &JsValue);

    #[wasm_bindgen(method, js_name = removeEventListener)]
    pub(crate) fn remove_event_listener(this: &Object, name: &str, listener: &JsValue);

    #[wasm_bindgen(method, indexing_setter)]
    pub(crate) fn set(this: &Object, name: &str, value: &JsValue);
}

/// Has a function called after this many milliseconds: by the scheduler where there is one, because
/// timers that set timers take at least 4 ms.
pub(crate) fn post_task(task: &JsValue, milliseconds: u32) {
    let scheduler = Global::member("scheduler");
    if scheduler.is_object() && scheduler.unchecked_ref::<Object>().get("postTask").is_function() {
        let options = Object::new();
        options.set("delay", &milliseconds.into());
        scheduler.unchecked_ref::<Scheduler>().post_task(task, &options);
    } else {
        set_timeout(task, milliseconds);
    }
}

/// An object of this interface.
pub(crate) fn make(interface: &JsValue, first: &str, second: &JsValue) -> Result<Object, JsValue> {
    construct(interface, &Array::of(first, second))?.ok_or(JsValue::UNDEFINED)
}

impl Object {
    /// A text; empty if there is none.
    pub(crate) fn text(&self, name: &str) -> String {
        self.get(name).as_string().unwrap_or_default()
    }
}
