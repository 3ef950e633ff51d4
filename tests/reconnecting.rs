//! A socket that connects again, natively and in browsers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::sync::Mutex;
use std::time::Duration;

use futures_channel::mpsc::{UnboundedReceiver, unbounded};
use futures_util::StreamExt as _;
use isosocket::{
    BinaryType, Error, Event, EventKind, FailureKind, KeepAlive, ReadyState, ReconnectConfig, ReconnectingBuilder,
    ReconnectingWebSocket, WebSocket,
};
use support::*;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

const HOUR: Duration = Duration::from_secs(3600);

/// A port that nobody may connect to.
const NOWHERE: &str = "ws://127.0.0.1:1/";

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn one_connection_follows_another_and_messages_wait_for_it() {
    let (socket, mut seen) = record(to(["/close?code=1001", "/echo"]).config(soon()));
    assert_eq!((socket.url(), socket.ready_state()), (url("/close?code=1001"), ReadyState::Connecting));
    assert_eq!(seen.some(3).await, ["open, Open", "close 1001 \"\" clean, Connecting", "reconnecting 1, Connecting"]);
    socket.send("for the second").unwrap();
    socket.send(b"and another").unwrap();
    assert_eq!(seen.some(3).await, ["open, Open", "for the second, Open", "blob of 11 bytes, Open"]);
    assert_eq!((socket.url(), socket.buffered_amount()), (url("/echo"), 0));
    socket.close_with(3000, "done").unwrap();
    assert_eq!(seen.some(1).await, ["close 3000 \"\" clean, Closed"]);
    assert_eq!(socket.send("late"), Err(Error::Discarded(ReadyState::Closed)));
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn a_connection_that_cannot_be_made_is_tried_again() {
    let (socket, mut seen) = record(to([NOWHERE, "/status?code=503", "/echo"]).config(soon()));
    for retry in ["1", "2"] {
        let expected = ["error, Connecting", "close 1006 \"\" unclean, Connecting"].map(String::from);
        assert_eq!(seen.some(2).await, expected);
        assert_eq!(socket.failure().is_some(), cfg!(not(target_arch = "wasm32")));
        assert_eq!(seen.some(1).await, [format!("reconnecting {retry}, Connecting")]);
    }
    assert_eq!(seen.some(1).await, ["open, Open"]);
    assert_eq!(socket.retry_count(), 2);
    assert!(socket.failure().is_none());
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn a_server_that_does_not_answer_is_given_up() {
    let mut config = soon();
    config.connection_timeout = Duration::from_millis(100);
    let (socket, mut seen) = record(to(["/silent"]).config(with_one_try(config)));
    assert_eq!(seen.some(2).await, ["error, Connecting", "close 1006 \"\" unclean, Closed"]);
    let failure = socket.failure().unwrap();
    assert!(failure.is_timeout());
    assert_eq!(failure.to_string(), "there was no connection within 100 ms");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn a_peer_that_says_nothing_is_given_up_and_one_that_answers_is_not() {
    let mut config = soon();
    let mut keep_alive = KeepAlive::new("are you there?");
    (keep_alive.interval, keep_alive.timeout) = (Duration::from_millis(20), Duration::from_millis(500));
    config.keep_alive = Some(keep_alive);
    let (socket, mut seen) = record(to(["/slow", "/echo"]).config(config));
    assert_eq!(seen.some(2).await, ["open, Open", "error, Connecting"]);
    assert!(socket.failure().unwrap().is_timeout());
    assert_eq!(
        seen.some(3).await,
        ["close 1006 \"\" unclean, Connecting", "reconnecting 1, Connecting", "open, Open",]
    );
    assert_eq!(seen.some(3).await, ["are you there?, Open"; 3]);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn a_normal_end_is_the_last_unless_the_program_begins_anew() {
    let (socket, mut seen) = record(to(["/close?code=1000&reason=bye", "/echo"]).config(soon()));
    assert_eq!(seen.some(2).await, ["open, Open", "close 1000 \"bye\" clean, Closed"]);
    socket.reconnect();
    assert_eq!(socket.ready_state(), ReadyState::Connecting);
    socket.send("again").unwrap();
    assert_eq!(seen.some(2).await, ["open, Open", "again, Open"]);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn the_program_decides_which_end_is_the_last() {
    let builder = to(["/close?code=1000", "/close?code=4321"]).config(soon());
    let (_socket, mut seen) = record(builder.should_reconnect(|event| event.code.get() == 1000));
    assert_eq!(
        seen.some(5).await,
        [
            "open, Open",
            "close 1000 \"\" clean, Connecting",
            "reconnecting 1, Connecting",
            "open, Open",
            "close 4321 \"\" clean, Closed",
        ]
    );
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn a_connection_is_changed_for_another_by_the_program() {
    let id = unique_id();
    let (socket, mut seen) = record(to([&format!("/report?id={id}"), "/echo"]).config(soon()));
    assert_eq!(seen.some(1).await, ["open, Open"]);
    socket.reconnect_with(3001, "elsewhere").unwrap();
    socket.send("there").unwrap();
    assert_eq!(seen.some(3).await, ["close 3001 \"elsewhere\" unclean, Connecting", "open, Open", "there, Open"]);
    assert_eq!(reported(&id).await, "clean 3001 elsewhere");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn nothing_is_connected_before_the_program_says_so() {
    let mut config = soon();
    config.start_closed = true;
    config.max_enqueued_messages = 1;
    let (socket, mut seen) = record(to(["/echo"]).config(config));
    assert_eq!(socket.ready_state(), ReadyState::Closed);
    socket.send("first").unwrap();
    let error = socket.send("second").unwrap_err();
    assert_eq!((error.name(), socket.buffered_amount()), (Some("QuotaExceededError"), 5));
    assert_eq!(error.to_string(), "more than max_enqueued_messages or max_enqueued_bytes would wait for a connection");
    socket.reconnect();
    assert_eq!(seen.some(2).await, ["open, Open", "first, Open"]);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn close_while_a_connection_is_waited_for_is_the_end() {
    let mut config = soon();
    (config.min_reconnection_delay, config.max_reconnection_delay) = (HOUR, HOUR);
    let (socket, mut seen) = record(to([NOWHERE]).config(config));
    assert_eq!(
        seen.some(3).await,
        ["error, Connecting", "close 1006 \"\" unclean, Connecting", "reconnecting 1, Connecting",]
    );
    socket.send("never").unwrap();
    socket.close();
    assert_eq!((socket.ready_state(), socket.buffered_amount()), (ReadyState::Closing, 5));
    assert_eq!(seen.some(1).await, ["close 1006 \"\" unclean, Closed"]);
    assert_eq!(socket.buffered_amount(), 5);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn what_no_connection_can_be_made_to_is_thrown_at_first_and_told_later() {
    let error = ReconnectingWebSocket::new("ftp://h/").unwrap_err();
    assert_eq!(error.name(), Some("SyntaxError"));
    let (socket, mut seen) = record(to(["ftp://h/"]).config(with_one_try(soon())));
    assert_eq!(seen.some(2).await, ["error, Connecting", "close 1006 \"\" unclean, Closed"]);
    assert_eq!(socket.failure().unwrap().kind(), FailureKind::Misuse);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn each_connection_is_made_as_the_first_one() {
    let to = WebSocket::builder(url("/protocol?pick=chat")).protocols(["superchat", "chat"]);
    let (socket, mut seen) = record(ReconnectingWebSocket::builder(to).config(soon()));
    socket.set_binary_type(BinaryType::ArrayBuffer);
    for _ in 0..2 {
        assert_eq!(seen.some(1).await, ["open, Open"]);
        assert_eq!(socket.protocol(), "chat");
        socket.send(b"bytes").unwrap();
        assert_eq!(seen.some(1).await, ["5 bytes, Open"]);
        socket.reconnect();
        assert_eq!(seen.some(1).await, ["close 1000 \"\" unclean, Connecting"]);
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn without_a_handle_there_is_no_connection() {
    let id = unique_id();
    let (socket, mut seen) = record(to([&format!("/report?id={id}")]).config(soon()));
    assert_eq!(seen.some(1).await, ["open, Open"]);
    drop(socket);
    assert_eq!(reported(&id).await, "clean 1005 ");
    assert!(seen.0.next().await.is_none(), "the handlers are dropped with it");
}

#[cfg(target_arch = "wasm32")]
#[wasm_bindgen_test]
async fn a_network_that_is_back_and_a_page_that_is_seen_again_are_no_time_to_wait() {
    let mut config = soon();
    (config.min_reconnection_delay, config.max_reconnection_delay) = (HOUR, HOUR);
    let (socket, mut seen) = record(to([NOWHERE, NOWHERE, "/echo"]).config(config));
    for event in ["dispatchEvent(new Event('online'))", "document.dispatchEvent(new Event('visibilitychange'))"] {
        assert_eq!(seen.some(3).await[2], "reconnecting 1, Connecting");
        js_sys::eval(event).unwrap();
    }
    assert_eq!(seen.some(1).await, ["open, Open"]);
    assert_eq!(socket.retry_count(), 0);
}

/// A socket that connects to one of these after the other, and to the last for ever: paths of the test server, or URLs.
fn to<const N: usize>(places: [&str; N]) -> ReconnectingBuilder {
    let mut places: Vec<_> =
        places.iter().map(|place| if place.starts_with('/') { url(place) } else { place.to_string() }).collect();
    places.reverse();
    let places = Mutex::new(places);
    ReconnectingWebSocket::builder_with(move |attempt| {
        let mut places = places.lock().unwrap();
        let next = if places.len() > 1 { places.pop() } else { places.last().cloned() };
        attempt.connect_to(next.expect("a place"));
    })
}

/// Delays that a test can wait for.
fn soon() -> ReconnectConfig {
    let mut config = ReconnectConfig::default();
    (config.min_reconnection_delay, config.max_reconnection_delay) =
        (Duration::from_millis(1), Duration::from_millis(5));
    config
}

fn with_one_try(mut config: ReconnectConfig) -> ReconnectConfig {
    config.max_retries = Some(0);
    config
}

/// What is fired at a socket, in words, each with the state that its handler sees.
struct Fired(UnboundedReceiver<String>);

impl Fired {
    async fn some(&mut self, count: usize) -> Vec<String> {
        let mut seen = Vec::new();
        while seen.len() < count {
            seen.push(self.0.next().await.expect("another event, before the handlers are dropped"));
        }
        seen
    }
}

fn record(builder: ReconnectingBuilder) -> (ReconnectingWebSocket, Fired) {
    let (sender, receiver) = unbounded();
    let socket = builder.connect_with(|socket| {
        for kind in [EventKind::Open, EventKind::Message, EventKind::Error, EventKind::Close] {
            let sender = sender.clone();
            socket.add_event_listener(kind, move |socket, event| {
                let _ = sender.unbounded_send(format!("{}, {:?}", words(event), socket.ready_state()));
            });
        }
        socket.set_onreconnecting(move |socket, event| {
            let _ = sender.unbounded_send(format!("reconnecting {}, {:?}", event.attempt, socket.ready_state()));
        });
    });
    (socket.unwrap(), Fired(receiver))
}

fn words(event: &Event) -> String {
    match event {
        Event::Message(event) => match (event.data.as_text(), event.data.as_blob()) {
            (Some(text), _) => text.into(),
            (None, Some(blob)) => format!("blob of {} bytes", blob.size()),
            (None, None) => format!("{} bytes", event.data.len()),
        },
        Event::Close(event) => {
            let clean = if event.was_clean { "clean" } else { "unclean" };
            format!("close {} {:?} {clean}", event.code, event.reason)
        }
        Event::Open | Event::Error => event.kind().as_str().into(),
    }
}
