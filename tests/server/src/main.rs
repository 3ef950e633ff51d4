//! Runs the test server by itself, for the tests that run in browsers.

use std::io;
use std::net::SocketAddr;

use clap::Parser;
use ws_test_server::TestServer;

#[derive(Parser)]
#[command(about = "The peer that the tests talk to: one behaviour a path")]
struct Arguments {
    /// The address to listen on; port 0 lets the system choose.
    #[arg(long, default_value = "127.0.0.1:0")]
    addr: SocketAddr,
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let server = TestServer::bind(Arguments::parse().addr).await?;
    println!("listening on ws://{}", server.local_address()?);
    server.serve().await
}
