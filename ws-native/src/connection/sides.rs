//! A connection whose two sides are in the hands of two tasks, as a Stream and a Sink.

use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::{Place, Waiters};

use super::Connection;

/// Who waits at the sides.
///
/// A stream, a timer and a shutdown remember one task each, the last that asked. What splits a Stream and Sink without knowing what it
/// is, such as `StreamExt::split` of `futures`, gives its sides to two tasks, and each of them is to hear of what the other has waited
/// for: so they are told to remember both.
#[derive(Debug)]
pub(super) struct Sides {
    reading: Place<Arc<Waiters>>,
    writing: Place<Arc<Waiters>>,
    /// Wakes both.
    waker: Waker,
}

/// A side of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) enum Side {
    Reading,
    Writing,
}

struct Both(Arc<Waiters>);

impl Wake for Both {
    fn wake(self: Arc<Self>) {
        self.0.wake();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.wake();
    }
}

impl Default for Sides {
    fn default() -> Self {
        let waiters = Arc::new(Waiters::new());
        let place = || Place::new(Arc::clone(&waiters));
        Self { reading: place(), writing: place(), waker: Waker::from(Arc::new(Both(Arc::clone(&waiters)))) }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> Connection<T> {
    /// From now on its sides may have a task each.
    pub(super) fn have_sides(&mut self) {
        self.inner.sides.get_or_insert_default();
    }

    /// Polls for the task that has this side, if the sides may have a task each.
    pub(super) fn poll_side<R>(
        &mut self,
        side: Side,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Self, &mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        let Some(mut sides) = self.inner.sides.take() else { return poll(self, cx) };
        let Sides { reading, writing, waker } = &mut *sides;
        let place = match side {
            Side::Reading => reading,
            Side::Writing => writing,
        };
        // The place is taken before the connection is polled, so that what happens meanwhile is not missed.
        let outcome = place.poll(cx, || poll(self, &mut Context::from_waker(waker)));
        self.inner.sides = Some(sides);
        outcome
    }

    /// What either side waits for may have come by what the other has done.
    pub(super) fn wake_sides(&self) {
        if let Some(sides) = &self.inner.sides {
            sides.waker.wake_by_ref();
        }
    }
}
