//! WebSockets outside of a browser: [RFC 6455](https://datatracker.ietf.org/doc/html/rfc6455), and the WHATWG interface
//! over it.
//!
//! Three layers, each usable without the one above it:
//!
//! - [`proto`]: the protocol for both roles, without I/O, clock or randomness;
//! - [`Session`]: the protocol joined with the interface's state machine, for those who embed a JavaScript engine; with the
//!   feature `tokio`, `Socket` has the network, too. What scripts may connect to is their [`policy`];
//! - with the feature `tokio` (on by default): [`WebSocket`], the interface over TCP, and [`Connection`], the fast
//!   asynchronous face for native programs and servers. The features `hyper` and `axum` are for servers whose requests an
//!   HTTP server has read: each is a module of its name;
//! - with the feature `blocking`: `blocking::Connection`, the same face without a runtime, for programs that have a thread
//!   for each connection.
//!
//! The module `guide`, which is there with all features, has a program for each thing that clients and servers do; the module
//! `embedding` is for those who embed a JavaScript engine.
//!
//! Without default features the crate is `no_std` with `alloc`, and compiles for `wasm32-unknown-unknown`.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod ledger;
pub mod policy;
pub mod proto;
mod send_queue;
mod session;

#[cfg(feature = "std")]
mod answers;
#[cfg(feature = "std")]
mod connect;
#[cfg(feature = "std")]
mod ending;
#[cfg(feature = "std")]
mod memory;
#[cfg(feature = "std")]
mod message_ref;
#[cfg(feature = "std")]
mod origin;
#[cfg(feature = "std")]
mod random;
#[cfg(feature = "std")]
mod receiving;
#[cfg(feature = "std")]
mod sending;

#[cfg(feature = "tokio")]
mod backend;
#[cfg(feature = "blocking")]
pub mod blocking;
#[cfg(feature = "tokio")]
mod clock;
#[cfg(feature = "tokio")]
mod connection;
#[cfg(feature = "tokio")]
mod driver;
#[cfg(feature = "tokio")]
mod host;
#[cfg(feature = "http2")]
mod http2;
#[cfg(feature = "tokio")]
mod runtime;
#[cfg(feature = "tokio")]
mod server;
#[cfg(feature = "tokio")]
mod socket;
#[cfg(feature = "tokio")]
mod stream;
#[cfg(feature = "tokio")]
mod tap;
#[cfg(feature = "tokio")]
mod transport;

pub use send_queue::BlobId;
pub use session::Session;

#[cfg(feature = "std")]
pub use answers::Answers;
#[cfg(feature = "tokio")]
pub use backend::Native;
#[cfg(feature = "http2")]
pub use connect::Http2;
#[cfg(feature = "cookies")]
pub use connect::MemoryJar;
#[cfg(feature = "std")]
pub use connect::{ConnectError, ConnectOptions, CookieJar, Stage};
#[cfg(feature = "tls")]
pub use connect::{Identity, Roots, Tls, TlsError, TlsOptions, certificates_from_pem};
#[cfg(feature = "proxy")]
pub use connect::{Proxy, ProxyUrl, ProxyUrlError};
#[cfg(feature = "tokio")]
pub use connection::{Connection, Receiver, Sender};
#[cfg(feature = "tokio")]
pub use host::{NativeHost, NativeTimer};
#[cfg(feature = "std")]
pub use message_ref::MessageRef;
#[cfg(feature = "std")]
pub use origin::Origins;
#[cfg(feature = "std")]
pub use receiving::Received;
#[cfg(feature = "http2")]
pub use server::Requests;
#[cfg(feature = "axum")]
pub use server::axum;
#[cfg(feature = "hyper")]
pub use server::hyper;
#[cfg(feature = "tokio")]
pub use server::{Accepted, Broadcast, BroadcastConfig, Incoming, Server, Shutdown, Slow};
#[cfg(feature = "tokio")]
pub use socket::{Socket, Tasks};
#[cfg(feature = "tokio")]
pub use stream::Stream;
#[cfg(feature = "tokio")]
pub use tap::Tap;
#[cfg(feature = "tls")]
pub use tokio_rustls::rustls;
pub use ws_core::url::SocketUrl;
/// When to connect again.
#[doc(no_inline)]
pub use ws_core::{BackOff, ReconnectConfig};
/// What connections take and give, and what fails.
#[doc(no_inline)]
pub use ws_core::{Blob, CloseCode, Data, Failure, FailureKind, Message};

#[cfg(all(
    any(doc, doctest),
    feature = "axum",
    feature = "blocking",
    feature = "cookies",
    feature = "http2",
    feature = "proxy"
))]
#[doc = include_str!("../docs/guide.md")]
pub mod guide {}

#[cfg(all(any(doc, doctest), feature = "cookies", feature = "proxy"))]
#[doc = include_str!("../docs/embedding.md")]
pub mod embedding {}

/// The programs of the README.
#[cfg(all(doctest, feature = "tokio"))]
#[doc = include_str!("../README.md")]
struct Readme;

/// A native WebSocket with the WHATWG interface.
#[cfg(feature = "tokio")]
pub type WebSocket = ws_core::WebSocket<Native>;

/// One that connects again when its connection ends.
#[cfg(feature = "tokio")]
pub type ReconnectingWebSocket = ws_core::ReconnectingWebSocket<Native>;
