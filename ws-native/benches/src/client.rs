//! The clients of a server under test, as cheap as they can be: prepared bytes out, bytes counted in.

use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::frame::{self, Message};
use crate::peers::Failure;
use crate::workload::Workload;

/// The example of RFC 6455, section 1.3, and the answer to it.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ANSWER: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// A connection, established.
pub struct Client {
    stream: TcpStream,
}

/// What is sent at once, and how many bytes come back.
pub struct Exchange {
    messages: Vec<Message>,
    wire: Bytes,
    answer: usize,
}

impl Exchange {
    pub fn new(workload: &Workload) -> Self {
        let messages = workload.messages();
        let wire = workload.wire(&messages);
        let mut answer = Vec::new();
        messages.iter().for_each(|message| frame::put(&mut answer, message, None));
        Self { messages, wire, answer: answer.len() }
    }
}

impl Client {
    /// Connects and performs the opening handshake.
    ///
    /// # Errors
    /// The stream broke, or the server did not accept.
    pub async fn open(address: SocketAddr) -> Result<Self, Failure> {
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let request = format!(
            "GET / HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if stream.read_buf(&mut head).await? == 0 {
                return Err("the connection ended in the handshake".into());
            }
        }
        let head = String::from_utf8(head)?;
        let is_accepted = head.starts_with("HTTP/1.1 101") && head.lines().any(|line| line.ends_with(ANSWER));
        if is_accepted { Ok(Self { stream }) } else { Err(format!("not accepted: {head}").into()) }
    }

    /// Sends a burst, and waits for its answer, so many times.
    ///
    /// # Errors
    /// The stream broke.
    pub async fn exchange(&mut self, exchange: &Exchange, times: u64) -> io::Result<()> {
        let mut buffer = vec![0; exchange.answer.min(256 << 10)];
        for _ in 0..times {
            let (mut reader, mut writer) = self.stream.split();
            let read = async {
                let mut missing = exchange.answer;
                while missing > 0 {
                    let most = missing.min(buffer.len());
                    match reader.read(&mut buffer[..most]).await? {
                        0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                        count => missing -= count,
                    }
                }
                Ok(())
            };
            tokio::try_join!(read, writer.write_all(&exchange.wire))?;
        }
        Ok(())
    }

    /// Does it once, and compares what comes back.
    ///
    /// # Errors
    /// It is not what was sent, or the stream broke.
    pub async fn check(&mut self, exchange: &Exchange) -> Result<(), Failure> {
        let mut answer = vec![0; exchange.answer];
        let (mut reader, mut writer) = self.stream.split();
        tokio::try_join!(reader.read_exact(&mut answer), writer.write_all(&exchange.wire))?;
        match frame::messages(&answer, false)? == exchange.messages {
            true => Ok(()),
            false => Err("wrong answer".into()),
        }
    }
}
