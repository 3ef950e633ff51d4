//! `isosocket echo`: a server that sends back what it receives.

use std::error::Error;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ws_core::Failure;
use ws_native::proto::Config;
use ws_native::{Accepted, Connection, Identity, Origins, Server};

use crate::{say, tell};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The address to listen on; port 0 lets the system choose.
    #[arg(long, default_value = "127.0.0.1:9001", value_parser = address)]
    addr: SocketAddr,
    /// Do not compress, even for clients that offer it.
    #[arg(long)]
    no_deflate: bool,
    /// A PEM file with the server's certificate and those of its issuers: speaks TLS.
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// A PEM file with the certificate's key.
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
}

/// How long to wait when no connection can be accepted. Out of file descriptors, say: those that are open go on, and new
/// ones may be had later.
const PAUSE: Duration = Duration::from_millis(100);

pub(crate) async fn echo(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let Arguments { addr, no_deflate, cert, key } = arguments;
    let mut config = Config::default();
    if no_deflate {
        config.compression = None;
    }
    let server = Server::bind(addr).await.map_err(|error| {
        format!("cannot listen on {addr} ({error}): choose another address with --addr, or port 0 for any that is free")
    })?;
    // It sends nothing but what the client has sent, so any page may connect.
    let mut server = server.config(config).origins(Origins::Any);
    let mut scheme = "ws";
    if let (Some(cert), Some(key)) = (cert, key) {
        let identity = Identity::from_pem(&read(&cert)?, &read(&key)?)
            .map_err(|error| format!("{} and {}: {error}", cert.display(), key.display()))?;
        server = server.tls(identity.into_server_config()?);
        scheme = "wss";
    }
    say(format_args!("listening on {scheme}://{}", server.local_address()?))?;
    loop {
        match server.accept().await {
            Ok(accepted) => {
                tokio::spawn(async move {
                    if let Err(failure) = serve(accepted).await {
                        tell(failure);
                    }
                });
            }
            Err(error) => {
                tell(format_args!("cannot accept: {error}"));
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "an IP address and a port are wanted, such as 127.0.0.1:9001".into())
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    fs::read(file).map_err(|error| format!("{}: {error}", file.display()))
}

async fn serve(accepted: Accepted) -> Result<(), Failure> {
    let incoming = accepted.request().await?;
    // Whatever subprotocol the client likes best.
    let protocol = incoming.request().protocols().next().map(str::to_owned);
    send_back(incoming.accept(protocol.as_deref()).await?).await
}

/// Sends back every message, until the client closes the connection.
pub(crate) async fn send_back(mut connection: Connection) -> Result<(), Failure> {
    while connection.recv_each(|message, answers| answers.echo(message)).await? {}
    Ok(())
}
