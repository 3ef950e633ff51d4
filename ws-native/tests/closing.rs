//! The end of a connection: a peer that takes no notice of it, and a program that is slow to look.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf, duplex};
use tokio::time::{advance, timeout};
use ws_core::{FailureKind, Message};
use ws_native::proto::Config;
use ws_native::{Connection, Shutdown};

/// A peer that always has something more to say, and a clock that moves on by a millisecond with each read.
struct Endless {
    first: Vec<u8>,
    then: Vec<u8>,
    /// Whether it is pending when its task is to let others run, as the streams of tokio are.
    yields: bool,
    reads: u32,
}

impl Endless {
    fn new(first: Vec<u8>, then: Vec<u8>) -> Self {
        Self { first, then, yields: false, reads: 0 }
    }
}

/// After so many it ends, so that a test which does not hold ends.
const MOST_READS: u32 = 20_000;

impl AsyncRead for Endless {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.yields {
            ready!(pin!(tokio::task::consume_budget()).poll(cx));
        }
        let _ = pin!(advance(Duration::from_millis(1))).poll(&mut Context::from_waker(Waker::noop()));
        self.reads += 1;
        match self.reads {
            1 => buffer.put_slice(&self.first),
            2..MOST_READS => buffer.put_slice(&self.then),
            _ => {}
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Endless {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_sends_on_for_ever_is_waited_for_no_longer_than_the_end_timeout() {
    for yields in [false, true] {
        let mut config = Config::default();
        config.end_timeout = Duration::from_millis(500);
        // A frame of an opcode that there is not.
        let peer = Endless { yields, ..Endless::new(b"\x83\x00".to_vec(), vec![0; 100]) };
        let mut client = Connection::client_established(peer, config);
        let failure = client.recv().await.unwrap_err();
        assert!(failure.to_string().contains("opcode"), "{failure}");
        let reads = client.stream().reads;
        assert!((500..=600).contains(&reads), "{reads} reads");
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_reads_nothing_before_all_of_its_own_is_taken_is_told_why_it_failed() {
    const LONG: usize = 1 << 20;
    let (near, mut far) = duplex(1 << 10);
    let mut client = Connection::client_established(near, Config::default());
    client.feed(vec![0; LONG]).unwrap();
    let receiving = async move { client.recv().await };
    let mut told = Vec::new();
    let peer = async {
        // A frame of an opcode that there is not, and more.
        far.write_all(b"\x83\x00").await.unwrap();
        far.write_all(&vec![0; 100_000]).await.unwrap();
        far.read_to_end(&mut told).await.unwrap();
    };
    let (received, ()) = tokio::join!(receiving, peer);
    let failure = received.unwrap_err();
    assert!(failure.to_string().contains("opcode"), "{failure}");
    let close = &told[told.len() - 8..];
    let code = [close[6] ^ close[2], close[7] ^ close[3]];
    assert_eq!((told.len(), &close[..2], u16::from_be_bytes(code)), (14 + LONG + 8, &b"\x88\x82"[..], 1002));
}

/// A client's close_timeout where the program is slow.
const LIMIT: Duration = Duration::from_millis(300);

fn slow() -> Config {
    let mut config = Config::default();
    config.close_timeout = LIMIT;
    config.end_timeout = Duration::ZERO;
    // The least there is.
    config.read_size = 0;
    config
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_a_close_frame_that_came_in_time_counts_however_slow_the_program_is() {
    // All of it is read at once, or most of it lies in the pipe while the program is away.
    for length in [126, 10_000] {
        let (near, mut far) = duplex(1 << 16);
        let mut client = Connection::client_established(near, slow());
        client.close(None).await.unwrap();
        for byte in *b"abc" {
            far.write_all(&[0x82, 126, (length >> 8) as u8, length as u8]).await.unwrap();
            far.write_all(&vec![byte; length]).await.unwrap();
        }
        far.write_all(b"\x88\x02\x03\xe8").await.unwrap();
        for byte in *b"abc" {
            assert_eq!(client.recv().await.unwrap(), Some(Message::Binary(vec![byte; length].into())));
            advance(2 * LIMIT).await;
        }
        assert_eq!(client.recv().await.unwrap(), None);
        let closed = client.closed().unwrap();
        assert_eq!((closed.clean, closed.code().get()), (true, 1000));
    }
}

#[tokio::test(start_paused = true)]
async fn a_close_frame_without_an_answer_is_waited_for_no_longer_because_the_program_was_away() {
    let (near, mut far) = duplex(1 << 16);
    let mut client = Connection::client_established(near, slow());
    client.close(None).await.unwrap();
    far.write_all(&[b"\x82\x7e\x27\x10", &[b'a'; 10_000][..]].concat().repeat(2)).await.unwrap();
    for _ in 0..2 {
        assert!(client.recv().await.unwrap().is_some());
        advance(2 * LIMIT).await;
    }
    let before = tokio::time::Instant::now();
    let failure = client.recv().await.unwrap_err();
    assert!(failure.to_string().contains("close_timeout"), "{failure}");
    assert!(before.elapsed() < LIMIT, "{:?}", before.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_sends_messages_for_ever_in_place_of_a_close_frame_is_given_up() {
    let message = [b"\x82\x7e\x03\xfc", &[0; 1020][..]].concat();
    let mut client = Connection::client_established(Endless::new(message.clone(), message), slow());
    client.close(None).await.unwrap();
    let mut messages = 0;
    let failure = loop {
        match client.recv().await {
            Ok(message) => messages += u32::from(message.is_some()),
            Err(failure) => break failure,
        }
    };
    assert!(failure.to_string().contains("close_timeout"), "{failure}");
    // A millisecond for each, and then what may have lain there when the time was over: 8 MiB, of which each counts for 16 KiB.
    let late = messages - LIMIT.as_millis() as u32;
    assert!((512..=514).contains(&late), "{late} messages");
}

#[tokio::test(start_paused = true)]
async fn each_late_read_counts_16_kib_however_slow_the_program_is() {
    let mut client = Connection::client_established(Endless::new(b"\x81\x01a".to_vec(), b"\x81\x01a".to_vec()), slow());
    client.close(None).await.unwrap();
    let mut messages = 0;
    while let Ok(message) = client.recv().await {
        assert!(message.is_some());
        messages += 1;
        advance(2 * LIMIT).await;
    }
    assert!((512..=514).contains(&messages), "{messages} messages");
}

/// A stream that takes all that is written, and never gets it away: as one of TLS whose peer does not read.
struct Keeping;

impl AsyncRead for Keeping {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl AsyncWrite for Keeping {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_ends_a_send_of_which_nothing_is_left_but_in_the_stream() {
    let mut server = Connection::server_established(Keeping, Config::default());
    let shutdown = Shutdown::default();
    server.follow(&shutdown);
    let sending = tokio::spawn(async move { server.send("x").await });
    tokio::task::yield_now().await;
    assert_eq!(shutdown.begin(Duration::from_millis(10)).await, 1);
    let failure = timeout(Duration::from_secs(3600), sending).await.expect("it ends").unwrap().unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_was_given_up_is_waited_for_no_more() {
    const HOUR: Duration = Duration::from_secs(3600);
    let server = || {
        let (near, far) = duplex(16);
        let mut server = Connection::server_established(far, Config::default());
        server.feed(vec![0; 100_000]).unwrap();
        (near, server)
    };
    // One task, which closes and goes on.
    let (_peer, mut one) = server();
    one.close(None).await.unwrap();
    for _ in 0..2 {
        let failure = timeout(HOUR, one.flush()).await.expect("it ends").unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Timeout);
    }
    // Several, of which one closes.
    let (_peer, several) = server();
    let (sender, _receiver) = several.split();
    let flushing = [(); 2].map(|()| {
        let sender = sender.clone();
        tokio::spawn(async move { sender.flush().await })
    });
    sender.close(None).await.unwrap();
    for flushing in flushing {
        let failure = timeout(HOUR, flushing).await.expect("it ends").unwrap().unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Timeout);
    }
    // One that was about to be ended, and is not received from any more: the frame is not masked.
    let (mut peer, mut ending) = server();
    peer.write_all(b"\x81\x00").await.unwrap();
    assert!(ending.recv().now_or_never().is_none());
    let failure = timeout(HOUR, ending.flush()).await.expect("it ends").unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Protocol);
}

#[tokio::test]
async fn what_a_stream_that_breaks_behind_the_peers_close_frame_has_not_taken_is_told() {
    for length in [0, 1, 100_000] {
        let (mut near, far) = duplex(16);
        let mut client = Connection::client_established(far, Config::default());
        if length > 0 {
            client.feed(vec![0; length]).unwrap();
        }
        near.write_all(b"\x89\x01a\x88\x02\x03\xe8").await.unwrap();
        drop(near);
        assert_eq!(client.recv().await.unwrap(), None);
        assert!(client.closed().unwrap().clean);
        // The answers to the ping and to the Close frame are no loss.
        let flushed = client.flush().await.map_err(|failure| failure.to_string());
        let lost = Err("the connection was closed before all was written".to_owned());
        assert_eq!(flushed, if length > 0 { lost } else { Ok(()) }, "{length}");
    }
}

#[tokio::test]
async fn flush_reports_a_ping_that_was_not_written() {
    let (mut near, far) = duplex(16);
    let mut client = Connection::client_established(far, Config::default());
    assert!(client.ping(&[0; 100]).now_or_never().is_none());
    near.write_all(b"\x88\x02\x03\xe8").await.unwrap();
    drop(near);
    assert_eq!(client.recv().await.unwrap(), None);
    assert!(client.flush().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_has_closed_is_not_waited_for_to_read() {
    const HOUR: Duration = Duration::from_secs(3600);
    // With the answer to the Close frame it is more than what a client may leave unread.
    for length in [(1 << 20) - 10, 100_000] {
        let (mut near, far) = duplex(16);
        let mut server = Connection::server_established(far, Config::default());
        server.feed(vec![0; length]).unwrap();
        near.write_all(b"\x88\x82\0\0\0\0\x03\xe8").await.unwrap();
        assert!(server.recv().now_or_never().is_none());
        assert!(timeout(HOUR, server.flush()).await.expect("it ends").is_err());
        assert_eq!(timeout(HOUR, server.recv()).await.expect("it ends").unwrap(), None);
        assert!(server.closed().unwrap().clean);
        assert!(server.flush().await.is_err(), "most of it was not written");
    }
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_cuts_a_connection_whose_end_is_waited_for() {
    const STEP: usize = 64 << 10;
    let (mut client, server) = duplex(STEP);
    let mut server = Connection::server_established(server, Config::default());
    let shutdown = Shutdown::default();
    server.follow(&shutdown);
    for _ in 0..15 {
        server.feed(vec![7; STEP - 100]).unwrap();
    }
    client.write_all(b"\x88\x80\0\0\0\0").await.unwrap();
    // It takes what it is sent, each time just before it would be given up.
    let reading = tokio::spawn(async move {
        let mut buffer = vec![0; STEP];
        loop {
            tokio::time::sleep(Duration::from_millis(1900)).await;
            client.read_exact(&mut buffer).await.unwrap();
        }
    });
    {
        let mut received = pin!(server.recv());
        let left = tokio::select! {
            biased;
            _ = &mut received => panic!("it is not over"),
            left = shutdown.begin(Duration::from_secs(5)) => left,
        };
        assert_eq!((left, received.now_or_never().unwrap().unwrap()), (1, None));
    }
    // What was not written never will be.
    assert_eq!(server.flush().await.unwrap_err().kind(), FailureKind::Network);
    reading.abort();
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_cuts_an_open_connection_without_waiting_for_its_end() {
    const HOUR: Duration = Duration::from_secs(3600);
    let mut config = Config::default();
    config.end_timeout = HOUR;
    let (_silent, far) = duplex(1024);
    let mut server = Connection::server_established(far, config);
    let shutdown = Shutdown::default();
    server.follow(&shutdown);
    let receiving = tokio::spawn(async move { server.recv().await });
    assert_eq!(shutdown.begin(Duration::from_secs(1)).await, 1);
    let failure = timeout(Duration::from_secs(1), receiving).await.expect("it ends").unwrap().unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Cancelled);
}
