//! Thousands of clients that never speak. In a process of its own: its descriptors are counted.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::{JoinSet, yield_now};
use ws_interop::{Language, in_time, raise_limit};
use ws_native::Server;
use ws_native::proto::Config;

const COUNT: usize = 10_000;

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

#[tokio::test]
async fn clients_that_never_speak_leave_nothing_behind() {
    raise_limit(COUNT);
    let mut config = Config::default();
    config.handshake_timeout = Duration::from_secs(5);
    let server = Server::bind("127.0.0.1:0").await.unwrap().config(config);
    let port = server.local_address().unwrap().port();
    let (tasks, files) = (Handle::current().metrics().num_alive_tasks(), descriptors());
    let mut crowd = Language::crowd(port, COUNT, false);
    let mut served = JoinSet::new();
    for _ in 0..COUNT {
        served.spawn(in_time(server.accept()).await.unwrap().request());
    }
    while let Some(request) = in_time(served.join_next()).await {
        assert!(request.unwrap().unwrap_err().is_timeout());
    }
    assert_eq!(crowd.report().await, "ready");
    assert_eq!(crowd.report().await, "ended");
    drop(crowd);
    yield_now().await;
    assert_eq!((Handle::current().metrics().num_alive_tasks(), descriptors()), (tasks, files));
}
