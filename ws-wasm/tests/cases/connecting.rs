//! Giving a connection up before it is established: in a page only.
//!
//! In a worker of Firefox, `close()` reaches the connection with a delay. By then it may be established, and is closed
//! in the ordinary way; or else the server's answer is still waited for, and other connections to the address with it.

use wasm_bindgen_test::wasm_bindgen_test;
use ws_core::ReadyState;

use crate::cases::{WebSocket, Witness, fired, get, js, url};

#[wasm_bindgen_test]
async fn a_socket_closed_while_connecting_fails_later_and_not_at_once() {
    let mut witness = Witness::connect("/silent");
    witness.socket.close();
    assert_eq!(witness.socket.ready_state(), ReadyState::Closing);
    assert!(witness.events.try_recv().is_err());
    assert_eq!(witness.next().await, "error");
    assert_eq!(witness.next().await, "close 1006 \"\" unclean");
}

#[wasm_bindgen_test]
async fn a_socket_dropped_while_connecting_fails() {
    let socket = WebSocket::new(&url("/silent")).unwrap();
    let js = js(&socket);
    drop(socket);
    let event = fired(&js, "close").await;
    assert_eq!((get(&event, "code"), get(&event, "wasClean")), (1006.0.into(), false.into()));
}

#[wasm_bindgen_test]
async fn sockets_dropped_while_connecting_make_way_for_the_next() {
    // A browser connects to an address once at a time: "There MUST be no more than one connection in a CONNECTING
    // state." Each of these would keep the others waiting. They are fewer than the six connections that Firefox has to
    // a server before others wait: it leaves some open that are given up in the moment in which they are established.
    for _ in 0..5 {
        drop(WebSocket::new(&url("/silent")).unwrap());
    }
    let mut witness = Witness::open("/echo").await;
    witness.socket.send("hello").unwrap();
    assert_eq!(witness.next().await, "message hello");
}
