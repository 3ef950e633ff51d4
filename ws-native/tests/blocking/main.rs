//! The blocking face: a thread for each end, over sockets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[cfg(target_os = "linux")]
#[path = "../busy/mod.rs"]
mod busy;
mod connecting;
mod deadlines;
mod messages;
#[cfg(feature = "tls")]
mod tls;
#[cfg(feature = "tokio")]
mod tokio;
mod waiting;

use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use ws_core::Message;
use ws_native::blocking::{Connection, Incoming};
use ws_native::proto::{Config, Request};

fn request(protocols: &[&str]) -> Request {
    Request::new("h", "/path", protocols).unwrap()
}

/// Without compression, so that what is sent takes the room it has.
fn plain() -> Config {
    let mut config = Config::default();
    config.compression = None;
    config
}

/// A time that passes in a test.
const SHORT: Duration = Duration::from_millis(50);

/// A peer has this long for the opening handshake, to close, and to end the stream.
fn short() -> Config {
    let mut config = plain();
    config.handshake_timeout = SHORT;
    config.close_timeout = SHORT;
    config.end_timeout = SHORT;
    config
}

/// Both ends of a TCP connection.
fn sockets() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (near, listener.accept().unwrap().0)
}

/// Does both at the same time.
fn join<A: Send, B>(first: impl FnOnce() -> A + Send, second: impl FnOnce() -> B) -> (A, B) {
    thread::scope(|scope| {
        let first = scope.spawn(first);
        let second = second();
        (first.join().unwrap(), second)
    })
}

/// Both ends of a connection.
fn pair(client: Config, server: Config) -> (Connection<TcpStream>, Connection<TcpStream>) {
    let (near, far) = sockets();
    join(
        || Connection::client(near, request(&["p"]), client).unwrap(),
        || Incoming::read(far, server).unwrap().accept(Some("p")).unwrap(),
    )
}

fn text(text: &str) -> Option<Message> {
    Some(Message::Text(text.into()))
}
