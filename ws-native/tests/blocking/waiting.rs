//! Streams that do not wait, or are disturbed while they do.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use ws_core::{FailureKind, Message};
use ws_native::blocking::{Connection, Incoming, Untimed};
use ws_native::proto::{Config, Heartbeat};

use crate::{SHORT, join, pair, plain, request, sockets, text};

/// Gives what it is given, and takes and keeps what is written, a byte at a time, after each of these disturbances.
struct Disturbed {
    input: VecDeque<u8>,
    output: Vec<u8>,
    errors: VecDeque<ErrorKind>,
}

impl Disturbed {
    fn new(input: &[u8]) -> Untimed<Self> {
        Untimed(Self { input: input.iter().copied().collect(), output: Vec::new(), errors: VecDeque::new() })
    }

    fn disturb(&mut self) -> io::Result<()> {
        match self.errors.pop_front() {
            Some(error) => Err(error.into()),
            None => {
                self.errors = [ErrorKind::Interrupted, ErrorKind::WouldBlock, ErrorKind::TimedOut].into();
                Ok(())
            }
        }
    }
}

impl Read for Disturbed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.disturb()?;
        self.input.read(&mut buffer[..1])
    }
}

impl Write for Disturbed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.disturb()?;
        self.output.write(&bytes[..1])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.disturb()
    }
}

/// Calls again as long as it would block. How often that was.
pub(crate) fn again<R>(mut call: impl FnMut() -> Result<R, ws_core::Failure>) -> (usize, R) {
    for times in 0.. {
        match call() {
            Err(failure) if failure.kind() == FailureKind::WouldBlock => {}
            outcome => return (times, outcome.unwrap()),
        }
    }
    unreachable!("a call ends, or would block")
}

#[test]
fn nothing_is_lost_by_calls_that_would_block() {
    let input = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x01\x82\0\0\0\0He\x89\x80\0\0\0\0\x80\x83\0\0\0\0llo\x88\x80\0\0\0\0";
    let mut server = Connection::server_established(Disturbed::new(input), Config::default());
    for expected in [text("Hello"), text("Hello")] {
        let (times, received) = again(|| server.recv());
        assert_eq!(received, expected);
        assert!(times >= 11, "{times}");
    }
    server.feed("over and out").unwrap();
    assert!(again(|| server.flush()).0 >= 14);
    assert_eq!(again(|| server.recv()).1, None);
    assert_eq!(server.stream().0.output, b"\x8a\x00\x81\x0cover and out\x88\x00");
}

#[test]
fn a_stream_that_does_not_block_is_read_when_it_is_ready() {
    let (mut client, mut server) = pair(plain(), plain());
    server.stream().set_nonblocking(true).unwrap();
    for _ in 0..3 {
        assert_eq!(server.recv().unwrap_err().kind(), FailureKind::WouldBlock);
    }
    client.send("x").unwrap();
    assert_eq!(again(|| server.recv()).1, text("x"));
    drop(client);
    let ended = loop {
        match server.recv() {
            Err(failure) if failure.kind() == FailureKind::WouldBlock => {}
            outcome => break outcome,
        }
    };
    assert_eq!(ended.unwrap_err().kind(), FailureKind::Ended);
}

#[test]
fn what_does_not_fit_stays_queued() {
    let (mut client, mut server) = pair(plain(), plain());
    client.stream().set_nonblocking(true).unwrap();
    let long = vec![7; 32 << 20];
    assert_eq!(client.send(long.clone()).unwrap_err().kind(), FailureKind::WouldBlock);
    client.stream().set_nonblocking(false).unwrap();
    let (received, ()) = join(|| server.recv().unwrap(), || client.flush().unwrap());
    assert!(received == Some(Message::Binary(long.into())));
}

/// A server that has received what fails the connection and looks at it when it is its turn, and a peer, through a network that
/// takes nothing more of the server's.
#[cfg(unix)]
fn failing() -> (Connection<UnixStream>, UnixStream) {
    let (near, mut far) = UnixStream::pair().unwrap();
    let mut config = plain();
    config.end_timeout = Duration::from_secs(30);
    let mut server = Connection::server_established(near, config);
    // A message, and behind it a frame of an opcode that there is not.
    far.write_all(b"\x81\x81\0\0\0\0a\x83\x80\0\0\0\0").unwrap();
    assert_eq!(server.recv().unwrap(), text("a"));
    server.stream().set_nonblocking(true).unwrap();
    while server.send(vec![0; 1000]).is_ok() {}
    (server, far)
}

