//! Attributes and the order of events.

use std::{cell::RefCell, rc::Rc};

use js_sys::Reflect;
use wasm_bindgen_test::wasm_bindgen_test;
use ws_core::{Event, ReadyState, WebSocketStream};
use ws_wasm::Browser;

use super::{WebSocket, Witness, evaluate, get, turn, url};

#[wasm_bindgen_test]
async fn events_come_in_the_order_of_the_wire() {
    let events = Witness::connect("/order").rest().await;
    assert_eq!(events, ["open", "message one", "message two", "message three", "close 1000 \"done\" clean"]);
}

#[wasm_bindgen_test]
async fn handlers_set_before_anything_is_awaited_hear_the_first_event() {
    let log = Rc::new(RefCell::new(vec![]));
    let socket = WebSocket::new(&url("/send?text=first")).unwrap();
    socket.set_onopen({
        let log = Rc::clone(&log);
        move |socket| log.borrow_mut().push(format!("open in state {:?}", socket.ready_state()))
    });
    socket.set_onmessage({
        let log = Rc::clone(&log);
        move |socket, event| {
            log.borrow_mut().push(event.data.as_text().unwrap().to_owned());
            socket.close();
        }
    });
    let mut witness = Witness::new(socket);
    while !witness.next().await.starts_with("close") {}
    assert_eq!(*log.borrow(), ["open in state Open", "first"]);
}

#[wasm_bindgen_test]
async fn attributes_are_those_of_the_browser_at_that_moment() {
    let mut witness = Witness::connect("/echo?a=b");
    let socket = witness.socket.clone();
    assert_eq!(socket.url(), url("/echo?a=b"));
    assert_eq!(socket.ready_state(), ReadyState::Connecting);
    assert_eq!((socket.extensions(), socket.protocol()), (String::new(), String::new()));
    assert_eq!(witness.next().await, "open");
    assert_eq!(socket.ready_state(), ReadyState::Open);
    assert_eq!(socket.extensions(), get(socket.backend().as_js(), "extensions").as_string().unwrap());
    socket.close();
    assert_eq!(socket.ready_state(), ReadyState::Closing);
    assert_eq!(witness.next().await, "close 1005 \"\" clean");
    assert_eq!(socket.ready_state(), ReadyState::Closed);
}

#[wasm_bindgen_test]
async fn the_protocol_is_the_one_the_server_picked() {
    let socket = WebSocket::with_protocols(&url("/protocol?pick=second"), &["first", "second"]).unwrap();
    assert_eq!(socket.protocol(), "");
    let mut witness = Witness::new(socket);
    assert_eq!(witness.next().await, "open");
    assert_eq!(witness.socket.protocol(), "second");
}

#[wasm_bindgen_test]
async fn an_http_url_is_one_of_a_websocket() {
    let socket = WebSocket::new(&url("/echo").replacen("ws", "http", 1)).unwrap();
    assert_eq!(socket.url(), url("/echo"));
}

#[wasm_bindgen_test]
async fn message_events_carry_the_origin_of_the_url() {
    let mut witness = Witness::connect("/order");
    let mut origins = vec![];
    while origins.len() < 3 {
        if let Event::Message(event) = witness.event().await {
            origins.push(event.origin);
        }
    }
    assert!(origins.iter().all(|origin| **origin == *url("")), "{origins:?}");
}

#[wasm_bindgen_test]
async fn a_refused_handshake_is_an_error_and_then_a_close() {
    for path in ["/status?code=404", "/status?code=200", "/status?code=301", "/accept", "/garbage"] {
        let events = Witness::connect(path).rest().await;
        assert_eq!(events, ["error", "close 1006 \"\" unclean"], "{path}");
    }
}

/// Has a connection made in a host that refuses it: `error` is fired in this state, and `close` never.
fn refused<T>(state: ReadyState, connect: impl FnOnce() -> T) -> T {
    let refusing = evaluate(&format!(
        "class {{ readyState = {}; close() {{}}; task = setTimeout(() => this.onerror(new Event('error'))) }}",
        state as u16
    ));
    let (global, name) = (js_sys::global(), "WebSocket".into());
    let interface = get(&global, "WebSocket");
    Reflect::set(&global, &name, &refusing).unwrap();
    let made = connect();
    Reflect::set(&global, &name, &interface).unwrap();
    made
}

/// Chromium is CLOSED from the beginning, and WebKit CONNECTING until `error` was fired.
#[wasm_bindgen_test]
async fn an_error_before_open_is_the_end_though_no_close_follows() {
    for state in [ReadyState::Connecting, ReadyState::Closed] {
        let witness = refused(state, || Witness::connect("/echo"));
        assert_eq!(witness.rest().await, ["error", "close 1006 \"\" unclean"], "{state:?}");
        let stream = refused(state, || WebSocketStream::<Browser>::new(&url("/echo")).unwrap());
        assert!(stream.opened().await.is_err(), "{state:?}");
        assert!(stream.closed().await.is_err(), "{state:?}");
    }
}

#[wasm_bindgen_test]
async fn a_subprotocol_that_was_not_offered_fails_the_connection() {
    let socket = WebSocket::with_protocols(&url("/protocol?pick=other"), &["first"]).unwrap();
    assert_eq!(Witness::new(socket).rest().await, ["error", "close 1006 \"\" unclean"]);
}

#[wasm_bindgen_test]
async fn the_state_is_closed_at_the_error_and_no_task_runs_before_the_close() {
    let socket = WebSocket::new(&url("/status?code=500")).unwrap();
    let log = Rc::new(RefCell::new(vec![]));
    socket.set_onerror({
        let log = Rc::clone(&log);
        move |socket| {
            log.borrow_mut().push(format!("error in state {:?}", socket.ready_state()));
            let log = Rc::clone(&log);
            wasm_bindgen_futures::spawn_local(async move {
                turn().await;
                log.borrow_mut().push("later".into());
            });
        }
    });
    socket.set_onclose({
        let log = Rc::clone(&log);
        move |socket, _| log.borrow_mut().push(format!("close in state {:?}", socket.ready_state()))
    });
    Witness::new(socket.clone()).rest().await;
    assert_eq!(*log.borrow(), ["error in state Closed", "close in state Closed"]);
    assert!(socket.failure().is_none());
}

#[wasm_bindgen_test]
async fn a_connection_that_breaks_off_is_closed_with_1006() {
    let witness = Witness::open("/drop").await;
    witness.socket.send("go").unwrap();
    let events = witness.rest().await;
    assert_eq!(events.last().map(String::as_str), Some("close 1006 \"\" unclean"), "{events:?}");
}
