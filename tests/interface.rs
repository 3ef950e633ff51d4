//! The attributes and methods of the interface, natively and in browsers:
//! <https://websockets.spec.whatwg.org/#interface-definition>.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::sync::{Arc, Mutex};

use isosocket::{BinaryType, Blob, Data, Error, Event, EventKind, ReadyState, WebSocket};
use support::*;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn attributes_begin_as_the_standard_says() {
    let (socket, mut events) = connect("/echo?a=b");
    assert_eq!(socket.ready_state(), ReadyState::Connecting);
    assert_eq!(socket.url(), url("/echo?a=b"));
    assert_eq!((socket.extensions(), socket.protocol()), (String::new(), String::new()));
    assert_eq!(socket.buffered_amount(), 0);
    assert_eq!(socket.binary_type(), BinaryType::Blob);
    assert!(socket.failure().is_none());
    events.open().await;
    assert_eq!(socket.protocol(), "");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn http_and_https_become_ws_and_wss() {
    let http = url("/echo").replace("ws://", "http://");
    let (socket, mut events) = record(WebSocket::builder(http));
    assert_eq!(socket.url(), url("/echo"));
    events.open().await;
    let secure = WebSocket::new("https://127.0.0.1:1/x").unwrap();
    assert_eq!(secure.url(), "wss://127.0.0.1:1/x");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn a_url_that_is_none_for_a_websocket_is_a_syntax_error() {
    for url in ["ftp://h/", "mailto:a", "ws://h/#", "ws://h/#f", "ws://", "ws://h:99999/", "about:blank"] {
        let error = WebSocket::new(url).unwrap_err();
        assert_eq!(error.name(), Some("SyntaxError"), "{url}");
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn a_subprotocol_that_is_no_token_or_a_duplicate_is_a_syntax_error() {
    let lists: [&[&str]; 6] = [&[""], &["a b"], &["a", "a"], &["a,b"], &["ä"], &["a\r\nb"]];
    for protocols in lists {
        let error = WebSocket::with_protocols(&url("/echo"), protocols).unwrap_err();
        assert_eq!(error.name(), Some("SyntaxError"), "{protocols:?}");
    }
    assert!(WebSocket::with_protocols(&url("/echo"), &["a", "A"]).is_ok());
}

#[cfg(not(target_arch = "wasm32"))]
#[tokio::test]
async fn the_url_is_checked_before_the_subprotocols() {
    use isosocket::SyntaxError;
    let error = WebSocket::with_protocols("ws://h/#", &["a", "a"]).unwrap_err();
    assert_eq!(error, Error::Syntax(SyntaxError::Fragment));
    let error = WebSocket::with_protocols("ws://h/", &["a", "a"]).unwrap_err();
    assert_eq!(error, Error::Syntax(SyntaxError::DuplicateSubprotocol("a".into())));
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn text_comes_back_as_it_was_sent() {
    let (socket, mut events) = connect("/echo");
    events.open().await;
    let texts = ["", "hello", "é €\u{0} 😀", "\u{feff}mark", &"x".repeat(70_000)];
    for text in texts {
        socket.send(text).unwrap();
    }
    for text in texts {
        assert_eq!(events.text().await, text);
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn bytes_come_back_in_the_kind_that_was_asked_for() {
    let (socket, mut events) = connect("/echo");
    events.open().await;
    let bytes: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();

    socket.set_binary_type(BinaryType::ArrayBuffer);
    assert_eq!(socket.binary_type(), BinaryType::ArrayBuffer);
    socket.send(bytes.clone()).unwrap();
    assert_eq!(events.message().await.as_binary(), Some(&bytes[..]));

    socket.set_binary_type(BinaryType::Blob);
    socket.send(&bytes[3..7]).unwrap();
    let data = events.message().await;
    let blob = data.as_blob().expect("a blob");
    assert_eq!((blob.size(), data.len()), (4, 4));
    assert_eq!(blob.bytes().await.unwrap(), &bytes[3..7]);

    socket.send(b"").unwrap();
    assert_eq!(events.message().await.len(), 0);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn a_view_sends_its_window_only() {
    let (socket, mut events) = connect("/echo");
    socket.set_binary_type(BinaryType::ArrayBuffer);
    events.open().await;
    let whole = Data::from(vec![0, 1, 2, 3, 4, 5]);
    let Data::Binary(whole) = whole else { panic!("bytes") };
    socket.send(whole.slice(2..4)).unwrap();
    assert_eq!(events.message().await.as_binary(), Some(&[2, 3][..]));
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn blobs_keep_their_place_among_other_messages() {
    let (socket, mut events) = connect("/echo");
    socket.set_binary_type(BinaryType::ArrayBuffer);
    events.open().await;
    socket.send("before").unwrap();
    socket.send(Blob::from(vec![7; 1000])).unwrap();
    socket.send("after").unwrap();
    assert_eq!(events.text().await, "before");
    assert_eq!(events.message().await.as_binary(), Some(&[7; 1000][..]));
    assert_eq!(events.text().await, "after");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn the_subprotocol_is_the_one_the_server_picks() {
    let (socket, mut events) = record(WebSocket::builder(url("/protocol?pick=b")).protocols(["a", "b"]));
    assert_eq!(socket.protocol(), "");
    events.open().await;
    assert_eq!(socket.protocol(), "b");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn messages_carry_the_origin_of_the_url() {
    let (origin, mut received) = futures_channel::mpsc::unbounded();
    let _socket = WebSocket::builder(url("/send?text=x")).connect_with(|socket| {
        socket.set_onmessage(move |_, event| origin.unbounded_send(event.origin.to_string()).unwrap());
    });
    use futures_util::StreamExt as _;
    assert_eq!(received.next().await, Some(url("")));
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn sending_while_connecting_is_an_invalid_state() {
    let (socket, mut events) = connect("/echo");
    assert_eq!(socket.send("too early"), Err(Error::InvalidState));
    assert_eq!(socket.send(Blob::from(vec![1])), Err(Error::InvalidState));
    assert_eq!(socket.buffered_amount(), 0);
    events.open().await;
    socket.send("in time").unwrap();
    assert_eq!(events.text().await, "in time");
}

/// Calls of listeners, in order.
#[derive(Clone, Default)]
struct Calls(Arc<Mutex<Vec<&'static str>>>);

impl Calls {
    fn note(&self, call: &'static str) -> impl FnMut(&WebSocket, &Event) + Send + 'static {
        let calls = self.0.clone();
        move |_, _| calls.lock().unwrap().push(call)
    }

    fn take(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn listeners_are_called_in_the_order_of_their_registration() {
    let (done, mut received) = futures_channel::mpsc::unbounded();
    let calls = Calls::default();
    let socket = WebSocket::builder(url("/echo"))
        .connect_with(|socket| {
            socket.add_event_listener(EventKind::Message, calls.note("first"));
            let mut handler = calls.note("replaced");
            socket.set_onmessage(move |socket, event| handler(socket, &Event::Message(event.clone())));
            socket.add_event_listener_once(EventKind::Message, calls.note("once"));
            socket.add_event_listener(EventKind::Message, calls.note("last"));
            let mut handler = calls.note("handler");
            socket.set_onmessage(move |socket, event| handler(socket, &Event::Message(event.clone())));
            let signal = done.clone();
            socket.add_event_listener(EventKind::Message, move |_, _| signal.unbounded_send(()).unwrap());
            socket.set_onopen(move |_| done.unbounded_send(()).unwrap());
        })
        .unwrap();
    use futures_util::StreamExt as _;
    received.next().await.unwrap();
    socket.send("a").unwrap();
    received.next().await.unwrap();
    assert_eq!(calls.take(), ["first", "handler", "once", "last"]);

    assert!(socket.clear_handler(EventKind::Message));
    assert!(!socket.clear_handler(EventKind::Message));
    let mut handler = calls.note("handler at the end");
    let signal = socket.add_event_listener(EventKind::Message, calls.note("removed"));
    socket.set_onmessage(move |socket, event| handler(socket, &Event::Message(event.clone())));
    assert!(socket.remove_event_listener(signal));
    assert!(!socket.remove_event_listener(signal));
    socket.send("b").unwrap();
    received.next().await.unwrap();
    assert_eq!(calls.take(), ["first", "last", "handler at the end"]);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn a_listener_can_remove_itself_and_the_next_one_and_add_another() {
    let (socket, mut events) = connect("/echo");
    let calls = Calls::default();
    let removed = Arc::new(Mutex::new(Vec::new()));
    let (mut note, added, to_remove) = (calls.note("remover"), calls.clone(), removed.clone());
    let remover = socket.add_event_listener(EventKind::Message, move |socket, event| {
        note(socket, event);
        for id in to_remove.lock().unwrap().drain(..) {
            assert!(socket.remove_event_listener(id));
        }
        socket.add_event_listener(EventKind::Message, added.note("added"));
    });
    let next = socket.add_event_listener(EventKind::Message, calls.note("never called"));
    removed.lock().unwrap().extend([remover, next]);
    events.open().await;
    socket.send("a").unwrap();
    socket.send("b").unwrap();
    socket.send("c").unwrap();
    for text in ["a", "b", "c"] {
        assert_eq!(events.text().await, text);
    }
    assert_eq!(calls.take(), ["remover", "added", "added"]);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn clones_name_the_same_socket() {
    let (socket, mut events) = connect("/echo");
    let clone = socket.clone();
    assert_eq!(socket, clone);
    drop(socket);
    events.open().await;
    clone.send("still open").unwrap();
    assert_eq!(events.text().await, "still open");
    assert!(format!("{clone:?}").contains("Open"));
}
