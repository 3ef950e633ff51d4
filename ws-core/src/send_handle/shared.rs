//! What a handle and its driver share.

use alloc::{collections::VecDeque, string::String, vec::Vec};
use core::task::{Context, Poll, Waker};

use spin::Mutex;

use super::SendHandleConfig;
use crate::{Close, CloseEvent, Error, Failure, FailureKind, Message, ReadyState, WebSocketError};

/// The two queues between a handle and its driver, and what each side has to know of the other.
///
/// The lock spins, for a browser lets nobody wait in its main thread. It is held to look something up or to put it away, never
/// while the stream is called or somebody is woken.
pub(super) struct Shared {
    config: SendHandleConfig,
    url: String,
    state: Mutex<State>,
}

struct State {
    /// From the handle.
    outgoing: Queue,
    /// To be done when that is empty: the handle has asked to close.
    close: Option<Option<Close>>,
    /// All handles are dropped.
    left: bool,
    /// From the driver.
    incoming: Queue,
    reading: Reading,
    /// The connection, as the driver saw it last. It never goes back.
    ready_state: ReadyState,
    /// What the network had not taken, in bytes, as the driver saw it last.
    buffered: u64,
    /// The subprotocol, once the connection is established.
    protocol: Option<String>,
    /// How the connection was closed, once it is.
    ending: Option<Result<CloseEvent, WebSocketError>>,
    waiting: Waiting,
}

#[derive(Default)]
struct Queue {
    messages: VecDeque<Message>,
    bytes: u64,
}

/// What comes behind the messages that are here.
enum Reading {
    More,
    Error(WebSocketError),
    Nothing,
}

/// Whoever is to be woken, by what for.
#[derive(Default)]
struct Waiting {
    driver: Option<Waker>,
    /// For a message.
    readers: Vec<Waker>,
    /// For room.
    writers: Vec<Waker>,
    /// For the connection to be established or closed.
    watchers: Vec<Waker>,
}

/// What a driver is to do next.
pub(super) enum Outgoing {
    Message(Message),
    Close(Option<Close>),
}

impl Shared {
    pub(super) fn new(config: SendHandleConfig, url: String) -> Self {
        let state = State {
            outgoing: Queue::default(),
            close: None,
            left: false,
            incoming: Queue::default(),
            reading: Reading::More,
            ready_state: ReadyState::Connecting,
            buffered: 0,
            protocol: None,
            ending: None,
            waiting: Waiting::default(),
        };
        Self { config, url, state: Mutex::new(state) }
    }

    /// Looks at the state or changes it, and then wakes those that this concerns.
    fn with<T>(&self, change: impl FnOnce(&mut State, &mut Vec<Waker>) -> T) -> T {
        let mut woken = Vec::new();
        let result = change(&mut self.state.lock(), &mut woken);
        woken.into_iter().for_each(Waker::wake);
        result
    }

    // ---- for the handle ----

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn protocol(&self) -> String {
        self.state.lock().protocol.clone().unwrap_or_default()
    }

    pub(super) fn ready_state(&self) -> ReadyState {
        self.state.lock().ready_state
    }

    pub(super) fn buffered_amount(&self) -> u64 {
        let state = self.state.lock();
        state.outgoing.bytes + state.buffered
    }

    /// Queues a message, or gives it back because there is no room.
    pub(super) fn try_send(&self, message: Message) -> Result<Option<Message>, WebSocketError> {
        self.with(|state, woken| {
            state.refusal()?;
            if !state.outgoing.has_room(&self.config) {
                return Ok(Some(message));
            }
            state.outgoing.push(message);
            woken.extend(state.waiting.driver.take());
            Ok(None)
        })
    }

