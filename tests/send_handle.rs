//! Handles to a stream that other threads can have, natively and in browsers.
#![cfg(feature = "send")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use futures_util::future::{join, join_all};
use futures_util::{FutureExt as _, Sink, SinkExt, StreamExt, stream};
use isosocket::{
    Blob, CloseCode, Data, Error, FailureKind, Message, ReadyState, SendHandle, SendHandleConfig, TrySendError,
    WebSocketError, WebSocketStream,
};
use support::*;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

#[cfg(target_arch = "wasm32")]
fn spawn(driver: impl Future<Output = ()> + 'static) {
    wasm_bindgen_futures::spawn_local(driver);
}

#[cfg(not(target_arch = "wasm32"))]
fn spawn(driver: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(driver);
}

/// A handle to a stream whose driver is at work.
fn handle(path: &str) -> SendHandle {
    let (handle, driver) = SendHandle::new(socket(path));
    spawn(driver);
    handle
}

fn socket(path: &str) -> WebSocketStream {
    WebSocketStream::new(&url(path)).unwrap()
}

fn small(max_messages: usize, max_bytes: u64) -> SendHandleConfig {
    let mut config = SendHandleConfig::default();
    config.max_messages = max_messages;
    config.max_bytes = max_bytes;
    config
}

async fn next(handle: &SendHandle) -> Message {
    handle.next().await.expect("a message").unwrap()
}

async fn text(handle: &SendHandle) -> String {
    match next(handle).await {
        Message::Text(text) => text.to_string(),
        Message::Binary(bytes) => panic!("{bytes:?}"),
    }
}

fn is_discarded(result: Result<(), WebSocketError>) -> bool {
    matches!(result, Err(WebSocketError::Refused(Error::Discarded(_))))
}

