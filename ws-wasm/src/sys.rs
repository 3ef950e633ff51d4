//! The browser's side, as far as it is used: <https://websockets.spec.whatwg.org/#the-websocket-interface>.
//!
//! Own bindings, because those of `web-sys` have `bufferedAmount` as a 32-bit number and know neither of relative URLs
//! nor of a `close()` whose code is `undefined`. Own ones for what JavaScript itself has as well: whoever links `js-sys` has parts of
//! its futures in the program, wanted or not.

use wasm_bindgen::{JsCast as _, prelude::*};

/// What the browser calls. `Fn`, for a dialog may let one event into the handling of another; and one type for all
/// purposes, for each makes the program larger.
pub(crate) type Callback = Closure<dyn Fn(JsValue)>;

#[wasm_bindgen]
extern "C" {
    /// The global object of the page or worker, with its interfaces.
    #[wasm_bindgen(js_name = globalThis)]
    pub(crate) type Global;

    /// It is looked up each time, for a page may have put another in its place.
    #[wasm_bindgen(static_method_of = Global, indexing_getter)]
    pub(crate) fn member(name: &str) -> JsValue;

    /// An option, though there is none without an exception: what a binding returns has a place in a table, and this one has none
    /// if it throws. Otherwise each exception would leave one behind.
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

    /// The interface itself, by the name that it has for the bindings and not as a member of the global object: what is put in its
    /// place may be made of this.
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

    /// The code is clamped by the browser, and `None` is `undefined`: not given.
    #[wasm_bindgen(method)]
    pub(crate) fn close(this: &WebSocket, code: Option<u16>, reason: Option<&str>);

    /// Any of the four events; what a kind does not have is not asked for.
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

    /// Puts bytes in the place of these, of which there are as many.
    #[wasm_bindgen(method)]
    pub(crate) fn set(this: &Uint8Array, bytes: &[u8]);

    /// The view itself. On its way through the bindings it becomes memory of the program, in one call and one copy.
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

    /// Any object. What is seldom asked of one is asked by its name: a binding of its own costs a program more than that.
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

/// Has a function called after so many milliseconds: by the scheduler where there is one, for timers that set timers take 4
/// ms at least.
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
