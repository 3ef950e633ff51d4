//! What a connection does when its peer takes too long.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{TcpListener, TcpStream};
#[cfg(target_os = "linux")]
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use ws_core::{CloseCode, FailureKind};
use ws_native::blocking::{Connection, Server, Timed};
use ws_native::proto::{Config, Error, Heartbeat, Phase};
use ws_native::{ConnectError, ConnectOptions, Stage};

#[cfg(target_os = "linux")]
use crate::busy::busy;
use crate::{SHORT, join, pair, plain, short, sockets, text};

fn heartbeat() -> Config {
    let mut heartbeat = Heartbeat::default();
    heartbeat.interval = SHORT;
    heartbeat.timeout = SHORT;
    let mut config = short();
    config.heartbeat = Some(heartbeat);
    config
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut options = ConnectOptions::default();
    options.config.handshake_timeout = SHORT;
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    assert_eq!(Connection::connect(&url, &options).unwrap_err().kind(), FailureKind::Timeout);
}

#[cfg(target_os = "linux")]
#[test]
fn a_unix_socket_whose_server_is_busy_is_given_up() {
    let server = busy("blocking-busy");
    let failure = |connect: Duration, handshake: Duration| {
        let mut options = ConnectOptions::default();
        options.unix_socket = Some(server.path.clone());
        (options.connect_timeout, options.config.handshake_timeout) = (connect, handshake);
        Connection::connect("ws://h/", &options).unwrap_err()
    };
    const LONG: Duration = Duration::from_secs(10);
    for handshake in [SHORT, Duration::ZERO] {
        let failed = failure(LONG, handshake);
        let cause = failed.cause().downcast_ref();
        assert!(matches!(cause, Some(Error::Timeout(Phase::Handshake))), "{failed:?}");
    }
    for connect in [SHORT, Duration::from_nanos(1), Duration::ZERO] {
        let failed = failure(connect, LONG);
        let Some(ConnectError::Timeout { stage: Stage::Connect(_), limit, .. }) = failed.cause().downcast_ref() else {
            panic!("{failed:?}")
        };
        assert_eq!(*limit, connect);
    }
}

/// As by Ctrl-Z and `fg`: the system breaks off a call that waits with a time-out.
#[cfg(target_os = "linux")]
#[test]
fn a_program_that_was_stopped_goes_on_connecting() {
    let server = busy("blocking-stopped");
    // It ends by itself: if it were killed between the two signals, nobody would continue this process.
    let stopping = r#"for _ in $(seq 20); do kill -STOP "$0"; kill -CONT "$0"; sleep 0.01; done"#;
    let mut stopping = Command::new("sh").args(["-c", stopping, &std::process::id().to_string()]).spawn().unwrap();
    let mut options = ConnectOptions::default();
    options.unix_socket = Some(server.path.clone());
    options.connect_timeout = 4 * SHORT;
    let failed = Connection::connect("ws://h/", &options).unwrap_err();
    assert!(stopping.wait().unwrap().success());
    assert_eq!(failed.kind(), FailureKind::Timeout, "{failed:?}");
}

#[test]
fn a_client_that_never_asks_is_let_go() {
    let server = Server::bind("127.0.0.1:0").unwrap().config(short());
    let _client = TcpStream::connect(server.local_address().unwrap()).unwrap();
    assert_eq!(server.accept().unwrap().request().unwrap_err().kind(), FailureKind::Timeout);
}

#[test]
fn a_close_frame_that_is_not_answered() {
    let (near, mut far) = sockets();
    let mut server = Connection::server_established(near, short());
    server.close(None).unwrap();
    thread::scope(|scope| {
        // Whatever else the peer sends.
        scope.spawn(|| while far.write_all(b"\x81\x81\0\0\0\0x").is_ok() {});
        let failure = loop {
            match server.recv() {
                Ok(message) => assert_eq!(message, text("x")),
                Err(failure) => break failure,
            }
        };
        assert_eq!(failure.kind(), FailureKind::Timeout);
        drop(server);
    });
}

