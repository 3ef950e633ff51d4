//! Back-pressure: what the async face asks of a backend beyond events.

use alloc::boxed::Box;
use core::{future::Future, pin::Pin};

use crate::{Backend, Data, Error};

/// Resolves when enough has been given to the network, or never will be; see [`Flow::drained`].
#[cfg(not(target_arch = "wasm32"))]
pub type Drained = Pin<Box<dyn Future<Output = bool> + Send + Sync>>;
/// Resolves when enough has been given to the network, or never will be; see [`Flow::drained`].
#[cfg(target_arch = "wasm32")]
pub type Drained = Pin<Box<dyn Future<Output = bool>>>;

/// A backend that a [`WebSocketStream`](crate::WebSocketStream) can be made of. It is as slow as
/// its reader, as far as its host allows, and tells when there is room again.
///
/// ```
/// fn hold_up<B: ws_core::Flow>(socket: &ws_core::WebSocket<B>) {
///     if !socket.backend().hold_back(true) {
///         println!("messages go on coming: this host has no way to stop the peer");
///     }
/// }
/// ```
pub trait Flow: Backend {
    /// Says that no more messages are wanted for now, or that they are wanted again. Messages under
    /// way may still come.
    ///
    /// Returns whether the backend can do that. One that cannot goes on reporting messages, and the
    /// peer does not notice that nobody takes them. Holding back does not keep a connection open
    /// that was closed by [`close`](Backend::close).
    fn hold_back(&self, held: bool) -> bool;

    /// Resolves with true when no more than `left` bytes of what was sent wait for the network, and
    /// with false when the connection is closed, which a task will tell before long. If `left` is
    /// 0, a Close frame counts, too.
    ///
    /// # Cancel safety
    /// Dropped, nothing is lost.
    fn drained(&self, left: u64) -> Drained;

    /// Whether a message of this many bytes can be sent now without failing the connection for lack
    /// of room. Always true when nothing waits for the network, for there will never be more room
    /// than then; and when the connection takes no message any more, but refuses it. By default there is always room, for backends whose connections do not fail for
    /// lack of it.
    fn has_room(&self, bytes: u64) -> bool {
        let _ = bytes;
        true
    }

    /// Sends a message as [`send`](Backend::send) does if there is [room](Self::has_room) for it, and otherwise gives it back. A
    /// backend whose room something else may take, such as the answer to a ping, looks and sends in one step.
    ///
    /// # Errors
    /// Those of [`send`](Backend::send); the message was not sent then.
    fn send_if_room(&self, data: Data) -> Result<Option<Data>, Error> {
        if !self.has_room(data.len()) {
            return Ok(Some(data));
        }
        self.send(data).map(|()| None)
    }

    /// Whether a message of this many bytes can be sent at all, when nothing else waits for the network. By default any can.
    fn fits(&self, bytes: u64) -> bool {
        let _ = bytes;
        true
    }

    /// How many bytes may wait for the network before a writer has to wait, unless the program sets
    /// [`high_water_mark`](crate::StreamBuilder::high_water_mark): 1 MiB. A backend that learns
    /// late of what has gone out lets more wait, so that the network is never idle; one whose
    /// connections fail when too much waits lets less wait.
    fn high_water_mark(&self) -> u64 {
        1 << 20
    }

    /// How many bytes may wait for the reader before messages are held back, unless the program
    /// sets [`read_ahead`](crate::StreamBuilder::read_ahead): 64 KiB. A backend whose host throws
    /// away unread messages when the connection is closed lets more wait.
    fn read_ahead(&self) -> u64 {
        64 << 10
    }
}
