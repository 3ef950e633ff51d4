//! Frames by hand: any bytes to the client, and what it sends byte for byte.

use std::fmt::Write as _;
use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use ws_native::Stream;

/// A frame of the client, unmasked.
struct Frame {
    /// FIN, the reserved bits and the opcode.
    first: u8,
    payload: Vec<u8>,
}

const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;

/// The longest payload of a frame that is told of.
const LONGEST: u64 = 1024;

/// The bytes that hexadecimal digits stand for.
pub(crate) fn from_hex(digits: &str) -> Result<Vec<u8>, std::num::ParseIntError> {
    let digits: Vec<char> = digits.chars().filter(|digit| !digit.is_whitespace()).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16)).collect()
}

/// Waits for the first frame that the client sends.
pub(crate) async fn wait(stream: &mut Stream) -> io::Result<()> {
    read(stream).await.map(drop)
}

/// Reads up to a Close frame, and ends TCP. With `tells`, the client is told of every frame before that: "81 6869".
pub(crate) async fn read_to_end(stream: &mut Stream, tells: bool) -> io::Result<()> {
    loop {
        let frame = read(stream).await?;
        if frame.first == CLOSE {
            return stream.shutdown().await;
        }
        if !tells {
            continue;
        }
        let mut text = format!("{:02x} ", frame.first);
        for byte in frame.payload {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        write_text(stream, &text).await?;
    }
}

async fn read(stream: &mut Stream) -> io::Result<Frame> {
    let first = stream.read_u8().await?;
    let second = stream.read_u8().await?;
    if second & 0x80 == 0 {
        return Err(io::Error::other("a client masks its frames"));
    }
    let length = match second & 0x7f {
        126 => u64::from(stream.read_u16().await?),
        127 => stream.read_u64().await?,
        length => u64::from(length),
    };
    if length > LONGEST {
        return Err(io::Error::other("too long a frame to be told of"));
    }
    let mut key = [0; 4];
    stream.read_exact(&mut key).await?;
    let mut payload = Vec::new();
    for index in 0..length {
        payload.push(stream.read_u8().await? ^ key[(index % 4) as usize]);
    }
    Ok(Frame { first, payload })
}

async fn write_text(stream: &mut Stream, text: &str) -> io::Result<()> {
    let mut bytes = vec![TEXT];
    match text.len() {
        length @ 0..126 => bytes.push(length as u8),
        length => {
            bytes.push(126);
            bytes.extend((length as u16).to_be_bytes());
        }
    }
    bytes.extend(text.as_bytes());
    stream.write_all(&bytes).await
}
