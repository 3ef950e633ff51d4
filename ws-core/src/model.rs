//! The interface's one state machine: <https://websockets.spec.whatwg.org/#feedback-from-the-protocol>.
//!
//! Every change of the ready state, every task of the WebSocket task source and all of `bufferedAmount` is here and
//! nowhere else. What it is told by the protocol becomes a task first, and changes the state when that task runs: a
//! handler never sees CLOSED before it has seen the last message.

use alloc::{collections::VecDeque, string::String, sync::Arc};

use crate::{BinaryType, Blob, Close, CloseEvent, Data, Error, EventKind, Message, MessageEvent, ReadyState};

/// The state of a WebSocket as its interface shows it.
///
/// The loop of whoever drives it, an event loop's turn at a time:
///
/// ```
/// use ws_core::{Feedback, Message, Model, Task};
/// let mut model = Model::new("ws://example.org".into());
/// // The protocol has something to say: it is queued as a task.
/// model.feedback(Feedback::Established { extensions: String::new(), protocol: String::new() });
/// model.feedback(Feedback::Message(Message::Text("hello".into())));
/// // The event loop runs one task a turn, and each fires its events.
/// let mut fired = vec![];
/// loop {
///     model.begin_turn();
///     let Some(task) = model.run_task() else { break };
///     fired.push(task);
/// }
/// assert!(matches!(&fired[..], [Task::Open, Task::Message(event)] if event.data.as_text() == Some("hello")));
/// ```
#[derive(Debug)]
pub struct Model {
    ready_state: ReadyState,
    /// What the protocol has reported. The tasks that tell the program may still be waiting.
    wire: Wire,
    /// The tasks that have not run yet.
    tasks: VecDeque<Feedback>,
    /// The `bufferedAmount` attribute.
    buffered_amount: u64,
    /// Bytes transmitted since the event loop last reached step 1. `buffered_amount` falls by them
    /// at the next one.
    transmitted: u64,
    /// Bytes of messages that are still to be transmitted. None are once the connection is closed, or the peer's Close frame
    /// has come: "there is no guarantee that the endpoint that has already sent a Close frame will continue to process
    /// data" (RFC 6455, section 5.5.1). Nor are they when a time-out has closed an idle connection: for so long the peer has taken
    /// nothing.
    queued: u64,
    /// The ready state when the event loop last reached step 1.
    state_at_turn: ReadyState,
    binary_type: BinaryType,
    extensions: String,
    protocol: String,
    /// The serialized origin of the URL.
    origin: Arc<str>,
}

/// The state of the connection itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wire {
    Connecting,
    Established,
    /// The WebSocket closing handshake is started, by whichever side.
    ClosingHandshake,
    Closed,
}

/// What the protocol reports.
#[derive(Debug)]
pub enum Feedback {
    /// The WebSocket connection is established.
    Established {
        /// The extensions in use; empty if there are none.
        extensions: String,
        /// The subprotocol in use; empty if there is none.
        protocol: String,
    },
    /// A WebSocket message has been received.
    Message(Message),
    /// The WebSocket closing handshake is started, and not by the program: the peer's Close frame has been received, or one was
    /// sent because of a time-out.
    ClosingHandshakeStarted,
    /// The WebSocket connection is closed.
    Closed {
        /// The connection was failed, so `error` is fired before `close`.
        failed: bool,
        /// The event to fire.
        event: CloseEvent,
    },
}

/// A task that has run: the state has changed, and these are the events to fire now.
#[derive(Debug)]
pub enum Task {
    /// Fire `open`.
    Open,
    /// Fire `message`.
    Message(MessageEvent),
    /// Fire `error` if the connection failed, then `close` in any case.
    Close {
        /// Whether `error` is fired.
        failed: bool,
        /// The `close` event.
        event: CloseEvent,
    },
}

/// What `send()` asks of the connection.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sending {
    /// Send the message.
    Transmit,
    /// Throw it away: the connection is gone, or about to go.
    Discard,
}

/// What `close()` asks of the connection.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Closing {
    /// Nothing.
    Nothing,
    /// Fail the WebSocket connection.
    Fail,
    /// Start the WebSocket closing handshake; `None`: with a Close frame that has no body.
    Start(Option<Close>),
}

impl Model {
    /// A socket in the state CONNECTING. `origin` is the serialized origin of its URL, for message events.
    pub fn new(origin: Arc<str>) -> Self {
        Self {
            ready_state: ReadyState::Connecting,
            wire: Wire::Connecting,
            tasks: VecDeque::new(),
            buffered_amount: 0,
            transmitted: 0,
            queued: 0,
            state_at_turn: ReadyState::Connecting,
            binary_type: BinaryType::default(),
            extensions: String::new(),
            protocol: String::new(),
            origin,
        }
    }