/// It reads nothing before all of its own is taken.
#[cfg(unix)]
#[test]
fn a_peer_that_writes_first_is_told_why_the_connection_failed() {
    for blocks in [true, false] {
        let (mut server, mut far) = failing();
        server.stream().set_nonblocking(!blocks).unwrap();
        let peer = move || {
            far.write_all(&vec![0; 4 << 20]).unwrap();
            let mut told = Vec::new();
            far.read_to_end(&mut told).unwrap();
            told
        };
        let failing = || loop {
            match server.recv().unwrap_err() {
                failure if failure.kind() == FailureKind::WouldBlock && !blocks => thread::yield_now(),
                failure => break failure,
            }
        };
        let (told, failure) = join(peer, failing);
        assert_eq!(failure.kind(), FailureKind::Protocol, "{blocks}");
        // Behind the last message, the Close frame and its code.
        let close = &told[told.len() - told.len() % 1004..];
        assert_eq!((close[0], &close[2..4]), (0x88, &b"\x03\xea"[..]), "{blocks}");
    }
}

#[cfg(unix)]
#[test]
fn a_stream_that_does_not_wait_does_not_at_the_end_either() {
    for own in [None, Some(SHORT), Some(4 * SHORT)] {
        let (mut server, far) = failing();
        server.stream().set_nonblocking(own.is_none()).unwrap();
        server.stream().set_read_timeout(own).unwrap();
        server.stream().set_write_timeout(own).unwrap();
        assert_eq!(server.recv().unwrap_err().kind(), FailureKind::WouldBlock, "{own:?}");
        drop(far);
    }
}

#[test]
fn a_stream_that_does_not_wait_does_not_while_there_is_always_something_to_read() {
    struct Flood;
    impl Read for Flood {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            // Frames of opcodes that there are not.
            buffer.fill(0xFF);
            Ok(buffer.len())
        }
    }
    impl Write for Flood {
        fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::WouldBlock.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut config = plain();
    config.end_timeout = Duration::from_secs(30);
    let mut server = Connection::server_established(Untimed(Flood), config);
    assert_eq!(server.recv().unwrap_err().kind(), FailureKind::WouldBlock);
}

/// The program may not be told again that the stream is ready.
#[test]
fn a_stream_that_breaks_at_the_end_has_ended_at_once() {
    /// Gives a frame of an opcode that there is not, and then breaks. It takes nothing.
    struct Broken(bool);
    impl Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if std::mem::replace(&mut self.0, true) {
                return Err(ErrorKind::ConnectionReset.into());
            }
            buffer[..2].copy_from_slice(b"\x83\x80");
            Ok(2)
        }
    }
    impl Write for Broken {
        fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::WouldBlock.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut server = Connection::server_established(Untimed(Broken(false)), plain());
    assert_eq!(server.recv().unwrap_err().kind(), FailureKind::Protocol);
}

#[test]
fn a_time_out_of_the_program_holds_beside_deadlines() {
    let mut heartbeat = Heartbeat::default();
    heartbeat.interval = SHORT;
    let mut config = plain();
    config.heartbeat = Some(heartbeat);
    let (near, mut far) = sockets();
    near.set_read_timeout(Some(4 * SHORT)).unwrap();
    let own = near.read_timeout().unwrap();
    let mut server = Connection::server_established(near, config);
    assert_eq!(server.recv().unwrap_err().kind(), FailureKind::WouldBlock);
    far.read_exact(&mut [0; 10]).unwrap(); // the ping
    assert_eq!(server.stream().read_timeout().unwrap(), own);
}

#[test]
fn a_handshake_needs_a_stream_that_blocks() {
    let (near, far) = sockets();
    far.set_nonblocking(true).unwrap();
    assert_eq!(Incoming::read(far, plain()).unwrap_err().kind(), FailureKind::WouldBlock);
    drop(near);
    let (near, _far) = sockets();
    near.set_nonblocking(true).unwrap();
    assert_eq!(Connection::client(near, request(&[]), plain()).unwrap_err().kind(), FailureKind::WouldBlock);
}

/// A system's time-out of TCP itself, which the stream does not survive.
#[cfg(target_os = "linux")]
#[test]
fn a_peer_that_tcp_has_given_up_is_lost() {
    struct GivenUp;
    impl Read for GivenUp {
        fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::from_raw_os_error(110)) // ETIMEDOUT
        }
    }
    impl Write for GivenUp {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    assert_eq!(io::Error::from_raw_os_error(110).kind(), ErrorKind::TimedOut);
    let mut client = Connection::client_established(Untimed(GivenUp), plain());
    assert_eq!(client.recv().unwrap_err().kind(), FailureKind::Network);
}