    /// Queues the message, as soon as there is room.
    pub(super) fn poll_send(
        &self,
        message: &mut Option<Message>,
        cx: &Context<'_>,
    ) -> Poll<Result<(), WebSocketError>> {
        self.with(|state, woken| {
            state.refusal()?;
            if !state.outgoing.has_room(&self.config) {
                return wait(&mut state.waiting.writers, cx);
            }
            if let Some(message) = message.take() {
                state.outgoing.push(message);
                woken.extend(state.waiting.driver.take());
            }
            Poll::Ready(Ok(()))
        })
    }

    pub(super) fn poll_next(&self, cx: &Context<'_>) -> Poll<Option<Result<Message, WebSocketError>>> {
        self.with(|state, woken| {
            let was_full = !state.incoming.has_room(&self.config);
            if let Some(message) = state.incoming.pop() {
                if was_full && state.incoming.has_room(&self.config) {
                    woken.extend(state.waiting.driver.take());
                }
                return Poll::Ready(Some(Ok(message)));
            }
            match core::mem::replace(&mut state.reading, Reading::Nothing) {
                Reading::Nothing => Poll::Ready(None),
                Reading::Error(error) => Poll::Ready(Some(Err(error))),
                Reading::More => {
                    state.reading = Reading::More;
                    wait(&mut state.waiting.readers, cx)
                }
            }
        })
    }

    pub(super) fn poll_opened(&self, cx: &Context<'_>) -> Poll<Result<(), WebSocketError>> {
        self.with(|state, _| match (&state.protocol, &state.ending) {
            (Some(_), _) => Poll::Ready(Ok(())),
            (None, Some(Err(error))) => Poll::Ready(Err(error.clone())),
            (None, Some(Ok(_))) => Poll::Ready(Err(Error::Discarded(ReadyState::Closed).into())),
            (None, None) => wait(&mut state.waiting.watchers, cx),
        })
    }

    pub(super) fn poll_closed(&self, cx: &Context<'_>) -> Poll<Result<CloseEvent, WebSocketError>> {
        self.with(|state, _| match &state.ending {
            Some(ending) => Poll::Ready(ending.clone()),
            None => wait(&mut state.waiting.watchers, cx),
        })
    }

    /// Has the driver close the connection, unless that was asked for before or is so already.
    pub(super) fn close(&self, close: Option<Close>) {
        self.with(|state, woken| {
            if state.ready_state < ReadyState::Closing {
                state.ready_state = ReadyState::Closing;
                state.close = Some(close);
                woken.append(&mut state.waiting.writers);
                woken.extend(state.waiting.driver.take());
            }
        });
    }

    /// The last handle is gone.
    pub(super) fn leave(&self) {
        self.with(|state, woken| {
            state.left = true;
            woken.extend(state.waiting.driver.take());
        });
    }

    // ---- for the driver ----

    /// Has the driver woken when something is asked of it. Called before it looks what there is to do.
    pub(super) fn attend(&self, cx: &Context<'_>) {
        // A waker is somebody's code: none is cloned or dropped while the state is locked.
        let waker = cx.waker().clone();
        let unneeded = self.state.lock().waiting.driver.replace(waker);
        drop(unneeded);
    }

    /// The connection is established.
    pub(super) fn open(&self, protocol: &str) {
        self.with(|state, woken| {
            state.ready_state = state.ready_state.max(ReadyState::Open);
            state.protocol = Some(protocol.into());
            woken.append(&mut state.waiting.watchers);
        });
    }

    /// What the connection looks like now.
    pub(super) fn observe(&self, ready_state: ReadyState, buffered: u64) {
        self.with(|state, woken| {
            if ready_state > state.ready_state {
                state.ready_state = ready_state;
                woken.append(&mut state.waiting.writers);
            }
            state.buffered = buffered;
        });
    }

    /// All handles are dropped, and what they have asked for is done.
    pub(super) fn is_left(&self) -> bool {
        let state = self.state.lock();
        state.left && state.close.is_none() && state.outgoing.messages.is_empty()
    }

    /// Messages wait that are to be sent when there is room, and not at once because the connection is to be closed behind them.
    pub(super) fn has_outgoing(&self) -> bool {
        let state = self.state.lock();
        !state.left && state.close.is_none() && !state.outgoing.messages.is_empty()
    }

