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
pub struct Waiters(Mutex<Places>);

#[derive(Debug)]
struct Places {
    taken: Vec<(u64, Waker)>,
    next: u64,
}

/// Where somebody waits. Dropped, it is free again.
#[derive(Debug)]
pub struct Place<W: Deref<Target = Waiters>> {
    waiters: W,
    /// Its number, once it is taken.
    number: Option<u64>,
}

impl Waiters {
    /// Nobody waits.
    #[allow(clippy::new_without_default, reason = "it is what a field begins with")]
    pub const fn new() -> Self {
        Self(Mutex::new(Places { taken: Vec::new(), next: 0 }))
    }

    /// Wakes all, and forgets them.
    pub fn wake(&self) {
        let woken = mem::take(&mut self.0.lock().taken);
        woken.into_iter().for_each(|(_, waker)| waker.wake());
    }

    /// Waits until there is something to be told, which is looked for whenever all are woken.
    pub(crate) fn until<T>(&self, mut look: impl FnMut() -> Poll<T>) -> impl Future<Output = T> {
        let mut place = Place::new(self);
        poll_fn(move |cx| place.poll(cx, &mut look))
    }

    /// Has this task woken the next time, at a place that gets its number if it has none.
    fn take(&self, place: &mut Option<u64>, cx: &Context<'_>) {
        let waker = cx.waker().clone();
        let mut places = self.0.lock();
        let number = *place.get_or_insert_with(|| {
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

    fn leave(&self, place: Option<u64>) {
        let Some(number) = place else { return };
        let mut places = self.0.lock();
        let index = places.taken.iter().position(|(taken, _)| *taken == number);
        let unneeded = index.map(|index| places.taken.swap_remove(index));
        drop(places);
        drop(unneeded);
    }
}

impl<W: Deref<Target = Waiters>> Place<W> {
    /// It is not taken.
    pub const fn new(waiters: W) -> Self {
        Self { waiters, number: None }
    }

    /// Has this task woken the next time.
    pub(crate) fn take(&mut self, cx: &Context<'_>) {
        self.waiters.take(&mut self.number, cx);
    }

    /// What there is to be told, or a place here until there is.
    pub fn poll<T>(&mut self, cx: &Context<'_>, look: impl FnOnce() -> Poll<T>) -> Poll<T> {
        self.take(cx);
        let told = look();
        if told.is_ready() {
            self.waiters.leave(self.number);
        }
        told
    }
}

impl<W: Deref<Target = Waiters>> Drop for Place<W> {
    fn drop(&mut self) {
        self.waiters.leave(self.number);
    }
}
