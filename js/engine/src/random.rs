//! The host's secure generator, for all sessions.

use core::cell::RefCell;

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    fn get_random_values(buffer: &mut [u8]);
}

/// Bytes drawn at a time: a call of the host costs as much as hundreds of them.
const DRAW: usize = 8 << 10;

/// What was drawn and is not used.
struct Drawn {
    bytes: Vec<u8>,
    /// Where the unused ones begin.
    used: usize,
}

thread_local! {
    static DRAWN: RefCell<Drawn> = const { RefCell::new(Drawn { bytes: Vec::new(), used: 0 }) };
}

/// Fills a buffer with bytes that nobody else gets.
pub(crate) fn fill(buffer: &mut [u8]) {
    DRAWN.with_borrow_mut(|drawn| {
        for part in buffer.chunks_mut(DRAW) {
            if drawn.bytes.len() - drawn.used < part.len() {
                drawn.bytes.resize(DRAW, 0);
                get_random_values(&mut drawn.bytes);
                drawn.used = 0;
            }
            let end = drawn.used + part.len();
            part.copy_from_slice(&drawn.bytes[drawn.used..end]);
            drawn.bytes[drawn.used..end].fill(0);
            drawn.used = end;
        }
    });
}
