//! Who waits for a connection that several tasks have.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Wake;

use ws_core::Waiters;

/// The place of one that may wait. Dropped, it is forgotten.
pub(super) type Place = ws_core::Place<Arc<Waiters>>;

/// Wakes the tasks that wait for the connection.
///
/// A transport remembers one task for reading and one for writing, the last that asked, and either half may be that. So it
/// is told to remember all of them, and whatever happens, all look again.
///
/// A waker is somebody's code, which may use the halves: nobody is woken by who has locked the connection.
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

    /// The connection, which is locked, is polled. Nobody is woken meanwhile, but by [`wake_late`](Self::wake_late)
    /// afterwards.
    pub(super) fn poll(&self) -> Polled<'_> {
        self.polled.store(true, Ordering::SeqCst);
        Polled(self)
    }

    /// Wakes those who were to be woken while the connection was polled. It is not locked any more.
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
        // Who polls says first that it is over and then looks whether this is wanted: so one of the two sees the other.
        self.wanted.store(true, Ordering::SeqCst);
        if !self.polled.load(Ordering::SeqCst) {
            self.wake_late();
        }
    }
}
