//! Frames as the benchmark itself writes and reads them: what peers are given, and what they must answer with.

use bytes::Bytes;

/// What a message's first frame says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opcode {
    Text = 1,
    Binary = 2,
}

/// A message, as it is sent and as it must come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub opcode: Opcode,
    pub payload: Bytes,
}

/// A frame's header.
#[derive(Clone, Copy)]
pub struct Header {
    pub first: u8,
    pub mask: Option<[u8; 4]>,
    /// Bytes of the payload.
    pub length: usize,
    /// Bytes of the header itself.
    pub size: usize,
}

impl Header {
    /// Reads a header. `None`: it is not complete.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (first, second) = (*bytes.first()?, *bytes.get(1)?);
        let (length, size) = match second & 0x7f {
            126 => (u64::from(u16::from_be_bytes(*bytes[2..].first_chunk()?)), 4),
            127 => (u64::from_be_bytes(*bytes[2..].first_chunk()?), 10),
            length => (u64::from(length), 2),
        };
        let length = usize::try_from(length).ok()?;
        if second & 0x80 == 0 {
            return Some(Self { first, mask: None, length, size });
        }
        let mask = *bytes.get(size..)?.first_chunk()?;
        Some(Self { first, mask: Some(mask), length, size: size + 4 })
    }
}

/// Writes the header of a message in a single frame. How many bytes it has.
pub fn write_header(buffer: &mut [u8; 14], first: u8, length: usize, mask: Option<[u8; 4]>) -> usize {
    let masked = if mask.is_some() { 0x80 } else { 0 };
    buffer[0] = first;
    let size = match length {
        0..126 => {
            buffer[1] = masked | length as u8;
            2
        }
        126..0x1_0000 => {
            buffer[1] = masked | 126;
            buffer[2..4].copy_from_slice(&(length as u16).to_be_bytes());
            4
        }
        _ => {
            buffer[1] = masked | 127;
            buffer[2..10].copy_from_slice(&(length as u64).to_be_bytes());
            10
        }
    };
    match mask {
        Some(key) => {
            buffer[size..size + 4].copy_from_slice(&key);
            size + 4
        }
        None => size,
    }
}

/// Appends a message in a single frame.
pub fn put(bytes: &mut Vec<u8>, message: &Message, mask: Option<[u8; 4]>) {
    let mut header = [0; 14];
    let size = write_header(&mut header, 0x80 | message.opcode as u8, message.payload.len(), mask);
    bytes.extend_from_slice(&header[..size]);
    put_masked(bytes, &message.payload, mask.unwrap_or_default());
}

/// Appends a payload, masked.
pub fn put_masked(bytes: &mut Vec<u8>, payload: &[u8], key: [u8; 4]) {
    bytes.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
}

/// Reads messages out of all that was written, whether in one frame each or in several. A Close frame ends them.
///
/// # Errors
/// What is wrong with the frames.
pub fn messages(mut bytes: &[u8], masked: bool) -> Result<Vec<Message>, String> {
    let mut messages = Vec::new();
    let mut partial: Option<(Opcode, Vec<u8>)> = None;
    while !bytes.is_empty() {
        let header = Header::decode(bytes).ok_or("an incomplete header")?;
        if header.mask.is_some() != masked {
            return Err(format!("a frame whose masking is not {masked}"));
        }
        let payload = bytes.get(header.size..header.size + header.length).ok_or("an incomplete payload")?;
        bytes = &bytes[header.size + header.length..];
        let (opcode, mut whole) = match (header.first & 0x7f, partial.take()) {
            (0, Some(begun)) => begun,
            (1, None) => (Opcode::Text, Vec::new()),
            (2, None) => (Opcode::Binary, Vec::new()),
            (8, None) => break,
            (other, _) => return Err(format!("a frame that begins with {other:#x}")),
        };
        put_masked(&mut whole, payload, header.mask.unwrap_or_default());
        if header.first & 0x80 == 0 {
            partial = Some((opcode, whole));
        } else {
            messages.push(Message { opcode, payload: whole.into() });
        }
    }
    Ok(messages)
}
