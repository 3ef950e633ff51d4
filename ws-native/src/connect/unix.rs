//! Unix sockets.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::time::sleep;

/// How long to wait before it is tried again to connect to a server that is busy.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// Connects to a server, and waits for one that is busy.
///
/// On Linux as many clients as `listen` was told wait to be accepted. A socket that blocks waits for room among them; the others get
/// EAGAIN, and there is no event that says when to try again.
pub(super) async fn connect(path: &Path) -> io::Result<UnixStream> {
    let mut pause = FIRST_PAUSE;
    loop {
        match UnixStream::connect(path).await {
            Err(error) if error.kind() == ErrorKind::WouldBlock => sleep(pause).await,
            connected => return connected,
        }
        pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
    }
}
