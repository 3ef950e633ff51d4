//! The same worker with another engine, Boa: all but `boa.rs` is that of the example `worker`.
#![forbid(unsafe_code)]

#[path = "../worker/arguments.rs"]
mod arguments;
mod boa;
#[path = "../worker/event_loop.rs"]
mod event_loop;
#[path = "../worker/glue.rs"]
mod glue;
#[path = "../worker/host.rs"]
mod host;
#[path = "../worker/page.rs"]
mod page;
#[path = "../worker/value.rs"]
mod value;

use std::process::ExitCode;

fn main() -> ExitCode {
    arguments::run::<boa::Engine>()
}
