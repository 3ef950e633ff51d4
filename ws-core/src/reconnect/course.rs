//! The course of a socket that connects again: how one connection follows another.

use alloc::{boxed::Box, format};
use core::{mem, time::Duration};

use super::{
    ReconnectingEvent, ReconnectingWebSocket,
    attempt::Attempt,
    config::KeepAlive,
    heartbeat::{Heartbeat, Verdict},
    host::{Host, Reconnect},
    inner::{Relay, Source},
    phase::{Cause, Left, Outlet, Phase, State},
    turns::Turn,
};
use crate::{
    Builder, CloseEvent, Data, Error, Event, Failure, FailureKind, ReadyState, Task, WebSocket, counted::Counted,
};

impl<B: Reconnect> ReconnectingWebSocket<B> {
    /// Makes the first connection, unless the program has closed it. What the constructor of its socket throws is thrown.
    pub(super) fn begin(&self) -> Result<(), Error> {
        if matches!(self.0.state.lock().phase, Phase::Closed) {
            return Ok(());
        }
        let connection = self.begin_connection();
        let Source::Fixed(make) = &self.0.source else {
            self.take(Turn::Ask, None);
            return Ok(());
        };
        let begun = self.open(connection, make());
        if begun.is_err() {
            // The program may have kept a handle.
            self.begin_nothing();
        }
        begun
    }

    /// There is to be no connection, of which nothing is told.
    fn begin_nothing(&self) {
        let mut state = self.0.state.lock();
        let before = self.enter(&mut state, Phase::Closed);
        let discarded = state.discard();
        drop(state);
        drop((before, discarded));
    }

    /// Asks the program what to connect to, if it is to be asked still.
    pub(super) fn ask(&self) {
        let (connection, retry_count) = {
            let state = self.0.state.lock();
            (state.connection, state.back_off.count())
        };
        if let Source::Asked(ask) = &self.0.source {
            ask(Attempt::new(Counted::downgrade(&self.0), connection, retry_count));
        }
    }

    /// Connects to what the program has said, if that is waited for still.
    pub(super) fn connect(&self, connection: u64, to: Builder<B>) {
        if !self.0.state.lock().is_asking(connection) {
            return;
        }
        if let Err(error) = self.open(connection, to) {
            let kind = if matches!(error, Error::Security(_)) { FailureKind::Policy } else { FailureKind::Misuse };
            self.fail_soon(connection, Failure::new(kind, error));
        }
    }

    /// The connection cannot be made, of which is told in a turn of its own.
    pub(super) fn fail_soon(&self, connection: u64, cause: Failure) {
        let mut state = self.0.state.lock();
        let state = &mut *state;
        if state.connection != connection {
            return;
        }
        let id = state.number();
        if let Phase::Connecting { deadline, failure, .. } = &mut state.phase {
            *failure = Some(cause);
            // A timer may be dropped under the lock: nothing of the program is in it.
            *deadline = self.alarm(id, Duration::ZERO);
        }
    }

    /// A task of the socket of a connection.
    pub(super) fn hear(&self, connection: u64, task: Task) {
        match task {
            Task::Open => self.opened(connection),
            Task::Message(event) => {
                {
                    let mut state = self.0.state.lock();
                    if !state.is_of(connection) {
                        return;
                    }
                    if let Phase::Open { heartbeat: Some((heartbeat, _)), .. } = &mut state.phase {
                        heartbeat.heard();
                    }
                }
                self.fire(&Event::Message(event));
            }
            Task::Close { failed, event } => self.end(connection, None, failed, event),
        }
    }

    /// An alarm rings, if it still is one.
    pub(super) fn rang(&self, id: u64) {
        let mut state = self.0.state.lock();
        let connection = state.connection;
        match &mut state.phase {
            Phase::Connecting { deadline, failure, .. } if deadline.id == id => {
                let failure = failure.take();
                drop(state);
                self.fail(connection, failure.unwrap_or_else(|| self.too_late()));
            }
            Phase::Open { heartbeat: Some((_, alarm)), .. } if alarm.id == id => {
                drop(state);
                self.beat(id);
            }
            Phase::Waiting { alarm, cause } if alarm.id == id => {
                let event = match cause {
                    Cause::Retry => {
                        state.back_off.begin(&self.0.config);
                        None
                    }
                    Cause::Wake => None,
                    Cause::Program(event) => event.take(),
                };
                drop(state);
                if let Some(event) = event {
                    self.fire(&Event::Close(event));
                }
                self.connect_again(id);
            }
            Phase::Closing { alarm: Some(alarm), event, .. } if alarm.id == id => {
                let event = event.take().unwrap_or_else(CloseEvent::abnormal);
                state.phase = Phase::Closed;
                drop(state);
                self.fire(&Event::Close(event));
            }
            _ => {}
        }
    }

