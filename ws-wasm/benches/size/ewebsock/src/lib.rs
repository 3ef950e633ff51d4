use std::{cell::RefCell, ops::ControlFlow};

use ewebsock::{Options, WsEvent, WsMessage, WsSender};
use wasm_bindgen::prelude::wasm_bindgen;

thread_local! {
    // The handler has to be `Send`, which the sender is not.
    static SENDER: RefCell<Option<WsSender>> = const { RefCell::new(None) };
}

#[wasm_bindgen]
pub fn run(url: &str) {
    let sender = ewebsock::ws_connect(url.to_owned(), Options::default(), Box::new(on_event));
    SENDER.set(sender.ok());
}

fn on_event(event: WsEvent) -> ControlFlow<()> {
    SENDER.with_borrow_mut(|sender| {
        let Some(sender) = sender else { return ControlFlow::Break(()) };
        match event {
            WsEvent::Opened => sender.send(WsMessage::Text("hello".into())),
            WsEvent::Message(WsMessage::Text(text)) if text == "hello" => sender.close(),
            _ => {}
        }
        ControlFlow::Continue(())
    })
}
