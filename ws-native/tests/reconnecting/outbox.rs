//! What is sent, over one connection after the other, by several threads.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, mpsc as blocking};
use std::thread;

use ws_core::{CloseCode, Error, FailureKind, ReadyState};
use ws_native::{ConnectOptions, WebSocket};

use super::*;

#[tokio::test]
async fn what_waits_goes_in_order_behind_what_the_open_handler_sends() {
    let (listener, url) = listen().await;
    let (socket, mut told) = connect(Socket::builder(url.as_str()).config(soon()));
    socket.set_onopen(|socket| {
        socket.send("hello").unwrap();
        socket.send("subscribe").unwrap();
    });
    for number in 0..100 {
        socket.send(format!("{number}")).unwrap();
    }
    assert_eq!(socket.buffered_amount(), 190);
    let mut connection = served(&listener).await;
    told.are(["open"]).await;
    assert_eq!(text(&mut connection).await, "hello");
    assert_eq!(text(&mut connection).await, "subscribe");
    for number in 0..100 {
        assert_eq!(text(&mut connection).await, number.to_string());
    }
}

/// A socket with 200 messages that wait, of 64 KiB: more than may wait for the network. And the message.
fn full(url: &str) -> (Socket, Told, String) {
    let mut options = ConnectOptions::default();
    options.config.max_send_queue = 2 << 20;
    let (socket, told) = connect(Socket::builder(WebSocket::builder(url).options(options)).config(soon()));
    let message = "x".repeat(64 << 10);
    for _ in 0..200 {
        socket.send(message.as_str()).unwrap();
    }
    (socket, told, message)
}

/// As much as may wait here is more than may wait there.
#[tokio::test]
async fn what_waits_does_not_fail_the_connection_that_it_is_sent_by() {
    let (listener, url) = listen().await;
    let (socket, mut told, message) = full(&url);
    let mut connection = served(&listener).await;
    told.are(["open"]).await;
    for _ in 0..200 {
        assert_eq!(text(&mut connection).await, message);
    }
    socket.send("behind").unwrap();
    assert_eq!(text(&mut connection).await, "behind");
}

/// It goes out all the same when the program closes the socket, with the code behind it.
#[tokio::test]
async fn what_waits_does_not_fail_the_connection_that_is_closed_behind_it() {
    let (listener, url) = listen().await;
    let (socket, mut told, message) = full(&url);
    let mut connection = served(&listener).await;
    told.are(["open"]).await;
    socket.close_with(3000, "enough").unwrap();
    assert_eq!(socket.ready_state(), ReadyState::Closing);
    for _ in 0..200 {
        assert_eq!(text(&mut connection).await, message);
    }
    assert!(connection.recv().await.unwrap().is_none());
    assert_eq!(connection.closed().unwrap().code().get(), 3000);
    told.are(["close 3000"]).await;
    assert_eq!(socket.ready_state(), ReadyState::Closed);
    assert!(socket.failure().is_none());
}

/// More than may wait for the network fails a connection. It must not fail all that follow.
#[tokio::test]
async fn a_message_that_no_connection_can_send_is_given_up_and_the_others_are_not() {
    let (listener, url) = listen().await;
    let mut options = ConnectOptions::default();
    options.config.max_send_queue = 100;
    let to = WebSocket::builder(url.as_str()).options(options);
    let (socket, mut told) = connect(Socket::builder(to).config(soon()));
    socket.send("a".repeat(200)).unwrap();
    socket.send("behind").unwrap();
    let _first = served(&listener).await;
    told.are(["open", "error", "close 1006", "reconnecting 1"]).await;
    assert_eq!(socket.failure().unwrap().kind(), FailureKind::Limit);
    let mut second = served(&listener).await;
    told.are(["open"]).await;
    assert_eq!(text(&mut second).await, "behind");
    assert_eq!(socket.send("b".repeat(200)), Err(Error::Discarded(ReadyState::Closing)));
    told.are(["error", "close 1006"]).await;
    assert_eq!(socket.failure().unwrap().kind(), FailureKind::Limit);
}

