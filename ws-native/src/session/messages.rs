//! Messages for hosts that have a task of their own for each: those that have come wholly, all at once, and long ones, which the
//! host takes past the session.

use core::ops::Range;
use core::time::Duration;

use bytes::Bytes;
use ws_core::{Message, ReadyState};

use super::Session;
use crate::proto::Event;

impl Session {
    /// Takes the next messages that have arrived as a whole, as long as `take` says that it wants
    /// more. The host hands them over as it does those of [`next_task`](Self::next_task): each in a
    /// task of its own, and before it asks for another task. It drops the remaining ones once the
    /// socket is no longer open.
    ///
    /// What comes after them is not looked at yet, so that a program's answer to one of them is not
    /// too late if that is the end of the connection.
    pub fn take_messages(&mut self, now: Duration, mut take: impl FnMut(Message) -> bool) {
        if !self.is_message_next() {
            return;
        }
        while let Some(event) = self.connection.poll_whole_message(now) {
            let wants_more = match event {
                Event::Text(text) => take(Message::Text(text)),
                Event::Binary(bytes) => take(Message::Binary(bytes)),
                // The message was not valid.
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

    /// Where the payload of the message is that these bytes begin with, if the host may take it
    /// past the session: see
    /// [`proto::Connection::find_aside`](crate::proto::Connection::find_aside). The host hands it
    /// over as those of [`take_messages`](Self::take_messages), after those that came before it.
    pub fn find_aside(&self, front: &[u8]) -> Option<Range<usize>> {
        if self.is_message_next() { self.connection.find_aside(front) } else { None }
    }

    /// Gives up such a message while it is arriving, if it lacks this many bytes or more: see
    /// [`proto::Connection::set_aside`](crate::proto::Connection::set_aside).
    pub fn set_aside(&mut self, least: usize) -> Option<(Bytes, usize)> {
        if self.is_message_next() { self.connection.set_aside(least) } else { None }
    }

    /// Whether the next thing may be a message, with no other task before it.
    fn is_message_next(&self) -> bool {
        !self.model.has_tasks() && self.model.ready_state() == ReadyState::Open && !self.has_pong()
    }
}
