//! A program's turn: how much it is given before a connection looks after all else.

use std::mem;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite};

use super::Connection;
use crate::proto::Role;
use crate::receiving::SHOWN;
use crate::sending::WATERMARK;

/// How much a program was given of what had come, with nothing to wait for in between: bytes, and for each message some more.
#[derive(Debug, Default)]
pub(super) struct Turn(usize);

impl Turn {
    /// What a turn has: the messages that are [shown](SHOWN) at once, or two that are long.
    const WHOLE: usize = SHOWN * Self::MESSAGE;
    const MESSAGE: usize = 4 << 10;
    const LONGEST: usize = 256 << 10;

    #[inline(always)]
    pub(super) fn count(&mut self, bytes: usize) {
        self.0 += Self::MESSAGE + bytes.min(Self::LONGEST);
    }

    #[inline(always)]
    pub(super) fn is_over(&self) -> bool {
        self.0 >= Self::WHOLE
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> Connection<T> {
    /// Whether the program is to be given more before others have their turn, or before what it has answered is written.
    #[inline(always)]
    pub(super) fn has_turn(&self) -> bool {
        !self.inner.turn.is_over() && !self.waits_for_room()
    }

    /// Whether so much waits to be written that a server does not go on with what its client sends.
    #[inline(always)]
    pub(super) fn waits_for_room(&self) -> bool {
        self.inner.protocol.backlog() > WATERMARK
            && self.inner.protocol.role() == Role::Server
            && self.inner.protocol.is_listening()
            && self.inner.transport.broken().is_none()
    }

    /// Ends the program's turn: writes, hears of what is not the peer's, and lets other tasks run. What has come would else be all
    /// that is looked at until nothing of it is left.
    pub(super) fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let is_over = mem::take(&mut self.inner.turn).is_over();
        if self.inner.protocol.handle_timeout_before_reading(|| self.inner.clock.now()) {
            return Poll::Ready(());
        }
        let _ = self.poll_shutdown(cx);
        if self.inner.joined.poll(&mut self.inner.protocol, cx).is_err() {
            return Poll::Ready(());
        }
        // It has the task woken when there is room.
        let _ = self.inner.transport.poll_transmit(&mut self.inner.protocol, cx);
        if self.waits_for_room() {
            return self.poll_room(cx);
        }
        if is_over {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(())
    }

    /// Waits for what the stream has no room for. Ready as [`poll_deadline`](Self::poll_deadline).
    pub(super) fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.inner.protocol.is_timed() || self.inner.protocol.is_watched() {
            self.inner.protocol.note_time_for_room(self.inner.clock.now());
        }
        self.poll_deadline(cx)
    }
}
