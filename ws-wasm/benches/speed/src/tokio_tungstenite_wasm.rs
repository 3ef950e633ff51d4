use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite_wasm::Message;
use wasm_bindgen_futures::spawn_local;

use crate::course::{Course, Payload};

pub fn start(url: &str, course: Course) {
    let url = url.to_owned();
    spawn_local(async move {
        let Ok(mut socket) = tokio_tungstenite_wasm::connect(url).await else { return course.lost() };
        let template = message(course.template());
        let mut count = course.opened();
        loop {
            for _ in 0..count {
                let _ = socket.send(course.numbered().map_or_else(|| template.clone(), message)).await;
            }
            count = match socket.next().await {
                Some(Ok(Message::Text(text))) => course.text(text.as_str()),
                Some(Ok(Message::Binary(bytes))) => course.binary(&bytes),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return course.lost(),
            };
            if course.is_done() {
                let _ = socket.close().await;
                return;
            }
        }
    });
}

fn message(payload: Payload) -> Message {
    match payload {
        Payload::Text(text) => Message::Text(text.into()),
        Payload::Binary(bytes) => Message::Binary(bytes.into()),
    }
}
