//! Handlers that panic: those behind them are called, and the socket goes on.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod peer;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use ws_core::{Event, EventKind};
use ws_native::WebSocket;

use peer::{accept, listen, read_head};

/// Connects a socket of which each event has a handler that panics, a listener that panics, and one behind them that tells.
fn connect(url: &str) -> (WebSocket, UnboundedReceiver<String>) {
    let (sender, told) = mpsc::unbounded_channel();
    let socket = WebSocket::builder(url)
        .connect_with(|socket| {
            socket.set_onopen(|_| panic!("open"));
            socket.set_onmessage(|_, _| panic!("message"));
            socket.set_onerror(|_| panic!("error"));
            socket.set_onclose(|_, _| panic!("close"));
            for kind in [EventKind::Open, EventKind::Message, EventKind::Error, EventKind::Close] {
                socket.add_event_listener(kind, |_, _| std::panic::panic_any(PanicsAgain));
                let sender = sender.clone();
                socket.add_event_listener(kind, move |_, event| sender.send(words(event)).unwrap());
            }
        })
        .unwrap();
    (socket, told)
}

/// What is thrown may panic as well, when it is dropped.
struct PanicsAgain;

impl Drop for PanicsAgain {
    fn drop(&mut self) {
        panic!("again");
    }
}

fn words(event: &Event) -> String {
    match event {
        Event::Open => "open".into(),
        Event::Message(event) => format!("message {}", event.data.as_text().unwrap()),
        Event::Error => "error".into(),
        Event::Close(event) => format!("close {} {}", event.code.get(), event.was_clean),
    }
}

/// All that is told until the last handler is gone.
async fn all(mut told: UnboundedReceiver<String>) -> Vec<String> {
    let mut events = Vec::new();
    while let Some(event) = told.recv().await {
        events.push(event);
    }
    events
}

#[tokio::test]
async fn events_are_heard_behind_handlers_that_panic() {
    let (listener, url) = listen().await;
    let (_socket, told) = connect(&url);
    let mut stream = accept(&listener).await;
    stream.write_all(b"\x81\x03one\x81\x03two\x88\x02\x03\xe9").await.unwrap();
    let mut answer = [0; 8];
    stream.read_exact(&mut answer).await.unwrap();
    drop(stream);
    assert_eq!(all(told).await, ["open", "message one", "message two", "close 1001 true"]);
}

#[tokio::test]
async fn close_follows_an_error_whose_handlers_panic() {
    let (listener, url) = listen().await;
    let (socket, told) = connect(&url);
    let (mut stream, _) = listener.accept().await.unwrap();
    read_head(&mut stream).await;
    stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    assert_eq!(all(told).await, ["error", "close 1006 false"]);
    assert!(socket.failure().is_some());
}
