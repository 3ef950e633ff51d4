//! The asynchronous face over the browser's WebSocket, which has no back-pressure, in every browser.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Wake, Waker},
};

use futures_util::{FutureExt as _, StreamExt as _};
use js_sys::{ArrayBuffer, Reflect, WebAssembly::Memory};
use wasm_bindgen::JsCast as _;
use wasm_bindgen_test::wasm_bindgen_test;
use ws_core::{
    Backend as _, Blob, CloseCode, Error, Flow, Opened, Overflow, ReadyState, StreamBuilder, WebSocketError,
    WebSocketStream,
};
use ws_wasm::{Browser, BrowserStream, JsBlob};

use super::{evaluate, fresh_id, reported, turn, url};

const MESSAGES: u32 = 20_000;

fn flood(id: &str, overflow: Overflow) -> StreamBuilder<Browser> {
    let path = url(&format!("/flood?id={id}&count={MESSAGES}&size=100"));
    WebSocketStream::builder(path).inbound_limit(1 << 20, 512).overflow(overflow)
}

/// Connects, and reads nothing until all messages have come. Then all that wait, by their numbers.
async fn numbers_kept(overflow: Overflow) -> (Vec<u32>, u64) {
    let id = fresh_id();
    let stream = flood(&id, overflow).connect().unwrap();
    let Opened { mut readable, mut writable, .. } = stream.opened().await.unwrap();
    reported(&format!("{id} sent")).await;
    // All are here when as many have been thrown away as could not stay.
    while stream.dropped() < u64::from(MESSAGES) - 512 {
        turn().await;
    }
    let mut numbers = Vec::new();
    while let Some(message) = readable.next().now_or_never() {
        numbers.push(message.unwrap().unwrap().as_text().unwrap().trim_end().parse().unwrap());
    }
    // It goes on.
    writable.write("next").await.unwrap();
    assert_eq!(readable.read().await.unwrap().unwrap().as_text(), Some("next"));
    (numbers, stream.dropped())
}

#[wasm_bindgen_test]
async fn of_a_flood_the_newest_or_the_oldest_are_kept() {
    let most = u64::from(MESSAGES) - 512;
    assert_eq!(numbers_kept(Overflow::DropOldest).await, ((MESSAGES - 512..MESSAGES).collect(), most));
    assert_eq!(numbers_kept(Overflow::DropNewest).await, ((0..512).collect(), most));
}

#[wasm_bindgen_test]
async fn a_flood_that_nobody_reads_fails_the_connection() {
    let stream = flood(&fresh_id(), Overflow::Fail).connect().unwrap();
    let Opened { mut readable, mut writable, .. } = stream.opened().await.unwrap();
    assert_eq!(stream.closed().await.unwrap().code, CloseCode::new(4009));
    for number in 0..512 {
        let message = readable.read().await.unwrap().unwrap();
        assert_eq!(message.as_text().unwrap().trim_end(), number.to_string());
    }
    let Some(Err(WebSocketError::Overflow { bytes, messages })) = readable.read().await else { panic!("no error") };
    assert_eq!((bytes, messages, stream.dropped()), (1 << 20, 512, 0));
    assert!(readable.read().await.is_none());
    assert!(matches!(writable.write("too late").await, Err(WebSocketError::Refused(_))));
}

/// The memory of this program, in bytes. It never becomes less.
fn memory() -> u64 {
    let memory: Memory = wasm_bindgen::memory().unchecked_into();
    u64::from(memory.buffer().unchecked_into::<ArrayBuffer>().byte_length())
}

