//! Messages that wait for their reader, with the bound on them.

use alloc::collections::VecDeque;
use core::mem::size_of;

use crate::Data;

/// What happens to messages beyond the bound, where the peer cannot be held up.
///
/// ```
/// use ws_core::Overflow;
/// assert_eq!(Overflow::default(), Overflow::Fail);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Overflow {
    /// The connection is closed with code 4009; the reader is given what waited for it, and then an error.
    #[default]
    Fail,
    /// The message that has waited longest is thrown away: for feeds of which only the newest counts.
    DropOldest,
    /// The message that came is thrown away.
    DropNewest,
}

/// How much may wait for the reader.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    pub(crate) bytes: u64,
    pub(crate) messages: usize,
}

/// The messages that came and were not asked for.
#[derive(Debug)]
pub(crate) struct Inbox {
    waiting: VecDeque<Data>,
    /// What waits, in bytes of application data.
    bytes: u64,
    bound: Bound,
    overflow: Overflow,
    taking: Taking,
    /// How many were thrown away.
    dropped: u64,
}

/// What becomes of a message that comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taking {
    Keeps,
    /// The bound was exceeded: what comes now is after an error.
    Overflowed,
    /// There is no reader any more.
    Discards,
}

impl Inbox {
    pub(crate) const fn new(bound: Bound, overflow: Overflow) -> Self {
        Self { waiting: VecDeque::new(), bytes: 0, bound, overflow, taking: Taking::Keeps, dropped: 0 }
    }

    /// A message has come. False if it was one too many, and the connection is to be failed: this is said once.
    ///
    /// A message alone is kept however large it is: its size is the matter of another bound.
    pub(crate) fn push(&mut self, data: Data) -> bool {
        if self.taking != Taking::Keeps {
            return true;
        }
        while !self.waiting.is_empty() && !self.has_room_for(&data) {
            match self.overflow {
                Overflow::Fail => {
                    self.taking = Taking::Overflowed;
                    return false;
                }
                Overflow::DropOldest => {
                    self.pop();
                    self.dropped += 1;
                }
                Overflow::DropNewest => {
                    self.dropped += 1;
                    return true;
                }
            }
        }
        self.bytes += data.len();
        self.waiting.push_back(data);
        true
    }

    pub(crate) fn pop(&mut self) -> Option<Data> {
        let data = self.waiting.pop_front()?;
        self.bytes -= data.len();
        Some(data)
    }

    /// The reader is gone: nothing is kept any more.
    pub(crate) fn discard(&mut self) -> VecDeque<Data> {
        self.taking = Taking::Discards;
        self.bytes = 0;
        core::mem::take(&mut self.waiting)
    }

    /// The memory that what waits takes up, in bytes: empty messages weigh something, too.
    pub(crate) fn weight(&self) -> u64 {
        self.bytes + (self.waiting.len() * size_of::<Data>()) as u64
    }

    pub(crate) fn has_overflowed(&self) -> bool {
        self.taking == Taking::Overflowed
    }

    pub(crate) fn bound(&self) -> Bound {
        self.bound
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    fn has_room_for(&self, data: &Data) -> bool {
        self.waiting.len() < self.bound.messages && self.bytes + data.len() <= self.bound.bytes
    }
}
