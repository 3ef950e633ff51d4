use isosocket::{Opened, WebSocketStream};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::spawn_local;

#[wasm_bindgen]
pub fn run(url: &str) {
    let Ok(stream) = WebSocketStream::new(url) else { return };
    spawn_local(async move {
        let Ok(Opened { mut readable, mut writable, .. }) = stream.opened().await else { return };
        let _ = writable.write("hello").await;
        if let Some(Ok(message)) = readable.read().await
            && message.as_text() == Some("hello")
        {
            stream.close();
        }
    });
}
