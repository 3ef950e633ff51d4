//! The interface, which is that of a `WebSocket`.

use std::sync::{Arc, Mutex};

use ws_core::{BinaryType, EventKind, ReadyState, WebSocket};

use crate::{
    fake::{Fake, Options},
    stage::{Play, Socket, Stage, URL, as_it_is, milliseconds},
};

#[test]
fn what_a_socket_says_is_of_its_connection_or_of_the_last_one() {
    let Play { stage, socket, log: _log } = Play::new(|config| config.start_closed = true);
    let said = || (socket.url(), socket.protocol(), socket.extensions());
    let expected = |url: &str, protocol: &str, extensions: &str| (url.into(), protocol.into(), extensions.into());
    assert_eq!((said(), socket.ready_state()), (expected("", "", ""), ReadyState::Closed));
    socket.reconnect();
    assert_eq!(said(), expected("", "", ""));
    stage.pass(0);
    assert_eq!(said(), expected(URL, "", ""));
    stage.last().agree("chat", "x");
    stage.last().open();
    assert_eq!(said(), expected(URL, "chat", "x"));
    stage.last().fail();
    assert_eq!(said(), expected(URL, "chat", "x"));
    stage.pass(1000);
    assert_eq!(said(), expected(URL, "", ""));
    stage.last().agree("", "y");
    stage.last().open();
    socket.close();
    stage.last().end(1005);
    assert_eq!((said(), socket.ready_state()), (expected(URL, "", "y"), ReadyState::Closed));
}

#[test]
fn the_url_is_shown_as_it_is_connected_to() {
    let Play { stage: _stage, socket, log: _log } = Play::of(Socket::builder("HTTP://h/a b"), as_it_is);
    assert_eq!(socket.url(), "ws://h/a%20b");
}

#[test]
fn all_connections_are_made_as_the_builder_says() {
    let to = WebSocket::builder(URL).protocols(["a", "b"]).options(Options { name: "mine", dropped: None });
    let Play { stage, socket: _socket, log: _log } = Play::of(Socket::builder(to), as_it_is);
    stage.last().fail();
    stage.pass(1000);
    let made: Vec<_> = stage.made().iter().map(|fake| (fake.protocols(), fake.name())).collect();
    assert_eq!(made, [(vec!["a".into(), "b".into()], "mine"), (vec!["a".into(), "b".into()], "mine")]);
}

#[test]
fn the_binary_type_is_that_of_all_connections() {
    use ws_core::Backend as _;
    let Play { stage, socket, log: _log } = Play::new(as_it_is);
    assert_eq!((socket.binary_type(), stage.last().binary_type()), (BinaryType::Blob, BinaryType::Blob));
    socket.set_binary_type(BinaryType::ArrayBuffer);
    assert_eq!((socket.binary_type(), stage.last().binary_type()), (BinaryType::ArrayBuffer, BinaryType::ArrayBuffer));
    stage.last().fail();
    stage.pass(1000);
    assert_eq!(stage.last().binary_type(), BinaryType::ArrayBuffer);
    stage.last().fail();
    socket.set_binary_type(BinaryType::Blob);
    stage.pass(1000);
    assert_eq!(stage.last().binary_type(), BinaryType::Blob);
}

/// Words of several handlers.
#[derive(Clone, Default)]
struct Words(Arc<Mutex<Vec<String>>>);

