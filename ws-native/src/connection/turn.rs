//! A program's turn: how much it is given before a connection looks after all else.

use std::mem;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite};

use super::Connection;
use super::sides::Side;
use crate::receiving::SHOWN;
use crate::sending;

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

    fn has_begun(&self) -> bool {
        self.0 > 0
    }
}

/// Why the program is given nothing for the moment.
#[derive(Clone, Copy)]
enum Pause {
    /// It has had its turn: what has come would else be all that is looked at until nothing of it is left.
    TurnOver,
    /// What it has answered waits for room.
    NoRoom,
    /// It was given all that has come.
    Drained,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Connection<T> {
    /// Whether the program is to be given more before others have their turn, or before what it has answered is written.
    #[inline(always)]
    pub(super) fn has_turn(&self) -> bool {
        !self.inner.turn.is_over() && !self.waits_for_room()
    }

    /// Looks after all but the program: a shutdown, the time, what is broadcast, the output; then reads, if nothing is left to give.
    /// Ready: there is reason to look for an event again.
    pub(super) fn poll_pause(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_side(Side::Reading, cx, Self::poll_all_else)
    }

    fn poll_all_else(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let answered = if self.inner.turn.has_begun() { self.inner.protocol.backlog() } else { 0 };
        let pause = self.begin_pause();
        let is_told = self.poll_shutdown(cx);
        if self.inner.protocol.handle_timeout_before_reading(|| self.inner.clock.now()) {
            return Poll::Ready(());
        }
        // It has failed, if that is an error.
        let Ok(more) = self.inner.joined.poll(&mut self.inner.protocol, answered, cx) else { return Poll::Ready(()) };
        // The program feeds nothing now: it is the time to write. The stream has the task woken when there is room.
        let transmitted = self.inner.transport.poll_transmit(&mut self.inner.protocol, cx);
        if self.waits_for_room() {
            return self.poll_room(cx);
        }
        match pause {
            Pause::TurnOver => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Pause::NoRoom => Poll::Ready(()),
            // The shutdown may have failed the connection, and then there is nothing to wait for.
            Pause::Drained if is_told => Poll::Ready(()),
            // There is room again for what is broadcast, if there is more of that.
            Pause::Drained => self.poll_input(cx, more && transmitted.is_ready()),
        }
    }

    fn begin_pause(&mut self) -> Pause {
        if mem::take(&mut self.inner.turn).is_over() {
            Pause::TurnOver
        } else if self.waits_for_room() {
            Pause::NoRoom
        } else {
            Pause::Drained
        }
    }

    /// Reads; or waits for something to read, unless there is something else to do.
    fn poll_input(&mut self, cx: &mut Context<'_>, is_busy: bool) -> Poll<()> {
        match self.inner.transport.poll_receive(&mut self.inner.protocol, cx) {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(error)) => self.inner.protocol.lost(error),
            Poll::Pending if is_busy => {}
            Poll::Pending => {
                self.inner.protocol.note_wait(|| self.inner.clock.now());
                return self.poll_deadline(cx);
            }
        }
        Poll::Ready(())
    }

    #[inline(always)]
    fn waits_for_room(&self) -> bool {
        sending::waits_for_room(&self.inner.protocol, self.inner.transport.broken().is_some())
    }

    /// Waits for what the stream has no room for. Ready as [`poll_deadline`](Self::poll_deadline).
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.inner.protocol.note_wait_for_room(|| self.inner.clock.now());
        self.poll_deadline(cx)
    }
}