#[test]
fn an_answer_to_a_close_frame_that_came_in_time_counts_however_slow_the_program_is() {
    let (near, mut far) = sockets();
    let mut client = Connection::client_established(near, short());
    client.close(None).unwrap();
    // More than is read at once.
    let letters = ["a", "b", "c"].map(|letter| letter.repeat(50_000));
    for letters in &letters {
        far.write_all(b"\x81\x7e\xc3\x50").unwrap();
        far.write_all(letters.as_bytes()).unwrap();
    }
    far.write_all(b"\x88\x02\x03\xe8").unwrap();
    for letters in &letters {
        assert_eq!(client.recv().unwrap(), text(letters));
        thread::sleep(2 * SHORT); // for the time to pass, and nothing else
    }
    assert_eq!(client.recv().unwrap(), None);
    assert!(client.closed().unwrap().clean);
}

#[test]
fn close_gives_a_peer_up_that_does_not_read() {
    let (near, _far) = sockets();
    let mut client = Connection::client_established(near, short());
    client.feed(vec![0; 32 << 20]).unwrap();
    client.close(None).unwrap();
    assert_eq!(client.recv().unwrap_err().kind(), FailureKind::Timeout);
    assert_eq!(client.recv().unwrap(), None);
}

#[test]
fn a_server_that_does_not_end_the_stream_is_not_waited_for() {
    let (near, mut far) = sockets();
    let mut client = Connection::client_established(near, short());
    client.close(Some((CloseCode::NORMAL, ""))).unwrap();
    far.write_all(b"\x88\x02\x03\xe8").unwrap();
    assert_eq!(client.recv().unwrap(), None);
    assert!(client.closed().unwrap().clean);
}

#[test]
fn a_peer_that_is_silent_is_pinged_and_given_up() {
    let (near, mut far) = sockets();
    let mut client = Connection::client_established(near, heartbeat());
    assert_eq!(client.recv().unwrap_err().kind(), FailureKind::Timeout);
    drop(client);
    let mut sent = Vec::new();
    far.read_to_end(&mut sent).unwrap();
    assert_eq!((&sent[..2], sent.len()), (&b"\x89\x88"[..], 14), "one ping, with eight bytes");
}

#[test]
fn a_peer_that_does_not_read_either_is_given_up() {
    for is_client in [true, false] {
        let (near, _far) = sockets();
        let mut end = match is_client {
            true => Connection::client_established(near, heartbeat()),
            false => Connection::server_established(near, heartbeat()),
        };
        end.feed(vec![0; 32 << 20]).unwrap();
        assert_eq!(end.recv().unwrap_err().kind(), FailureKind::Timeout);
    }
}

#[test]
fn a_pong_tells_how_long_it_took() {
    let (near, mut far) = sockets();
    let mut config = heartbeat();
    config.heartbeat.as_mut().unwrap().timeout = Duration::from_secs(60);
    let mut server = Connection::server_established(near, config);
    assert_eq!(server.round_trip_time(), None);
    let (received, ()) = join(
        || server.recv().unwrap(),
        || {
            let mut ping = [0; 10];
            far.read_exact(&mut ping).unwrap();
            assert_eq!(ping, *b"\x89\x08\0\0\0\0\0\0\0\x01");
            far.write_all(b"\x8a\x88\0\0\0\0\0\0\0\0\0\0\0\x01\x81\x81\0\0\0\0x").unwrap();
        },
    );
    assert_eq!(received, text("x"));
    assert!(server.round_trip_time().is_some());
}

