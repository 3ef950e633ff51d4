//! Waiting for what the browser does not tell.

use std::time::Duration;

use gloo_timers::future::sleep;
use ws_core::ReadyState;

use crate::sys;

/// How long the first wait is, and how long they get: each is twice the one before it.
const SHORTEST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_millis(64);

/// Resolves when `bufferedAmount` is no more than `left`: true; or when the connection is closed: false.
pub(crate) async fn drained(socket: sys::WebSocket, left: u64) -> bool {
    let mut interval = SHORTEST;
    while socket.ready_state() != ReadyState::Closed as u16 {
        if socket.number("bufferedAmount") as u64 <= left {
            return true;
        }
        sleep(interval).await;
        interval = (interval * 2).min(LONGEST);
    }
    false
}
