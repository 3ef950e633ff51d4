//! Hears the browser's events, from `establish()` to the `close` event, or until nobody is left to
//! tell.

use std::{cell::Cell, sync::Arc};

use wasm_bindgen::{JsCast as _, JsValue};
use ws_core::{Backend, CloseCode, CloseEvent, Data, EventTarget, MessageEvent, Task};

use crate::{
    JsBlob, data,
    sys::{self, Callback},
};

/// The listener of a socket's four events: it is called for each.
///
/// It may be dropped while it runs, and is then freed when it returns.
pub(crate) struct Listener {
    /// Owned here, called by the browser.
    _callback: Callback,
}

/// Turns the browser's events into tasks.
struct Reporter<B: Backend> {
    socket: sys::WebSocket,
    target: EventTarget<B>,
    /// `open` has been fired.
    opened: Cell<bool>,
    /// `error` has been fired.
    failed: Cell<bool>,
    /// The origin of all message events, once there was one.
    origin: Cell<Option<Arc<str>>>,
}

impl Listener {
    /// Makes tasks for `target` of the socket's events. The listener has to be detached before it
    /// is dropped.
    pub(crate) fn attach<B: Backend>(socket: &sys::WebSocket, target: EventTarget<B>) -> Self {
        let reporter = Reporter {
            socket: socket.clone(),
            target,
            opened: Cell::new(false),
            failed: Cell::new(false),
            origin: Cell::new(None),
        };
        let callback = Callback::own_assert_unwind_safe(move |event: JsValue| reporter.report(event.unchecked_ref()));
        set_handlers(socket, callback.as_js_value());
        Self { _callback: callback }
    }

    /// Takes the listener off the socket, which then no longer calls it.
    pub(crate) fn detach(socket: &sys::WebSocket) {
        set_handlers(socket, &JsValue::NULL);
    }
}

fn set_handlers(socket: &sys::WebSocket, handler: &JsValue) {
    for name in ["onopen", "onmessage", "onerror", "onclose"] {
        socket.set(name, handler);
    }
}

impl<B: Backend> Reporter<B> {
    /// Only message events have data, which tells most of them: the others are asked for their
    /// type.
    fn report(&self, event: &sys::Event) {
        match data::received(event.data()) {
            Ok(data) => self.message(event, data),
            Err(other) => match event.text("type").as_str() {
                "open" => self.open(),
                "error" => self.error(),
                "close" => self.close(event),
                _ => self.message(event, JsBlob(other.unchecked_into()).into()),
            },
        }
    }

    fn open(&self) {
        self.opened.set(true);
        self.target.run(Task::Open);
    }

    fn message(&self, event: &sys::Event, data: Data) {
        let origin = self.origin.take().unwrap_or_else(|| event.text("origin").into());
        self.origin.set(Some(Arc::clone(&origin)));
        self.target.run(Task::Message(MessageEvent::new(data, origin)));
    }

    /// The standard fires `error` and `close` in one task, but some browsers take two. Here it is
    /// one on every target: once the connection was open, `error` waits for `close`, which is sure
    /// to follow. Before that, `error` says everything, and is the end.
    ///
    /// Deviation of Chromium and WebKit: for a connection that they refuse they fire only `error`.
    ///
    /// Deviation of Firefox: the `close` that follows a failure of TLS has the code 1015. It is not
    /// heard, for "In all of these cases, the WebSocket connection close code would be 1006".
    fn error(&self) {
        self.failed.set(true);
        if !self.opened.get() {
            self.end(CloseEvent::abnormal());
        }
    }

    fn close(&self, event: &sys::Event) {
        self.end(CloseEvent::new(
            event.number("wasClean") != 0.0,
            CloseCode::new(event.number("code") as u16),
            event.text("reason"),
        ));
    }

    fn end(&self, event: CloseEvent) {
        self.target.run(Task::Close { failed: self.failed.get(), event });
        Listener::detach(&self.socket);
    }
}
