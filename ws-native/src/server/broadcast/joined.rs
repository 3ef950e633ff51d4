//! The broadcasts that a connection has joined.

use std::fmt;
use std::task::Context;

use ws_core::CloseCode;

use super::{Broadcast, Next, Subscription, lock};
use crate::memory;
use crate::proto::{self, Close, SendError};

/// The broadcasts that a connection has joined, if it ever has.
#[derive(Default)]
pub(crate) struct Joined(Option<Box<Subscriptions>>);

#[derive(Default)]
struct Subscriptions {
    subscriptions: Vec<Subscription>,
    /// How many messages of the broadcasts that it has left it had missed.
    missed: u64,
    unwritten: Unwritten,
}

/// The messages of broadcasts that wait to be written.
#[derive(Default)]
struct Unwritten {
    /// Where the last of them ends in the output.
    end: u64,
    /// How many bytes they have, and those before them that were written since there last were none.
    bytes: usize,
}

impl Joined {
    pub(crate) fn join(&mut self, broadcast: &Broadcast) {
        let subscriptions = &mut self.0.get_or_insert_default().subscriptions;
        if !subscriptions.iter().any(|subscription| subscription.is_to(broadcast)) {
            subscriptions.push(broadcast.subscribe());
        }
    }

    pub(crate) fn leave(&mut self, broadcast: &Broadcast) {
        if let Some(joined) = &mut self.0 {
            joined.leave_if(|subscription| subscription.is_to(broadcast));
        }
    }

    pub(crate) fn leave_all(&mut self) {
        if let Some(joined) = &mut self.0 {
            joined.leave_all();
        }
    }

    /// Queues all that has come, because the connection is to be closed, and leaves. What there is
    /// no room for is missed.
    pub(crate) fn give_out(&mut self, connection: &mut proto::Connection) {
        if let Some(joined) = &mut self.0 {
            joined.give_out(connection);
        }
    }

    /// How many messages were missed.
    pub(crate) fn missed(&self) -> u64 {
        self.0.as_ref().map_or(0, |joined| joined.missed())
    }

    /// Queues the messages that have come, as long as there is room to write them. Says whether
    /// more of them wait for room. After an error the connection has failed.
    #[inline]
    pub(crate) fn queue_messages(
        &mut self,
        connection: &mut proto::Connection,
        cx: &mut Context<'_>,
    ) -> Result<bool, SendError> {
        match &mut self.0 {
            Some(joined) => joined.queue_messages(connection, cx),
            None => Ok(false),
        }
    }

    /// Begins to close the connection if it was too slow. If not, the task is woken when it becomes
    /// so.
    pub(crate) fn close_if_slow(&mut self, connection: &mut proto::Connection, cx: &mut Context<'_>) {
        if let Some(joined) = &mut self.0 {
            joined.close_if_slow(connection, cx);
        }
    }
}

impl Subscriptions {
    fn leave_all(&mut self) {
        self.leave_if(|_| true);
    }

    fn leave_if(&mut self, leaves: impl Fn(&Subscription) -> bool) {
        let Self { subscriptions, missed, .. } = self;
        subscriptions.retain(|subscription| {
            let leaves = leaves(subscription);
            if leaves {
                *missed += lock(&subscription.queue).missed;
            }
            !leaves
        });
    }

    fn give_out(&mut self, connection: &mut proto::Connection) {
        if !connection.is_open() {
            return self.leave_all();
        }
        for subscription in &self.subscriptions {
            while let Some(message) = subscription.take(last_room(connection)) {
                memory::lend_for_writing(connection);
                if connection.send_prepared(&message).is_err() {
                    break;
                }
            }
            subscription.miss_all();
        }
        self.leave_all();
    }

    fn missed(&self) -> u64 {
        let missed = self.subscriptions.iter().map(|subscription| lock(&subscription.queue).missed);
        self.missed + missed.sum::<u64>()
    }

    fn queue_messages(&mut self, connection: &mut proto::Connection, cx: &mut Context<'_>) -> Result<bool, SendError> {
        if !connection.is_open() {
            self.leave_all();
            return Ok(false);
        }
        let Self { subscriptions, unwritten, .. } = self;
        let last = by_turns(subscriptions, |subscription| {
            let next = subscription.next_or_wake_later(unwritten.room(connection), cx);
            if let Next::Message(message) = &next {
                memory::lend_for_writing(connection);
                let before = connection.queued_total();
                connection.send_prepared(message)?;
                unwritten.add(before, connection);
            }
            Ok(next)
        });
        match last? {
            Next::NoRoom => {
                self.close_if_slow(connection, cx);
                Ok(connection.is_open() && !connection.is_sending_parts())
            }
            Next::Over => {
                self.close_as_too_slow(connection);
                Ok(false)
            }
            Next::Message(_) | Next::Nothing => Ok(false),
        }
    }

