//! The state that the socket's tasks change and that the halves of a stream ask for.

use core::task::{Context, Poll, Waker};

use spin::Mutex;

use super::inbox::Inbox;
use crate::{CloseEvent, Data, Failure, Flow, WebSocket, WebSocketError, waiters::Waiters};

/// The state of a stream. It is locked to look something up or to put it away, never while the backend is called or somebody
/// is woken.
#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    /// For the connection to be established or closed.
    watchers: Waiters,
}

#[derive(Debug)]
struct State {
    halves: Halves,
    /// How the connection was closed, once it is.
    ending: Option<Ending>,
    inbox: Inbox,
    /// How many bytes may wait for the reader before the peer is held up.
    read_ahead: u64,
    /// The backend is to hold messages back.
    held: bool,
    /// The reader has been told the end.
    told: bool,
    /// The reader's task, which waits for a message.
    reader: Option<Waker>,
    /// The writer's task, which waits for the end of the connection.
    writer: Option<Waker>,
}

/// The two halves, of which there is one each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Halves {
    /// The connection is not established.
    None,
    Here,
    Given,
}

#[derive(Clone, Debug)]
struct Ending {
    event: CloseEvent,
    failure: Option<Failure>,
}

/// The tasks of the halves, to be woken when nothing is locked any more.
#[must_use = "nobody is woken before `wake`"]
struct Waiting([Option<Waker>; 2]);

impl Shared {
    pub(crate) const fn new(inbox: Inbox) -> Self {
        let state = State {
            halves: Halves::None,
            ending: None,
            inbox,
            read_ahead: 0,
            held: false,
            told: false,
            reader: None,
            writer: None,
        };
        Self { state: Mutex::new(state), watchers: Waiters::new() }
    }

    /// Sets how much may be read ahead. If the backend can hold the peer up, what waits has no
    /// other limit.
    pub(crate) fn begin(&self, read_ahead: u64, can_hold_back: bool) {
        let mut state = self.state.lock();
        state.read_ahead = read_ahead;
        if can_hold_back {
            state.inbox.lift_bound();
        }
    }

    /// The connection is established.
    pub(crate) fn open(&self) {
        let waiting = {
            let mut state = self.state.lock();
            state.halves = Halves::Here;
            state.waiting()
        };
        waiting.wake();
        self.watchers.wake();
    }

    /// A message has come. False if it was one too many.
    pub(crate) fn receive<B: Flow>(&self, data: Data, socket: &WebSocket<B>) -> bool {
        let (fits, waiting, is_full) = {
            let mut state = self.state.lock();
            let fits = state.inbox.push(data);
            let weight = state.inbox.weight();
            let is_full = !state.held && weight > 0 && weight >= state.read_ahead;
            state.held |= is_full;
            (fits, Waiting([state.reader.take(), None]), is_full)
        };
        waiting.wake();
        if is_full {
            self.settle(socket);
        }
        fits
    }

    /// The connection is closed.
    pub(crate) fn close(&self, event: CloseEvent, failure: Option<Failure>) {
        let waiting = {
            let mut state = self.state.lock();
            state.ending = Some(Ending { event, failure });
            state.waiting()
        };
        waiting.wake();
        self.watchers.wake();
    }

    /// Waits until the halves may be given out: the connection is or was established, and nobody
    /// has them yet.
    pub(crate) fn opened(&self) -> impl Future<Output = Result<(), WebSocketError>> {
        self.watchers.until(|| {
            let mut state = self.state.lock();
            match (state.halves, &state.ending) {
                (Halves::Here, _) => {
                    state.halves = Halves::Given;
                    Poll::Ready(Ok(()))
                }
                (Halves::Given, _) => Poll::Ready(Err(WebSocketError::Locked)),
                (Halves::None, Some(ending)) => Poll::Ready(Err(ending.clone().into())),
                (Halves::None, None) => Poll::Pending,
            }
        })
    }

