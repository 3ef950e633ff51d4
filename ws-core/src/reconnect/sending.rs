//! What is sent: by the connection that there is, or by the next one; and whether the peer answers.

use core::{mem, time::Duration};

use super::{
    ReconnectingWebSocket,
    config::KeepAlive,
    given_up::GivenUp,
    heartbeat::Verdict,
    host::{Host as _, Reconnect},
    phase::{Farewell, Outlet, Phase},
};
use crate::{Data, Error, Event, FailureKind, ReadyState, WebSocket};

impl<B: Reconnect> ReconnectingWebSocket<B> {
    pub(super) fn transmit(&self, message: Data) -> Result<(), Error> {
        let length = message.len();
        // The connection that did not take it, and the one that has counted it all the same.
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
                    Phase::Open { socket, outlet, .. }
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
                match send(&socket, &message) {
                    Ok(()) => {
                        self.sent(connection, length);
                        return Ok(());
                    }
                    Err(Refusal::Closing) => counted_by = Some(connection),
                    Err(Refusal::Message(error)) => return Err(error),
                }
            }
        }
    }

    /// Sends what has waited, as long as it is this connection; and closes it, if the program has meanwhile.
    pub(super) fn send_waiting(&self, connection: u64) {
        if self.socket().is_none_or(|socket| socket.ready_state() != ReadyState::Open) {
            return;
        }
        // No more than there are: others may send without end.
        let count = self.0.state.lock().outbox.len();
        for _ in 0..=count {
            let Some((message, length, socket)) = self.next_waiting(connection) else { return };
            match send(&socket, &message) {
                Ok(()) => self.sent(connection, length),
                Err(Refusal::Closing) => return self.wait_again(connection, message, length),
                Err(Refusal::Message(error)) => {
                    let failure = self.0.state.lock().failure.replace(GivenUp::Refused(error).into());
                    drop(failure);
                    // It goes on with the rest if the program does not return.
                    self.send_waiting_later(connection);
                    self.fire(&Event::Error);
                }
            }
        }
        self.send_waiting_later(connection);
    }

    /// The same, if this thread is in a handler of `open`: nobody else does it.
    pub(super) fn send_waiting_here(&self) {
        let here = {
            let state = self.0.state.lock();
            match &state.phase {
                Phase::Open { outlet: outlet @ Outlet::Greeting { .. }, .. } if self.leads_out(outlet) => {
                    state.connection
                }
                _ => return,
            }
        };
        self.send_waiting(here);
    }

    /// What still waits is sent in a turn of its own.
    fn send_waiting_later(&self, connection: u64) {
        let mut state = self.0.state.lock();
        let id = state.number();
        if state.connection == connection
            && let Phase::Open { outlet, .. } = &mut state.phase
        {
            let before = mem::replace(outlet, Outlet::Draining { alarm: self.alarm(id, Duration::ZERO) });
            drop(state);
            drop(before);
        }
    }

    /// The first message that waits. When there is none, what is sent goes out, and a socket that the program has closed is closed.
    fn next_waiting(&self, connection: u64) -> Option<(Data, u64, WebSocket<B>)> {
        let mut state = self.0.state.lock();
        let state_now = &mut *state;
        if state_now.connection != connection {
            return None;
        }
        let Phase::Open { socket, outlet, farewell, .. } = &mut state_now.phase else { return None };
        let socket = socket.clone();
        if let Some((message, length)) = state_now.outbox.take() {
            *outlet = match mem::replace(outlet, Outlet::Socket) {
                Outlet::Greeting { alarm, .. } => Outlet::Draining { alarm },
                draining => draining,
            };
            return Some((message, length, socket));
        }
        let outlet = mem::replace(outlet, Outlet::Socket);
        let farewell = farewell.take();
        let before = farewell.is_some().then(|| self.enter(state_now, Phase::Closing { socket: socket.clone() }));
        drop(state);
        drop((before, outlet));
        if let Some(Farewell(close)) = farewell {
            socket.backend().close(close);
        }
        None
    }

    /// The message was not sent, though the socket counts it: it is the first again, if there is to be another connection.
    fn wait_again(&self, connection: u64, message: Data, length: u64) {
        let mut state = self.0.state.lock();
        if !state.takes_messages() {
            drop(state);
            drop(message);
            return;
        }
        state.outbox.put_back(message, length);
        if state.connection == connection {
            state.requeued = state.requeued.saturating_add(length);
        }
    }

    /// Whether what this thread sends goes out.
    fn leads_out(&self, outlet: &Outlet<B>) -> bool {
        match outlet {
            Outlet::Greeting { thread, .. } => *thread == self.0.host.thread(),
            Outlet::Draining { .. } => false,
            Outlet::Socket => true,
        }
    }

    /// So many bytes were sent by this connection.
    fn sent(&self, connection: u64, bytes: u64) {
        if self.0.config.keep_alive.is_none() {
            return;
        }
        let mut state = self.0.state.lock();
        if state.connection == connection
            && let Phase::Open { heartbeat: Some((heartbeat, _)), .. } = &mut state.phase
        {
            heartbeat.sent(bytes);
        }
    }

    /// The time is over that a peer may say nothing, or has for an answer.
    pub(super) fn beat(&self, id: u64) {
        let Some((config, buffered)) = self.keep_alive() else { return };
        let mut state = self.0.state.lock();
        let connection = state.connection;
        let next = state.number();
        let Phase::Open { heartbeat: Some((heartbeat, alarm)), .. } = &mut state.phase else { return };
        if alarm.id != id {
            return;
        }
        match heartbeat.rang(config, buffered) {
            Verdict::Wait(delay) => *alarm = self.alarm(next, delay),
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

    /// Sends the message that the peer answers.
    pub(super) fn ask_peer(&self) {
        let Some((config, buffered)) = self.keep_alive() else { return };
        let length = config.message.len();
        let mut state = self.0.state.lock();
        let id = state.number();
        let Phase::Open { socket, heartbeat: Some((heartbeat, alarm)), .. } = &mut state.phase else { return };
        *alarm = self.alarm(id, heartbeat.ask(config.timeout, length, buffered));
        let socket = socket.clone();
        drop(state);
        // A peer that has begun to close is asked in vain, and ends within the time.
        let _ = socket.send(config.message.clone());
    }

    /// What is set, and how many bytes wait for the network.
    fn keep_alive(&self) -> Option<(&KeepAlive, u64)> {
        Some((self.0.config.keep_alive.as_ref()?, self.socket()?.buffered_amount()))
    }
}

/// Why a socket did not take a message.
enum Refusal {
    /// The connection is about to end, which was not known yet: another one may take it.
    Closing,
    /// It is the message's fault, and would be so in another connection.
    Message(Error),
}

fn send<B: Reconnect>(socket: &WebSocket<B>, message: &Data) -> Result<(), Refusal> {
    let had_failed = socket.failure().is_some();
    socket.send(message.clone()).map_err(|error| {
        // More than may wait for the network.
        let is_too_much = || socket.failure().is_some_and(|failure| failure.kind() == FailureKind::Limit);
        match error {
            Error::Discarded(_) if had_failed || !is_too_much() => Refusal::Closing,
            error => Refusal::Message(error),
        }
    })
}
