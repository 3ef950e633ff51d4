//! An application of axum with a WebSocket that sends back every message. Ctrl-c closes its connections in order.
//!
//!     cargo run --release -p ws-native --features axum --example axum_server -- --addr 127.0.0.1:9001

use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{any, get};
use axum::serve::ListenerExt as _;
use clap::Parser;
use tokio::net::TcpListener;
use tokio::select;
use ws_core::Failure;
use ws_native::axum::WebSocketUpgrade;
use ws_native::{Connection, Shutdown};

#[derive(Parser)]
#[command(about = "Serves a WebSocket at /echo, with axum")]
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
    let listener = listener.tap_io(|stream| {
        // A socket that cannot be set so serves all the same.
        let _ = stream.set_nodelay(true);
    });

    let shutdown = Shutdown::default();
    let router =
        Router::new().route("/", get("connect to /echo\n")).route("/echo", any(echo)).with_state(shutdown.clone());
    // Connections that were upgraded are no longer axum's, and do not wait for clients that are slow with a request.
    let end = async {
        interrupted().await;
        shutdown.begin(Duration::from_secs(5)).await
    };
    select! {
        served = axum::serve(listener, router).into_future() => served?,
        cut = end => println!("{cut} connections had to be cut"),
    }
    Ok(())
}

async fn interrupted() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        eprintln!("cannot wait for ctrl-c: {error}");
    }
}

async fn echo(State(shutdown): State<Shutdown>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.shutdown(&shutdown).on_failed_upgrade(|failure| eprintln!("{failure}")).on_upgrade(|connection| async {
        if let Err(failure) = send_back(connection).await {
            eprintln!("{failure}");
        }
    })
}

async fn send_back(mut connection: Connection) -> Result<(), Failure> {
    while let Some(message) = connection.recv().await? {
        connection.feed(message)?;
    }
    Ok(())
}
