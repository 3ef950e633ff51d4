//! `bufferedAmount`, natively and in browsers: <https://websockets.spec.whatwg.org/#dom-websocket-bufferedamount>.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use isosocket::{Blob, Error, ReadyState};
use support::*;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn it_grows_by_application_bytes_and_does_not_fall_within_a_task() {
    let (socket, mut events) = connect("/echo");
    events.open().await;
    let mut expected = 0;
    assert_eq!(socket.buffered_amount(), expected);
    for text in ["hello", "é€😀", "", &"x".repeat(100_000)] {
        socket.send(text).unwrap();
        expected += text.len() as u64;
        assert_eq!(socket.buffered_amount(), expected);
    }
    socket.send(vec![0; 1000]).unwrap();
    socket.send(&[0; 20][5..15]).unwrap();
    socket.send(Blob::from(vec![0; 300])).unwrap();
    expected += 1000 + 10 + 300;
    assert_eq!(socket.buffered_amount(), expected);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn it_falls_to_zero_when_all_is_transmitted() {
    let (socket, mut events) = connect("/echo");
    events.open().await;
    socket.send("x".repeat(100_000)).unwrap();
    socket.send("y").unwrap();
    assert_eq!(events.text().await.len(), 100_000);
    assert_eq!(events.text().await, "y");
    assert_eq!(socket.buffered_amount(), 0);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn it_grows_after_close_and_is_never_reset() {
    let (socket, mut events) = connect("/echo");
    events.open().await;
    socket.close();
    let before = socket.buffered_amount();
    assert_eq!(socket.send("12345"), Err(Error::Discarded(ReadyState::Closing)));
    assert_eq!(socket.buffered_amount(), before + 5);
    assert_eq!(socket.send(vec![0; 10]), Err(Error::Discarded(ReadyState::Closing)));
    assert_eq!(socket.buffered_amount(), before + 15);
    events.close().await;
    assert_eq!(socket.buffered_amount(), 15);
    assert_eq!(socket.send(Blob::from(vec![0; 4])), Err(Error::Discarded(ReadyState::Closed)));
    assert_eq!(socket.buffered_amount(), 19);
}

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), tokio::test)]
async fn it_stays_up_while_the_peer_does_not_read() {
    let (socket, mut events) = connect("/slow");
    events.open().await;
    let size = 32 << 20;
    socket.send(vec![0; size]).unwrap();
    // Another connection's echo shows that time has passed and events are delivered.
    let (other, mut echoes) = connect("/echo");
    echoes.open().await;
    for _ in 0..20 {
        other.send("tick").unwrap();
        assert_eq!(echoes.text().await, "tick");
    }
    let waiting = socket.buffered_amount();
    assert!(waiting > 0 && waiting <= size as u64, "{waiting}");
}
