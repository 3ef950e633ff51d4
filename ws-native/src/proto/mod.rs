//! RFC 6455 without I/O, without a clock and without randomness: bytes and time go in, events and bytes come out.
//!
//! [`Connection`] is the whole protocol for both roles. Its loop, printed once:
//!
//! ```
//! use core::time::Duration;
//! use ws_native::proto::{Config, Connection, Event, Request};
//!
//! let now = Duration::ZERO; // on any monotonic clock the caller likes
//! let random = |bytes: &mut [u8]| bytes.fill(7); // a program uses its system's secure generator
//! let request = Request::new("example.org", "/chat", &["v1"])?;
//! let mut client = Connection::client(request, Config::default(), Box::new(random), now);
//! let mut server = Connection::server(Config::default(), now);
//!
//! let mut received = vec![];
//! for _ in 0..4 {
//!     // What one end wants to write is what the other one reads.
//!     server.receive(client.output());
//!     client.consume_output(client.output().len());
//!     client.receive(server.output());
//!     server.consume_output(server.output().len());
//!     // Then each end says what has happened.
//!     while let Some(event) = server.poll(now) {
//!         match event {
//!             Event::Request(request) => {
//!                 server.accept(request.protocols().next(), &[])?;
//!             }
//!             Event::Text(text) => received.push(text),
//!             _ => {}
//!         }
//!     }
//!     while let Some(event) = client.poll(now) {
//!         if let Event::Established(established) = event {
//!             assert_eq!(established.protocol.as_deref(), Some("v1"));
//!             client.send_text("hello")?;
//!         }
//!     }
//! }
//! assert_eq!(received, ["hello"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Between two rounds the caller waits until the transport can be read, until it can be written if there is
//! [output](Connection::output), or until the [deadline](Connection::deadline), whichever comes first.

mod close;
mod config;
mod connection;
#[cfg(feature = "deflate")]
mod deflate;
mod encoder;
mod error;
mod event;
#[cfg(feature = "deflate")]
mod extension;
mod frame;
mod handshake;
mod incoming;
mod inspector;
mod mask;
mod outgoing;
mod prepared;
mod simple;
mod timer;
#[cfg(not(feature = "deflate"))]
mod uncompressed;
mod utf8;
mod watch;

/// permessage-deflate, or what there is in its place.
mod compression {
    #[cfg(feature = "deflate")]
    pub(super) use super::config::Compression;
    #[cfg(feature = "deflate")]
    pub(super) use super::deflate::{Compressor, Decompressor, InflateError, Shared};
    #[cfg(feature = "deflate")]
    pub(super) use super::extension::{Agreement, accept_answer, are_well_formed, choose, offer};
    #[cfg(not(feature = "deflate"))]
    pub(super) use super::uncompressed::*;
}

pub use close::Close;
#[cfg(feature = "deflate")]
pub use config::Compression;
pub use config::{Config, Heartbeat};
pub use connection::{Connection, Role};
pub use error::{Answer, Bound, Error, HandshakeError, Phase, ProtocolError};
pub use event::{Closed, Event, Part, SendError};
pub use frame::Opcode;
pub use handshake::client::Established;
pub use handshake::http::Headers;
#[cfg(feature = "http2")]
pub(crate) use handshake::refusal::Refusal;
pub use handshake::request::{Request, RequestError};
pub use handshake::server::{AcceptError, Incoming as IncomingRequest};
pub use inspector::{FrameSeen, Inspector, Seen};
pub use mask::Random;
pub use prepared::Prepared;
#[cfg(not(feature = "deflate"))]
pub use uncompressed::Compression;
#[cfg(feature = "std")]
pub(crate) use {incoming::Delivery, outgoing::Frames, simple::Lent, timer::PROGRESS};
