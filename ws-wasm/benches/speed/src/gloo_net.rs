use futures_util::{SinkExt as _, StreamExt as _};
use gloo_net::websocket::{Message, futures::WebSocket};
use wasm_bindgen_futures::spawn_local;

use crate::course::{Course, Payload};

pub fn start(url: &str, course: Course) {
    let url = url.to_owned();
    spawn_local(async move {
        let Ok(mut socket) = WebSocket::open(&url) else { return course.lost() };
        // It opens while the first message waits to be sent, so the time begins a little early.
        let template = message(course.template());
        let mut count = course.opened();
        loop {
            for _ in 0..count {
                let _ = socket.send(course.numbered().map_or_else(|| template.clone(), message)).await;
            }
            count = match socket.next().await {
                Some(Ok(Message::Text(text))) => course.text(&text),
                Some(Ok(Message::Bytes(bytes))) => course.binary(&bytes),
                Some(Err(_)) | None => return course.lost(),
            };
            if course.is_done() {
                let _ = socket.close(None, None);
                return;
            }
        }
    });
}

fn message(payload: Payload) -> Message {
    match payload {
        Payload::Text(text) => Message::Text(text),
        Payload::Binary(bytes) => Message::Bytes(bytes),
    }
}
