//! What a connection runs over.

use std::fmt;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
#[cfg(feature = "tls")]
use tokio_rustls::{TlsStream, rustls};

use crate::tap::Tapped;

/// The transport of a connection that the crate has opened or accepted: TCP, a Unix socket, TLS over either, or any other
/// byte stream.
///
/// ```no_run
/// # async fn program() -> Result<(), Box<dyn std::error::Error>> {
/// use ws_native::{Connection, Stream, proto};
/// let stream = Stream::from(tokio::net::TcpStream::connect("127.0.0.1:9001").await?);
/// let request = proto::Request::new("127.0.0.1:9001", "/", &[] as &[&str])?;
/// let connection: Connection = Connection::client(stream, request, proto::Config::default()).await?;
/// assert!(!connection.stream().is_secure());
/// # Ok(()) }
/// ```
pub struct Stream(Kind);

enum Kind {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
    #[cfg(feature = "tls")]
    Tls(Box<TlsStream<Stream>>),
    Tapped(Box<Tapped>),
    Other(Box<dyn Io>, Beneath),
}

/// What is known of the stream underneath, where a stream goes through another, such as one of many
/// over HTTP/2.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Beneath {
    is_secure: bool,
    peer_address: Option<SocketAddr>,
}

impl Beneath {
    #[cfg(any(feature = "http2", feature = "proxy"))]
    pub(crate) fn of(stream: &Stream) -> Self {
        Self { is_secure: stream.is_secure(), peer_address: stream.peer_address() }
    }
}

trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

impl Stream {
    /// Any other byte stream, such as a tunnel.
    pub fn other(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        Self(Kind::Other(Box::new(stream), Beneath::default()))
    }

    /// A byte stream that goes through another one.
    #[cfg(any(feature = "http2", feature = "proxy"))]
    pub(crate) fn within(beneath: Beneath, stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        Self(Kind::Other(Box::new(stream), beneath))
    }

    #[cfg(feature = "tls")]
    pub(crate) fn tls(stream: impl Into<TlsStream<Self>>) -> Self {
        Self(Kind::Tls(Box::new(stream.into())))
    }

    pub(crate) fn tapped(stream: Tapped) -> Self {
        Self(Kind::Tapped(Box::new(stream)))
    }

    /// Whether TLS protects it, up to its other end: the peer, or the proxy on the way to it.
    pub fn is_secure(&self) -> bool {
        match &self.0 {
            #[cfg(feature = "tls")]
            Kind::Tls(_) => true,
            Kind::Tapped(tapped) => tapped.stream().is_secure(),
            Kind::Other(_, beneath) => beneath.is_secure,
            _ => false,
        }
    }

    /// The TLS session, if there is one: the peer's certificates, the cipher suite, the protocol of
    /// ALPN. `None` over HTTP/2, where the session belongs to the connection, which the stream
    /// shares with others.
    #[cfg(feature = "tls")]
    pub fn tls_session(&self) -> Option<&rustls::CommonState> {
        match &self.0 {
            Kind::Tls(stream) => Some(stream.get_ref().1),
            Kind::Tapped(tapped) => tapped.stream().tls_session(),
            _ => None,
        }
    }

    /// The other end of the TCP connection: the peer, or the proxy on the way to it. `None`: it is
    /// not TCP, or not connected any more. Over HTTP/2 and through SOCKS this is the address at the
    /// beginning, even when it is no longer connected.
    pub fn peer_address(&self) -> Option<SocketAddr> {
        match &self.0 {
            #[cfg(feature = "tls")]
            Kind::Tls(stream) => stream.get_ref().0.peer_address(),
            Kind::Tapped(tapped) => tapped.stream().peer_address(),
            Kind::Other(_, beneath) => beneath.peer_address,
            _ => self.tcp()?.peer_addr().ok(),
        }
    }

    /// The TCP connection underneath, for its settings.
    pub fn tcp(&self) -> Option<&TcpStream> {
        match &self.0 {
            Kind::Tcp(stream) => Some(stream),
            #[cfg(feature = "tls")]
            Kind::Tls(stream) => stream.get_ref().0.tcp(),
            Kind::Tapped(tapped) => tapped.stream().tcp(),
            _ => None,
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
        let kind = match &self.0 {
            Kind::Tcp(stream) => return f.debug_tuple("Stream").field(stream).finish(),
            #[cfg(unix)]
            Kind::Unix(stream) => return f.debug_tuple("Stream").field(stream).finish(),
            #[cfg(feature = "tls")]
            Kind::Tls(stream) => return f.debug_tuple("Stream").field(&"TLS").field(stream.get_ref().0).finish(),
            Kind::Tapped(tapped) => return tapped.stream().fmt(f),
            Kind::Other(..) => "other",
        };
        f.debug_tuple("Stream").field(&kind).finish()
    }
}

impl Stream {
    fn io(&mut self) -> Pin<&mut (dyn Io + 'static)> {
        Pin::new(match &mut self.0 {
            Kind::Tcp(stream) => stream,
            #[cfg(unix)]
            Kind::Unix(stream) => stream,
            #[cfg(feature = "tls")]
            Kind::Tls(stream) => &mut **stream,
            Kind::Tapped(stream) => &mut **stream,
            Kind::Other(stream, _) => &mut **stream,
        })
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.io().poll_read(cx, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.io().poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.io().poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        match &self.0 {
            Kind::Tcp(stream) => stream.is_write_vectored(),
            #[cfg(unix)]
            Kind::Unix(stream) => stream.is_write_vectored(),
            #[cfg(feature = "tls")]
            Kind::Tls(stream) => stream.is_write_vectored(),
            Kind::Tapped(stream) => stream.is_write_vectored(),
            Kind::Other(stream, _) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io().poll_shutdown(cx)
    }
}
