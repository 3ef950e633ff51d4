//! One thread at a time connects to an address, as [RFC 6455, section 4.1][1] wants it. This counts
//! the threads of this face only.
//!
//! [1]: https://datatracker.ietf.org/doc/html/rfc6455#section-4.1

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Condvar, LazyLock, Mutex, PoisonError};
use std::time::Duration;

/// The addresses that somebody is connecting to.
static TAKEN: LazyLock<Mutex<HashSet<SocketAddr>>> = LazyLock::new(Mutex::default);
/// One of them is free again.
static FREE: Condvar = Condvar::new();

/// A turn to connect to an address. It is over when this is dropped.
#[derive(Debug)]
pub(super) struct Turn(SocketAddr);

/// Waits for the turn to connect to this address. `None`: it has not come within this time, and it
/// is better to connect without it.
pub(super) fn wait(address: SocketAddr, limit: Duration) -> Option<Turn> {
    let taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    let waited = FREE.wait_timeout_while(taken, limit, |taken| taken.contains(&address));
    let (mut taken, _) = waited.unwrap_or_else(PoisonError::into_inner);
    // Made only if the turn has come: dropping one would end somebody else's turn.
    taken.insert(address).then(|| Turn(address))
}

impl Drop for Turn {
    fn drop(&mut self) {
        TAKEN.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
        FREE.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn one_at_a_time() {
        let address = SocketAddr::from(([192, 0, 2, 1], 80));
        let first = wait(address, LONG).unwrap();
        let _other = wait(SocketAddr::from(([192, 0, 2, 2], 80)), LONG).unwrap();
        assert!(wait(address, Duration::from_millis(10)).is_none(), "it is not waited for without end");
        let (sender, receiver) = mpsc::channel();
        let second = thread::spawn(move || {
            let _second = wait(address, LONG).unwrap();
            sender.send(()).unwrap();
        });
        assert!(receiver.recv_timeout(Duration::from_millis(50)).is_err(), "it is not its turn yet");
        drop(first);
        receiver.recv().unwrap();
        second.join().unwrap();
    }
}
