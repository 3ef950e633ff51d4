//! Programs that panic: what comes behind it comes all the same.

use std::sync::atomic::{AtomicUsize, Ordering};

use ws_core::{CloseCode, ReadyState};

use super::*;

/// Makes a socket of which one handler panics each time, before its events are told.
fn connect_with(builder: Builder, panic: impl Fn(&Socket)) -> (Socket, Told) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let socket = builder
        .connect_with(|socket| {
            panic(socket);
            tell(socket, &sender);
        })
        .unwrap();
    (socket, Told(receiver))
}

/// A connection that is opened, told something, and closed; then another one.
async fn all_is_told(panic: impl Fn(&Socket)) {
    let (listener, url) = listen().await;
    let (socket, mut told) = connect_with(Socket::builder(url.as_str()).config(soon()), panic);
    for attempt in 1..=2 {
        socket.send("waits").unwrap();
        let mut connection = served(&listener).await;
        assert_eq!(tokio::time::timeout(LONG, text(&mut connection)).await.expect("it is sent"), "waits");
        connection.send("one").await.unwrap();
        connection.send("two").await.unwrap();
        connection.close(Some((CloseCode::GOING_AWAY, ""))).await.unwrap();
        assert_eq!(connection.recv().await.unwrap(), None);
        told.are(["open", "message one", "message two", "close 1001", &format!("reconnecting {attempt}")]).await;
    }
    // One that breaks.
    drop(served(&listener).await);
    told.are(["open", "error", "close 1006", "reconnecting 3"]).await;
    // The program begins anew.
    let _open = served(&listener).await;
    told.are(["open"]).await;
    socket.reconnect();
    told.are(["close 1000"]).await;
    let _again = served(&listener).await;
    told.are(["open"]).await;
    assert_eq!(socket.ready_state(), ReadyState::Open);
}

#[tokio::test]
async fn a_handler_of_open_may_panic() {
    all_is_told(|socket| socket.set_onopen(|_| panic!("open"))).await;
}

#[tokio::test]
async fn a_handler_of_message_may_panic() {
    all_is_told(|socket| socket.set_onmessage(|_, _| panic!("message"))).await;
}

#[tokio::test]
async fn a_handler_of_error_may_panic() {
    all_is_told(|socket| socket.set_onerror(|_| panic!("error"))).await;
}

#[tokio::test]
async fn a_handler_of_close_may_panic() {
    all_is_told(|socket| socket.set_onclose(|_, _| panic!("close"))).await;
}

#[tokio::test]
async fn a_handler_of_reconnecting_may_panic() {
    let (listener, url) = listen().await;
    let (socket, mut told) = connect(Socket::builder(url.as_str()).config(soon()));
    let retries = std::sync::Arc::new(AtomicUsize::new(0));
    let counted = std::sync::Arc::clone(&retries);
    socket.set_onreconnecting(move |_, _| {
        counted.fetch_add(1, Ordering::SeqCst);
        panic!("reconnecting")
    });
    for _ in 0..2 {
        drop(served(&listener).await);
        told.are(["open", "error", "close 1006"]).await;
    }
    let _open = served(&listener).await;
    told.are(["open"]).await;
    assert_eq!(retries.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn should_reconnect_may_panic_and_there_is_another_connection() {
    let (listener, url) = listen().await;
    let builder = Socket::builder(url.as_str()).config(soon()).should_reconnect(|_| panic!("should_reconnect"));
    let (_socket, mut told) = connect(builder);
    drop(served(&listener).await);
    told.are(["open", "error", "close 1006", "reconnecting 1"]).await;
    let _open = served(&listener).await;
    told.are(["open"]).await;
}

#[tokio::test]
async fn who_is_asked_what_to_connect_to_may_panic() {
    let (listener, url) = listen().await;
    let asked = AtomicUsize::new(0);
    let builder = Socket::builder_with(move |attempt| {
        assert!(asked.fetch_add(1, Ordering::SeqCst) >= 2, "not yet");
        attempt.connect_to(url.as_str());
    });
    let (_socket, mut told) = connect(builder.config(soon()));
    let _open = served(&listener).await;
    told.are(["error", "close 1006", "reconnecting 1", "error", "close 1006", "reconnecting 2", "open"]).await;
}
