//! ws-native and the software that it meets.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod broken_links;
mod environment;
mod forward_proxies;
mod libraries;
mod reverse_proxies;
