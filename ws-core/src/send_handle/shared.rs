//! What a handle and its driver share.

use alloc::{string::String, sync::Arc};
use core::{mem, task::Poll};

use spin::Mutex;

use super::{SendHandleConfig, TrySendError};
use crate::{
    Close, CloseEvent, Error, Message, ReadyState, WebSocketError,
    waiters::{Place, Waiters},
};

mod driving;
mod queue;

pub(super) use driving::Outgoing;
use queue::Queue;

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
    /// The arguments of `close()`, if the handle has called it: it waits for what was sent before.
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
        state.outgoing.bytes() + state.buffered
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
