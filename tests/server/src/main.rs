//! Runs the test server by itself, for the tests that run in browsers and other hosts.

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use ws_test_server::{Authority, TestServer};

#[derive(Parser)]
#[command(about = "The peer that the tests talk to: one behaviour a path")]
struct Arguments {
    /// The address to listen on; port 0 lets the system choose.
    #[arg(long, default_value = "127.0.0.1:0")]
    addr: SocketAddr,
    /// Speaks TLS, with a certificate by an authority made for this run, whose own certificate is written to this file.
    #[arg(long)]
    authority: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let arguments = Arguments::parse();
    let mut server = TestServer::bind(arguments.addr).await?;
    let mut scheme = "ws";
    if let Some(file) = arguments.authority {
        let authority = Authority::new()?;
        std::fs::write(file, authority.root())?;
        server = server.secure(&authority);
        scheme = "wss";
    }
    println!("listening on {scheme}://{}", server.local_address()?);
    Ok(server.serve().await?)
}
