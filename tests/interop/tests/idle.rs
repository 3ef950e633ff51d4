//! Thousands of clients that are connected and idle. In a process of its own: its memory is measured.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;

use ws_interop::{EchoServer, Language, raise_limit};

const COUNT: usize = 10_000;

/// The bytes of memory that this process has now.
fn resident() -> usize {
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    pages.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * rustix::param::page_size()
}

#[tokio::test]
async fn ten_thousand_idle_connections_are_small() {
    raise_limit(COUNT);
    let server = EchoServer::start().await;
    // What the first ones need is not theirs.
    let mut few = Language::crowd(server.port(), 100, true);
    assert_eq!(few.report().await, "ready");
    let before = resident();
    let mut crowd = Language::crowd(server.port(), COUNT, true);
    assert_eq!(crowd.report().await, "ready");
    let each = resident().saturating_sub(before) / COUNT;
    println!("{COUNT} idle connections: {each} bytes of memory each, with its task");
    // Of a build that is not optimized.
    assert!(each < 16 << 10, "{each} bytes each");
}
