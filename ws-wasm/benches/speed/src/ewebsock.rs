use std::{
    cell::{Cell, RefCell},
    ops::ControlFlow,
};

use ewebsock::{Options, WsEvent, WsMessage, WsSender};

use crate::course::{Course, Payload};

thread_local! {
    // The handler has to be `Send`, which these are not.
    static RUN: RefCell<Option<(WsSender, Course, WsMessage)>> = const { RefCell::new(None) };
    /// Which run an event belongs to.
    static NUMBER: Cell<u32> = const { Cell::new(0) };
}

pub fn start(url: &str, course: Course) {
    let number = NUMBER.get() + 1;
    NUMBER.set(number);
    let on_event = move |event| if number == NUMBER.get() { heard(event) } else { ControlFlow::Break(()) };
    match ewebsock::ws_connect(url.to_owned(), Options::default(), Box::new(on_event)) {
        Ok(sender) => RUN.set(Some((sender, course.clone(), message(course.template())))),
        Err(_) => course.lost(),
    }
}

fn heard(event: WsEvent) -> ControlFlow<()> {
    RUN.with_borrow_mut(|run| {
        let Some((sender, course, template)) = run else { return ControlFlow::Break(()) };
        let count = match event {
            WsEvent::Opened => course.opened(),
            WsEvent::Message(WsMessage::Text(text)) => course.text(&text),
            WsEvent::Message(WsMessage::Binary(bytes)) => course.binary(&bytes),
            WsEvent::Message(_) => 0,
            WsEvent::Error(_) | WsEvent::Closed => {
                course.lost();
                0
            }
        };
        for _ in 0..count {
            sender.send(course.numbered().map_or_else(|| template.clone(), message));
        }
        if course.is_done() {
            sender.close();
        }
        ControlFlow::Continue(())
    })
}

fn message(payload: Payload) -> WsMessage {
    match payload {
        Payload::Text(text) => WsMessage::Text(text),
        Payload::Binary(bytes) => WsMessage::Binary(bytes),
    }
}
