//! What the hook for Leptos promises beyond what the chat shows, with the test peer.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test says with a panic what is wrong")]

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use futures_channel::mpsc::{UnboundedReceiver, unbounded};
use futures_util::StreamExt as _;
use isosocket::leptos::{UseWebSocketOptions, UseWebSocketReturn, use_websocket_with_options};
use isosocket::{Error, ReadyState, ReconnectConfig, ReconnectingWebSocket, WebSocket};
use leptos::mount::mount_to;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// The URL of a path of the test server.
fn url(path: &str) -> String {
    match option_env!("ISOSOCKET_TEST_SERVER") {
        Some(server) => format!("{server}{path}"),
        None => {
            panic!("build these tests with ISOSOCKET_TEST_SERVER set to a running ws-test-server: `make test-front`")
        }
    }
}

/// A component on the page, which tells what it sees: each change of its signals, and each event.
struct Probe {
    url: RwSignal<String>,
    socket: UseWebSocketReturn,
    unmount: Box<dyn FnOnce()>,
}

impl Probe {
    fn show(url: String, keep: usize) -> (Self, Seen) {
        Self::show_and_hear(url, keep, |_| ())
    }

    fn show_and_hear(url: String, keep: usize, onmessage: impl Fn(&str) + 'static) -> (Self, Seen) {
        let (sender, told) = unbounded();
        let made = Rc::new(RefCell::new(None));
        let component = {
            let made = Rc::clone(&made);
            move || {
                let url = RwSignal::new(url);
                let tell = move |line: String| drop(sender.unbounded_send(line));
                let (opened, received, closed) = (tell.clone(), tell.clone(), tell.clone());
                let options = UseWebSocketOptions::default()
                    .keep(keep)
                    .onopen(move |_| opened("open".into()))
                    .onmessage(move |_, event| {
                        let text = event.data.as_text().unwrap();
                        received(format!("message {text}"));
                        onmessage(text);
                    })
                    .onclose(move |_, event| closed(format!("close {}", event.code)));
                let socket = use_websocket_with_options(url, options);
                let line = Memo::new(move |_| {
                    let kept = socket.messages.with(|messages| {
                        messages.iter().map(|event| event.data.as_text().unwrap().to_owned()).collect::<Vec<_>>()
                    });
                    let code = socket.close_event.get().map_or(String::new(), |event| format!(" {}", event.code));
                    format!("{:?} {}{code}", socket.ready_state.get(), kept.join(","))
                });
                Effect::new(move || tell(line.get()));
                made.replace(Some((url, socket)));
            }
        };
        let document = web_sys::window().unwrap().document().unwrap();
        let mounted = mount_to(document.create_element("div").unwrap().unchecked_into(), component);
        let (url, socket) = made.take().unwrap();
        (Self { url, socket, unmount: Box::new(move || drop(mounted)) }, Seen(told))
    }

    fn take_away(self) {
        (self.unmount)();
    }
}

/// What a probe tells.
struct Seen(UnboundedReceiver<String>);

impl Seen {
    /// Waits for these, one after the other.
    async fn expect(&mut self, lines: &[&str]) {
        for line in lines {
            assert_eq!(self.0.next().await.as_deref(), Some(*line));
        }
    }

    /// Waits until nothing is left that could tell anything.
    async fn end(mut self) {
        assert_eq!(self.0.next().await, None);
    }
}

/// Waits until this socket is closed, and gives the code.
async fn closed(socket: &WebSocket) -> u16 {
    let (sender, mut receiver) = unbounded();
    socket.set_onclose(move |_, event| drop(sender.unbounded_send(event.code.get())));
    receiver.next().await.unwrap()
}

