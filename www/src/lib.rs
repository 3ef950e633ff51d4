//! The workbench's Rust half: a socket of the facade, made usable for the page's own code.
//!
//! The page hands in an object with the methods `open()`, `message(data)`, `error()` and
//! `close(code, reason, wasClean)`, and is told each event by one of them. `data` is a string, a `Uint8Array` or a
//! `Blob`.
//!
//! The twin of `js/browser`, with an object as listener, `Uint8Array`s and plain `Error`s: the workbench shows the facade
//! itself.
#![forbid(unsafe_code)]
#![cfg(target_arch = "wasm32")]

use isosocket::{BinaryType, CloseCode, Data, WebSocket};
use js_sys::{Error, Uint8Array};
use wasm_bindgen::prelude::*;
use ws_wasm::JsBlob;

#[wasm_bindgen]
extern "C" {
    /// The page's side of a socket.
    #[derive(Clone)]
    pub type Listener;

    #[wasm_bindgen(method)]
    fn open(this: &Listener);

    #[wasm_bindgen(method)]
    fn message(this: &Listener, data: JsValue);

    #[wasm_bindgen(method)]
    fn error(this: &Listener);

    #[wasm_bindgen(method)]
    fn close(this: &Listener, code: u16, reason: &str, was_clean: bool);
}

/// A WebSocket of the Rust facade.
#[wasm_bindgen]
#[derive(Debug)]
pub struct RustSocket(WebSocket);

#[wasm_bindgen]
impl RustSocket {
    /// Makes the socket, registers the page's listener and starts to connect.
    #[wasm_bindgen(constructor)]
    pub fn new(url: String, protocols: Vec<String>, listener: Listener) -> Result<RustSocket, JsValue> {
        WebSocket::builder(url)
            .protocols(protocols)
            .connect_with(|socket| listen(socket, &listener))
            .map(Self)
            .map_err(exception)
    }

    /// The URL it connects to.
    #[wasm_bindgen(getter)]
    pub fn url(&self) -> String {
        self.0.url()
    }

    /// The state's number, as in JavaScript.
    #[wasm_bindgen(getter, js_name = readyState)]
    pub fn ready_state(&self) -> u16 {
        self.0.ready_state() as u16
    }

    /// The bytes that wait to be sent.
    #[wasm_bindgen(getter, js_name = bufferedAmount)]
    pub fn buffered_amount(&self) -> f64 {
        self.0.buffered_amount() as f64
    }

    /// The extensions in use.
    #[wasm_bindgen(getter)]
    pub fn extensions(&self) -> String {
        self.0.extensions()
    }

    /// The subprotocol in use.
    #[wasm_bindgen(getter)]
    pub fn protocol(&self) -> String {
        self.0.protocol()
    }

    /// Sets how binary messages are handed over: "blob" or "arraybuffer". Anything else does nothing.
    #[wasm_bindgen(js_name = setBinaryType)]
    pub fn set_binary_type(&self, name: &str) {
        if let Some(binary_type) = BinaryType::from_name(name) {
            self.0.set_binary_type(binary_type);
        }
    }

    /// Sends text.
    #[wasm_bindgen(js_name = sendText)]
    pub fn send_text(&self, text: String) -> Result<(), JsValue> {
        self.send(text)
    }

    /// Sends bytes.
    #[wasm_bindgen(js_name = sendBytes)]
    pub fn send_bytes(&self, bytes: Vec<u8>) -> Result<(), JsValue> {
        self.send(bytes)
    }

    /// Sends a file, without reading it here.
    #[wasm_bindgen(js_name = sendBlob)]
    pub fn send_blob(&self, blob: JsValue) -> Result<(), JsValue> {
        self.send(JsBlob::try_from(blob)?)
    }

    /// Closes with what is given: nothing, a code, a reason or both.
    pub fn close(&self, code: Option<u16>, reason: Option<String>) -> Result<(), JsValue> {
        let reason = reason.unwrap_or_default();
        if code.is_none() && reason.is_empty() {
            self.0.close();
            return Ok(());
        }
        self.0.close_with(code.map_or(CloseCode::NORMAL, CloseCode::new), &reason).map_err(exception)
    }

    fn send(&self, data: impl Into<Data>) -> Result<(), JsValue> {
        match self.0.send(data) {
            // A socket that closes counts the message and drops it; the page sees that by the state.
            Ok(()) | Err(isosocket::Error::Discarded(_)) => Ok(()),
            Err(error) => Err(exception(error)),
        }
    }
}

fn listen(socket: &WebSocket, listener: &Listener) {
    let page = listener.clone();
    socket.set_onopen(move |_| page.open());
    let page = listener.clone();
    socket.set_onmessage(move |_, event| {
        page.message(match &event.data {
            Data::Text(text) => JsValue::from_str(text),
            Data::Binary(bytes) => Uint8Array::new_from_slice(bytes).into(),
            Data::Blob(blob) => blob.downcast_host::<JsBlob>().map_or(JsValue::NULL, |blob| blob.as_ref().clone()),
        });
    });
    let page = listener.clone();
    socket.set_onerror(move |_| page.error());
    let page = listener.clone();
    socket.set_onclose(move |_, event| page.close(event.code.get(), &event.reason, event.was_clean));
}

/// An `Error` that goes by the standard's name for it.
fn exception(error: isosocket::Error) -> JsValue {
    let exception = Error::new(&error.to_string());
    exception.set_name(error.name().unwrap_or("Error"));
    exception.into()
}
