use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite_wasm::Message;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::spawn_local;

#[wasm_bindgen]
pub fn run(url: &str) {
    let url = url.to_owned();
    spawn_local(async move {
        let Ok(mut stream) = tokio_tungstenite_wasm::connect(url).await else { return };
        let _ = stream.send(Message::text("hello")).await;
        if let Some(Ok(Message::Text(text))) = stream.next().await
            && text.as_str() == "hello"
        {
            let _ = stream.close().await;
        }
    });
}
