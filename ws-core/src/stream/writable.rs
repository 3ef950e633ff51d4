//! The half that messages are sent by.

use core::{
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_sink::Sink;

use super::Inner;
use crate::counted::Counted;
use crate::{Data, Drained, Error, Flow, ReadyState, WebSocketError};

/// Where messages are sent, as fast as the network takes them.
///
/// It is a [`Sink`], too: ready when there is room, and flushed when everything was given to the
/// network; closing it starts the closing handshake. Dropping it closes nothing.
///
/// ```
/// # async fn send<B: ws_core::Flow>(mut writable: ws_core::Writable<B>) -> Result<(), ws_core::WebSocketError> {
/// for number in 0..1_000_000 {
///     writable.write(format!("number {number}")).await?;
/// }
/// # Ok(()) }
/// ```
pub struct Writable<B: Flow> {
    inner: Counted<Inner<B>>,
    waiting: Option<Waiting>,
}

/// What a writer waits for.
enum Waiting {
    /// That no more than so many bytes are left.
    Drained(Drained, u64),
    /// How the connection was closed, once it is.
    Ending,
}

impl<B: Flow> Writable<B> {
    pub(crate) fn new(inner: Counted<Inner<B>>) -> Self {
        Self { inner, waiting: None }
    }

    /// Waits until there is room, and sends a message: text, bytes or a blob. There is room when no
    /// more than [`high_water_mark`](crate::StreamBuilder::high_water_mark) waits for the network
    /// and this message would not fail the connection; or when nothing waits.
    ///
    /// # Errors
    /// [`WebSocketError::Closed`] once the connection is closed and was not closed cleanly; [`WebSocketError::Refused`] with
    /// [`Error::Discarded`] if it is closing or was closed cleanly. The message was not sent.
    ///
    /// # Cancel safety
    /// Dropped before it is ready, the message is not sent, no part of it.
    pub fn write(&mut self, data: impl Into<Data>) -> impl Future<Output = Result<(), WebSocketError>> {
        let mut unsent = Some(data.into());
        poll_fn(move |cx| {
            loop {
                ready!(self.poll_room(cx))?;
                let Some(data) = unsent.take() else { return Poll::Ready(Ok(())) };
                unsent = self.inner.socket.backend().send_if_room(data)?;
                if unsent.is_none() {
                    return Poll::Ready(Ok(()));
                }
                // A large message may be too much by itself though the mark leaves room. Whatever wakes
                // this, the room is looked for again.
                ready!(self.poll_left(0, cx))?;
            }
        })
    }

    /// Waits until everything that was written has been given to the network.
    ///
    /// # Errors
    /// As [`write`](Self::write), if the connection is closed before that is known: something may have been lost then.
    ///
    /// # Cancel safety
    /// Dropped, nothing is lost.
    pub fn flush(&mut self) -> impl Future<Output = Result<(), WebSocketError>> {
        poll_fn(|cx| self.poll_left(0, cx))
    }

    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), WebSocketError>> {
        // There is no room behind a Close frame.
        match self.inner.socket.ready_state() {
            state @ ReadyState::Closing => Poll::Ready(Err(Error::Discarded(state).into())),
            _ => self.poll_left(self.inner.high_water_mark, cx),
        }
    }

    /// Waits until no more bytes than this wait for the network.
    fn poll_left(&mut self, left: u64, cx: &mut Context<'_>) -> Poll<Result<(), WebSocketError>> {
        // A wait for fewer bytes goes on, unless the caller now waits for something else.
        if matches!(self.waiting, Some(Waiting::Drained(_, bytes)) if bytes != left) {
            self.waiting = None;
        }
        let socket = &self.inner.socket;
        // Only the bytes of messages are counted as buffered: neither a Close frame nor an empty
        // message has any.
        if self.waiting.is_none() && (left == 0 || socket.buffered_amount() > left) {
            self.waiting = Some(Waiting::Drained(socket.backend().drained(left), left));
        }
        if let Some(Waiting::Drained(drained, _)) = &mut self.waiting {
            self.waiting = if ready!(drained.as_mut().poll(cx)) { None } else { Some(Waiting::Ending) };
        }
        if let Some(Waiting::Ending) = self.waiting {
            ready!(self.inner.shared.poll_ending(cx));
            self.waiting = None;
        }
        Poll::Ready(self.inner.result())
    }
}

impl<B: Flow> Inner<B> {
    /// Whether messages can still be sent.
    fn result(&self) -> Result<(), WebSocketError> {
        match self.shared.ending() {
            Some(WebSocketError::Closed { event, .. }) if event.was_clean => {
                Err(Error::Discarded(ReadyState::Closed).into())
            }
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}

impl<B: Flow> Sink<Data> for Writable<B> {
    type Error = WebSocketError;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), WebSocketError>> {
        self.poll_room(cx)
    }

    /// The size of the message was not known when the sink became ready: natively, one that is
    /// larger than half of `max_send_queue` can fail the connection. [`write`](Writable::write)
    /// waits for room instead.
    fn start_send(self: Pin<&mut Self>, data: Data) -> Result<(), WebSocketError> {
        Ok(self.inner.socket.send(data)?)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), WebSocketError>> {
        self.poll_left(0, cx)
    }

    /// Starts the closing handshake, and waits until everything was given to the network. It does not wait for the peer's Close
    /// frame: [`WebSocketStream::closed`](crate::WebSocketStream::closed) does.
    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), WebSocketError>> {
        self.inner.socket.close();
        match ready!(self.poll_left(0, cx)) {
            // The connection is closed, which is what was wanted.
            Err(WebSocketError::Refused(Error::Discarded(_))) => Poll::Ready(Ok(())),
            result => Poll::Ready(result),
        }
    }
}

impl<B: Flow> fmt::Debug for Writable<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Writable").field(&self.inner.socket).finish()
    }
}
