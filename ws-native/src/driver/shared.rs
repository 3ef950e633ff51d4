//! What the handles of a socket and its driver share.

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};
use std::time::Duration;

use tokio::sync::Notify;
use ws_core::ReadyState;

use crate::session::Session;

/// A session, shared by the socket's handles and its driver. Nobody is woken while it is locked: a waker may be anybody's code.
#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    /// Tells those who wait until less is left to be written.
    progress: Notify,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) session: Session,
    pub(super) holding: Holding,
    /// Wakes the driver: the waker of its last wait, unless it was used since.
    waker: Option<Waker>,
}

/// Whether messages are held back: then none is given out, and once there is one nothing more is
/// received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holding {
    Nothing,
    /// Until the connection fails, which is told at once; what was held back is lost.
    UntilFailure,
    /// Until the connection fails, which is told when they have been given out.
    BeforeFailure,
}

impl Shared {
    pub(crate) fn new(session: Session) -> Arc<Self> {
        let state = State { session, holding: Holding::Nothing, waker: None };
        Arc::new(Self { state: Mutex::new(state), progress: Notify::new() })
    }

    /// Looks at the session.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // A panic cannot leave the session half changed: no foreign code runs while it is locked.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the session, and wakes the driver if it waits.
    pub(crate) fn with<R>(&self, change: impl FnOnce(&mut Session) -> R) -> R {
        self.change(|state| change(&mut state.session))
    }

    pub(crate) fn hold(&self, holding: Holding) {
        self.change(|state| state.holding = holding);
    }

    fn change<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.lock();
        let result = change(&mut state);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        result
    }

    /// Waits until no more than this many bytes are left to be written: true. Or none ever will be: false.
    pub(crate) async fn written(&self, left: u64) -> bool {
        loop {
            let mut progress = pin!(self.progress.notified());
            progress.as_mut().enable();
            {
                let session = &self.lock().session;
                if session.connection_is_closed() {
                    return false;
                }
                // If something was thrown away, the outcome is known only when the connection is
                // closed.
                if session.unwritten() <= left && !session.has_discarded() {
                    return true;
                }
            }
            progress.await;
        }
    }

    /// Has those who wait for something to be written look again.
    pub(crate) fn tell_writers(&self) {
        self.progress.notify_waiters();
    }
}

impl State {
    /// The driver waits. Gives the waker that is replaced: it may be the last owner of anything,
    /// and has to be dropped when nothing is locked.
    #[must_use]
    pub(super) fn wait(&mut self, cx: &Context<'_>) -> Option<Waker> {
        match &self.waker {
            Some(waker) if waker.will_wake(cx.waker()) => None,
            _ => self.waker.replace(cx.waker().clone()),
        }
    }

    /// The driver never waits again. Gives its waker, as [`wait`](Self::wait) does.
    #[must_use]
    pub(super) fn stop_waiting(&mut self) -> Option<Waker> {
        self.waker.take()
    }

    /// Whether there is a message that is to be held back. A socket that closes holds none back: it
    /// looks at what comes after them.
    pub(super) fn holds_message(&mut self, now: Duration) -> bool {
        if self.holding == Holding::Nothing || self.session.ready_state() != ReadyState::Open {
            return false;
        }
        if self.session.has_failed() {
            // The messages that are lost with the connection.
            while self.holding == Holding::UntilFailure && self.session.next_is_message(now) {
                self.session.discard_message();
            }
            return false;
        }
        self.session.next_is_message(now)
    }
}
