//! What arrives in small pieces is not copied again and again: twice the bytes take twice the memory traffic, and no more.
//!
//! It is counted and not timed: the allocator's bytes, where growing counts as much as what it has grown to, and the calls.
//! Only what the test's own thread allocates is counted.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use allocation_counter::{AllocationInfo, measure};
use futures_util::FutureExt as _;
use tokio::io::{AsyncRead, ReadBuf, join, sink};
use ws_core::Message;
use ws_native::proto::{Config, Connection, Event, Part};

const NOW: Duration = Duration::ZERO;

fn client() -> Connection {
    Connection::client_established(Config::default(), Box::new(|buffer: &mut [u8]| buffer.fill(7)))
}

/// Twice as much takes no more than twice as much, and a tenth for the steps in which memory grows.
fn assert_doubles(half: AllocationInfo, whole: AllocationInfo, what: &str) {
    assert!(whole.bytes_total * 10 <= half.bytes_total * 22, "{what}: {half:?} {whole:?}");
    assert!(whole.count_total * 10 <= half.count_total * 22, "{what}: {half:?} {whole:?}");
}

/// Memory that doubles when it is full ends with less than twice the message, and all of it before with as much again.
fn assert_grows_by_doubling(info: AllocationInfo, size: usize, what: &str) {
    assert!(info.bytes_total <= 4 * size as u64 + (64 << 10), "{what}: {info:?}");
}

// Fragments.

const FRAGMENT: usize = 64;

/// A text of so many bytes in small fragments, as a server sends it.
fn fragments(size: usize) -> Vec<u8> {
    let count = size / FRAGMENT;
    let mut bytes = Vec::new();
    for index in 0..count {
        let fin = if index + 1 == count { 0x80 } else { 0 };
        bytes.extend([fin | u8::from(index == 0), FRAGMENT as u8]);
        // Characters of three bytes, which fragments cut.
        bytes.extend("€".bytes().cycle().skip(index * FRAGMENT % 3).take(FRAGMENT));
    }
    bytes
}

/// Around the size of a frame, and far beyond it.
const CHUNKS: [usize; 7] = [63, 64, 65, 66, 67, 64 << 10, usize::MAX];

#[test]
fn a_text_in_fragments_is_put_together_in_linear_work() {
    for chunk in CHUNKS {
        let [half, whole] = [2 << 20, 4 << 20].map(|size| {
            // It ends with a whole character.
            let size = size / (3 * FRAGMENT) * (3 * FRAGMENT);
            let (wire, mut client) = (fragments(size), client());
            let (mut calls, mut length) = (0, 0);
            let info = measure(|| {
                for chunk in wire.chunks(chunk) {
                    client.receive(chunk);
                    calls += 1;
                    while let Some(event) = client.poll(NOW) {
                        let Event::Text(text) = event else { panic!("{event:?}") };
                        calls += 1;
                        length += text.len();
                    }
                }
            });
            assert_eq!((length, calls), (size, wire.len().div_ceil(chunk) + 1));
            assert_grows_by_doubling(info, size, &format!("chunks of {chunk}"));
            // As often as memory doubles.
            assert!(info.count_total < 40, "chunks of {chunk}: {info:?}");
            info
        });
        assert_doubles(half, whole, &format!("chunks of {chunk}"));
    }
}

#[test]
fn a_text_in_fragments_is_given_out_in_parts_in_linear_work() {
    for chunk in CHUNKS {
        let [half, whole] = [2 << 20, 4 << 20].map(|size| {
            let size = size / (3 * FRAGMENT) * (3 * FRAGMENT);
            let (wire, mut client) = (fragments(size), client());
            let (mut calls, mut length) = (0, 0);
            let info = measure(|| {
                for chunk in wire.chunks(chunk) {
                    client.receive(chunk);
                    calls += 1;
                    while let Some(event) = client.poll_part(NOW) {
                        let Event::Part(Part::Text { text, .. }) = event else { panic!("{event:?}") };
                        calls += 1;
                        length += text.len();
                    }
                }
            });
            assert_eq!(length, size);
            // A part is what a frame or a chunk has of the message.
            assert!(calls <= size / FRAGMENT + 2 * wire.len().div_ceil(chunk), "chunks of {chunk}: {calls}");
            assert!(info.count_total <= 2 * calls as u64 + 40, "chunks of {chunk}: {info:?}");
            assert_grows_by_doubling(info, size, &format!("chunks of {chunk}"));
            info
        });
        assert_doubles(half, whole, &format!("chunks of {chunk}"));
    }
}

