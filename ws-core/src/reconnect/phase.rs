//! The one state of a socket that connects again.

use core::{mem, time::Duration};

use spin::MutexGuard;

use super::{
    back_off::BackOff,
    host::{Host, Reconnect},
    liveness::Liveness,
    outbox::Outbox,
    stall::Stall,
};
use crate::{BinaryType, Close, CloseEvent, Failure, ReadyState, WebSocket};

/// Changed with the lock held. What is replaced in it is dropped without, by [`drop_unlocked`].
pub(super) struct State<B: Reconnect> {
    pub(super) phase: Phase<B>,
    /// The number of the current connection, or else of the next or the last one. What any other
    /// connection reports is ignored.
    pub(super) connection: u64,
    /// The number of the newest connection or alarm.
    newest: u64,
    pub(super) binary_type: BinaryType,
    pub(super) back_off: BackOff,
    pub(super) outbox: Outbox,
    /// The bytes of what was taken from the outbox, until it is seen what has become of it: for a moment the socket may count them,
    /// too.
    pub(super) taken: u64,
    /// The bytes of what was thrown away because there will be no further connection.
    pub(super) discarded: u64,
    /// Bytes that the socket counts in its `bufferedAmount`, though the messages were not sent and
    /// wait here again.
    pub(super) requeued: u64,
    /// The socket of the last connection, with that connection's number: it has the attributes
    /// while there is no connection.
    pub(super) last_socket: Option<(u64, WebSocket<B>)>,
    /// Why the newest connection that failed did, until there is another.
    pub(super) failure: Option<Failure>,
}

/// Where the socket stands.
pub(super) enum Phase<B: Reconnect> {
    /// Not begun; messages wait.
    Idle,
    /// The program was asked what to connect to, or the connection to it is being made.
    Connecting {
        socket: Option<WebSocket<B>>,
        deadline: Alarm<B>,
        /// Why the attempt fails when the deadline rings, which it then does at once. It is what comes first.
        failure: Option<Failure>,
    },
    Open(Open<B>),
    /// The connection is over. The program is told so, and asked whether there is to be another.
    Ending {
        event: CloseEvent,
        was_asked: bool,
        /// The program has closed it.
        is_last: bool,
        /// Rings if the program does not return from its handler because it panics, and then the
        /// end goes on.
        alarm: Alarm<B>,
    },
    /// The next connection is waited for.
    Waiting {
        alarm: Alarm<B>,
        cause: Cause,
    },
    /// The program has closed it.
    Closing {
        socket: WebSocket<B>,
    },
    /// The program has closed it while there was no socket. It is told when the alarm rings.
    Cancelled {
        alarm: Alarm<B>,
        /// The event to fire, if a connection was closed before.
        event: Option<CloseEvent>,
    },
    /// For good, unless the program begins anew.
    Closed,
}

/// A connection that is open.
pub(super) struct Open<B: Reconnect> {
    pub(super) socket: WebSocket<B>,
    pub(super) since: Duration,
    pub(super) outlet: Outlet<B>,
    /// The arguments of `close()`, if the program has called it: it waits for what was sent before.
    pub(super) farewell: Option<Option<Close>>,
    pub(super) liveness: Option<(Liveness, Alarm<B>)>,
}

/// Where messages go while there is a connection.
pub(super) enum Outlet<B: Reconnect> {
    /// Handlers of `open` run on this thread: what they send goes out at once, before what has
    /// waited. What other threads send waits.
    Greeting { thread: usize, alarm: Alarm<B> },
    /// What has waited is being sent; new messages wait behind it.
    Draining {
        alarm: Alarm<B>,
        /// Set if there was no room at the last look: the alarm then rings some time later, and
        /// otherwise at once.
        stall: Option<Stall>,
    },
    /// A message that waited was refused; the connection fails when the alarm rings. New messages
    /// wait for the next connection.
    Refused { alarm: Alarm<B>, failure: Failure },
    /// Messages go straight to the socket.
    Socket,
}

impl<B: Reconnect> Outlet<B> {
    fn alarm(&self) -> Option<&Alarm<B>> {
        match self {
            Self::Greeting { alarm, .. } | Self::Draining { alarm, .. } | Self::Refused { alarm, .. } => Some(alarm),
            Self::Socket => None,
        }
    }
}

/// Why there is to be another connection.
pub(super) enum Cause {
    Retry,
    /// A retry, sooner, because the device is awake: it is not counted.
    Wake,
    /// The program begins anew. The event says how the previous connection was closed, and is still
    /// to be fired.
    Program(Option<CloseEvent>),
}

/// A timer, by its number.
pub(super) struct Alarm<B: Reconnect> {
    pub(super) id: u64,
    pub(super) _timer: <B::Host as Host>::Timer,
}

/// What a change of phase has replaced.
pub(super) struct Left<B: Reconnect> {
    _phase: Phase<B>,
    _last_socket: Option<(u64, WebSocket<B>)>,
}

