//! ws-native as its guide advises for speed: messages are shown where they were read, and long ones handed over.

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use ws_native::proto::Config;
use ws_native::{Answers, Connection, Incoming, MessageRef};

use super::ours::config;
use super::{Failure, Settings, repeat};
use crate::frame::{Message, Opcode};
use crate::memory::Memory;

/// For a stream that costs no system call.
fn in_memory() -> Config {
    let mut config = Config::clone(&config());
    config.read_size = 16 << 10;
    config.write_size = 16 << 10;
    config
}

/// From this size on a payload that is needed again is better handed over than copied.
const LONG: usize = 4 << 10;

pub async fn echo(stream: Memory) -> Result<(), Failure> {
    echo_all(Connection::server_established(stream, in_memory())).await
}

async fn echo_all<S: AsyncRead + AsyncWrite + Unpin>(mut connection: Connection<S>) -> Result<(), Failure> {
    while connection.recv_each(|message, answers| answers.echo(message)).await? {}
    Ok(())
}

pub async fn send(stream: Memory, messages: &[Message], times: u64) -> Result<(), Failure> {
    let mut connection = Connection::client_established(stream, in_memory());
    for burst in repeat(messages, times) {
        for (_, payload) in burst {
            if payload.len() < LONG {
                connection.feed_binary(payload)?;
            } else {
                connection.feed(payload.clone())?;
            }
            connection.ready().await?;
        }
        connection.flush().await?;
    }
    Ok(())
}

pub async fn receive(stream: Memory, mut each: impl FnMut(Opcode, &[u8])) -> Result<(), Failure> {
    let mut connection = Connection::client_established(stream, in_memory());
    let mut show = |message: MessageRef<'_>, _: &mut Answers<'_>| {
        each(if message.is_text() { Opcode::Text } else { Opcode::Binary }, message.as_bytes());
        Ok(())
    };
    while connection.recv_each(&mut show).await? {}
    Ok(())
}

pub async fn serve(stream: TcpStream, _: Settings) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    echo_all(Incoming::read(stream, config()).await?.accept(None).await?).await
}
