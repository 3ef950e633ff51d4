//! What a connection costs a server that has many, most of them silent.

use std::time::Duration;

use futures_util::future::try_join_all;

use crate::client::{Client, Exchange};
use crate::frame::Opcode;
use crate::peers::{Failure, Peer, Settings};
use crate::server::{self, Server};
use crate::table::Table;
use crate::workload::{Task, Workload};

/// Connections, if there may be so many open files.
const CONNECTIONS: usize = 10_000;

/// Connections that are opened at the same time.
const AT_ONCE: usize = 50;

/// How long a server is left alone before its memory is looked at.
const QUIET: Duration = Duration::from_millis(200);

/// What one connection costs.
struct Cost {
    /// CPU time for accepting it and its opening handshake, in microseconds.
    handshake: f64,
    /// Resident memory after the opening handshake, in KiB.
    silent: f64,
    /// Resident memory after it has echoed a message of 64 KiB, in KiB.
    used: f64,
}

/// Measures everything.
///
/// # Errors
/// The system cannot start a server or open a connection.
pub fn run(peers: &[Peer]) -> Result<(), Failure> {
    // Both ends of a connection are files, in two processes; either has some more.
    let connections = CONNECTIONS.min(server::raise_open_files().saturating_sub(100) as usize);
    let peers: Vec<_> = peers.iter().copied().filter(|peer| *peer != Peer::Floor).collect();
    let title = format!("{connections} connections: what one costs a server (microseconds of CPU time, KiB resident)");
    let mut table = Table::new(title, &peers, 1);
    for settings in [Settings::Fast, Settings::Default] {
        let mut costs = Vec::new();
        for &peer in &peers {
            // A runtime of its own: all its connections are closed with it.
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let cost = runtime.block_on(measure(peer, settings, connections));
            if let Err(error) = &cost {
                eprintln!("{}: {error}", peer.name());
            }
            costs.push(cost.ok());
        }
        let row = |number: fn(&Cost) -> f64| costs.iter().map(|cost| cost.as_ref().map(number)).collect();
        let settings = settings.name();
        table.push(format!("accept and handshake, µs ({settings} settings)"), row(|cost| cost.handshake));
        table.push(format!("after the handshake, KiB ({settings} settings)"), row(|cost| cost.silent));
        table.push(format!("after an echo of 64 KiB, KiB ({settings} settings)"), row(|cost| cost.used));
    }
    table.print();
    Ok(())
}

async fn measure(peer: Peer, settings: Settings, connections: usize) -> Result<Cost, Failure> {
    let server = Server::start(peer, settings)?;
    let per_connection = |number: f64| number / connections as f64;
    // What is made once is not the first connection's.
    open(&server, AT_ONCE).await?;
    tokio::time::sleep(QUIET).await;
    let spent = server.spent().await?;
    let memory = server.memory()? as f64 / 1024.0;

    let mut clients = open(&server, connections).await?;
    tokio::time::sleep(QUIET).await;
    let handshake = per_connection((server.spent().await? - spent).as_secs_f64() * 1e6);
    let silent = per_connection(server.memory()? as f64 / 1024.0 - memory);

    let workload = Workload { task: Task::Echo, opcode: Opcode::Binary, size: 64 << 10, burst: 1 };
    let exchange = Exchange::new(&workload);
    for client in &mut clients {
        client.exchange(&exchange, 1).await?;
    }
    tokio::time::sleep(QUIET).await;
    let used = per_connection(server.memory()? as f64 / 1024.0 - memory);
    Ok(Cost { handshake, silent, used })
}

async fn open(server: &Server, count: usize) -> Result<Vec<Client>, Failure> {
    let mut clients = Vec::with_capacity(count);
    while clients.len() < count {
        let more = AT_ONCE.min(count - clients.len());
        clients.extend(try_join_all((0..more).map(|_| Client::open(server.address()))).await?);
    }
    Ok(clients)
}
