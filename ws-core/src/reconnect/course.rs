//! The course of a socket that connects again: how one connection follows another.
//!
//! Before the program is called, the next step is already in the state, or an alarm is set that
//! takes it: the program may panic, which nothing can catch in a browser.

use alloc::boxed::Box;
use core::{mem, time::Duration};

use super::{
    ReconnectingEvent, ReconnectingWebSocket,
    attempt::Attempt,
    given_up::GivenUp,
    host::{Host, Reconnect},
    inner::{Relay, Source},
    liveness::Liveness,
    phase::{Cause, Left, Open, Outlet, Phase, State, drop_unlocked},
    turns::Turn,
};
use crate::{Builder, CloseEvent, Error, Event, Failure, ReadyState, Task, WebSocket, counted::Counted};

impl<B: Reconnect> ReconnectingWebSocket<B> {
    /// Makes the first connection. Fails with what the constructor of its socket fails with.
    pub(super) fn begin(&self) -> Result<(), Error> {
        // The function that registers handlers may have closed the socket.
        let Some(connection) = self.begin_connection(|phase| matches!(phase, Phase::Idle)) else { return Ok(()) };
        let Source::Fixed(make) = &self.0.source else {
            self.take(Turn::Ask(connection), None);
            return Ok(());
        };
        self.open(connection, make()).inspect_err(|_| self.forget(connection))
    }

    /// Asks the program what to connect to.
    pub(super) fn ask(&self, connection: u64) {
        if let Source::Asked(ask) = &self.0.source {
            let retry_count = self.0.state.lock().back_off.count();
            ask(Attempt::new(Counted::downgrade(&self.0), connection, retry_count));
        }
    }

    /// Connects to what the program has said, if an answer is still wanted.
    pub(super) fn connect(&self, connection: u64, to: Builder<B>) {
        if !self.0.state.lock().is_asking(connection) {
            return;
        }
        if let Err(error) = self.open(connection, to) {
            self.fail_soon(connection, GivenUp::Refused(error).into());
        }
    }

    /// The connection cannot be made. The program is told in a turn of its own.
    pub(super) fn fail_soon(&self, connection: u64, cause: Failure) {
        let mut state = self.0.state.lock();
        let id = state.number();
        if state.connection == connection
            && let Phase::Connecting { deadline, failure, .. } = &mut state.phase
        {
            drop_unlocked((failure.replace(cause), mem::replace(deadline, self.alarm(id, Duration::ZERO))), state);
        }
    }

    /// A task of the socket of a connection.
    pub(super) fn hear(&self, connection: u64, task: Task) {
        match task {
            Task::Open => self.opened(connection),
            Task::Message(event) => {
                if self.received(connection) {
                    self.fire(&Event::Message(event));
                }
            }
            Task::Close { failed, event } => self.end(connection, None, failed, event),
        }
    }

    /// The alarm of this number rings. Does nothing if it is not waited for any more.
    pub(super) fn rang(&self, id: u64) {
        let mut state = self.0.state.lock();
        let (connection, next) = (state.connection, state.number());
        if !state.has_alarm(id) {
            return;
        }
        match &mut state.phase {
            Phase::Connecting { failure: failure @ None, deadline, .. } => {
                // The program may have been busy: a connection that has come meanwhile is received first.
                *failure = Some(GivenUp::Late(self.0.config.connection_timeout).into());
                drop_unlocked(mem::replace(deadline, self.alarm(next, Duration::ZERO)), state);
            }
            Phase::Connecting { failure, .. } => {
                let failure = failure.take();
                drop(state);
                if let Some(failure) = failure {
                    self.fail(connection, failure);
                }
            }
            Phase::Open(Open { outlet: Outlet::Greeting { alarm, .. } | Outlet::Draining { alarm, .. }, .. })
                if alarm.id == id =>
            {
                drop(state);
                self.send_waiting(connection);
            }
            Phase::Open(Open { outlet: Outlet::Refused { alarm, failure }, .. }) if alarm.id == id => {
                let failure = failure.clone();
                drop(state);
                self.fail(connection, failure);
            }
            Phase::Open(_) => {
                drop(state);
                self.beat(id);
            }
            Phase::Ending { alarm, event, .. } => {
                let event = event.clone();
                // Rings if the program does not return this time either.
                drop_unlocked(mem::replace(alarm, self.alarm(next, Duration::ZERO)), state);
                self.conclude(connection, event);
            }
            Phase::Waiting { cause: Cause::Program(event @ Some(_)), .. } => {
                let event = event.take();
                // Rings if the program does not return.
                drop_unlocked(self.wait(&mut state, next, Duration::ZERO, Cause::Program(None)), state);
                event.into_iter().for_each(|event| self.fire(&Event::Close(event)));
                self.connect_again(next);
            }
            Phase::Waiting { .. } => {
                drop(state);
                self.connect_again(id);
            }
            Phase::Cancelled { event, .. } => {
                let event = event.take().unwrap_or_else(CloseEvent::abnormal);
                drop_unlocked(self.enter(&mut state, Phase::Closed), state);
                self.fire(&Event::Close(event));
            }
            Phase::Idle | Phase::Closing { .. } | Phase::Closed => {}
        }
    }

