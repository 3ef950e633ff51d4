//! yawc, with the buffers of its own benchmark: read 128 KiB, write 64 KiB.

use futures_util::SinkExt as _;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use yawc::{Frame, OpCode, Options, Role, WebSocket, WebSocketError};

use super::sockets::next_or_flush;
use super::{Failure, MAX_MESSAGE, Settings, repeat};
use crate::frame::{Message, Opcode};
use crate::memory::Memory;

fn options(settings: Settings) -> Options {
    let options = Options::default().with_limits(MAX_MESSAGE, 2 * MAX_MESSAGE).with_utf8().without_compression();
    match settings {
        Settings::Fast => options.with_read_buffer_capacity(128 << 10).with_backpressure_boundary(64 << 10),
        Settings::Default => options,
    }
}

pub async fn echo(stream: Memory) -> Result<(), Failure> {
    echo_all(WebSocket::from_stream(stream, Role::Server, options(Settings::Fast))?).await
}

async fn echo_all<S: AsyncRead + AsyncWrite + Unpin>(mut socket: WebSocket<S>) -> Result<(), Failure> {
    while let Some(frame) = next_or_flush(&mut socket).await {
        if matches!(frame.opcode(), OpCode::Text | OpCode::Binary) {
            socket.feed(frame).await?;
        }
    }
    Ok(())
}

pub async fn send(stream: Memory, messages: &[Message], times: u64) -> Result<(), Failure> {
    let mut socket = WebSocket::from_stream(stream, Role::Client, options(Settings::Fast))?;
    for burst in repeat(messages, times) {
        for (_, payload) in burst {
            socket.feed(Frame::binary(payload.clone())).await?;
        }
        socket.flush().await?;
    }
    Ok(())
}

pub async fn receive(stream: Memory, mut each: impl FnMut(Opcode, &[u8])) -> Result<(), Failure> {
    let mut socket = WebSocket::from_stream(stream, Role::Client, options(Settings::Fast))?;
    loop {
        let frame = socket.next_frame().await?;
        match frame.opcode() {
            OpCode::Text => each(Opcode::Text, frame.payload()),
            OpCode::Binary => each(Opcode::Binary, frame.payload()),
            _ => {}
        }
    }
}

pub async fn serve(stream: TcpStream, settings: Settings) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    let service = service_fn(move |mut request| async move {
        let (response, upgraded) = WebSocket::upgrade_with_options(&mut request, options(settings))?;
        tokio::spawn(async move { echo_all(upgraded.await?).await });
        Ok::<_, WebSocketError>(response)
    });
    Ok(http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades().await?)
}
