//! What the driver does to what it shares with the handles.

use super::{Flushing, Reading, Shared, queue::length};
use crate::{
    Close, CloseEvent, Failure, FailureKind, Message, ReadyState, WebSocketError,
    waiters::{Place, Waiters},
};

/// What a driver is to do next.
pub(in crate::send_handle) enum Outgoing {
    /// To send a message of this many bytes, which is taken when there is room for it.
    Message {
        length: u64,
        is_closed_behind: bool,
    },
    Close(Option<Close>),
}

impl Shared {
    /// Where the driver waits for something to be asked of it.
    pub(in crate::send_handle) const fn driver(&self) -> Place<&Waiters> {
        Place::new(&self.driver)
    }

    /// The connection is established.
    pub(in crate::send_handle) fn open(&self, protocol: &str) {
        {
            let mut state = self.state.lock();
            state.ready_state = state.ready_state.max(ReadyState::Open);
            state.protocol = Some(protocol.into());
        }
        self.watchers.wake();
    }

    /// What the connection looks like now.
    pub(in crate::send_handle) fn observe(&self, ready_state: ReadyState, buffered: u64) {
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
    pub(in crate::send_handle) fn is_left(&self) -> bool {
        let state = self.state.lock();
        state.left && state.close.is_none() && state.outgoing.is_empty()
    }

    /// What is to be done next, in order.
    pub(in crate::send_handle) fn next_outgoing(&self) -> Option<Outgoing> {
        let mut state = self.state.lock();
        match state.outgoing.first() {
            Some(length) => Some(Outgoing::Message { length, is_closed_behind: state.left || state.close.is_some() }),
            None => state.close.take().map(Outgoing::Close),
        }
    }

    /// The message that is to be sent next.
    pub(in crate::send_handle) fn take_message(&self) -> Option<Message> {
        let (message, has_room) = {
            let mut state = self.state.lock();
            let message = state.outgoing.pop()?;
            state.buffered += length(&message);
            (message, state.outgoing.has_room(&self.config))
        };
        if has_room {
            self.writers.wake();
        }
        Some(message)
    }

    /// There was no room for the message, which is the next again.
    pub(in crate::send_handle) fn put_back(&self, message: Message) {
        let mut state = self.state.lock();
        state.buffered = state.buffered.saturating_sub(length(&message));
        state.outgoing.push_front(message);
    }

    /// The connection, which closes, has refused a message that was taken from here.
    pub(in crate::send_handle) fn lose(&self) {
        self.state.lock().flushing = Flushing::Lost;
    }

    /// A handle waits for the network to have all, and nothing is left here.
    pub(in crate::send_handle) fn wants_flush(&self) -> bool {
        let state = self.state.lock();
        state.flushing == Flushing::Wanted && state.outgoing.is_empty()
    }

    /// The network has all that was taken from here.
    pub(in crate::send_handle) fn flushed(&self) {
        {
            let mut state = self.state.lock();
            // What has been put into the queue meanwhile is not there.
            if !state.outgoing.is_empty() {
                return;
            }
            state.flushing = Flushing::Done;
            state.buffered = 0;
        }
        self.writers.wake();
    }

    /// The arguments of `close()` if the connection, which is being made, is to be given up.
    pub(in crate::send_handle) fn take_close(&self) -> Option<Option<Close>> {
        let mut state = self.state.lock();
        state.close.take().or(state.left.then_some(None))
    }

    /// Whether a message may be taken from the stream. When all handles are dropped, the peer is not held up: it may take what
    /// still goes out only when what it says is taken.
    pub(in crate::send_handle) fn wants_incoming(&self) -> bool {
        let state = self.state.lock();
        matches!(state.reading, Reading::More) && (state.left || state.incoming.has_room(&self.config))
    }

    pub(in crate::send_handle) fn put_incoming(&self, message: Message) {
        {
            // One that nobody takes any more is dropped at the end of the function, when nothing is locked.
            let mut state = self.state.lock();
            if state.left {
                return;
            }
            state.incoming.push(message);
        }
        self.readers.wake();
    }

    /// No message comes any more, and perhaps an error.
    pub(in crate::send_handle) fn end_incoming(&self, error: Option<WebSocketError>) {
        self.state.lock().reading = error.map_or(Reading::Nothing, Reading::Error);
        self.readers.wake();
    }

    /// The connection is closed.
    pub(in crate::send_handle) fn end(&self, ending: Result<CloseEvent, WebSocketError>) {
        {
            let mut state = self.state.lock();
            state.ready_state = ReadyState::Closed;
            state.ending = Some(ending);
        }
        self.writers.wake();
        self.watchers.wake();
    }

    pub(in crate::send_handle) fn is_ended(&self) -> bool {
        self.state.lock().ending.is_some()
    }

    /// The connection is closed, and all that came has been handed over.
    pub(in crate::send_handle) fn is_over(&self) -> bool {
        let state = self.state.lock();
        state.ending.is_some() && !matches!(state.reading, Reading::More)
    }

    /// The driver is dropped. If it was at work, the connection has failed by that.
    pub(in crate::send_handle) fn abandon(&self) {
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
