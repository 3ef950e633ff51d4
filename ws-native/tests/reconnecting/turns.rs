//! Events come one at a time, also where timers, sockets and threads are at work at once.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc as blocking};
use std::thread;

use ws_core::{CloseCode, KeepAlive};

use super::*;

/// Marks that a handler runs, for as long as it is there: there must be one at the most.
struct Alone<'a>(&'a AtomicBool);

impl<'a> Alone<'a> {
    fn enter(is_taken: &'a AtomicBool, overlaps: &AtomicUsize) -> Self {
        if is_taken.swap(true, Ordering::SeqCst) {
            overlaps.fetch_add(1, Ordering::SeqCst);
        }
        Self(is_taken)
    }
}

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_handlers_never_run_at_once() {
    let (listener, url) = listen().await;
    let server = tokio::spawn(async move {
        loop {
            let mut connection = served(&listener).await;
            tokio::spawn(async move {
                for number in 0..50 {
                    connection.send(format!("{number}")).await?;
                }
                connection.close(Some((CloseCode::GOING_AWAY, ""))).await
            });
        }
    });
    let mut config = soon();
    let mut keep_alive = KeepAlive::new("?");
    keep_alive.interval = Duration::from_millis(1);
    config.keep_alive = Some(keep_alive);
    let (is_taken, overlaps) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let told = Arc::new(Mutex::new(Vec::new()));
    let (sender, mut count) = mpsc::unbounded_channel();
    let socket = Socket::builder(url.as_str())
        .config(config)
        .connect_with(|socket| {
            for kind in [EventKind::Open, EventKind::Message, EventKind::Error, EventKind::Close] {
                let (is_taken, overlaps, told) = (Arc::clone(&is_taken), Arc::clone(&overlaps), Arc::clone(&told));
                let sender = sender.clone();
                socket.add_event_listener(kind, move |_, event| {
                    let _alone = Alone::enter(&is_taken, &overlaps);
                    // Long enough for others to come.
                    thread::yield_now();
                    told.lock().unwrap().push(words(event));
                    let _ = sender.send(());
                });
            }
            let (is_taken, overlaps) = (Arc::clone(&is_taken), Arc::clone(&overlaps));
            socket.set_onreconnecting(move |_, _| {
                let _alone = Alone::enter(&is_taken, &overlaps);
                thread::yield_now();
            });
        })
        .unwrap();
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let socket = socket.clone();
            thread::spawn(move || {
                for _ in 0..100 {
                    socket.reconnect();
                    thread::yield_now();
                    let _ = socket.send("something");
                }
            })
        })
        .collect();
    for _ in 0..2_000 {
        tokio::time::timeout(LONG, count.recv()).await.expect("events go on").unwrap();
    }
    for thread in threads {
        thread.join().unwrap();
    }
    server.abort();
    assert_eq!(overlaps.load(Ordering::SeqCst), 0);
    is_in_order(&told.lock().unwrap());
}

/// Of each connection that is opened: all its messages in order, then its end, and nothing between.
fn is_in_order(told: &[String]) {
    let mut next = None;
    for (index, event) in told.iter().enumerate() {
        let around = &told[index.saturating_sub(5)..=index];
        match event.split_once(' ') {
            None if event == "open" => assert_eq!(next.replace(0), None, "{around:?}"),
            None => {}
            Some(("close", _)) => next = None,
            Some((_, number)) => {
                assert_eq!(Some(number), next.map(|next: u32| next.to_string()).as_deref(), "{around:?}");
                next = next.map(|next| next + 1);
            }
        }
    }
}

/// A handler takes its time, in which the socket is told to begin anew by another thread, again and again.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn what_comes_while_a_handler_blocks_waits_for_it() {
    let (listener, url) = listen().await;
    let (socket, mut told) = connect(Socket::builder(url.as_str()).config(soon()));
    let (go_on, may_go_on) = blocking::channel::<()>();
    let (blocked, is_blocked) = tokio::sync::oneshot::channel();
    let mut blocked = Some(blocked);
    socket.set_onmessage(move |_, _| {
        if let Some(blocked) = blocked.take() {
            blocked.send(()).unwrap();
            may_go_on.recv_timeout(LONG).unwrap();
        }
    });
    let mut connection = served(&listener).await;
    connection.send("one").await.unwrap();
    is_blocked.await.unwrap();
    for _ in 0..1_000 {
        socket.reconnect();
    }
    told.are(["open", "message one"]).await;
    assert!(told.0.try_recv().is_err());
    go_on.send(()).unwrap();
    assert_eq!(connection.recv().await.unwrap(), None);
    let mut next = served(&listener).await;
    next.send("two").await.unwrap();
    assert!(["close 1000", "close 1006"].contains(&told.next().await.as_str()));
    told.are(["open", "message two"]).await;
    socket.close();
    assert_eq!(next.recv().await.unwrap(), None);
    told.are(["close 1005"]).await;
}

/// A server that sends without end is not read while a turn of something else takes its time: its writes stop.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_peer_is_held_back_while_another_turn_is_under_way() {
    let (listener, url) = listen().await;
    let (go_on, may_go_on) = blocking::channel::<()>();
    let may_go_on = Mutex::new(may_go_on);
    let builder = Socket::builder_with(move |attempt| {
        attempt.connect_to(url.as_str());
        // Connected is at once, but the program is at something else.
        may_go_on.lock().unwrap().recv_timeout(LONG).unwrap();
    });
    // The first question is asked by whoever makes the socket.
    let made = tokio::task::spawn_blocking(move || connect(builder.config(soon())));
    let mut connection = served(&listener).await;
    let flood = "x".repeat(64 << 10);
    let mut sent = 0_usize;
    while sent < 10_000 {
        match tokio::time::timeout(Duration::from_millis(300), connection.send(flood.as_str())).await {
            Ok(outcome) => outcome.unwrap(),
            Err(_) => break,
        }
        sent += 1;
    }
    // 64 MiB would be far more than what the buffers of the system have.
    assert!(sent < 1_000, "{sent} messages of 64 KiB were taken");
    go_on.send(()).unwrap();
    let (_socket, mut told) = made.await.unwrap();
    told.are(["open"]).await;
    for _ in 0..sent {
        // Those that wait in this program's side of the connection come when it sends on.
        tokio::select! {
            event = told.next() => assert!(event.starts_with("message x")),
            outcome = connection.flush() => {
                outcome.unwrap();
                assert!(told.next().await.starts_with("message x"));
            }
        }
    }
}
