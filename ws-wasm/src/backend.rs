//! The browser's socket as a backend.

use std::{cell::Cell, fmt};

use wasm_bindgen::{JsCast as _, JsValue};
use ws_core::{Backend, BinaryType, Close, Data, Drained, Error, EventTarget, Failure, Flow, ReadyState};

use crate::{data, error, listener::Listener, sys, timer};

/// The WebSocket of the page or worker the program runs in.
///
/// Nothing is remembered here: each attribute is the one of the JavaScript object at that moment.
///
/// ```
/// # #[cfg(target_arch = "wasm32")]
/// fn connect() -> Result<(), ws_core::Error> {
///     let socket = ws_core::WebSocket::<ws_wasm::Browser>::new("/echo")?;
///     socket.set_onopen(|socket| drop(socket.send("hello")));
///     // A handler that holds the socket keeps it open until it is closed.
///     let handle = socket.clone();
///     socket.set_onclose(move |_, _| drop(handle.ready_state()));
///     Ok(())
/// }
/// ```
pub struct Browser {
    socket: sys::WebSocket,
    /// From `establish()` until the socket is abandoned.
    listener: Cell<Option<Listener>>,
}

impl Browser {
    /// The JavaScript object. Its event handlers, `onopen` and the like, are in use;
    /// `addEventListener` is free.
    pub fn as_js(&self) -> &JsValue {
        &self.socket
    }

    /// Reports the browser's events to a socket of any kind.
    pub(crate) fn listen<B: Backend>(&self, target: EventTarget<B>) {
        self.listener.set(Some(Listener::attach(&self.socket, target)));
    }
}

impl Backend for Browser {
    /// A browser has no settings beyond the standard's.
    type Options = ();

    /// The browser itself checks the arguments, and resolves a relative URL against its page. It
    /// starts to connect at once, but can fire nothing before the program returns to it.
    fn open(url: &str, protocols: &[String], (): ()) -> Result<Self, Error> {
        let socket = sys::WebSocket::interface()
            .and_then(|interface| sys::make(&interface, url, &sequence(protocols)))
            .map_err(error::from_exception)?;
        Ok(Self { socket: socket.unchecked_into(), listener: Cell::new(None) })
    }

    fn establish(&self, target: EventTarget<Self>) {
        self.listen(target);
    }

    fn url(&self) -> String {
        self.socket.text("url")
    }

    fn ready_state(&self) -> ReadyState {
        ReadyState::from_number(self.socket.ready_state()).unwrap_or(ReadyState::Closed)
    }

    fn buffered_amount(&self) -> u64 {
        self.socket.number("bufferedAmount") as u64
    }

    fn extensions(&self) -> String {
        self.socket.text("extensions")
    }

    fn protocol(&self) -> String {
        self.socket.text("protocol")
    }

    fn binary_type(&self) -> BinaryType {
        BinaryType::from_name(&self.socket.text("binaryType")).unwrap_or_default()
    }

    fn set_binary_type(&self, binary_type: BinaryType) {
        self.socket.set("binaryType", &binary_type.as_str().into());
    }

    fn send(&self, data: Data) -> Result<(), Error> {
        let state = self.ready_state();
        if state == ReadyState::Connecting {
            return Err(Error::InvalidState);
        }
        // Done even when the browser throws the message away, because it then counts it in
        // bufferedAmount.
        data::send(&self.socket, &data)?;
        match state {
            ReadyState::Connecting | ReadyState::Open => Ok(()),
            ReadyState::Closing | ReadyState::Closed => Err(Error::Discarded(state)),
        }
    }

    fn close(&self, close: Option<Close>) {
        let close = close.as_ref();
        self.socket.close(close.map(|close| close.code().get()), close.map(Close::reason));
    }

    fn abandon(&self) {
        Listener::detach(&self.socket);
        self.listener.take();
        self.socket.close(None, None);
    }

    /// Always `None`: browsers tell nobody.
    fn failure(&self) -> Option<Failure> {
        None
    }
}

/// The subprotocols as JavaScript has them; undefined if there are none.
pub(crate) fn sequence(protocols: &[String]) -> JsValue {
    match protocols {
        [] => JsValue::UNDEFINED,
        _ => {
            let sequence = sys::Array::new();
            protocols.iter().for_each(|protocol| sequence.push(protocol));
            sequence.into()
        }
    }
}

impl Flow for Browser {
    /// Always false: messages come whether anybody takes them or not.
    fn hold_back(&self, _: bool) -> bool {
        false
    }

    /// The browser does not tell when `bufferedAmount` falls, so it is polled.
    fn drained(&self, left: u64) -> Drained {
        Box::pin(timer::drained(self.socket.clone(), left))
    }

    /// 4 MiB: what has gone out is noticed at least a millisecond late, and in that time a browser
    /// can send 1 MB.
    fn high_water_mark(&self) -> u64 {
        4 << 20
    }
}

impl fmt::Debug for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Browser").field("socket", &self.socket).finish_non_exhaustive()
    }
}
