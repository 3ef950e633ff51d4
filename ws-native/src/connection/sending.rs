//! What a connection sends: messages, whole or in parts, pings, and its Close frame.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::{CloseCode, Data, Failure};

use super::sides::Side;
use super::{Connection, in_memory};
use crate::ending::State;
use crate::proto::{Error, Part, Phase, Prepared};
use crate::sending;

impl<T: AsyncRead + AsyncWrite + Unpin> Connection<T> {
    /// Sends a message: queues it, and writes all that is queued.
    ///
    /// While the connection is being closed by a [shutdown](Self::follow), by a
    /// [broadcast](Self::join) that it was too slow for or by its [idle
    /// time-out](crate::proto::Config::idle_timeout), what is sent, by this method or any other, is
    /// thrown away without an error: [`recv`](Self::recv) tells of the end, after what the peer
    /// still sends.
    ///
    /// # Errors
    /// As [`feed`](Self::feed), in which case nothing was queued; but a blob that is not in memory is read, and one
    /// that cannot be is a [`Failure`] of the kind [`Network`](ws_core::FailureKind::Network). As
    /// [`flush`](Self::flush), in which case the message is queued.
    ///
    /// # Cancel safety
    /// The message is queued at the first poll (a blob that is not in memory: when it was read) and goes out with the
    /// next [`send`](Self::send), [`flush`](Self::flush) or [`recv`](Self::recv); it is never sent in part or twice.
    pub async fn send(&mut self, data: impl Into<Data>) -> Result<(), Failure> {
        self.feed(in_memory(data.into()).await?)?;
        self.flush().await
    }

    /// Sends a part of a message, as it is produced: queues it, and writes all that is queued. The first one begins the
    /// message, the last one ends it; until then no other message can be sent.
    ///
    /// # Errors
    /// As [`send`](Self::send); a message that is not complete is an error only if it is of the other kind.
    ///
    /// # Cancel safety
    /// As [`send`](Self::send).
    pub async fn send_part(&mut self, part: Part) -> Result<(), Failure> {
        self.feed_part(part)?;
        self.flush().await
    }

    pub(super) fn feed_part(&mut self, part: Part) -> Result<(), Failure> {
        sending::feed_part(&mut self.inner.protocol, part)
    }

    /// Queues a message.
    ///
    /// # Errors
    /// [`Failure`], and the message was not queued. Of the kind [`Ended`](ws_core::FailureKind::Ended): the peer has
    /// closed, or the connection has failed or ended; a program cannot always know. Of the kind
    /// [`Misuse`](ws_core::FailureKind::Misuse): the program has [closed](Self::close) first; a message that is sent
    /// [in parts](Self::send_part) is not complete; the message is a blob that is not in memory; or more than
    /// [`Config::max_send_queue`](crate::proto::Config::max_send_queue) would wait to be written, which also fails the
    /// connection.
    ///
    /// While a [shutdown](Self::follow), a [broadcast](Self::join) that it was too slow for or the [idle
    /// time-out](crate::proto::Config::idle_timeout) closes the connection, any message but such a blob is
    /// thrown away, and there is no error.
    #[inline]
    pub fn feed(&mut self, data: impl Into<Data>) -> Result<(), Failure> {
        sending::feed(&mut self.inner.protocol, data.into())
    }

    /// Queues a text message, of which a copy is made: the cheapest for text that is short or that is needed again.
    ///
    /// # Errors
    /// As [`feed`](Self::feed).
    #[inline]
    pub fn feed_text(&mut self, text: &str) -> Result<(), Failure> {
        sending::outcome(self.inner.protocol.send_text(text))
    }

    /// Queues a binary message, of which a copy is made: the cheapest for bytes that are few or that are needed again.
    ///
    /// # Errors
    /// As [`feed`](Self::feed).
    #[inline]
    pub fn feed_binary(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        sending::outcome(self.inner.protocol.send_binary(bytes))
    }

    /// Queues a message that other connections send, too, and that is encoded once.
    ///
    /// # Errors
    /// As [`feed`](Self::feed).
    pub fn feed_prepared(&mut self, message: &Prepared) -> Result<(), Failure> {
        sending::outcome(self.inner.protocol.send_prepared(message))
    }

    /// Writes all that is queued, if that is more than [`Config::write_size`](crate::proto::Config::write_size), by
    /// default 64 KiB: between two messages that are [fed](Self::feed), it keeps the queue short.
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    ///
    /// # Cancel safety
    /// As [`flush`](Self::flush).
    #[inline]
    pub async fn ready(&mut self) -> Result<(), Failure> {
        poll_fn(|cx| self.poll_ready(cx)).await
    }

