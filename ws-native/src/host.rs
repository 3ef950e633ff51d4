//! What connecting again needs: the runtime's clock and timers, and randomness.

use std::fmt;
use std::ptr;
use std::time::Duration;

use rand::RngExt as _;
use tokio::runtime::Handle;
use tokio::task::{AbortHandle, yield_now};
use tokio::time::{Instant, sleep};
use ws_core::{Call, Error, Host, Reconnect};

use crate::{Native, runtime};

/// Where a socket that connects again has its timers: in the runtime it was made in, or in the one
/// of the crate's own thread. When that runtime ends, so does the socket, and there is nobody left
/// to tell.
pub struct NativeHost {
    runtime: Handle,
    start: Instant,
}

/// A task that waits until its time has come.
#[derive(Debug)]
pub struct NativeTimer(AbortHandle);

impl Reconnect for Native {
    type Host = NativeHost;

    fn host() -> Result<NativeHost, Error> {
        let runtime = runtime::current().map_err(|error| Error::Host(error.to_string()))?;
        // The runtime's own clock, which tests may pause.
        let start = {
            let _inside = runtime.enter();
            Instant::now()
        };
        Ok(NativeHost { runtime, start })
    }
}

impl Host for NativeHost {
    type Timer = NativeTimer;

    fn now(&self) -> Duration {
        let _inside = self.runtime.enter();
        self.start.elapsed()
    }

    fn chance(&self) -> f64 {
        rand::rng().random()
    }

    fn thread(&self) -> usize {
        thread_local! {
            static HERE: u8 = const { 0 };
        }
        HERE.with(|here| ptr::from_ref(here).addr())
    }

    fn after(&self, delay: Duration, call: Call) -> NativeTimer {
        let task = self.runtime.spawn(async move {
            if delay.is_zero() {
                // Behind what the runtime has to do by now, on each kind of it.
                yield_now().await;
            } else {
                sleep(delay).await;
            }
            call();
        });
        NativeTimer(task.abort_handle())
    }
}

impl Drop for NativeTimer {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl fmt::Debug for NativeHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NativeHost").finish_non_exhaustive()
    }
}
