//! Back-pressure: what the async face asks of a backend beyond events.

use alloc::boxed::Box;
use core::{future::Future, pin::Pin};

use crate::Backend;

/// Resolves when enough has been given to the network, or never will be; see [`Flow::drained`].
#[cfg(not(target_arch = "wasm32"))]
pub type Drained = Pin<Box<dyn Future<Output = bool> + Send>>;
/// Resolves when enough has been given to the network, or never will be; see [`Flow::drained`].
#[cfg(target_arch = "wasm32")]
pub type Drained = Pin<Box<dyn Future<Output = bool>>>;

/// A backend that a [`WebSocketStream`](crate::WebSocketStream) can be made of: one that can be slow when its reader is,
/// as far as its host lets it, and that tells when there is room again.
///
/// ```
/// fn hold_up<B: ws_core::Flow>(socket: &ws_core::WebSocket<B>) {
///     if !socket.backend().hold_back(true) {
///         println!("messages go on coming: this host has no way to stop the peer");
///     }
/// }
/// ```
pub trait Flow: Backend {
    /// Asks for no more messages, or for messages again. Messages under way may still come.
    ///
    /// Returns whether the backend can do that: one that cannot goes on reporting messages, and the peer does not notice
    /// that nobody takes them. Whoever holds a connection back that was closed by [`close`](Backend::close) does not keep
    /// it from being closed.
    fn hold_back(&self, held: bool) -> bool;

    /// Resolves when no more than `left` bytes of what was sent wait for the network: with true. With false when the connection
    /// is closed, of which a task tells before long. With 0 a Close frame counts, too.
    ///
    /// # Cancel safety
    /// Dropped, nothing is lost.
    fn drained(&self, left: u64) -> Drained;

    /// Whether a message of so many bytes can be sent now without failing the connection for want of room. True also when nothing
    /// waits for the network at all: there will never be more room than then. A backend whose network fails no connection for
    /// that need not say anything: by default there is always room.
    fn has_room(&self, bytes: u64) -> bool {
        let _ = bytes;
        true
    }

    /// How many bytes may wait for the network before a writer has to, unless the program sets
    /// [`high_water_mark`](crate::StreamBuilder::high_water_mark): 1 MiB. A backend that is told late of what has gone out lets
    /// more wait, so that the network need not; one that fails a connection when too much waits lets less wait than that.
    fn high_water_mark(&self) -> u64 {
        1 << 20
    }

    /// How many bytes may wait for the reader before it is held back, unless the program sets
    /// [`read_ahead`](crate::StreamBuilder::read_ahead): 64 KiB. A backend whose host throws away what nobody has read when the
    /// connection is closed lets more wait.
    fn read_ahead(&self) -> u64 {
        64 << 10
    }
}
