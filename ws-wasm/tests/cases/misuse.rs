//! What the interface refuses, and `bufferedAmount`, which grows all the same.

use js_sys::Reflect;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;
use ws_core::{BinaryType, Error, ReadyState};
use ws_wasm::Browser;

use super::{WebSocket, Witness, turn, url};

type Reconnecting = ws_core::ReconnectingWebSocket<Browser>;
type Stream = ws_core::WebSocketStream<ws_wasm::BrowserStream>;

#[wasm_bindgen_test]
fn a_url_that_is_none_of_a_websocket_is_a_syntax_error() {
    for wrong in ["ws://h/#", "ws://h/#fragment", "ftp://h/", "mailto:a@b", "ws://[::1/", "ws://h:99999/"] {
        let error = WebSocket::new(wrong).unwrap_err();
        assert_eq!(error.name(), Some("SyntaxError"), "{wrong}");
        assert!(!error.to_string().is_empty(), "{wrong}");
    }
}

/// There may be a password or a token in it, and errors go to logs.
#[wasm_bindgen_test]
fn the_error_does_not_tell_the_url() {
    for wrong in ["ws://user:secret@h:99999/?token=secret", "ws://user:secret@h/#secret", "secret://user:secret@h/"] {
        let errors = [WebSocket::new(wrong).unwrap_err(), Stream::new(wrong).unwrap_err()];
        for error in errors.map(|error| format!("{error} {error:?}")) {
            assert!(!error.contains("secret"), "{error}");
        }
    }
}

#[wasm_bindgen_test]
fn a_subprotocol_that_is_no_token_or_occurs_twice_is_a_syntax_error() {
    for wrong in [&[""][..], &["two words"], &["a,b"], &["ü"], &["chat", "chat"]] {
        let error = WebSocket::with_protocols(&url("/echo"), wrong).unwrap_err();
        assert_eq!(error.name(), Some("SyntaxError"), "{wrong:?}");
    }
}

/// As in a worklet.
#[wasm_bindgen_test]
fn a_host_without_a_websocket_says_so() {
    let global = js_sys::global();
    let interface = Reflect::get(&global, &"WebSocket".into()).unwrap();
    Reflect::delete_property(&global, &"WebSocket".into()).unwrap();
    let error = WebSocket::new(&url("/echo")).unwrap_err();
    Reflect::set(&global, &"WebSocket".into(), &interface).unwrap();
    assert_eq!(error, Error::Host("WebSocket is not defined".into()));
}

/// As in a worklet.
#[wasm_bindgen_test]
fn where_there_are_no_timers_nothing_connects_again() {
    let global = js_sys::global();
    let timers = Reflect::get(&global, &"setTimeout".into()).unwrap();
    Reflect::set(&global, &"setTimeout".into(), &JsValue::UNDEFINED).unwrap();
    let outcome = Reconnecting::builder(url("/echo")).connect();
    Reflect::set(&global, &"setTimeout".into(), &timers).unwrap();
    assert_eq!(outcome.unwrap_err(), Error::Host("setTimeout is not defined".into()));
}

#[wasm_bindgen_test]
async fn nothing_can_be_sent_while_connecting() {
    let mut witness = Witness::connect("/echo");
    assert_eq!(witness.socket.send("early"), Err(Error::InvalidState));
    assert_eq!(witness.socket.send(b"early"), Err(Error::InvalidState));
    assert_eq!(witness.socket.buffered_amount(), 0);
    assert_eq!(witness.next().await, "open");
    witness.socket.send("now").unwrap();
    assert_eq!(witness.next().await, "message now");
}

#[wasm_bindgen_test]
async fn the_buffered_amount_grows_with_each_send_of_a_task_and_falls_in_a_later_one() {
    let mut witness = Witness::open("/echo").await;
    witness.socket.set_binary_type(BinaryType::ArrayBuffer);
    witness.socket.send(vec![7; 1 << 20]).unwrap();
    assert_eq!(witness.socket.buffered_amount(), 1 << 20);
    witness.socket.send("ü€😀").unwrap();
    assert_eq!(witness.socket.buffered_amount(), (1 << 20) + 9);
    assert_eq!(witness.message().await.len(), 1 << 20);
    assert_eq!(witness.next().await, "message ü€😀");
    while witness.socket.buffered_amount() > 0 {
        turn().await;
    }
}

#[wasm_bindgen_test]
async fn a_message_after_the_close_is_counted_and_told_to_be_lost() {
    let mut witness = Witness::open("/echo").await;
    let socket = witness.socket.clone();
    socket.close();
    assert_eq!(socket.send("ü"), Err(Error::Discarded(ReadyState::Closing)));
    assert_eq!(socket.send([0; 10]), Err(Error::Discarded(ReadyState::Closing)));
    assert_eq!(socket.buffered_amount(), 12);
    assert_eq!(witness.next().await, "close 1005 \"\" clean");
    assert_eq!(socket.buffered_amount(), 12);
    assert_eq!(socket.send("abc"), Err(Error::Discarded(ReadyState::Closed)));
    assert_eq!(socket.buffered_amount(), 15);
}
