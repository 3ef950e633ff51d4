//! The server of the chats: their pages, and at `/chat` a room in which everyone gets everyone's messages.
//!
//! It says where it listens, who comes and how they go. Ctrl-C ends it in order: all are told that it is going away.

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::any;
use axum::serve::ListenerExt as _;
use clap::Parser;
use tokio::net::TcpListener;
use tower_http::services::ServeDir;
use ws_core::Failure;
use ws_native::axum::WebSocketUpgrade;
use ws_native::{Broadcast, Connection, Shutdown};

/// How long a visitor has to answer the goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// Serve the example chats.
#[derive(Parser)]
struct Arguments {
    /// The address to listen on; with port 0 the system chooses one.
    #[arg(long, default_value = "127.0.0.1:8081")]
    addr: SocketAddr,
    /// The folder with the built pages.
    #[arg(long, default_value = "dist")]
    dir: PathBuf,
}

/// What all visitors share.
#[derive(Clone, Default)]
struct Room {
    broadcast: Broadcast,
    shutdown: Shutdown,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let Arguments { addr, dir } = Arguments::parse();
    if !dir.is_dir() {
        return Err(format!("there is no folder {}: build the pages with Trunk first", dir.display()).into());
    }
    let listener = TcpListener::bind(addr).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| {
        // A connection whose small messages wait for one another serves all the same.
        let _ = stream.set_nodelay(true);
    });
    let room = Room::default();
    let router = Router::new().route("/chat", any(enter)).with_state(room.clone()).fallback_service(ServeDir::new(dir));
    tokio::select! {
        served = axum::serve(listener, router) => served?,
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    room.shutdown.begin(GOODBYE).await;
    Ok(())
}

/// Lets pages in that come from here, which is what is checked if nothing else is said.
async fn enter(State(room): State<Room>, upgrade: WebSocketUpgrade) -> Response {
    upgrade
        .shutdown(&room.shutdown)
        .on_failed_upgrade(|failure| eprintln!("not let in: {failure}"))
        .on_upgrade(move |connection| visit(connection, room.broadcast))
}

async fn visit(mut connection: Connection, room: Broadcast) {
    println!("came");
    match chat(&mut connection, &room).await {
        Ok(()) => println!("left with {}", farewell(&connection)),
        Err(failure) => println!("lost: {failure}"),
    }
}

async fn chat(connection: &mut Connection, room: &Broadcast) -> Result<(), Failure> {
    connection.join(room);
    while let Some(message) = connection.recv().await? {
        room.send(message);
    }
    Ok(())
}

/// The code of the visitor's Close frame; 1005 stands for none.
fn farewell(connection: &Connection) -> u16 {
    let close = connection.closed().and_then(|closed| closed.received.as_ref()?.as_ref());
    close.map_or(1005, |close| close.code.get())
}
