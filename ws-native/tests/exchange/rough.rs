//! A stream that takes and gives as much as it likes, when it likes, and may break.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use proptest::collection::vec;
use proptest::prelude::*;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

/// How a stream behaves.
#[derive(Clone, Debug)]
pub(crate) struct Weather {
    /// By turns, for reads and for writes: so many bytes at the most, or nothing for now.
    reads: Vec<Option<usize>>,
    writes: Vec<Option<usize>>,
    /// Whether several pieces can be written at once.
    is_vectored: bool,
    /// It breaks when so many bytes were read.
    breaks_after: Option<usize>,
}

impl Weather {
    pub(crate) fn any() -> impl Strategy<Value = Self> {
        let most =
            prop_oneof![1 => Just(None), 3 => (1_usize..20).prop_map(Some), 3 => (20_usize..300_000).prop_map(Some)];
        // Long messages byte by byte take too long.
        let pattern =
            vec(most, 1..6).prop_filter("too slow", |pattern| pattern.iter().flatten().any(|most| *most > 10_000));
        (pattern.clone(), pattern, any::<bool>(), proptest::option::weighted(0.2, 0_usize..300_000))
            .prop_map(|(reads, writes, is_vectored, breaks_after)| Self { reads, writes, is_vectored, breaks_after })
    }
}

pub(crate) struct Rough {
    stream: DuplexStream,
    weather: Weather,
    reads: usize,
    writes: usize,
    read: usize,
    has_broken: Arc<AtomicBool>,
}

impl Rough {
    /// `has_broken` becomes true when somebody is told that it has.
    pub(crate) fn new(stream: DuplexStream, weather: Weather, has_broken: &Arc<AtomicBool>) -> Self {
        Self { stream, weather, reads: 0, writes: 0, read: 0, has_broken: Arc::clone(has_broken) }
    }

    fn is_broken(&self) -> bool {
        let is_broken = self.weather.breaks_after.is_some_and(|most| self.read >= most);
        self.has_broken.fetch_or(is_broken, Ordering::Relaxed);
        is_broken
    }
}

/// What a pattern allows this time.
fn next(pattern: &[Option<usize>], turn: &mut usize, cx: &Context<'_>) -> Poll<usize> {
    let most = pattern[*turn % pattern.len()];
    *turn += 1;
    match most {
        Some(most) => Poll::Ready(most),
        None => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    }
}

impl AsyncRead for Rough {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.is_broken() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let most = std::task::ready!(next(&this.weather.reads, &mut this.reads, cx));
        let left = this.weather.breaks_after.map_or(usize::MAX, |most| most - this.read);
        let mut bytes = vec![0; most.min(left).min(buffer.remaining())];
        let mut limited = ReadBuf::new(&mut bytes);
        let outcome = Pin::new(&mut this.stream).poll_read(cx, &mut limited);
        this.read += limited.filled().len();
        buffer.put_slice(limited.filled());
        outcome
    }
}

impl AsyncWrite for Rough {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.is_broken() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let most = std::task::ready!(next(&this.weather.writes, &mut this.writes, cx));
        Pin::new(&mut this.stream).poll_write(cx, &bytes[..bytes.len().min(most)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let bytes: Vec<u8> = pieces.iter().flat_map(|piece| piece.iter().copied()).collect();
        self.poll_write(cx, &bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.weather.is_vectored
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
