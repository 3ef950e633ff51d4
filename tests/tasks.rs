//! Events as tasks, and the ready state they see, natively and in browsers:
//! <https://websockets.spec.whatwg.org/#feedback-from-the-protocol>.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use isosocket::{BinaryType, CloseCode, Data, ReadyState, WebSocket};
use support::*;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn no_handler_sees_closed_before_the_last_message() {
    let (_socket, mut events) = connect("/order");
    events.open().await;
    for text in ["one", "two", "three"] {
        assert_eq!(events.text().await, text);
    }
    let event = events.close().await;
    assert_eq!((event.was_clean, event.code, event.reason.as_str()), (true, CloseCode::NORMAL, "done"));
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn no_event_is_fired_within_a_call() {
    let fired = Arc::new(AtomicBool::new(false));
    let flag = fired.clone();
    let socket = WebSocket::builder(url("/echo"))
        .connect_with(|socket| socket.set_onerror(move |_| flag.store(true, Ordering::Relaxed)))
        .unwrap();
    socket.close();
    assert!(!fired.load(Ordering::Relaxed), "error is a task of its own");
    assert_eq!(socket.ready_state(), ReadyState::Closing);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn messages_that_arrive_after_close_are_not_delivered() {
    let (socket, mut events) = connect("/echo");
    events.open().await;
    for _ in 0..100 {
        socket.send("not wanted any more").unwrap();
    }
    socket.close();
    events.close().await;
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn the_binary_type_is_read_when_the_message_is_dispatched() {
    let (socket, mut events) = connect("/echo");
    socket.add_event_listener(isosocket::EventKind::Message, |socket, _| {
        socket.set_binary_type(BinaryType::ArrayBuffer);
    });
    events.open().await;
    socket.send(b"first").unwrap();
    socket.send(b"second").unwrap();
    assert!(matches!(events.message().await, Data::Blob(_)));
    assert!(matches!(events.message().await, Data::Binary(_)));
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn handlers_can_send() {
    let (socket, mut events) = connect("/echo");
    socket.add_event_listener(isosocket::EventKind::Message, |socket, event| {
        if let isosocket::Event::Message(event) = event {
            let length = event.data.len();
            if length < 5 {
                socket.send("x".repeat(length as usize + 1)).unwrap();
            }
        }
    });
    events.open().await;
    socket.send("").unwrap();
    for length in 0..=5 {
        assert_eq!(events.text().await.len(), length);
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn many_messages_keep_their_order() {
    let (socket, mut events) = connect("/echo");
    events.open().await;
    for number in 0..2000 {
        socket.send(number.to_string()).unwrap();
    }
    for number in 0..2000 {
        assert_eq!(events.text().await, number.to_string());
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn a_connection_that_is_lost_is_closed_with_1006() {
    let (socket, mut events) = connect("/drop");
    events.open().await;
    socket.send("go").unwrap();
    let event = loop {
        match events.next().await {
            // RFC 6455, section 7.2.1 has the connection failed, so there is an error event natively and in Firefox;
            // Chromium fires none.
            Seen::Error(ReadyState::Closed) => {}
            Seen::Close(event, ReadyState::Closed) => break event,
            seen => panic!("{seen:?}"),
        }
    };
    assert_eq!((event.was_clean, event.code, event.reason.as_str()), (false, CloseCode::ABNORMAL, ""));
    assert_eq!(socket.ready_state(), ReadyState::Closed);
}

#[cfg(not(target_arch = "wasm32"))]
#[tokio::test]
async fn a_connection_that_is_lost_is_error_before_close() {
    let (socket, mut events) = connect("/drop");
    events.open().await;
    socket.send("go").unwrap();
    events.failure().await;
}
