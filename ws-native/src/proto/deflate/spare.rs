//! Compressors and decompressors that nobody uses for the moment: a thread keeps some, for its connections to use by
//! turns.
//!
//! They take much memory, and the time to have it. Where there are no threads, as the engine alone knows none, there is
//! nothing to spare.

#[cfg(feature = "std")]
use {alloc::vec::Vec, core::cell::RefCell, std::thread::LocalKey, std::thread_local};

use zlib_rs::{Deflate, Inflate};

use crate::proto::extension::MAX_WINDOW_BITS;

/// What can be used for one message after the other, whoever they are of.
pub(super) trait Reusable: Sized + 'static {
    /// What two must have in common for one to be as good as the other.
    type Settings: Copy + PartialEq + 'static;

    fn make(settings: Self::Settings) -> Self;

    /// Forgets all that it has seen.
    fn forget(&mut self);

    #[cfg(feature = "std")]
    fn kept() -> &'static Kept<Self>;
}

/// Those that a thread keeps, the one that was given back last at the end.
#[cfg(feature = "std")]
type Kept<T> = LocalKey<RefCell<Vec<(<T as Reusable>::Settings, T)>>>;

/// How many of each kind a thread keeps.
#[cfg(feature = "std")]
const MOST: usize = 4;

/// One that has seen nothing.
pub(super) fn lease<T: Reusable>(settings: T::Settings) -> T {
    let Some(mut spare) = spare::<T>(settings) else { return T::make(settings) };
    spare.forget();
    spare
}

#[cfg(feature = "std")]
fn spare<T: Reusable>(settings: T::Settings) -> Option<T> {
    let take = |kept: &RefCell<Vec<_>>| {
        let mut kept = kept.borrow_mut();
        let place = kept.iter().rposition(|(others, _)| *others == settings)?;
        Some(kept.remove(place).1)
    };
    // While the thread ends, there is none.
    T::kept().try_with(take).ok().flatten()
}

/// Gives it back, for others to use, if there is one.
#[cfg(feature = "std")]
pub(super) fn give_back<T: Reusable>(settings: T::Settings, used: &mut Option<T>) {
    let Some(used) = used.take() else { return };
    // While the thread ends, it is dropped.
    let _ = T::kept().try_with(|kept| {
        let mut kept = kept.borrow_mut();
        if kept.len() == MOST {
            kept.remove(0);
        }
        kept.push((settings, used));
    });
}

#[cfg(not(feature = "std"))]
fn spare<T: Reusable>(_: T::Settings) -> Option<T> {
    None
}

/// Its memory is free at once, for other connections as well.
#[cfg(not(feature = "std"))]
pub(super) fn give_back<T: Reusable>(_: T::Settings, used: &mut Option<T>) {
    *used = None;
}

impl Reusable for Deflate {
    /// Level and base-2 logarithm of the window.
    type Settings = (u8, u8);

    fn make((level, bits): Self::Settings) -> Self {
        Self::new(i32::from(level), false, bits)
    }

    fn forget(&mut self) {
        self.reset();
    }

    #[cfg(feature = "std")]
    fn kept() -> &'static Kept<Self> {
        thread_local! {
            static KEPT: RefCell<Vec<((u8, u8), Deflate)>> = const {
                RefCell::new(Vec::new())
            };
        }
        &KEPT
    }
}

impl Reusable for Inflate {
    /// A smaller window than the largest would save some memory, and fail peers that overstep what they agreed to.
    type Settings = ();

    fn make((): ()) -> Self {
        Self::new(false, MAX_WINDOW_BITS)
    }

    fn forget(&mut self) {
        self.reset(false);
    }

    #[cfg(feature = "std")]
    fn kept() -> &'static Kept<Self> {
        thread_local! {
            static KEPT: RefCell<Vec<((), Inflate)>> = const {
                RefCell::new(Vec::new())
            };
        }
        &KEPT
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::config::Compression;
    use crate::proto::deflate::{Compressor, Decompressor, InflateError};
    use crate::proto::extension::Side;
    use bytes::BytesMut;

    /// More than what is allocated for messages, and much less than a compressor.
    const LITTLE: u64 = 10 << 10;
    const MESSAGE: &[u8] = b"one message, and again one message, and again one message";

    fn ends(no_context_takeover: bool, release_when_idle: bool, level: u8) -> (Compressor, Decompressor) {
        let compression = Compression { level, threshold: 1, release_when_idle, ..Compression::default() };
        let side = || Side { no_context_takeover, max_window_bits: Some(15) };
        (Compressor::new(side(), &compression), Decompressor::new(side(), &compression))
    }

    fn send((compressor, decompressor): &mut (Compressor, Decompressor)) {
        let compressed = compressor.compress(MESSAGE).unwrap();
        let mut message = BytesMut::new();
        decompressor.push(&compressed, &mut message, usize::MAX).unwrap();
        decompressor.finish(&mut message, usize::MAX).unwrap();
        assert_eq!(message, MESSAGE);
    }

    #[test]
    fn connections_without_context_takeover_share_what_they_compress_with() {
        let mut all: [_; 100] = core::array::from_fn(|_| ends(true, false, 1));
        send(&mut all[0]);
        let info = allocation_counter::measure(|| all.iter_mut().for_each(send));
        assert!(info.bytes_max < LITTLE, "{info:?}");
    }

    #[test]
    fn what_was_released_or_dropped_is_used_by_the_next() {
        let (mut compressor, mut decompressor) = ends(false, true, 1);
        let _ = compressor.compress(MESSAGE);
        let info = allocation_counter::measure(|| {
            for _ in 0..10 {
                compressor.release();
                assert!(compressor.compress(MESSAGE).is_some());
            }
        });
        assert!(info.bytes_max < LITTLE, "{info:?}");
        decompressor.push(&[0], &mut BytesMut::new(), 1).unwrap();
        drop((compressor, decompressor));
        let mut next = ends(false, true, 1);
        let info = allocation_counter::measure(|| send(&mut next));
        assert!(info.bytes_max < LITTLE, "{info:?}");
    }

    #[test]
    fn those_that_are_kept_are_few_and_of_the_same_settings() {
        // With as many as are kept of another level.
        for level in [6, 6, 6, 6, 1] {
            let mut ends: [_; 2 * MOST] = core::array::from_fn(|_| ends(false, false, level));
            ends.iter_mut().for_each(send);
        }
        assert_eq!(
            Deflate::kept().with(|kept| kept.borrow().iter().map(|(settings, _)| *settings).collect::<Vec<_>>()),
            [(1, 15); MOST]
        );
        assert_eq!(Inflate::kept().with(|kept| kept.borrow().len()), MOST);
    }

    #[test]
    fn nothing_can_be_referred_to_that_another_connection_has_received() {
        send(&mut ends(true, false, 1));
        // It refers to five bytes before its beginning.
        let early = [0xf2, 0x00, 0x11, 0x00, 0x00];
        let outcome = ends(true, false, 1).1.push(&early, &mut BytesMut::new(), usize::MAX);
        assert_eq!(outcome, Err(InflateError::NotDeflate));
    }
}
