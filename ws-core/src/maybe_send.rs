//! The same bounds for handlers on every target.

/// `Send` where a program may have threads, nothing in a browser, whose values belong to one thread.
///
/// Handlers are bound by it, so that a native socket can move to a runtime's worker thread while one in a browser may
/// capture JavaScript values. It is implemented by everything that satisfies it; there is nothing to implement by hand.
///
/// ```
/// fn store(handler: impl FnMut() + ws_core::MaybeSend + 'static) -> Box<dyn FnMut()> {
///     Box::new(handler)
/// }
/// store(|| ());
/// ```
///
/// As it is no auto trait, `Box<dyn FnMut() + MaybeSend>` is none either: a box that goes into a handler later is
/// `Box<dyn FnMut() + Send>` natively and `Box<dyn FnMut()>` in a browser, two aliases behind `cfg(target_arch = "wasm32")`.
#[cfg(not(target_arch = "wasm32"))]
pub trait MaybeSend: Send {}
#[cfg(not(target_arch = "wasm32"))]
impl<T: Send + ?Sized> MaybeSend for T {}

/// `Send` where a program may have threads, nothing in a browser, whose values belong to one thread.
#[cfg(target_arch = "wasm32")]
pub trait MaybeSend {}
#[cfg(target_arch = "wasm32")]
impl<T: ?Sized> MaybeSend for T {}

/// `Sync` under the same condition as [`MaybeSend`] is `Send`.
#[cfg(not(target_arch = "wasm32"))]
pub trait MaybeSync: Sync {}
#[cfg(not(target_arch = "wasm32"))]
impl<T: Sync + ?Sized> MaybeSync for T {}

/// `Sync` under the same condition as [`MaybeSend`] is `Send`.
#[cfg(target_arch = "wasm32")]
pub trait MaybeSync {}
#[cfg(target_arch = "wasm32")]
impl<T: ?Sized> MaybeSync for T {}