/// What a framework asks for. It compiles, or does not.
#[allow(dead_code, reason = "it is to be compiled")]
fn everything_is_send(handle: SendHandle) {
    fn is_send<T: Send>(_: &T) {}
    fn is_shared<T: Send + Sync + Clone + 'static>(_: &T) {}
    is_shared(&handle);
    is_send(&handle.opened());
    is_send(&handle.send("text"));
    is_send(&handle.flush());
    is_send(&handle.next());
    is_send(&handle.closed());
    is_send(&async move {
        handle.send(vec![1]).await?;
        handle.next().await.transpose()
    });
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn messages_go_both_ways_in_order() {
    let handle = handle("/echo");
    assert_eq!((handle.ready_state(), handle.url()), (ReadyState::Connecting, url("/echo")));
    // Before it is open, too.
    handle.send("one").await.unwrap();
    handle.send(b"two").await.unwrap();
    handle.try_send(Blob::from(vec![3])).unwrap();
    assert_eq!(handle.buffered_amount(), 7);
    handle.opened().await.unwrap();
    assert_eq!((handle.ready_state(), handle.protocol().as_str()), (ReadyState::Open, ""));
    assert_eq!(next(&handle).await, Message::Text("one".into()));
    assert_eq!(next(&handle).await, Message::Binary(b"two".to_vec().into()));
    assert_eq!(next(&handle).await, Message::Binary(vec![3].into()));
    for number in 0..5000 {
        handle.try_send(number.to_string()).unwrap();
        assert_eq!(text(&handle).await, number.to_string());
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn the_subprotocol_is_known_when_it_is_open() {
    let stream = WebSocketStream::builder(url("/protocol?pick=b")).protocols(["a", "b"]).connect().unwrap();
    let (handle, driver) = SendHandle::new(stream);
    spawn(driver);
    assert_eq!(handle.protocol(), "");
    handle.opened().await.unwrap();
    assert_eq!(handle.protocol(), "b");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn a_full_queue_makes_senders_wait_and_gives_messages_back() {
    let (handle, driver) = SendHandle::with_config(socket("/echo"), small(2, 1000));
    handle.try_send("one").unwrap();
    handle.try_send("two").unwrap();
    match handle.try_send("three").unwrap_err() {
        TrySendError::Full(message) => assert_eq!(message, Message::Text("three".into())),
        error => panic!("{error:?}"),
    }
    let mut waiting = pin!(handle.send("three"));
    assert!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    // One that is dropped while it waits has sent nothing.
    assert!(handle.send("never").now_or_never().is_none());
    spawn(driver);
    waiting.await.unwrap();
    assert_eq!(
        (text(&handle).await, text(&handle).await, text(&handle).await),
        ("one".into(), "two".into(), "three".into())
    );
    handle.close();
    assert!(handle.next().await.is_none());
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn a_queue_is_full_with_its_bytes_and_takes_one_message_of_any_length() {
    for (max_messages, max_bytes, first) in [(10, 4, 4), (10, 4, 1 << 20), (0, 0, 1)] {
        let (handle, _driver) = SendHandle::with_config(socket("/echo"), small(max_messages, max_bytes));
        handle.try_send(vec![0; first]).unwrap();
        assert!(matches!(handle.try_send(""), Err(TrySendError::Full(_))), "{max_messages} {max_bytes} {first}");
    }
    let (handle, _driver) = SendHandle::with_config(socket("/echo"), small(10, 4));
    handle.try_send(vec![0; 3]).unwrap();
    handle.try_send(vec![0; 5]).unwrap();
    assert!(matches!(handle.try_send(""), Err(TrySendError::Full(_))));
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn all_is_flushed_when_the_driver_has_given_it_to_the_network() {
    let id = unique_id();
    let (handle, driver) = SendHandle::new(socket(&format!("/tally?id={id}")));
    handle.flush().await.unwrap();
    // A message of no bytes is one, too.
    handle.send("").await.unwrap();
    assert!(handle.flush().now_or_never().is_none());
    spawn(driver);
    handle.flush().await.unwrap();
    for _ in 0..10 {
        handle.send(vec![7; 1 << 20]).await.unwrap();
    }
    assert!(handle.clone().flush().now_or_never().is_none());
    let other = handle.clone();
    let (first, second) = join(handle.flush(), other.flush()).await;
    first.unwrap();
    second.unwrap();
    assert_eq!(handle.buffered_amount(), 0);
    handle.send("x").await.unwrap();
    handle.flush().await.unwrap();
    handle.close();
    handle.flush().await.unwrap();
    assert!(handle.closed().await.unwrap().was_clean);
    // It is known to have gone, though nothing would go any more.
    handle.flush().await.unwrap();
    assert_eq!(reported(&id).await, "12 messages, 10485761 bytes, clean 1005 ");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn what_is_not_known_to_have_gone_is_not_flushed() {
    let (handle, driver) = SendHandle::new(socket("/silent"));
    handle.send("x").await.unwrap();
    let mut flushing = pin!(handle.flush());
    assert!(flushing.as_mut().now_or_never().is_none());
    drop(driver);
    assert!(matches!(flushing.await, Err(WebSocketError::Closed { .. })));
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn a_sink_waits_for_room_and_closes_behind_what_it_has() {
    fn is_ready(sink: &mut (impl Sink<Data> + Unpin)) -> bool {
        sink.poll_ready_unpin(&mut Context::from_waker(Waker::noop())).is_ready()
    }
    let id = unique_id();
    let (mut handle, driver) = SendHandle::with_config(socket(&format!("/tally?id={id}")), small(1, 1000));
    let mut other = handle.clone();
    assert!(is_ready(&mut handle) && is_ready(&mut other));
    handle.start_send_unpin("one".into()).unwrap();
    assert!(!is_ready(&mut handle));
    // There was room for this one.
    other.start_send_unpin("two".into()).unwrap();
    spawn(driver);
    handle.send_all(&mut stream::iter((0..100).map(|_| Ok(Data::from("more"))))).await.unwrap();
    SinkExt::close(&mut handle).await.unwrap();
    assert!(is_discarded(SinkExt::send(&mut handle, "late".into()).await));
    assert!(is_discarded(other.start_send_unpin("late".into())));
    assert!(handle.closed().await.unwrap().was_clean);
    assert_eq!(reported(&id).await, "102 messages, 406 bytes, clean 1005 ");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn a_sink_that_is_closed_before_the_connection_is_made_sends_what_it_has() {
    let id = unique_id();
    let mut handle = handle(&format!("/tally?id={id}"));
    stream::iter(["one", "two"].map(|text| Ok(Data::from(text)))).forward(&mut handle).await.unwrap();
    assert!(handle.closed().await.unwrap().was_clean);
    assert_eq!(reported(&id).await, "2 messages, 6 bytes, clean 1005 ");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn what_the_peer_did_not_wait_for_is_not_flushed() {
    let handle = handle("/order");
    while handle.next().await.is_some() {}
    // The peer has closed. What is queued now, if anything is, cannot go.
    handle.closed().await.unwrap();
    assert!(is_discarded(handle.send("late").await));
    let mut handle = self::handle("/status?code=404");
    let _ = SinkExt::feed(&mut handle, "never".into()).await;
    assert!(matches!(SinkExt::close(&mut handle).await, Err(WebSocketError::Closed { .. })));
}

/// Clones of a handle, as a stream and a sink of values.
#[cfg(feature = "json")]
#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn values_go_both_ways() {
    use isosocket::{Json, TypedReadError, TypedReadable, TypedWritable};
    let handle = handle("/echo");
    let mut numbers = TypedReadable::<_, [u32; 2], Json>::new(handle.clone());
    let mut writable = TypedWritable::<_, [u32; 2], Json>::new(handle.clone());
    writable.send([1, 2]).await.unwrap();
    assert_eq!(numbers.read().await.unwrap().unwrap(), [1, 2]);
    handle.send("[1]").await.unwrap();
    match numbers.read().await {
        Some(Err(TypedReadError::Codec { data, .. })) => assert_eq!(data.as_text(), Some("[1]")),
        other => panic!("{other:?}"),
    }
    writable.send([3, 4]).await.unwrap();
    assert_eq!(numbers.read().await.unwrap().unwrap(), [3, 4]);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn many_senders_wait_and_none_is_forgotten() {
    let (handle, driver) = SendHandle::with_config(socket("/echo"), small(1, 1000));
    spawn(driver);
    let senders = (0..200).map(|number| {
        let handle = handle.clone();
        async move { handle.send(format!("{number}")).await.unwrap() }
    });
    let reader = async {
        let mut received = Vec::new();
        while received.len() < 200 {
            received.push(text(&handle).await.parse::<u32>().unwrap());
        }
        received.sort_unstable();
        received
    };
    let (_, received) = join(join_all(senders), reader).await;
    assert!(received.into_iter().eq(0..200));
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn a_slow_reader_loses_nothing() {
    let (handle, driver) = SendHandle::with_config(socket("/burst?count=3000"), small(2, 10));
    spawn(driver);
    handle.opened().await.unwrap();
    for number in 0..3000 {
        // One that is dropped while it waits has taken nothing.
        if let Some(item) = handle.next().now_or_never() {
            let Some(Ok(Message::Text(text))) = item else { panic!("{item:?}") };
            assert_eq!(text, number.to_string());
        } else {
            assert_eq!(text(&handle).await, number.to_string());
        }
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn what_was_sent_before_a_close_goes_out_first() {
    let id = unique_id();
    let handle = handle(&format!("/tally?id={id}"));
    handle.opened().await.unwrap();
    for _ in 0..1000 {
        handle.send([7; 100]).await.unwrap();
    }
    handle.close_with(4000, "enough").unwrap();
    assert_eq!(handle.ready_state(), ReadyState::Closing);
    assert!(is_discarded(handle.send("late").await));
    let event = handle.closed().await.unwrap();
    // The reason is the peer's, who gives none.
    assert_eq!((event.code, event.reason.as_str(), event.was_clean), (CloseCode::new(4000), "", true));
    assert_eq!(handle.ready_state(), ReadyState::Closed);
    assert!(is_discarded(handle.send("late").await));
    assert_eq!(reported(&id).await, "1000 messages, 100000 bytes, clean 4000 enough");
    // A second one changes nothing.
    handle.close();
    assert_eq!(handle.closed().await.unwrap(), event);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn closing_is_validated_by_the_handle() {
    let handle = handle("/echo");
    assert_eq!(handle.close_with(1001, ""), Err(Error::InvalidAccess(CloseCode::new(1001))));
    assert!(matches!(handle.close_with(1000, &"x".repeat(124)), Err(Error::Syntax(_))));
    handle.send("still there").await.unwrap();
    assert_eq!(text(&handle).await, "still there");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn messages_are_read_to_the_end_and_then_comes_the_close_of_the_peer() {
    let handle = handle("/order");
    assert_eq!(
        (text(&handle).await, text(&handle).await, text(&handle).await),
        ("one".into(), "two".into(), "three".into())
    );
    assert!(handle.next().await.is_none());
    assert!(handle.next().await.is_none());
    let event = handle.closed().await.unwrap();
    assert_eq!((event.code, event.reason.as_str()), (CloseCode::NORMAL, "done"));
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn a_connection_that_cannot_be_made_is_one_error_and_the_end() {
    let handle = handle("/status?code=404");
    assert!(matches!(handle.opened().await, Err(WebSocketError::Closed { .. })));
    assert!(matches!(handle.next().await, Some(Err(WebSocketError::Closed { .. }))));
    assert!(handle.next().await.is_none());
    assert!(matches!(handle.send("x").await, Err(WebSocketError::Closed { .. })));
    assert!(matches!(handle.closed().await, Err(WebSocketError::Closed { .. })));
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn a_connection_that_is_being_made_can_be_given_up() {
    let handle = handle("/silent");
    handle.close();
    assert!(matches!(handle.opened().await, Err(WebSocketError::Closed { .. })));
    assert_eq!(handle.ready_state(), ReadyState::Closed);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn the_last_handle_sends_what_it_has_and_closes_without_a_code() {
    let id = unique_id();
    let handle = handle(&format!("/tally?id={id}"));
    handle.opened().await.unwrap();
    drop(handle.clone());
    handle.send("still open").await.unwrap();
    assert_eq!(text(&handle).await, "still open");
    for _ in 0..100 {
        handle.send([0; 10]).await.unwrap();
    }
    drop(handle);
    assert_eq!(reported(&id).await, "101 messages, 1010 bytes, clean 1005 ");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn a_driver_that_is_dropped_fails_the_handle() {
    for is_started in [false, true] {
        let (handle, driver) = SendHandle::new(socket("/echo"));
        let mut driver = Box::pin(driver);
        if is_started {
            let opened = pin!(handle.opened());
            futures_util::future::select(opened, driver.as_mut()).await;
        }
        drop(driver);
        for result in [handle.next().await.unwrap().map(drop), handle.closed().await.map(drop), handle.send("x").await]
        {
            match result.unwrap_err() {
                WebSocketError::Closed { failure: Some(failure), .. } => {
                    assert_eq!(failure.kind(), FailureKind::Cancelled)
                }
                error => panic!("{error:?}"),
            }
        }
        assert!(handle.next().await.is_none());
    }
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn the_driver_ends_with_the_connection() {
    let (mut handle, driver) = SendHandle::new(socket("/order"));
    let (_, received) = join(driver, async {
        let mut received = Vec::new();
        while let Some(item) = handle.next().await {
            received.push(Data::from(item.unwrap()).as_text().unwrap().to_owned());
        }
        received
    })
    .await;
    assert_eq!(received, ["one", "two", "three"]);
    assert!(matches!(StreamExt::next(&mut handle).now_or_never(), Some(None)));
}

/// Whoever has a waker of this task holds a reference to it.
struct Task;

impl Wake for Task {
    fn wake(self: Arc<Self>) {}
}

/// Has somebody wait on a task of its own, and tells whether the task is forgotten when that one has gone.
fn is_forgotten<T, F: Future<Output = T>>(future: F) -> bool {
    let task = Arc::new(Task);
    let mut future = Box::pin(future);
    assert!(future.as_mut().poll(&mut Context::from_waker(&Arc::clone(&task).into())).is_pending());
    assert!(Arc::strong_count(&task) > 1, "nobody would wake it");
    drop(future);
    Arc::strong_count(&task) == 1
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn whoever_waits_no_more_is_forgotten() {
    let (handle, driver) = SendHandle::with_config(socket("/silent"), small(1, 1));
    handle.try_send("one").unwrap();
    for _ in 0..3 {
        assert!(is_forgotten(handle.opened()), "opened");
        assert!(is_forgotten(handle.closed()), "closed");
        assert!(is_forgotten(handle.send("two")), "send");
        assert!(is_forgotten(handle.flush()), "flush");
        assert!(is_forgotten(handle.next()), "next");
        let mut other = handle.clone();
        assert!(is_forgotten(async move { StreamExt::next(&mut other).await }), "a clone that is a stream");
    }
    assert!(is_forgotten(driver), "the driver");
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn a_stream_is_woken_by_the_last_task_that_has_polled_it() {
    let (mut handle, driver) = SendHandle::new(socket("/echo"));
    let (first, second) = (Arc::new(Task), Arc::new(Task));
    for task in [&first, &second] {
        let waker = Waker::from(Arc::clone(task));
        assert!(matches!(handle.poll_next_unpin(&mut Context::from_waker(&waker)), Poll::Pending));
    }
    assert_eq!((Arc::strong_count(&first), Arc::strong_count(&second)), (1, 2));
    spawn(driver);
    handle.send("one").await.unwrap();
    assert_eq!(text(&handle).await, "one");
    assert_eq!(Arc::strong_count(&second), 1);
}

/// Natively, a handle is used on a thread that has no runtime, too.
#[cfg(not(target_arch = "wasm32"))]
#[tokio::test]
async fn handles_work_on_other_threads() {
    let (handle, driver) = SendHandle::with_config(socket("/echo"), small(4, 1 << 20));
    spawn(driver);
    let other = handle.clone();
    let sender = std::thread::spawn(move || {
        for number in 0..20_000 {
            block_on(other.send(number.to_string())).unwrap();
        }
    });
    for number in 0..20_000 {
        assert_eq!(text(&handle).await, number.to_string());
    }
    sender.join().unwrap();
}

/// Runs a future on this thread.
#[cfg(not(target_arch = "wasm32"))]
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(std::thread::current())).into();
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(result) => return result,
            Poll::Pending => std::thread::park(),
        }
    }
}
