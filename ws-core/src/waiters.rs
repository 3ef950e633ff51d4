//! Those who wait for the same thing, each at a place of its own.

use alloc::vec::Vec;
use core::{
    future::poll_fn,
    mem,
    ops::Deref,
    task::{Context, Poll, Waker},
};

use spin::Mutex;

/// The wakers of those who wait, by the numbers of their places.
///
/// Who waits takes a place before looking, and who changes what is waited for does so before waking: so nobody misses a change.
/// The lock is held to put a waker away or to take it out. A waker is somebody's code: none is cloned, woken or dropped under it.
#[derive(Debug)]
pub(crate) struct Waiters(Mutex<Places>);

#[derive(Debug)]
struct Places {
    taken: Vec<(u64, Waker)>,
    next: u64,
}

/// Where somebody waits. Dropped, it is free again.
#[derive(Debug)]
pub(crate) struct Place<W: Deref<Target = Waiters>> {
    waiters: W,
    /// Its number, once it is taken.
    number: Option<u64>,
}

impl Waiters {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Places { taken: Vec::new(), next: 0 }))
    }

    /// Wakes all, and forgets them.
    pub(crate) fn wake(&self) {
        let woken = mem::take(&mut self.0.lock().taken);
        woken.into_iter().for_each(|(_, waker)| waker.wake());
    }

    /// Waits until there is something to be told, which is looked for whenever all are woken.
    pub(crate) fn until<T>(&self, mut look: impl FnMut() -> Poll<T>) -> impl Future<Output = T> {
        let mut place = Place::new(self);
        poll_fn(move |cx| place.poll(cx, &mut look))
    }
}

impl<W: Deref<Target = Waiters>> Place<W> {
    pub(crate) const fn new(waiters: W) -> Self {
        Self { waiters, number: None }
    }

    /// Has this task woken the next time.
    pub(crate) fn take(&mut self, cx: &Context<'_>) {
        let waker = cx.waker().clone();
        let mut places = self.waiters.0.lock();
        let number = *self.number.get_or_insert_with(|| {
            places.next += 1;
            places.next
        });
        let unneeded = match places.taken.iter_mut().find(|(taken, _)| *taken == number) {
            Some((_, waiting)) => Some(mem::replace(waiting, waker)),
            None => {
                places.taken.push((number, waker));
                None
            }
        };
        drop(places);
        drop(unneeded);
    }

    /// What there is to be told, or a place here until there is.
    pub(crate) fn poll<T>(&mut self, cx: &Context<'_>, look: impl FnOnce() -> Poll<T>) -> Poll<T> {
        self.take(cx);
        let told = look();
        if told.is_ready() {
            self.leave();
        }
        told
    }

    fn leave(&self) {
        let Some(number) = self.number else { return };
        let mut places = self.waiters.0.lock();
        let index = places.taken.iter().position(|(taken, _)| *taken == number);
        let unneeded = index.map(|index| places.taken.swap_remove(index));
        drop(places);
        drop(unneeded);
    }
}

impl<W: Deref<Target = Waiters>> Drop for Place<W> {
    fn drop(&mut self) {
        self.leave();
    }
}
