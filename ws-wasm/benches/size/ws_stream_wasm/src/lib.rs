use futures_util::{SinkExt as _, StreamExt as _};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::spawn_local;
use ws_stream_wasm::{WsMessage, WsMeta};

#[wasm_bindgen]
pub fn run(url: &str) {
    let url = url.to_owned();
    spawn_local(async move {
        let Ok((_, mut stream)) = WsMeta::connect(url, None).await else { return };
        let _ = stream.send(WsMessage::Text("hello".into())).await;
        if let Some(WsMessage::Text(text)) = stream.next().await
            && text == "hello"
        {
            let _ = stream.close().await;
        }
    });
}