/// The bound in bytes is of what was sent. The one in messages bounds what they take up beside that.
#[wasm_bindgen_test]
async fn short_messages_that_wait_take_little_more_than_their_places() {
    const MOST: u64 = 65_536;
    let path = url(&format!("/flood?id={}&count={}&size=8", fresh_id(), MOST + 1));
    // What other tests have given back is used up, so that there is nothing but what the memory grows by.
    let (mut held, full) = (Vec::new(), memory());
    while memory() == full {
        held.push(Vec::<u8>::with_capacity(16 << 10));
    }
    let before = memory();
    let stream = WebSocketStream::<Browser>::new(&path).unwrap();
    let Opened { mut readable, .. } = stream.opened().await.unwrap();
    assert_eq!(stream.closed().await.unwrap().code, CloseCode::new(4009));
    let grown = memory() - before;
    assert!((1..=MOST * 128).contains(&grown), "{grown} bytes more");
    for number in 0..MOST {
        assert_eq!(readable.read().await.unwrap().unwrap().as_text().unwrap().trim_end(), number.to_string());
    }
    assert!(matches!(readable.read().await, Some(Err(WebSocketError::Overflow { .. }))));
}

#[wasm_bindgen_test]
async fn a_writer_goes_on_when_buffered_amount_has_fallen() {
    const SIZE: usize = 64 << 10;
    let id = fresh_id();
    let stream =
        WebSocketStream::<Browser>::builder(url(&format!("/hold?id={id}"))).high_water_mark(1 << 18).connect().unwrap();
    let Opened { mut readable, mut writable, .. } = stream.opened().await.unwrap();
    let mut written = 0;
    // Within a task bufferedAmount does not fall.
    while let Some(result) = writable.write(vec![0; SIZE]).now_or_never() {
        result.unwrap();
        written += 1;
    }
    assert_eq!(written, 5, "as many as the mark allows, and the one beyond it");
    let release = WebSocketStream::<Browser>::new(&url(&format!("/release?id={id}"))).unwrap();
    let _halves = release.opened().await.unwrap();
    writable.write(vec![0; SIZE]).await.unwrap();
    writable.flush().await.unwrap();
    for _ in 0..=written {
        assert_eq!(readable.read().await.unwrap().unwrap().len(), SIZE as u64);
    }
}

#[wasm_bindgen_test]
async fn the_browsers_own_stream_is_used_where_there_is_one() {
    let stream = WebSocketStream::<BrowserStream>::new(&url("/echo")).unwrap();
    let is_there = Reflect::has(&js_sys::global(), &"WebSocketStream".into()).unwrap();
    assert_eq!(stream.backend().has_back_pressure(), is_there);
    let _halves = stream.opened().await.unwrap();
}

/// Writes when the peer's Close frame has come, and TCP goes on. The state for which that is refused.
async fn refused_behind_the_peers_close<B: Flow<Options = ()>>(stream: &WebSocketStream<B>) -> ReadyState {
    let Opened { mut writable, .. } = stream.opened().await.unwrap();
    while stream.backend().ready_state() < ReadyState::Closing {
        turn().await;
    }
    match writable.write("late").await {
        Err(WebSocketError::Refused(Error::Discarded(state))) => state,
        other => panic!("{other:?}"),
    }
}

#[wasm_bindgen_test]
async fn what_is_written_behind_the_peers_close_is_refused() {
    const PATH: &str = "/frames?hex=88020fa1&stay";
    // Firefox does not always wait for the end of TCP: it may be closed by then.
    let _ = refused_behind_the_peers_close(&WebSocketStream::<Browser>::new(&url(PATH)).unwrap()).await;
    let stream = WebSocketStream::<BrowserStream>::new(&url(PATH)).unwrap();
    let state = refused_behind_the_peers_close(&stream).await;
    // Chromium waits for two seconds.
    if stream.backend().has_back_pressure() {
        assert_eq!((state, stream.closed().now_or_never().is_none()), (ReadyState::Closing, true));
    }
}