    /// What is to be done next, in order.
    pub(super) fn take_outgoing(&self) -> Option<Outgoing> {
        self.with(|state, woken| {
            let Some(message) = state.outgoing.pop() else { return state.close.take().map(Outgoing::Close) };
            state.buffered += length(&message);
            if state.outgoing.has_room(&self.config) {
                woken.append(&mut state.waiting.writers);
            }
            Some(Outgoing::Message(message))
        })
    }

    /// Whether the connection, which is being made, is to be given up.
    pub(super) fn take_close(&self) -> bool {
        let mut state = self.state.lock();
        state.close.take().is_some() || state.left
    }

    /// Whether a message may be taken from the stream.
    pub(super) fn wants_incoming(&self) -> bool {
        let state = self.state.lock();
        matches!(state.reading, Reading::More) && state.incoming.has_room(&self.config)
    }

    pub(super) fn put_incoming(&self, message: Message) {
        self.with(|state, woken| {
            state.incoming.push(message);
            woken.append(&mut state.waiting.readers);
        });
    }

    /// No message comes any more, and perhaps an error.
    pub(super) fn end_incoming(&self, error: Option<WebSocketError>) {
        self.with(|state, woken| {
            state.reading = error.map_or(Reading::Nothing, Reading::Error);
            woken.append(&mut state.waiting.readers);
        });
    }

    /// The connection is closed.
    pub(super) fn end(&self, ending: Result<CloseEvent, WebSocketError>) {
        self.with(|state, woken| {
            state.ready_state = ReadyState::Closed;
            state.ending = Some(ending);
            woken.append(&mut state.waiting.writers);
            woken.append(&mut state.waiting.watchers);
        });
    }

    pub(super) fn is_ended(&self) -> bool {
        self.state.lock().ending.is_some()
    }

    /// The connection is closed, and all that came has been handed over.
    pub(super) fn is_over(&self) -> bool {
        let state = self.state.lock();
        state.ending.is_some() && !matches!(state.reading, Reading::More)
    }

    /// The driver is dropped. If it was at work, the connection has failed by that.
    pub(super) fn abandon(&self) {
        let failure = Failure::new(FailureKind::Cancelled, "the connection's own thread has dropped it");
        let error = WebSocketError::Closed { event: CloseEvent::abnormal(), failure: Some(failure) };
        if self.with(|state, _| matches!(state.reading, Reading::More)) {
            self.end_incoming(Some(error.clone()));
        }
        if !self.is_ended() {
            self.end(Err(error));
        }
    }
}

impl State {
    /// Fails if nothing can be sent any more.
    fn refusal(&self) -> Result<(), WebSocketError> {
        match (&self.ending, self.ready_state) {
            (Some(Err(error)), _) => Err(error.clone()),
            (_, state @ (ReadyState::Closing | ReadyState::Closed)) => Err(Error::Discarded(state).into()),
            (_, ReadyState::Connecting | ReadyState::Open) => Ok(()),
        }
    }
}

impl Queue {
    fn has_room(&self, config: &SendHandleConfig) -> bool {
        self.messages.is_empty() || self.messages.len() < config.max_messages && self.bytes < config.max_bytes
    }

    fn push(&mut self, message: Message) {
        self.bytes += length(&message);
        self.messages.push_back(message);
    }

    fn pop(&mut self) -> Option<Message> {
        let message = self.messages.pop_front()?;
        self.bytes -= length(&message);
        Some(message)
    }
}

fn length(message: &Message) -> u64 {
    match message {
        Message::Text(text) => text.len() as u64,
        Message::Binary(bytes) => bytes.len() as u64,
    }
}

/// Has a task woken, once for however often it asks.
fn wait<T>(waiting: &mut Vec<Waker>, cx: &Context<'_>) -> Poll<T> {
    if !waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
        waiting.push(cx.waker().clone());
    }
    Poll::Pending
}
