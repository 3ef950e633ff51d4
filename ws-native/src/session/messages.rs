//! Messages that have come wholly, all at once: for hosts that have a task of their own for each.

use core::time::Duration;

use ws_core::{Message, ReadyState};

use super::Session;
use crate::proto::Event;

impl Session {
    /// Takes the messages that come next and are there wholly, as long as `take` says that it wants more. The host hands them
    /// over as it does those of [`next_task`](Self::next_task), each in a task of its own and before it asks for another task,
    /// and forgets those that are left when the socket is not open any more.
    ///
    /// Nothing is looked at that comes behind them, so that what a program answers to one of them is not too late for the end
    /// of the connection.
    pub fn take_messages(&mut self, now: Duration, mut take: impl FnMut(Message) -> bool) {
        if self.model.has_tasks() || self.model.ready_state() != ReadyState::Open || self.has_pong() {
            return;
        }
        while let Some(event) = self.connection.poll_whole_message(now) {
            let wants_more = match event {
                Event::Text(text) => take(Message::Text(text)),
                Event::Binary(bytes) => take(Message::Binary(bytes)),
                // It was wrong.
                other => {
                    if let Some(feedback) = self.feedback(other) {
                        self.model.feedback(feedback);
                    }
                    false
                }
            };
            if !wants_more {
                return;
            }
        }
    }
}
