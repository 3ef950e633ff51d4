//! Text, bytes and blobs, both ways.

use bytes::Bytes;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;
use ws_core::{BinaryType, Blob, BlobFuture, Data, Error, HostBlob};
use ws_wasm::JsBlob;

use super::{Witness, evaluate};

/// Bytes in which every one has its place.
fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index % 251) as u8).collect()
}

#[wasm_bindgen_test]
async fn text_comes_back_as_it_was() {
    let mut witness = Witness::open("/echo").await;
    for text in ["", "hello", "grüße ✓ 😀", "\u{FEFF}with a byte order mark", "a\0b", &"ä".repeat(1 << 19)] {
        witness.socket.send(text).unwrap();
        assert_eq!(witness.message().await.as_text(), Some(text));
    }
}

#[wasm_bindgen_test]
async fn bytes_come_back_as_they_were() {
    let mut witness = Witness::open("/echo").await;
    witness.socket.set_binary_type(BinaryType::ArrayBuffer);
    for length in [0, 1, 125, 126, 65535, 65536, 1 << 20] {
        witness.socket.send(pattern(length)).unwrap();
        assert_eq!(witness.message().await.as_binary(), Some(&pattern(length)[..]), "{length} bytes");
    }
}

#[wasm_bindgen_test]
async fn a_slice_sends_its_window_only() {
    let mut witness = Witness::open("/echo").await;
    witness.socket.set_binary_type(BinaryType::ArrayBuffer);
    witness.socket.send(Bytes::from(pattern(100)).slice(10..20)).unwrap();
    assert_eq!(witness.message().await.as_binary(), Some(&pattern(100)[10..20]));
}

#[wasm_bindgen_test]
async fn binary_messages_are_blobs_unless_asked_otherwise() {
    let mut witness = Witness::open("/echo").await;
    assert_eq!(witness.socket.binary_type(), BinaryType::Blob);
    witness.socket.send(pattern(70_000)).unwrap();
    let data = witness.message().await;
    let blob = data.as_blob().unwrap();
    assert_eq!((blob.size(), blob.media_type().as_str(), data.len()), (70_000, "", 70_000));
    assert_eq!(blob.bytes().await.unwrap(), pattern(70_000));
    // A blob can be read again.
    assert_eq!(blob.bytes().await.unwrap(), pattern(70_000));
}

#[wasm_bindgen_test]
async fn blobs_of_either_kind_are_sent_in_their_place() {
    let mut witness = Witness::open("/echo").await;
    witness.socket.set_binary_type(BinaryType::ArrayBuffer);
    let page = JsBlob::try_from(evaluate("new Blob(['from the page'], { type: 'text/plain' })")).unwrap();
    witness.socket.send(page.clone()).unwrap();
    witness.socket.send("between").unwrap();
    witness.socket.send(Blob::from(pattern(3))).unwrap();
    witness.socket.send(page).unwrap();
    assert_eq!(witness.message().await.as_binary(), Some(&b"from the page"[..]));
    assert_eq!(witness.message().await.as_text(), Some("between"));
    assert_eq!(witness.message().await.as_binary(), Some(&[0, 1, 2][..]));
    assert_eq!(witness.message().await.as_binary(), Some(&b"from the page"[..]));
}

#[wasm_bindgen_test]
async fn a_received_blob_can_be_sent_on() {
    let mut witness = Witness::open("/echo").await;
    witness.socket.send(pattern(1000)).unwrap();
    let received = witness.message().await;
    witness.socket.send(received).unwrap();
    let again = witness.message().await;
    assert_eq!(again.as_blob().unwrap().bytes().await.unwrap(), pattern(1000));
}

#[wasm_bindgen_test]
async fn the_binary_type_is_read_when_a_message_is_dispatched() {
    let mut witness = Witness::open("/echo").await;
    witness.socket.set_onmessage(|socket, event| {
        let next = match event.data {
            Data::Blob(_) => BinaryType::ArrayBuffer,
            Data::Text(_) | Data::Binary(_) => BinaryType::Blob,
        };
        socket.set_binary_type(next);
    });
    for _ in 0..3 {
        witness.socket.send(b"x").unwrap();
    }
    assert!(matches!(witness.message().await, Data::Blob(_)));
    assert!(matches!(witness.message().await, Data::Binary(_)));
    assert!(matches!(witness.message().await, Data::Blob(_)));
}

#[wasm_bindgen_test]
async fn a_blob_of_the_page_keeps_its_size_type_and_identity() {
    let js = evaluate("new File(['12345'], 'name', { type: 'text/plain' })");
    let blob = Blob::from(JsBlob::try_from(js.clone()).unwrap());
    assert_eq!((blob.size(), blob.media_type().as_str()), (5, "text/plain"));
    assert_eq!(blob.bytes().await.unwrap(), &b"12345"[..]);
    assert_eq!(blob.downcast_host::<JsBlob>().map(AsRef::as_ref), Some(&js));
}

#[wasm_bindgen_test]
fn what_is_no_blob_is_given_back() {
    assert_eq!(JsBlob::try_from(JsValue::from("text")).unwrap_err(), "text");
}

/// A blob that can be read and yet is none of the browser's.
struct Foreign;

impl HostBlob for Foreign {
    fn size(&self) -> u64 {
        3
    }

    fn media_type(&self) -> String {
        String::new()
    }

    fn bytes(&self) -> BlobFuture {
        Box::pin(async { Ok(Bytes::from_static(b"abc")) })
    }
}

#[wasm_bindgen_test]
async fn a_blob_of_another_host_is_refused_and_the_socket_stays_usable() {
    let mut witness = Witness::open("/echo").await;
    let refused = witness.socket.send(Blob::from_host(Foreign));
    assert!(matches!(refused, Err(Error::Syntax(_))), "{refused:?}");
    assert_eq!(witness.socket.buffered_amount(), 0);
    witness.socket.send("still here").unwrap();
    assert_eq!(witness.next().await, "message still here");
}
