//! WebSockets over HTTP/2 (RFC 8441), our ends with each other and each with another implementation.
#![cfg(feature = "http2")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod dead;
mod echo;
mod other_ends;
mod own_ends;
mod sharing;
mod written;
