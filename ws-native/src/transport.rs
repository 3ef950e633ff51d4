//! Between a transport and the bytes a connection wants to read and write.

use std::future::Future as _;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};

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

/// How long the end of a transport is waited for: as long as what is left to write goes, and then a time for the peer.
#[derive(Debug)]
pub(crate) struct Patience {
    /// What was left to write when the time began, in steps.
    remaining: usize,
    deadline: Option<Duration>,
}

impl Patience {
    pub(crate) fn begin(backlog: usize, now: Duration, limit: Duration) -> Self {
        Self { remaining: Self::steps(backlog), deadline: now.checked_add(limit) }
    }

    /// The deadline, which begins again when a step of 64 KiB was written, and when all was.
    pub(crate) fn deadline(&mut self, backlog: usize, now: Duration, limit: Duration) -> Option<Duration> {
        if Self::steps(backlog) < self.remaining {
            *self = Self::begin(backlog, now, limit);
        }
        self.deadline
    }

    fn steps(backlog: usize) -> usize {
        backlog.div_ceil(64 << 10)
    }
}

/// A byte stream, and how far both sides of it are.
#[derive(Debug)]
pub(crate) struct Transport<T> {
    stream: T,
    /// Something was written and has not left the stream's own buffer.
    unflushed: bool,
    /// Writing has failed. The peer may have said why before it went away, so reading goes on until its end.
    broken: Option<io::Error>,
    /// Nothing more will be written.
    shut: bool,
    /// The peer has ended the stream.
    ended: bool,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Transport<T> {
    pub(crate) fn new(stream: T) -> Self {
        Self { stream, unflushed: false, broken: None, shut: false, ended: false }
    }

    pub(crate) fn stream(&self) -> &T {
        &self.stream
    }

    /// Why writing has failed, while there may still be something to read.
    pub(crate) fn broken(&self) -> Option<&io::Error> {
        self.broken.as_ref()
    }

    /// Writes all of the output. Pending: the stream takes no more for now, or for good, which reading will show.
    pub(crate) fn poll_transmit(&mut self, output: &mut impl Output, cx: &mut Context<'_>) -> Poll<()> {
        if self.broken.is_some() {
            return Poll::Pending;
        }
        match self.poll_write(output, cx) {
            Poll::Ready(Ok(())) => Poll::Ready(()),
            Poll::Ready(Err(error)) => {
                self.broken = Some(error);
                Poll::Pending
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn poll_write(&mut self, output: &mut impl Output, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !output.output().is_empty() {
            let count = ready!(Pin::new(&mut self.stream).poll_write(cx, output.output()))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.unflushed = true;
            output.consume_output(count);
        }
        if self.unflushed {
            ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Reads once. Ready: something has arrived, be it the end. After the end always pending.
    ///
    /// An error is of reading, or of the writing that failed before.
    pub(crate) fn poll_receive(&mut self, input: &mut impl Input, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.ended {
            return Poll::Pending;
        }
        let outcome = ready!(pin!(self.stream.read_buf(input.read_buffer())).poll(cx));
        match (outcome, self.broken.take()) {
            (Ok(1..), broken) => {
                self.broken = broken;
                Poll::Ready(Ok(()))
            }
            (Ok(_), None) => {
                self.ended = true;
                input.receive_end();
                Poll::Ready(Ok(()))
            }
            (Ok(_), Some(error)) | (Err(_), Some(error)) | (Err(error), None) => {
                self.ended = true;
                Poll::Ready(Err(error))
            }
        }
    }

    /// Writes what is left to write, says that this was all, and waits for the peer's end. What the peer still sends is
    /// read and thrown away by `end`, whose connection is closed.
    ///
    /// A stream dropped with bytes unread tells the peer that the connection was reset, and then a Close frame that is
    /// under way may never be read.
    pub(crate) fn poll_end(&mut self, end: &mut (impl Output + Input), cx: &mut Context<'_>) -> Poll<()> {
        if !self.shut {
            // Where writing has failed, or fails now, there is nothing to wait for.
            if self.poll_transmit(end, cx).is_pending() && self.broken.is_none() {
                return Poll::Pending;
            }
            // Whether it succeeds or not, there is nothing more to write.
            let _ = ready!(Pin::new(&mut self.stream).poll_shutdown(cx));
            self.shut = true;
        }
        while !self.ended {
            let _ = ready!(self.poll_receive(end, cx));
            end.read_buffer().clear();
        }
        Poll::Ready(())
    }
}
