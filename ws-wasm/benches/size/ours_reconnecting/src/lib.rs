use std::cell::RefCell;

use isosocket::ReconnectingWebSocket;
use wasm_bindgen::prelude::wasm_bindgen;

thread_local! {
    static SOCKET: RefCell<Option<ReconnectingWebSocket>> = const { RefCell::new(None) };
}

#[wasm_bindgen]
pub fn run(url: &str) {
    let Ok(socket) = ReconnectingWebSocket::new(url) else { return };
    socket.set_onopen(|socket| drop(socket.send("hello")));
    socket.set_onmessage(|socket, event| {
        if event.data.as_text() == Some("hello") {
            socket.close();
        }
    });
    SOCKET.set(Some(socket));
}
