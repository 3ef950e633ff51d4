use wasm_bindgen::prelude::{Closure, JsCast as _, wasm_bindgen};
use web_sys::{MessageEvent, WebSocket};

#[wasm_bindgen]
pub fn run(url: &str) {
    let Ok(socket) = WebSocket::new(url) else { return };
    let handle = socket.clone();
    let open = Closure::<dyn Fn()>::new(move || drop(handle.send_with_str("hello")));
    let handle = socket.clone();
    let message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        if event.data().as_string().as_deref() == Some("hello") {
            let _ = handle.close();
        }
    });
    socket.set_onopen(Some(open.as_ref().unchecked_ref()));
    socket.set_onmessage(Some(message.as_ref().unchecked_ref()));
    open.forget();
    message.forget();
}
