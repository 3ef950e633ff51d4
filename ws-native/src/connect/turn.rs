//! One connecting socket an address.
//!
//! "If multiple connections to the same IP address are attempted simultaneously, the client MUST serialize them so that
//! there is no more than one connection at a time running through the following steps": [RFC 6455, section 4.1][1].
//!
//! [1]: https://datatracker.ietf.org/doc/html/rfc6455#section-4.1

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as Gate, OwnedMutexGuard};
use tokio::time::timeout;

/// A turn to connect to an address. It is over when this is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    /// Dropped before `_place`, so that the gate then has one owner fewer.
    _guard: OwnedMutexGuard<()>,
    _place: Place,
}

/// The gates by address: whoever connects holds one, and others wait for it. An address that nobody
/// connects to has no entry.
static GATES: Mutex<Option<HashMap<String, Arc<Gate<()>>>>> = Mutex::new(None);

/// An interest in an address.
#[derive(Debug)]
struct Place {
    address: String,
    gate: Option<Arc<Gate<()>>>,
}

/// Waits for the turn to connect to this address: of an IP address and port, or, where only a proxy knows it, of a name
/// and port.
///
/// `None`: the turn has not come within this time, as when somebody holds it and does not go on.
/// Then it is better to connect without it.
///
/// # Cancel safety
/// Dropped, the place in the queue is given up.
pub(super) async fn wait(address: String, limit: Duration) -> Option<Turn> {
    timeout(limit, queue(address)).await.ok()
}

async fn queue(address: String) -> Turn {
    let gate = Arc::clone(gates().get_or_insert_default().entry(address.clone()).or_default());
    let place = Place { address, gate: Some(Arc::clone(&gate)) };
    let guard = gate.lock_owned().await;
    Turn { _guard: guard, _place: place }
}

fn gates() -> MutexGuard<'static, Option<HashMap<String, Arc<Gate<()>>>>> {
    GATES.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut gates = gates();
        self.gate = None;
        if let Some(gates) = &mut *gates
            && gates.get(&self.address).is_some_and(|gate| Arc::strong_count(gate) == 1)
        {
            gates.remove(&self.address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    fn has_gate(address: &str) -> bool {
        gates().as_ref().is_some_and(|gates| gates.contains_key(address))
    }

    #[tokio::test(start_paused = true)]
    async fn one_at_a_time_in_the_order_they_came() {
        let first = queue("a:1".into()).now_or_never().unwrap();
        let _other = queue("b:1".into()).now_or_never().unwrap();
        let mut second = Box::pin(queue("a:1".into()));
        let mut third = Box::pin(queue("a:1".into()));
        assert!(second.as_mut().now_or_never().is_none());
        assert!(third.as_mut().now_or_never().is_none());
        drop(first);
        assert!(third.as_mut().now_or_never().is_none(), "it is not its turn yet");
        let second = second.as_mut().now_or_never().unwrap();
        drop(third);
        assert!(has_gate("a:1"));
        drop(second);
        assert!(!has_gate("a:1"), "nobody is interested any more");
    }

    #[tokio::test(start_paused = true)]
    async fn who_holds_a_turn_for_ever_holds_nobody_up_for_ever() {
        let _first = queue("c:1".into()).await;
        assert!(wait("c:1".into(), Duration::from_secs(60)).await.is_none());
    }
}
