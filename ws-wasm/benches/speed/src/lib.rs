//! The same courses run by ws-wasm and by other crates, each used as its documentation shows.

mod course;
mod ewebsock;
mod gloo_net;
mod ours;
mod ours_stream;
mod tokio_tungstenite_wasm;
mod web_sys;
mod ws_stream_wasm;

use js_sys::Promise;
use wasm_bindgen::prelude::{JsError, JsValue, wasm_bindgen};

use course::{Course, Plan};

/// Runs a course. Fulfilled with the milliseconds from the open connection to the last message.
#[wasm_bindgen]
pub fn run(
    contestant: &str,
    url: String,
    work: &str,
    kind: &str,
    size: usize,
    count: u32,
    verify: bool,
) -> Result<Promise, JsValue> {
    let start = match contestant {
        "isosocket" => ours::start,
        "isosocket WebSocketStream" => ours_stream::start,
        "web-sys" => web_sys::start,
        "gloo-net" => gloo_net::start,
        "ws_stream_wasm" => ws_stream_wasm::start,
        "ewebsock" => ewebsock::start,
        "tokio-tungstenite-wasm" => tokio_tungstenite_wasm::start,
        _ => return Err(JsError::new("no such contestant").into()),
    };
    let plan = Plan::new(work, kind, size, count, verify).ok_or_else(|| JsError::new("no such work"))?;
    Ok(Promise::new(&mut |fulfil, reject| start(&url, Course::new(plan.clone(), fulfil, reject))))
}
