//! Between a transport and the bytes a connection wants to read and write.

use std::future::Future as _;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::BufMut as _;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};

use crate::{Session, memory, proto};

/// What a transport carries the bytes of.
pub(crate) trait Protocol {
    fn connection(&mut self) -> &mut proto::Connection;
    /// So many bytes of the output were written.
    fn consume_output(&mut self, count: usize);
}

impl Protocol for Session {
    fn connection(&mut self) -> &mut proto::Connection {
        self.connection()
    }
    fn consume_output(&mut self, count: usize) {
        self.consume_output(count);
    }
}

impl Protocol for proto::Connection {
    fn connection(&mut self) -> &mut proto::Connection {
        self
    }
    fn consume_output(&mut self, count: usize) {
        self.consume_output(count);
    }
}

/// How much of the output was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transmitted {
    All,
    /// As much as was wanted.
    Some,
}

/// How far the end of a transport is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Reached,
    /// There may be more to throw away, after other tasks had their turn and the deadline was
    /// looked at.
    Later,
}

/// The most pieces that are written at once: sixteen long messages and their headers.
const VECTOR: usize = 32;

/// The most reads in a row of what is thrown away.
const READS: usize = 32;

/// A byte stream, and how far each direction has come.
#[derive(Debug)]
pub(crate) struct Transport<T> {
    stream: T,
    /// Something was written that may still be in the stream's own buffer.
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

    /// Why writing has failed, for a caller who does not read on until the stream says so.
    pub(crate) fn take_broken(&mut self) -> Option<io::Error> {
        self.broken.take().inspect(|_| self.ended = true)
    }

    /// Why writing has failed, while there may still be something to read.
    pub(crate) fn broken(&self) -> Option<&io::Error> {
        self.broken.as_ref()
    }

    /// Writes all of the output. Pending: the stream takes no more for now, or never will, which
    /// reading will show.
    pub(crate) fn poll_transmit(&mut self, protocol: &mut impl Protocol, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_transmit_some(protocol, usize::MAX, cx).map(|_| ())
    }

    /// The same for no more than `most` bytes.
    pub(crate) fn poll_transmit_some(
        &mut self,
        protocol: &mut impl Protocol,
        most: usize,
        cx: &mut Context<'_>,
    ) -> Poll<Transmitted> {
        if self.broken.is_some() {
            return Poll::Pending;
        }
        match self.poll_write(protocol, most, cx) {
            Poll::Ready(Ok(transmitted)) => Poll::Ready(transmitted),
            Poll::Ready(Err(error)) => {
                self.broken = Some(error);
                Poll::Pending
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn poll_write(
        &mut self,
        protocol: &mut impl Protocol,
        mut most: usize,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Transmitted>> {
        while !protocol.connection().output().is_empty() {
            if most == 0 {
                return Poll::Ready(Ok(Transmitted::Some));
            }
            let count = ready!(self.poll_write_once(protocol.connection(), most, cx))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.unflushed = true;
            protocol.consume_output(count);
            most = most.saturating_sub(count);
        }
        if self.unflushed {
            ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(Transmitted::All))
    }

    fn poll_write_once(
        &mut self,
        protocol: &proto::Connection,
        most: usize,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let first = protocol.output();
        if first.len() >= most || first.len() == protocol.backlog() || !self.stream.is_write_vectored() {
            return Pin::new(&mut self.stream).poll_write(cx, &first[..first.len().min(most)]);
        }
        let mut left = most;
        let mut slices = [IoSlice::new(&[]); VECTOR];
        let mut count = 0;
        for (slice, piece) in slices.iter_mut().zip(protocol.output_pieces().filter(|piece| !piece.is_empty())) {
            let piece = &piece[..piece.len().min(left)];
            *slice = IoSlice::new(piece);
            count += 1;
            left -= piece.len();
            if left == 0 {
                break;
            }
        }
        Pin::new(&mut self.stream).poll_write_vectored(cx, &slices[..count])
    }

    /// Reads once. Ready: something has arrived, be it the end. Always pending after the end.
    ///
    /// The error is one of reading, or that of the writing which failed before.
    pub(crate) fn poll_receive(&mut self, protocol: &mut impl Protocol, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.ended {
            return Poll::Pending;
        }
        let connection = protocol.connection();
        let most = memory::lend_for_reading(connection);
        let mut buffer = connection.read_memory().limit(most);
        let outcome = match pin!(self.stream.read_buf(&mut buffer)).poll(cx) {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => {
                memory::take_back(connection);
                return Poll::Pending;
            }
        };
        memory::lend_for_writing(connection);
        match (outcome, self.broken.take()) {
            (Ok(count @ 1..), broken) => {
                self.broken = broken;
                connection.note_read(count);
                Poll::Ready(Ok(()))
            }
            (Ok(_), None) => {
                self.ended = true;
                protocol.connection().receive_end();
                Poll::Ready(Ok(()))
            }
            (Ok(_), Some(error)) | (Err(_), Some(error)) | (Err(error), None) => {
                self.ended = true;
                Poll::Ready(Err(error))
            }
        }
    }

    /// Writes what is left, shuts the stream down for writing, and waits for the peer to end it.
    /// What the peer still sends is read and thrown away, also while there is something to write: it
    /// may take nothing before all of its own is taken.
    ///
    /// A stream that is dropped with bytes unread resets the connection, and the peer may then
    /// never read a Close frame that is on its way.
    pub(crate) fn poll_end(&mut self, protocol: &mut impl Protocol, cx: &mut Context<'_>) -> Poll<End> {
        // Where writing has failed, or fails now, there is nothing to wait for.
        if !self.shut && (self.poll_transmit(protocol, cx).is_ready() || self.broken.is_some()) {
            // Whether it succeeds or not, there is nothing more to write.
            self.shut = Pin::new(&mut self.stream).poll_shutdown(cx).is_ready();
        }
        let mut reads = 0;
        while !self.ended && reads < READS {
            // Where reading has failed, nothing can be written any more.
            self.shut |= ready!(self.poll_receive(protocol, cx)).is_err();
            protocol.connection().read_memory().clear();
            reads += 1;
        }
        // The program may keep the connection for as long as it likes.
        memory::take_back(protocol.connection());
        match (self.ended, self.shut) {
            (true, true) => Poll::Ready(End::Reached),
            (true, false) => Poll::Pending,
            (false, _) => Poll::Ready(End::Later),
        }
    }
}
