//! Heartbeat and idle time-out of the asynchronous face, over streams in memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::time::{Instant, advance, sleep, timeout};
use ws_core::{CloseCode, FailureKind, Message};
use ws_native::proto::{Config, Heartbeat};
use ws_native::{Connection, Received};

const INTERVAL: Duration = Duration::from_secs(30);
const TIMEOUT: Duration = Duration::from_secs(10);
const IDLE: Duration = Duration::from_secs(60);

/// A server's first ping, and the client's answer to it.
const PING: [u8; 10] = *b"\x89\x08\0\0\0\0\0\0\0\x01";
const PONG: [u8; 14] = *b"\x8a\x88\0\0\0\0\0\0\0\0\0\0\0\x01";

fn heartbeat() -> Config {
    let mut config = Config::default();
    config.heartbeat = Some(Heartbeat::default());
    config
}

fn idle() -> Config {
    let mut config = Config::default();
    config.idle_timeout = Some(IDLE);
    config
}

/// A server's end with a heartbeat, and the stream of a client that is played by hand.
fn server() -> (Connection<DuplexStream>, DuplexStream) {
    let (near, far) = duplex(1 << 16);
    (Connection::server_established(near, heartbeat()), far)
}

/// Both ends, through a pipe that holds this many bytes.
fn pair(capacity: usize, client: Config, server: Config) -> (Connection<DuplexStream>, Connection<DuplexStream>) {
    let (near, far) = duplex(capacity);
    (Connection::client_established(near, client), Connection::server_established(far, server))
}

/// Receives and drops messages, until the end.
async fn drain(mut connection: Connection<DuplexStream>) -> Connection<DuplexStream> {
    while connection.recv().await.unwrap().is_some() {}
    connection
}

