use isosocket::WebSocket;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
pub fn run(url: &str) {
    let Ok(socket) = WebSocket::new(url) else { return };
    socket.set_onopen(|socket| drop(socket.send("hello")));
    socket.set_onmessage(|socket, event| {
        if event.data.as_text() == Some("hello") {
            socket.close();
        }
    });
    // Keeps the socket until it is closed.
    let handle = socket.clone();
    socket.set_onclose(move |_, _| _ = &handle);
}
