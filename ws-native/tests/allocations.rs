//! What a connection takes from the allocator: little while it waits, and in use nothing, unless a message is large.
//!
//! Only what the test's own thread allocates is counted.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use allocation_counter::AllocationInfo;
use futures_util::FutureExt as _;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, Join, ReadBuf, Sink, join, sink};
use ws_core::Message;
use ws_native::Connection;
use ws_native::proto::Config;

/// Messages in a burst.
const BURST: usize = 16;
/// Bursts before it is counted, and while it is.
const WARM_UP: usize = 3;
const COUNTED: usize = 8;

const KEY: Option<[u8; 4]> = Some([0x37, 0xfa, 0x21, 0x3d]);
const BINARY: u8 = 2;
const TEXT: u8 = 1;

/// Kinds and sizes of messages that need no memory of their own.
const SMALL: [(u8, usize); 9] = [
    (BINARY, 16),
    (BINARY, 1 << 10),
    (BINARY, 16 << 10),
    (BINARY, 64 << 10),
    (BINARY, 100 << 10),
    (BINARY, 128 << 10),
    (TEXT, 16),
    (TEXT, 1 << 10),
    (TEXT, 16 << 10),
];
/// Those that do: their memory goes with them.
const LARGE: [(u8, usize); 3] = [(BINARY, (256 << 10) + 1), (BINARY, 1 << 20), (TEXT, 1 << 20)];

/// A stream's reading half, which gives out the same burst again and again. After each, the reader has to wait once.
struct Bursts {
    burst: Vec<u8>,
    position: usize,
    /// How many bytes there are to be read before the reader has to wait.
    left: usize,
}

impl Bursts {
    /// The reader has to wait where this many bytes of a burst are still to come.
    fn new(burst: Vec<u8>, late: usize) -> Self {
        let left = burst.len() - late;
        Self { burst, position: 0, left }
    }
}

impl AsyncRead for Bursts {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.left == 0 {
            self.left = self.burst.len();
            return Poll::Pending;
        }
        let rest = &self.burst[self.position..];
        let count = rest.len().min(self.left).min(buffer.remaining());
        buffer.put_slice(&rest[..count]);
        self.position = (self.position + count) % self.burst.len();
        self.left -= count;
        Poll::Ready(Ok(()))
    }
}

type Stream = Join<Bursts, Sink>;

fn server(burst: Vec<u8>, late: usize) -> Connection<Stream> {
    Connection::server_established(join(Bursts::new(burst, late), sink()), Config::default())
}

fn client(burst: Vec<u8>, late: usize) -> Connection<Stream> {
    Connection::client_established(join(Bursts::new(burst, late), sink()), Config::default())
}

