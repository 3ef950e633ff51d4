//! The least that a server or a client has to do: it checks nothing, and knows of no control frame.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Failure, Settings, repeat};
use crate::frame::{self, Header, Message, Opcode};
use crate::memory::Memory;
use crate::random::Random;

/// The size of a buffer that stays in the processor's first cache.
const IN_MEMORY: usize = 16 << 10;

/// The size of a buffer that spares system calls.
const ON_SOCKETS: usize = 256 << 10;

/// What was read and not used yet.
struct Input {
    bytes: Box<[u8]>,
    start: usize,
    end: usize,
    /// Bytes of the payload that have not come.
    missing: usize,
    /// The masking key, from the payload's next byte on.
    key: [u8; 4],
}

/// The next of what was read.
enum Part<'a> {
    Header(Header),
    /// A part of a payload, with its masking key.
    Payload(&'a [u8], [u8; 4]),
}

impl Input {
    fn new(size: usize) -> Self {
        Self { bytes: vec![0; size].into(), start: 0, end: 0, missing: 0, key: [0; 4] }
    }

    /// Reads once. Whether there was anything.
    async fn read<S: AsyncRead + Unpin>(&mut self, stream: &mut S) -> io::Result<bool> {
        // No more than a part of a header.
        self.bytes.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        let count = stream.read(&mut self.bytes[self.end..]).await?;
        self.end += count;
        Ok(count > 0)
    }

    fn next(&mut self) -> Option<Part<'_>> {
        let bytes = &self.bytes[self.start..self.end];
        if self.missing == 0 {
            let header = Header::decode(bytes)?;
            self.start += header.size;
            self.missing = header.length;
            self.key = header.mask.unwrap_or_default();
            return Some(Part::Header(header));
        }
        let payload = &bytes[..bytes.len().min(self.missing)];
        let key = self.key;
        self.start += payload.len();
        self.missing -= payload.len();
        self.key.rotate_left(payload.len() % 4);
        (!payload.is_empty()).then_some(Part::Payload(payload, key))
    }
}

/// What is to be written.
struct Output {
    bytes: Box<[u8]>,
    end: usize,
}

impl Output {
    /// For parts of up to this size.
    fn new(size: usize) -> Self {
        Self { bytes: vec![0; 2 * size].into(), end: 0 }
    }

    /// Whether a header and a part may not fit any more.
    fn is_full(&self) -> bool {
        self.end + 14 > self.bytes.len() / 2
    }

    fn put_header(&mut self, first: u8, length: usize, mask: Option<[u8; 4]>) {
        if let Some(buffer) = self.bytes[self.end..].first_chunk_mut() {
            self.end += frame::write_header(buffer, first, length, mask);
        }
    }

    fn put_masked(&mut self, payload: &[u8], key: [u8; 4]) {
        let to = &mut self.bytes[self.end..self.end + payload.len()];
        let (words, rest) = payload.as_chunks::<4>();
        let (to_words, to_rest) = to.as_chunks_mut::<4>();
        let wide = u32::from_ne_bytes(key);
        for (to, word) in to_words.iter_mut().zip(words) {
            *to = (u32::from_ne_bytes(*word) ^ wide).to_ne_bytes();
        }
        for ((to, byte), key) in to_rest.iter_mut().zip(rest).zip(key) {
            *to = byte ^ key;
        }
        self.end += payload.len();
    }

    async fn write<S: AsyncWrite + Unpin>(&mut self, stream: &mut S) -> io::Result<()> {
        stream.write_all(&self.bytes[..self.end]).await?;
        self.end = 0;
        Ok(())
    }
}

pub async fn echo(stream: Memory) -> Result<(), Failure> {
    echo_all(stream, IN_MEMORY).await
}

async fn echo_all<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, size: usize) -> Result<(), Failure> {
    let mut input = Input::new(size);
    let mut output = Output::new(size);
    while input.read(&mut stream).await? {
        // What is written is no longer than what was read, but for a header.
        while let Some(part) = input.next() {
            match part {
                Part::Header(header) => output.put_header(header.first, header.length, None),
                Part::Payload(payload, key) => output.put_masked(payload, key),
            }
        }
        output.write(&mut stream).await?;
    }
    Ok(())
}

pub async fn send(mut stream: Memory, messages: &[Message], times: u64) -> Result<(), Failure> {
    let mut random = Random::new(times);
    let mut output = Output::new(IN_MEMORY);
    for burst in repeat(messages, times) {
        for (opcode, payload) in burst {
            let key = random.key();
            output.put_header(0x80 | opcode as u8, payload.len(), Some(key));
            for part in payload.chunks(IN_MEMORY) {
                output.put_masked(part, key);
                if output.is_full() {
                    output.write(&mut stream).await?;
                }
            }
        }
        output.write(&mut stream).await?;
    }
    Ok(())
}

pub async fn receive(mut stream: Memory, mut each: impl FnMut(Opcode, &[u8])) -> Result<(), Failure> {
    let mut input = Input::new(IN_MEMORY);
    while input.read(&mut stream).await? {
        while let Some(part) = input.next() {
            if let Part::Payload(payload, _) = part {
                each(Opcode::Binary, payload);
            }
        }
    }
    Ok(())
}

pub async fn serve(mut stream: TcpStream, _: Settings) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let head = String::from_utf8(head)?;
    let mut fields = head.lines().filter_map(|line| line.split_once(": "));
    let key = fields.find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key")).ok_or("no key")?.1;
    let answer = tungstenite::handshake::derive_accept_key(key.as_bytes());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {answer}\r\n\r\n"
    );
    stream.write_all(answer.as_bytes()).await?;
    echo_all(stream, ON_SOCKETS).await
}
