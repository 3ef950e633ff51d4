//! sockudo-ws, without the timers its own benchmark of sockets switches off, too.

use futures_util::{SinkExt as _, StreamExt as _};
use sockudo_ws::handshake::server_handshake;
use sockudo_ws::{Config, Message as Sent, Role, WebSocketStream};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::sockets::next_or_flush;
use super::{Failure, MAX_MESSAGE, Settings, repeat};
use crate::frame::{Message, Opcode};
use crate::memory::Memory;

fn config(settings: Settings) -> Config {
    let config = Config::builder().max_message_size(MAX_MESSAGE).max_frame_size(MAX_MESSAGE);
    match settings {
        Settings::Fast => config.auto_ping(false).idle_timeout(0).build(),
        Settings::Default => config.build(),
    }
}

pub async fn echo(stream: Memory) -> Result<(), Failure> {
    echo_all(WebSocketStream::server(stream, config(Settings::Fast))).await
}

async fn echo_all<S: AsyncRead + AsyncWrite + Unpin>(mut socket: WebSocketStream<S>) -> Result<(), Failure> {
    while let Some(message) = next_or_flush(&mut socket).await.transpose()? {
        if matches!(message, Sent::Text(_) | Sent::Binary(_)) {
            socket.feed(message).await?;
        }
    }
    Ok(())
}

pub async fn send(stream: Memory, messages: &[Message], times: u64) -> Result<(), Failure> {
    let mut socket = WebSocketStream::client(stream, config(Settings::Fast));
    for burst in repeat(messages, times) {
        for (_, payload) in burst {
            socket.feed(Sent::Binary(payload.clone())).await?;
        }
        socket.flush().await?;
    }
    Ok(())
}

pub async fn receive(stream: Memory, mut each: impl FnMut(Opcode, &[u8])) -> Result<(), Failure> {
    let mut socket = WebSocketStream::client(stream, config(Settings::Fast));
    while let Some(message) = socket.next().await.transpose()? {
        match message {
            Sent::Text(text) => each(Opcode::Text, &text),
            Sent::Binary(bytes) => each(Opcode::Binary, &bytes),
            _ => {}
        }
    }
    Ok(())
}

pub async fn serve(mut stream: TcpStream, settings: Settings) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    let leftover = server_handshake(&mut stream).await?.leftover;
    echo_all(WebSocketStream::from_raw_with_leftover(stream, Role::Server, config(settings), leftover)).await
}