    /// There is a network again, or the page is seen again.
    pub(super) fn woke(&self) {
        let mut state = self.0.state.lock();
        let id = state.number();
        match &mut state.phase {
            Phase::Waiting { alarm, cause: cause @ Cause::Retry } => {
                *cause = Cause::Wake;
                *alarm = self.alarm(id, Duration::ZERO);
            }
            Phase::Open { heartbeat: Some((heartbeat, _)), .. } if heartbeat.may_ask() => {
                drop(state);
                self.ask_peer();
            }
            _ => {}
        }
    }

    /// A connection is to be made from now on.
    fn begin_connection(&self) -> u64 {
        let mut state = self.0.state.lock();
        let connection = state.number();
        let deadline = self.alarm(state.number(), self.0.config.connection_timeout);
        state.connection = connection;
        let phase = Phase::Connecting { socket: None, deadline, failure: None };
        let before = self.enter(&mut state, phase);
        drop(state);
        drop(before);
        connection
    }

    /// Makes the next connection, if this alarm was the newest to say so.
    fn connect_again(&self, id: u64) {
        if !self.is_waiting_for(id) {
            return;
        }
        let connection = self.begin_connection();
        match &self.0.source {
            Source::Fixed(make) => self.connect(connection, make()),
            Source::Asked(_) => self.ask(),
        }
    }

    fn open(&self, connection: u64, to: Builder<B>) -> Result<(), Error> {
        let relay = Relay { owner: Counted::downgrade(&self.0), connection };
        // Nobody takes it if it is not wanted any more, and it is given up.
        to.connect_to(Box::new(relay), |socket| self.adopt(connection, socket)).map(drop)
    }

    /// Keeps the socket, of which there is nothing heard yet.
    fn adopt(&self, connection: u64, adopted: &WebSocket<B>) {
        let mut state = self.0.state.lock();
        let (is_asking, binary_type) = (state.is_asking(connection), state.binary_type);
        if let Phase::Connecting { socket, .. } = &mut state.phase
            && is_asking
        {
            *socket = Some(adopted.clone());
            drop(state);
            adopted.set_binary_type(binary_type);
        }
    }

    fn opened(&self, connection: u64) {
        let mut state = self.0.state.lock();
        let id = state.number();
        let Phase::Connecting { socket: Some(socket), .. } = &state.phase else { return };
        if state.connection != connection {
            return;
        }
        let heartbeat = self.0.config.keep_alive.as_ref();
        let phase = Phase::Open {
            socket: socket.clone(),
            since: self.0.host.now(),
            // What a handler of `open` sends goes before what has waited.
            outlet: Outlet::Socket,
            heartbeat: heartbeat.map(|config| (Heartbeat::default(), self.alarm(id, config.interval))),
        };
        let before = self.enter(&mut state, phase);
        let failure = state.failure.take();
        drop(state);
        drop((before, failure));
        self.fire(&Event::Open);
        self.send_waiting(connection);
    }

    /// Sends what has waited, as long as it is this connection.
    pub(super) fn send_waiting(&self, connection: u64) {
        while let Some((message, socket)) = self.next_waiting(connection) {
            let bytes = message.len();
            match socket.send(message.clone()) {
                Ok(()) => self.sent(connection, bytes),
                Err(Error::Discarded(_)) => {
                    // The peer has begun to close: it goes out by the next connection.
                    self.0.state.lock().outbox.put_back(message);
                    return;
                }
                Err(error) => {
                    let failure = self.0.state.lock().failure.replace(Failure::new(FailureKind::Misuse, error));
                    drop(failure);
                    self.fire(&Event::Error);
                }
            }
        }
    }

    fn next_waiting(&self, connection: u64) -> Option<(Data, WebSocket<B>)> {
        let mut state = self.0.state.lock();
        let state = &mut *state;
        if state.connection != connection {
            return None;
        }
        let Phase::Open { socket, outlet, .. } = &mut state.phase else { return None };
        if socket.ready_state() != ReadyState::Open {
            return None;
        }
        *outlet = if state.outbox.is_empty() { Outlet::Socket } else { Outlet::Outbox };
        Some((state.outbox.take()?, socket.clone()))
    }

    /// So many bytes were sent by this connection.
    pub(super) fn sent(&self, connection: u64, bytes: u64) {
        let mut state = self.0.state.lock();
        if state.connection == connection
            && let Phase::Open { heartbeat: Some((heartbeat, _)), .. } = &mut state.phase
        {
            heartbeat.sent(bytes);
        }
    }

