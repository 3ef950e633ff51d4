//! tokio-websockets. It flushes before every read, so a burst is read before it is answered.

use std::future::poll_fn;
use std::task::Poll;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_websockets::{ClientBuilder, Config, Limits, Message as Sent, ServerBuilder, WebSocketStream};

use super::{Failure, MAX_MESSAGE, Settings, repeat};
use crate::frame::{Message, Opcode};
use crate::memory::Memory;

/// The most messages, and about the most bytes, that are read before they are answered.
const BATCH: (usize, usize) = (32, 64 << 10);

fn config() -> Config {
    Config::default().flush_threshold(64 << 10)
}

fn limits() -> Limits {
    Limits::default().max_payload_len(Some(MAX_MESSAGE))
}

pub async fn echo(stream: Memory) -> Result<(), Failure> {
    echo_all(ServerBuilder::new().config(config()).limits(limits()).serve(stream)).await
}

async fn echo_all<S: AsyncRead + AsyncWrite + Unpin>(mut socket: WebSocketStream<S>) -> Result<(), Failure> {
    let mut batch = Vec::new();
    while next_batch(&mut socket, &mut batch).await? {
        for message in batch.drain(..) {
            socket.feed(message).await?;
        }
        socket.flush().await?;
    }
    Ok(())
}

/// Takes what is there, and waits if nothing is. Whether there is more to come.
async fn next_batch<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut WebSocketStream<S>,
    batch: &mut Vec<Sent>,
) -> Result<bool, tokio_websockets::Error> {
    let mut bytes = 0;
    poll_fn(|cx| {
        while batch.len() < BATCH.0 && bytes < BATCH.1 {
            match socket.poll_next_unpin(cx) {
                Poll::Ready(Some(Ok(message))) => {
                    bytes += message.as_payload().len();
                    if message.is_text() || message.is_binary() {
                        batch.push(message);
                    }
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error)),
                Poll::Ready(None) => return Poll::Ready(Ok(false)),
                Poll::Pending if batch.is_empty() => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        Poll::Ready(Ok(true))
    })
    .await
}

pub async fn send(stream: Memory, messages: &[Message], times: u64) -> Result<(), Failure> {
    let mut socket = ClientBuilder::new().config(config()).limits(limits()).take_over(stream);
    for burst in repeat(messages, times) {
        for (_, payload) in burst {
            socket.feed(Sent::binary(payload.clone())).await?;
        }
        socket.flush().await?;
    }
    Ok(())
}

pub async fn receive(stream: Memory, mut each: impl FnMut(Opcode, &[u8])) -> Result<(), Failure> {
    let mut socket = ClientBuilder::new().config(config()).limits(limits()).take_over(stream);
    while let Some(message) = socket.next().await.transpose()? {
        if message.is_text() {
            each(Opcode::Text, message.as_payload());
        } else if message.is_binary() {
            each(Opcode::Binary, message.as_payload());
        }
    }
    Ok(())
}

pub async fn serve(stream: TcpStream, settings: Settings) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    let config = match settings {
        Settings::Fast => config(),
        Settings::Default => Config::default(),
    };
    let (_, socket) = ServerBuilder::new().config(config).limits(limits()).accept(stream).await?;
    echo_all(socket).await
}
