//! What the tests of ws-native against other software are made of: one type for each piece of software.
//!
//! Each starts an instance of its own, on loopback, with a port and a folder of its own, and ends it when it is dropped.
//! `scripts/setup interop` installs what is started here; the tests are run by `make test-interop`.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod caddy;
mod conversation;
mod echo_server;
mod haproxy;
mod lossy_network;
mod nginx;
mod peer;
mod port;
mod process;

pub use caddy::Caddy;
pub use conversation::{MIB, close, closed_by_peer, connect, exchange, in_time};
pub use echo_server::EchoServer;
pub use haproxy::HaProxy;
pub use lossy_network::LossyNetwork;
pub use nginx::Nginx;
pub use peer::{Language, Peer};