    /// There is a network again, or the page is seen again.
    pub(super) fn woke(&self) {
        let mut state = self.0.state.lock();
        let id = state.number();
        match &state.phase {
            Phase::Waiting { cause: Cause::Retry, .. } => {
                drop_unlocked(self.wait(&mut state, id, Duration::ZERO, Cause::Wake), state);
            }
            Phase::Open(Open { liveness: Some((liveness, _)), .. }) if liveness.may_ask() => {
                drop(state);
                self.ask_peer();
            }
            _ => {}
        }
    }

    /// Waits for the next connection.
    pub(super) fn wait(&self, state: &mut State<B>, id: u64, delay: Duration, cause: Cause) -> Left<B> {
        self.enter(state, Phase::Waiting { alarm: self.alarm(id, delay), cause })
    }

    pub(super) fn enter(&self, state: &mut State<B>, phase: Phase<B>) -> Left<B> {
        state.enter(phase, self.0.host.now(), self.0.config.min_uptime)
    }

    /// Begins a connection, if the phase still allows it. Gives its number.
    fn begin_connection(&self, may: impl FnOnce(&Phase<B>) -> bool) -> Option<u64> {
        let mut state = self.0.state.lock();
        if !may(&state.phase) {
            return None;
        }
        if matches!(state.phase, Phase::Waiting { cause: Cause::Retry, .. }) {
            state.back_off.begin(&self.0.config);
        }
        let connection = state.number();
        let deadline = self.alarm(state.number(), self.0.config.connection_timeout);
        state.connection = connection;
        state.requeued = 0;
        drop_unlocked(self.enter(&mut state, Phase::Connecting { socket: None, deadline, failure: None }), state);
        Some(connection)
    }

    /// The first connection cannot be made, which the constructor's error says: it is as if there
    /// had been nothing.
    fn forget(&self, connection: u64) {
        let mut state = self.0.state.lock();
        if state.connection == connection {
            drop_unlocked((self.enter(&mut state, Phase::Closed), state.discard()), state);
        }
    }

    /// Makes the next connection, if this is still the alarm that is waited for.
    fn connect_again(&self, id: u64) {
        let is_due = |phase: &Phase<B>| matches!(phase, Phase::Waiting { alarm, .. } if alarm.id == id);
        let Some(connection) = self.begin_connection(is_due) else { return };
        match &self.0.source {
            Source::Fixed(make) => self.connect(connection, make()),
            Source::Asked(_) => self.ask(connection),
        }
    }

    fn open(&self, connection: u64, to: Builder<B>) -> Result<(), Error> {
        let relay = Relay { owner: Counted::downgrade(&self.0), connection };
        // If it is not wanted any more, nobody keeps the socket, and it is given up.
        to.connect_to(Box::new(relay), |socket| self.adopt(connection, socket)).map(drop)
    }

    /// Keeps the socket, from which nothing has been heard yet.
    fn adopt(&self, connection: u64, adopted: &WebSocket<B>) {
        let mut state = self.0.state.lock();
        let (is_asking, mut binary_type) = (state.is_asking(connection), state.binary_type);
        let Phase::Connecting { socket, .. } = &mut state.phase else { return };
        if !is_asking {
            return;
        }
        *socket = Some(adopted.clone());
        drop(state);
        // The program may set another type meanwhile.
        loop {
            adopted.set_binary_type(binary_type);
            let newest = self.0.state.lock().binary_type;
            if newest == binary_type {
                return;
            }
            binary_type = newest;
        }
    }

    fn opened(&self, connection: u64) {
        let mut state = self.0.state.lock();
        let (greeting, beat) = (state.number(), state.number());
        let Phase::Connecting { socket: Some(socket), .. } = &state.phase else { return };
        if state.connection != connection {
            return;
        }
        let keep_alive = self.0.config.keep_alive.as_ref();
        let open = Open {
            socket: socket.clone(),
            since: self.0.host.now(),
            outlet: Outlet::Greeting { thread: self.0.host.thread(), alarm: self.alarm(greeting, Duration::ZERO) },
            farewell: None,
            liveness: keep_alive.map(|config| (Liveness::default(), self.alarm(beat, config.interval))),
        };
        drop_unlocked((self.enter(&mut state, Phase::Open(open)), state.failure.take()), state);
        self.fire(&Event::Open);
        self.send_waiting(connection);
    }

