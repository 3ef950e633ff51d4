//! The event loop of one socket.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use ws_core::url::SocketUrl;
use ws_core::{Failure, Task};

use crate::clock::Clock;
use crate::connect::{ConnectError, ConnectOptions, Connecting, Opened, Turn};
use crate::ending::Patience;
use crate::policy::Policy as _;
use crate::proto::Request;
use crate::stream::Stream;
use crate::tap::{Tapped, Tapping};
use crate::transport::{End, Transport};

mod round;
mod shared;

use round::poll_round;
pub(crate) use shared::{Holding, Shared};

/// Runs a socket from connecting to its end, as far as its tasks are asked for.
///
/// Each round: give out the task there is, with nothing locked; then wait until the transport can
/// be read or written, a handle was used, or the deadline has passed. A task that takes long delays
/// the next read, and with it the peer.
pub(crate) struct Driver {
    shared: Arc<Shared>,
    clock: Clock,
    stage: Stage,
    /// The opening handshake, as long as it lasts.
    handshake: Option<Box<Handshake>>,
    /// The tap on the transport. The session is locked while the transport is used, so the tap is
    /// told afterwards.
    tapping: Option<Arc<Tapping>>,
}

/// What has become of the transport so far.
enum Stage {
    /// Nobody has asked for a task yet.
    New(Box<(SocketUrl, Request, ConnectOptions)>),
    /// Waiting for the turn to connect is part of this; the time for the opening handshake has not
    /// begun.
    Preparing(Work<Connecting>),
    Opening(Work<Opened>),
    Open(Box<Transport<Stream>>),
    /// The program was told the last event; how the transport ends after it is nobody's concern.
    Ending(Box<Transport<Stream>>, Patience),
    /// There is no transport any more, or never was.
    Over,
}

type Work<T> = Pin<Box<dyn Future<Output = Result<T, ConnectError>> + Send>>;

/// What is to be done when the opening handshake is over.
struct Handshake {
    url: SocketUrl,
    options: ConnectOptions,
    turn: Option<Turn>,
}

impl Driver {
    pub(crate) fn new(shared: Arc<Shared>, url: SocketUrl, request: Request, options: ConnectOptions) -> Self {
        let handshake = Handshake { url: url.clone(), options: options.clone(), turn: None };
        let stage = Stage::New(Box::new((url, request, options)));
        Self { shared, clock: Clock::start(), stage, handshake: Some(Box::new(handshake)), tapping: None }
    }

    /// For a socket that is not to be connected, whose session has failed.
    pub(crate) fn refused(shared: Arc<Shared>) -> Self {
        Self { shared, clock: Clock::start(), stage: Stage::Over, handshake: None, tapping: None }
    }

    /// The next task. `None`: the last one was given out, and the transport has ended.
    pub(crate) fn poll_task(&mut self, cx: &mut Context<'_>) -> Poll<Option<Task>> {
        loop {
            self.tell();
            if let Some(task) = self.take_task() {
                return Poll::Ready(Some(task));
            }
            self.stage = match mem::replace(&mut self.stage, Stage::Over) {
                // A socket that was given up before it began.
                Stage::New(_) if self.is_closed() => Stage::Over,
                Stage::New(connection) => {
                    let (url, request, options) = *connection;
                    Stage::Preparing(Box::pin(Connecting::prepare(url, request, options)))
                }
                Stage::Preparing(mut work) => match self.poll_work(&mut work, false, cx) {
                    Poll::Ready(Some(connecting)) => {
                        self.shared.with(|session| session.restart_handshake_timer(self.clock.now()));
                        Stage::Opening(Box::pin(connecting.open()))
                    }
                    Poll::Ready(None) => Stage::Over,
                    Poll::Pending => return self.wait(Stage::Preparing(work)),
                },
                Stage::Opening(mut work) => match self.poll_work(&mut work, true, cx) {
                    Poll::Ready(Some(opened)) => self.opened(opened),
                    Poll::Ready(None) => Stage::Over,
                    Poll::Pending => return self.wait(Stage::Opening(work)),
                },
                Stage::Open(mut transport) => {
                    if self.is_closed() {
                        let patience = self.begin_end();
                        Stage::Ending(transport, patience)
                    } else if poll_round(&self.shared, &mut transport, &mut self.clock, cx).is_ready() {
                        Stage::Open(transport)
                    } else {
                        return self.wait(Stage::Open(transport));
                    }
                }
                Stage::Ending(mut transport, mut patience) => match self.poll_end(&mut transport, &mut patience, cx) {
                    Poll::Ready(()) => Stage::Over,
                    Poll::Pending => return self.wait(Stage::Ending(transport, patience)),
                },
                Stage::Over => {
                    self.leave();
                    return Poll::Ready(None);
                }
            };
        }
    }

    fn wait(&mut self, stage: Stage) -> Poll<Option<Task>> {
        self.stage = stage;
        self.tell();
        Poll::Pending
    }

    fn tell(&self) {
        if let Some(tapping) = &self.tapping {
            tapping.tell();
        }
    }

    /// The transport has ended, and the driver with it. The program may keep the socket for as long as it likes.
    fn leave(&self) {
        let mut state = self.shared.lock();
        state.session.connection().discard_output();
        let waker = state.stop_waiting();
        drop(state);
        drop(waker);
    }

