//! What a connection receives: messages, whole, shown or in parts.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::{Failure, Message};

use super::{Connection, Inner};
use crate::ending::State;
use crate::memory;
use crate::proto::{Delivery, Event, Part};
use crate::receiving::{self, Received, Show};
use crate::{Answers, MessageRef};

impl<T: AsyncRead + AsyncWrite + Unpin> Connection<T> {
    /// The next message. `None`: the closing handshake was completed, see [`closed`](Self::closed).
    ///
    /// A peer that closes is answered at once, behind what is queued then; nothing can be sent any more.
    ///
    /// A message shares its memory with what was read along with it, up to
    /// [`Config::read_size`](crate::proto::Config::read_size): a program that keeps a few of many
    /// messages for long should copy them.
    ///
    /// # Errors
    /// [`Failure`], once: the connection was lost or failed, or the peer ended it without a Close frame.
    ///
    /// # Cancel safety
    /// Nothing is lost if the future is dropped: all that was read, and how far the end has come, is kept in the
    /// connection.
    pub async fn recv(&mut self) -> Result<Option<Message>, Failure> {
        poll_fn(|cx| self.poll_message(cx)).await
    }

    #[inline(always)]
    pub(super) fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Message>, Failure>> {
        let simple = |connection: &mut Self| {
            let Inner { protocol, state, turn, .. } = &mut *connection.inner;
            receiving::next_simple(protocol, state).inspect(|message| turn.count(size(message)))
        };
        // Most messages need no more than this.
        if self.has_turn()
            && let Some(message) = simple(self)
        {
            return Poll::Ready(Ok(Some(message)));
        }
        self.poll_recv(cx, Delivery::Whole, simple, receiving::message)
    }

    /// The next message, ping or pong: [`recv`](Self::recv) passes over the latter two. Pings are answered either way.
    ///
    /// ```no_run
    /// # async fn program(mut connection: ws_native::Connection) -> Result<(), ws_native::Failure> {
    /// use ws_native::Received;
    /// connection.ping(b"are you there?").await?;
    /// while let Some(received) = connection.recv_any().await? {
    ///     match received {
    ///         Received::Message(message) => println!("{message:?}"),
    ///         Received::Ping(payload) => println!("asked: {payload:?}"),
    ///         Received::Pong(payload) => println!("answered: {payload:?}"),
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    ///
    /// # Cancel safety
    /// As [`recv`](Self::recv).
    pub async fn recv_any(&mut self) -> Result<Option<Received>, Failure> {
        poll_fn(|cx| self.poll_any(cx)).await
    }

    pub(super) fn poll_any(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Received>, Failure>> {
        let simple = |connection: &mut Self| {
            let Inner { protocol, state, turn, .. } = &mut *connection.inner;
            let message = receiving::next_simple(protocol, state)?;
            turn.count(size(&message));
            Some(Received::Message(message))
        };
        self.poll_recv(cx, Delivery::Whole, simple, receiving::any)
    }

    /// Waits for messages, and shows all that have come at once, one after the other. `false`: the closing handshake
    /// was completed, see [`closed`](Self::closed).
    ///
    /// This is the cheapest way to receive, by far for short messages: they are shown in the memory
    /// that they were read into. If something has to be awaited for a message, use
    /// [`recv`](Self::recv).
    ///
    /// ```no_run
    /// # async fn program(mut connection: ws_native::Connection) -> Result<(), ws_native::Failure> {
    /// let mut sum = 0.0;
    /// let mut add = |text: &str| sum += text.parse().unwrap_or(0.0);
    /// while connection
    ///     .recv_each(|message, answers| match message.as_text() {
    ///         Some("ping") => answers.feed_text("pong"),
    ///         Some(text) => Ok(add(text)),
    ///         None => answers.echo(message),
    ///     })
    ///     .await?
    /// {}
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`recv`](Self::recv); and the first error that the function returns, after which it is shown
    /// no more of what has come.
    ///
    /// # Cancel safety
    /// As [`recv`](Self::recv): what was shown is gone, all else is kept in the connection.
    pub async fn recv_each(
        &mut self,
        mut each: impl FnMut(MessageRef<'_>, &mut Answers<'_>) -> Result<(), Failure>,
    ) -> Result<bool, Failure> {
        poll_fn(|cx| self.poll_each(cx, &mut each)).await
    }

