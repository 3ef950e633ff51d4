//! A socket about to be made.

use alloc::boxed::Box;
use core::fmt;

use spin::Mutex;

use super::{
    ReconnectingWebSocket,
    back_off::BackOff,
    config::ReconnectConfig,
    host::{Host as _, Reconnect},
    inner::{Decide, Inner, Source},
    phase::State,
    turns::Turns,
};
use crate::{CloseEvent, Error, MaybeSend, MaybeSync, counted::Counted, handlers::Handlers};

/// A socket that connects again, about to be made.
///
/// ```
/// # fn program<B: ws_core::Reconnect>() -> Result<(), ws_core::Error> {
/// use std::time::Duration;
/// use ws_core::{ReconnectConfig, ReconnectingWebSocket};
/// let mut config = ReconnectConfig::default();
/// config.min_reconnection_delay = Duration::from_millis(200);
/// config.max_retries = Some(20);
/// let socket = ReconnectingWebSocket::<B>::builder("wss://example.org/feed")
///     .config(config)
///     // This server says 4001 to those who may not come back.
///     .should_reconnect(|event| event.code.get() != 4001)
///     .connect()?;
/// # drop(socket);
/// # Ok(()) }
/// ```
#[must_use = "nothing is connected before `connect` or `connect_with`"]
pub struct ReconnectingBuilder<B: Reconnect> {
    source: Source<B>,
    config: ReconnectConfig,
    should_reconnect: Decide,
}

impl<B: Reconnect> ReconnectingBuilder<B> {
    pub(super) fn new(source: Source<B>) -> Self {
        Self {
            source,
            config: ReconnectConfig::default(),
            should_reconnect: Box::new(|event| BackOff::is_worth_it(event.code)),
        }
    }

    /// Sets when to connect again, and what may wait for it.
    pub fn config(mut self, config: ReconnectConfig) -> Self {
        self.config = config;
        self
    }

    /// Sets after which end of a connection another one is made. The function is called before that
    /// end is told, if a retry is left and the program has not closed the socket.
    ///
    /// Default: after all codes but 1000, 1002, 1003 and 1007 to 1010, after which the same would
    /// happen again. A connection that the page's policy forbids ends with 1006, just as one that
    /// cannot be made at the moment. [`failure`](ReconnectingWebSocket::failure) then says
    /// [`FailureKind::Policy`](crate::FailureKind::Policy), except in Chromium, which does not tell
    /// that the page's Content Security Policy forbids it.
    pub fn should_reconnect(
        mut self,
        should_reconnect: impl Fn(&CloseEvent) -> bool + MaybeSend + MaybeSync + 'static,
    ) -> Self {
        self.should_reconnect = Box::new(should_reconnect);
        self
    }

    /// Makes the socket and starts to connect.
    ///
    /// # Errors
    /// As [`ReconnectingWebSocket::new`].
    pub fn connect(self) -> Result<ReconnectingWebSocket<B>, Error> {
        self.connect_with(|_| ())
    }

    /// Makes the socket, lets the program register its handlers, and then starts to connect: so that no event is missed where the
    /// program has several threads.
    ///
    /// # Errors
    /// As [`ReconnectingWebSocket::new`].
    pub fn connect_with(
        self,
        register: impl FnOnce(&ReconnectingWebSocket<B>),
    ) -> Result<ReconnectingWebSocket<B>, Error> {
        let Self { source, config, should_reconnect } = self;
        let start_closed = config.start_closed;
        let mut host = B::host()?;
        let socket = ReconnectingWebSocket(Counted::new_cyclic(|inner| {
            let sleeping = inner.clone();
            host.on_wake(Box::new(move || {
                if let Some(inner) = sleeping.upgrade() {
                    ReconnectingWebSocket(inner).woke();
                }
            }));
            Inner {
                host,
                config,
                source,
                should_reconnect,
                handlers: Handlers::new(),
                retry_handlers: Handlers::new(),
                turns: Turns::new(),
                state: Mutex::new(State::new()),
            }
        }));
        register(&socket);
        if !start_closed {
            socket.begin()?;
        }
        Ok(socket)
    }
}

impl<B: Reconnect> fmt::Debug for ReconnectingBuilder<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReconnectingBuilder").field("config", &self.config).finish_non_exhaustive()
    }
}
