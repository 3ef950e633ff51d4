//! What a handle and its driver share.

use alloc::{collections::VecDeque, string::String, sync::Arc};
use core::{mem, task::Poll};

use spin::Mutex;

use super::{SendHandleConfig, TrySendError};
use crate::{
    Close, CloseEvent, Error, Failure, FailureKind, Message, ReadyState, WebSocketError,
    waiters::{Place, Waiters},
};

/// The two queues between a handle and its driver, and what each side has to know of the other.
///
/// The lock spins, for a browser lets nobody wait in its main thread. It is held to look something up or to put it away, never
/// while the stream is called, somebody is woken or a message is dropped, whose memory may be the program's own.
pub(super) struct Shared {
    config: SendHandleConfig,
    url: String,
    state: Mutex<State>,
    /// The driver, for anything to be done.
    driver: Waiters,
    /// For a message.
    readers: Arc<Waiters>,
    /// For room, or for all to be gone.
    writers: Arc<Waiters>,
    /// For the connection to be established or closed.
    watchers: Waiters,
}

struct State {
    /// From the handle.
    outgoing: Queue,
    /// What is known of the messages that have left this queue and its own.
    flushing: Flushing,
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
}

#[derive(Default)]
struct Queue {
    messages: VecDeque<Message>,
    bytes: u64,
}

/// Whether the network has all that was sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flushing {
    Done,
    /// There may be something that it has not, and nobody has asked.
    Unknown,
    /// A handle waits for it.
    Wanted,
    /// The connection has refused a message: it never will have all.
    Lost,
}

