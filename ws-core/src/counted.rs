//! One kind of pointer for what handles share, on every target.

/// A reference-counted pointer: atomic where values may go to other threads, plain in a browser,
/// where they never do and where every byte of a program is downloaded.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use alloc::sync::{Arc as Counted, Weak};

#[cfg(target_arch = "wasm32")]
pub(crate) use alloc::rc::{Rc as Counted, Weak};
