//! Waiting for what the browser does not tell.

use std::{
    future::{Future, poll_fn},
    task::{Poll, ready},
};

use ws_core::ReadyState;

use crate::{call::Call, sys};

/// How long the first wait is, in milliseconds, and how long waits get: each is twice as long as
/// the one before it.
const SHORTEST: u32 = 1;
const LONGEST: u32 = 64;

/// Resolves when `bufferedAmount` is no more than `left`: true; or when the connection is closed: false.
pub(crate) fn drained(socket: sys::WebSocket, left: u64) -> impl Future<Output = bool> {
    let mut interval = SHORTEST;
    let mut waiting = None;
    poll_fn(move |context| {
        loop {
            if socket.ready_state() == ReadyState::Closed as u16 {
                return Poll::Ready(false);
            }
            if socket.number("bufferedAmount") as u64 <= left {
                return Poll::Ready(true);
            }
            let call = waiting.get_or_insert_with(|| Call::expect(|function| sys::post_task(function, interval)));
            ready!(call.poll(context));
            waiting = None;
            interval = (interval * 2).min(LONGEST);
        }
    })
}
