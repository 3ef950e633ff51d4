//! How the socket of a component connects again.

use std::rc::Rc;

use crate::{Attempt, CloseEvent, ReconnectConfig, ReconnectingEvent, ReconnectingWebSocket};

/// What is set for a socket that connects again.
#[derive(Clone)]
pub struct Reconnection {
    pub(super) config: ReconnectConfig,
    /// What to connect to; nothing: to the hook's URL.
    pub(super) ask: Option<Rc<dyn Fn(Attempt, &str)>>,
    /// After which end to connect again; nothing: as the socket does by itself.
    pub(super) should_reconnect: Option<Rc<dyn Fn(&CloseEvent) -> bool>>,
    pub(super) onreconnecting: Rc<dyn Fn(&ReconnectingWebSocket, &ReconnectingEvent)>,
}

impl Reconnection {
    pub(super) fn new(config: ReconnectConfig) -> Self {
        Self { config, ask: None, should_reconnect: None, onreconnecting: Rc::new(|_, _| ()) }
    }
}
