//! Sockets that connect again: when the program panics, and what they leave behind.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use futures_channel::mpsc::unbounded;
use futures_util::StreamExt as _;
use isosocket::{ReconnectConfig, ReconnectingWebSocket};
use wasm_bindgen::prelude::*;

use crate::{KINDS, words};

/// Connects to one URL and then to another, which echoes, and panics once at each of these places. The events until
/// a message has come back.
#[wasm_bindgen]
#[allow(clippy::panic, reason = "it is what is tried out")]
pub async fn panic_while_reconnecting(places: Vec<String>, first: String, other: String) -> Vec<String> {
    let (sender, mut events) = unbounded();
    let places: Rc<RefCell<Vec<String>>> = Rc::new(RefCell::new(places));
    let panic_at = move |here: &str| {
        let place = places.borrow().iter().position(|place| place == here);
        if let Some(place) = place {
            places.borrow_mut().remove(place);
            panic!("the program's own mistake");
        }
    };
    let (asking, deciding, waiting) = (panic_at.clone(), panic_at.clone(), panic_at.clone());
    let is_first = Cell::new(true);
    let next = other.clone();
    let connected = ReconnectingWebSocket::builder_with(move |attempt| {
        if is_first.replace(false) {
            attempt.connect_to(&first);
        } else {
            asking("asked");
            attempt.connect_to(&next);
        }
    })
    .config(soon())
    .should_reconnect(move |_| {
        deciding("decided");
        true
    })
    .connect_with(|socket| {
        for kind in KINDS {
            let (sender, panic_at) = (sender.clone(), panic_at.clone());
            socket.add_event_listener(kind, move |_, event| drop(sender.unbounded_send(words(event))));
            socket.add_event_listener(kind, move |_, _| panic_at(kind.as_str()));
        }
        socket.set_onreconnecting(move |_, _| waiting("reconnecting"));
    });
    let Ok(socket) = connected else { return Vec::new() };
    let mut seen = Vec::new();
    while let Some(event) = events.next().await {
        if event == "open" && socket.url() == other {
            let _ = socket.send("hello");
        }
        let is_last = event.starts_with("message");
        seen.push(event);
        if is_last {
            break;
        }
    }
    seen
}

/// Has a socket connect again so many times to a server that closes. How many connections there were.
#[wasm_bindgen]
pub async fn return_often(url: String, count: u32) -> u32 {
    let (sender, events) = unbounded();
    let connected = ReconnectingWebSocket::builder(url.as_str()).config(soon()).connect_with(|socket| {
        socket.set_onclose(move |_, _| drop(sender.unbounded_send(())));
    });
    let Ok(_socket) = connected else { return 0 };
    events.take(count as usize).count().await as u32
}

/// Delays that a test can wait for.
fn soon() -> ReconnectConfig {
    let mut config = ReconnectConfig::default();
    (config.min_reconnection_delay, config.max_reconnection_delay) =
        (Duration::from_millis(1), Duration::from_millis(1));
    config.connection_timeout = Duration::from_millis(500);
    config
}