/// A burst of messages, masked for a server.
fn burst(opcode: u8, payload: &[u8], mask: Option<[u8; 4]>) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode];
    let bit = u8::from(mask.is_some()) << 7;
    match payload.len() {
        length @ 0..=125 => frame.push(bit | length as u8),
        length @ 126..=0xFFFF => {
            frame.push(bit | 126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(bit | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(mask.iter().flatten());
    let key = mask.unwrap_or_default();
    frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame.repeat(BURST)
}

/// Receives until there is nothing to be received, and how many messages there were.
fn receive(connection: &mut Connection<Stream>, mut each: impl FnMut(&mut Connection<Stream>, Message)) -> usize {
    let mut count = 0;
    while let Some(message) = connection.recv().now_or_never() {
        each(connection, message.unwrap().unwrap());
        count += 1;
    }
    count
}

fn echo(connection: &mut Connection<Stream>) -> usize {
    receive(connection, |connection, message| connection.feed(message).unwrap())
}

fn discard(connection: &mut Connection<Stream>) -> usize {
    receive(connection, |_, _| ())
}

/// Sends a burst of copies, with a queue that is kept short.
fn send(connection: &mut Connection<Stream>, opcode: u8, text: &str) {
    for _ in 0..BURST {
        connection.ready().now_or_never().unwrap().unwrap();
        match opcode {
            TEXT => connection.feed_text(text).unwrap(),
            _ => connection.feed_binary(text.as_bytes()).unwrap(),
        }
    }
    connection.flush().now_or_never().unwrap().unwrap();
}

/// What is allocated by all bursts that are counted, after those that are not.
fn allocations(mut burst: impl FnMut()) -> AllocationInfo {
    (0..WARM_UP).for_each(|_| burst());
    allocation_counter::measure(|| (0..COUNTED).for_each(|_| burst()))
}

fn assert_nothing(info: AllocationInfo, what: &str) {
    assert_eq!((info.count_total, info.bytes_total), (0, 0), "{what}");
}

/// Each message has taken its own size once, and beyond that next to nothing.
fn assert_once(info: AllocationInfo, size: usize, what: &str) {
    const MESSAGES: u64 = (COUNTED * BURST) as u64;
    // Besides the memory of the message: what counts its holders, and where the begin of the next frame is moved to, of
    // less than 4 KiB. A copy that is sent: the memory of its header, which grows.
    assert!(info.count_total <= 3 * MESSAGES, "{what}: {info:?}");
    // Once in a burst, what was read into the thread's own memory moves to where the whole message has room.
    let most = MESSAGES * (size as u64 + (9 << 10)) + COUNTED as u64 * (260 << 10);
    assert!(info.bytes_total <= most, "{what}: {info:?}");
}

#[test]
fn the_counter_counts() {
    let info = allocations(|| drop(std::hint::black_box(vec![0_u8; 100])));
    assert_eq!((info.count_total, info.bytes_total), (COUNTED as u64, 100 * COUNTED as u64));
}

#[test]
fn a_connection_that_waits_has_little_memory() {
    // Beside its stream.
    const MOST: usize = 656;
    let config = Arc::new(Config::default());
    for size in [0, 128, 64 << 10] {
        let burst = burst(BINARY, &vec![b'a'; size], KEY);
        assert_eq!(echo(&mut server(burst.clone(), 0)), BURST);
        let stream = join(Bursts::new(burst, 0), sink());
        let mut waiting = None;
        let info = allocation_counter::measure(|| {
            let mut connection = Connection::server_established(stream, Arc::clone(&config));
            assert_eq!(echo(&mut connection), BURST);
            waiting = Some(connection);
        });
        let most = (MOST + size_of::<Stream>()) as i64;
        assert!(info.bytes_current <= most, "after {size} bytes: {} of {most}", info.bytes_current);
        assert_eq!(info.count_current, 1, "after {size} bytes");
    }
}

/// A stream that has these bytes and then ends; of what is written it takes nothing.
struct Stuck(&'static [u8]);

impl AsyncRead for Stuck {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Stuck {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Pending
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

/// A program may keep it, and ask why it ended.
#[tokio::test(start_paused = true)]
async fn a_connection_that_has_ended_has_little_memory() {
    const LONG: usize = 8 << 20;
    const MOST: i64 = 16 << 10;
    // The first of two fragments.
    static UNFINISHED: [u8; 10 + LONG] = {
        let mut bytes = [b'a'; 10 + LONG];
        let header = [0x01, 127, 0, 0, 0, 0, 0, 0x80, 0, 0];
        let mut at = 0;
        while at < header.len() {
            bytes[at] = header[at];
            at += 1;
        }
        bytes
    };
    let before = allocation_counter::measure(|| ());
    assert_eq!(before.bytes_current, 0);
    for (received, sent) in [(&UNFINISHED[..], 0), (&[], LONG)] {
        let mut connection = Connection::client_established(Stuck(received), Config::default());
        let mut ended = false;
        let mut kept = 0;
        if sent > 0 {
            kept += allocation_counter::measure(|| connection.feed(vec![0; sent]).unwrap()).bytes_current;
        }
        // Time passes where it has to wait.
        while !ended {
            kept += allocation_counter::measure(|| ended = connection.recv().now_or_never().is_some()).bytes_current;
            tokio::time::advance(std::time::Duration::from_secs(1)).await;
        }
        assert!(kept < MOST, "{kept} bytes after {} were received and {sent} sent", received.len());
    }
}

/// A server ends the stream by itself, and then reads until the client does. The memory for that is the thread's: it is there
/// from the first connection on.
#[tokio::test(start_paused = true)]
async fn a_server_that_was_closed_has_little_memory() {
    let mut servers = Vec::new();
    let mut kept = 0;
    for _ in 0..2 {
        let (near, mut far) = tokio::io::duplex(1 << 10);
        let mut server = Connection::server_established(near, Config::default());
        far.write_all(b"\x88\x82\0\0\0\0\x03\xe8").await.unwrap();
        let mut receive = || allocation_counter::measure(|| drop(server.recv().now_or_never())).bytes_current;
        kept = receive();
        drop(far);
        kept += receive();
        assert!(server.closed().is_some_and(|closed| closed.clean));
        servers.push(server);
    }
    assert!(kept < 16 << 10, "{kept} bytes");
}

#[test]
fn a_server_that_echoes_allocates_nothing() {
    for (opcode, size) in SMALL {
        let mut server = server(burst(opcode, &vec![b'a'; size], KEY), 0);
        let info = allocations(|| assert_eq!(echo(&mut server), BURST));
        assert_nothing(info, &format!("opcode {opcode}, {size} bytes"));
    }
}

#[test]
fn a_server_that_is_shown_messages_allocates_nothing() {
    for (opcode, size) in SMALL {
        let mut server = server(burst(opcode, &vec![b'a'; size], KEY), 0);
        let info =
            allocations(
                || while server.recv_each(|message, answers| answers.echo(message)).now_or_never().is_some() {},
            );
        assert_nothing(info, &format!("opcode {opcode}, {size} bytes"));
    }
}

#[test]
fn a_client_that_receives_allocates_nothing() {
    for (opcode, size) in SMALL {
        let mut client = client(burst(opcode, &vec![b'a'; size], None), 0);
        let info = allocations(|| assert_eq!(discard(&mut client), BURST));
        assert_nothing(info, &format!("opcode {opcode}, {size} bytes"));
    }
}

#[test]
fn a_client_that_sends_allocates_nothing() {
    for (opcode, size) in SMALL {
        let text = "a".repeat(size);
        let mut client = client(Vec::new(), 0);
        let info = allocations(|| send(&mut client, opcode, &text));
        assert_nothing(info, &format!("opcode {opcode}, {size} bytes"));
    }
}

#[test]
fn many_connections_of_a_thread_allocate_nothing() {
    let burst = burst(BINARY, &[b'a'; 1 << 10], KEY);
    let mut servers: Vec<_> = (0..100).map(|_| server(burst.clone(), 0)).collect();
    let info = allocations(|| servers.iter_mut().for_each(|server| assert_eq!(echo(server), BURST)));
    assert_nothing(info, "100 connections");
}

#[test]
fn a_burst_that_ends_within_a_frame_allocates_once_at_the_most() {
    for (opcode, size) in SMALL {
        for late in [1, size / 2, size, size + 1, size + size / 2] {
            let mut server = server(burst(opcode, &vec![b'a'; size], KEY), late);
            let info = allocations(|| assert!(echo(&mut server) >= BURST - 2));
            // Of what is left, less than 33 KiB is moved to memory of its own; more stays where it is.
            assert!(info.count_total <= COUNTED as u64, "opcode {opcode}, {size} bytes, {late} late: {info:?}");
            assert!(info.bytes_total <= (COUNTED * (33 << 10)) as u64, "{info:?}");
        }
    }
}

#[test]
fn a_large_message_that_is_received_takes_its_own_memory_once() {
    for (opcode, size) in LARGE {
        let payload = vec![b'a'; size];
        let mut server = server(burst(opcode, &payload, KEY), 0);
        let info = allocations(|| assert_eq!(echo(&mut server), BURST));
        assert_once(info, size, &format!("echo, opcode {opcode}, {size} bytes"));
        let mut client = client(burst(opcode, &payload, None), 0);
        let info = allocations(|| assert_eq!(discard(&mut client), BURST));
        assert_once(info, size, &format!("opcode {opcode}, {size} bytes"));
    }
}

#[test]
fn a_large_message_that_is_sent_is_copied_once() {
    for (opcode, size) in LARGE {
        let text = "a".repeat(size);
        let mut client = client(Vec::new(), 0);
        let info = allocations(|| send(&mut client, opcode, &text));
        assert_once(info, size, &format!("opcode {opcode}, {size} bytes"));
    }
}
