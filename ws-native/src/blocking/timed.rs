//! Streams whose waits end in time.

use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// A byte stream that can be told how long to wait.
///
/// A wait that reaches the deadline ends with an error of the kind
/// [`WouldBlock`](io::ErrorKind::WouldBlock) or [`TimedOut`](io::ErrorKind::TimedOut), as with a
/// socket's time-out, and loses nothing. The default methods ignore deadlines, and are what
/// [`Untimed`] does.
pub trait Timed: Read + Write {
    /// Reads, as [`Read::read`].
    ///
    /// # Errors
    /// Those of the stream; that the deadline has passed.
    fn read_by(&mut self, buffer: &mut [u8], deadline: Option<Instant>) -> io::Result<usize> {
        let _ = deadline;
        self.read(buffer)
    }

    /// Writes some of these pieces, as [`Write::write_vectored`].
    ///
    /// # Errors
    /// Those of the stream; that the deadline has passed.
    fn write_by(&mut self, pieces: &[IoSlice<'_>], deadline: Option<Instant>) -> io::Result<usize> {
        let _ = deadline;
        self.write_vectored(pieces)
    }

    /// Writes what the stream has kept back, as [`Write::flush`].
    ///
    /// # Errors
    /// Those of the stream; that the deadline has passed.
    fn flush_by(&mut self, deadline: Option<Instant>) -> io::Result<()> {
        let _ = deadline;
        self.flush()
    }

    /// Tells the peer that nothing more will be written. What it still sends can be read.
    ///
    /// # Errors
    /// Those of the stream; that the deadline has passed; that the stream cannot tell the peer, and
    /// then the peer's end is not waited for.
    fn shutdown_by(&mut self, deadline: Option<Instant>) -> io::Result<()> {
        let _ = deadline;
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Any byte stream. Its waits cannot be ended: deadlines are looked at only between them.
///
/// ```no_run
/// # fn tunnel() -> std::io::Cursor<Vec<u8>> { std::io::Cursor::new(vec![]) }
/// use ws_native::blocking::{Connection, Untimed};
/// use ws_native::proto::{Config, Request};
/// let request = Request::new("example.org", "/", &[] as &[&str])?;
/// let connection = Connection::client(Untimed(tunnel()), request, Config::default())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Untimed<S>(pub S);

impl<S: Read + Write> Timed for Untimed<S> {}

impl<S: Read> Read for Untimed<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl<S: Write> Write for Untimed<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.write_vectored(pieces)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The sockets of the standard library, which have no trait in common.
macro_rules! socket {
    ($socket:ty) => {
        /// Uses the socket's time-outs. A shorter one that the program has set stays in force.
        impl Timed for $socket {
            fn read_by(&mut self, buffer: &mut [u8], deadline: Option<Instant>) -> io::Result<usize> {
                let Some(limit) = remaining(deadline)? else { return self.read(buffer) };
                let own = self.read_timeout()?;
                // A socket that takes no time-out has ended, and then a read does not wait.
                let _ = self.set_read_timeout(Some(own.map_or(limit, |own| own.min(limit))));
                let outcome = self.read(buffer);
                let _ = self.set_read_timeout(own);
                outcome
            }

            fn write_by(&mut self, pieces: &[IoSlice<'_>], deadline: Option<Instant>) -> io::Result<usize> {
                let Some(limit) = remaining(deadline)? else { return self.write_vectored(pieces) };
                let own = self.write_timeout()?;
                let _ = self.set_write_timeout(Some(own.map_or(limit, |own| own.min(limit))));
                let outcome = self.write_vectored(pieces);
                let _ = self.set_write_timeout(own);
                outcome
            }

            fn shutdown_by(&mut self, _deadline: Option<Instant>) -> io::Result<()> {
                self.shutdown(Shutdown::Write)
            }
        }
    };
}

socket!(TcpStream);
#[cfg(unix)]
socket!(UnixStream);

/// How long is left until the deadline, if there is one.
fn remaining(deadline: Option<Instant>) -> io::Result<Option<Duration>> {
    let remaining = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
    if remaining == Some(Duration::ZERO) { Err(io::ErrorKind::TimedOut.into()) } else { Ok(remaining) }
}