#[tokio::test(start_paused = true)]
async fn recv_wakes_and_pings_a_peer_that_is_silent() {
    for is_client in [true, false] {
        let (near, mut far) = duplex(1 << 16);
        let mut connection = match is_client {
            true => Connection::client_established(near, heartbeat()),
            false => Connection::server_established(near, heartbeat()),
        };
        let start = Instant::now();
        let mut head = [0; 2];
        let pinged = tokio::select! {
            received = connection.recv() => panic!("{received:?}"),
            read = far.read_exact(&mut head) => read.map(|_| start.elapsed()),
        };
        assert_eq!(pinged.unwrap().as_secs(), INTERVAL.as_secs());
        assert_eq!(head, [0x89, if is_client { 0x88 } else { 0x08 }]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_has_long_to_answer_is_asked_again_when_it_has_answered() {
    let mut patient = heartbeat();
    patient.heartbeat.as_mut().unwrap().timeout = INTERVAL * 3;
    let (near, mut far) = duplex(1 << 16);
    let mut connection = Connection::server_established(near, patient);
    let start = Instant::now();
    let answering = async {
        for number in 1..=3 {
            let mut ping = [0; 10];
            far.read_exact(&mut ping).await.unwrap();
            assert_eq!(start.elapsed().as_secs(), (INTERVAL * number).as_secs());
            let mut pong = PONG;
            pong[6..].copy_from_slice(&ping[2..]);
            far.write_all(&pong).await.unwrap();
        }
    };
    tokio::select! {
        received = connection.recv() => panic!("{received:?}"),
        () = answering => {}
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_neither_reads_nor_writes_is_given_up() {
    // With nothing to be written, and with more than the pipe holds, and than a server reads on with.
    for length in [0, 100_000, 2 << 20] {
        for is_client in [true, false] {
            let (client, server) = pair(1 << 10, heartbeat(), heartbeat());
            let (mut near, _far) = if is_client { (client, server) } else { (server, client) };
            near.feed(vec![0; length]).unwrap();
            let start = Instant::now();
            let failure = near.recv().await.unwrap_err();
            assert_eq!(failure.kind(), FailureKind::Timeout);
            assert!(failure.to_string().contains("heartbeat.timeout"), "{failure}");
            // The peer does not end the stream either.
            let end = Config::default().end_timeout;
            assert_eq!(start.elapsed().as_secs(), (INTERVAL + TIMEOUT + end).as_secs());
            assert_eq!(near.closed().unwrap().code(), CloseCode::ABNORMAL);
            assert_eq!(near.recv().await.unwrap(), None);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read_is_given_up_whatever_it_has_sent_before() {
    let (mut near, mut far) = server();
    far.write_all(&b"\x81\x81\0\0\0\0x".repeat(11)).await.unwrap();
    let start = Instant::now();
    let mut count = 0;
    let failure = loop {
        match near.recv().await {
            Ok(message) => assert!(message.is_some()),
            Err(failure) => break failure,
        }
        count += 1;
        near.feed(vec![0; 2 << 20]).unwrap();
    };
    assert!(failure.to_string().contains("heartbeat.timeout"), "{failure}");
    assert_eq!(count, 1, "there is no room for another answer");
    assert_eq!(start.elapsed().as_secs(), (INTERVAL + TIMEOUT + Config::default().end_timeout).as_secs());
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_answers_is_kept_and_its_round_trip_time_known() {
    let (client, mut server) = pair(1 << 10, Config::default(), heartbeat());
    let client = tokio::spawn(drain(client));
    assert_eq!(server.round_trip_time(), None);
    let hour = Duration::from_secs(3600);
    assert!(timeout(hour, server.recv()).await.is_err(), "the connection ends");
    assert_eq!(server.round_trip_time().map(|time| time.as_secs()), Some(0));
    server.close(None).await.unwrap();
    let (ended, client) = tokio::join!(server.recv(), client);
    assert_eq!(ended.unwrap(), None);
    assert!(client.unwrap().closed().unwrap().clean);
}

#[tokio::test(start_paused = true)]
async fn the_round_trip_time_is_the_time_from_the_ping_to_the_pong() {
    let (mut server, mut far) = server();
    let client = async {
        let mut ping = [0; 10];
        far.read_exact(&mut ping).await.unwrap();
        assert_eq!(ping, PING);
        tokio::time::sleep(Duration::from_millis(250)).await;
        far.write_all(&PONG).await.unwrap();
        far.write_all(b"\x81\x80\0\0\0\0").await.unwrap();
    };
    let ((), received) = tokio::join!(client, server.recv());
    assert_eq!(received.unwrap(), Some(Message::Text("".into())));
    assert_eq!(server.round_trip_time(), Some(Duration::from_millis(250)));
}

#[tokio::test(start_paused = true)]
async fn who_asks_for_pongs_has_those_of_the_heartbeat_and_the_round_trip_time() {
    let (mut server, mut far) = server();
    let client = async {
        far.read_exact(&mut [0; 10]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(250)).await;
        far.write_all(&PONG).await.unwrap();
    };
    let ((), received) = tokio::join!(client, server.recv_any());
    assert_eq!(received.unwrap(), Some(Received::Pong(PING[2..].to_vec().into())));
    assert_eq!(server.round_trip_time(), Some(Duration::from_millis(250)));
}

#[tokio::test(start_paused = true)]
async fn messages_put_the_ping_off() {
    let (server, mut far) = server();
    let server = tokio::spawn(drain(server));
    for _ in 0..10 {
        tokio::time::sleep(INTERVAL * 2 / 3).await;
        far.write_all(b"\x81\x80\0\0\0\0").await.unwrap();
    }
    let last = Instant::now();
    let mut ping = [0; 10];
    far.read_exact(&mut ping).await.unwrap();
    assert_eq!((ping, last.elapsed().as_secs()), (PING, INTERVAL.as_secs()), "it is the first one");
    far.write_all(b"\x88\x80\0\0\0\0").await.unwrap();
    let mut close = [0; 2];
    far.read_exact(&mut close).await.unwrap();
    drop(far);
    assert!(server.await.unwrap().closed().unwrap().clean);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_came_while_nobody_looked_is_seen_before_the_peer_is_given_up() {
    let (mut server, mut far) = server();
    let mut ping = [0; 10];
    tokio::select! {
        received = server.recv() => panic!("{received:?}"),
        read = far.read_exact(&mut ping) => drop(read.unwrap()),
    }
    far.write_all(&PONG).await.unwrap();
    // The program is long about something else.
    advance(TIMEOUT * 100).await;
    assert!(server.recv().now_or_never().is_none(), "the peer is given up");
    assert!(server.round_trip_time().is_some());
    server.send("still open").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_waits_goes_out_however_slowly_and_the_ping_after_it() {
    let (near, mut far) = duplex(1 << 10);
    let mut server = Connection::server_established(near, heartbeat());
    let length = 64 << 10;
    server.feed(vec![7; length]).unwrap();
    let server = tokio::spawn(drain(server));
    let mut frames = vec![0; 10 + length + PING.len()];
    for chunk in frames.chunks_mut(1 << 10) {
        tokio::time::sleep(TIMEOUT - Duration::from_secs(1)).await;
        far.read_exact(chunk).await.unwrap();
    }
    assert!(frames.ends_with(&PING));
    far.write_all(b"\x88\x80\0\0\0\0").await.unwrap();
    let mut close = [0; 2];
    far.read_exact(&mut close).await.unwrap();
    assert_eq!(close, [0x88, 0]);
    drop(far);
    assert!(server.await.unwrap().closed().unwrap().clean);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_not_used_is_closed_by_the_end_that_minds() {
    for client_minds in [true, false] {
        let mut configs = [heartbeat(), idle()];
        if client_minds {
            configs.reverse();
        }
        let [client, server] = configs;
        let (mut client, server) = pair(1 << 10, client, server);
        let server = tokio::spawn(drain(server));
        let start = Instant::now();
        tokio::time::sleep(IDLE / 2).await;
        client.send("used").await.unwrap();
        let client = drain(client).await;
        assert_eq!(start.elapsed().as_secs(), (IDLE + IDLE / 2).as_secs());
        for end in [client, server.await.unwrap()] {
            let closed = end.closed().unwrap();
            assert_eq!((closed.clean, closed.code()), (true, CloseCode::GOING_AWAY));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_what_is_written_is_alive_though_nothing_of_it_is_read() {
    let (mut client, server) = pair(1 << 16, Config::default(), heartbeat());
    let (sender, mut receiver) = server.split();
    let sending = tokio::spawn(async move { while sender.send(vec![0; 8 << 20]).await.is_ok() {} });
    // Half a megabyte a second: it is sixteen seconds before a message, and the ping behind it, is through.
    let reading = async {
        loop {
            client.recv_part().await.unwrap().unwrap();
            sleep(Duration::from_millis(130)).await;
        }
    };
    tokio::select! {
        received = receiver.recv() => panic!("{received:?}"),
        () = reading => {}
        () = sleep(4 * (INTERVAL + TIMEOUT)) => {}
    }
    sending.abort();
}
