//! What the protocol has received, as a program takes it: the same for a face that awaits and for one that blocks.

use ws_core::Message;

use crate::ending::State;
use crate::memory;
use crate::proto::{Connection, Event, Part};

/// The next message, if it takes next to no work to have it: most do.
#[inline]
pub(crate) fn next_simple(protocol: &mut Connection, state: &State) -> Option<Message> {
    if !matches!(state, State::Running) || protocol.is_timed() {
        return None;
    }
    let message = protocol.next_simple(Message::Text, Message::Binary)?;
    memory::take_back_if_read(protocol);
    Some(message)
}

/// The message that has been received, if that is what has happened.
#[inline]
pub(crate) fn message(event: Event) -> Option<Message> {
    match event {
        Event::Text(text) => Some(Message::Text(text)),
        Event::Binary(bytes) => Some(Message::Binary(bytes)),
        _ => None,
    }
}

/// The part of a message that has been received, if that is what has happened.
pub(crate) fn part(event: Event) -> Option<Part> {
    match event {
        Event::Part(part) => Some(part),
        _ => None,
    }
}
