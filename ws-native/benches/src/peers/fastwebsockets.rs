//! fastwebsockets. It writes each frame at once: there is nothing to batch with.

use fastwebsockets::{FragmentCollector, Frame, OpCode, Payload, Role, WebSocket, WebSocketError, upgrade};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::{Failure, MAX_MESSAGE, Settings, repeat};
use crate::frame::{Message, Opcode};
use crate::memory::Memory;

pub async fn echo(stream: Memory) -> Result<(), Failure> {
    echo_all(WebSocket::after_handshake(stream, Role::Server)).await
}

async fn echo_all<S: AsyncRead + AsyncWrite + Unpin>(mut socket: WebSocket<S>) -> Result<(), Failure> {
    socket.set_max_message_size(MAX_MESSAGE);
    let mut socket = FragmentCollector::new(socket);
    loop {
        let frame = socket.read_frame().await?;
        match frame.opcode {
            OpCode::Text | OpCode::Binary => socket.write_frame(frame).await?,
            OpCode::Close => return Ok(()),
            _ => {}
        }
    }
}

pub async fn send(stream: Memory, messages: &[Message], times: u64) -> Result<(), Failure> {
    let mut socket = WebSocket::after_handshake(stream, Role::Client);
    for burst in repeat(messages, times) {
        for (_, payload) in burst {
            socket.write_frame(Frame::binary(Payload::Borrowed(payload))).await?;
        }
        socket.flush().await?;
    }
    Ok(())
}

pub async fn receive(stream: Memory, mut each: impl FnMut(Opcode, &[u8])) -> Result<(), Failure> {
    let mut socket = WebSocket::after_handshake(stream, Role::Client);
    socket.set_max_message_size(MAX_MESSAGE);
    let mut socket = FragmentCollector::new(socket);
    loop {
        let frame = socket.read_frame().await?;
        match frame.opcode {
            OpCode::Text => each(Opcode::Text, &frame.payload),
            OpCode::Binary => each(Opcode::Binary, &frame.payload),
            OpCode::Close => return Ok(()),
            _ => {}
        }
    }
}

pub async fn serve(stream: TcpStream, _: Settings) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    let service = service_fn(|mut request| async move {
        let (response, upgraded) = upgrade::upgrade(&mut request)?;
        tokio::spawn(async move { echo_all(upgraded.await?).await });
        Ok::<_, WebSocketError>(response)
    });
    Ok(http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades().await?)
}
