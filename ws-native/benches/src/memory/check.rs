//! Whether a peer does the work that is going to be timed.

use std::sync::PoisonError;

use super::{Burst, Memory};
use crate::frame::{self, Message, Opcode};
use crate::peers::{Failure, Peer};
use crate::workload::Task;

/// Bursts that are compared.
const TIMES: u64 = 3;

/// Runs a peer and compares what it gives out with what it must.
///
/// # Errors
/// What is wrong.
pub fn check(peer: Peer, burst: &Burst) -> Result<(), Failure> {
    let mut received = Vec::new();
    let mut calls = 0;
    let (output, outcome) = burst.run(peer, TIMES, true, |_, payload| {
        received.extend_from_slice(payload);
        calls += 1;
    });
    let expected = || (0..TIMES).flat_map(|_| &burst.messages);
    let is_right = match burst.workload.task {
        Task::Echo | Task::Send => {
            let masked = burst.workload.task == Task::Send;
            frame::messages(output.kept.as_deref().unwrap_or_default(), masked)?.iter().eq(expected())
        }
        // Floor gives out messages as they come, in parts.
        Task::Receive => {
            let count = expected().count();
            let whole = if peer == Peer::Floor { calls >= count } else { calls == count };
            whole && received.iter().eq(expected().flat_map(|message| message.payload.iter()))
        }
    };
    if !is_right {
        let outcome = outcome.err().map(|error| error.to_string()).unwrap_or_default();
        return Err(format!("wrong output; {outcome}").into());
    }
    if burst.workload.opcode == Opcode::Text && peer != Peer::Floor {
        check_validation(peer, burst)?;
    }
    Ok(())
}

/// Text that is not UTF-8 must not come back.
fn check_validation(peer: Peer, burst: &Burst) -> Result<(), Failure> {
    let mut payload = burst.messages[0].payload.to_vec();
    if let Some(last) = payload.last_mut() {
        *last = 0xff;
    }
    let message = Message { opcode: Opcode::Text, payload: payload.into() };
    let (stream, report) = Memory::new(burst.workload.wire(&[message]), 1, true);
    let _ = peer.echo(stream);
    let output = report.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match frame::messages(&output.kept.unwrap_or_default(), false)?.is_empty() {
        true => Ok(()),
        false => Err("text is not validated".into()),
    }
}
