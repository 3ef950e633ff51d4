//! What is measured: messages of a kind and a size, in bursts.

use std::fmt;

use bytes::Bytes;

use crate::frame::{self, Message, Opcode};
use crate::random::Random;

/// What the end under test does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// A server sends every message back.
    Echo,
    /// A client sends messages it keeps.
    Send,
    /// A client receives messages.
    Receive,
}

/// One line of a table.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    pub task: Task,
    pub opcode: Opcode,
    /// Bytes of a message.
    pub size: usize,
    /// Messages that come, or are sent, at once.
    pub burst: usize,
}

impl Workload {
    /// The messages of one burst, all different.
    pub fn messages(&self) -> Vec<Message> {
        let mut random = Random::new(self.size as u64);
        let payload = |_| match self.opcode {
            Opcode::Binary => random.bytes(self.size),
            Opcode::Text => multi_byte_text(&mut random, self.size),
        };
        let message = |payload: Vec<u8>| Message { opcode: self.opcode, payload: Bytes::from(payload) };
        (0..self.burst).map(payload).map(message).collect()
    }

    /// The bytes in which a peer's other end sends one burst.
    pub fn wire(&self, messages: &[Message]) -> Bytes {
        let mut random = Random::new(!self.size as u64);
        let mut bytes = Vec::new();
        for message in messages {
            let mask = (self.task == Task::Echo).then(|| random.key());
            frame::put(&mut bytes, message, mask);
        }
        bytes.into()
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let task = match (self.task, self.opcode) {
            (Task::Echo, Opcode::Binary) => "echo",
            (Task::Echo, Opcode::Text) => "echo text",
            (Task::Send, _) => "client send",
            (Task::Receive, _) => "client receive",
        };
        write!(f, "{task} {}", Size(self.size))
    }
}

/// A number of bytes, for people.
pub struct Size(pub usize);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            size if size >= 1 << 20 => write!(f, "{} MiB", size >> 20),
            size if size >= 1 << 10 => write!(f, "{} KiB", size >> 10),
            size => write!(f, "{size} B"),
        }
    }
}

/// Text of exactly this many bytes, in characters of two and three.
fn multi_byte_text(random: &mut Random, size: usize) -> Vec<u8> {
    let mut text = String::with_capacity(size);
    while size - text.len() >= 6 {
        let (first, count) = if random.below(2) == 0 { (0x400, 0x100) } else { (0x4e00, 0x1000) };
        text.extend(char::from_u32(first + random.below(count) as u32));
    }
    text.push_str(match size - text.len() {
        3 => "€",
        4 => "éé",
        _ => "é€",
    });
    text.into_bytes()
}
