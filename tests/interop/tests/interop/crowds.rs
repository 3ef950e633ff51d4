//! Thousands of clients.

use std::fs;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::runtime::Handle;
use tokio::task::{JoinSet, yield_now};
use ws_interop::{EchoServer, Language, in_time};
use ws_native::Server;
use ws_native::proto::Config;

const COUNT: usize = 10_000;

/// Lets this process have as many descriptors as it may.
fn raise_limit() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
    let enough = maximum.is_none_or(|maximum| maximum > COUNT as u64 + 100);
    assert!(enough, "this needs {COUNT} open files: raise the hard limit (ulimit -Hn)");
}

/// The bytes of memory that this process has now.
fn resident() -> usize {
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    pages.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * rustix::param::page_size()
}

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

#[tokio::test]
async fn ten_thousand_idle_connections_are_small() {
    raise_limit();
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

#[tokio::test]
async fn clients_that_never_speak_leave_nothing_behind() {
    raise_limit();
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
