//! What connecting again needs from a host.

use alloc::boxed::Box;
use core::time::Duration;

use crate::{Error, Flow, MaybeSend, MaybeSync};

/// A backend whose host has what connecting again needs.
pub trait Reconnect: Flow<Options: Clone + MaybeSend + MaybeSync> + MaybeSend + MaybeSync {
    /// Where timers are.
    type Host: Host;

    /// The host of the caller.
    ///
    /// # Errors
    /// [`Error::Host`] if there can be none.
    fn host() -> Result<Self::Host, Error>;
}

/// A clock, timers and randomness, which `ws-core` does not have.
pub trait Host: MaybeSend + MaybeSync + 'static {
    /// A call to come. Dropped, it is cancelled, unless it is already running.
    type Timer: MaybeSend + MaybeSync;

    /// The time since some moment. It does not go back.
    fn now(&self) -> Duration;

    /// A number from 0 to less than 1, at random.
    fn chance(&self) -> f64;

    /// Which thread this is, by a number that no other thread has at the same time. Always the same
    /// where there is only one.
    fn thread(&self) -> usize {
        0
    }

    /// Calls back once after this delay, however short it is, in a task of its own.
    fn after(&self, delay: Duration, call: Call) -> Self::Timer;

    /// Calls back, as long as the host lives, whenever it is worth looking at once instead of
    /// waiting for a timer, which may have slept with the device. A host may have no such signs.
    fn on_wake(&mut self, call: WakeCall) {
        drop(call);
    }
}

/// What is called when a timer rings.
#[cfg(not(target_arch = "wasm32"))]
pub type Call = Box<dyn FnOnce() + Send>;
/// What is called when a timer rings.
#[cfg(target_arch = "wasm32")]
pub type Call = Box<dyn FnOnce()>;

/// What is called when the device is awake.
#[cfg(not(target_arch = "wasm32"))]
pub type WakeCall = Box<dyn Fn() + Send + Sync>;
/// What is called when the device is awake.
#[cfg(target_arch = "wasm32")]
pub type WakeCall = Box<dyn Fn()>;
