use isosocket::{BinaryType, Data, WebSocket};

use crate::course::{Course, Payload};

pub fn start(url: &str, course: Course) {
    let Ok(socket) = WebSocket::new(url) else { return course.lost() };
    socket.set_binary_type(BinaryType::ArrayBuffer);
    let template = data(course.template());
    let send = {
        let course = course.clone();
        move |socket: &WebSocket, count: u32| {
            for _ in 0..count {
                let _ = socket.send(course.numbered().map_or_else(|| template.clone(), data));
            }
        }
    };
    socket.set_onopen({
        let (course, send) = (course.clone(), send.clone());
        move |socket| send(socket, course.opened())
    });
    socket.set_onmessage({
        let course = course.clone();
        move |socket, event| {
            let count = match &event.data {
                Data::Text(text) => course.text(text),
                Data::Binary(bytes) => course.binary(bytes),
                Data::Blob(_) => 0,
            };
            send(socket, count);
            if course.is_done() {
                socket.close();
            }
        }
    });
    let handle = socket.clone();
    socket.set_onclose(move |_, _| {
        course.lost();
        let _ = &handle;
    });
}

pub(crate) fn data(payload: Payload) -> Data {
    match payload {
        Payload::Text(text) => text.into(),
        Payload::Binary(bytes) => bytes.into(),
    }
}
