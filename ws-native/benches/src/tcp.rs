//! Echo over loopback: what a message costs a server, system calls included.

use std::time::{Duration, Instant};

use futures_util::future::try_join_all;

use crate::client::{Client, Exchange};
use crate::frame::Opcode;
use crate::peers::{Failure, Peer, Settings};
use crate::rounds;
use crate::server::Server;
use crate::table::Table;
use crate::workload::{Size, Task, Workload};

/// Connections at the same time.
const CONNECTIONS: usize = 32;

/// Sizes of messages, and how many of them a client sends before it waits for the answers.
const BURSTS: [(usize, usize); 6] = [(16, 16), (128, 16), (1 << 10, 16), (16 << 10, 16), (64 << 10, 8), (1 << 20, 1)];

/// How long a run takes, about.
const RUN: Duration = Duration::from_millis(150);

/// A peer that is served, and its clients.
struct Contestant {
    peer: Peer,
    server: Server,
    clients: Vec<Client>,
    /// Bursts of each client in a run; none, if it does not answer as it must.
    times: u64,
}

/// Measures everything.
///
/// # Errors
/// A server cannot be started, or one that worked when it was checked has failed.
pub fn run(peers: &[Peer], rounds: usize, rows: &str) -> Result<(), Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let mut contestants = Vec::new();
        for &peer in peers {
            contestants.push(Contestant::start(peer).await?);
        }
        let title = format!(
            "Echo over TCP: CPU time of the server per message, nanoseconds \
             ({CONNECTIONS} connections, median of {rounds} rounds)"
        );
        let mut table = Table::new(title, peers, 0);
        for (size, burst) in BURSTS {
            let name = format!("{}, {burst} at once", Size(size));
            if name.contains(rows) {
                table.push(name, measure(&mut contestants, size, burst, CONNECTIONS, rounds).await?);
            }
        }
        let name = "128 B, 1 in flight on 1 connection";
        if name.contains(rows) {
            table.push(name, measure(&mut contestants, 128, 1, 1, rounds).await?);
        }
        table.print();
        Ok(())
    })
}

/// The median of every peer that answers as it must.
async fn measure(
    contestants: &mut [Contestant],
    size: usize,
    burst: usize,
    connections: usize,
    rounds: usize,
) -> Result<Vec<Option<f64>>, Failure> {
    let exchange = Exchange::new(&Workload { task: Task::Echo, opcode: Opcode::Binary, size, burst });
    let mut samples = vec![Vec::new(); contestants.len()];
    for contestant in contestants.iter_mut() {
        if let Err(error) = contestant.prepare(&exchange, connections).await {
            eprintln!("{}: {}: {error}", contestant.peer.name(), Size(size));
        }
    }
    for index in rounds::turns(rounds, contestants.len()) {
        let contestant = &mut contestants[index];
        if contestant.times > 0 {
            let spent = contestant.spend(&exchange, connections).await?;
            let messages = contestant.times * (connections * burst) as u64;
            samples[index].push(spent.as_nanos() as f64 / messages as f64);
        }
    }
    Ok(samples.into_iter().map(rounds::median).collect())
}

impl Contestant {
    async fn start(peer: Peer) -> Result<Self, Failure> {
        let server = Server::start(peer, Settings::Fast)?;
        let clients = try_join_all((0..CONNECTIONS).map(|_| Client::open(server.address()))).await?;
        Ok(Self { peer, server, clients, times: 0 })
    }

    /// Checks the answers, warms up, and finds out how many bursts a run has.
    async fn prepare(&mut self, exchange: &Exchange, connections: usize) -> Result<(), Failure> {
        self.times = 0;
        for client in &mut self.clients {
            client.check(exchange).await?;
        }
        let mut times = 1;
        loop {
            let start = Instant::now();
            self.exchange(exchange, connections, times).await?;
            if start.elapsed() > RUN / 4 {
                self.times = rounds::count_for(RUN, start.elapsed(), times);
                return Ok(());
            }
            times *= 2;
        }
    }

    /// What a run costs the server.
    async fn spend(&mut self, exchange: &Exchange, connections: usize) -> Result<Duration, Failure> {
        let before = self.server.spent().await?;
        self.exchange(exchange, connections, self.times).await?;
        Ok(self.server.spent().await? - before)
    }

    async fn exchange(&mut self, exchange: &Exchange, connections: usize, times: u64) -> Result<(), Failure> {
        let clients = self.clients.iter_mut().take(connections);
        try_join_all(clients.map(|client| client.exchange(exchange, times))).await?;
        Ok(())
    }
}