    /// The `readyState` attribute.
    pub const fn ready_state(&self) -> ReadyState {
        self.ready_state
    }

    /// The `bufferedAmount` attribute, in bytes.
    pub const fn buffered_amount(&self) -> u64 {
        self.buffered_amount
    }

    /// The `extensions` attribute.
    pub fn extensions(&self) -> &str {
        &self.extensions
    }

    /// The `protocol` attribute.
    pub fn protocol(&self) -> &str {
        &self.protocol
    }

    /// The `binaryType` attribute.
    pub const fn binary_type(&self) -> BinaryType {
        self.binary_type
    }

    /// Sets the `binaryType` attribute. It is read when a message's task runs.
    pub fn set_binary_type(&mut self, binary_type: BinaryType) {
        self.binary_type = binary_type;
    }

    /// The `send()` method, for a message of this many application bytes.
    ///
    /// # Errors
    /// [`Error::InvalidState`] while the ready state is CONNECTING.
    pub fn send(&mut self, length: u64) -> Result<Sending, Error> {
        // 1. If this's ready state is CONNECTING, then throw an "InvalidStateError" DOMException.
        if self.ready_state == ReadyState::Connecting {
            return Err(Error::InvalidState);
        }
        // 2. Any invocation of this method [...] that does not throw an exception must increase the bufferedAmount
        //    attribute by the number of bytes [...].
        self.buffered_amount = self.buffered_amount.saturating_add(length);
        // If the WebSocket connection is established and the WebSocket closing handshake has not yet started, then the
        // user agent must send a WebSocket Message [...].
        if self.wire != Wire::Established || self.ready_state != ReadyState::Open {
            return Ok(Sending::Discard);
        }
        self.queued = self.queued.saturating_add(length);
        Ok(Sending::Transmit)
    }

    /// The `close()` method, step 3. Its arguments were validated by [`Close::new`].
    pub fn close(&mut self, close: Option<Close>) -> Closing {
        match self.ready_state {
            // If this's ready state is CLOSING (2) or CLOSED (3): Do nothing.
            ReadyState::Closing | ReadyState::Closed => Closing::Nothing,
            // If the WebSocket connection is not yet established: Fail the WebSocket connection and set this's ready
            // state to CLOSING (2).
            //
            // Deviation: the text asks whether the connection is established, which it may be while
            // the task that says so still waits; Chromium and Firefox ask the ready state, and a
            // script could tell only by an open event after its call of close().
            ReadyState::Connecting => {
                self.ready_state = ReadyState::Closing;
                Closing::Fail
            }
            ReadyState::Open => {
                self.ready_state = ReadyState::Closing;
                match self.wire {
                    // If the WebSocket closing handshake has not yet been started: Start the WebSocket closing
                    // handshake and set this's ready state to CLOSING (2).
                    Wire::Connecting | Wire::Established => {
                        self.wire = Wire::ClosingHandshake;
                        Closing::Start(close)
                    }
                    // Otherwise: Set this's ready state to CLOSING (2).
                    Wire::ClosingHandshake | Wire::Closed => Closing::Nothing,
                }
            }
        }
    }

    /// The handle was dropped or collected: "If a WebSocket object is garbage collected while its connection is still
    /// open, the user agent must start the WebSocket closing handshake, with no status code for the Close message."
    pub fn abandon(&mut self) -> Closing {
        self.close(None)
    }

    /// The document or worker goes away: "make disappear".
    pub fn disappear(&mut self) -> Closing {
        match (self.ready_state, self.wire) {
            // If the WebSocket connection is not yet established: Fail the WebSocket connection.
            (ReadyState::Connecting, _) => self.close(None),
            // If the WebSocket closing handshake has not yet been started: Start the WebSocket closing handshake, with the
            // status code to use in the WebSocket Close message being 1001.
            (ReadyState::Open, Wire::Established) => self.close(Some(Close::going_away())),
            // Otherwise: Do nothing.
            _ => Closing::Nothing,
        }
    }

