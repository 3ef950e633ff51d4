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

/// What a waiting message takes up beside its bytes: its place in the queue, which may have twice
/// as many places as messages, and what the allocator adds.
const OVERHEAD: u64 = 2 * size_of::<Data>() as u64 + 32;

/// How much may wait for the reader.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    pub(crate) bytes: u64,
    pub(crate) messages: usize,
}

/// The messages that have come and were not asked for yet.
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
    /// The bound was exceeded: what comes now would come after the error.
    Overflowed,
    /// There is no reader any more.
    Discards,
}

impl Inbox {
    pub(crate) const fn new(bound: Bound, overflow: Overflow) -> Self {
        Self { waiting: VecDeque::new(), bytes: 0, bound, overflow, taking: Taking::Keeps, dropped: 0 }
    }

    /// A message has come. False, once, if it was one too many, and the connection is to be failed.
    ///
    /// A single message is kept however large it is: its size has another limit.
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

    /// Keeps any number of messages: the peer can be held up.
    pub(crate) fn lift_bound(&mut self) {
        self.bound = Bound { bytes: u64::MAX, messages: usize::MAX };
    }

    /// The reader is gone: nothing is kept any more.
    pub(crate) fn discard(&mut self) -> VecDeque<Data> {
        self.taking = Taking::Discards;
        self.bytes = 0;
        core::mem::take(&mut self.waiting)
    }

    /// The memory that waiting messages take up, in bytes: even empty ones weigh something.
    pub(crate) fn weight(&self) -> u64 {
        self.bytes + self.waiting.len() as u64 * OVERHEAD
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
        self.waiting.len() < self.bound.messages && self.bytes.saturating_add(data.len()) <= self.bound.bytes
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn inbox(overflow: Overflow) -> Inbox {
        Inbox::new(Bound { bytes: 10, messages: 3 }, overflow)
    }

    fn rest(mut inbox: Inbox) -> alloc::vec::Vec<Data> {
        core::iter::from_fn(|| inbox.pop()).collect()
    }

    fn texts(inbox: Inbox) -> alloc::string::String {
        rest(inbox).iter().map(|data| data.as_text().unwrap()).collect::<alloc::vec::Vec<_>>().join(" ")
    }

    #[test]
    fn as_much_as_the_bound_is_kept() {
        let mut bytes = inbox(Overflow::Fail);
        assert!(bytes.push("123456".into()));
        assert!(bytes.push("1234".into()));
        assert!(!bytes.has_overflowed());
        assert!(!bytes.push("x".into()));
        assert!(bytes.has_overflowed());
        let mut messages = inbox(Overflow::Fail);
        for text in ["1", "2", "3"] {
            assert!(messages.push(text.into()));
        }
        // An empty one is one too many.
        assert!(!messages.push("".into()));
        assert_eq!(texts(messages), "1 2 3");
    }

    #[test]
    fn what_is_taken_makes_room() {
        let mut inbox = inbox(Overflow::Fail);
        assert!(inbox.push("1234567890".into()));
        assert_eq!(inbox.pop().unwrap().len(), 10);
        assert!(inbox.push("abcdefghij".into()));
        assert_eq!(texts(inbox), "abcdefghij");
    }

    #[test]
    fn a_message_alone_is_kept_however_large() {
        for overflow in [Overflow::Fail, Overflow::DropOldest, Overflow::DropNewest] {
            let mut inbox = inbox(overflow);
            assert!(inbox.push("12345678901".into()));
            assert_eq!((inbox.dropped(), inbox.has_overflowed()), (0, false));
            assert_eq!(texts(inbox), "12345678901");
        }
    }

    #[test]
    fn an_overflow_is_told_once_and_nothing_is_kept_after_it() {
        let mut inbox = inbox(Overflow::Fail);
        assert!(inbox.push("1234567890".into()));
        assert!(!inbox.push("x".into()));
        assert!(inbox.push("y".into()));
        inbox.pop();
        assert!(inbox.push("z".into()));
        assert_eq!((inbox.dropped(), texts(inbox)), (0, alloc::string::String::new()));
    }

    #[test]
    fn the_oldest_go_until_there_is_room() {
        let mut inbox = inbox(Overflow::DropOldest);
        for text in ["12345", "678", "90", "abcde"] {
            assert!(inbox.push(text.into()));
        }
        assert_eq!(inbox.dropped(), 1);
        assert!(inbox.push("ABCDEFGHIJ".into()));
        assert_eq!(inbox.dropped(), 4);
        assert_eq!(texts(inbox), "ABCDEFGHIJ");
    }

    #[test]
    fn the_newest_does_not_stay_without_room() {
        let mut inbox = inbox(Overflow::DropNewest);
        for text in ["12345", "678", "abc", "90", "x"] {
            assert!(inbox.push(text.into()));
        }
        assert_eq!(inbox.dropped(), 2);
        assert_eq!(texts(inbox), "12345 678 90");
    }

    #[test]
    fn without_a_reader_nothing_is_kept() {
        let mut inbox = inbox(Overflow::Fail);
        assert!(inbox.push("12345".into()));
        assert_eq!(inbox.discard().len(), 1);
        for _ in 0..10 {
            assert!(inbox.push("1234567890".into()));
        }
        assert_eq!((inbox.weight(), rest(inbox).len()), (0, 0));
    }

    #[test]
    fn without_a_bound_everything_is_kept() {
        for overflow in [Overflow::Fail, Overflow::DropOldest, Overflow::DropNewest] {
            let mut inbox = inbox(overflow);
            inbox.lift_bound();
            for _ in 0..5 {
                assert!(inbox.push("1234567890".into()));
            }
            assert_eq!((inbox.dropped(), rest(inbox).len()), (0, 5));
        }
    }

    #[test]
    fn empty_messages_weigh_something() {
        let mut inbox = inbox(Overflow::Fail);
        assert_eq!(inbox.weight(), 0);
        assert!(inbox.push("".into()));
        assert!(inbox.weight() >= 16);
    }
}
