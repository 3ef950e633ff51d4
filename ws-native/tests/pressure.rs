//! A reader that stops reading stops the peer: what is kept of a flood is bounded.
//!
//! Only what the test's own thread allocates is counted; the flood comes from another one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::Write as _;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::time::sleep;
use ws_core::Message;
use ws_native::proto::{Config, IncomingRequest};
use ws_native::{ConnectOptions, Connection, WebSocket};

/// How long there is a flood.
const TIME: Duration = Duration::from_secs(10);

/// The most that may be kept of it.
const BOUND: u64 = 1 << 20;

/// A server that floods its only client with messages of this length until the stream breaks. It gives the number of bytes
/// that it could write.
fn flood(length: usize, config: &Config) -> (SocketAddr, JoinHandle<u64>) {
    assert!(config.compression.is_none());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let flooding = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        answer(&mut stream);
        let mut frames = Vec::new();
        while frames.len() < 64 << 10 {
            match length {
                ..=125 => frames.extend([0x82, length as u8]),
                126..=0xffff => frames.extend([&[0x82, 126][..], &(length as u16).to_be_bytes()].concat()),
                _ => frames.extend([&[0x82, 127][..], &(length as u64).to_be_bytes()].concat()),
            }
            frames.resize(frames.len() + length, 7);
        }
        let mut written = 0;
        while stream.write_all(&frames).is_ok() {
            written += frames.len() as u64;
        }
        written
    });
    (address, flooding)
}

/// Does the server's half of the opening handshake.
fn answer(stream: &mut TcpStream) {
    use std::io::{BufRead as _, BufReader};
    let lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
    let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let headers = head.iter().filter_map(|line| line.split_once(": ")).collect();
    let request = IncomingRequest::validate("GET", "/", headers).unwrap();
    let answer = format!(
        "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n\r\n",
        request.accept_value()
    );
    stream.write_all(answer.as_bytes()).unwrap();
}

fn options() -> ConnectOptions {
    let mut options = ConnectOptions::default();
    options.config.compression = None;
    options
}

/// Runs this on the test's own thread, and says what was allocated at the most.
fn most_allocated(program: impl Future<Output = ()>) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    allocation_counter::measure(|| runtime.block_on(program)).bytes_max
}

fn a_slow_reader_keeps_little_of(length: usize) {
    let options = options();
    let (address, flooding) = flood(length, &options.config);
    let mut received = 0;
    let most = most_allocated(async {
        let mut connection = Connection::connect(&format!("ws://{address}/"), &options).await.unwrap();
        let began = Instant::now();
        while began.elapsed() < TIME {
            let Some(Message::Binary(bytes)) = connection.recv().await.unwrap() else { panic!("a message") };
            received += bytes.len() as u64;
            sleep(Duration::from_millis(10)).await;
        }
    });
    let written = flooding.join().unwrap();
    assert!(received > 0 && written >= received);
    assert!(most < BOUND, "{most} bytes were kept of a flood of {length}-byte messages");
}

#[test]
fn a_slow_reader_keeps_little_of_a_flood_of_small_messages() {
    a_slow_reader_keeps_little_of(1);
}

#[test]
fn a_slow_reader_keeps_little_of_a_flood_of_large_messages() {
    a_slow_reader_keeps_little_of(100_000);
}

#[test]
fn a_slow_handler_keeps_little_of_a_flood() {
    let options = options();
    let (address, flooding) = flood(1000, &options.config);
    let most = most_allocated(async {
        let (done, is_done) = oneshot::channel();
        let mut done = Some(done);
        let began = Instant::now();
        let _socket = WebSocket::builder(format!("ws://{address}/"))
            .options(options)
            .connect_with(|socket| {
                socket.set_onmessage(move |_, _| {
                    // A handler that takes its time, as those of programs do.
                    thread::sleep(Duration::from_millis(10));
                    if began.elapsed() > TIME
                        && let Some(done) = done.take()
                    {
                        done.send(()).unwrap();
                    }
                });
            })
            .unwrap();
        is_done.await.expect("no handler was called for so long");
    });
    // The runtime is gone, and the socket with it.
    flooding.join().unwrap();
    assert!(most < BOUND, "{most} bytes were kept");
}

#[test]
fn a_sender_waits_for_a_peer_that_does_not_read() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (release, released) = mpsc::channel::<()>();
    let stalled = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        answer(&mut stream);
        // Until the test is over, which drops the other end.
        let _ = released.recv();
        stream.shutdown(Shutdown::Both)
    });
    let most = most_allocated(async {
        let mut connection = Connection::connect(&format!("ws://{address}/"), &options()).await.unwrap();
        let chunk = vec![7; 64 << 10];
        let sending = async {
            loop {
                connection.send(chunk.clone()).await.unwrap();
            }
        };
        // The pipe is full long before.
        assert!(tokio::time::timeout(Duration::from_secs(1), sending).await.is_err());
    });
    drop(release);
    let _ = stalled.join().unwrap();
    assert!(most < BOUND, "{most} bytes wait to be written");
}
