//! Who waits for a connection that several tasks share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Wake;

use ws_core::Waiters;

/// The place of a task that may wait. Dropping it frees the place.
pub(super) type Place = ws_core::Place<Arc<Waiters>>;

/// Wakes the tasks that wait for the connection.
///
/// A transport remembers one task for reading and one for writing: the last that asked, which may
/// be that of either half. So it is given a waker that wakes all tasks, and whatever happens, all
/// of them look again.
///
/// A waker may be anybody's code and use the halves: nobody is woken while the connection is
/// locked.
#[derive(Debug)]
pub(super) struct Waking {
    waiters: Arc<Waiters>,
    /// The connection is polled, and so it is locked.
    polled: AtomicBool,
    /// All are to be woken.
    wanted: AtomicBool,
}

/// The connection is polled while this is there.
pub(super) struct Polled<'a>(&'a Waking);

impl Waking {
    /// Nobody waits.
    pub(super) fn new() -> Self {
        let (polled, wanted) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { waiters: Arc::new(Waiters::new()), polled, wanted }
    }

    pub(super) fn place(&self) -> Place {
        Place::new(Arc::clone(&self.waiters))
    }

    /// The connection is locked and polled until the guard is dropped. Nobody is woken meanwhile;
    /// [`wake_late`](Self::wake_late) does that afterwards.
    pub(super) fn poll(&self) -> Polled<'_> {
        self.polled.store(true, Ordering::SeqCst);
        Polled(self)
    }

    /// Wakes those who should have been woken while the connection was polled. To be called when it
    /// is no longer locked.
    pub(super) fn wake_late(&self) {
        if self.wanted.swap(false, Ordering::SeqCst) {
            self.waiters.wake();
        }
    }
}

impl Drop for Polled<'_> {
    fn drop(&mut self) {
        self.0.polled.store(false, Ordering::SeqCst);
    }
}

impl Wake for Waking {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Whoever polls first clears `polled` and then looks at `wanted`, which is set before
        // `polled` is read here: so one of the two sees the other.
        self.wanted.store(true, Ordering::SeqCst);
        if !self.polled.load(Ordering::SeqCst) {
            self.wake_late();
        }
    }
}