#[wasm_bindgen_test]
async fn every_event_is_told_and_then_a_change_of_signals() {
    let (probe, mut seen) = Probe::show(url("/order"), 2);
    seen.expect(&["Connecting ", "open", "Open "]).await;
    seen.expect(&["message one", "Open one", "message two", "Open one,two"]).await;
    seen.expect(&["message three", "Open two,three", "close 1000", "Closed two,three 1000"]).await;
    assert_eq!(untrack(|| probe.socket.last_message()).unwrap().data.as_text(), Some("three"));
    probe.take_away();
    seen.end().await;
}

#[wasm_bindgen_test]
async fn messages_that_are_not_kept_change_no_signal() {
    let (probe, mut seen) = Probe::show(url("/order"), 0);
    seen.expect(&["Connecting ", "open", "Open "]).await;
    seen.expect(&["message one", "message two", "message three", "close 1000", "Closed  1000"]).await;
    probe.take_away();
    seen.end().await;
}

#[wasm_bindgen_test]
async fn a_changed_url_is_another_connection() {
    let id = format!("leptos-{}", js_sys::Math::random());
    let (probe, mut seen) = Probe::show(url(&format!("/report?id={id}")), 1);
    seen.expect(&["Connecting ", "open", "Open "]).await;
    probe.socket.send("first").unwrap();
    seen.expect(&["message first", "Open first"]).await;

    probe.url.set(url("/close?code=4001"));
    seen.expect(&["Connecting ", "open", "Open ", "close 4001", "Closed  4001"]).await;

    probe.url.set(url(&format!("/reported?id={id}")));
    seen.expect(&["Connecting ", "open", "Open ", "message clean 1005 ", "Open clean 1005 "]).await;
    probe.take_away();
}

/// Calls a function when the next socket is about to be made.
fn before_the_next_socket(call: impl FnOnce() + 'static) {
    let replace = js_sys::Function::new_with_args(
        "call",
        "const { WebSocket } = globalThis;
         globalThis.WebSocket = function (...given) {
           globalThis.WebSocket = WebSocket;
           call();
           return new WebSocket(...given);
         };",
    );
    replace.call1(&JsValue::NULL, &Closure::once_into_js(call)).unwrap();
}

#[wasm_bindgen_test]
async fn between_two_sockets_a_message_is_refused_as_by_one_that_is_connecting() {
    let (probe, mut seen) = Probe::show(url("/echo"), 1);
    seen.expect(&["Connecting ", "open", "Open "]).await;
    let (sender, mut answer) = unbounded();
    let socket = probe.socket;
    before_the_next_socket(move || {
        drop(sender.unbounded_send((socket.ready_state.get_untracked(), socket.send("early"))));
    });
    probe.url.set(url("/silent"));
    assert_eq!(answer.next().await, Some((ReadyState::Connecting, Err(Error::InvalidState))));
    probe.take_away();
}

#[wasm_bindgen_test]
async fn a_url_that_is_set_anew_and_the_same_is_the_same_connection() {
    let (probe, mut seen) = Probe::show(url("/echo"), 1);
    seen.expect(&["Connecting ", "open", "Open "]).await;
    for text in ["one", "two", "three", "four"] {
        probe.url.set(url("/echo"));
        probe.socket.send(text).unwrap();
        seen.expect(&[&format!("message {text}"), &format!("Open {text}")]).await;
    }
    probe.take_away();
    seen.end().await;
}

#[wasm_bindgen_test]
async fn a_handler_may_be_the_end_of_the_component() {
    let shown = Rc::new(RefCell::new(None::<Probe>));
    let (probe, mut seen) = {
        let shown = Rc::clone(&shown);
        Probe::show_and_hear(url("/order"), 1, move |_| {
            if let Some(probe) = shown.take() {
                probe.take_away();
            }
        })
    };
    shown.replace(Some(probe));
    seen.expect(&["Connecting ", "open", "Open ", "message one"]).await;
    seen.end().await;
}

