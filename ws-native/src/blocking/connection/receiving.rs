//! What a connection receives: messages, whole, shown or in parts.

use std::task::{Poll, ready};

use ws_core::{Failure, Message};

use super::{Connection, would_block};
use crate::blocking::Timed;
use crate::ending::State;
use crate::proto::{Delivery, Event, Part};
use crate::receiving::{self, Received, Show};
use crate::{Answers, MessageRef, memory};

impl<S: Timed> Connection<S> {
    /// The next message. `None`: the closing handshake was completed, see [`closed`](Self::closed).
    ///
    /// # Errors
    /// [`Failure`], once: the connection was lost or failed, or the peer ended it without a Close
    /// frame. And, as often as the stream has nothing yet,
    /// [`WouldBlock`](ws_core::FailureKind::WouldBlock).
    pub fn recv(&mut self) -> Result<Option<Message>, Failure> {
        let simple = |connection: &mut Self| receiving::next_simple(&mut connection.protocol, &connection.state);
        // Most messages need no more than this.
        if !self.waits_for_room()
            && let Some(message) = simple(self)
        {
            return Ok(Some(message));
        }
        self.receive(Delivery::Whole, simple, receiving::message)
    }

    /// The next message, ping or pong: [`recv`](Self::recv) passes over the latter two. Pings are answered either way.
    ///
    /// ```no_run
    /// # fn program(mut connection: ws_native::blocking::Connection) -> Result<(), ws_native::Failure> {
    /// use ws_native::Received;
    /// connection.ping(b"are you there?")?;
    /// while let Some(received) = connection.recv_any()? {
    ///     if let Received::Pong(payload) = received {
    ///         println!("answered: {payload:?}");
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    pub fn recv_any(&mut self) -> Result<Option<Received>, Failure> {
        let simple = |connection: &mut Self| {
            receiving::next_simple(&mut connection.protocol, &connection.state).map(Received::Message)
        };
        self.receive(Delivery::Whole, simple, receiving::any)
    }

    /// Waits for messages, and shows all that have come at once, one after the other. `false`: the closing handshake
    /// was completed, see [`closed`](Self::closed).
    ///
    /// This is the cheapest way to receive, by far for short messages: they are shown in the memory
    /// that they were read into.
    ///
    /// ```no_run
    /// # fn program(mut connection: ws_native::blocking::Connection) -> Result<(), ws_native::Failure> {
    /// while connection.recv_each(|message, answers| answers.echo(message))? {}
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`recv`](Self::recv); and the first error that the function returns, after which it is shown
    /// no more of what has come.
    pub fn recv_each(
        &mut self,
        mut each: impl FnMut(MessageRef<'_>, &mut Answers<'_>) -> Result<(), Failure>,
    ) -> Result<bool, Failure> {
        let simple = |connection: &mut Self| {
            receiving::show_simple(&mut connection.protocol, &connection.state, &mut each).map(Show::Done)
        };
        let other = |event| receiving::message(event).map(Show::Next);
        match self.receive(Delivery::Whole, simple, other)? {
            Some(Show::Done(shown)) => shown.map(|()| true),
            Some(Show::Next(message)) => each(message.into(), &mut Answers::of(&mut self.protocol)).map(|()| true),
            None => Ok(false),
        }
    }

    /// The next part of a message, as it arrives, so that a long message is never whole in memory.
    /// [`recv`](Self::recv) gives what is left of a message whose first parts were received.
    /// `None`: the closing handshake was completed.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    pub fn recv_part(&mut self) -> Result<Option<Part>, Failure> {
        self.receive(Delivery::InParts, |_| None, receiving::part)
    }

    /// The next event that is wanted, unless there is a simpler way to have it; others are passed
    /// over. `None`: the connection is closed.
    fn receive<M>(
        &mut self,
        delivery: Delivery,
        simple: impl FnMut(&mut Self) -> Option<M>,
        wanted: impl Fn(Event) -> Option<M>,
    ) -> Result<Option<M>, Failure> {
        match self.try_receive(delivery, simple, wanted) {
            Poll::Ready(received) => received,
            Poll::Pending => Err(would_block()),
        }
    }

    /// Pending: the stream would block.
    fn try_receive<M>(
        &mut self,
        delivery: Delivery,
        mut simple: impl FnMut(&mut Self) -> Option<M>,
        wanted: impl Fn(Event) -> Option<M>,
    ) -> Poll<Result<Option<M>, Failure>> {
        while let State::Running = self.state {
            if self.waits_for_room() {
                ready!(self.progress());
                continue;
            }
            if let Some(message) = simple(self) {
                return Poll::Ready(Ok(Some(message)));
            }
            match self.protocol.advance(delivery) {
                None => ready!(self.progress()),
                Some(Event::Closed(closed)) => self.begin_end(closed),
                Some(event) => {
                    if matches!(event, Event::Pong(_)) && self.protocol.is_watched() {
                        // It may answer a ping of the heartbeat.
                        self.protocol.note_time(self.start.elapsed());
                    }
                    if let Some(message) = wanted(event) {
                        memory::take_back_if_read(&mut self.protocol);
                        return Poll::Ready(Ok(Some(message)));
                    }
                }
            }
        }
        self.end().map(|failure| failure.map_or(Ok(None), Err))
    }
}

/// The messages that are received, as [`recv`](Connection::recv) gives them. It ends with the connection.
///
/// ```no_run
/// # fn program(connection: ws_native::blocking::Connection) -> Result<(), ws_native::Failure> {
/// for message in connection {
///     println!("{:?}", message?);
/// }
/// # Ok(()) }
/// ```
impl<S: Timed> Iterator for Connection<S> {
    type Item = Result<Message, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        self.recv().transpose()
    }
}
