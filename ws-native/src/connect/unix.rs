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

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use crate::{ConnectError, ConnectOptions, Connection, Stage};
    use futures_util::FutureExt as _;
    use socket2::{Domain, SockAddr, Socket, Type};
    use std::path::PathBuf;

    /// A server that takes nobody else at this path, which is removed, until it accepts.
    struct Busy {
        path: PathBuf,
        listener: Socket,
        _clients: Vec<Socket>,
    }

    fn busy(name: &str) -> Busy {
        let path = std::env::temp_dir().join(format!("ws-native-{name}-{}", std::process::id()));
        let address = SockAddr::unix(&path).unwrap();
        let socket = || Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
        let listener = socket();
        listener.bind(&address).unwrap();
        listener.listen(0).unwrap();
        let mut clients = Vec::new();
        loop {
            let client = socket();
            client.set_nonblocking(true).unwrap();
            match client.connect(&address) {
                Ok(()) => clients.push(client),
                Err(error) => break assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
        Busy { path, listener, _clients: clients }
    }

    impl Drop for Busy {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.path);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_is_busy_is_waited_for() {
        let server = busy("waited-for");
        let mut connecting = Box::pin(connect(&server.path));
        for _ in 0..10 {
            assert!(connecting.as_mut().now_or_never().is_none());
            tokio::time::advance(LONGEST_PAUSE).await;
        }
        server.listener.accept().unwrap();
        connecting.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_stays_busy_is_given_up() {
        let server = busy("given-up");
        let options = ConnectOptions { unix_socket: Some(server.path.clone()), ..ConnectOptions::default() };
        let failed = Connection::connect("ws://h/", &options).await.unwrap_err();
        let cause = failed.cause().downcast_ref();
        assert!(matches!(cause, Some(ConnectError::Timeout { stage: Stage::Connect(_), .. })), "{failed:?}");
    }
}