    /// A message has come. Says whether to tell the program.
    fn received(&self, connection: u64) -> bool {
        let mut state = self.0.state.lock();
        if !state.is_of(connection) {
            return false;
        }
        if let Phase::Open(Open { liveness: Some((liveness, _)), .. }) = &mut state.phase {
            liveness.heard(self.0.host.now());
        }
        // https://websockets.spec.whatwg.org/#feedback-from-the-protocol, "When a WebSocket message has
        // been received", step 1: "If ready state is not OPEN (1), then return."
        state.ready_state() == ReadyState::Open
    }

    /// Gives a connection up, and tells the program.
    pub(super) fn fail(&self, connection: u64, failure: Failure) {
        self.end(connection, Some(failure), true, CloseEvent::abnormal());
    }

    /// A connection is over, by itself or because it is given up. There may be another.
    fn end(&self, connection: u64, failure: Option<Failure>, failed: bool, event: CloseEvent) {
        if !self.leave(connection, failure, failed, &event) {
            return;
        }
        if failed {
            self.fire(&Event::Error);
        }
        self.conclude(connection, event);
    }

    /// Leaves a connection. False if it was left before.
    fn leave(&self, connection: u64, failure: Option<Failure>, failed: bool, event: &CloseEvent) -> bool {
        let failure = failure.or_else(|| self.socket()?.failure());
        let mut state = self.0.state.lock();
        let socket = state.socket().cloned();
        let alarm = self.alarm(state.number(), Duration::ZERO);
        let is_last = match &state.phase {
            _ if state.connection != connection => return false,
            Phase::Connecting { .. } | Phase::Open(Open { farewell: None, .. }) => false,
            Phase::Open(_) | Phase::Closing { .. } => true,
            _ => return false,
        };
        let next = Phase::Ending { event: event.clone(), was_asked: false, is_last, alarm };
        let before = self.enter(&mut state, next);
        let failure = if failed { mem::replace(&mut state.failure, failure) } else { failure };
        drop_unlocked((before, failure), state);
        if let Some(socket) = socket {
            socket.close();
        }
        true
    }

    /// Decides what follows a connection, unless the program has begun anew meanwhile, and tells of
    /// its end.
    fn conclude(&self, connection: u64, event: CloseEvent) {
        let again = self.may_retry(connection, &event);
        let retry = self.decide(connection, again);
        self.take_over();
        self.fire(&Event::Close(event));
        if let Some((id, event)) = retry
            && matches!(&self.0.state.lock().phase, Phase::Waiting { alarm, cause: Cause::Retry } if alarm.id == id)
        {
            self.0.retry_handlers.dispatch(self, &event);
        }
    }

    /// Whether there may be another connection, and the program wants one.
    fn may_retry(&self, connection: u64, event: &CloseEvent) -> bool {
        {
            let mut state = self.0.state.lock();
            if state.connection != connection || !state.back_off.is_left(&self.0.config) {
                return false;
            }
            let Phase::Ending { was_asked, is_last: false, .. } = &mut state.phase else { return false };
            // A program that panicked when it was asked keeps its socket.
            if mem::replace(was_asked, true) {
                return true;
            }
        }
        (self.0.should_reconnect)(event)
    }

    /// This end is told here. A program that has begun anew or closed the socket meanwhile has set
    /// an alarm that would tell it, too.
    fn take_over(&self) {
        let mut state = self.0.state.lock();
        let event = match &mut state.phase {
            Phase::Waiting { cause: Cause::Program(event), .. } | Phase::Cancelled { event, .. } => event.take(),
            _ => None,
        };
        drop_unlocked(event, state);
    }

    /// What follows a connection: another one, with the number of its alarm, or nothing.
    fn decide(&self, connection: u64, again: bool) -> Option<(u64, ReconnectingEvent)> {
        let last_socket = self.0.state.lock().last_socket.clone();
        let buffered = match last_socket {
            Some((of, socket)) if of == connection => socket.buffered_amount(),
            _ => 0,
        };
        let mut state = self.0.state.lock();
        if state.connection != connection {
            return None;
        }
        let id = state.number();
        if again && matches!(state.phase, Phase::Ending { is_last: false, .. }) {
            let delay = state.back_off.delay(&self.0.config, self.0.host.chance());
            let event = ReconnectingEvent { attempt: state.back_off.count().saturating_add(1), delay };
            drop_unlocked(self.wait(&mut state, id, delay, Cause::Retry), state);
            return Some((id, event));
        }
        let before = self.enter(&mut state, Phase::Closed);
        let unsent = buffered.saturating_sub(state.requeued);
        state.discarded = state.discarded.saturating_add(unsent);
        let discarded = state.discard();
        drop_unlocked((before, discarded), state);
        None
    }

    /// The socket of the connection that there is or is to be.
    pub(super) fn socket(&self) -> Option<WebSocket<B>> {
        self.0.state.lock().socket().cloned()
    }

    pub(super) fn fire(&self, event: &Event) {
        self.0.handlers.dispatch(self, event);
    }
}
