//! The event loop of one socket.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::coop::consume_budget;
use ws_core::{EventTarget, Failure};

use crate::backend::Native;
use crate::clock::Clock;
use crate::connect::{ConnectError, Connecting, Opened};
use crate::ending::Patience;
use crate::proto::Headers;
use crate::session::Session;
use crate::transport::Transport;

/// A session, shared by the socket's handles and its driver.
#[derive(Debug)]
pub(crate) struct Shared(Mutex<State>);

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) session: Session,
    /// Wakes the driver; there only while it waits.
    waker: Option<Waker>,
}

impl Shared {
    pub(crate) fn new(session: Session) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State { session, waker: None })))
    }

    /// Looks at the session.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // The session holds no invariant across a panic of somebody who had it locked: nobody runs foreign code then.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the session, and wakes the driver if it waits.
    pub(crate) fn with<R>(&self, change: impl FnOnce(&mut Session) -> R) -> R {
        let mut state = self.lock();
        let result = change(&mut state.session);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        result
    }
}

/// Runs a socket from connecting to its end.
///
/// Each round: run the tasks there are, with nothing locked; then wait until the transport can be read or written, a
/// handle was used, or the deadline has passed. A handler that takes its time delays the next read, and with it the peer.
///
/// `answered` is given the headers of the server's answer, before the program is told of it.
pub(crate) async fn run(
    shared: Arc<Shared>,
    target: EventTarget<Native>,
    preparing: impl Future<Output = Result<Connecting, ConnectError>>,
    answered: impl FnOnce(&Headers),
) {
    let _alive = Alive(&shared);
    let mut clock = Clock::start();
    let (mut transport, turn) = match connect(&shared, &mut clock, preparing).await {
        Some(Opened { stream, answer, turn }) => {
            if let Some(answer) = answer {
                shared.with(|session| session.receive_answer(answer));
            }
            (Some(Transport::new(stream)), turn)
        }
        None => (None, None),
    };
    let mut handshake = Some((turn, answered));
    loop {
        // The first task says that the handshake is over, one way or the other: the next socket may have its own.
        let has_task = shared.lock().session.has_task(clock.now());
        if let Some((turn, answered)) = handshake.take_if(|_| has_task) {
            drop(turn);
            let answer = shared.lock().session.answer().clone();
            answered(&answer);
        }
        run_tasks(&shared, &target, &clock).await;
        let Some(transport) = &mut transport else { return };
        if shared.lock().session.is_closed() {
            return end(&shared, transport, &mut clock).await;
        }
        poll_fn(|cx| poll_round(&shared, transport, &mut clock, cx)).await;
    }
}

/// Sees to it that a socket whose driver is dropped, with its runtime or by a panic, does not seem to be open for ever.
struct Alive<'a>(&'a Shared);

impl Drop for Alive<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        if !state.session.is_closed() {
            state.session.lost("the runtime that ran the socket has ended");
            // The state changes; a runtime that is no more can run no handler.
            while state.session.next_task(Duration::MAX).is_some() {}
        }
    }
}

/// Runs all tasks there are, each as a turn of the event loop, with other tasks of the runtime in between: a socket that
/// receives without end must not keep them waiting.
async fn run_tasks(shared: &Shared, target: &EventTarget<Native>, clock: &Clock) {
    loop {
        let task = {
            let mut state = shared.lock();
            state.session.begin_turn();
            state.session.next_task(clock.now())
        };
        let Some(task) = task else { return };
        // A handler that panics has its panic reported by the panic hook, as a browser reports an exception; the socket
        // goes on. The lists of the target hold at any time, for handlers run with nothing borrowed.
        let _ = catch_unwind(AssertUnwindSafe(|| target.run(task)));
        consume_budget().await;
    }
}

/// Opens the transport. `None`: it could not be opened, took too long, or the program gave up; the session knows.
async fn connect(
    shared: &Shared,
    clock: &mut Clock,
    preparing: impl Future<Output = Result<Connecting, ConnectError>>,
) -> Option<Opened> {
    // Who waits for others to be connected has not begun yet.
    let connecting = unless_over(shared, clock, false, preparing).await?;
    shared.with(|session| session.restart_handshake_timer(clock.now()));
    unless_over(shared, clock, true, connecting.open()).await
}

/// Does a part of connecting, unless the program gives up or, if that has begun, the time of the handshake is over. `None`:
/// it was not done; the session knows why.
async fn unless_over<T>(
    shared: &Shared,
    clock: &mut Clock,
    timed: bool,
    work: impl Future<Output = Result<T, ConnectError>>,
) -> Option<T> {
    let mut work = pin!(work);
    poll_fn(|cx| {
        // Nothing is locked while it runs: a cookie jar or a resolver is somebody else's code.
        let outcome = work.as_mut().poll(cx);
        let mut state = shared.lock();
        if timed && clock.poll_deadline(state.session.deadline(), cx).is_ready() {
            state.session.handle_timeout(clock.now());
        }
        if state.session.has_task(clock.now()) {
            return Poll::Ready(None);
        }
        match outcome {
            Poll::Ready(Ok(done)) => Poll::Ready(Some(done)),
            Poll::Ready(Err(error)) => {
                state.session.lost(Failure::from(error));
                Poll::Ready(None)
            }
            Poll::Pending => {
                state.wait(cx);
                Poll::Pending
            }
        }
    })
    .await
}

/// Reads and writes what can be, until there is something to run.
fn poll_round<T: AsyncRead + AsyncWrite + Unpin>(
    shared: &Shared,
    transport: &mut Transport<T>,
    clock: &mut Clock,
    cx: &mut Context<'_>,
) -> Poll<()> {
    let mut state = shared.lock();
    loop {
        let transmitted = transport.poll_transmit(&mut state.session, cx);
        // The event loop is at its step 1: what has been written by now counts.
        state.session.begin_turn();
        if state.session.connection().is_timed() {
            state.session.handle_timeout(clock.now());
        }
        if state.session.has_task(clock.now()) || state.session.is_closed() {
            return Poll::Ready(());
        }
        // Reading on may have made output that no task stands for, such as a pong.
        if transmitted.is_ready() && !state.session.output().is_empty() {
            continue;
        }
        match transport.poll_receive(&mut state.session, cx) {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(error)) => state.session.lost(error),
            // There is nothing to be received: a peer of which nothing was heard is given up.
            Poll::Pending if clock.poll_deadline(state.session.deadline(), cx).is_ready() => {
                state.session.handle_timeout(clock.now());
            }
            Poll::Pending => {
                state.wait(cx);
                return Poll::Pending;
            }
        }
    }
}

/// Ends the transport, but does not wait for the peer longer than it is given. The program was told the last event; how
/// the transport ends after it is nobody's concern.
async fn end<T: AsyncRead + AsyncWrite + Unpin>(shared: &Shared, transport: &mut Transport<T>, clock: &mut Clock) {
    let (limit, backlog) = {
        let session = &shared.lock().session;
        (session.config().end_timeout, session.backlog())
    };
    let mut patience = Patience::begin(backlog, clock.now(), limit);
    poll_fn(|cx| {
        let session = &mut shared.lock().session;
        if transport.poll_end(session, cx).is_ready() {
            return Poll::Ready(());
        }
        let deadline = patience.deadline(session.backlog(), clock.now(), limit);
        clock.poll_deadline(deadline, cx)
    })
    .await;
}

impl State {
    fn wait(&mut self, cx: &Context<'_>) {
        match &mut self.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            None => self.waker = Some(cx.waker().clone()),
        }
    }
}
