//! The browser's own WebSocket behind the interface of [`ws_core`].
//!
//! [`Browser`] is the backend; `ws_core::WebSocket<Browser>` is the socket, in a page and in a worker alike. Programs
//! use it through the facade crate `isosocket`, which picks this backend for `wasm32`. [`JsBlob`] carries a `Blob` or
//! `File` of the page into a message and out of one.
//!
//! An event costs one call from JavaScript and, if it is a message, one copy of its data. Nothing
//! is queued: the handlers run within the browser's own task. The library exports nothing to
//! JavaScript, because what a dependency exports shows up in the module of the program that uses
//! it.
//!
//! On other targets the crate is empty.
#![forbid(unsafe_code)]
#![cfg(target_arch = "wasm32")]

#[cfg(test)]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

mod backend;
mod blob;
mod call;
mod data;
mod error;
mod host;
#[cfg(feature = "js-values")]
pub mod json;
mod listener;
mod stream;
mod sys;
mod timer;

pub use backend::Browser;
pub use blob::JsBlob;
pub use host::{BrowserHost, BrowserTimer};
pub use stream::BrowserStream;