#[wasm_bindgen_test]
async fn nothing_is_called_of_a_component_that_an_effect_has_ended_before() {
    let (probe, mut seen) = Probe::show(url("/order"), 1);
    let messages = probe.socket.messages;
    let shown = StoredValue::new_local(Some(probe));
    let _effect = ImmediateEffect::new(move || {
        if messages.with(VecDeque::len) == 1
            && let Some(probe) = shown.try_update_value(Option::take).flatten()
        {
            probe.take_away();
        }
    });
    seen.expect(&["Connecting ", "open", "Open "]).await;
    seen.end().await;
}

#[wasm_bindgen_test]
async fn nothing_is_left_of_a_component_that_goes_while_connecting() {
    let (probe, mut seen) = Probe::show(url("/silent"), 1);
    seen.expect(&["Connecting "]).await;
    probe.take_away();
    seen.end().await;
}

#[wasm_bindgen_test]
async fn nothing_is_left_of_a_component_that_goes_at_once() {
    let (probe, seen) = Probe::show(url("/echo"), 1);
    probe.take_away();
    seen.end().await;
}

#[wasm_bindgen_test]
async fn a_handle_outlives_its_component() {
    let (probe, mut seen) = Probe::show(url("/echo"), 1);
    seen.expect(&["Connecting ", "open", "Open "]).await;
    let handle = probe.socket;
    let socket = handle.socket().unwrap();
    probe.take_away();
    assert_eq!(closed(&socket).await, 1005);
    assert_eq!(handle.send("late"), Err(Error::Discarded(ReadyState::Closed)));
    assert_eq!(handle.socket(), None);
    handle.close();
    assert_eq!(handle.close_with(4000, "late"), Ok(()));
    seen.end().await;
}

#[wasm_bindgen_test]
async fn closing_is_a_state_and_the_code_goes_out() {
    let (probe, mut seen) = Probe::show(url("/echo"), 1);
    assert_eq!(probe.socket.send("early"), Err(Error::InvalidState));
    seen.expect(&["Connecting "]).await;
    assert_eq!(probe.socket.send("early"), Err(Error::InvalidState));
    seen.expect(&["open", "Open "]).await;
    assert_eq!(probe.socket.close_with(1001, ""), Err(Error::InvalidAccess(1001.into())));
    probe.socket.close_with(3007, "enough").unwrap();
    seen.expect(&["Closing ", "close 3007", "Closed  3007"]).await;
    probe.take_away();
}

#[wasm_bindgen_test]
async fn a_url_that_is_none_is_an_error_and_no_event() {
    let (probe, mut seen) = Probe::show("ws://127.0.0.1/#fragment".into(), 1);
    seen.expect(&["Closed "]).await;
    assert!(matches!(probe.socket.error.get_untracked(), Some(Error::Syntax(_))));
    probe.take_away();
    seen.end().await;
}

/// A component with a socket that connects again, which tells each change of its signals.
fn show_returning(url: String, start_closed: bool) -> (UseWebSocketReturn<ReconnectingWebSocket>, impl FnOnce(), Seen) {
    let (sender, told) = unbounded();
    let mut config = ReconnectConfig::default();
    config.min_reconnection_delay = std::time::Duration::from_millis(1);
    config.max_reconnection_delay = std::time::Duration::from_millis(5);
    config.start_closed = start_closed;
    let made = Rc::new(RefCell::new(None));
    let handle = Rc::clone(&made);
    let component = move || {
        let closed = sender.clone();
        let options = UseWebSocketOptions::reconnecting(config).onopen(|socket| socket.send("hello").unwrap()).onclose(
            move |socket, event| {
                drop(closed.unbounded_send(format!("close {}, {:?}", event.code, socket.ready_state())));
            },
        );
        let socket = use_websocket_with_options(url, options);
        let line = Memo::new(move |_| {
            let last = socket.last_message().map(|event| event.data.as_text().unwrap().to_owned());
            let code = socket.close_event.get().map_or(String::new(), |event| format!(" {}", event.code));
            format!("{:?} {}{code}", socket.ready_state.get(), last.unwrap_or_default())
        });
        Effect::new(move || {
            let line = line.get();
            let is_answer = line == "Open hello";
            drop(sender.unbounded_send(line));
            if is_answer {
                socket.close();
            }
        });
        made.replace(Some(socket));
    };
    let document = web_sys::window().unwrap().document().unwrap();
    let mounted = mount_to(document.create_element("div").unwrap().unchecked_into(), component);
    (handle.take().unwrap(), move || drop(mounted), Seen(told))
}

