//! `close()` and how connections end, natively and in browsers:
//! <https://websockets.spec.whatwg.org/#dom-websocket-close>.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use isosocket::{CloseCode, Error, ReadyState, SyntaxError, WebSocket};
use support::*;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn close_without_arguments_sends_no_code() {
    let id = unique_id();
    let (socket, mut events) = connect(&format!("/report?id={id}"));
    events.open().await;
    socket.close();
    assert_eq!(socket.ready_state(), ReadyState::Closing);
    let event = events.close().await;
    assert_eq!((event.was_clean, event.code, event.reason.as_str()), (true, CloseCode::NO_STATUS, ""));
    assert_eq!(reported(&id).await, "clean 1005 ");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn close_with_sends_code_and_reason_after_the_messages() {
    let id = unique_id();
    let (socket, mut events) = connect(&format!("/report?id={id}"));
    events.open().await;
    socket.send("last words").unwrap();
    socket.close_with(3001, "bye ü").unwrap();
    let event = events.close().await;
    assert_eq!((event.was_clean, event.code), (true, CloseCode::new(3001)));
    assert_eq!(reported(&id).await, "clean 3001 bye ü");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn the_servers_code_and_reason_arrive() {
    let (_socket, mut events) = connect("/close?code=4000&reason=because");
    events.open().await;
    let event = events.close().await;
    assert_eq!((event.was_clean, event.code, event.reason.as_str()), (true, CloseCode::new(4000), "because"));
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn a_servers_close_frame_without_a_code_gives_1005() {
    let (_socket, mut events) = connect("/close");
    events.open().await;
    let event = events.close().await;
    assert_eq!((event.was_clean, event.code), (true, CloseCode::NO_STATUS));
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn arguments_are_validated_in_every_state() {
    let (socket, mut events) = connect("/echo");
    let check = |socket: &WebSocket| {
        for code in [0, 999, 1001, 1005, 2999, 5000, 65535] {
            assert_eq!(socket.close_with(code, ""), Err(Error::InvalidAccess(CloseCode::new(code))));
        }
        let too_long = Err(Error::Syntax(SyntaxError::ReasonTooLong { length: 124 }));
        assert_eq!(socket.close_with(1000, &"x".repeat(124)), too_long);
        assert_eq!(socket.close_with(1000, &"é".repeat(62)), too_long);
    };
    check(&socket);
    assert_eq!(socket.ready_state(), ReadyState::Connecting);
    events.open().await;
    check(&socket);
    assert_eq!(socket.ready_state(), ReadyState::Open);
    socket.close_with(4999, &"é".repeat(61)).unwrap();
    check(&socket);
    assert_eq!(events.close().await.code, CloseCode::new(4999));
    check(&socket);
    assert_eq!(socket.ready_state(), ReadyState::Closed);
    assert_eq!(socket.close_with(3000, &"x".repeat(123)), Ok(()));
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn closing_while_connecting_fails_the_connection_later() {
    let (socket, mut events) = connect("/echo");
    socket.close_with(1000, "never sent").unwrap();
    assert_eq!(socket.ready_state(), ReadyState::Closing);
    assert_eq!(socket.send("x"), Err(Error::Discarded(ReadyState::Closing)));
    events.failure().await;
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn closing_twice_is_closing_once() {
    let (socket, mut events) = connect("/echo");
    events.open().await;
    socket.close_with(3000, "first").unwrap();
    socket.close_with(3001, "second").unwrap();
    socket.close();
    assert_eq!(events.close().await.code, CloseCode::new(3000));
    socket.close();
    assert_eq!(socket.ready_state(), ReadyState::Closed);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn a_handler_can_close() {
    let (_socket, mut events) = connect("/echo");
    let (socket, mut handled) = record(WebSocket::builder(url("/echo")));
    socket.set_onopen(|socket| socket.close_with(3333, "").unwrap());
    assert_eq!(handled.close().await.code, CloseCode::new(3333));
    events.open().await;
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn a_dropped_handle_closes_without_a_code() {
    let id = unique_id();
    let (socket, mut events) = connect(&format!("/report?id={id}"));
    events.open().await;
    drop(socket);
    assert_eq!(reported(&id).await, "clean 1005 ");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn a_handle_dropped_while_connecting_leaves_no_socket_behind() {
    let (socket, _events) = connect("/silent");
    drop(socket);
    // A browser makes one connection at a time to a server: this one opens if the one before it was given up.
    let (_other, mut events) = connect("/echo");
    events.open().await;
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn the_last_handle_can_be_dropped_in_a_handler() {
    let id = unique_id();
    #[allow(clippy::arc_with_non_send_sync, reason = "handlers are Send natively, where the socket is, too")]
    let slot = std::sync::Arc::new(std::sync::Mutex::new(None));
    let held = slot.clone();
    let socket = WebSocket::builder(url(&format!("/report?id={id}")))
        .connect_with(|socket| socket.set_onopen(move |_| drop(held.lock().unwrap().take())))
        .unwrap();
    *slot.lock().unwrap() = Some(socket);
    assert_eq!(reported(&id).await, "clean 1005 ");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn a_refusal_is_error_and_close_1006_whatever_its_kind() {
    let paths = [
        "/status?code=200",
        "/status?code=301",
        "/status?code=404",
        "/status?code=500",
        "/accept",
        "/garbage",
        "/endless",
    ];
    for path in paths {
        let (socket, mut events) = connect(path);
        events.failure().await;
        assert_eq!((socket.ready_state(), socket.protocol().as_str()), (ReadyState::Closed, ""), "{path}");
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn a_server_that_picks_none_of_the_subprotocols_is_refused() {
    let (_socket, mut events) = record(WebSocket::builder(url("/protocol?pick=c")).protocols(["a", "b"]));
    events.failure().await;
    let (_socket, mut events) = record(WebSocket::builder(url("/protocol?pick=")).protocols(["a", "b"]));
    events.failure().await;
}

/// A page cannot find such a port: what browsers do there is seen by the conformance suite.
#[cfg(not(target_arch = "wasm32"))]
#[tokio::test]
async fn a_port_where_nobody_listens_is_error_and_close_1006() {
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (socket, mut events) = record(WebSocket::builder(format!("ws://{address}/")));
    events.failure().await;
    let failure = socket.failure().unwrap();
    assert_eq!(failure.kind(), isosocket::FailureKind::Network);
    assert!(failure.to_string().contains("refused"), "{failure}");
}

/// Of the browsers, Chromium refuses this as RFC 6455 demands, and Firefox does not look.
#[cfg(not(target_arch = "wasm32"))]
#[tokio::test]
async fn a_subprotocol_that_nobody_offered_is_refused() {
    let (_socket, mut events) = connect("/protocol?pick=unasked");
    events.failure().await;
}

#[cfg(not(target_arch = "wasm32"))]
#[tokio::test]
async fn failure_tells_a_native_program_why() {
    use isosocket::FailureKind;
    let cases = [
        ("/status?code=404", FailureKind::Refused, "404"),
        ("/status?code=301", FailureKind::Refused, "301"),
        ("/accept", FailureKind::Handshake, "Sec-WebSocket-Accept"),
        ("/garbage", FailureKind::Handshake, "HTTP"),
        ("/endless", FailureKind::Handshake, "more than 65536 bytes (max_head)"),
        ("/protocol?pick=x", FailureKind::Handshake, "\"x\""),
        ("/drop", FailureKind::Ended, "without a Close frame"),
    ];
    for (path, kind, words) in cases {
        let (socket, mut events) = connect(path);
        socket.add_event_listener(isosocket::EventKind::Open, |socket, _| socket.send("go").unwrap());
        while !matches!(events.next().await, Seen::Close(..)) {}
        let failure = socket.failure().expect(path);
        assert_eq!(failure.kind(), kind, "{path}");
        assert!(failure.to_string().contains(words), "{path}: {failure}");
    }
}
