use futures_util::{SinkExt as _, StreamExt as _};
use wasm_bindgen_futures::spawn_local;
use ws_stream_wasm::{WsMessage, WsMeta};

use crate::course::{Course, Payload};

pub fn start(url: &str, course: Course) {
    let url = url.to_owned();
    spawn_local(async move {
        let Ok((_meta, mut socket)) = WsMeta::connect(url, None).await else { return course.lost() };
        let template = message(course.template());
        let mut count = course.opened();
        loop {
            for _ in 0..count {
                let _ = socket.send(course.numbered().map_or_else(|| template.clone(), message)).await;
            }
            count = match socket.next().await {
                Some(WsMessage::Text(text)) => course.text(&text),
                Some(WsMessage::Binary(bytes)) => course.binary(&bytes),
                None => return course.lost(),
            };
            if course.is_done() {
                let _ = socket.close().await;
                return;
            }
        }
    });
}

fn message(payload: Payload) -> WsMessage {
    match payload {
        Payload::Text(text) => WsMessage::Text(text),
        Payload::Binary(bytes) => WsMessage::Binary(bytes),
    }
}