/// Another thread's messages stay in its order, whatever a handler of `open` does meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_thread_sends_while_open_is_told_goes_behind_what_it_sent_before() {
    let (listener, url) = listen().await;
    let (socket, _told) = connect(Socket::builder(url.as_str()).config(soon()));
    let (opening, is_opening) = blocking::channel();
    let (sent, is_sent) = blocking::channel();
    socket.set_onopen(move |socket| {
        opening.send(()).unwrap();
        is_sent.recv_timeout(LONG).unwrap();
        socket.send("hello").unwrap();
    });
    socket.send("first").unwrap();
    let sender = socket.clone();
    let thread = thread::spawn(move || {
        is_opening.recv_timeout(LONG).unwrap();
        sender.send("second").unwrap();
        sent.send(()).unwrap();
    });
    let mut connection = served(&listener).await;
    assert_eq!(text(&mut connection).await, "hello");
    assert_eq!(text(&mut connection).await, "first");
    assert_eq!(text(&mut connection).await, "second");
    thread.join().unwrap();
}

/// Each of four threads sends what it has while connections come and go. What is missing was given to one that broke.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_of_each_thread_stay_in_order_over_all_connections() {
    const MESSAGES: usize = 2_000;
    let (listener, url) = listen().await;
    let (socket, _told) = connect(Socket::builder(url.as_str()).config(soon()));
    let is_finished = Arc::new(AtomicBool::new(false));
    let is_over = Arc::clone(&is_finished);
    // The end of it goes behind all that waits, however often it takes a connection.
    socket.set_onreconnecting(move |socket, _| {
        if is_over.load(Ordering::SeqCst) {
            socket.send("end").unwrap();
        }
    });
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let socket = socket.clone();
            thread::spawn(move || {
                for number in 0..MESSAGES {
                    socket.send(format!("{thread} {number}")).unwrap();
                }
            })
        })
        .collect();
    let coordinator = thread::spawn(move || {
        for thread in threads {
            thread.join().unwrap();
        }
        is_finished.store(true, Ordering::SeqCst);
        socket.send("end").unwrap();
        socket
    });
    let mut last = HashMap::new();
    for number in 0.. {
        let mut connection = served(&listener).await;
        let is_over = hear(&mut connection, if number < 20 { 100 } else { usize::MAX }, &mut last).await;
        if is_over {
            break;
        }
        if number % 2 == 0 {
            connection.close(Some((CloseCode::GOING_AWAY, ""))).await.unwrap();
        }
    }
    let _socket = coordinator.join().unwrap();
}

/// Takes so many messages, or all up to the end of them.
async fn hear(connection: &mut Connection<TcpStream>, most: usize, last: &mut HashMap<usize, usize>) -> bool {
    let mut here = HashMap::new();
    for _ in 0..most {
        let message = tokio::time::timeout(LONG, text(connection)).await.expect("there are more");
        if message == "end" {
            return true;
        }
        let (thread, number) = message.split_once(' ').unwrap();
        let (thread, number): (usize, usize) = (thread.parse().unwrap(), number.parse().unwrap());
        if let Some(last) = last.insert(thread, number) {
            assert!(number > last, "thread {thread}: {number} behind {last}");
        }
        if let Some(before) = here.insert(thread, number) {
            assert_eq!(number, before + 1, "thread {thread}: what is missing was given to this connection");
        }
    }
    false
}

/// A message that is sent at the moment at which a connection is open, and all that waited is sent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_message_is_left_behind_when_a_connection_opens() {
    let (listener, url) = listen().await;
    let (socket, mut told) = connect(Socket::builder(url.as_str()).config(soon()));
    for round in 0..200 {
        let (sender, ready) = (socket.clone(), Arc::new(Barrier::new(2)));
        let begin = Arc::clone(&ready);
        let thread = thread::spawn(move || {
            begin.wait();
            for number in 0..20 {
                sender.send(format!("{round} {number}")).unwrap();
            }
        });
        ready.wait();
        let mut connection = served(&listener).await;
        for number in 0..20 {
            let message = tokio::time::timeout(LONG, text(&mut connection)).await.expect("it is not left behind");
            assert_eq!(message, format!("{round} {number}"));
        }
        thread.join().unwrap();
        drop(connection);
        while !told.next().await.starts_with("reconnecting") {}
    }
}
