//! Tasks that wait for the same thing, each at a place of its own.

use alloc::vec::Vec;
use core::{
    future::poll_fn,
    mem,
    ops::Deref,
    task::{Context, Poll, Waker},
};

use spin::Mutex;

/// The wakers of the tasks that wait.
///
/// Whoever waits takes a place before looking, and whoever changes what is waited for does so
/// before waking: so no change is missed. The lock is held only to put a waker away or to take it
/// out, which is the same work however many wait: a waker may be anybody's code, and none is cloned,
/// woken or dropped while it is held.
#[derive(Debug)]
pub struct Waiters(Mutex<Places>);

#[derive(Debug)]
struct Places {
    slots: Vec<Slot>,
    /// The first that is free, or [`NONE`](Self::NONE).
    free: usize,
    /// How often all were woken.
    round: u64,
}

#[derive(Debug)]
enum Slot {
    Taken(Waker),
    /// The next free slot, or [`NONE`](Places::NONE).
    Free(usize),
}

/// A slot that was taken. It is nobody's any more when all are woken.
#[derive(Debug)]
struct Taken {
    index: usize,
    round: u64,
}

/// A place to wait at. Dropping it frees it.
#[derive(Debug)]
pub struct Place<W: Deref<Target = Waiters>> {
    waiters: W,
    taken: Option<Taken>,
}

impl Waiters {
    /// Nobody waits.
    #[allow(clippy::new_without_default, reason = "it is what a field begins with")]
    pub const fn new() -> Self {
        Self(Mutex::new(Places { slots: Vec::new(), free: Places::NONE, round: 0 }))
    }

    /// Wakes all, and forgets them.
    pub fn wake(&self) {
        let woken = {
            let mut places = self.0.lock();
            places.round += 1;
            places.free = Places::NONE;
            mem::take(&mut places.slots)
        };
        for slot in woken {
            if let Slot::Taken(waker) = slot {
                waker.wake();
            }
        }
    }

    /// Waits until `look` finds something. It looks again whenever all are woken.
    pub(crate) fn until<T>(&self, mut look: impl FnMut() -> Poll<T>) -> impl Future<Output = T> {
        let mut place = Place::new(self);
        poll_fn(move |cx| place.poll(cx, &mut look))
    }

    /// Has this task woken the next time, in the slot that it has taken, or in another.
    fn take(&self, taken: &mut Option<Taken>, cx: &Context<'_>) {
        let waker = cx.waker().clone();
        let mut places = self.0.lock();
        let unneeded = places.take(taken, waker);
        drop(places);
        drop(unneeded);
    }

    fn leave(&self, taken: &mut Option<Taken>) {
        let Some(taken) = taken.take() else { return };
        let mut places = self.0.lock();
        let unneeded = places.leave(&taken);
        drop(places);
        drop(unneeded);
    }
}

impl Places {
    const NONE: usize = usize::MAX;

    /// Gives the waker that was there.
    fn take(&mut self, taken: &mut Option<Taken>, waker: Waker) -> Option<Waker> {
        let own = taken.as_ref().filter(|taken| taken.round == self.round).map(|taken| taken.index);
        let index = own.unwrap_or(self.free);
        let (index, before) = match self.slots.get_mut(index) {
            Some(slot) => (index, mem::replace(slot, Slot::Taken(waker))),
            None => {
                self.slots.push(Slot::Taken(waker));
                (self.slots.len() - 1, Slot::Free(Self::NONE))
            }
        };
        *taken = Some(Taken { index, round: self.round });
        match before {
            Slot::Taken(waker) => Some(waker),
            Slot::Free(next) => {
                self.free = next;
                None
            }
        }
    }

    /// Gives the waker that was there.
    fn leave(&mut self, taken: &Taken) -> Option<Waker> {
        let slot = self.slots.get_mut(taken.index).filter(|_| taken.round == self.round)?;
        let before = mem::replace(slot, Slot::Free(mem::replace(&mut self.free, taken.index)));
        match before {
            Slot::Taken(waker) => Some(waker),
            Slot::Free(_) => None,
        }
    }
}

impl<W: Deref<Target = Waiters>> Place<W> {
    /// A place that nobody waits at yet.
    pub const fn new(waiters: W) -> Self {
        Self { waiters, taken: None }
    }

    /// Has this task woken the next time.
    pub(crate) fn take(&mut self, cx: &Context<'_>) {
        self.waiters.take(&mut self.taken, cx);
    }

    /// What `look` finds, or else a place to wait at.
    pub fn poll<T>(&mut self, cx: &Context<'_>, look: impl FnOnce() -> Poll<T>) -> Poll<T> {
        self.take(cx);
        let told = look();
        if told.is_ready() {
            self.waiters.leave(&mut self.taken);
        }
        told
    }
}

impl<W: Deref<Target = Waiters>> Drop for Place<W> {
    fn drop(&mut self) {
        self.waiters.leave(&mut self.taken);
    }
}

#[cfg(test)]
mod tests {
    use alloc::{sync::Arc, task::Wake, vec::Vec};
    use core::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// So many that a wake that costs their number squared would not end.
    #[test]
    fn those_who_wait_are_woken_once_however_many_they_are() {
        const WAITING: usize = 200_000;
        let count = Arc::new(Count::default());
        let waker = Waker::from(Arc::clone(&count));
        let cx = Context::from_waker(&waker);
        let waiters = Waiters::new();
        let mut places = Vec::from_iter((0..WAITING).map(|_| Place::new(&waiters)));
        let mut woken = 0;
        for _ in 0..2 {
            // The second time each has its place already.
            places.iter_mut().for_each(|place| place.take(&cx));
            places.iter_mut().rev().for_each(|place| place.take(&cx));
            assert!(places.iter_mut().step_by(2).all(|place| place.poll(&cx, || Poll::Ready(())).is_ready()));
            waiters.wake();
            waiters.wake();
            woken += WAITING / 2;
            assert_eq!(count.0.load(Ordering::Relaxed), woken);
        }
        // One that was woken takes another, and one that is dropped waits no more.
        places.iter_mut().rev().for_each(|place| place.take(&cx));
        places.truncate(1);
        let mut last = Place::new(&waiters);
        last.take(&cx);
        waiters.wake();
        assert_eq!(count.0.load(Ordering::Relaxed), woken + 2);
        drop((places, last, waker));
        assert_eq!(Arc::strong_count(&count), 1);
    }
}
