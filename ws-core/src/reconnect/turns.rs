//! One thing at a time: sockets and timers may report from several threads.

#[cfg(target_arch = "wasm32")]
use core::marker::PhantomData;

use super::host::Reconnect;
use crate::{Task, WebSocket};

#[cfg(not(target_arch = "wasm32"))]
use {alloc::collections::VecDeque, spin::Mutex};

/// Something to do while nothing else of the same socket is under way.
pub(super) enum Turn {
    /// The socket of a connection runs a task.
    Task { connection: u64, task: Task },
    /// A timer rings.
    Alarm(u64),
    /// The program is asked what to connect this connection to.
    Ask(u64),
}

/// A queue of turns. A thread that comes while a turn is under way leaves its own in the queue, and
/// the thread whose turn it is takes it from there.
#[cfg(not(target_arch = "wasm32"))]
pub(super) struct Turns<B: Reconnect>(Mutex<Queue<B>>);

#[cfg(not(target_arch = "wasm32"))]
struct Queue<B: Reconnect> {
    is_busy: bool,
    /// Each task has the socket that it comes from, which is held back until the task's turn.
    waiting: VecDeque<(Turn, Option<WebSocket<B>>)>,
}

#[cfg(not(target_arch = "wasm32"))]
impl<B: Reconnect> Turns<B> {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Queue { is_busy: false, waiting: VecDeque::new() }))
    }

    /// Gives the turn back if it is to be performed now, before those that [wait](Self::next).
    /// Otherwise it waits, and alarms that are no longer due are removed: a long turn could let any
    /// number of them pile up.
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

    /// The next turn that waits. `None`: there is none, and another thread may enter.
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

/// In a browser there is one thread, and all that comes here comes in a task of its own.
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
