use isosocket::{Data, Opened, WebSocketStream};
use wasm_bindgen_futures::spawn_local;

use crate::{course::Course, ours::data};

pub fn start(url: &str, course: Course) {
    let url = url.to_owned();
    spawn_local(async move {
        let Ok(stream) = WebSocketStream::new(&url) else { return course.lost() };
        let Ok(Opened { mut readable, mut writable, .. }) = stream.opened().await else { return course.lost() };
        let template = data(course.template());
        let mut count = course.opened();
        loop {
            for _ in 0..count {
                let _ = writable.write(course.numbered().map_or_else(|| template.clone(), data)).await;
            }
            count = match readable.read().await {
                Some(Ok(Data::Text(text))) => course.text(&text),
                Some(Ok(Data::Binary(bytes))) => course.binary(&bytes),
                Some(Ok(Data::Blob(_)) | Err(_)) | None => return course.lost(),
            };
            if course.is_done() {
                stream.close();
                return;
            }
        }
    });
}
