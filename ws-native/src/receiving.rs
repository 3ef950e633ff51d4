//! What the protocol has received, as a program takes it: for the asynchronous face and for the
//! blocking one.

use bytes::Bytes;
use ws_core::{Failure, Message};

use crate::ending::State;
use crate::proto::{Connection, Event, Part};
use crate::{Answers, MessageRef, memory};

/// What has come from the peer, for a program that wants to know of pings and pongs, too: see
/// [`Connection::recv_any`](crate::Connection::recv_any).
#[derive(Clone, Debug, PartialEq)]
pub enum Received {
    /// A message.
    Message(Message),
    /// A ping, with up to 125 bytes of payload. Its answer goes out while the connection goes on
    /// receiving, or is flushed; of many pings only the newest may be answered.
    Ping(Bytes),
    /// A pong, with up to 125 bytes of payload: the answer to a ping of the program or of the
    /// [heartbeat](crate::proto::Config::heartbeat), or an unsolicited one.
    Pong(Bytes),
}

/// The next message, if it can be had with next to no work, as most can.
#[inline(always)]
pub(crate) fn next_simple(protocol: &mut Connection, state: &State) -> Option<Message> {
    if !matches!(state, State::Running) || protocol.is_timed() {
        return None;
    }
    let message = protocol.next_simple(Message::Text, Message::Binary)?;
    memory::take_back_if_read(protocol);
    Some(message)
}

/// What comes next for a program that is shown messages.
pub(crate) enum Show {
    /// All simple messages were shown, or all up to this failure.
    Done(Result<(), Failure>),
    /// A message that is still to be shown.
    Next(Message),
}

/// The most messages that are shown at once: the connection has other things to see to.
pub(crate) const SHOWN: usize = 128;

/// Shows the messages that can be had with next to no work. `None`: there are none.
#[inline]
pub(crate) fn show_simple(
    protocol: &mut Connection,
    state: &State,
    mut each: impl FnMut(MessageRef<'_>, &mut Answers<'_>) -> Result<(), Failure>,
) -> Option<Result<(), Failure>> {
    if !matches!(state, State::Running) || protocol.is_timed() {
        return None;
    }
    let mut shown = None;
    let mut left = SHOWN;
    while left > 0 {
        match protocol.lend(left, |lent, protocol| each(lent.into(), &mut Answers::of(protocol))) {
            Ok(0) => {}
            lent => {
                left -= lent.as_ref().map_or(0, |count| *count);
                shown = Some(lent.map(drop));
            }
        }
        if let Some(Err(_)) = shown {
            break;
        }
        // Long messages are not lent, but are had as easily.
        if left == 0 {
            break;
        }
        left -= 1;
        let Some(message) = protocol.next_simple(Message::Text, Message::Binary) else { break };
        shown = Some(each(message.into(), &mut Answers::of(protocol)));
        if let Some(Err(_)) = shown {
            break;
        }
    }
    if shown.is_some() {
        memory::take_back_if_read(protocol);
    }
    shown
}

/// The message that was received, if the event is that.
#[inline]
pub(crate) fn message(event: Event) -> Option<Message> {
    match event {
        Event::Text(text) => Some(Message::Text(text)),
        Event::Binary(bytes) => Some(Message::Binary(bytes)),
        _ => None,
    }
}

/// The message, ping or pong that was received, if the event is one of these.
pub(crate) fn any(event: Event) -> Option<Received> {
    match event {
        Event::Ping(payload) => Some(Received::Ping(payload)),
        Event::Pong(payload) => Some(Received::Pong(payload)),
        event => message(event).map(Received::Message),
    }
}

/// The part of a message that was received, if the event is that.
pub(crate) fn part(event: Event) -> Option<Part> {
    match event {
        Event::Part(part) => Some(part),
        _ => None,
    }
}