#[wasm_bindgen_test]
async fn a_socket_that_connects_again_shows_each_connection() {
    let (_socket, unmount, mut seen) = show_returning(url("/close?code=1001"), false);
    seen.expect(&["Connecting "]).await;
    for _ in 0..2 {
        seen.expect(&["Open ", "close 1001, Connecting", "Connecting  1001"]).await;
    }
    unmount();
    while seen.0.next().await.is_some_and(|line| line.contains("1001") || line == "Open ") {}
    seen.end().await;

    let (socket, unmount, mut seen) = show_returning(url("/echo"), false);
    seen.expect(&["Connecting ", "Open ", "Open hello", "Closing hello", "close 1005, Closed", "Closed hello 1005"])
        .await;
    socket.reconnect();
    seen.expect(&["Connecting hello 1005", "Open hello", "Closing hello"]).await;
    unmount();
    seen.end().await;
}

#[wasm_bindgen_test]
async fn a_socket_that_does_not_begin_by_itself_is_closed_until_it_does() {
    let (socket, unmount, mut seen) = show_returning(url("/echo"), true);
    seen.expect(&["Closed "]).await;
    socket.reconnect();
    seen.expect(&["Connecting ", "Open ", "Open hello", "Closing hello"]).await;
    unmount();
    seen.end().await;
}

/// A component that asks for a URL each time, from a signal that it changes, and has enough of the third end. What it asks holds its
/// socket.
fn show_asking(url: String) -> (impl FnOnce(), Weak<RefCell<Option<ReconnectingWebSocket>>>, Seen) {
    let (sender, told) = unbounded();
    let held = Rc::new(RefCell::new(None));
    let is_held = Rc::downgrade(&held);
    let mut config = ReconnectConfig::default();
    config.min_reconnection_delay = std::time::Duration::from_millis(1);
    config.max_reconnection_delay = std::time::Duration::from_millis(5);
    let component = move || {
        let tell = move |line: String| drop(sender.unbounded_send(line));
        let (asked, retried, closed) = (tell.clone(), tell.clone(), tell);
        let code = RwSignal::new(4000);
        let holding = Rc::clone(&held);
        let options = UseWebSocketOptions::reconnecting_with(config, move |attempt, url| {
            let _ = &held;
            asked(format!("ask {}", code.get()));
            attempt.connect_to(format!("{url}?code={}", code.get()));
        })
        .should_reconnect(move |event| {
            code.update(|code| *code += 1);
            event.code.get() < 4002
        })
        .onreconnecting(move |_, event| retried(format!("retry {}", event.attempt)))
        .onclose(move |socket, event| {
            holding.replace(Some(socket.clone()));
            closed(format!("close {}", event.code));
        });
        use_websocket_with_options(url, options);
    };
    let document = web_sys::window().unwrap().document().unwrap();
    let mounted = mount_to(document.create_element("div").unwrap().unchecked_into(), component);
    (move || drop(mounted), is_held, Seen(told))
}

#[wasm_bindgen_test]
async fn a_program_says_what_to_connect_to_and_how_often() {
    let (unmount, is_held, mut seen) = show_asking(url("/close"));
    seen.expect(&["ask 4000", "close 4000", "retry 1"]).await;
    seen.expect(&["ask 4001", "close 4001", "retry 2"]).await;
    seen.expect(&["ask 4002", "close 4002"]).await;
    assert!(is_held.upgrade().is_some());
    unmount();
    seen.end().await;
    assert!(is_held.upgrade().is_none());
}
