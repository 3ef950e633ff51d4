use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::prelude::{Closure, JsCast as _};
use web_sys::{BinaryType, MessageEvent, WebSocket};

use crate::course::{Course, Payload};

pub fn start(url: &str, course: Course) {
    let Ok(socket) = WebSocket::new(url) else { return course.lost() };
    socket.set_binary_type(BinaryType::Arraybuffer);
    let template = course.template();
    let send = {
        let (course, socket) = (course.clone(), socket.clone());
        move |count: u32| {
            for _ in 0..count {
                let numbered = course.numbered();
                let _ = match numbered.as_ref().unwrap_or(&template) {
                    Payload::Text(text) => socket.send_with_str(text),
                    Payload::Binary(bytes) => socket.send_with_u8_array(bytes),
                };
            }
        }
    };
    let open = Closure::<dyn FnMut()>::new({
        let (course, send) = (course.clone(), send.clone());
        move || send(course.opened())
    });
    let message = Closure::<dyn FnMut(MessageEvent)>::new({
        let (course, socket) = (course.clone(), socket.clone());
        move |event: MessageEvent| {
            let count = match event.data().dyn_into::<ArrayBuffer>() {
                Ok(buffer) => course.binary(&Uint8Array::new(&buffer).to_vec()),
                Err(text) => text.as_string().map_or(0, |text| course.text(&text)),
            };
            send(count);
            if course.is_done() {
                let _ = socket.close();
            }
        }
    });
    let close = Closure::<dyn FnMut()>::new(move || course.lost());
    socket.set_onopen(Some(open.as_ref().unchecked_ref()));
    socket.set_onmessage(Some(message.as_ref().unchecked_ref()));
    socket.set_onclose(Some(close.as_ref().unchecked_ref()));
    open.forget();
    message.forget();
    close.forget();
}