/// Nobody asks for what the browser has received, which the peer's Close frame is behind.
#[wasm_bindgen_test]
async fn what_is_written_behind_a_message_that_was_not_sent_is_refused() {
    let stream = WebSocketStream::<BrowserStream>::new(&url("/frames?hex=8100&then=88020fa1&stay")).unwrap();
    let Opened { mut writable, .. } = stream.opened().await.unwrap();
    if !stream.backend().has_back_pressure() {
        return;
    }
    stream.backend().hold_back(true);
    let refused = loop {
        // It is known when a promise is rejected.
        match stream.backend().send("late".into()) {
            Ok(()) => turn().await,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, Error::Discarded(ReadyState::Closing)), "{refused:?}");
    assert_eq!(stream.backend().ready_state(), ReadyState::Open);
    assert!(matches!(writable.write("later").await, Err(WebSocketError::Refused(_))));
    stream.backend().hold_back(false);
    let _ = stream.closed().await;
}

/// Lets ten seconds of a timer be over at once, and counts how often they were.
const SHORT_TURNS: &str = "(() => {
    const set = globalThis.setTimeout;
    globalThis.turns = 0;
    globalThis.setTimeout = (call, delay) => set(delay === 10_000 ? () => { turns += 1; call(); } : call, delay % 10_000);
    globalThis.endShortTurns = () => { globalThis.setTimeout = set; };
})()";

#[wasm_bindgen_test]
async fn what_was_sent_before_close_waits_for_a_peer_that_is_slow_with_a_long_message() {
    let id = fresh_id();
    let stream = WebSocketStream::<BrowserStream>::new(&url(&format!("/hold?id={id}"))).unwrap();
    let Opened { mut writable, .. } = stream.opened().await.unwrap();
    if !stream.backend().has_back_pressure() {
        return;
    }
    evaluate(SHORT_TURNS);
    writable.write(vec![0; 24 << 20]).await.unwrap();
    for text in ["behind", "", "last"] {
        stream.backend().send(text.into()).unwrap();
    }
    stream.close();
    // Of a peer that is given up no more is counted.
    let mut left = 1000;
    while evaluate("turns").as_f64() < Some(20.0) {
        turn().await;
        left -= 1;
        assert!(left > 0, "given up after {:?} turns", evaluate("turns"));
    }
    let release = WebSocketStream::<Browser>::new(&url(&format!("/release?id={id}"))).unwrap();
    let _halves = release.opened().await.unwrap();
    let closed = stream.closed().await;
    evaluate("endShortTurns()");
    assert_eq!(closed.unwrap().code, CloseCode::NO_STATUS);
    assert_eq!(reported(&format!("{id} ended")).await, format!("4 messages, {} bytes, clean 1005 ", (24 << 20) + 10));
}

/// Whose wakers are counted.
struct Task;

impl Wake for Task {
    fn wake(self: Arc<Self>) {}
}

/// How many wakers of a task are kept when what it waits for has been polled, and when that is dropped.
fn wakers_kept<T>(mut waited_for: Pin<Box<dyn Future<Output = T>>>) -> [usize; 2] {
    let task = Arc::new(Task);
    let is_ready = waited_for.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::clone(&task)))).is_ready();
    assert!(!is_ready);
    let waiting = Arc::strong_count(&task) - 1;
    drop(waited_for);
    [waiting, Arc::strong_count(&task) - 1]
}

async fn wakers_kept_by<B: Flow<Options = ()>>() -> [usize; 2] {
    let stream = WebSocketStream::<B>::new(&url(&format!("/hold?id={}", fresh_id()))).unwrap();
    let Opened { mut writable, .. } = stream.opened().await.unwrap();
    writable.write(vec![0; 24 << 20]).await.unwrap();
    wakers_kept(stream.backend().drained(0))
}

#[wasm_bindgen_test]
async fn who_does_not_wait_any_more_has_no_waker_left_behind() {
    assert_eq!(wakers_kept_by::<BrowserStream>().await, [1, 0]);
    assert_eq!(wakers_kept_by::<Browser>().await, [1, 0]);
    let blob = Blob::from(JsBlob::try_from(evaluate("new Blob(['x'])")).unwrap());
    assert_eq!(wakers_kept(Box::pin(async move { blob.bytes().await })), [1, 0]);
}
