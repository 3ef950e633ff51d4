//! The protocol by itself: a client and a server on a virtual clock, and one end against literal bytes.
//! One module for each section of RFC 6455.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod heartbeat;
mod idle_timeout;
mod inspector;
mod pair;
mod prepared;
mod properties;
mod rfc_7692_compression;
mod section_4_opening_handshake;
mod section_5_framing;
mod section_7_closing;
mod session;
mod watched;
