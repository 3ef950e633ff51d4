//! What the handles of a socket that connects again share, and how turns are taken.

use alloc::boxed::Box;
use core::time::Duration;

use spin::Mutex;

use super::{
    ReconnectingEvent, ReconnectingWebSocket,
    attempt::Attempt,
    config::ReconnectConfig,
    host::{Host, Reconnect},
    phase::{Alarm, Open, Phase, State},
    turns::{Turn, Turns},
};
use crate::{
    Builder, CloseEvent, Event, MaybeSend, Task, WebSocket,
    backend::Audience,
    counted::{Counted, Weak},
    handlers::Handlers,
};

/// What all handles share.
pub(crate) struct Inner<B: Reconnect> {
    pub(super) host: B::Host,
    pub(super) config: ReconnectConfig,
    pub(super) source: Source<B>,
    pub(super) should_reconnect: Decide,
    pub(super) handlers: Handlers<ReconnectingWebSocket<B>, Event>,
    pub(super) retry_handlers: Handlers<ReconnectingWebSocket<B>, ReconnectingEvent>,
    pub(super) turns: Turns<B>,
    pub(super) state: Mutex<State<B>>,
}

/// The last handle is gone: an open connection ends as that of a [`WebSocket`] does, after what was
/// sent. What there is no room for is lost: nobody is left to wait for room, and sending more would
/// fail the connection.
impl<B: Reconnect> Drop for Inner<B> {
    fn drop(&mut self) {
        let State { phase: Phase::Open(open), outbox, .. } = self.state.get_mut() else { return };
        let Open { socket, farewell, .. } = open;
        B::call(|| {
            // A message that is refused is lost with its connection; one without room, with all that are behind it.
            while let Some((message, _)) = outbox.take()
                && !matches!(socket.backend().send_if_room(message), Ok(Some(_)))
            {}
            if let Some(close) = farewell.take() {
                socket.backend().close(close);
            }
        });
    }
}

/// What connections are made to.
pub(super) enum Source<B: Reconnect> {
    /// To the same each time.
    Fixed(Make<B>),
    /// To what the program says.
    Asked(Ask<B>),
}

#[cfg(not(target_arch = "wasm32"))]
mod callbacks {
    use super::*;

    pub(in super::super) type Make<B> = Box<dyn Fn() -> Builder<B> + Send + Sync>;
    pub(in super::super) type Ask<B> = Box<dyn Fn(Attempt<B>) + Send + Sync>;
    pub(in super::super) type Decide = Box<dyn Fn(&CloseEvent) -> bool + Send + Sync>;
}

#[cfg(target_arch = "wasm32")]
mod callbacks {
    use super::*;

    pub(in super::super) type Make<B> = Box<dyn Fn() -> Builder<B>>;
    pub(in super::super) type Ask<B> = Box<dyn Fn(Attempt<B>)>;
    pub(in super::super) type Decide = Box<dyn Fn(&CloseEvent) -> bool>;
}

pub(super) use callbacks::{Ask, Decide, Make};

/// Hears the socket of one connection.
pub(super) struct Relay<B: Reconnect> {
    pub(super) owner: Weak<Inner<B>>,
    pub(super) connection: u64,
}

impl<B: Reconnect> Audience<B> for Relay<B> {
    fn hear(&self, socket: &WebSocket<B>, task: Task) {
        if let Some(owner) = self.owner.upgrade() {
            let turn = Turn::Task { connection: self.connection, task };
            ReconnectingWebSocket(owner).take(turn, Some(socket));
        }
    }
}

impl<B: Reconnect> ReconnectingWebSocket<B> {
    /// Performs a turn, now or after the one that is under way. If a turn panics, an alarm does
    /// what it has left undone.
    pub(super) fn take(&self, turn: Turn, of: Option<&WebSocket<B>>) {
        let is_due = |id| self.0.state.lock().has_alarm(id);
        let mut next = self.0.turns.enter(turn, of, is_due);
        while let Some(turn) = next {
            B::call(|| match turn {
                Turn::Task { connection, task } => self.hear(connection, task),
                Turn::Alarm(id) => self.rang(id),
                Turn::Ask(connection) => self.ask(connection),
            });
            next = self.0.turns.next();
        }
    }

    /// An alarm of this number.
    pub(super) fn alarm(&self, id: u64, delay: Duration) -> Alarm<B> {
        Alarm { id, _timer: self.after(delay, move |socket| socket.take(Turn::Alarm(id), None)) }
    }

    /// Calls back after a delay, unless the last handle is gone.
    fn after(&self, delay: Duration, call: impl FnOnce(&Self) + MaybeSend + 'static) -> <B::Host as Host>::Timer {
        let owner = Counted::downgrade(&self.0);
        self.0.host.after(
            delay,
            Box::new(move || {
                if let Some(owner) = owner.upgrade() {
                    call(&Self(owner));
                }
            }),
        )
    }
}
