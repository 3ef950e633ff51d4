//! An end of a connection: ours, and theirs.

use std::io::{self, Read, Write};
use std::time::Duration;

use tungstenite::protocol::frame::Frame as TheirFrame;
use tungstenite::protocol::frame::coding::{Data, OpCode};
use tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tungstenite::{Error, Message, WebSocket};
use ws_native::proto::{Close, Config, Connection, Event};

use crate::difference::refusal_of_theirs;

const NOW: Duration = Duration::ZERO;
/// What all masks are made of.
pub(crate) const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// The bounds of ends that are given any frames.
pub(crate) const MAX_FRAME: usize = 1000;
pub(crate) const MAX_MESSAGE: usize = 2000;

/// What an end gives out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Received {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<(u16, String)>),
}

use Received::{Binary, Ping, Pong, Text};

/// One end of a connection, after the opening handshake and without extensions.
pub(crate) trait End {
    /// Sends a message whose pieces are a frame each, with a ping behind each but the last.
    fn send(&mut self, message: &Received, pieces: &[&[u8]]);
    fn start_closing_handshake(&mut self, code: u16, reason: &str);
    fn receive(&mut self, bytes: &[u8]);
    /// What it has given out.
    fn received(&self) -> &[Received];
    /// Why it has refused what it was given, if it has.
    fn refusal(&self) -> Option<&str>;
    /// What it wants to write.
    fn output(&mut self) -> Vec<u8>;

    fn has_received_close(&self) -> bool {
        matches!(self.received().last(), Some(Received::Close(_)))
    }

    /// What it has given out before a Close frame.
    fn before_close(&self) -> &[Received] {
        match self.received() {
            [before @ .., Received::Close(_)] => before,
            all => all,
        }
    }
}

pub(crate) struct Ours {
    connection: Connection,
    received: Vec<Received>,
    refusal: Option<String>,
}

impl Ours {
    pub(crate) fn new(role: Role, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        config.compression = None;
        change(&mut config);
        let random = |buffer: &mut [u8]| buffer.chunks_mut(4).for_each(|key| key.copy_from_slice(&KEY[..key.len()]));
        let connection = match role {
            Role::Client => Connection::client_established(config, Box::new(random)),
            Role::Server => Connection::server_established(config),
        };
        Self { connection, received: Vec::new(), refusal: None }
    }

    pub(crate) fn bounded(role: Role) -> Self {
        Self::new(role, |config| {
            config.max_frame = MAX_FRAME;
            config.max_message = MAX_MESSAGE;
        })
    }
}

impl End for Ours {
    fn send(&mut self, message: &Received, pieces: &[&[u8]]) {
        for (index, piece) in pieces.iter().enumerate() {
            let last = index + 1 == pieces.len();
            match message {
                Text(_) => self.connection.send_text_part(std::str::from_utf8(piece).unwrap(), last).unwrap(),
                // Handed over, or copied.
                Binary(_) if pieces.len() == 1 && piece.len() % 2 == 0 => {
                    self.connection.send_owned_binary(piece.to_vec().into()).unwrap();
                }
                _ => self.connection.send_binary_part(piece, last).unwrap(),
            }
            if !last {
                self.connection.ping(&[index as u8]).unwrap();
            }
        }
    }

    fn start_closing_handshake(&mut self, code: u16, reason: &str) {
        self.connection.start_closing_handshake(Some(&Close::with_reason(code.into(), reason))).unwrap();
    }

    fn receive(&mut self, bytes: &[u8]) {
        self.connection.receive(bytes);
        while let Some(event) = self.connection.poll(NOW) {
            self.received.push(match event {
                Event::Text(text) => Text(text.to_string()),
                Event::Binary(bytes) => Binary(bytes.to_vec()),
                Event::Ping(payload) => Ping(payload.to_vec()),
                Event::Pong(payload) => Pong(payload.to_vec()),
                Event::ClosingHandshakeStarted(close) => {
                    Received::Close(close.map(|close| (close.code.get(), close.reason)))
                }
                Event::Closed(closed) => {
                    self.refusal = closed.error.map(|error| error.to_string());
                    continue;
                }
                event => panic!("{event:?}"),
            });
        }
    }

    fn received(&self) -> &[Received] {
        &self.received
    }

    fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    fn output(&mut self) -> Vec<u8> {
        let output = self.connection.take_output();
        self.connection.transmitted(output.len());
        output
    }
}

pub(crate) struct Theirs {
    socket: WebSocket<Wire>,
    received: Vec<Received>,
    refusal: Option<String>,
    /// It is not to be read from any more.
    over: bool,
}

/// What a socket reads, and what it has written.
#[derive(Default)]
struct Wire {
    input: Vec<u8>,
    output: Vec<u8>,
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.input.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = buffer.len().min(self.input.len());
        buffer[..count].copy_from_slice(&self.input[..count]);
        self.input.drain(..count);
        Ok(count)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Theirs {
    pub(crate) fn new(role: Role, change: impl FnOnce(WebSocketConfig) -> WebSocketConfig) -> Self {
        let config = change(WebSocketConfig::default().read_buffer_size(4 << 10));
        let socket = WebSocket::from_raw_socket(Wire::default(), role, Some(config));
        Self { socket, received: Vec::new(), refusal: None, over: false }
    }

    pub(crate) fn bounded(role: Role) -> Self {
        Self::new(role, |config| config.max_frame_size(Some(MAX_FRAME)).max_message_size(Some(MAX_MESSAGE)))
    }
}

impl End for Theirs {
    fn send(&mut self, message: &Received, pieces: &[&[u8]]) {
        for (index, piece) in pieces.iter().enumerate() {
            let last = index + 1 == pieces.len();
            let opcode = match message {
                _ if index > 0 => Data::Continue,
                Text(_) => Data::Text,
                _ => Data::Binary,
            };
            let frame = TheirFrame::message(piece.to_vec(), OpCode::Data(opcode), last);
            self.socket.write(Message::Frame(frame)).unwrap();
            if !last {
                self.socket.write(Message::Ping(vec![index as u8].into())).unwrap();
            }
        }
        self.socket.flush().unwrap();
    }

    fn start_closing_handshake(&mut self, code: u16, reason: &str) {
        self.socket.close(Some(CloseFrame { code: code.into(), reason: reason.into() })).unwrap();
    }

    fn receive(&mut self, bytes: &[u8]) {
        self.socket.get_mut().input.extend_from_slice(bytes);
        while !self.over {
            self.received.push(match self.socket.read() {
                Ok(Message::Text(text)) => Text(text.to_string()),
                Ok(Message::Binary(bytes)) => Binary(bytes.to_vec()),
                Ok(Message::Ping(payload)) => Ping(payload.to_vec()),
                Ok(Message::Pong(payload)) => Pong(payload.to_vec()),
                Ok(Message::Close(close)) => {
                    Received::Close(close.map(|close| (close.code.into(), close.reason.to_string())))
                }
                Ok(message) => panic!("{message:?}"),
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => {
                    self.over = true;
                    self.refusal = refusal_of_theirs(&error, self.has_received_close());
                    return;
                }
            });
        }
    }

    fn received(&self) -> &[Received] {
        &self.received
    }

    fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    fn output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.socket.get_mut().output)
    }
}
