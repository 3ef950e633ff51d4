//! Where a socket runs, who drops it, and what is left when its runtime ends.

use std::sync::mpsc as blocking;
use std::thread;

use tokio::runtime;
use ws_core::ReadyState;

use super::*;

/// A server in a runtime of its own: it answers each message.
fn echo() -> (runtime::Runtime, String) {
    let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (listener, url) = runtime.block_on(listen());
    runtime.spawn(async move {
        loop {
            let mut connection = served(&listener).await;
            tokio::spawn(async move {
                while let Some(message) = connection.recv().await? {
                    connection.send(message).await?;
                }
                Ok::<(), ws_core::Failure>(())
            });
        }
    });
    (runtime, url)
}

#[test]
fn a_socket_made_outside_of_a_runtime_is_used_by_several_threads() {
    let (_server, url) = echo();
    let (socket, mut told) = connect(Socket::builder(url.as_str()).config(soon()));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let socket = socket.clone();
            thread::spawn(move || socket.send("hello").unwrap())
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let expected = ["open", "message hello", "message hello", "message hello", "message hello"];
    for event in expected {
        assert_eq!(told.0.blocking_recv().unwrap(), event);
    }
    socket.reconnect();
    assert_eq!(told.0.blocking_recv().unwrap(), "close 1000");
    assert_eq!(told.0.blocking_recv().unwrap(), "open");
    socket.close();
    assert_eq!(told.0.blocking_recv().unwrap(), "close 1005");
    assert_eq!(socket.ready_state(), ReadyState::Closed);
}

#[test]
fn the_last_handle_may_be_dropped_in_each_handler() {
    for kind in [EventKind::Open, EventKind::Message, EventKind::Error, EventKind::Close] {
        let runtime = runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let (listener, url) = listen().await;
            let (give, take) = blocking::channel::<Socket>();
            let (sender, receiver) = mpsc::unbounded_channel();
            let socket = Socket::builder(url.as_str())
                .config(soon())
                .connect_with(|socket| {
                    socket.add_event_listener_once(kind, move |_, _| drop(take.recv_timeout(LONG).unwrap()));
                    tell(socket, &sender);
                })
                .unwrap();
            drop(sender);
            give.send(socket).unwrap();
            let mut connection = served(&listener).await;
            // Gone already, if it was dropped when it was open.
            let _ = connection.send("one").await;
            if kind != EventKind::Open && kind != EventKind::Message {
                drop(connection);
            }
            let mut told = Told(receiver);
            // The handlers are gone with it.
            let ended = tokio::time::timeout(LONG, async { while told.0.recv().await.is_some() {} }).await;
            assert!(ended.is_ok(), "{kind:?}");
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_handle_may_be_dropped_while_a_handler_runs_elsewhere() {
    let (listener, url) = listen().await;
    let (go_on, may_go_on) = blocking::channel::<()>();
    let (blocked, is_blocked) = tokio::sync::oneshot::channel();
    let mut blocked = Some(blocked);
    let (socket, mut told) = connect(Socket::builder(url.as_str()).config(soon()));
    socket.set_onopen(move |_| {
        blocked.take().unwrap().send(()).unwrap();
        may_go_on.recv_timeout(LONG).unwrap();
    });
    let mut connection = served(&listener).await;
    is_blocked.await.unwrap();
    thread::spawn(move || drop(socket)).join().unwrap();
    go_on.send(()).unwrap();
    assert_eq!(connection.recv().await.unwrap_or(None), None);
    told.are(["open"]).await;
    assert_eq!(told.0.recv().await, None);
}

#[test]
fn a_runtime_may_end_under_a_socket() {
    for is_open in [true, false] {
        let (server, url) = echo();
        let runtime = runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (socket, mut told) = {
            let _inside = runtime.enter();
            connect(Socket::builder(url.as_str()).config(soon()))
        };
        assert_eq!(told.0.blocking_recv().unwrap(), "open");
        if !is_open {
            server.shutdown_background();
            while !told.0.blocking_recv().unwrap().starts_with("reconnecting") {}
        }
        runtime.shutdown_timeout(LONG);
        assert_ne!(socket.ready_state(), ReadyState::Open);
        // Nothing comes of it, and nothing is stuck.
        let _ = socket.send("into nothing");
        socket.reconnect();
        socket.close();
        let _ = (socket.retry_count(), socket.failure(), socket.buffered_amount(), socket.url());
        assert_ne!(socket.ready_state(), ReadyState::Open);
    }
}

/// The only thread of the runtime is busy until the time for the answer is over, and has both to do then.
#[test]
fn an_answer_that_has_come_counts_though_all_threads_were_busy() {
    const TIMEOUT: Duration = Duration::from_millis(300);
    let (asked, mut question) = mpsc::unbounded_channel();
    let (may_answer, answer) = blocking::channel::<()>();
    let (answered, is_answered) = blocking::channel();
    let (made, url) = blocking::channel();
    let serving = thread::spawn(move || {
        runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let (listener, url) = listen().await;
            made.send(url).unwrap();
            let mut connection = served(&listener).await;
            assert_eq!(text(&mut connection).await, "?");
            asked.send(()).unwrap();
            answer.recv().unwrap();
            connection.send("!").await.unwrap();
            answered.send(()).unwrap();
            // Until the test is over.
            let _ = answer.recv();
        });
    });
    let url = url.recv().unwrap();
    let mut config = soon();
    let mut keep_alive = ws_core::KeepAlive::new("?");
    (keep_alive.interval, keep_alive.timeout) = (Duration::from_millis(20), TIMEOUT);
    config.keep_alive = Some(keep_alive);
    let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let program = runtime.spawn(async move {
        let (socket, told) = connect(Socket::builder(url.as_str()).config(config));
        question.recv().await.unwrap();
        may_answer.send(()).unwrap();
        is_answered.recv().unwrap();
        thread::sleep(2 * TIMEOUT);
        (socket, told, may_answer)
    });
    let (_socket, mut told, may_answer) = runtime.block_on(program).unwrap();
    assert_eq!(told.0.blocking_recv().unwrap(), "open");
    assert_eq!(told.0.blocking_recv().unwrap(), "message !");
    drop(may_answer);
    serving.join().unwrap();
}
