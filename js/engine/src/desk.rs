//! Where a host writes short messages that it sends.

use wasm_bindgen::prelude::*;

/// Memory that a host writes into, for all its sessions by turns: what is on it means nothing between two calls.
#[wasm_bindgen]
pub struct Desk(Vec<u8>);

#[wasm_bindgen]
impl Desk {
    /// A desk for so many bytes.
    #[wasm_bindgen(constructor)]
    pub fn new(size: usize) -> Self {
        Self(vec![0; size])
    }

    /// Where in memory it is.
    pub fn start(&self) -> usize {
        self.0.as_ptr() as usize
    }
}

impl Desk {
    pub(crate) fn bytes(&self, length: usize) -> &[u8] {
        self.0.get(..length).unwrap_or_default()
    }

    /// What a host writes as text is UTF-8; if it is not, it is nothing.
    pub(crate) fn text(&self, length: usize) -> &str {
        core::str::from_utf8(self.bytes(length)).unwrap_or_default()
    }
}
