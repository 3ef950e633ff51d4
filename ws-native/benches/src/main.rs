//! ws-native beside other WebSocket crates: what a message costs, and what a connection.

mod block_on;
mod client;
mod cpu;
mod deflate;
mod frame;
mod idle;
mod memory;
mod peers;
mod random;
mod rounds;
mod server;
mod table;
mod tcp;
mod workload;

use clap::{Parser, Subcommand, ValueEnum};

use peers::{Failure, Peer, Settings};

/// Prints tables in Markdown: medians, and ratios of ours to the best other crate.
#[derive(Parser)]
#[command(about, args_conflicts_with_subcommands = true)]
struct Arguments {
    /// What is measured: everything, if nothing is named.
    parts: Vec<Part>,
    /// Fewer rounds: for a first look.
    #[arg(long)]
    quick: bool,
    /// Only these.
    #[arg(long, value_delimiter = ',', value_name = "PEER,..")]
    only: Vec<Peer>,
    /// Only rows, in memory and over TCP, whose name has this in it.
    #[arg(long, default_value = "", value_name = "TEXT")]
    rows: String,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// What this program starts itself as: a server under test.
    #[command(hide = true)]
    Serve { peer: Peer, settings: Settings },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// What a message costs in user space.
    Memory,
    /// What a message costs a server, system calls included.
    Tcp,
    /// What a connection costs a server.
    Idle,
    /// What compression costs, and what it saves.
    Deflate,
}

fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    if let Some(Command::Serve { peer, settings }) = arguments.command {
        return server::serve(peer, settings);
    }
    let rounds = if arguments.quick { 3 } else { 9 };
    let parts = if arguments.parts.is_empty() { Part::value_variants() } else { &arguments.parts };
    let peers = if arguments.only.is_empty() { Peer::value_variants() } else { &arguments.only };
    for part in parts {
        match part {
            Part::Memory => memory::run(peers, rounds, &arguments.rows)?,
            Part::Tcp => tcp::run(peers, rounds, &arguments.rows)?,
            Part::Idle => idle::run(peers)?,
            Part::Deflate => deflate::run(peers, rounds)?,
        }
    }
    Ok(())
}
