//! What connecting again needs: the browser's clock and timers, its signs that it is worth looking
//! at once, and randomness.

use std::{cell::Cell, fmt, time::Duration};

use wasm_bindgen::{JsCast as _, JsValue};
use ws_core::{Call, Error, Host, Reconnect, WakeCall};

use crate::{
    Browser,
    sys::{self, Callback, Global, Object},
};

/// The longest delay of a timer, in milliseconds: with a longer one it would ring at once.
const LONGEST: u128 = i32::MAX as u128;

/// Where a socket that connects again has its timers: in its page or worker.
pub struct BrowserHost {
    _waking: Option<Waking>,
}

impl Reconnect for Browser {
    type Host = BrowserHost;

    /// A worklet has no timers.
    fn host() -> Result<BrowserHost, Error> {
        if Global::member("setTimeout").is_undefined() {
            return Err(Error::Host("setTimeout is not defined".into()));
        }
        Ok(BrowserHost { _waking: None })
    }
}

impl Host for BrowserHost {
    type Timer = BrowserTimer;

    fn now(&self) -> Duration {
        Duration::from_micros((sys::now() * 1000.0) as u64)
    }

    fn chance(&self) -> f64 {
        sys::random()
    }

    fn after(&self, delay: Duration, call: Call) -> BrowserTimer {
        BrowserTimer::start(delay.as_millis().min(LONGEST) as u32, call)
    }

    fn on_wake(&mut self, call: WakeCall) {
        self._waking = Some(Waking::listen(call));
    }
}

/// A timer, until it rings or is dropped. The function that it calls may drop it: the function is
/// freed when it returns.
pub struct BrowserTimer {
    id: f64,
    /// Owned here, called by the browser.
    _callback: Callback,
}

impl BrowserTimer {
    fn start(milliseconds: u32, call: Call) -> Self {
        let call = Cell::new(Some(call));
        let callback = Callback::own_assert_unwind_safe(move |_| {
            if let Some(call) = call.take() {
                call();
            }
        });
        Self { id: sys::start_timer(callback.as_js_value(), milliseconds), _callback: callback }
    }
}

impl Drop for BrowserTimer {
    fn drop(&mut self) {
        sys::stop_timer(self.id);
    }
}

/// Hears when there is a network again, and when the page is visible again.
struct Waking {
    callback: Callback,
    /// The objects that fire the events, and the events' names. A worker has no document.
    targets: Vec<(Object, &'static str)>,
}

impl Waking {
    fn listen(call: WakeCall) -> Self {
        let callback = Callback::own_assert_unwind_safe(move |event: JsValue| {
            if event.unchecked_ref::<Object>().text("type") == "online" || is_seen() {
                call();
            }
        });
        let targets: Vec<(Object, _)> = [("globalThis", "online"), ("document", "visibilitychange")]
            .into_iter()
            .map(|(target, event)| (Global::member(target), event))
            .filter(|(target, _)| target.is_object())
            .map(|(target, event)| (target.unchecked_into::<Object>(), event))
            // Not every host has events.
            .filter(|(target, _)| target.get("addEventListener").is_function())
            .collect();
        targets.iter().for_each(|(target, event)| target.add_event_listener(event, callback.as_js_value()));
        Self { callback, targets }
    }
}

impl Drop for Waking {
    fn drop(&mut self) {
        let callback = self.callback.as_js_value();
        self.targets.iter().for_each(|(target, event)| target.remove_event_listener(event, callback));
    }
}

/// Whether the page is seen.
fn is_seen() -> bool {
    Global::member("document").unchecked_ref::<Object>().text("visibilityState") == "visible"
}

impl fmt::Debug for BrowserHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrowserHost").finish_non_exhaustive()
    }
}

impl fmt::Debug for BrowserTimer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrowserTimer").field("id", &self.id).finish_non_exhaustive()
    }
}