    /// A connection is over, by itself or because it is given up. There may be another.
    fn end(&self, connection: u64, failure: Option<Failure>, failed: bool, event: CloseEvent) {
        let Some(socket) = self.leave(connection, failure, failed) else { return };
        if let Some(socket) = &socket {
            socket.close();
        }
        if failed {
            self.fire(&Event::Error);
        }
        let again = self.may_retry() && (self.0.should_reconnect)(&event);
        let retry = self.decide(connection, again, socket.map_or(0, |socket| socket.buffered_amount()));
        self.fire(&Event::Close(event));
        if let Some((id, event)) = retry
            && self.is_waiting_for(id)
        {
            self.0.retry_handlers.dispatch(self, &event);
        }
    }

    /// Leaves a connection, and gives its socket. None if it was left before.
    fn leave(&self, connection: u64, failure: Option<Failure>, failed: bool) -> Option<Option<WebSocket<B>>> {
        let mut state = self.0.state.lock();
        let socket = state.socket().cloned();
        let next = match &state.phase {
            _ if state.connection != connection => return None,
            Phase::Connecting { .. } | Phase::Open { .. } => Phase::Ending,
            Phase::Closing { socket: Some(_), .. } => Phase::Closing { socket: None, alarm: None, event: None },
            _ => return None,
        };
        let before = self.enter(&mut state, next);
        let failure = failure.or_else(|| socket.as_ref()?.failure());
        let failure = if failed { mem::replace(&mut state.failure, failure) } else { failure };
        drop(state);
        drop((before, failure));
        Some(socket)
    }

    /// Whether it is the program's to say if there is to be another connection.
    fn may_retry(&self) -> bool {
        let state = self.0.state.lock();
        matches!(state.phase, Phase::Ending) && state.back_off.is_left(&self.0.config)
    }

    /// What comes behind a connection, if the program has not begun anew meanwhile: another one, or none.
    fn decide(&self, connection: u64, again: bool, unsent: u64) -> Option<(u64, ReconnectingEvent)> {
        let mut state = self.0.state.lock();
        if state.connection != connection {
            return None;
        }
        if again && matches!(state.phase, Phase::Ending) {
            let delay = state.back_off.delay(&self.0.config, self.0.host.chance());
            let event = ReconnectingEvent { attempt: state.back_off.count().saturating_add(1), delay };
            let id = state.number();
            state.phase = Phase::Waiting { alarm: self.alarm(id, delay), cause: Cause::Retry };
            return Some((id, event));
        }
        state.phase = Phase::Closed;
        state.discarded = state.discarded.saturating_add(unsent);
        let discarded = state.discard();
        drop(state);
        drop(discarded);
        None
    }

    fn is_waiting_for(&self, id: u64) -> bool {
        matches!(&self.0.state.lock().phase, Phase::Waiting { alarm, .. } if alarm.id == id)
    }

    /// The time is over that a peer may say nothing, or has for an answer.
    fn beat(&self, id: u64) {
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
                let words = format!("the peer said nothing for {:?}", config.timeout);
                self.fail(connection, Failure::new(FailureKind::Timeout, words));
            }
        }
    }

    /// Sends the message that the peer answers.
    fn ask_peer(&self) {
        let Some((config, buffered)) = self.keep_alive() else { return };
        let mut state = self.0.state.lock();
        let id = state.number();
        let Phase::Open { socket, heartbeat: Some((heartbeat, alarm)), .. } = &mut state.phase else { return };
        *alarm = self.alarm(id, heartbeat.ask(config, buffered));
        let socket = socket.clone();
        drop(state);
        // A peer that has begun to close is asked in vain, and ends within the time.
        let _ = socket.send(config.message.clone());
    }

    /// What is set, and how many bytes wait for the network.
    fn keep_alive(&self) -> Option<(&KeepAlive, u64)> {
        Some((self.0.config.keep_alive.as_ref()?, self.socket()?.buffered_amount()))
    }

    fn fail(&self, connection: u64, failure: Failure) {
        self.end(connection, Some(failure), true, CloseEvent::abnormal());
    }

    fn too_late(&self) -> Failure {
        let words = format!("there was no connection within {:?}", self.0.config.connection_timeout);
        Failure::new(FailureKind::Timeout, words)
    }

    /// The socket of the connection that there is or is to be.
    pub(super) fn socket(&self) -> Option<WebSocket<B>> {
        self.0.state.lock().socket().cloned()
    }

    pub(super) fn enter(&self, state: &mut State<B>, phase: Phase<B>) -> Left<B> {
        state.enter(phase, self.0.host.now(), self.0.config.min_uptime)
    }

    fn fire(&self, event: &Event) {
        self.0.handlers.dispatch(self, event);
    }
}