    /// Runs the change of state of the next task, as a turn of the event loop.
    fn take_task(&mut self) -> Option<Task> {
        let now = self.clock.now();
        let mut state = self.shared.lock();
        state.session.begin_turn();
        if state.holds_message(now) || !state.session.has_task(now) {
            return None;
        }
        // The first task says that the handshake is over, one way or the other: the next socket may
        // begin its own. Cookies are stored before the program is told.
        if let Some(handshake) = self.handshake.take() {
            let Handshake { url, options, turn } = *handshake;
            let answer = state.session.answer().clone();
            drop(state);
            drop(turn);
            options.store_cookies(&url, &answer);
            drop(options);
            state = self.shared.lock();
        }
        let task = state.session.next_task(now);
        drop(state);
        if let Some(Task::Close { .. }) = task {
            // What has not been written never will be.
            self.shared.tell_writers();
        }
        task
    }

    fn opened(&mut self, Opened { mut stream, answer, turn }: Opened) -> Stage {
        if let Some(handshake) = &mut self.handshake {
            handshake.turn = turn;
            self.tapping = handshake.options.tap.as_ref().map(Tapping::begin);
        }
        if let Some(tapping) = &self.tapping {
            tapping.hold_back();
            stream = Tapped::over(stream, tapping, answer.is_some());
        }
        if let Some(answer) = answer {
            self.shared.with(|session| session.receive_answer(answer));
            // Nothing may be left to be written, and no round of an idle socket says so.
            self.shared.tell_writers();
        }
        Stage::Open(Box::new(Transport::new(stream)))
    }

    /// Does a part of connecting, unless the program gives up or, if `timed`, the time for the
    /// opening handshake is over. `None`: it was not done; the session knows why.
    fn poll_work<T>(&mut self, work: &mut Work<T>, timed: bool, cx: &mut Context<'_>) -> Poll<Option<T>> {
        // Nothing is locked while it runs: a cookie jar or a resolver is somebody else's code.
        let outcome = work.as_mut().poll(cx);
        let mut state = self.shared.lock();
        if timed && self.clock.poll_deadline(state.session.deadline(), cx).is_ready() {
            state.session.handle_timeout(self.clock.now());
        }
        if state.session.has_task(self.clock.now()) || state.session.is_closed() {
            return Poll::Ready(None);
        }
        match outcome {
            Poll::Ready(Ok(done)) => Poll::Ready(Some(done)),
            Poll::Ready(Err(error)) => {
                state.session.lost(Failure::from(error));
                Poll::Ready(None)
            }
            Poll::Pending => {
                let waker = state.wait(cx);
                drop(state);
                drop(waker);
                Poll::Pending
            }
        }
    }

    /// Whether the last task was given out.
    fn is_closed(&self) -> bool {
        self.shared.lock().session.is_closed()
    }

    fn begin_end(&self) -> Patience {
        let session = &self.shared.lock().session;
        Patience::begin(session.backlog(), self.clock.now(), session.config().end_timeout)
    }

    /// Ends the transport. Waits for the peer only as long as `patience` allows.
    fn poll_end(
        &mut self,
        transport: &mut Transport<Stream>,
        patience: &mut Patience,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let mut state = self.shared.lock();
        let end = transport.poll_end(&mut state.session, cx);
        let backlog = state.session.backlog();
        let limit = state.session.config().end_timeout;
        drop(state);
        if end == Poll::Ready(End::Reached) {
            return Poll::Ready(());
        }
        let now = self.clock.now();
        let deadline = patience.deadline(backlog, now, limit);
        // The clock is asked directly, for the timer stays pending in a task that has read so much
        // that it has to let others run.
        if deadline.is_some_and(|deadline| deadline <= now) {
            return Poll::Ready(());
        }
        if end == Poll::Ready(End::Later) {
            cx.waker().wake_by_ref();
        }
        self.clock.poll_deadline(deadline, cx)
    }
}

/// A socket whose driver is dropped, with its runtime or by a panic, must not seem to be open for
/// ever.
impl Drop for Driver {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        if !state.session.is_closed() {
            state.session.lost("the runtime that ran the socket has ended");
            // This changes the state only: telling the program is up to whoever runs the tasks.
            while state.session.next_task(Duration::MAX).is_some() {}
        }
        drop(state);
        self.leave();
        self.shared.tell_writers();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Weak;
    use std::task::{Wake, Waker};

    use tokio::io::{join, repeat, sink};

    use super::*;
    use crate::proto::Config;
    use crate::session::Session;

    /// A waker that asks the socket, as a host's may, and owns it.
    struct Asking(Arc<Shared>);

    impl Wake for Asking {
        fn wake(self: Arc<Self>) {
            let _ = self.0.lock().session.unwritten();
        }
    }

    fn failed() -> Arc<Shared> {
        let request = Request::new::<&str>("h", "/", &[]).unwrap();
        let random = Box::new(|buffer: &mut [u8]| buffer.fill(7));
        let shared = Shared::new(Session::new(request, "ws://h".into(), Config::default(), random, Duration::ZERO));
        shared.with(|session| {
            session.lost("the test is over");
            while session.next_task(Duration::MAX).is_some() {}
        });
        shared
    }

    #[tokio::test(start_paused = true)]
    async fn a_waker_may_ask_while_the_transport_ends_and_is_let_go_then() {
        let shared = failed();
        let is_kept: Weak<Shared> = Arc::downgrade(&shared);
        let mut driver = Driver::refused(Arc::clone(&shared));
        let endless = Stream::other(join(repeat(0), sink()));
        driver.stage = Stage::Ending(Box::new(Transport::new(endless)), driver.begin_end());
        let waker = Waker::from(Arc::new(Asking(shared)));
        let mut cx = Context::from_waker(&waker);
        for _ in 0..3 {
            assert!(driver.poll_task(&mut cx).is_pending());
        }
        tokio::time::advance(Config::default().end_timeout).await;
        assert!(driver.poll_task(&mut cx).is_ready());
        drop((driver, waker));
        assert!(is_kept.upgrade().is_none(), "the waker owned it, and nobody else");
    }
}
