//! A server of hyper with a WebSocket that sends back every message.
//!
//!     cargo run --release -p ws-native --features hyper --example hyper_server -- --addr 127.0.0.1:9001

use std::convert::Infallible;
use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use clap::Parser;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use ws_core::Failure;
use ws_native::hyper::{Upgrade, UpgradeOptions, upgrade};

#[derive(Parser)]
#[command(about = "Serves a WebSocket at /echo, with hyper")]
struct Arguments {
    /// The address to listen on; port 0 lets the system choose.
    #[arg(long, default_value = "127.0.0.1:9001")]
    addr: SocketAddr,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let listener = TcpListener::bind(arguments.addr).await?;
    println!("listening on ws://{}/echo", listener.local_addr()?);
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // A socket that cannot be set so serves all the same.
                let _ = stream.set_nodelay(true);
                // With a timer hyper does not wait for ever for a request.
                let mut server = http1::Builder::new();
                server.timer(TokioTimer::new());
                let serving = server.serve_connection(TokioIo::new(stream), service_fn(answer)).with_upgrades();
                tokio::spawn(async move {
                    if let Err(error) = serving.await {
                        eprintln!("{error}");
                    }
                });
            }
            // Out of file descriptors, say: those that are open go on, and new ones may be had later.
            Err(error) => {
                eprintln!("cannot accept: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn answer(mut request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    if request.uri().path() != "/echo" {
        return Ok(Response::new("connect to /echo\n".to_owned()));
    }
    let (response, upgrade) = match upgrade(&mut request, &UpgradeOptions::default()) {
        Ok(accepted) => accepted,
        Err(rejection) => return Ok(rejection.response()),
    };
    tokio::spawn(async {
        if let Err(failure) = send_back(upgrade).await {
            eprintln!("{failure}");
        }
    });
    Ok(response.map(|()| String::new()))
}

async fn send_back(upgrade: Upgrade) -> Result<(), Failure> {
    let mut connection = upgrade.await?;
    while let Some(message) = connection.recv().await? {
        connection.feed(message)?;
    }
    Ok(())
}
