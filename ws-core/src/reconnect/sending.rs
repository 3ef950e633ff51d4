//! Sending, by this connection or the next one; and whether the peer still answers.

use core::{mem, time::Duration};

use super::{
    ReconnectingWebSocket,
    config::KeepAlive,
    given_up::GivenUp,
    host::{Host as _, Reconnect},
    liveness::Verdict,
    phase::{Open, Outlet, Phase, drop_unlocked},
    stall::Stall,
};
use crate::{Data, Error, Failure, FailureKind, ReadyState, WebSocket};

impl<B: Reconnect> ReconnectingWebSocket<B> {
    pub(super) fn transmit(&self, message: Data) -> Result<(), Error> {
        let length = message.len();
        // The connection that did not take the message, and the one that has counted its bytes all
        // the same.
        let (mut refused_by, mut counted_by) = (None, None);
        loop {
            let (socket, connection) = {
                let mut state = self.0.state.lock();
                let is_counted = counted_by == Some(state.connection);
                if !state.takes_messages() {
                    let discarded = if is_counted { 0 } else { length };
                    state.discarded = state.discarded.saturating_add(discarded);
                    return Err(Error::Discarded(state.ready_state()));
                }
                match &state.phase {
                    Phase::Open(Open { socket, outlet, .. })
                        if refused_by != Some(state.connection) && self.leads_out(outlet) =>
                    {
                        (socket.clone(), state.connection)
                    }
                    _ => {
                        let outcome = state.outbox.put(message, length, &self.0.config);
                        if outcome.is_ok() && is_counted {
                            state.requeued = state.requeued.saturating_add(length);
                        }
                        drop(state);
                        return outcome.map_err(|_| Error::QuotaExceeded);
                    }
                }
            };
            refused_by = Some(connection);
            // When the peer has begun to close, a socket takes messages and throws them away.
            if socket.ready_state() == ReadyState::Open {
                match socket.send(message.clone()) {
                    Ok(()) => {
                        self.sent(connection, length);
                        return Ok(());
                    }
                    Err(error) if is_at_fault(length, &error, &socket) => return Err(error),
                    Err(_) => counted_by = Some(connection),
                }
            }
        }
    }

    /// Sends what has waited, as long as it is this connection; and closes it, if the program has meanwhile.
    pub(super) fn send_waiting(&self, connection: u64) {
        let Some(socket) = self.socket() else { return };
        if socket.ready_state() != ReadyState::Open {
            return;
        }
        // No more than there are: others may send without end.
        let count = self.0.state.lock().outbox.len();
        for _ in 0..=count {
            let Some((length, is_closed)) = self.next_waiting(connection) else { return };
            // A message can wait here as well as in the socket, where too many bytes would fail the
            // connection. When the program has closed the socket, all that there is room for goes
            // out, with the Close frame behind it.
            let left = socket.buffered_amount();
            let is_enough = !is_closed && left > socket.backend().high_water_mark();
            if is_enough || !socket.backend().has_room(length) {
                return self.wait_for_room(connection, left);
            }
            let Some((message, length)) = self.take_waiting(connection) else { return };
            let is_sent = self.send_taken(connection, &socket, message, length, left);
            self.0.state.lock().settle(length);
            if !is_sent {
                return;
            }
        }
        // What still waits is sent in a turn of its own.
        self.turn_outlet(connection, |id| Outlet::Draining { alarm: self.alarm(id, Duration::ZERO), stall: None });
    }

    /// Sends a message that has waited, while so many bytes are left before it. If it cannot be sent, it has found its place.
    fn send_taken(&self, connection: u64, socket: &WebSocket<B>, message: Data, length: u64, left: u64) -> bool {
        match socket.backend().send_if_room(message.clone()) {
            Ok(None) => {
                self.sent(connection, length);
                return true;
            }
            // Something else, such as the answer to a ping, has taken the room since it was looked at.
            Ok(Some(_)) => {
                self.put_back(connection, message, length);
                self.wait_for_room(connection, left);
            }
            Err(error) if is_at_fault(length, &error, socket) => self.refuse(connection, socket, error),
            Err(_) => self.wait_again(connection, message, length),
        }
        false
    }

