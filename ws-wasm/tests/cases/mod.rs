//! What must hold in a page and in a worker alike, against the test server.

mod closing;
mod data;
mod events;
mod lifetime;
mod misuse;
mod stream;

use futures_channel::mpsc::{self, UnboundedReceiver};
use futures_util::StreamExt as _;
use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use ws_core::{Data, Event, EventKind};
use ws_wasm::Browser;

pub(crate) type WebSocket = ws_core::WebSocket<Browser>;

const KINDS: [EventKind; 4] = [EventKind::Open, EventKind::Message, EventKind::Error, EventKind::Close];

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &Function, milliseconds: u32);
}

/// The URL of a path of the test server.
pub(crate) fn url(path: &str) -> String {
    let Some(server) = option_env!("ISOSOCKET_TEST_SERVER") else {
        panic!("build the tests with ISOSOCKET_TEST_SERVER=ws://127.0.0.1:PORT, where ws-test-server listens");
    };
    format!("{}{path}", server.trim_end_matches('/'))
}

/// A socket and every event it has fired.
pub(crate) struct Witness {
    pub(crate) socket: WebSocket,
    pub(crate) events: UnboundedReceiver<Event>,
}

impl Witness {
    fn new(socket: WebSocket) -> Self {
        let (sender, events) = mpsc::unbounded();
        for kind in KINDS {
            let sender = sender.clone();
            socket.add_event_listener(kind, move |_, event| drop(sender.unbounded_send(event.clone())));
        }
        Self { socket, events }
    }

    pub(crate) fn connect(path: &str) -> Self {
        Self::new(WebSocket::new(&url(path)).unwrap())
    }

    /// Connects and waits for the `open` event.
    pub(crate) async fn open(path: &str) -> Self {
        let mut witness = Self::connect(path);
        assert_eq!(witness.next().await, "open");
        witness
    }

    /// The next event in words.
    pub(crate) async fn next(&mut self) -> String {
        words(&self.event().await)
    }

    /// The data of the next event, which is a message.
    async fn message(&mut self) -> Data {
        match self.event().await {
            Event::Message(event) => event.data,
            event => panic!("no message but {}", words(&event)),
        }
    }

    /// All events until the last listener is dropped, which it is after `close`.
    async fn rest(self) -> Vec<String> {
        self.events.map(|event| words(&event)).collect().await
    }

    async fn event(&mut self) -> Event {
        self.events.next().await.expect("an event after `close`")
    }
}

fn words(event: &Event) -> String {
    match event {
        Event::Open => "open".into(),
        Event::Message(event) => format!("message {}", event.data.as_text().unwrap_or("(binary)")),
        Event::Error => "error".into(),
        Event::Close(event) => {
            let clean = if event.was_clean { "clean" } else { "unclean" };
            format!("close {} {:?} {clean}", event.code, event.reason)
        }
    }
}

/// An id for a connection whose end the server is to report.
fn fresh_id() -> String {
    js_sys::Math::random().to_bits().to_string()
}

/// How the server saw the connection of this id end.
async fn reported(id: &str) -> String {
    let mut witness = Witness::open(&format!("/reported?id={id}")).await;
    witness.message().await.as_text().unwrap().to_owned()
}

/// Lets the event loop turn.
async fn turn() {
    let promise = Promise::new(&mut |resolve, _| set_timeout(&resolve, 0));
    JsFuture::from(promise).await.unwrap();
}

/// Waits for an event of the JavaScript object itself.
pub(crate) async fn fired(js: &JsValue, kind: &str) -> JsValue {
    let add: Function = get(js, "addEventListener").unchecked_into();
    let promise = Promise::new(&mut |resolve, _| {
        add.call2(js, &kind.into(), &resolve).unwrap();
    });
    JsFuture::from(promise).await.unwrap()
}

pub(crate) fn get(js: &JsValue, property: &str) -> JsValue {
    Reflect::get(js, &property.into()).unwrap()
}

/// The browser's own object.
pub(crate) fn js(socket: &WebSocket) -> JsValue {
    socket.backend().as_js().clone()
}

/// Whether the backend's handlers are on the JavaScript object.
fn is_heard(js: &JsValue) -> bool {
    let handlers = ["onopen", "onmessage", "onerror", "onclose"].map(|name| !get(js, name).is_null());
    assert!(handlers.iter().all(|heard| *heard == handlers[0]), "{handlers:?}");
    handlers[0]
}

/// Runs a piece of JavaScript.
fn evaluate(expression: &str) -> JsValue {
    Function::new_no_args(&format!("return {expression}")).call0(&JsValue::NULL).unwrap()
}
