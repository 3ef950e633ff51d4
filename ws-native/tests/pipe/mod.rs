//! Both ends of a connection, in memory.
#![allow(dead_code, reason = "each test file is a crate of its own and uses a part of this")]

use tokio::io::{DuplexStream, duplex};
use ws_native::Connection;
use ws_native::proto::Config;

/// Without compression, so that what is sent takes the room it has.
pub(crate) fn plain() -> Config {
    let mut config = Config::default();
    config.compression = None;
    config
}

/// Client and server, through a pipe that holds this many bytes.
pub(crate) fn pair(capacity: usize) -> (Connection<DuplexStream>, Connection<DuplexStream>) {
    let (near, far) = duplex(capacity);
    (Connection::client_established(near, plain()), Connection::server_established(far, plain()))
}
