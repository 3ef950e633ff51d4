//! What a program asks a connection for: its events.

use core::time::Duration;

use bytes::Bytes;
use bytestring::ByteString;

use super::{Connection, State};
use crate::proto::event::Event;
use crate::proto::incoming::Delivery;

impl Connection {
    /// The next event. `None`: nothing more until there is input, or time has passed.
    pub fn poll(&mut self, now: Duration) -> Option<Event> {
        let simple = self.next_simple(Event::Text, Event::Binary);
        let event = simple.or_else(|| self.advance(Delivery::Whole));
        match event {
            Some(_) => self.note_time(now),
            None => self.note_drained(now),
        }
        event
    }

    /// The next event, if a whole message in one frame comes next, and nothing of it was looked at before; one that is
    /// invalid gives the event that says so. Otherwise `None`, and nothing is consumed, not even a Ping frame.
    pub fn poll_whole_message(&mut self, now: Duration) -> Option<Event> {
        if self.is_open() && self.incoming.has_whole_message() { self.poll(now) } else { None }
    }

    /// The next event, as [`poll`](Self::poll), but for messages, of which [parts](Event::Part) are given as they
    /// arrive. What is left of a message of which parts were given is had whole by [`poll`](Self::poll).
    ///
    /// No more of a message is kept than its next part, which is what has arrived; of a compressed message that can be
    /// much. [`Config::max_message`](crate::proto::Config::max_message) holds for all of it.
    ///
    /// ```
    /// # use core::time::Duration;
    /// use ws_native::proto::{Config, Connection, Event, Part};
    ///
    /// # let random = |bytes: &mut [u8]| bytes.fill(7);
    /// # let now = Duration::ZERO;
    /// let mut client = Connection::client_established(Config::default(), Box::new(random));
    /// client.receive(b"\x81\x05Hel");
    /// assert!(matches!(client.poll_part(now), Some(Event::Part(Part::Text { text, last: false })) if text == "Hel"));
    /// client.receive(b"lo");
    /// assert!(matches!(client.poll_part(now), Some(Event::Part(Part::Text { text, last: true })) if text == "lo"));
    /// ```
    pub fn poll_part(&mut self, now: Duration) -> Option<Event> {
        let event = self.advance(Delivery::InParts);
        match event {
            Some(_) => self.note_time(now),
            None => self.note_drained(now),
        }
        event
    }

    /// The next message, made into what the caller wants, if it takes next to no work to have it.
    #[inline(always)]
    pub(crate) fn next_simple<M>(
        &mut self,
        text: impl FnOnce(ByteString) -> M,
        binary: impl FnOnce(Bytes) -> M,
    ) -> Option<M> {
        match self.state {
            State::Established { close_received: None, .. } => self.incoming.next_simple(&self.config, text, binary),
            _ => None,
        }
    }
}
