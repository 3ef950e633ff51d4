use futures_util::{SinkExt as _, StreamExt as _};
use gloo_net::websocket::{Message, futures::WebSocket};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::spawn_local;

#[wasm_bindgen]
pub fn run(url: &str) {
    let Ok(mut socket) = WebSocket::open(url) else { return };
    spawn_local(async move {
        let _ = socket.send(Message::Text("hello".into())).await;
        if let Some(Ok(Message::Text(text))) = socket.next().await
            && text == "hello"
        {
            let _ = socket.close(None, None);
        }
    });
}
