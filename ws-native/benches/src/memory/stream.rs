//! A byte stream in memory, whose other end never has to be waited for.

use std::io::{self, IoSlice, Read, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream that gives out the same burst of frames again and again, and then ends. Between two bursts a reader has to
/// wait once, as it has to on a socket.
///
/// What is written is copied into a buffer that is used over and over, as the kernel would copy it.
pub struct Memory {
    burst: Bytes,
    /// Where the next byte is in the burst.
    position: usize,
    /// Bursts to come, this one included.
    remaining: u64,
    sink: Box<[u8]>,
    /// Where the next byte written goes in the sink.
    end: usize,
    output: Output,
    report: Report,
}

/// What became of a stream, to be asked when it has been dropped.
pub type Report = Arc<Mutex<Output>>;

/// What was written.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// How many bytes.
    pub count: u64,
    /// The bytes themselves, if they are kept.
    pub kept: Option<Vec<u8>>,
}

const SINK: usize = 256 << 10;

impl Memory {
    /// A stream of so many bursts; whether it keeps what is written.
    pub fn new(burst: Bytes, remaining: u64, keep: bool) -> (Self, Report) {
        let report = Report::default();
        let output = Output { count: 0, kept: keep.then(Vec::new) };
        let sink = vec![0; SINK].into();
        (Self { burst, position: 0, remaining, sink, end: 0, output, report: report.clone() }, report)
    }

    /// The bytes at hand. `None`: a reader has to wait.
    fn available(&mut self) -> Option<&[u8]> {
        if self.position == self.burst.len() && self.remaining > 0 {
            self.position = 0;
            self.remaining -= 1;
            return None;
        }
        let left = if self.remaining == 0 { &[] } else { &self.burst[self.position..] };
        Some(left)
    }

    fn accept(&mut self, mut bytes: &[u8]) -> usize {
        let count = bytes.len();
        self.output.count += count as u64;
        if let Some(kept) = &mut self.output.kept {
            kept.extend_from_slice(bytes);
        }
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(SINK - self.end));
            self.sink[self.end..self.end + now.len()].copy_from_slice(now);
            self.end = (self.end + now.len()) % SINK;
            bytes = later;
        }
        count
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        *self.report.lock().unwrap_or_else(PoisonError::into_inner) = std::mem::take(&mut self.output);
    }
}

impl AsyncRead for Memory {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Some(bytes) = self.available() else {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        };
        let count = bytes.len().min(buffer.remaining());
        buffer.put_slice(&bytes[..count]);
        self.position += count;
        Poll::Ready(Ok(()))
    }
}

impl Read for Memory {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.available().ok_or(io::ErrorKind::WouldBlock)?;
        let count = bytes.len().min(buffer.len());
        buffer[..count].copy_from_slice(&bytes[..count]);
        self.position += count;
        Ok(count)
    }
}

impl AsyncWrite for Memory {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(self.accept(bytes)))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(slices.iter().map(|slice| self.accept(slice)).sum()))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(self.accept(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
