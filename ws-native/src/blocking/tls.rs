//! TLS over a stream that blocks, in time.

use std::io::{self, IoSlice, Read, Write};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Instant;

use super::{Stream, Timed};
use crate::Tls;
use crate::rustls::{self, ConnectionCommon, ServerConfig, ServerConnection, SideData, StreamOwned};

/// Performs the client's half of the handshake with the server of this name, which may be an IP address.
pub(super) fn connect(tls: &Tls, host: &str, mut stream: Stream, deadline: Option<Instant>) -> io::Result<Stream> {
    let mut session = tls.session(host)?;
    session.complete_io(&mut By { stream: &mut stream, deadline })?;
    Ok(Stream::tls_client(StreamOwned::new(session, stream)))
}

/// Performs the server's half of the handshake.
pub(super) fn accept(config: &Arc<ServerConfig>, mut stream: Stream, deadline: Option<Instant>) -> io::Result<Stream> {
    let mut session = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
    session.complete_io(&mut By { stream: &mut stream, deadline })?;
    Ok(Stream::tls_server(StreamOwned::new(session, stream)))
}

/// Uses the deadlines of the stream below: however many of its waits one wait here takes, all of
/// them end in time.
impl<C, T, S> Timed for StreamOwned<C, T>
where
    C: DerefMut + Deref<Target = ConnectionCommon<S>>,
    T: Timed,
    S: SideData,
{
    fn read_by(&mut self, buffer: &mut [u8], deadline: Option<Instant>) -> io::Result<usize> {
        rustls::Stream::new(&mut self.conn, &mut By { stream: &mut self.sock, deadline }).read(buffer)
    }

    fn write_by(&mut self, pieces: &[IoSlice<'_>], deadline: Option<Instant>) -> io::Result<usize> {
        rustls::Stream::new(&mut self.conn, &mut By { stream: &mut self.sock, deadline }).write_vectored(pieces)
    }

    fn flush_by(&mut self, deadline: Option<Instant>) -> io::Result<()> {
        rustls::Stream::new(&mut self.conn, &mut By { stream: &mut self.sock, deadline }).flush()
    }

    fn shutdown_by(&mut self, deadline: Option<Instant>) -> io::Result<()> {
        self.conn.send_close_notify();
        self.flush_by(deadline)?;
        self.sock.shutdown_by(deadline)
    }
}

/// A stream all of whose waits end by this deadline, for code that knows no deadlines.
struct By<'s, T> {
    stream: &'s mut T,
    deadline: Option<Instant>,
}

impl<T: Timed> Read for By<'_, T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.read_by(buffer, self.deadline)
    }
}

impl<T: Timed> Write for By<'_, T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write_by(&[IoSlice::new(bytes)], self.deadline)
    }

    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        self.stream.write_by(pieces, self.deadline)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush_by(self.deadline)
    }
}