    /// Whether the object must not be garbage collected though no script can reach it, because its
    /// listeners may still have something to hear, or something that was sent is still to be transmitted.
    /// `listens` says whether there are any listeners for such an event.
    ///
    /// ```
    /// use ws_core::{EventKind, Model};
    /// let model = Model::new("ws://example.org".into());
    /// assert!(model.must_be_kept(|kind| kind == EventKind::Open));
    /// assert!(!model.must_be_kept(|_| false));
    /// ```
    ///
    /// <https://websockets.spec.whatwg.org/#garbage-collection>
    pub fn must_be_kept(&self, listens: impl Fn(EventKind) -> bool) -> bool {
        let heard: &[EventKind] = match self.state_at_turn {
            // A WebSocket object whose ready state was set to CONNECTING (0) as of the last time the event loop reached step
            // 1 must not be garbage collected if there are any event listeners registered for open events, message events,
            // error events, or close events.
            ReadyState::Connecting => &[EventKind::Open, EventKind::Message, EventKind::Error, EventKind::Close],
            // [...] was set to OPEN (1) [...] for message events, error, or close events.
            ReadyState::Open => &[EventKind::Message, EventKind::Error, EventKind::Close],
            // [...] was set to CLOSING (2) [...] for error or close events.
            ReadyState::Closing => &[EventKind::Error, EventKind::Close],
            ReadyState::Closed => &[],
        };
        // A WebSocket object with an established connection that has data queued to be transmitted to the network must not be
        // garbage collected.
        //
        // That goes for one that the program has closed, too: "the handshake will only start after the messages are sent".
        self.queued > 0 || heard.iter().any(|kind| listens(*kind))
    }

    /// Takes what the protocol reports: queues a task.
    pub fn feedback(&mut self, feedback: Feedback) {
        self.wire = match feedback {
            Feedback::Established { .. } => Wire::Established,
            Feedback::Message(_) => self.wire,
            Feedback::ClosingHandshakeStarted => Wire::ClosingHandshake,
            Feedback::Closed { .. } => Wire::Closed,
        };
        if matches!(feedback, Feedback::ClosingHandshakeStarted | Feedback::Closed { .. }) {
            self.queued = 0;
        }
        self.tasks.push_back(feedback);
    }

    /// This many application bytes of messages were transmitted to the network.
    pub fn transmitted(&mut self, bytes: u64) {
        self.transmitted += bytes;
        self.queued = self.queued.saturating_sub(bytes);
    }

    /// The event loop reached step 1: `bufferedAmount` falls here and only here.
    pub fn begin_turn(&mut self) {
        self.buffered_amount = self.buffered_amount.saturating_sub(core::mem::take(&mut self.transmitted));
        self.state_at_turn = self.ready_state;
    }

    /// Whether a task waits.
    pub fn has_tasks(&self) -> bool {
        !self.tasks.is_empty()
    }

    /// Whether the task that is next brings a message.
    pub fn next_is_message(&self) -> bool {
        matches!(self.tasks.front(), Some(Feedback::Message(_)))
    }

    /// Throws the message away that the next task brings.
    pub fn discard_message(&mut self) {
        if self.next_is_message() {
            self.tasks.pop_front();
        }
    }

    /// Runs the next task that fires an event, and the tasks before it that fire none. `None`: no
    /// task is left.
    pub fn run_task(&mut self) -> Option<Task> {
        while let Some(task) = self.tasks.pop_front() {
            match task {
                Feedback::Established { extensions, protocol } => {
                    // A socket closed meanwhile stays so: see the deviation in `close`.
                    if self.ready_state != ReadyState::Connecting {
                        continue;
                    }
                    // 1. Change the ready state to OPEN (1).
                    self.ready_state = ReadyState::Open;
                    // 2. Change the extensions attribute's value to the extensions in use, if it is not the null value.
                    self.extensions = extensions;
                    // 3. Change the protocol attribute's value to the subprotocol in use, if it is not the null value.
                    self.protocol = protocol;
                    // 4. Fire an event named open at the WebSocket object.
                    return Some(Task::Open);
                }
                Feedback::Message(message) => {
                    // 1. If ready state is not OPEN (1), then return.
                    if self.ready_state != ReadyState::Open {
                        continue;
                    }
                    // 2. Let dataForEvent be determined by switching on type and binary type.
                    let data = match (message, self.binary_type) {
                        (Message::Text(text), _) => Data::Text(text),
                        (Message::Binary(bytes), BinaryType::Blob) => Data::Blob(Blob::from(bytes)),
                        (Message::Binary(bytes), BinaryType::ArrayBuffer) => Data::Binary(bytes),
                    };
                    // 3. Fire an event named message at the WebSocket object [...].
                    return Some(Task::Message(MessageEvent::new(data, self.origin.clone())));
                }
                Feedback::ClosingHandshakeStarted => {
                    // When the WebSocket closing handshake is started, the user agent must queue a task to change the
                    // ready state to CLOSING (2).
                    self.ready_state = self.ready_state.max(ReadyState::Closing);
                }
                Feedback::Closed { failed, event } => {
                    // 1. Change the ready state to CLOSED (3).
                    self.ready_state = ReadyState::Closed;
                    self.tasks.clear();
                    return Some(Task::Close { failed, event });
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
