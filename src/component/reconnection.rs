//! How the socket of a component connects again.

use std::fmt;
use std::rc::Rc;

use crate::{Attempt, CloseEvent, ReconnectConfig, ReconnectingEvent, ReconnectingWebSocket};

type Ask = dyn Fn(Attempt, &str);
type Decide = dyn Fn(&CloseEvent) -> bool;
type Tell = dyn Fn(&ReconnectingWebSocket, &ReconnectingEvent);

/// What is set for a socket that connects again.
#[derive(Clone)]
pub struct Reconnection {
    pub(super) config: ReconnectConfig,
    /// Says what to connect to. `None`: to the hook's URL.
    pub(super) ask: Option<Rc<Ask>>,
    /// Says after which end to connect again. `None`: the socket's default.
    pub(super) should_reconnect: Option<Rc<Decide>>,
    pub(super) onreconnecting: Rc<Tell>,
}

impl Reconnection {
    pub(super) fn new(config: ReconnectConfig) -> Self {
        Self { config, ask: None, should_reconnect: None, onreconnecting: Rc::new(|_, _| ()) }
    }
}

impl fmt::Debug for Reconnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reconnection").field("config", &self.config).finish_non_exhaustive()
    }
}
