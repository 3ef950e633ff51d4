//! A stream of HTTP/2 as the transport of a WebSocket: [RFC 8441](https://datatracker.ietf.org/doc/html/rfc8441).

mod output;

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use h2::{Reason, RecvStream, SendStream};
use http::HeaderMap;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::runtime::Handle;
use tokio::time::timeout;

pub(crate) use output::{Noted, Output};

use crate::proto::Headers;
use crate::stream::{Beneath, Stream};
use output::Given;

/// The most streams that a client may have open at once.
pub(crate) const MAX_STREAMS: u32 = 128;

/// How many bytes of a stream may wait to be read.
pub(crate) const STREAM_WINDOW: u32 = 128 << 10;

/// The same for all streams of a connection together: sockets whose program does not read must not
/// stop the others.
pub(crate) const CONNECTION_WINDOW: u32 = MAX_STREAMS * STREAM_WINDOW;

/// How much memory small DATA frames may take that wait to be read. WebSocket messages make many
/// such frames, and the library ends a connection when there are too many of them.
pub(crate) const FRAME_BUDGET: usize = 64 << 20;

/// The most that is taken of a socket's output at once: what a DATA frame may hold with any peer
/// (RFC 9113, section 6.5.2).
const CHUNK: usize = 16 << 10;

/// How long a stream that was dropped may take to end properly.
const LINGER: Duration = Duration::from_secs(2);

/// A connection, as far as its streams have to know it. Each that is in use owns one.
#[derive(Clone, Default)]
pub(crate) struct Carrier(Arc<Common>);

#[derive(Default)]
struct Common {
    beneath: Beneath,
    output: Output,
}

impl Carrier {
    /// The connection over this byte stream.
    pub(crate) fn over(stream: &Stream) -> Self {
        Self(Arc::new(Common { beneath: Beneath::of(stream), output: Output::default() }))
    }

    pub(crate) fn output(&self) -> &Output {
        &self.0.output
    }

    /// A stream of it, as the transport of a WebSocket.
    pub(crate) fn stream(self, send: SendStream<Bytes>, receive: RecvStream) -> Stream {
        let beneath = self.0.beneath;
        let halves = Halves { send, receive, carrier: self };
        let stream = Http2Stream { halves: Some(halves), rest: Bytes::new(), given: Given::default(), shut: false };
        Stream::within(beneath, stream)
    }

    /// How many streams, requests and others own one, this among them.
    pub(crate) fn owners(&self) -> usize {
        Arc::strong_count(&self.0)
    }

    /// Which connection it is. It does not count.
    pub(crate) fn identity(&self) -> Identity {
        Identity(Arc::downgrade(&self.0))
    }
}

/// One connection and no other.
pub(crate) struct Identity(Weak<Common>);

impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        self.0.ptr_eq(&other.0)
    }
}

/// "Orderly TCP-level closures are represented as END_STREAM flags. RST exceptions are represented with the RST_STREAM
/// frame with the CANCEL error code": section 5.
struct Http2Stream {
    /// Set until this is dropped.
    halves: Option<Halves>,
    /// What was received and waits to be read.
    rest: Bytes,
    /// What was written.
    given: Given,
    /// Nothing more will be written.
    shut: bool,
}

struct Halves {
    send: SendStream<Bytes>,
    receive: RecvStream,
    carrier: Carrier,
}

impl Http2Stream {
    fn halves(&mut self) -> io::Result<&mut Halves> {
        self.halves.as_mut().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl AsyncRead for Http2Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        while self.rest.is_empty() {
            match ready!(self.halves()?.receive.poll_data(cx)) {
                Some(Ok(data)) => self.rest = data,
                Some(Err(error)) => return Poll::Ready(Err(into_io(error))),
                None => return Poll::Ready(Ok(())),
            }
        }
        let count = self.rest.len().min(buffer.remaining());
        buffer.put_slice(&self.rest[..count]);
        self.rest.advance(count);
        // Only what was read makes room for more: so a reader that stops makes the peer stop, too.
        Poll::Ready(self.halves()?.receive.flow_control().release_capacity(count).map_err(into_io))
    }
}

impl AsyncWrite for Http2Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let this = &mut *self;
        let send = &mut this.halves.as_mut().ok_or(io::ErrorKind::NotConnected)?.send;
        // Capacity that a stream has reserved is kept from all other streams until it is used, and
        // this socket may not be polled again for long: so it reserves one byte. What it gives
        // beyond that, the connection's own task sends when there is room.
        send.reserve_capacity(1);
        while send.capacity() == 0 {
            match ready!(send.poll_capacity(cx)) {
                Some(Ok(_)) => {}
                Some(Err(error)) => return Poll::Ready(Err(into_io(error))),
                None => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            }
        }
        let count = bytes.len().min(CHUNK);
        send.send_data(this.given.piece(&bytes[..count]), false).map_err(into_io)?;
        Poll::Ready(Ok(count))
    }

    /// Writing is done by the connection's own task.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let halves = this.halves.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        ready!(halves.carrier.output().poll_written(&mut this.given, cx))?;
        // What the peer does not want any more, the library throws away.
        match halves.send.poll_reset(cx) {
            // RFC 9113, section 8.1: a server that has answered all it wants to "MAY request that the client abort transmission of
            // a request without error by sending a RST_STREAM with an error code of NO_ERROR".
            Poll::Ready(Ok(Reason::NO_ERROR)) | Poll::Pending => Poll::Ready(Ok(())),
            Poll::Ready(Ok(reason)) => Poll::Ready(Err(into_io(reason.into()))),
            Poll::Ready(Err(error)) => Poll::Ready(Err(into_io(error))),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.shut {
            self.shut = true;
            let last = self.given.piece(&[]);
            self.halves()?.shut(last).map_err(into_io)?;
        }
        self.poll_flush(cx)
    }
}

impl Halves {
    fn shut(&mut self, last: Bytes) -> Result<(), h2::Error> {
        self.send.reserve_capacity(0);
        self.send.send_data(last, true)
    }
}

/// What was written is still transmitted, as with a socket that is closed. The halves of the stream
/// are dropped only when it has ended, or its time is over, for all that is queued is dropped with
/// them.
impl Drop for Http2Stream {
    fn drop(&mut self) {
        let Some(mut halves) = self.halves.take().filter(|halves| !self.shut || !halves.receive.is_end_stream()) else {
            return;
        };
        if !self.shut && halves.shut(Bytes::new()).is_err() {
            return;
        }
        let Ok(runtime) = Handle::try_current() else { return };
        runtime.spawn(async move {
            let ended = async {
                while let Some(Ok(data)) = halves.receive.data().await {
                    let _ = halves.receive.flow_control().release_capacity(data.len());
                }
            };
            let _ = timeout(LINGER, ended).await;
        });
    }
}

/// The headers of a request or an answer.
pub(crate) fn headers(map: &HeaderMap) -> Headers {
    map.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect()
}

pub(crate) fn into_io(error: h2::Error) -> io::Error {
    match error.is_io() {
        true => error.into_io().unwrap_or_else(|| io::ErrorKind::Other.into()),
        false => io::Error::other(error),
    }
}