#[test]
fn a_pong_that_came_while_the_program_was_away_is_looked_for() {
    let (near, mut far) = sockets();
    near.set_nonblocking(true).unwrap();
    let mut heartbeat = Heartbeat::default();
    heartbeat.interval = Duration::ZERO;
    heartbeat.timeout = 6 * SHORT;
    let mut config = plain();
    config.heartbeat = Some(heartbeat);
    let mut server = Connection::server_established(near, config);
    assert_eq!(server.recv().unwrap_err().kind(), FailureKind::WouldBlock);
    far.read_exact(&mut [0; 10]).unwrap();
    far.write_all(b"\x8a\x88\0\0\0\0\0\0\0\0\0\0\0\x01").unwrap();
    thread::sleep(7 * SHORT); // for the time to pass, and nothing else
    assert_eq!(server.recv().unwrap_err().kind(), FailureKind::WouldBlock);
    assert!(server.round_trip_time().is_some());
}

#[test]
fn a_connection_that_is_not_used_is_closed() {
    let mut config = plain();
    config.idle_timeout = Some(SHORT);
    let (mut client, mut server) = pair(plain(), config);
    let (client_end, server_end) = join(|| client.recv(), || server.recv());
    assert_eq!((client_end.unwrap(), server_end.unwrap()), (None, None));
    assert_eq!(client.closed().unwrap().code(), CloseCode::GOING_AWAY);
}

/// A peer that takes nothing until the first deadline, a little before the second, and then all; then it answers the Close frame.
struct Halting {
    /// How much each write takes; nothing until the deadline has passed.
    writes: VecDeque<Option<usize>>,
    answer: &'static [u8],
}

fn wait(deadline: Option<Instant>) -> io::Error {
    thread::sleep(deadline.expect("there is one").saturating_duration_since(Instant::now()));
    ErrorKind::TimedOut.into()
}

impl Timed for Halting {
    fn read_by(&mut self, buffer: &mut [u8], deadline: Option<Instant>) -> io::Result<usize> {
        if self.writes.is_empty() { self.read(buffer) } else { Err(wait(deadline)) }
    }
    fn write_by(&mut self, pieces: &[IoSlice<'_>], deadline: Option<Instant>) -> io::Result<usize> {
        let all = pieces.iter().map(|piece| piece.len()).sum();
        match self.writes.pop_front() {
            Some(None) => Err(wait(deadline)),
            Some(Some(some)) => Ok(some.min(all)),
            None => Ok(all),
        }
    }
}

impl Read for Halting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.answer.read(buffer)
    }
}

impl Write for Halting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_server_goes_on_when_the_time_to_close_was_put_off() {
    let mut config = short();
    config.idle_timeout = Some(SHORT);
    let stream = Halting { writes: [None, Some(128 << 10), None].into(), answer: b"\x88\x80\0\0\0\0" };
    let mut server = Connection::server_established(stream, config);
    server.feed(vec![0; 3 << 20]).unwrap();
    assert_eq!(server.recv().unwrap(), None, "and would block at no time");
    assert_eq!(server.stream().writes.len(), 0);
}

/// A peer that takes nothing, and sends one message when it was waited for once.
struct Stalled {
    reads: usize,
}

impl Timed for Stalled {
    fn read_by(&mut self, buffer: &mut [u8], deadline: Option<Instant>) -> io::Result<usize> {
        self.reads += 1;
        if self.reads == 2 { self.read(buffer) } else { Err(wait(deadline)) }
    }
    fn write_by(&mut self, _: &[IoSlice<'_>], deadline: Option<Instant>) -> io::Result<usize> {
        Err(wait(deadline))
    }
}

impl Read for Stalled {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&b"\x81\x81\0\0\0\0x"[..]).read(buffer)
    }
}

impl Write for Stalled {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(ErrorKind::WouldBlock.into())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_answer_in_an_idle_time_out_is_not_written_for_ever() {
    let mut config = short();
    config.idle_timeout = Some(SHORT);
    let mut server = Connection::server_established(Stalled { reads: 0 }, config);
    server.feed(vec![0; 500 << 10]).unwrap();
    assert_eq!(server.recv().unwrap(), text("x"));
    assert_eq!(server.send("answer").unwrap_err().kind(), FailureKind::Timeout);
    assert_eq!(server.recv().unwrap_err().kind(), FailureKind::Timeout);
}
