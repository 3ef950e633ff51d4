//! ws-native, with what is plainest: messages that are received and sent.

use std::sync::{Arc, LazyLock};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use ws_core::Message as Received;
use ws_native::proto::Config;
use ws_native::{Connection, Incoming};

use super::{Failure, MAX_MESSAGE, Settings, repeat};
use crate::frame::{Message, Opcode};
use crate::memory::Memory;

/// One for all connections, as those of a `Server` have.
static CONFIG: LazyLock<Arc<Config>> = LazyLock::new(|| {
    let mut config = Config::default();
    config.compression = None;
    config.max_message = MAX_MESSAGE;
    config.into()
});

pub fn config() -> Arc<Config> {
    Arc::clone(&CONFIG)
}

pub async fn echo(stream: Memory) -> Result<(), Failure> {
    echo_all(Connection::server_established(stream, config())).await
}

async fn echo_all<S: AsyncRead + AsyncWrite + Unpin>(mut connection: Connection<S>) -> Result<(), Failure> {
    while let Some(message) = connection.recv().await? {
        connection.feed(message)?;
    }
    Ok(())
}

pub async fn send(stream: Memory, messages: &[Message], times: u64) -> Result<(), Failure> {
    let mut connection = Connection::client_established(stream, config());
    for burst in repeat(messages, times) {
        for (_, payload) in burst {
            connection.feed_binary(payload)?;
            connection.ready().await?;
        }
        connection.flush().await?;
    }
    Ok(())
}

pub async fn receive(stream: Memory, mut each: impl FnMut(Opcode, &[u8])) -> Result<(), Failure> {
    let mut connection = Connection::client_established(stream, config());
    while let Some(message) = connection.recv().await? {
        match message {
            Received::Text(text) => each(Opcode::Text, text.as_bytes()),
            Received::Binary(bytes) => each(Opcode::Binary, &bytes),
        }
    }
    Ok(())
}

pub async fn serve(stream: TcpStream, _: Settings) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    echo_all(Incoming::read(stream, config()).await?.accept(None).await?).await
}
