//! Connecting to a Unix socket whose server is busy.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod busy;

use std::io::Read as _;
use std::time::Duration;

use futures_util::FutureExt as _;
use ws_native::proto::{Error, Phase};
use ws_native::{ConnectError, ConnectOptions, Connection, Stage};

use busy::{Busy, busy};

fn options(server: &Busy) -> ConnectOptions {
    let mut options = ConnectOptions::default();
    options.unix_socket = Some(server.path.clone());
    options
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_busy_is_waited_for() {
    let server = busy("waited-for");
    let options = options(&server);
    let mut connecting = Box::pin(Connection::connect("ws://h/", &options));
    for _ in 0..10 {
        assert!(connecting.as_mut().now_or_never().is_none());
        tokio::time::advance(Duration::from_millis(50)).await;
    }
    for _ in &server.clients {
        server.listener.accept().unwrap();
    }
    // There is a connection then, and nobody who answers.
    let failed = connecting.await.unwrap_err();
    assert!(matches!(failed.cause().downcast_ref(), Some(Error::Timeout(Phase::Handshake))), "{failed:?}");
    let mut asked = [0; 16];
    server.listener.accept().unwrap().0.read_exact(&mut asked).unwrap();
    assert_eq!(&asked, b"GET / HTTP/1.1\r\n");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stays_busy_is_given_up() {
    let server = busy("given-up");
    let failed = Connection::connect("ws://h/", &options(&server)).await.unwrap_err();
    let cause = failed.cause().downcast_ref();
    assert!(matches!(cause, Some(ConnectError::Timeout { stage: Stage::Connect(_), .. })), "{failed:?}");
}
