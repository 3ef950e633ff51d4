//! tungstenite: in memory by itself, over TCP through tokio-tungstenite.

use futures_util::SinkExt as _;
use tokio::net::TcpStream;
use tokio_tungstenite::accept_async_with_config;
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Error, Message as Sent, WebSocket};

use super::sockets::next_or_flush;
use super::{Failure, MAX_MESSAGE, Settings, repeat};
use crate::frame::{Message, Opcode};
use crate::memory::Memory;

/// Its default buffers of 128 KiB are the ones it advises "for high read load scenarios".
fn config() -> WebSocketConfig {
    WebSocketConfig::default().max_message_size(Some(MAX_MESSAGE)).max_frame_size(Some(MAX_MESSAGE))
}

pub async fn echo(stream: Memory) -> Result<(), Failure> {
    let mut socket = WebSocket::from_raw_socket(stream, Role::Server, Some(config()));
    loop {
        match socket.read() {
            Ok(message @ (Sent::Text(_) | Sent::Binary(_))) => socket.write(message)?,
            Ok(_) => {}
            Err(error) if must_wait(&error) => socket.flush()?,
            Err(error) => return Err(error.into()),
        }
    }
}

fn must_wait(error: &Error) -> bool {
    matches!(error, Error::Io(error) if error.kind() == std::io::ErrorKind::WouldBlock)
}

pub async fn send(stream: Memory, messages: &[Message], times: u64) -> Result<(), Failure> {
    let mut socket = WebSocket::from_raw_socket(stream, Role::Client, Some(config()));
    for burst in repeat(messages, times) {
        for (_, payload) in burst {
            socket.write(Sent::Binary(payload.clone()))?;
        }
        socket.flush()?;
    }
    Ok(())
}

pub async fn receive(stream: Memory, mut each: impl FnMut(Opcode, &[u8])) -> Result<(), Failure> {
    let mut socket = WebSocket::from_raw_socket(stream, Role::Client, Some(config()));
    loop {
        match socket.read() {
            Ok(Sent::Text(text)) => each(Opcode::Text, text.as_bytes()),
            Ok(Sent::Binary(bytes)) => each(Opcode::Binary, &bytes),
            Ok(_) => {}
            Err(error) if must_wait(&error) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

pub async fn serve(stream: TcpStream, _: Settings) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    let mut socket = accept_async_with_config(stream, Some(config())).await?;
    while let Some(message) = next_or_flush(&mut socket).await.transpose()? {
        if message.is_text() || message.is_binary() {
            socket.feed(message).await?;
        }
    }
    Ok(())
}
