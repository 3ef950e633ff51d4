//! Where sockets run.

use std::future::pending;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread;

use tokio::runtime::{Builder, Handle};

/// The caller's runtime, or else that of the crate's own thread, which is started when it is first
/// needed.
pub(crate) fn current() -> io::Result<Handle> {
    Handle::try_current().or_else(|_| own())
}

fn own() -> io::Result<Handle> {
    static OWN: Mutex<Option<Handle>> = Mutex::new(None);
    let mut own = OWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = &*own {
        return Ok(handle.clone());
    }
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    thread::Builder::new().name("ws-native".into()).spawn(move || runtime.block_on(pending::<()>()))?;
    *own = Some(handle.clone());
    Ok(handle)
}