/// What comes behind the messages that are here.
enum Reading {
    More,
    Error(WebSocketError),
    Nothing,
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
            flushing: Flushing::Done,
            close: None,
            left: false,
            incoming: Queue::default(),
            reading: Reading::More,
            ready_state: ReadyState::Connecting,
            buffered: 0,
            protocol: None,
            ending: None,
        };
        Self {
            config,
            url,
            state: Mutex::new(state),
            driver: Waiters::new(),
            readers: Arc::new(Waiters::new()),
            writers: Arc::new(Waiters::new()),
            watchers: Waiters::new(),
        }
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
    pub(super) fn try_send(&self, message: Message) -> Result<(), TrySendError> {
        {
            // One that is refused is dropped at the end of the function, when nothing is locked any more.
            let mut state = self.state.lock();
            state.refusal()?;
            if !state.outgoing.has_room(&self.config) {
                return Err(TrySendError::Full(message));
            }
            state.send(message);
        }
        self.driver.wake();
        Ok(())
    }

    /// Whether there is room for a message.
    pub(super) fn room(&self) -> Poll<Result<(), WebSocketError>> {
        let state = self.state.lock();
        state.refusal()?;
        if state.outgoing.has_room(&self.config) { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    /// Queues a message, for which there was room.
    pub(super) fn put_outgoing(&self, message: Message) -> Result<(), WebSocketError> {
        {
            // One that is refused is dropped at the end of the function, when nothing is locked any more.
            let mut state = self.state.lock();
            state.refusal()?;
            state.send(message);
        }
        self.driver.wake();
        Ok(())
    }

    /// Whether the network has all that was sent; else the driver is to find out.
    pub(super) fn try_flush(&self) -> Poll<Result<(), WebSocketError>> {
        {
            let mut state = self.state.lock();
            match (state.flushing, &state.ending) {
                (Flushing::Done, _) => return Poll::Ready(Ok(())),
                (_, Some(_)) => return Poll::Ready(state.refusal()),
                (Flushing::Wanted | Flushing::Lost, None) => return Poll::Pending,
                (Flushing::Unknown, None) => state.flushing = Flushing::Wanted,
            }
        }
        self.driver.wake();
        Poll::Pending
    }

    pub(super) fn flush(&self) -> impl Future<Output = Result<(), WebSocketError>> {
        self.writers.until(|| self.try_flush())
    }

    /// Queues a message, as soon as there is room.
    pub(super) fn send(&self, message: Message) -> impl Future<Output = Result<(), WebSocketError>> {
        let mut unsent = Some(message);
        self.writers.until(move || {
            let Some(message) = unsent.take() else { return Poll::Ready(Ok(())) };
            match self.try_send(message) {
                Ok(()) => Poll::Ready(Ok(())),
                Err(TrySendError::Socket(error)) => Poll::Ready(Err(error)),
                Err(TrySendError::Full(message)) => {
                    unsent = Some(message);
                    Poll::Pending
                }
            }
        })
    }

    /// A place to wait for messages at.
    pub(super) fn reader(&self) -> Place<Arc<Waiters>> {
        Place::new(Arc::clone(&self.readers))
    }

    /// A place to wait at for room, or for all to be gone.
    pub(super) fn writer(&self) -> Place<Arc<Waiters>> {
        Place::new(Arc::clone(&self.writers))
    }

    /// The next message; an error at the end, if that is one; and then nothing.
    pub(super) fn next(&self) -> impl Future<Output = Option<Result<Message, WebSocketError>>> {
        self.readers.until(|| self.try_next())
    }

    pub(super) fn try_next(&self) -> Poll<Option<Result<Message, WebSocketError>>> {
        let (next, has_room_again) = {
            let mut state = self.state.lock();
            let was_full = !state.incoming.has_room(&self.config);
            let next = state.next();
            (next, was_full && state.incoming.has_room(&self.config))
        };
        if has_room_again {
            self.driver.wake();
        }
        next
    }

    pub(super) fn opened(&self) -> impl Future<Output = Result<(), WebSocketError>> {
        self.watchers.until(|| {
            let state = self.state.lock();
            match (&state.protocol, &state.ending) {
                (Some(_), _) => Poll::Ready(Ok(())),
                (None, Some(Err(error))) => Poll::Ready(Err(error.clone())),
                (None, Some(Ok(_))) => Poll::Ready(Err(Error::Discarded(ReadyState::Closed).into())),
                (None, None) => Poll::Pending,
            }
        })
    }

    pub(super) fn closed(&self) -> impl Future<Output = Result<CloseEvent, WebSocketError>> {
        self.watchers.until(|| match &self.state.lock().ending {
            Some(ending) => Poll::Ready(ending.clone()),
            None => Poll::Pending,
        })
    }

    /// Has the driver close the connection, unless that was asked for before or is so already.
    pub(super) fn close(&self, close: Option<Close>) {
        {
            let mut state = self.state.lock();
            if state.ready_state >= ReadyState::Closing {
                return;
            }
            state.ready_state = ReadyState::Closing;
            state.close = Some(close);
        }
        self.writers.wake();
        self.driver.wake();
    }

    /// The last handle is gone.
    pub(super) fn leave(&self) {
        self.state.lock().left = true;
        self.driver.wake();
    }

    // ---- for the driver ----

    /// Where the driver waits for something to be asked of it.
    pub(super) const fn driver(&self) -> Place<&Waiters> {
        Place::new(&self.driver)
    }

    /// The connection is established.
    pub(super) fn open(&self, protocol: &str) {
        {
            let mut state = self.state.lock();
            state.ready_state = state.ready_state.max(ReadyState::Open);
            state.protocol = Some(protocol.into());
        }
        self.watchers.wake();
    }

    /// What the connection looks like now.
    pub(super) fn observe(&self, ready_state: ReadyState, buffered: u64) {
        let has_moved = {
            let mut state = self.state.lock();
            state.buffered = buffered;
            let has_moved = ready_state > state.ready_state;
            state.ready_state = state.ready_state.max(ready_state);
            has_moved
        };
        if has_moved {
            self.writers.wake();
        }
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
        let (message, has_room) = {
            let mut state = self.state.lock();
            let Some(message) = state.outgoing.pop() else { return state.close.take().map(Outgoing::Close) };
            state.buffered += length(&message);
            (message, state.outgoing.has_room(&self.config))
        };
        if has_room {
            self.writers.wake();
        }
        Some(Outgoing::Message(message))
    }

    /// The connection, which closes, has refused a message that was taken from here.
    pub(super) fn lose(&self) {
        self.state.lock().flushing = Flushing::Lost;
    }

    /// A handle waits for the network to have all, and nothing is left here.
    pub(super) fn wants_flush(&self) -> bool {
        let state = self.state.lock();
        state.flushing == Flushing::Wanted && state.outgoing.messages.is_empty()
    }

    /// The network has all that was taken from here.
    pub(super) fn flushed(&self) {
        {
            let mut state = self.state.lock();
            // What has been put into the queue meanwhile is not there.
            if !state.outgoing.messages.is_empty() {
                return;
            }
            state.flushing = Flushing::Done;
            state.buffered = 0;
        }
        self.writers.wake();
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
        self.state.lock().incoming.push(message);
        self.readers.wake();
    }

    /// No message comes any more, and perhaps an error.
    pub(super) fn end_incoming(&self, error: Option<WebSocketError>) {
        self.state.lock().reading = error.map_or(Reading::Nothing, Reading::Error);
        self.readers.wake();
    }

    /// The connection is closed.
    pub(super) fn end(&self, ending: Result<CloseEvent, WebSocketError>) {
        {
            let mut state = self.state.lock();
            state.ready_state = ReadyState::Closed;
            state.ending = Some(ending);
        }
        self.writers.wake();
        self.watchers.wake();
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
        let was_reading = matches!(self.state.lock().reading, Reading::More);
        if was_reading {
            self.end_incoming(Some(error.clone()));
        }
        if !self.is_ended() {
            self.end(Err(error));
        }
    }
}

impl State {
    fn send(&mut self, message: Message) {
        self.outgoing.push(message);
        if self.flushing == Flushing::Done {
            self.flushing = Flushing::Unknown;
        }
    }

    /// Fails if nothing can be sent any more.
    fn refusal(&self) -> Result<(), WebSocketError> {
        match (&self.ending, self.ready_state) {
            (Some(Err(error)), _) => Err(error.clone()),
            (_, state @ (ReadyState::Closing | ReadyState::Closed)) => Err(Error::Discarded(state).into()),
            (_, ReadyState::Connecting | ReadyState::Open) => Ok(()),
        }
    }

    fn next(&mut self) -> Poll<Option<Result<Message, WebSocketError>>> {
        if let Some(message) = self.incoming.pop() {
            return Poll::Ready(Some(Ok(message)));
        }
        match mem::replace(&mut self.reading, Reading::Nothing) {
            Reading::Nothing => Poll::Ready(None),
            Reading::Error(error) => Poll::Ready(Some(Err(error))),
            Reading::More => {
                self.reading = Reading::More;
                Poll::Pending
            }
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use alloc::boxed::Box;
    use core::{
        sync::atomic::{AtomicU32, Ordering},
        task::{Context, Waker},
    };

    use bytes::Bytes;

    use super::*;

    /// Memory of the program's own, which counts how often it was given back, and how often under the lock.
    struct Memory {
        shared: Arc<Shared>,
        given_back: Arc<[AtomicU32; 2]>,
    }

    impl AsRef<[u8]> for Memory {
        fn as_ref(&self) -> &[u8] {
            b"message"
        }
    }

    impl Drop for Memory {
        fn drop(&mut self) {
            self.given_back[usize::from(self.shared.state.is_locked())].fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_message_that_is_refused_is_dropped_when_nothing_is_locked() {
        let shared = Arc::new(Shared::new(SendHandleConfig::default(), "ws://example.org/".into()));
        let given_back = Arc::new([AtomicU32::new(0), AtomicU32::new(0)]);
        let message = || {
            let memory = Memory { shared: Arc::clone(&shared), given_back: Arc::clone(&given_back) };
            Message::Binary(Bytes::from_owner(memory))
        };
        shared.close(None);
        assert!(matches!(shared.try_send(message()), Err(TrySendError::Socket(_))));
        let mut sending = Box::pin(shared.send(message()));
        assert!(matches!(sending.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(Err(_))));
        assert_eq!(given_back.each_ref().map(|count| count.load(Ordering::Relaxed)), [2, 0]);
    }
}