    /// The socket has refused a message that had waited. If it was too large, the socket has failed
    /// by itself; otherwise this connection is failed here, in a turn of its own, for the message
    /// may have been sent by the program's call of `close()`.
    fn refuse(&self, connection: u64, socket: &WebSocket<B>, error: Error) {
        if socket.failure().is_none() {
            let failure = Failure::from(GivenUp::Refused(error));
            self.turn_outlet(connection, |id| Outlet::Refused { alarm: self.alarm(id, Duration::ZERO), failure });
        }
    }

    /// Changes where this connection's messages go.
    fn turn_outlet(&self, connection: u64, to: impl FnOnce(u64) -> Outlet<B>) {
        let mut state = self.0.state.lock();
        let id = state.number();
        if let Some(open) = state.open(connection) {
            drop_unlocked(mem::replace(&mut open.outlet, to(id)), state);
        }
    }

    /// There is no room for the first message while this many bytes wait for the network. Looks
    /// again after a while, unless the program has closed the socket and the peer takes no more.
    fn wait_for_room(&self, connection: u64, left: u64) {
        let now = self.0.host.now();
        let mut state = self.0.state.lock();
        let id = state.number();
        let Some(Open { outlet, farewell, .. }) = state.open(connection) else { return };
        let before = match outlet {
            Outlet::Draining { stall, .. } => *stall,
            _ => None,
        };
        let stall = Stall::look(before, left, now);
        if farewell.is_some() && stall.is_hopeless(now) {
            drop(state);
            return self.say_farewell(connection);
        }
        let alarm = self.alarm(id, stall.pause(now));
        drop_unlocked(mem::replace(outlet, Outlet::Draining { alarm, stall: Some(stall) }), state);
    }

    /// The length of the first message that waits, and whether the program has closed the socket.
    /// If none waits, messages go straight to the socket from now on, and a socket that the program
    /// has closed is now closed.
    fn next_waiting(&self, connection: u64) -> Option<(u64, bool)> {
        let mut state = self.0.state.lock();
        let first = state.outbox.first();
        let Open { outlet, farewell, .. } = state.open(connection)?;
        match (outlet, first) {
            (Outlet::Refused { .. }, _) => {}
            (_, Some(length)) => return Some((length, farewell.is_some())),
            (_, None) if farewell.is_some() => {
                drop(state);
                self.say_farewell(connection);
            }
            (outlet, None) => {
                drop_unlocked(mem::replace(outlet, Outlet::Socket), state);
            }
        }
        None
    }

    /// The first message that waits, for which there is room.
    fn take_waiting(&self, connection: u64) -> Option<(Data, u64)> {
        let mut state = self.0.state.lock();
        let Open { outlet, .. } = state.open(connection)?;
        *outlet = match mem::replace(outlet, Outlet::Socket) {
            Outlet::Greeting { alarm, .. } | Outlet::Draining { alarm, .. } => Outlet::Draining { alarm, stall: None },
            outlet => outlet,
        };
        let (message, length) = state.outbox.take()?;
        state.taken = state.taken.saturating_add(length);
        Some((message, length))
    }

    /// There was no room for the message: it becomes the first again, if this connection goes on or there may be another.
    fn put_back(&self, connection: u64, message: Data, length: u64) {
        let mut state = self.0.state.lock();
        if state.open(connection).is_none() && !state.takes_messages() {
            state.discarded = state.discarded.saturating_add(length);
            return drop_unlocked(message, state);
        }
        state.outbox.put_back(message, length);
    }

    /// Closes a socket as the program has. What still waits is thrown away.
    fn say_farewell(&self, connection: u64) {
        let mut state = self.0.state.lock();
        let Some(Open { socket, farewell, .. }) = state.open(connection) else { return };
        let Some(close) = farewell.take() else { return };
        let socket = socket.clone();
        let closing = Phase::Closing { socket: socket.clone() };
        drop_unlocked((self.enter(&mut state, closing), state.discard()), state);
        socket.backend().close(close);
    }

