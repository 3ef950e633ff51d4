//! Between a transport and the bytes a connection wants to read and write.

use std::future::Future as _;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::{Session, proto};

/// What has bytes to be transmitted.
pub(crate) trait Output {
    fn output(&self) -> &[u8];
    fn consume_output(&mut self, count: usize);
}

/// What takes bytes that were received.
pub(crate) trait Input {
    fn read_buffer(&mut self) -> &mut BytesMut;
    fn receive_end(&mut self);
}

impl Output for Session {
    fn output(&self) -> &[u8] {
        self.output()
    }
    fn consume_output(&mut self, count: usize) {
        self.consume_output(count);
    }
}

impl Input for Session {
    fn read_buffer(&mut self) -> &mut BytesMut {
        self.read_buffer()
    }
    fn receive_end(&mut self) {
        self.receive_end();
    }
}

impl Output for proto::Connection {
    fn output(&self) -> &[u8] {
        self.output()
    }
    fn consume_output(&mut self, count: usize) {
        self.consume_output(count);
    }
}

impl Input for proto::Connection {
    fn read_buffer(&mut self) -> &mut BytesMut {
        self.read_buffer()
    }
    fn receive_end(&mut self) {
        self.receive_end();
    }
}

/// Bytes that nobody counts any more.
impl Output for BytesMut {
    fn output(&self) -> &[u8] {
        self
    }
    fn consume_output(&mut self, count: usize) {
        self.advance(count);
    }
}

/// A byte stream and whether the peer has ended it.
#[derive(Debug)]
pub(crate) struct Transport<T> {
    stream: T,
    ended: bool,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Transport<T> {
    pub(crate) fn new(stream: T) -> Self {
        Self { stream, ended: false }
    }

    pub(crate) fn stream(&self) -> &T {
        &self.stream
    }

    /// Writes all of the output. Pending: the transport takes no more for now.
    pub(crate) fn poll_transmit(&mut self, output: &mut impl Output, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut wrote = false;
        while !output.output().is_empty() {
            let count = ready!(Pin::new(&mut self.stream).poll_write(cx, output.output()))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            output.consume_output(count);
            wrote = true;
        }
        if wrote { Pin::new(&mut self.stream).poll_flush(cx) } else { Poll::Ready(Ok(())) }
    }

    /// Reads once. Ready: something has arrived, be it the end. After the end always pending.
    pub(crate) fn poll_receive(&mut self, input: &mut impl Input, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.ended {
            return Poll::Pending;
        }
        let count = match pin!(self.stream.read_buf(input.read_buffer())).poll(cx)? {
            Poll::Ready(count) => count,
            Poll::Pending => return Poll::Pending,
        };
        if count == 0 {
            self.ended = true;
            input.receive_end();
        }
        Poll::Ready(Ok(()))
    }

    /// Writes what is left to write, says that this was all, and waits for the peer's end.
    ///
    /// A transport dropped with bytes unread tells the peer that the connection was reset, and then a Close frame that
    /// is under way may never be read.
    pub(crate) async fn end(&mut self, output: &mut impl Output) -> io::Result<()> {
        std::future::poll_fn(|cx| self.poll_transmit(output, cx)).await?;
        self.stream.shutdown().await?;
        let mut discarded = [0; 4096];
        while !self.ended {
            self.ended = self.stream.read(&mut discarded).await? == 0;
        }
        Ok(())
    }
}
