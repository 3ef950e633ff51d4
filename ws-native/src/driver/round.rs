//! A round of the driver: what can be written is written, and what can be read is read.

use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};

use super::shared::{Holding, Shared, State};
use crate::clock::Clock;
use crate::session::Session;
use crate::transport::{Transmitted, Transport};

/// The most that is written before looking at what has arrived: a peer that reads as fast as it can
/// must not keep the socket from hearing it.
const STEP: usize = 256 << 10;

/// What a part of a round has come to.
enum Step {
    /// Something has changed: the round goes on.
    Again,
    /// There is a task to run.
    Task,
    /// There is nothing to do until the task of the driver is woken.
    Wait,
}

/// Reads and writes what can be, until there is something to run.
pub(super) fn poll_round<T: AsyncRead + AsyncWrite + Unpin>(
    shared: &Shared,
    transport: &mut Transport<T>,
    clock: &mut Clock,
    cx: &mut Context<'_>,
) -> Poll<()> {
    let mut state = shared.lock();
    let transmitted = loop {
        let unwritten = state.session.unwritten();
        let transmitted = transport.poll_transmit_some(&mut state.session, STEP, cx);
        if state.session.unwritten() < unwritten {
            drop(state);
            shared.tell_writers();
            state = shared.lock();
        }
        // The event loop is at its step 1: what has been written by now counts.
        state.session.begin_turn();
        let all_written = transmitted == Poll::Ready(Transmitted::All);
        let step = if state.holds_message(clock.now()) {
            hold(&mut state, transport, clock, all_written, cx)
        } else {
            read(&mut state.session, transport, clock, all_written, cx)
        };
        match step {
            Step::Again => {}
            Step::Task => return Poll::Ready(()),
            Step::Wait => break transmitted,
        }
    };
    let waker = state.wait(cx);
    drop(state);
    drop(waker);
    if transmitted == Poll::Ready(Transmitted::Some) {
        // There is more to write, once other tasks had their turn.
        cx.waker().wake_by_ref();
    }
    Poll::Pending
}

/// Holds a message back. Nothing is read meanwhile, which would show that the transport is broken.
#[inline]
fn hold<T: AsyncRead + AsyncWrite + Unpin>(
    state: &mut State,
    transport: &mut Transport<T>,
    clock: &mut Clock,
    all_written: bool,
    cx: &mut Context<'_>,
) -> Step {
    // What came with the message may have made output, such as a pong.
    if all_written && !state.session.output().is_empty() {
        return Step::Again;
    }
    if state.holding == Holding::BeforeFailure && transport.broken().is_some() {
        // What comes before the failure is given out first: it cannot be much.
        state.holding = Holding::Nothing;
        return Step::Again;
    }
    if let Some(error) = transport.take_broken() {
        state.session.lost(error);
        return Step::Again;
    }
    // Of the deadlines only that of the closing handshake counts: what was not read may be a sign of life.
    let is_timed = state.session.connection().is_timed();
    let deadline = state.session.deadline().filter(|_| is_timed);
    wait_until(deadline, &mut state.session, clock, cx)
}

/// Reads, unless there is something to run.
#[inline]
fn read<T: AsyncRead + AsyncWrite + Unpin>(
    session: &mut Session,
    transport: &mut Transport<T>,
    clock: &mut Clock,
    all_written: bool,
    cx: &mut Context<'_>,
) -> Step {
    if session.has_task(clock.now()) || session.is_closed() {
        return Step::Task;
    }
    // Reading on may have made output that no task stands for, such as a pong.
    if all_written && !session.output().is_empty() {
        return Step::Again;
    }
    if session.connection().handle_timeout_before_reading(|| clock.now()) {
        return Step::Again;
    }
    match transport.poll_receive(session, cx) {
        Poll::Ready(Ok(())) => Step::Again,
        Poll::Ready(Err(error)) => {
            session.lost(error);
            Step::Again
        }
        // There is nothing to be received: a peer of which nothing was heard is given up.
        Poll::Pending => wait_until(session.deadline(), session, clock, cx),
    }
}

/// Waits, unless this deadline has passed: then the session is told.
#[inline]
fn wait_until(deadline: Option<Duration>, session: &mut Session, clock: &mut Clock, cx: &mut Context<'_>) -> Step {
    if clock.poll_deadline(deadline, cx).is_pending() {
        return Step::Wait;
    }
    session.handle_timeout(clock.now());
    Step::Again
}
