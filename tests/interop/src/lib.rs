//! What the tests of ws-native against other software are made of: one type for each piece of software.
//!
//! Each starts an instance of its own, on loopback, with a port and a folder of its own, and ends it when it is dropped.
//! `scripts/setup interop` installs what is started here; the tests are run by `make test-interop`.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod caddy;
mod certificate;
mod conversation;
mod echo_server;
mod haproxy;
mod lossy_network;
mod microsocks;
mod nginx;
mod peer;
mod port;
mod process;
mod squid;

pub use caddy::Caddy;
pub use certificate::Certificate;
pub use conversation::{MIB, close, closed_by_peer, connect, exchange, in_time, is_lost, options};
pub use echo_server::EchoServer;
pub use haproxy::HaProxy;
pub use lossy_network::LossyNetwork;
pub use microsocks::Microsocks;
pub use nginx::Nginx;
pub use peer::{Language, Peer};
pub use process::raise_limit;
pub use squid::Squid;

/// A name and a password.
pub type Credentials = (&'static str, &'static str);