impl Words {
    fn say(&self, word: impl Into<String>) {
        self.0.lock().unwrap().push(word.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[test]
fn handlers_are_given_the_socket_and_the_event() {
    let Play { stage, socket, log: _log } = Play::new(as_it_is);
    let words = Words::default();
    let said = words.clone();
    socket.set_onopen(move |socket| said.say(format!("open {:?}", socket.ready_state())));
    let said = words.clone();
    socket.set_onmessage(move |_, event| said.say(format!("{} from {}", event.data.as_text().unwrap(), event.origin)));
    let said = words.clone();
    socket.set_onerror(move |_| said.say("error"));
    let said = words.clone();
    socket.set_onclose(move |_, event| said.say(format!("{} {} {}", event.code, event.reason, event.was_clean)));
    let said = words.clone();
    socket.set_onreconnecting(move |_, event| said.say(format!("{} {:?}", event.attempt, event.delay)));
    stage.last().open();
    stage.last().receive("data");
    stage.last().end_with(1001, "away");
    stage.pass(1000);
    stage.last().fail();
    let expected = ["open Open", "data from ws://h", "1001 away true", "1 1s", "error", "1006  false", "2 1s"];
    assert_eq!(words.take(), expected);
}

#[test]
fn handlers_are_called_in_order_and_may_be_replaced_and_cleared() {
    let Play { stage, socket, log: _log } = Play::open(as_it_is);
    let words = Words::default();
    let listen = |word: &'static str| {
        let said = words.clone();
        socket.add_event_listener(EventKind::Message, move |_, _| said.say(word))
    };
    let handle = |word: &'static str| {
        let said = words.clone();
        socket.set_onmessage(move |_, _| said.say(word));
    };
    let first = listen("first");
    handle("handler");
    listen("second");
    let said = words.clone();
    let once = socket.add_event_listener_once(EventKind::Message, move |_, _| said.say("once"));
    stage.last().receive("x");
    assert_eq!(words.take(), ["first", "handler", "second", "once"]);
    handle("another");
    assert!(socket.remove_event_listener(first));
    assert!(!socket.remove_event_listener(first));
    assert!(!socket.remove_event_listener(once));
    stage.last().receive("x");
    assert_eq!(words.take(), ["another", "second"]);
    assert!(socket.clear_handler(EventKind::Message));
    assert!(!socket.clear_handler(EventKind::Message));
    handle("last");
    stage.last().receive("x");
    assert_eq!(words.take(), ["second", "last"]);
    // They are those of all connections.
    stage.last().fail();
    stage.pass(1000);
    stage.last().open();
    stage.last().receive("x");
    assert_eq!(words.take(), ["second", "last"]);
}

#[test]
fn the_handler_of_reconnecting_may_be_replaced_and_cleared() {
    let Play { stage, socket, log } = Play::new(as_it_is);
    let words = Words::default();
    let said = words.clone();
    socket.set_onreconnecting(move |_, event| said.say(event.attempt.to_string()));
    stage.last().fail();
    assert_eq!((words.take(), log.last()), (vec!["1".into()], "close 1006 Connecting".into()));
    assert!(socket.clear_onreconnecting());
    assert!(!socket.clear_onreconnecting());
    stage.pass(1000);
    stage.last().fail();
    assert_eq!(words.take(), [""; 0]);
}

#[test]
fn a_handler_may_replace_and_remove_itself() {
    let Play { stage, socket, log: _log } = Play::open(as_it_is);
    let words = Words::default();
    let said = words.clone();
    socket.set_onmessage(move |socket, _| {
        said.say("first");
        let said = said.clone();
        socket.set_onmessage(move |socket, _| {
            said.say("second");
            socket.clear_handler(EventKind::Message);
        });
    });
    for _ in 0..3 {
        stage.last().receive("x");
    }
    assert_eq!(words.take(), ["first", "second"]);
}

#[test]
fn clones_are_the_same_socket_and_others_are_not() {
    let Play { stage: _stage, socket, log: _log } = Play::new(as_it_is);
    let other = Socket::new(URL).unwrap();
    assert_eq!(socket, socket.clone());
    assert_ne!(socket, other);
}

#[test]
fn a_socket_may_go_to_other_threads() {
    fn is_shared<T: Send + Sync>() {}
    is_shared::<Socket>();
    is_shared::<ws_core::ReconnectingBuilder<Fake>>();
    is_shared::<ws_core::Attempt<Fake>>();
}

#[test]
fn the_url_is_not_shown_to_who_debugs() {
    Stage::new();
    let builder = Socket::builder("ws://user:secret@h/");
    let shown = format!("{builder:?}");
    assert!(
        shown.starts_with("ReconnectingBuilder { config: ReconnectConfig {") && !shown.contains("secret"),
        "{shown}"
    );
    let socket = builder.connect().unwrap();
    assert_eq!(format!("{socket:?}"), "ReconnectingWebSocket { ready_state: Connecting, .. }");
}

#[test]
fn settings_have_the_defaults_of_the_npm_package() {
    let config = ws_core::ReconnectConfig::default();
    assert_eq!(config.min_reconnection_delay, milliseconds(1000));
    assert_eq!(config.max_reconnection_delay, milliseconds(30_000));
    assert_eq!((config.min_uptime, config.connection_timeout), (milliseconds(5000), milliseconds(10_000)));
    assert_eq!((config.max_retries, config.start_closed, config.keep_alive.is_none()), (None, false, true));
    assert_eq!((config.max_enqueued_messages, config.max_enqueued_bytes), (65_536, 16 << 20));
    let keep_alive = ws_core::KeepAlive::new("ping");
    assert_eq!((keep_alive.interval, keep_alive.timeout), (milliseconds(30_000), milliseconds(10_000)));
}
