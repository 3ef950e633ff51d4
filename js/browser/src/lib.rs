//! The browser runtime of the npm package: `isosocket/wasm` is a class of the standard's shape over this one.
//!
//! What it exports, as a caller in JavaScript sees it:
//!
//! ```ts
//! class Socket {
//!   // Throws a DOMException named "SyntaxError". Starts to connect; the listener is called in later tasks only.
//!   constructor(url: string, protocols: string[], listener: Listener);
//!   readonly url: string; readonly readyState: number; readonly bufferedAmount: number;
//!   readonly extensions: string; readonly protocol: string;
//!   binaryType: string;                            // setting it to what is no BinaryType does nothing
//!   send_text(text: string): void;                 // lone surrogates become U+FFFD
//!   send_bytes(bytes: Uint8Array): void;           // copied before the call returns
//!   send_blob(blob: Blob): void;                   // TypeError for anything else
//!                                                  // all three: DOMException "InvalidStateError" while CONNECTING
//!   close(code?: number, reason?: string): void;   // DOMException "InvalidAccessError" or "SyntaxError"
//!   free(): void;                                  // as if the socket had been collected: nothing is heard any more
//! }
//! type Listener =
//!   ((kind: "open") => void) &
//!   ((kind: "message", data: string | ArrayBuffer | Blob, origin: string) => void) &
//!   ((kind: "error") => void) &                    // "close" follows before any other task runs
//!   ((kind: "close", wasClean: boolean, code: number, reason: string) => void);
//! ```
//!
//! Each call of the listener is a task of the WebSocket task source, and every member may be used within it. What it
//! throws is reported as an uncaught exception. The listener is held from the constructor to the end of the "close"
//! call, and what it refers to is kept alive for as long: an object of the interface that has its `Socket`, and that
//! its listener refers to, is collected after its connection is closed and not before.
#![forbid(unsafe_code)]
#![cfg(target_arch = "wasm32")]

use isosocket::{BinaryType, CloseCode, Data, Error, WebSocket};
use js_sys::{Array, Function, Uint8Array};
use wasm_bindgen::prelude::*;
use ws_wasm::JsBlob;

#[wasm_bindgen]
extern "C" {
    type DOMException;

    #[wasm_bindgen(constructor)]
    fn new(message: &str, name: &str) -> DOMException;

    #[wasm_bindgen(js_name = reportError)]
    fn report_error(error: &JsValue);
}

/// One connection.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Socket(WebSocket);

#[wasm_bindgen]
impl Socket {
    /// Starts to connect.
    #[wasm_bindgen(constructor)]
    pub fn new(url: String, protocols: Vec<String>, listener: Function) -> Result<Socket, JsValue> {
        WebSocket::builder(url)
            .protocols(protocols)
            .connect_with(|socket| listen(socket, listener))
            .map(Self)
            .map_err(exception)
    }

    /// The URL, resolved and serialized.
    #[wasm_bindgen(getter)]
    pub fn url(&self) -> String {
        self.0.url()
    }

    /// 0 to 3: CONNECTING, OPEN, CLOSING, CLOSED.
    #[wasm_bindgen(getter, js_name = readyState)]
    pub fn ready_state(&self) -> u16 {
        self.0.ready_state() as u16
    }

    /// The bytes sent and not yet given to the network.
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

    /// How binary messages are handed over: "blob" or "arraybuffer".
    #[wasm_bindgen(getter, js_name = binaryType)]
    pub fn binary_type(&self) -> String {
        self.0.binary_type().as_str().into()
    }

    /// Sets how binary messages are handed over.
    #[wasm_bindgen(setter, js_name = binaryType)]
    pub fn set_binary_type(&self, name: &str) {
        if let Some(binary_type) = BinaryType::from_name(name) {
            self.0.set_binary_type(binary_type);
        }
    }

    /// Sends text.
    pub fn send_text(&self, text: String) -> Result<(), JsValue> {
        self.send(text.into())
    }

    /// Sends bytes.
    pub fn send_bytes(&self, bytes: Vec<u8>) -> Result<(), JsValue> {
        self.send(bytes.into())
    }

    /// Sends a blob.
    pub fn send_blob(&self, blob: JsValue) -> Result<(), JsValue> {
        let blob = JsBlob::try_from(blob).map_err(|_| js_sys::TypeError::new("the data is not a Blob"))?;
        self.send(blob.into())
    }

    /// Starts the closing handshake.
    pub fn close(&self, code: Option<u16>, reason: Option<String>) -> Result<(), JsValue> {
        let reason = reason.unwrap_or_default();
        if code.is_none() && reason.is_empty() {
            self.0.close();
            return Ok(());
        }
        self.0.close_with(code.map_or(CloseCode::NORMAL, CloseCode::new), &reason).map_err(exception)
    }

    fn send(&self, data: Data) -> Result<(), JsValue> {
        match self.0.send(data) {
            // The standard throws nothing when it throws the message away.
            Ok(()) | Err(Error::Discarded(_)) => Ok(()),
            Err(error) => Err(exception(error)),
        }
    }
}

/// Makes each event one call of `listener`.
fn listen(socket: &WebSocket, listener: Function) {
    let call = move |arguments: Array| {
        if let Err(error) = listener.apply(&JsValue::UNDEFINED, &arguments) {
            report_error(&error);
        }
    };
    socket.set_onopen({
        let call = call.clone();
        move |_| call(Array::of1(&"open".into()))
    });
    socket.set_onmessage({
        let call = call.clone();
        move |_, event| call(Array::of3(&"message".into(), &to_js(&event.data), &(*event.origin).into()))
    });
    socket.set_onerror({
        let call = call.clone();
        move |_| call(Array::of1(&"error".into()))
    });
    socket.set_onclose(move |_, event| {
        let (code, reason) = (event.code.get().into(), event.reason.as_str().into());
        call(Array::of4(&"close".into(), &event.was_clean.into(), &code, &reason));
    });
}

/// A received message's data: a string, an `ArrayBuffer` or a `Blob`.
fn to_js(data: &Data) -> JsValue {
    match data {
        Data::Text(text) => JsValue::from_str(text),
        Data::Binary(bytes) => Uint8Array::new_from_slice(bytes).buffer().into(),
        // What a browser receives is always one of its own.
        Data::Blob(blob) => blob.downcast_host::<JsBlob>().map_or(JsValue::NULL, |blob| blob.as_ref().clone()),
    }
}

/// The exception the standard throws for an error.
fn exception(error: Error) -> JsValue {
    DOMException::new(&error.to_string(), error.name().unwrap_or("Error")).into()
}