    pub(super) fn poll_each(
        &mut self,
        cx: &mut Context<'_>,
        each: &mut impl FnMut(MessageRef<'_>, &mut Answers<'_>) -> Result<(), Failure>,
    ) -> Poll<Result<bool, Failure>> {
        let simple = |connection: &mut Self| {
            let Inner { protocol, state, turn, .. } = &mut *connection.inner;
            let counted = |message: MessageRef<'_>, answers: &mut Answers<'_>| {
                turn.count(message.as_bytes().len());
                each(message, answers)
            };
            receiving::show_simple(protocol, state, counted).map(Show::Done)
        };
        let other = |event| receiving::message(event).map(Show::Next);
        Poll::Ready(match ready!(self.poll_recv(cx, Delivery::Whole, simple, other))? {
            Some(Show::Done(shown)) => shown.map(|()| true),
            Some(Show::Next(message)) => {
                each(message.into(), &mut Answers::of(&mut self.inner.protocol)).map(|()| true)
            }
            None => Ok(false),
        })
    }

    /// The next part of a message, as it arrives, so that a long message is never whole in memory.
    /// [`recv`](Self::recv) gives what is left of a message whose first parts were received.
    /// `None`: the closing handshake was completed.
    ///
    /// ```no_run
    /// # async fn store(bytes: &[u8]) {}
    /// # async fn program(mut connection: ws_native::Connection) -> Result<(), ws_native::Failure> {
    /// use ws_native::proto::Part;
    /// while let Some(Part::Binary { bytes, last }) = connection.recv_part().await? {
    ///     store(&bytes).await;
    ///     if last {
    ///         break;
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    ///
    /// # Cancel safety
    /// As [`recv`](Self::recv).
    pub async fn recv_part(&mut self) -> Result<Option<Part>, Failure> {
        poll_fn(|cx| self.poll_part(cx)).await
    }

    pub(super) fn poll_part(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Part>, Failure>> {
        self.poll_recv(cx, Delivery::InParts, |_| None, receiving::part)
    }

    /// The next event that is wanted, unless there is a simpler way to have it; others are passed
    /// over. `None`: the connection is closed.
    pub(super) fn poll_recv<M>(
        &mut self,
        cx: &mut Context<'_>,
        delivery: Delivery,
        mut simple: impl FnMut(&mut Self) -> Option<M>,
        wanted: impl Fn(Event) -> Option<M>,
    ) -> Poll<Result<Option<M>, Failure>> {
        while let State::Running = self.inner.state {
            if !self.has_turn() {
                ready!(self.poll_io(cx));
                continue;
            }
            if let Some(message) = simple(self) {
                return Poll::Ready(Ok(Some(message)));
            }
            match self.inner.protocol.advance(delivery) {
                None => ready!(self.poll_io(cx)),
                Some(Event::Closed(closed)) => self.begin_end(closed),
                Some(event) => {
                    self.inner.turn.count(length(&event));
                    if matches!(event, Event::Pong(_)) && self.inner.protocol.is_watched() {
                        // It may answer a ping of the heartbeat.
                        self.inner.protocol.note_time(self.inner.clock.now());
                    }
                    if let Some(message) = wanted(event) {
                        memory::take_back_if_read(&mut self.inner.protocol);
                        return Poll::Ready(Ok(Some(message)));
                    }
                }
            }
        }
        self.poll_end(cx).map(|failure| failure.map_or(Ok(None), Err))
    }
}

/// How many bytes a message has.
#[inline(always)]
fn size(message: &Message) -> usize {
    match message {
        Message::Text(text) => text.len(),
        Message::Binary(bytes) => bytes.len(),
    }
}

/// How many bytes the program is given with it.
fn length(event: &Event) -> usize {
    match event {
        Event::Text(text) | Event::Part(Part::Text { text, .. }) => text.len(),
        Event::Binary(bytes) | Event::Part(Part::Binary { bytes, .. }) => bytes.len(),
        _ => 0,
    }
}