// Heads.

/// A request of so many bytes, most of them in so many headers.
fn request(size: usize, headers: usize) -> String {
    let mut head = "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        .to_owned();
    let room = size - head.len() - 2;
    for header in 0..headers {
        let line = room / headers + if header == 0 { room % headers } else { 0 };
        head.push_str(&format!("X: {}\r\n", "x".repeat(line - 5)));
    }
    head.push_str("\r\n");
    head
}

#[test]
fn a_head_that_grows_by_the_byte_takes_linear_memory() {
    for headers in [1, 100] {
        let [half, whole] = [32 << 10, 64 << 10].map(|size| {
            let head = request(size, headers);
            assert_eq!(head.len(), size);
            let mut server = Connection::server(Config::default(), NOW);
            let mut events = 0;
            let info = measure(|| {
                for byte in head.bytes() {
                    assert_eq!(events, 0);
                    server.receive(&[byte]);
                    while let Some(event) = server.poll(NOW) {
                        assert!(matches!(event, Event::Request(_)), "{event:?}");
                        events += 1;
                    }
                }
            });
            assert_eq!(events, 1);
            assert_grows_by_doubling(info, size, &format!("{headers} headers"));
            // As often as memory doubles, and for the name and the value of each header.
            assert!(info.count_total <= 2 * headers as u64 + 50, "{headers} headers: {info:?}");
            info
        });
        assert_doubles(half, whole, &format!("{headers} headers"));
    }
}

// Large frames.

const READ: usize = 1 << 10;

/// A stream's reading half, which gives out little at a time.
struct Reads {
    bytes: Vec<u8>,
    position: usize,
    /// How often it was read from.
    count: usize,
    /// Whether the reader has to wait before each read.
    waits: bool,
    has_waited: bool,
}

impl AsyncRead for Reads {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.has_waited ^= self.waits;
        if self.has_waited || self.position == self.bytes.len() {
            return Poll::Pending;
        }
        let rest = &self.bytes[self.position..];
        let count = rest.len().min(READ).min(buffer.remaining());
        buffer.put_slice(&rest[..count]);
        self.position += count;
        self.count += 1;
        Poll::Ready(Ok(()))
    }
}

#[test]
fn a_large_frame_in_small_reads_is_received_in_linear_work() {
    for waits in [false, true] {
        let [half, whole] = [2 << 20, 4 << 20].map(|size| {
            let mut bytes = [&b"\x82\x7f"[..], &(size as u64).to_be_bytes()].concat();
            bytes.resize(bytes.len() + size, 7);
            let least = bytes.len().div_ceil(READ);
            let reads = Reads { bytes, position: 0, count: 0, waits, has_waited: false };
            let mut client = ws_native::Connection::client_established(join(reads, sink()), Config::default());
            let (mut polls, mut received) = (0, None);
            let info = measure(|| {
                while received.is_none() {
                    polls += 1;
                    received = client.recv().now_or_never();
                }
            });
            let Some(Ok(Some(Message::Binary(message)))) = received else { panic!("{received:?}") };
            assert_eq!(message.len(), size);
            // No read was cut short for want of room.
            assert_eq!(client.stream().reader().count, least);
            assert_eq!(polls, if waits { least + 1 } else { 1 });
            assert_grows_by_doubling(info, size, &format!("waits: {waits}"));
            assert!(info.count_total < 20, "waits: {waits}: {info:?}");
            info
        });
        assert_doubles(half, whole, &format!("waits: {waits}"));
    }
}
