//! A socket that connects again, on a network and a clock that are the test's.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod alive;
mod asking;
mod ending;
mod fake;
mod log;
mod random;
mod renewing;
mod retries;
mod room;
mod sending;
mod shape;
mod stage;
mod streaming;
