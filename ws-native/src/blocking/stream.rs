//! What a blocking connection runs over.

use std::fmt;
use std::io::{self, IoSlice, Read, Write};
use std::net::{SocketAddr, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::time::Instant;

use super::Timed;
#[cfg(feature = "tls")]
use crate::rustls::{ClientConnection, CommonState, ServerConnection, StreamOwned};

/// The transport of a blocking connection that the crate has opened or accepted: TCP, a Unix socket, or TLS over either.
///
/// ```no_run
/// use std::time::Duration;
/// use ws_native::ConnectOptions;
/// use ws_native::blocking::Connection;
/// let connection = Connection::connect("ws://127.0.0.1:9001", &ConnectOptions::default())?;
/// if let Some(tcp) = connection.stream().tcp() {
///     tcp.set_read_timeout(Some(Duration::from_secs(1)))?; // recv then fails with FailureKind::WouldBlock
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Stream(Kind);

enum Kind {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
    #[cfg(feature = "tls")]
    TlsClient(Box<StreamOwned<ClientConnection, Stream>>),
    #[cfg(feature = "tls")]
    TlsServer(Box<StreamOwned<ServerConnection, Stream>>),
}

impl Stream {
    #[cfg(feature = "tls")]
    pub(super) fn tls_client(stream: StreamOwned<ClientConnection, Self>) -> Self {
        Self(Kind::TlsClient(Box::new(stream)))
    }

    #[cfg(feature = "tls")]
    pub(super) fn tls_server(stream: StreamOwned<ServerConnection, Self>) -> Self {
        Self(Kind::TlsServer(Box::new(stream)))
    }

    /// Whether TLS protects it.
    pub fn is_secure(&self) -> bool {
        match &self.0 {
            #[cfg(feature = "tls")]
            Kind::TlsClient(_) | Kind::TlsServer(_) => true,
            _ => false,
        }
    }

    /// The TLS session, if there is one: the peer's certificates, the cipher suite, the protocol of ALPN.
    #[cfg(feature = "tls")]
    pub fn tls_session(&self) -> Option<&CommonState> {
        match &self.0 {
            Kind::TlsClient(stream) => Some(&stream.conn),
            Kind::TlsServer(stream) => Some(&stream.conn),
            _ => None,
        }
    }

    /// The other end of the TCP connection. `None`: it is no TCP, or not connected any more.
    pub fn peer_address(&self) -> Option<SocketAddr> {
        self.tcp()?.peer_addr().ok()
    }

    /// The TCP connection underneath, for its settings.
    pub fn tcp(&self) -> Option<&TcpStream> {
        match &self.0 {
            Kind::Tcp(stream) => Some(stream),
            #[cfg(unix)]
            Kind::Unix(_) => None,
            #[cfg(feature = "tls")]
            Kind::TlsClient(stream) => stream.sock.tcp(),
            #[cfg(feature = "tls")]
            Kind::TlsServer(stream) => stream.sock.tcp(),
        }
    }

    fn io(&mut self) -> &mut dyn Timed {
        match &mut self.0 {
            Kind::Tcp(stream) => stream,
            #[cfg(unix)]
            Kind::Unix(stream) => stream,
            #[cfg(feature = "tls")]
            Kind::TlsClient(stream) => &mut **stream,
            #[cfg(feature = "tls")]
            Kind::TlsServer(stream) => &mut **stream,
        }
    }
}

impl From<TcpStream> for Stream {
    fn from(stream: TcpStream) -> Self {
        Self(Kind::Tcp(stream))
    }
}

#[cfg(unix)]
impl From<UnixStream> for Stream {
    fn from(stream: UnixStream) -> Self {
        Self(Kind::Unix(stream))
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tuple = f.debug_tuple("Stream");
        match &self.0 {
            Kind::Tcp(stream) => tuple.field(stream),
            #[cfg(unix)]
            Kind::Unix(stream) => tuple.field(stream),
            #[cfg(feature = "tls")]
            Kind::TlsClient(stream) => tuple.field(&"TLS").field(&stream.sock),
            #[cfg(feature = "tls")]
            Kind::TlsServer(stream) => tuple.field(&"TLS").field(&stream.sock),
        };
        tuple.finish()
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.io().read(buffer)
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.io().write(bytes)
    }

    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        self.io().write_vectored(pieces)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.io().flush()
    }
}

impl Timed for Stream {
    fn read_by(&mut self, buffer: &mut [u8], deadline: Option<Instant>) -> io::Result<usize> {
        self.io().read_by(buffer, deadline)
    }

    fn write_by(&mut self, pieces: &[IoSlice<'_>], deadline: Option<Instant>) -> io::Result<usize> {
        self.io().write_by(pieces, deadline)
    }

    fn flush_by(&mut self, deadline: Option<Instant>) -> io::Result<()> {
        self.io().flush_by(deadline)
    }

    fn shutdown_by(&mut self, deadline: Option<Instant>) -> io::Result<()> {
        self.io().shutdown_by(deadline)
    }
}
