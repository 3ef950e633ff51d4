//! Messages for hosts that have a task of their own for each: those that have come wholly, all at once, and long ones, which the
//! host takes past the session.

use core::ops::Range;
use core::time::Duration;

use bytes::Bytes;
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
        if !self.is_message_next() {
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

    /// Where the payload is of the message that these bytes begin with, if the host may take it past the session: see
    /// [`proto::Connection::find_aside`](crate::proto::Connection::find_aside). It is handed over as those of
    /// [`take_messages`](Self::take_messages) are, behind those that were there before.
    pub fn find_aside(&self, front: &[u8]) -> Option<Range<usize>> {
        if self.is_message_next() { self.connection.find_aside(front) } else { None }
    }

    /// Gives up such a message that is arriving, if it lacks so many bytes or more: see
    /// [`proto::Connection::set_aside`](crate::proto::Connection::set_aside).
    pub fn set_aside(&mut self, least: usize) -> Option<(Bytes, usize)> {
        if self.is_message_next() { self.connection.set_aside(least) } else { None }
    }

    /// Whether what comes next may be a message and is an event, with nothing to be done before it.
    fn is_message_next(&self) -> bool {
        !self.model.has_tasks() && self.model.ready_state() == ReadyState::Open && !self.has_pong()
    }
}
