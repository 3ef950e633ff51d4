//! `WebSocketStream`, natively and in browsers: <https://github.com/whatwg/websockets/pull/48>.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use futures_util::stream::FusedStream as _;
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _, TryStreamExt as _, future, stream};
use isosocket::{Blob, CloseCode, Data, Error, Opened, ReadyState, WebSocketError, WebSocketStream};
use support::*;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

async fn open(path: &str) -> (WebSocketStream, Opened) {
    let stream = WebSocketStream::new(&url(path)).unwrap();
    let opened = stream.opened().await.unwrap();
    (stream, opened)
}

fn text(message: Option<Result<Data, WebSocketError>>) -> String {
    message.expect("not the end").expect("not an error").as_text().expect("text").to_owned()
}

/// What is asserted of a connection that was not closed cleanly.
fn assert_unclean(error: &WebSocketError) {
    let WebSocketError::Closed { event, failure } = error else { panic!("{error:?}") };
    assert_eq!((event.was_clean, event.code, event.reason.as_str()), (false, CloseCode::ABNORMAL, ""));
    assert_eq!(failure.is_some(), cfg!(not(target_arch = "wasm32")), "only a native host tells why");
}

fn assert_discarded(result: Result<(), WebSocketError>, state: ReadyState) {
    match result {
        Err(WebSocketError::Refused(Error::Discarded(actual))) => assert_eq!(actual, state),
        other => panic!("{other:?}"),
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn what_is_written_comes_back() {
    let (stream, Opened { mut readable, mut writable, .. }) = open("/echo").await;
    for message in ["hello", "", "é€😀\u{feff}", "a\0b"] {
        writable.write(message).await.unwrap();
        assert_eq!(text(readable.read().await), message);
    }
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    for message in [vec![], vec![0, 255], bytes] {
        writable.write(message.clone()).await.unwrap();
        assert_eq!(readable.read().await.unwrap().unwrap().as_binary(), Some(&*message));
    }
    assert_eq!(stream.url(), url("/echo"));
}

/// A carrier may use the memory of one message for the next: when the first is over, and not before.
#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn messages_of_one_size_keep_their_bytes() {
    const SIZES: [usize; 4] = [1, 1000, 70_000, 1 << 20];
    let (_stream, Opened { mut readable, mut writable, .. }) = open("/echo").await;
    for size in SIZES {
        let messages = (0..30).map(|number| vec![number; size]).collect::<Vec<_>>();
        let writing = async {
            for (number, message) in messages.iter().enumerate() {
                writable.write(message.clone()).await.unwrap();
                if number % 7 == 0 {
                    writable.flush().await.unwrap();
                }
            }
        };
        let reading = async {
            for message in &messages {
                assert!(readable.read().await.unwrap().unwrap().as_binary() == Some(message), "{size} bytes");
            }
        };
        future::join(writing, reading).await;
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn a_blob_keeps_its_place() {
    let (_stream, Opened { readable, mut writable, .. }) = open("/echo").await;
    writable.write("before").await.unwrap();
    writable.write(blob(b"in between")).await.unwrap();
    writable.write(Blob::from(vec![1, 2])).await.unwrap();
    writable.write("after").await.unwrap();
    let messages: Vec<Data> = readable.take(4).try_collect().await.unwrap();
    assert_eq!(messages[0].as_text(), Some("before"));
    assert_eq!(messages[1].as_binary(), Some(&b"in between"[..]));
    assert_eq!(messages[2].as_binary(), Some(&[1, 2][..]));
    assert_eq!(messages[3].as_text(), Some("after"));
}

/// A blob of the host's own kind.
#[cfg(target_arch = "wasm32")]
fn blob(bytes: &[u8]) -> Blob {
    let parts = js_sys::Array::of1(&js_sys::Uint8Array::from(bytes));
    let make = js_sys::Function::new_with_args("parts", "return new Blob(parts)");
    let blob = make.call1(&wasm_bindgen::JsValue::NULL, &parts).unwrap();
    ws_wasm::JsBlob::try_from(blob).unwrap().into()
}

/// A blob of the host's own kind.
#[cfg(not(target_arch = "wasm32"))]
fn blob(bytes: &[u8]) -> Blob {
    Blob::from(bytes.to_vec())
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn the_subprotocol_is_told_and_the_halves_are_given_out_once() {
    let stream =
        WebSocketStream::builder(url("/protocol?pick=second")).protocols(["first", "second"]).connect().unwrap();
    let opened = stream.opened().await.unwrap();
    assert_eq!(opened.protocol, "second");
    assert!(matches!(stream.opened().await, Err(WebSocketError::Locked)));
    assert!(matches!(stream.clone().opened().await, Err(WebSocketError::Locked)));
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn misuse_is_refused_at_once() {
    assert!(matches!(WebSocketStream::new("ftp://example.org"), Err(Error::Syntax(_))));
    assert!(matches!(WebSocketStream::new("ws://"), Err(Error::Syntax(_))));
    let twice = WebSocketStream::builder(url("/echo")).protocols(["a", "a"]).connect();
    assert!(matches!(twice, Err(Error::Syntax(_))));
    let (stream, _opened) = open("/echo").await;
    assert!(matches!(stream.close_with(999, ""), Err(Error::InvalidAccess(_))));
    assert!(matches!(stream.close_with(1000, &"x".repeat(124)), Err(Error::Syntax(_))));
    stream.close_with(1000, &"x".repeat(123)).unwrap();
    assert_eq!(stream.closed().await.unwrap().code, CloseCode::NORMAL);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn a_connection_that_cannot_be_made_is_an_error_for_all_who_wait() {
    for path in ["/status?code=403", "/garbage", "/accept"] {
        let stream = WebSocketStream::new(&url(path)).unwrap();
        let (opened, closed, again) = future::join3(stream.opened(), stream.closed(), stream.closed()).await;
        for error in [opened.err(), closed.err(), again.err()] {
            assert_unclean(&error.expect(path));
        }
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn close_while_connecting_gives_the_connection_up() {
    let stream = WebSocketStream::new(&url("/silent")).unwrap();
    stream.close_with(3000, "not needed").unwrap();
    assert_unclean(&stream.opened().await.unwrap_err());
    assert_unclean(&stream.closed().await.unwrap_err());
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn the_servers_close_comes_after_its_messages() {
    let (stream, Opened { mut readable, mut writable, .. }) = open("/order").await;
    for expected in ["one", "two", "three"] {
        assert_eq!(text(readable.read().await), expected);
    }
    assert!(readable.read().await.is_none());
    assert!(readable.read().await.is_none());
    let event = stream.closed().await.unwrap();
    assert_eq!((event.was_clean, event.code, event.reason.as_str()), (true, CloseCode::NORMAL, "done"));
    assert_discarded(writable.write("too late").await, ReadyState::Closed);
    assert!(readable.next().await.is_none());
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn a_connection_that_breaks_is_one_error_and_then_nothing() {
    for path in ["/drop", "/reset"] {
        let (stream, Opened { mut readable, mut writable, .. }) = open(path).await;
        writable.write("go").await.unwrap();
        assert_unclean(&readable.read().await.unwrap().unwrap_err());
        assert!(readable.read().await.is_none());
        assert_unclean(&stream.closed().await.unwrap_err());
        assert_unclean(&writable.write("too late").await.unwrap_err());
        assert_unclean(&writable.flush().await.unwrap_err());
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn what_was_written_goes_out_before_the_close_frame() {
    let id = unique_id();
    let (stream, Opened { readable, mut writable, .. }) = open(&format!("/tally?id={id}")).await;
    for _ in 0..100 {
        writable.write("x".repeat(10_000)).await.unwrap();
    }
    stream.close_with(3001, "bye ü").unwrap();
    assert_discarded(writable.write("too late").await, ReadyState::Closing);
    drop(readable);
    assert_eq!(stream.closed().await.unwrap().code, CloseCode::new(3001));
    assert_eq!(reported(&id).await, "100 messages, 1000000 bytes, clean 3001 bye ü");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn the_last_of_handle_and_halves_closes_without_a_code() {
    let id = unique_id();
    let (stream, Opened { readable, mut writable, .. }) = open(&format!("/tally?id={id}")).await;
    drop(stream);
    drop(readable);
    writable.write("still open").await.unwrap();
    drop(writable);
    assert_eq!(reported(&id).await, "1 messages, 10 bytes, clean 1005 ");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn dropped_while_connecting_it_does_not_keep_others_from_it() {
    // "If multiple connections to the same IP address are attempted simultaneously, the client MUST serialize them": the
    // second is made only when the first is given up, for it would never be established.
    let connecting = WebSocketStream::new(&url("/silent")).unwrap();
    assert!(connecting.opened().now_or_never().is_none());
    drop(connecting);
    let (_stream, Opened { mut readable, mut writable, .. }) = open("/echo").await;
    writable.write("next").await.unwrap();
    assert_eq!(text(readable.read().await), "next");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn without_a_reader_the_servers_close_is_heard() {
    let (stream, Opened { readable, writable, .. }) = open("/order").await;
    drop((readable, writable));
    assert_eq!(stream.closed().await.unwrap().reason, "done");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn reading_that_is_given_up_loses_no_message() {
    let (_stream, Opened { mut readable, .. }) = open("/burst?count=1000").await;
    let mut numbers = Vec::new();
    while numbers.len() < 1000 {
        // Most of these are given up while they wait.
        match readable.read().now_or_never() {
            Some(message) => numbers.push(text(message)),
            None => numbers.push(text(readable.next().await)),
        }
        assert!(readable.read().now_or_never().is_none_or(|message| {
            numbers.push(text(message));
            true
        }));
    }
    let expected: Vec<String> = (0..1000).map(|number| number.to_string()).collect();
    assert_eq!(numbers, expected);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn a_writer_waits_while_the_peer_does_not_read() {
    const SIZE: usize = 64 << 10;
    let id = unique_id();
    let stream = WebSocketStream::builder(url(&format!("/hold?id={id}"))).high_water_mark(256 << 10).connect().unwrap();
    let Opened { mut readable, mut writable, .. } = stream.opened().await.unwrap();
    let (mut written, mut stalled) = (0, 0);
    // As the network of the system takes some, time has to pass until it is full: another connection's echoes tell of it.
    let (_other, Opened { readable: mut echoes, writable: mut other, .. }) = open("/echo").await;
    while stalled < 50 {
        if let Some(result) = writable.write(vec![0; SIZE]).now_or_never() {
            result.unwrap();
            (written, stalled) = (written + 1, 0);
        } else {
            stalled += 1;
            other.write("tick").await.unwrap();
            assert_eq!(text(echoes.read().await), "tick");
        }
        assert!(written * SIZE < 64 << 20, "a writer that never waits");
    }
    // Nothing of what was given up comes, and all of what was written does.
    let (_release, _opened) = open(&format!("/release?id={id}")).await;
    for _ in 0..written {
        assert_eq!(readable.read().await.unwrap().unwrap().len(), SIZE as u64);
    }
    writable.write("last").await.unwrap();
    assert_eq!(text(readable.read().await), "last");
    writable.flush().await.unwrap();
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn the_halves_are_a_stream_and_a_sink() {
    let (stream, Opened { readable, mut writable, .. }) = open("/echo").await;
    let numbers = stream::iter((0..100).map(|number: u32| Ok(Data::from(number.to_string()))));
    let (sent, received) =
        future::join(writable.send_all(&mut numbers.fuse()), readable.take(100).try_collect::<Vec<_>>()).await;
    sent.unwrap();
    let received: Vec<_> = received.unwrap().iter().map(|data| data.as_text().unwrap().to_owned()).collect();
    assert_eq!(received, (0..100).map(|number| number.to_string()).collect::<Vec<_>>());
    writable.close().await.unwrap();
    assert_eq!(stream.closed().await.unwrap().code, CloseCode::NO_STATUS);
    writable.close().await.unwrap();
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn what_has_come_when_the_peer_closes_can_be_read() {
    let (stream, Opened { readable, .. }) = open("/order").await;
    assert_eq!(stream.closed().await.unwrap().reason, "done");
    let messages: Vec<Data> = readable.try_collect().await.unwrap();
    assert_eq!(messages.iter().map(|data| data.as_text().unwrap()).collect::<Vec<_>>(), ["one", "two", "three"]);
}

/// As many as a browser's own process for the network has in hand at a time.
#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn a_slow_reader_has_all_that_was_sent_before_the_peer_closed() {
    const COUNT: usize = 25_000;
    let (stream, Opened { mut readable, .. }) = open(&format!("/burst?count={COUNT}&code=3001")).await;
    let (_other, Opened { readable: mut echoes, writable: mut other, .. }) = open("/echo").await;
    for number in 0..COUNT {
        assert_eq!(text(readable.read().await), number.to_string());
        if number < 100 {
            other.write("tick").await.unwrap();
            assert_eq!(text(echoes.read().await), "tick");
        }
    }
    assert!(!readable.is_terminated());
    assert!(readable.read().await.is_none());
    assert!(readable.is_terminated());
    assert_eq!(stream.closed().await.unwrap().code, CloseCode::new(3001));
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn without_read_ahead_and_without_a_reader_the_end_is_heard() {
    let stream = WebSocketStream::builder(url("/order")).read_ahead(0).connect().unwrap();
    let Opened { readable, .. } = stream.opened().await.unwrap();
    drop(readable);
    assert_eq!(stream.closed().await.unwrap().reason, "done");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn where_the_peer_can_be_held_up_no_message_is_one_too_many() {
    let stream = WebSocketStream::builder(url("/burst?count=1000")).inbound_limit(1, 1).connect().unwrap();
    let Opened { readable, .. } = stream.opened().await.unwrap();
    if has_back_pressure(&stream) {
        let messages: Vec<Data> = readable.take(1000).try_collect().await.unwrap();
        assert_eq!(messages[999].as_text(), Some("999"));
        assert_eq!(stream.dropped(), 0);
    } else {
        assert_eq!(stream.closed().await.unwrap().code, CloseCode::new(4009));
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn close_ends_the_wait_for_room() {
    let id = unique_id();
    let stream = WebSocketStream::builder(url(&format!("/hold?id={id}"))).high_water_mark(1).connect().unwrap();
    let Opened { mut writable, .. } = stream.opened().await.unwrap();
    // More than the networks of both sides take.
    writable.write(vec![0; 24 << 20]).await.unwrap();
    let (written, ()) = future::join(writable.write("no room"), async { stream.close() }).await;
    assert_discarded(written, ReadyState::Closing);
    let (_release, _opened) = open(&format!("/release?id={id}")).await;
    stream.closed().await.unwrap();
}

/// Of as many messages of this size the server is to send more than any system keeps.
const FLOOD: (u64, u64) = (60_000, 1024);
/// What the system, and a browser's own process for the network, may keep: far less than the flood.
const KEPT: u64 = 32 << 20;

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn a_reader_that_stalls_holds_the_peer_up_or_is_told() {
    let (id, (count, size)) = (unique_id(), FLOOD);
    let (stream, Opened { mut readable, .. }) = open(&format!("/flood?id={id}&count={count}&size={size}")).await;
    if has_back_pressure(&stream) {
        let sent: u64 = reported(&format!("{id} stalled")).await.parse().unwrap();
        assert!(sent * size < KEPT, "the server could send {sent} messages");
        for number in 0..count {
            let message = text(readable.read().await);
            assert_eq!((message.trim_end(), message.len() as u64), (&*number.to_string(), size));
        }
    } else {
        let event = stream.closed().await.unwrap();
        assert_eq!(event.code, CloseCode::new(4009));
        let mut number = 0;
        let error = loop {
            match readable.read().await.unwrap() {
                Ok(message) => assert_eq!(message.as_text().unwrap().trim_end(), number.to_string()),
                Err(error) => break error,
            }
            number += 1;
        };
        assert_eq!(number, (16 << 20) / size, "as much as the bound");
        let WebSocketError::Overflow { bytes, messages } = error else { panic!("{error:?}") };
        assert_eq!((bytes, messages), (16 << 20, 65_536));
        assert!(readable.read().await.is_none());
    }
}

#[cfg(target_arch = "wasm32")]
fn has_back_pressure(stream: &WebSocketStream) -> bool {
    stream.backend().has_back_pressure()
}

#[cfg(not(target_arch = "wasm32"))]
fn has_back_pressure(_: &WebSocketStream) -> bool {
    true
}
