//! The client under test of the Autobahn test suite: runs all cases that a fuzzing server offers.
//!
//!     cargo run --release -p ws-native --example autobahn_client -- ws://127.0.0.1:9002 isosocket

use std::error::Error;

use clap::Parser;
use ws_core::{Failure, Message};
use ws_native::{ConnectOptions, Connection};

#[derive(Parser)]
#[command(about = "Runs all cases that an Autobahn fuzzing server offers")]
struct Arguments {
    /// The fuzzing server.
    server: String,
    /// The name under which the verdicts are reported.
    #[arg(default_value = "isosocket")]
    agent: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let Arguments { server, agent } = Arguments::parse();
    let count: u32 = match connect(&format!("{server}/getCaseCount")).await?.recv().await? {
        Some(Message::Text(text)) => text.parse()?,
        other => return Err(format!("the server told no number of cases, but {other:?}").into()),
    };
    for case in 1..=count {
        // What a case makes of the connection is the server's to judge.
        if let Err(failure) = run_case(&format!("{server}/runCase?case={case}&agent={agent}")).await {
            eprintln!("case {case} of {count}: {failure}");
        }
    }
    connect(&format!("{server}/updateReports?agent={agent}")).await?.recv().await?;
    println!("ran {count} cases");
    Ok(())
}

async fn run_case(url: &str) -> Result<(), Failure> {
    let mut connection = connect(url).await?;
    while let Some(message) = connection.recv().await? {
        connection.send(message).await?;
    }
    Ok(())
}

async fn connect(url: &str) -> Result<Connection, Failure> {
    Connection::connect(url, &ConnectOptions::default()).await
}
