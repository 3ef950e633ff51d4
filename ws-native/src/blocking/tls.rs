//! TLS over a stream that blocks, in time.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Instant;

use super::{Stream, Timed};
use crate::Tls;
use crate::rustls::{ConnectionCommon, ServerConfig, ServerConnection, SideData, StreamOwned};

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
///
/// After the handshake, reading and writing are kept apart, which `rustls::Stream` does not do:
/// there, a write that has to wait reads, and waits for that too, or leaves what it has read where
/// nobody sees that it has come.
impl<C, T, S> Timed for StreamOwned<C, T>
where
    C: DerefMut + Deref<Target = ConnectionCommon<S>>,
    T: Timed,
    S: SideData,
{
    fn read_by(&mut self, buffer: &mut [u8], deadline: Option<Instant>) -> io::Result<usize> {
        let Self { conn, sock } = self;
        let by = &mut By { stream: sock, deadline };
        complete_handshake(conn, by)?;
        loop {
            match conn.reader().read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                outcome => return outcome,
            }
            let has_written_all = !conn.wants_write();
            conn.read_tls(by)?;
            let processed = conn.process_new_packets();
            // What TLS itself answers, such as an alert. Behind what waits already it has to wait, too.
            if has_written_all {
                let _ = transmit(conn, by);
            }
            processed.map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
        }
    }

    fn write_by(&mut self, pieces: &[IoSlice<'_>], deadline: Option<Instant>) -> io::Result<usize> {
        let Self { conn, sock } = self;
        let by = &mut By { stream: sock, deadline };
        complete_handshake(conn, by)?;
        transmit(conn, by)?;
        let count = conn.writer().write_vectored(pieces)?;
        // So much is taken, whatever becomes of it now: the next call learns of an error that lasts.
        let _ = transmit(conn, by);
        Ok(count)
    }

    fn flush_by(&mut self, deadline: Option<Instant>) -> io::Result<()> {
        let Self { conn, sock } = self;
        let by = &mut By { stream: sock, deadline };
        complete_handshake(conn, by)?;
        transmit(conn, by)?;
        by.flush()
    }

    fn shutdown_by(&mut self, deadline: Option<Instant>) -> io::Result<()> {
        self.conn.send_close_notify();
        self.flush_by(deadline)?;
        self.sock.shutdown_by(deadline)
    }
}

/// A program may hand over a session that is still to shake hands.
fn complete_handshake<S: SideData>(session: &mut ConnectionCommon<S>, by: &mut By<'_, impl Timed>) -> io::Result<()> {
    if session.is_handshaking() {
        session.complete_io(by)?;
    }
    Ok(())
}

/// Writes what the session has to write.
fn transmit<S: SideData>(session: &mut ConnectionCommon<S>, by: &mut By<'_, impl Timed>) -> io::Result<()> {
    while session.wants_write() {
        if session.write_tls(by)? == 0 {
            return Err(ErrorKind::WriteZero.into());
        }
    }
    Ok(())
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
