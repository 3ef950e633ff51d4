use futures_util::{SinkExt as _, StreamExt as _};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::spawn_local;
use yawc::{WebSocket, frame::Frame};

#[wasm_bindgen]
pub fn run(url: &str) {
    let Ok(url) = url.parse() else { return };
    spawn_local(async move {
        let Ok(mut socket) = WebSocket::connect(url).await else { return };
        let _ = socket.send(Frame::text("hello")).await;
        if let Some(Ok(frame)) = socket.next().await
            && frame.payload().as_ref() == b"hello"
        {
            let _ = socket.close().await;
        }
    });
}