    fn close_if_slow(&mut self, connection: &mut proto::Connection, cx: &mut Context<'_>) {
        if self.subscriptions.iter().any(|subscription| subscription.is_over_or_wake_later(cx)) {
            self.close_as_too_slow(connection);
        }
    }

    fn close_as_too_slow(&mut self, connection: &mut proto::Connection) {
        connection.start_closing_for_host(&Close { code: CloseCode::POLICY, reason: "too slow".into() });
        self.leave_all();
    }
}

/// Takes one message of each in turn, until none has any more or something else comes of one, whose turn is the next.
fn by_turns<T, E>(all: &mut [T], mut next: impl FnMut(&T) -> Result<Next, E>) -> Result<Next, E> {
    // Who has nothing is not asked again: its task is woken when that changes. In front are those
    // that have had something in this round, in their order.
    let mut asked = all.len();
    while asked > 0 {
        let mut busy = 0;
        for index in 0..asked {
            match next(&all[index])? {
                Next::Message(_) => {
                    all.swap(busy, index);
                    busy += 1;
                }
                Next::Nothing => {}
                // The others do not pass it: there may never be so much room again.
                last @ (Next::NoRoom | Next::Over) => {
                    all.rotate_left(index);
                    return Ok(last);
                }
            }
        }
        asked = busy;
    }
    Ok(Next::Nothing)
}

impl Unwritten {
    /// Messages are taken until they have this many bytes: as many as are worth a write. The rest
    /// is better left in the queue, where it is bounded.
    const MOST: usize = 64 << 10;

    /// How many bytes the next message may have. `None`: none can be sent now, not even an empty one.
    /// When nothing else waits to be written, a message of any length may be next.
    ///
    /// What the program has queued does not count, or it could keep the messages out for ever.
    fn room(&mut self, connection: &proto::Connection) -> Option<usize> {
        let transmitted = connection.queued_total() - connection.backlog() as u64;
        if self.end <= transmitted {
            self.bytes = 0;
        }
        match self.bytes {
            _ if connection.is_sending_parts() => None,
            _ if connection.backlog() == 0 => Some(usize::MAX),
            0 => last_room(connection),
            bytes => Some(Self::MOST.checked_sub(bytes)?.min(last_room(connection)?)),
        }
    }

    /// A message is now the last of the output, from there on: an empty one has bytes as well.
    fn add(&mut self, before: u64, connection: &proto::Connection) {
        self.end = connection.queued_total();
        self.bytes += (self.end - before) as usize;
    }
}

/// How many bytes the next message may have when there will be no other room.
fn last_room(connection: &proto::Connection) -> Option<usize> {
    let room = connection.config().max_send_queue.checked_sub(connection.backlog());
    room.filter(|_| !connection.is_sending_parts())
}

impl fmt::Debug for Joined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Joined").field(&self.0.as_ref().map_or(0, |joined| joined.subscriptions.len())).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::convert::Infallible;

    use super::*;
    use crate::proto::Prepared;

    /// Takes messages by turns of those that have so many. Who was asked, and what came last.
    fn asked(all: &mut [(char, Cell<usize>)], mut room: usize) -> (String, bool) {
        let mut asked = String::new();
        let last = by_turns(all, |(name, messages)| {
            asked.push(*name);
            Ok::<_, Infallible>(match messages.get() {
                0 => Next::Nothing,
                _ if room == 0 => Next::NoRoom,
                left => {
                    room -= 1;
                    messages.set(left - 1);
                    Next::Message(Prepared::text(""))
                }
            })
        });
        (asked, matches!(last, Ok(Next::Nothing)))
    }

    #[test]
    fn who_has_no_message_is_asked_once_however_many_the_others_have() {
        let mut all = ['a', 'b', 'c', 'd', 'e'].map(|name| (name, Cell::new(0)));
        all[1].1.set(3);
        all[3].1.set(2);
        assert_eq!(asked(&mut all, usize::MAX), ("abcdebdbdb".into(), true));
    }

    #[test]
    fn who_finds_no_room_is_the_next_and_those_that_had_a_turn_are_the_last() {
        let mut all = ['a', 'b', 'c', 'd'].map(|name| (name, Cell::new(9)));
        all[1].1.set(0);
        for turns in ["abc", "cd", "da", "abc"] {
            assert_eq!(asked(&mut all, 1), (turns.into(), false));
        }
    }
}
