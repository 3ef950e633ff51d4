//! In memory: what an end costs in user space, without a system call.

mod check;
mod stream;

use std::hint::black_box;
use std::sync::PoisonError;
use std::time::Duration;

use bytes::Bytes;

pub use stream::{Memory, Output};

use crate::cpu;
use crate::frame::{Message, Opcode};
use crate::peers::{Failure, Peer};
use crate::rounds;
use crate::table::Table;
use crate::workload::{Task, Workload};

const SIZES: [usize; 6] = [16, 128, 1 << 10, 16 << 10, 64 << 10, 1 << 20];

/// How long a run takes, about.
const RUN: Duration = Duration::from_millis(30);

/// Measures everything.
///
/// # Errors
/// A peer that worked when it was checked has failed.
pub fn run(peers: &[Peer], rounds: usize, rows: &str) -> Result<(), Failure> {
    // It runs nothing, but is where timers are made.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let _context = runtime.enter();
    let title = format!("In memory: CPU time per message, nanoseconds (median of {rounds} rounds)");
    let mut table = Table::new(title, peers, 0);
    for workload in workloads().filter(|workload| workload.to_string().contains(rows)) {
        table.push(workload, measure(&workload, peers, rounds)?);
    }
    table.print();
    Ok(())
}

fn workloads() -> impl Iterator<Item = Workload> {
    let binary = |task| SIZES.map(|size| (task, Opcode::Binary, size));
    let text = [1 << 10, 64 << 10].map(|size| (Task::Echo, Opcode::Text, size));
    let all = [&binary(Task::Echo)[..], &text, &binary(Task::Send), &binary(Task::Receive)].concat();
    all.into_iter().map(|(task, opcode, size)| {
        let burst = if size < 1 << 20 { 16 } else { 4 };
        Workload { task, opcode, size, burst }
    })
}

/// The median of every peer that does the work as it must.
fn measure(workload: &Workload, peers: &[Peer], rounds: usize) -> Result<Vec<Option<f64>>, Failure> {
    let burst = Burst::new(workload);
    let mut times = vec![0; peers.len()];
    for (times, &peer) in times.iter_mut().zip(peers) {
        match check::check(peer, &burst) {
            Ok(()) => *times = burst.calibrate(peer)?,
            Err(error) => eprintln!("{}: {workload}: {error}", peer.name()),
        }
    }
    let mut samples = vec![Vec::new(); peers.len()];
    for index in rounds::turns(rounds, peers.len()).filter(|index| times[*index] > 0) {
        let spent = burst.time(peers[index], times[index])?;
        samples[index].push(spent.as_nanos() as f64 / (times[index] * workload.burst as u64) as f64);
    }
    Ok(samples.into_iter().map(rounds::median).collect())
}

/// The messages of a workload, and the bytes they come in.
struct Burst {
    workload: Workload,
    messages: Vec<Message>,
    wire: Bytes,
}

impl Burst {
    fn new(workload: &Workload) -> Self {
        let messages = workload.messages();
        let wire = workload.wire(&messages);
        Self { workload: *workload, messages, wire }
    }

    /// How many bursts take about as long as a run shall take.
    fn calibrate(&self, peer: Peer) -> Result<u64, Failure> {
        let mut times = 1;
        loop {
            let spent = self.time(peer, times)?;
            if spent > RUN / 8 {
                return Ok(rounds::count_for(RUN, spent, times));
            }
            times *= 4;
        }
    }

    /// What so many bursts cost.
    fn time(&self, peer: Peer, times: u64) -> Result<Duration, Failure> {
        let mut received = 0;
        let start = cpu::of_thread();
        let (output, outcome) = self.run(peer, times, false, |_, payload| received += black_box(payload).len());
        let spent = cpu::of_thread() - start;
        let payload = times * (self.workload.burst * self.workload.size) as u64;
        let done = if self.workload.task == Task::Receive { received as u64 } else { output.count };
        if done < payload {
            let outcome = outcome.err().map(|error| error.to_string()).unwrap_or_default();
            return Err(format!("{}: only {done} of {payload} bytes: {outcome}", peer.name()).into());
        }
        Ok(spent)
    }

    /// Runs so many bursts. What was written, and how the peer ended: the end of the stream is an error for most.
    fn run(
        &self,
        peer: Peer,
        times: u64,
        keep: bool,
        each: impl FnMut(Opcode, &[u8]),
    ) -> (Output, Result<(), Failure>) {
        let (stream, report) = Memory::new(self.wire.clone(), times, keep);
        let outcome = match self.workload.task {
            Task::Echo => peer.echo(stream),
            Task::Send => peer.send(stream, &self.messages, times),
            Task::Receive => peer.receive(stream, each),
        };
        let output = report.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (output, outcome)
    }
}
