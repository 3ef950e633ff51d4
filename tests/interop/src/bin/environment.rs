//! Connects to a URL through the proxy that the environment names, sends a message and prints what comes back.
#![forbid(unsafe_code)]

use ws_core::{Failure, FailureKind};
use ws_native::{ConnectOptions, Connection, Proxy};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let url = std::env::args().nth(1).ok_or_else(|| Failure::new(FailureKind::Misuse, "it is given a URL"))?;
    let mut options = ConnectOptions::default();
    options.proxy = Proxy::Environment;
    let mut connection = Connection::connect(&url, &options).await?;
    connection.send("hello").await?;
    println!("{:?}", connection.recv().await?);
    Ok(())
}
