//! What hears the browser's events: from `establish()` to the `close` event, or until nobody is left to tell.

use std::{
    cell::{Cell, OnceCell},
    rc::{Rc, Weak},
    sync::Arc,
};

use wasm_bindgen::{JsValue, closure::Closure};
use ws_core::{Backend, CloseCode, CloseEvent, EventTarget, MessageEvent, ReadyState, Task};

use crate::{data, sys};

/// One of the browser's event handlers. `Fn`, for a dialog may let one event into the handling of another.
type Listener = Closure<dyn Fn(sys::Event)>;

/// Where a socket keeps its listeners.
pub(crate) type Slot = Cell<Option<Listeners>>;

/// The four event handlers of the browser's socket. Dropping this takes them off the socket and frees them.
///
/// It may be dropped by what a handler calls: one that is running is freed when it returns.
#[must_use = "no event is heard once it is dropped"]
pub(crate) struct Listeners {
    socket: sys::WebSocket,
    /// Owned here, called by the browser.
    _listeners: [Listener; 4],
}

/// Turns the browser's events into tasks.
struct Reporter<B: Backend> {
    target: EventTarget<B>,
    /// The browser refused the connection when it made the object.
    refused: bool,
    /// `error` has been fired.
    failed: Cell<bool>,
    /// The origin of all message events, once there was one.
    origin: OnceCell<Arc<str>>,
    /// Where the listeners are, this reporter's owners.
    slot: Weak<Slot>,
}

impl Listeners {
    /// Makes the socket's events tasks for `target`. The listeners leave `slot` when the last event has been fired.
    pub(crate) fn attach<B: Backend>(socket: &sys::WebSocket, target: EventTarget<B>, slot: &Rc<Slot>) -> Self {
        let reporter = Rc::new(Reporter {
            target,
            refused: socket.ready_state() == ReadyState::Closed as u16,
            failed: Cell::new(false),
            origin: OnceCell::new(),
            slot: Rc::downgrade(slot),
        });
        let listen = |report: fn(&Reporter<B>, &sys::Event)| -> Listener {
            let reporter = Rc::clone(&reporter);
            Closure::own_assert_unwind_safe(move |event: sys::Event| report(&reporter, &event))
        };
        let [open, message, error, close] =
            [Reporter::open, Reporter::message, Reporter::error, Reporter::close].map(listen);
        socket.set_onopen(open.as_js_value());
        socket.set_onmessage(message.as_js_value());
        socket.set_onerror(error.as_js_value());
        socket.set_onclose(close.as_js_value());
        Self { socket: socket.clone(), _listeners: [open, message, error, close] }
    }
}

impl Drop for Listeners {
    fn drop(&mut self) {
        self.socket.set_onopen(&JsValue::NULL);
        self.socket.set_onmessage(&JsValue::NULL);
        self.socket.set_onerror(&JsValue::NULL);
        self.socket.set_onclose(&JsValue::NULL);
    }
}

impl<B: Backend> Reporter<B> {
    fn open(&self, _: &sys::Event) {
        self.target.run(Task::Open);
    }

    fn message(&self, event: &sys::Event) {
        let origin = self.origin.get_or_init(|| event.origin().into());
        self.target.run(Task::Message(MessageEvent::new(data::received(event.data()), Arc::clone(origin))));
    }

    /// The standard fires `error` and `close` in one task, and some browsers in two. Handlers see one on every target: `error`
    /// waits for `close`, which is sure to follow.
    ///
    /// Deviation of Chromium: of a connection that the page's policy forbids it fires `error` alone.
    fn error(&self, _: &sys::Event) {
        self.failed.set(true);
        if self.refused {
            self.end(CloseEvent::abnormal());
        }
    }

    fn close(&self, event: &sys::Event) {
        self.end(CloseEvent::new(event.was_clean(), CloseCode::new(event.code()), event.reason()));
    }

    fn end(&self, event: CloseEvent) {
        self.target.run(Task::Close { failed: self.failed.get(), event });
        if let Some(slot) = self.slot.upgrade() {
            slot.take();
        }
    }
}
