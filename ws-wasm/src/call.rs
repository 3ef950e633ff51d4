//! What the browser calls once, as something to wait for.

use std::{
    cell::Cell,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use wasm_bindgen::JsValue;

use crate::sys::Callback;

/// A function for the browser to call, and the value it is called with.
#[derive(Default)]
pub(crate) struct Call {
    value: Cell<Option<JsValue>>,
    waker: Cell<Option<Waker>>,
    /// The function. It owns the call in turn, until the browser is done: dropped by whom waits, it may still be called.
    callback: Cell<Option<Callback>>,
}

impl Call {
    /// Gives a function out, which is called for sure.
    pub(crate) fn expect(give: impl FnOnce(&JsValue)) -> Rc<Self> {
        let call = Rc::new(Self::default());
        let called = Rc::clone(&call);
        let callback = Callback::own_assert_unwind_safe(move |value| called.call(value));
        give(callback.as_js_value());
        call.callback.set(Some(callback));
        call
    }

    /// What the function was called with; this is said once.
    pub(crate) fn poll(&self, context: &Context<'_>) -> Poll<JsValue> {
        match self.value.take() {
            Some(value) => Poll::Ready(value),
            None => {
                self.waker.set(Some(context.waker().clone()));
                Poll::Pending
            }
        }
    }

    fn call(&self, value: JsValue) {
        self.value.set(Some(value));
        let waker = self.waker.take();
        self.callback.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}
