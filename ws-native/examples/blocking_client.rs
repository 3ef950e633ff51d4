//! Sends a line and prints what comes back, without an asynchronous runtime.
//!
//!     cargo run -p ws-native --no-default-features --features blocking --example blocking_client -- ws://127.0.0.1:9001 hello

use std::env;
use std::error::Error;

use ws_native::ConnectOptions;
use ws_native::blocking::Connection;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let url = arguments.next().unwrap_or_else(|| "ws://127.0.0.1:9001".into());
    let mut connection = Connection::connect(&url, &ConnectOptions::default())?;
    connection.send(arguments.next().unwrap_or_else(|| "hello".into()))?;
    println!("{:?}", connection.recv()?);
    connection.close(None)?;
    while let Some(message) = connection.recv()? {
        println!("{message:?}");
    }
    Ok(())
}