    /// Waits for the connection to be closed, and tells how.
    pub(crate) fn closed(&self) -> impl Future<Output = Result<CloseEvent, WebSocketError>> {
        self.watchers.until(|| match &self.state.lock().ending {
            Some(ending) if ending.event.was_clean => Poll::Ready(Ok(ending.event.clone())),
            Some(ending) => Poll::Ready(Err(ending.clone().into())),
            None => Poll::Pending,
        })
    }

    /// The next message; at the end an error, if it ended with one; and then nothing.
    pub(crate) fn poll_read<B: Flow>(
        &self,
        cx: &Context<'_>,
        socket: &WebSocket<B>,
    ) -> Poll<Option<Result<Data, WebSocketError>>> {
        // A waker may be anybody's code: none is cloned or dropped while the state is locked.
        let waker = cx.waker().clone();
        let mut state = self.state.lock();
        let message = state.inbox.pop();
        let result = match message {
            Some(data) => Poll::Ready(Some(Ok(data))),
            None => state.poll_end(),
        };
        let unneeded = if result.is_pending() { state.reader.replace(waker) } else { Some(waker) };
        // Messages are asked for before the inbox is empty, so that they are already on their way.
        let is_wanted = state.held && state.inbox.weight() <= state.read_ahead / 2;
        state.held &= !is_wanted;
        drop(state);
        drop(unneeded);
        if is_wanted {
            self.settle(socket);
        }
        result
    }

    /// The reader has been told the end.
    pub(crate) fn is_over(&self) -> bool {
        self.state.lock().told
    }

    /// The reader is gone. Messages are thrown away, so that what comes after them can be heard:
    /// that the peer closes, say.
    pub(crate) fn discard<B: Flow>(&self, socket: &WebSocket<B>) {
        let unneeded = {
            let mut state = self.state.lock();
            state.held = false;
            (state.inbox.discard(), state.reader.take())
        };
        drop(unneeded);
        self.settle(socket);
    }

    /// Waits for the end, for the one who writes.
    pub(crate) fn poll_ending(&self, cx: &Context<'_>) -> Poll<()> {
        let waker = cx.waker().clone();
        let mut state = self.state.lock();
        let is_over = state.ending.is_some();
        let unneeded = if is_over { Some(waker) } else { state.writer.replace(waker) };
        drop(state);
        drop(unneeded);
        if is_over { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Why nothing can be written any more, if that is so.
    pub(crate) fn ending(&self) -> Option<WebSocketError> {
        self.state.lock().ending.clone().map(WebSocketError::from)
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.state.lock().inbox.dropped()
    }

    /// Tells the backend whether to hold messages back. The reader and the socket's tasks may both
    /// be here at the same time: whoever comes last makes sure that what the backend was told last
    /// is what is wanted.
    fn settle<B: Flow>(&self, socket: &WebSocket<B>) {
        loop {
            let held = self.state.lock().held;
            socket.backend().hold_back(held);
            if self.state.lock().held == held {
                break;
            }
        }
    }
}

impl State {
    fn poll_end(&mut self) -> Poll<Option<Result<Data, WebSocketError>>> {
        let error = match &self.ending {
            _ if self.told => None,
            _ if self.inbox.has_overflowed() => {
                let bound = self.inbox.bound();
                Some(WebSocketError::Overflow { bytes: bound.bytes, messages: bound.messages })
            }
            None => return Poll::Pending,
            Some(ending) if ending.event.was_clean => None,
            Some(ending) => Some(ending.clone().into()),
        };
        self.told = true;
        Poll::Ready(error.map(Err))
    }

    fn waiting(&mut self) -> Waiting {
        Waiting([self.reader.take(), self.writer.take()])
    }
}

impl Waiting {
    fn wake(self) {
        self.0.into_iter().flatten().for_each(Waker::wake);
    }
}

impl From<Ending> for WebSocketError {
    fn from(Ending { event, failure }: Ending) -> Self {
        Self::Closed { event, failure }
    }
}
