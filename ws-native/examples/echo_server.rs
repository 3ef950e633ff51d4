//! An echo server: sends back every message it receives.
//!
//!     cargo run --release -p ws-native --example echo_server -- --addr 127.0.0.1:9001

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use ws_core::Failure;
use ws_native::proto::Config;
use ws_native::{Accepted, Identity, Origins, Server};

#[derive(Parser)]
#[command(about = "Sends back every WebSocket message it receives")]
struct Arguments {
    /// The address to listen on; port 0 lets the system choose.
    #[arg(long, default_value = "127.0.0.1:9001")]
    addr: SocketAddr,
    /// Threads that serve connections.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    threads: u16,
    /// A PEM file with the server's certificate and those of its issuers: speaks TLS.
    #[arg(long, requires = "key")]
    cert: Option<PathBuf>,
    /// A PEM file with the certificate's key.
    #[arg(long, requires = "cert")]
    key: Option<PathBuf>,
    /// Do not compress, even for clients that offer it.
    #[arg(long)]
    no_deflate: bool,
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let arguments = Arguments::parse();
    let runtime = match arguments.threads {
        1 => tokio::runtime::Builder::new_current_thread().enable_all().build()?,
        threads => {
            tokio::runtime::Builder::new_multi_thread().worker_threads(usize::from(threads)).enable_all().build()?
        }
    };
    // A task of the runtime rather than of this thread, so that with several threads accepting is not bound to one.
    runtime.block_on(async { tokio::spawn(serve(arguments)).await? })
}

async fn serve(arguments: Arguments) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut config = Config::default();
    if arguments.no_deflate {
        config.compression = None;
    }
    // It gives nothing away that is not the client's own.
    let mut server = Server::bind(arguments.addr).await?.config(config).origins(Origins::Any);
    let mut scheme = "ws";
    if let (Some(cert), Some(key)) = (arguments.cert, arguments.key) {
        let identity = Identity::from_pem(&std::fs::read(cert)?, &std::fs::read(key)?)?;
        server = server.tls(identity.into_server_config()?);
        scheme = "wss";
    }
    println!("listening on {scheme}://{}", server.local_address()?);
    loop {
        match server.accept().await {
            Ok(accepted) => {
                tokio::spawn(async move {
                    if let Err(failure) = echo(accepted).await {
                        eprintln!("{failure}");
                    }
                });
            }
            // Out of file descriptors, say: those that are open go on, and new ones may be had later.
            Err(error) => {
                eprintln!("cannot accept: {error}");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        }
    }
}

async fn echo(accepted: Accepted) -> Result<(), Failure> {
    let incoming = accepted.request().await?;
    let protocol = incoming.request().protocols().next().map(str::to_owned);
    let mut connection = incoming.accept(protocol.as_deref()).await?;
    while connection.recv_each(|message, answers| answers.echo(message)).await? {}
    Ok(())
}