    pub(super) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        if sending::is_ready(&self.inner.protocol) { Poll::Ready(Ok(())) } else { self.poll_flush(cx) }
    }

    /// Writes all that is queued.
    ///
    /// # Errors
    /// [`Failure`]: the stream broke, and what the peer had sent before can still be [received](Self::recv); or the
    /// connection is being closed and the peer has not read in [time](crate::proto::Config::close_timeout), or it is
    /// closed and not all was written.
    ///
    /// # Cancel safety
    /// Nothing is lost if the future is dropped: what was not written stays queued.
    pub async fn flush(&mut self) -> Result<(), Failure> {
        poll_fn(|cx| self.poll_flush(cx)).await
    }

    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.poll_side(Side::Writing, cx, Self::poll_all_written)
    }

    fn poll_all_written(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        if let Poll::Ready(written) = self.poll_written(cx) {
            return Poll::Ready(written);
        }
        match &self.inner.state {
            // The connection has already failed, and the stream may never take what is left.
            State::Running if self.inner.protocol.failure().is_some() => {}
            State::Running if self.inner.protocol.is_closing() => ready!(self.poll_given_up(cx)),
            State::Running => return Poll::Pending,
            State::Ending { .. } | State::Ended(_) => ready!(self.poll_patience(cx)),
        }
        let failure = self.inner.state.failure(&self.inner.protocol).cloned();
        Poll::Ready(Err(failure.unwrap_or(Error::Timeout(Phase::End)).into()))
    }

    fn poll_written(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        if self.follow_shutdown(cx) {
            // Who waits to receive, if that is another task, is no longer told of it by the shutdown.
            cx.waker().wake_by_ref();
        }
        let transmitted = self.inner.transport.poll_transmit(&mut self.inner.protocol, cx);
        if self.inner.protocol.is_watched() {
            // Who receives meanwhile, if anybody does, looks at the clock only when the time was over without this.
            self.inner.protocol.note_time(self.inner.clock.now());
        }
        if transmitted.is_pending() {
            self.inner.joined.close_if_slow(&mut self.inner.protocol, cx);
        }
        self.inner.state.flushed(&self.inner.protocol, transmitted, self.inner.transport.broken())
    }

    /// Ready when a peer that does not read, and so does not see the Close frame, is given up;
    /// `recv` then tells of it.
    fn poll_given_up(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.inner.protocol.has_time_to_close() {
            self.inner.protocol.note_wait(|| self.inner.clock.now());
            ready!(self.poll_deadline(cx));
        }
        Poll::Ready(())
    }

    /// Sends a ping with up to 125 bytes of payload. [`recv_any`](Self::recv_any) gives the pong.
    ///
    /// # Errors
    /// [`Failure`] of the kind [`Misuse`](ws_core::FailureKind::Misuse): the payload is too long, or more than
    /// [`Config::max_send_queue`](crate::proto::Config::max_send_queue) would wait, which does not fail the connection.
    /// As [`feed`](Self::feed) if the connection is closed or is being closed. As [`flush`](Self::flush), and then the
    /// ping is queued.
    ///
    /// # Cancel safety
    /// As [`send`](Self::send).
    pub async fn ping(&mut self, payload: &[u8]) -> Result<(), Failure> {
        self.feed_ping(payload)?;
        self.flush().await
    }

    pub(super) fn feed_ping(&mut self, payload: &[u8]) -> Result<(), Failure> {
        sending::outcome(self.inner.protocol.ping(payload))
    }

    /// Starts the closing handshake. The peer's answer comes through [`recv`](Self::recv), after the messages it sent
    /// before, as its `None`. Once the connection is closing, whoever has begun that, this changes nothing: a second
    /// code is not sent.
    ///
    /// ```
    /// # use ws_native::{CloseCode, Connection, Failure};
    /// # async fn say_goodbye(mut connection: Connection) -> Result<(), Failure> {
    /// connection.close(Some((CloseCode::NORMAL, "bye"))).await?;
    /// while let Some(message) = connection.recv().await? {
    ///     println!("was under way: {message:?}");
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Failure`]: the code must not be sent, the reason has more than 123 bytes, or the stream broke.
    ///
    /// # Cancel safety
    /// As [`send`](Self::send).
    pub async fn close(&mut self, close: Option<(CloseCode, &str)>) -> Result<(), Failure> {
        self.start_closing(close)?;
        poll_fn(|cx| self.poll_close(cx)).await
    }

    pub(super) fn start_closing(&mut self, close: Option<(CloseCode, &str)>) -> Result<(), Failure> {
        let close = sending::close_frame(close)?;
        self.inner.joined.give_out(&mut self.inner.protocol);
        let was_open = self.inner.protocol.is_open();
        sending::start_closing(&mut self.inner.protocol, close.as_ref())?;
        if was_open {
            // Who waits to receive has a deadline from now on.
            self.wake_sides();
        }
        Ok(())
    }

    /// Writes all that is queued, up to and including the Close frame.
    pub(super) fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.poll_side(Side::Writing, cx, Self::poll_close_written)
    }

    fn poll_close_written(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        if let State::Ended(_) = self.inner.state {
            return Poll::Ready(Ok(()));
        }
        if let Poll::Ready(written) = self.poll_written(cx) {
            return Poll::Ready(written);
        }
        ready!(self.poll_given_up(cx));
        Poll::Ready(Ok(()))
    }
}
