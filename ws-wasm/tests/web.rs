//! The backend in a page.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test says with a panic what is wrong")]

mod cases;
#[path = "cases/connecting.rs"]
mod connecting;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

/// A page has a URL that a relative one is resolved against; the test's worker has none.
#[wasm_bindgen_test::wasm_bindgen_test]
fn a_relative_url_is_resolved_against_the_page() {
    let socket = cases::WebSocket::new("/echo?x").unwrap();
    assert!(socket.url().starts_with("ws://127.0.0.1:"), "{}", socket.url());
    assert!(socket.url().ends_with("/echo?x"), "{}", socket.url());
}
