//! A chat: everyone gets everyone's messages. Ctrl-C ends it in order.
//!
//!     cargo run --release -p ws-native --example chat_server -- --addr 127.0.0.1:9001

use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use clap::Parser;
use ws_core::Failure;
use ws_native::{Accepted, Broadcast, Server, Shutdown};

#[derive(Parser)]
#[command(about = "Gives everyone's messages to everyone")]
struct Arguments {
    /// The address to listen on; port 0 lets the system choose.
    #[arg(long, default_value = "127.0.0.1:9001")]
    addr: SocketAddr,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let shutdown = Shutdown::default();
    let server = Server::bind(arguments.addr).await?.shutdown(&shutdown);
    println!("listening on ws://{}", server.local_address()?);
    let room = Broadcast::default();
    tokio::select! {
        () = serve(server, &room) => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    let left = shutdown.begin(Duration::from_secs(5)).await;
    println!("{left} connections had to be cut, {} were too slow", room.slow_subscribers());
    Ok(())
}

async fn serve(server: Server, room: &Broadcast) {
    loop {
        match server.accept().await {
            Ok(accepted) => {
                let room = room.clone();
                tokio::spawn(async move {
                    if let Err(failure) = chat(accepted, &room).await {
                        eprintln!("{failure}");
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

async fn chat(accepted: Accepted, room: &Broadcast) -> Result<(), Failure> {
    let mut connection = accepted.request().await?.accept(None).await?;
    connection.join(room);
    while let Some(message) = connection.recv().await? {
        room.send(message);
    }
    Ok(())
}