    /// The message was not sent, though the socket has counted it: it becomes the first again, if
    /// there may be another connection.
    fn wait_again(&self, connection: u64, message: Data, length: u64) {
        let mut state = self.0.state.lock();
        if !state.takes_messages() {
            return drop_unlocked(message, state);
        }
        state.outbox.put_back(message, length);
        if state.connection == connection {
            state.requeued = state.requeued.saturating_add(length);
        }
    }

    /// Whether a message that this thread sends goes to the socket at once.
    pub(super) fn leads_out(&self, outlet: &Outlet<B>) -> bool {
        match outlet {
            Outlet::Greeting { thread, .. } => *thread == self.0.host.thread(),
            Outlet::Draining { .. } | Outlet::Refused { .. } => false,
            Outlet::Socket => true,
        }
    }

    /// This many bytes were sent by this connection.
    fn sent(&self, connection: u64, bytes: u64) {
        if self.0.config.keep_alive.is_none() {
            return;
        }
        let mut state = self.0.state.lock();
        if let Some(Open { liveness: Some((liveness, _)), .. }) = state.open(connection) {
            liveness.sent(bytes);
        }
    }

    /// The time is over in which the peer should have said something, or have answered.
    pub(super) fn beat(&self, id: u64) {
        let Some((config, buffered)) = self.keep_alive() else { return };
        let mut state = self.0.state.lock();
        let connection = state.connection;
        let next = state.number();
        let Phase::Open(Open { liveness: Some((liveness, alarm)), .. }) = &mut state.phase else { return };
        if alarm.id != id {
            return;
        }
        match liveness.rang(config, buffered, self.0.host.now()) {
            Verdict::Wait(delay) => {
                drop_unlocked(mem::replace(alarm, self.alarm(next, delay)), state);
            }
            Verdict::Ask => {
                drop(state);
                self.ask_peer();
            }
            Verdict::GiveUp => {
                drop(state);
                self.fail(connection, GivenUp::Silent(config.timeout).into());
            }
        }
    }

    /// Sends the message that the peer answers, if there is room for it.
    pub(super) fn ask_peer(&self) {
        let Some((config, buffered)) = self.keep_alive() else { return };
        let length = config.message.len();
        let mut state = self.0.state.lock();
        let (id, connection) = (state.number(), state.connection);
        let Phase::Open(Open { socket, liveness: Some((liveness, alarm)), .. }) = &mut state.phase else { return };
        // Known before it is sent: another thread may hear the answer at once.
        let before = mem::replace(alarm, self.alarm(id, liveness.ask(config.timeout, length, buffered)));
        let socket = socket.clone();
        drop_unlocked(before, state);
        // Without room, the question would fail a connection that may be well. A peer that has begun to close is asked in vain, and
        // ends within the time.
        if let Ok(Some(_)) = socket.backend().send_if_room(config.message.clone())
            && let Some(Open { liveness: Some((liveness, _)), .. }) = self.0.state.lock().open(connection)
        {
            liveness.could_not_ask(length);
        }
    }

    /// The settings of `keep_alive`, if it is on, and how many bytes wait for the network.
    fn keep_alive(&self) -> Option<(&KeepAlive, u64)> {
        Some((self.0.config.keep_alive.as_ref()?, self.socket()?.buffered_amount()))
    }
}

/// Whether the message is why a socket has not taken it, so that any other connection would not, either: it is more than may wait for
/// the network. Otherwise the connection is about to end, which was not known before; the next one may take the message.
fn is_at_fault<B: Reconnect>(length: u64, error: &Error, socket: &WebSocket<B>) -> bool {
    match error {
        Error::Discarded(_) => {
            let has_failed = || socket.failure().is_some_and(|failure| failure.kind() == FailureKind::Limit);
            !socket.backend().fits(length) && has_failed()
        }
        _ => true,
    }
}
