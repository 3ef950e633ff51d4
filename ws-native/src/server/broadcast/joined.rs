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
    pub(crate) fn poll(&mut self, connection: &mut proto::Connection, cx: &mut Context<'_>) -> Result<bool, SendError> {
        match &mut self.0 {
            Some(joined) => joined.poll(connection, cx),
            None => Ok(false),
        }
    }

    /// Begins to close the connection if it was too slow. If not, the task is woken when it becomes
    /// so.
    pub(crate) fn poll_slow(&mut self, connection: &mut proto::Connection, cx: &mut Context<'_>) {
        if let Some(joined) = &mut self.0 {
            joined.poll_slow(connection, cx);
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

    fn poll(&mut self, connection: &mut proto::Connection, cx: &mut Context<'_>) -> Result<bool, SendError> {
        if !connection.is_open() {
            self.leave_all();
            return Ok(false);
        }
        // One message of each broadcast in turn.
        let count = self.subscriptions.len();
        let (mut index, mut idle) = (0, 0);
        while idle < count {
            match self.subscriptions[index].poll_next(self.unwritten.room(connection), cx) {
                Next::Message(message) => {
                    memory::lend_for_writing(connection);
                    let before = connection.queued_total();
                    connection.send_prepared(&message)?;
                    self.unwritten.add(before, connection);
                    idle = 0;
                }
                Next::Nothing => idle += 1,
                // The others do not pass it: there may never be so much room again.
                Next::NoRoom => {
                    self.subscriptions.rotate_left(index);
                    self.poll_slow(connection, cx);
                    return Ok(connection.is_open() && !connection.is_sending_parts());
                }
                Next::Over => {
                    self.leave_slowly(connection);
                    return Ok(false);
                }
            }
            index = (index + 1) % count;
        }
        Ok(false)
    }

    fn poll_slow(&mut self, connection: &mut proto::Connection, cx: &mut Context<'_>) {
        if self.subscriptions.iter().any(|subscription| subscription.poll_over(cx)) {
            self.leave_slowly(connection);
        }
    }

    fn leave_slowly(&mut self, connection: &mut proto::Connection) {
        connection.leave(&Close { code: CloseCode::POLICY, reason: "too slow".into() });
        self.leave_all();
    }
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
