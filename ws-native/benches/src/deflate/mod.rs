//! permessage-deflate: what compressing and decompressing a message costs, and what it saves.

mod document;
mod meter;
mod ours;
mod sockudo_ws;
mod yawc;

use std::time::Duration;

use futures_util::future::LocalBoxFuture;

use crate::cpu;
use crate::peers::{Failure, Peer};
use crate::rounds;
use crate::table::Table;
use document::Document;
use meter::Count;

/// Messages that are sent before they are received.
const BATCH: usize = 64;

/// Messages that are flushed together.
const BURST: usize = 16;

/// How long a run takes, about.
const RUN: Duration = Duration::from_millis(60);

/// The end that compresses: a server.
trait Sender {
    /// Sends text messages and flushes them.
    async fn send(&mut self, documents: &[Document]) -> Result<(), Failure>;
}

/// The end that decompresses: its client.
trait Receiver {
    /// Receives so many messages.
    async fn receive(&mut self, count: usize, each: &mut dyn FnMut(&[u8])) -> Result<(), Failure>;
}

/// Both ends of a connection, with compression and context takeover agreed on.
struct Ends<S, R> {
    sender: S,
    receiver: R,
    /// Bytes the sender has written.
    written: Count,
}

/// What messages cost.
#[derive(Default)]
struct Cost {
    compress: Duration,
    decompress: Duration,
    bytes: u64,
}

/// Ends of whatever kind.
trait Pair {
    /// Sends and receives these messages, so many times.
    fn exchange<'a>(&'a mut self, documents: &'a [Document], times: u64) -> LocalBoxFuture<'a, Result<Cost, Failure>>;
}

impl<S: Sender, R: Receiver> Pair for Ends<S, R> {
    fn exchange<'a>(&'a mut self, documents: &'a [Document], times: u64) -> LocalBoxFuture<'a, Result<Cost, Failure>> {
        Box::pin(async move {
            let mut cost = Cost::default();
            let before = self.written.get();
            for _ in 0..times {
                for batch in documents.chunks(BATCH) {
                    let start = cpu::of_thread();
                    for burst in batch.chunks(BURST) {
                        self.sender.send(burst).await?;
                    }
                    let sent = cpu::of_thread();
                    let mut expected = batch.iter();
                    let mut is_right = true;
                    let mut compare = |payload: &[u8]| {
                        is_right &= expected.next().is_some_and(|document| document.text.as_bytes() == payload);
                    };
                    self.receiver.receive(batch.len(), &mut compare).await?;
                    cost.compress += sent - start;
                    cost.decompress += cpu::of_thread() - sent;
                    if !is_right {
                        return Err("not what was sent".into());
                    }
                }
            }
            cost.bytes = self.written.get() - before;
            Ok(cost)
        })
    }
}

/// Measures everything.
///
/// # Errors
/// A handshake failed, or a peer that worked when it was checked.
pub fn run(peers: &[Peer], rounds: usize) -> Result<(), Failure> {
    let peers: Vec<_> = peers.iter().copied().filter(|peer| is_able(*peer)).collect();
    let title =
        format!("permessage-deflate, 1 KiB of JSON: CPU time per message, nanoseconds (median of {rounds} rounds)");
    let mut times = Table::new(title, &peers, 0);
    let mut sizes = Table::new("permessage-deflate, 1 KiB of JSON: percent of the bytes that remain", &peers, 1);
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        for level in [1, 6] {
            let [compress, decompress, percent] = measure(&peers, level, rounds).await?;
            times.push(format!("compress, level {level}"), compress);
            times.push(format!("decompress, level {level}"), decompress);
            sizes.push(format!("level {level}"), percent);
        }
        Ok::<_, Failure>(())
    })?;
    times.print();
    sizes.print();
    Ok(())
}

fn is_able(peer: Peer) -> bool {
    matches!(peer, Peer::Ours | Peer::Yawc | Peer::SockudoWs)
}

async fn connect(peer: Peer, level: u8) -> Result<Box<dyn Pair>, Failure> {
    Ok(match peer {
        Peer::Yawc => Box::new(yawc::connect(level).await?),
        Peer::SockudoWs => Box::new(sockudo_ws::connect(level)),
        _ => Box::new(ours::connect(level).await?),
    })
}

/// For each peer: nanoseconds to compress, nanoseconds to decompress, percent of the bytes that remain.
async fn measure(peers: &[Peer], level: u8, rounds: usize) -> Result<[Vec<Option<f64>>; 3], Failure> {
    let documents = document::documents(4 * BATCH);
    let plain: usize = documents.iter().map(|document| document.text.len()).sum();
    let mut pairs = Vec::new();
    let mut samples = Vec::new();
    for &peer in peers {
        let mut pair = connect(peer, level).await?;
        let start = cpu::of_thread();
        pair.exchange(&documents, 1).await?;
        pairs.push((pair, rounds::count_for(RUN, cpu::of_thread() - start, 1)));
        samples.push([const { Vec::new() }; 3]);
    }
    for index in rounds::turns(rounds, pairs.len()) {
        let (pair, times) = &mut pairs[index];
        let cost = pair.exchange(&documents, *times).await?;
        let messages = (*times * documents.len() as u64) as f64;
        samples[index][0].push(cost.compress.as_nanos() as f64 / messages);
        samples[index][1].push(cost.decompress.as_nanos() as f64 / messages);
        samples[index][2].push(100.0 * cost.bytes as f64 / (*times * plain as u64) as f64);
    }
    let medians = |which: usize| samples.iter().map(|samples| rounds::median(samples[which].clone())).collect();
    Ok([medians(0), medians(1), medians(2)])
}
