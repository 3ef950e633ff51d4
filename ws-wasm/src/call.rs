//! A function that the browser calls once, as something to wait for.

use std::{
    cell::Cell,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use wasm_bindgen::JsValue;

use crate::sys::Callback;

/// Waits for a function to be called by the browser, and for the value it is called with.
pub(crate) struct Call(Rc<Called>);

#[derive(Default)]
struct Called {
    value: Cell<Option<JsValue>>,
    waker: Cell<Option<Waker>>,
    /// The function. It owns the call in turn, until the browser has called it: that may still
    /// happen when nobody waits any more.
    callback: Cell<Option<Callback>>,
}

impl Call {
    /// Gives out a function that will certainly be called.
    pub(crate) fn expect(give: impl FnOnce(&JsValue)) -> Self {
        let call = Rc::new(Called::default());
        let called = Rc::clone(&call);
        let callback = Callback::own_assert_unwind_safe(move |value| called.call(value));
        give(callback.as_js_value());
        call.callback.set(Some(callback));
        Self(call)
    }

    /// What the function was called with; this is said once.
    pub(crate) fn poll(&self, context: &Context<'_>) -> Poll<JsValue> {
        match self.0.value.take() {
            Some(value) => Poll::Ready(value),
            None => {
                self.0.waker.set(Some(context.waker().clone()));
                Poll::Pending
            }
        }
    }
}

impl Drop for Call {
    /// Nobody is to be woken any more.
    fn drop(&mut self) {
        self.0.waker.take();
    }
}

impl Called {
    fn call(&self, value: JsValue) {
        self.value.set(Some(value));
        let waker = self.waker.take();
        self.callback.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}
