//! A program's turn: how much it is given before the connection sees to everything else.

use std::mem;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite};

use super::Connection;
use super::sides::Side;
use crate::receiving::SHOWN;
use crate::sending;

/// How much the program was given without waiting in between, in bytes; each message counts for
/// some more.
#[derive(Debug, Default)]
pub(super) struct Turn(usize);

impl Turn {
    /// The size of a turn: as many short messages as are [shown](SHOWN) at once, or two long ones.
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

/// Why the program is given nothing for the moment.
#[derive(Clone, Copy)]
enum Pause {
    /// It has had its turn: otherwise nothing else would be looked at until all that has come was
    /// given out.
    TurnOver,
    /// Its answers wait for room in the stream.
    NoRoom,
    /// It was given all that has come.
    Drained,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Connection<T> {
    /// Whether the program is to be given more, before others have their turn or its answers are
    /// written.
    #[inline(always)]
    pub(super) fn has_turn(&self) -> bool {
        !self.inner.turn.is_over() && !self.waits_for_room()
    }

    /// Sees to everything but the program: a shutdown, deadlines, broadcasts, the output; then
    /// reads, if there is nothing left to give. Ready: look for an event again.
    pub(super) fn poll_io(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_side(Side::Reading, cx, Self::poll_io_step)
    }

    fn poll_io_step(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let pause = self.begin_pause();
        let is_told = self.follow_shutdown(cx);
        if self.inner.protocol.handle_timeout_before_reading(|| self.inner.clock.now()) {
            return Poll::Ready(());
        }
        // An error means that the connection has failed.
        let Ok(more) = self.inner.joined.queue_messages(&mut self.inner.protocol, cx) else { return Poll::Ready(()) };
        // The program feeds nothing at the moment, so now is the time to write. The stream wakes
        // the task when there is room.
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
            // If there is more to broadcast, there is now room for it.
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

    /// Reads, or waits for something to read unless there is something else to do.
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

    /// Waits until the stream has room again. Ready when a deadline has passed, as
    /// [`poll_deadline`](Self::poll_deadline).
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.inner.protocol.note_wait_for_room(|| self.inner.clock.now());
        self.poll_deadline(cx)
    }
}
