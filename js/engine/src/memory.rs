//! The module's memory, which grows in large steps.
//!
//! At each growth a host lets the old view of all memory go, and makes a new one. With some hundreds of MiB that makes V8 collect its
//! garbage, each time: thousands of connections that grow it by what each of them needs would have it do nothing else.

use core::arch::wasm32;
use core::hint::black_box;
use core::sync::atomic::{AtomicUsize, Ordering};

const PAGE: usize = 64 << 10;

/// The part of the memory by which it grows ahead.
const PART: usize = 8;

/// How many bytes are to be left when there is no room for that part: who needs more memory then gives up what it has, and there are
/// no more new connections.
const RESERVE: usize = 64 << 20;

/// From how many pages on it cannot grow by as much.
const NEARLY_ALL: usize = 65_536 - RESERVE / PAGE;

/// How many pages it had when it was last looked at.
static PAGES: AtomicUsize = AtomicUsize::new(0);

/// If the memory has grown, lets it grow by some more, which costs no machine anything until it is written to. False: it is all but
/// used up, and the connection that has made it grow, or is a new one, has to go. The others go on, with what is left.
pub(crate) fn grow_ahead(is_new: bool) -> bool {
    let pages = wasm32::memory_size::<0>();
    // What is left then may be used up though it does not grow.
    let looks = pages != PAGES.load(Ordering::Relaxed) || is_new && pages >= NEARLY_ALL;
    if !looks {
        return true;
    }
    let has_room = is_there(pages / PART * PAGE) || is_there(RESERVE);
    PAGES.store(wasm32::memory_size::<0>(), Ordering::Relaxed);
    has_room
}

/// Whether so many bytes can be had. What is freed is kept for what comes.
fn is_there(bytes: usize) -> bool {
    let mut room = Vec::<u8>::new();
    let is_there = room.try_reserve_exact(bytes).is_ok();
    drop(black_box(room));
    is_there
}
