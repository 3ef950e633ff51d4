//! A worker: runs a script in QuickJS, with the WebSocket of this crate and what else a worker has of the web.
//!
//! It is meant to be read by those who give a JavaScript engine a WebSocket: `event_loop.rs` is the loop, `host.rs` what the
//! loop offers to scripts, whatever the engine, `quickjs.rs` the binding of one engine, and `glue/` the interfaces of the web,
//! in JavaScript.

mod arguments;
mod event_loop;
mod glue;
mod host;
mod page;
mod quickjs;
mod value;

use std::process::ExitCode;

fn main() -> ExitCode {
    arguments::run::<quickjs::Engine>()
}
