//! One thing at a time: what sockets and timers have to say comes from several threads where a program has them.

#[cfg(target_arch = "wasm32")]
use core::marker::PhantomData;

use super::host::Reconnect;
use crate::{Task, WebSocket};

#[cfg(not(target_arch = "wasm32"))]
use {alloc::collections::VecDeque, spin::Mutex};

/// What is to be done, with nothing else of the same socket under way.
pub(super) enum Turn {
    /// The socket of a connection runs a task.
    Task { connection: u64, task: Task },
    /// A timer rings.
    Alarm(u64),
    /// The program is asked what to connect this connection to.
    Ask(u64),
}

/// Whoever comes while a turn is under way leaves his own to the one whose turn it is.
#[cfg(not(target_arch = "wasm32"))]
pub(super) struct Turns<B: Reconnect>(Mutex<Queue<B>>);

#[cfg(not(target_arch = "wasm32"))]
struct Queue<B: Reconnect> {
    is_busy: bool,
    /// A task is with the socket that it comes of, which is held back until then.
    waiting: VecDeque<(Turn, Option<WebSocket<B>>)>,
}

#[cfg(not(target_arch = "wasm32"))]
impl<B: Reconnect> Turns<B> {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Queue { is_busy: false, waiting: VecDeque::new() }))
    }

    /// Gives a turn back that is to be performed now, and then those that are [left](Self::next). Alarms that are not due any more,
    /// of which there may be any number while a turn takes long, are not left.
    pub(super) fn enter(&self, turn: Turn, of: Option<&WebSocket<B>>, is_due: impl Fn(u64) -> bool) -> Option<Turn> {
        let mut queue = self.0.lock();
        if queue.is_busy {
            if let Some(socket) = of {
                socket.backend().hold_back(true);
            }
            queue.waiting.push_back((turn, of.cloned()));
            queue.waiting.retain(|(turn, _)| !matches!(turn, Turn::Alarm(id) if !is_due(*id)));
            return None;
        }
        queue.is_busy = true;
        Some(turn)
    }

    /// A turn that was left, or nothing: then another may enter.
    pub(super) fn next(&self) -> Option<Turn> {
        let mut queue = self.0.lock();
        let next = queue.waiting.pop_front();
        queue.is_busy = next.is_some();
        drop(queue);
        next.map(|(turn, of)| {
            if let Some(socket) = of {
                socket.backend().hold_back(false);
            }
            turn
        })
    }
}

/// In a browser all is of one thread, and what comes here are tasks of their own.
#[cfg(target_arch = "wasm32")]
pub(super) struct Turns<B: Reconnect>(PhantomData<B>);

#[cfg(target_arch = "wasm32")]
impl<B: Reconnect> Turns<B> {
    pub(super) fn new() -> Self {
        Self(PhantomData)
    }

    pub(super) fn enter(&self, turn: Turn, _: Option<&WebSocket<B>>, _: impl Fn(u64) -> bool) -> Option<Turn> {
        Some(turn)
    }

    pub(super) fn next(&self) -> Option<Turn> {
        None
    }
}
