//! What the task of a connection has written, as far as its streams have to know it.

use std::future::{Future, poll_fn};
use std::io::{self, IoSlice};
use std::mem;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The output of a connection. Clones of it are of the same connection.
///
/// Streams give their bytes to the library, and its task writes them when it is polled. A stream has written all when the library
/// holds none of its bytes, and all that the library has taken of it since is flushed.
#[derive(Clone, Default)]
pub(crate) struct Output(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    progress: Progress,
    /// How often all that was written has been flushed.
    flushes: u64,
    /// Something was written, or tried, and is not flushed yet.
    unflushed: bool,
    /// The streams that wait until all is written.
    waiting: Vec<(Weak<()>, Waker)>,
}

#[derive(Default, PartialEq)]
enum Progress {
    #[default]
    Waiting,
    /// The library may have taken bytes of streams which it has not tried to write yet.
    Polled,
    /// The connection is gone.
    Over,
}

/// What a stream has given to the library.
#[derive(Default)]
pub(crate) struct Given {
    /// Owned by each piece that the library holds.
    held: Arc<()>,
    /// The library holds nothing any more, and this many flushes were complete then.
    taken_at: Option<u64>,
}

/// One piece of it.
struct Piece {
    bytes: Vec<u8>,
    _held: Arc<()>,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Given {
    /// The bytes, as the library is to be given them.
    pub(crate) fn piece(&mut self, bytes: &[u8]) -> Bytes {
        self.taken_at = None;
        Bytes::from_owner(Piece { bytes: bytes.into(), _held: Arc::clone(&self.held) })
    }
}

impl Output {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs the connection to its end.
    pub(crate) async fn run<F: Future>(self, connection: F) -> F::Output {
        let mut connection = pin!(connection);
        poll_fn(|cx| self.during(|| connection.as_mut().poll(cx))).await
    }

    /// Polls the connection, and wakes the streams whose bytes it has taken.
    pub(crate) fn during<T>(&self, poll: impl FnOnce() -> T) -> T {
        self.lock().progress = Progress::Polled;
        let polled = poll();
        let mut state = self.lock();
        // It may have been dropped when it was over.
        if state.progress == Progress::Polled {
            state.progress = Progress::Waiting;
        }
        let taken = state.waiting.extract_if(.., |(held, _)| held.strong_count() <= 1);
        let taken: Vec<_> = taken.map(|(_, waker)| waker).collect();
        drop(state);
        taken.into_iter().for_each(Waker::wake);
        polled
    }

    /// Ready when all that was given is written.
    pub(crate) fn poll_written(&self, given: &mut Given, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.lock();
        let is_held = Arc::strong_count(&given.held) > 1;
        if state.progress == Progress::Waiting && !is_held {
            let taken_at = *given.taken_at.get_or_insert(state.flushes);
            if !state.unflushed || taken_at < state.flushes {
                return Poll::Ready(Ok(()));
            }
        }
        if state.progress == Progress::Over {
            let is_written = !is_held && !state.unflushed;
            return Poll::Ready(if is_written { Ok(()) } else { Err(io::ErrorKind::BrokenPipe.into()) });
        }
        let held = Arc::downgrade(&given.held);
        let before = match state.waiting.iter_mut().find(|(other, _)| other.ptr_eq(&held)) {
            Some((_, waker)) => Some(mem::replace(waker, cx.waker().clone())),
            None => {
                state.waiting.push((held, cx.waker().clone()));
                None
            }
        };
        drop(state);
        // A waker may run code of the program as it is dropped.
        drop(before);
        Poll::Pending
    }
}

/// The byte stream of a connection, which notes what is written.
pub(crate) struct Noted<S> {
    stream: S,
    output: Output,
}

impl<S> Noted<S> {
    pub(crate) fn new(stream: S, output: Output) -> Self {
        Self { stream, output }
    }
}

/// The connection is gone, and with it this.
impl<S> Drop for Noted<S> {
    fn drop(&mut self) {
        let mut state = self.output.lock();
        state.progress = Progress::Over;
        let waiting = mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(|(_, waker)| waker.wake());
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Noted<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Noted<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.output.lock().unflushed = true;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.output.lock().unflushed = true;
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        if let Poll::Ready(Ok(())) = flushed {
            let mut state = self.output.lock();
            state.unflushed = false;
            state.flushes += 1;
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    /// What a task waits for that has written.
    fn written<'a>(output: &'a Output, given: &'a mut Given) -> impl Future<Output = io::Result<()>> + 'a {
        poll_fn(|cx| output.poll_written(given, cx))
    }

    #[tokio::test]
    async fn what_the_library_has_copied_is_written_when_it_is_flushed() {
        let (near, mut far) = duplex(4);
        let output = Output::default();
        let mut stream = Noted::new(near, output.clone());
        let mut given = Given::default();
        let piece = given.piece(b"123456");
        let writing = tokio::spawn({
            let output = output.clone();
            async move { written(&output, &mut given).await }
        });
        tokio::task::yield_now().await;
        // There is room for four bytes, and the library keeps the others.
        let four = output.during(|| {
            let written = stream.write(&piece).now_or_never();
            drop(piece);
            written
        });
        assert_eq!(four.unwrap().unwrap(), 4);
        assert!(output.during(|| stream.write(b"56").now_or_never()).is_none());
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        assert!(!writing.is_finished());
        let mut read = [0; 4];
        far.read_exact(&mut read).await.unwrap();
        output.during(|| {
            assert_eq!(stream.write(b"56").now_or_never().unwrap().unwrap(), 2);
            stream.flush().now_or_never().unwrap().unwrap();
            // Of another stream. It is not waited for.
            assert_eq!(stream.write(b"78").now_or_never().unwrap().unwrap(), 2);
        });
        writing.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn while_the_connection_is_polled_nothing_counts_as_written() {
        let (near, _far) = duplex(64);
        let output = Output::default();
        let mut stream = Noted::new(near, output.clone());
        let mut given = Given::default();
        let piece = given.piece(b"123456");
        output.during(|| {
            // The library has copied it, and is about to write.
            drop(piece);
            assert!(written(&output, &mut given).now_or_never().is_none());
            stream.write(b"123456").now_or_never().unwrap().unwrap();
            stream.flush().now_or_never().unwrap().unwrap();
        });
        written(&output, &mut given).now_or_never().unwrap().unwrap();
    }

    #[tokio::test]
    async fn what_was_not_written_when_the_connection_is_gone_is_an_error() {
        let output = Output::default();
        let stream = Noted::new(duplex(64).0, output.clone());
        let (mut given, mut other) = (Given::default(), Given::default());
        drop(other.piece(b"1"));
        let _piece = given.piece(b"2");
        let writing = tokio::spawn({
            let output = output.clone();
            async move { written(&output, &mut given).await }
        });
        tokio::task::yield_now().await;
        drop(stream);
        assert_eq!(writing.await.unwrap().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        written(&output, &mut other).await.unwrap();
    }
}