impl<B: Reconnect> State<B> {
    pub(super) fn new() -> Self {
        Self {
            phase: Phase::Idle,
            connection: 0,
            newest: 0,
            binary_type: BinaryType::default(),
            back_off: BackOff::default(),
            outbox: Outbox::default(),
            taken: 0,
            discarded: 0,
            requeued: 0,
            last_socket: None,
            failure: None,
        }
    }

    /// A number that nothing else has.
    pub(super) fn number(&mut self) -> u64 {
        self.newest += 1;
        self.newest
    }

    pub(super) fn ready_state(&self) -> ReadyState {
        match self.phase {
            Phase::Idle | Phase::Closed => ReadyState::Closed,
            Phase::Connecting { .. } | Phase::Ending { is_last: false, .. } | Phase::Waiting { .. } => {
                ReadyState::Connecting
            }
            Phase::Open(Open { farewell: None, .. }) => ReadyState::Open,
            Phase::Open(_) | Phase::Ending { .. } | Phase::Closing { .. } | Phase::Cancelled { .. } => {
                ReadyState::Closing
            }
        }
    }

    /// Whether a message can still be sent, by this connection or the next.
    pub(super) fn takes_messages(&self) -> bool {
        matches!(self.phase, Phase::Idle) || self.ready_state() < ReadyState::Closing
    }

    /// The socket of the current connection, be it being made, open or closing.
    pub(super) fn socket(&self) -> Option<&WebSocket<B>> {
        match &self.phase {
            Phase::Connecting { socket, .. } => socket.as_ref(),
            Phase::Open(Open { socket, .. }) | Phase::Closing { socket } => Some(socket),
            Phase::Idle | Phase::Ending { .. } | Phase::Waiting { .. } | Phase::Cancelled { .. } | Phase::Closed => {
                None
            }
        }
    }

    /// This connection, if it is open.
    pub(super) fn open(&mut self, connection: u64) -> Option<&mut Open<B>> {
        match &mut self.phase {
            Phase::Open(open) if self.connection == connection => Some(open),
            _ => None,
        }
    }

    /// Whether this is the current connection, and has a socket.
    pub(super) fn is_of(&self, connection: u64) -> bool {
        self.connection == connection && self.socket().is_some()
    }

    /// Whether the program was asked what to make this connection to, and has not answered yet.
    pub(super) fn is_asking(&self, connection: u64) -> bool {
        self.connection == connection && matches!(self.phase, Phase::Connecting { socket: None, failure: None, .. })
    }

    /// Whether this alarm is still waited for.
    pub(super) fn has_alarm(&self, id: u64) -> bool {
        let is_it = |alarm: &Alarm<B>| alarm.id == id;
        match &self.phase {
            Phase::Idle | Phase::Closing { .. } | Phase::Closed => false,
            Phase::Connecting { deadline: alarm, .. }
            | Phase::Ending { alarm, .. }
            | Phase::Waiting { alarm, .. }
            | Phase::Cancelled { alarm, .. } => is_it(alarm),
            Phase::Open(Open { outlet, liveness, .. }) => {
                outlet.alarm().is_some_and(is_it) || liveness.as_ref().is_some_and(|(_, alarm)| is_it(alarm))
            }
        }
    }

    /// Leaves a phase for another. What is given back is to be dropped [unlocked](drop_unlocked).
    pub(super) fn enter(&mut self, phase: Phase<B>, now: Duration, min_uptime: Duration) -> Left<B> {
        if self.has_lasted(now, min_uptime) {
            self.back_off.reset();
        }
        let last_socket = match self.socket().cloned() {
            Some(socket) => self.last_socket.replace((self.connection, socket)),
            None => None,
        };
        Left { _phase: mem::replace(&mut self.phase, phase), _last_socket: last_socket }
    }

    pub(super) fn has_lasted(&self, now: Duration, min_uptime: Duration) -> bool {
        matches!(self.phase, Phase::Open(Open { since, .. }) if now.saturating_sub(since) >= min_uptime)
    }

    /// It is known what has become of a message of this length that was taken from the outbox.
    pub(super) fn settle(&mut self, length: u64) {
        self.taken = self.taken.saturating_sub(length);
    }

    /// There will be no further connection: what waits for one is thrown away. It is given back to
    /// be dropped [unlocked](drop_unlocked).
    pub(super) fn discard(&mut self) -> Outbox {
        self.discarded = self.discarded.saturating_add(self.outbox.bytes());
        mem::take(&mut self.outbox)
    }
}

/// Unlocks the state, and then drops what was replaced in it: a socket, a timer or a message may run code of the program as it is
/// dropped, and that may use the socket.
pub(super) fn drop_unlocked<B: Reconnect, T>(replaced: T, state: MutexGuard<'_, State<B>>) {
    drop(state);
    drop(replaced);
}
