//! `close()` and what it leads to.

use wasm_bindgen_test::wasm_bindgen_test;
use ws_core::{CloseCode, Error, ReadyState, SyntaxError};

use super::{Witness, fresh_id, reported};

#[wasm_bindgen_test]
async fn a_close_of_ours_carries_code_and_reason() {
    for (code, reason) in [(1000, "done".to_owned()), (3000, String::new()), (4999, "ü".repeat(61) + "!")] {
        let id = fresh_id();
        let witness = Witness::open(&format!("/report?id={id}")).await;
        witness.socket.close_with(code, &reason).unwrap();
        // The server's answer has the code and need not have the reason.
        assert_eq!(witness.rest().await, [format!("close {code} \"\" clean")]);
        assert_eq!(reported(&id).await, format!("clean {code} {reason}"));
    }
}

#[wasm_bindgen_test]
async fn a_close_without_arguments_has_no_code() {
    let id = fresh_id();
    let witness = Witness::open(&format!("/report?id={id}")).await;
    witness.socket.close();
    assert_eq!(witness.rest().await, ["close 1005 \"\" clean"]);
    assert_eq!(reported(&id).await, "clean 1005 ");
}

#[wasm_bindgen_test]
async fn a_close_of_the_servers_carries_code_and_reason() {
    let events = Witness::connect("/close?code=4001&reason=enough").rest().await;
    assert_eq!(events, ["open", "close 4001 \"enough\" clean"]);
    assert_eq!(Witness::connect("/close").rest().await, ["open", "close 1005 \"\" clean"]);
}

#[wasm_bindgen_test]
async fn a_message_that_comes_after_our_close_is_dropped() {
    let witness = Witness::open("/echo").await;
    witness.socket.send("its echo comes too late").unwrap();
    witness.socket.close();
    // "1. If ready state is not OPEN (1), then return."
    assert_eq!(witness.rest().await, ["close 1005 \"\" clean"]);
}

#[wasm_bindgen_test]
async fn a_second_close_does_nothing() {
    let witness = Witness::open("/echo").await;
    let socket = witness.socket.clone();
    socket.close_with(3001, "first").unwrap();
    socket.close_with(3002, "second").unwrap();
    socket.close();
    assert_eq!(witness.rest().await, ["close 3001 \"\" clean"]);
    socket.close();
    socket.close_with(3003, "third").unwrap();
    assert_eq!(socket.ready_state(), ReadyState::Closed);
}

#[wasm_bindgen_test]
async fn a_handler_may_close_its_socket() {
    let witness = Witness::connect("/echo");
    witness.socket.set_onopen(|socket| socket.close_with(3001, "at once").unwrap());
    assert_eq!(witness.rest().await, ["open", "close 3001 \"\" clean"]);

    let mut witness = Witness::open("/echo").await;
    witness.socket.set_onmessage(|socket, _| socket.close_with(3002, "got it").unwrap());
    witness.socket.send("hello").unwrap();
    assert_eq!(witness.next().await, "message hello");
    assert_eq!(witness.rest().await, ["close 3002 \"\" clean"]);
}

#[wasm_bindgen_test]
async fn arguments_are_checked_in_every_state() {
    let mut witness = Witness::connect("/echo");
    let socket = witness.socket.clone();
    let long = "x".repeat(124);
    let check = || {
        for code in [0, 999, 1001, 1005, 1006, 2999, 5000, 65535] {
            assert_eq!(socket.close_with(code, ""), Err(Error::InvalidAccess(CloseCode::new(code))));
        }
        assert_eq!(socket.close_with(1000, &long), Err(SyntaxError::ReasonTooLong { length: 124 }.into()));
    };
    check();
    assert_eq!(witness.next().await, "open");
    check();
    assert_eq!(socket.ready_state(), ReadyState::Open);
    socket.close_with(1000, &long[1..]).unwrap();
    check();
    assert_eq!(witness.next().await, "close 1000 \"\" clean");
    check();
}
