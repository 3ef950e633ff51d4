//! The half that messages come from.

use core::{
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::{FusedStream, Stream};

use super::Inner;
use crate::counted::Counted;
use crate::{Data, Flow, WebSocketError};

/// The messages of a connection, in order: text, and bytes as [`Data::Binary`].
///
/// It ends when the connection was closed cleanly, and otherwise with an error, once everything
/// that came before has been read. When it is dropped, messages are thrown away as they come, so
/// that the rest of the connection is not held up.
///
/// ```
/// # async fn read<B: ws_core::Flow>(mut readable: ws_core::Readable<B>) -> Result<(), ws_core::WebSocketError> {
/// while let Some(message) = readable.read().await {
///     println!("{:?}", message?);
/// }
/// # Ok(()) }
/// ```
#[must_use = "messages are thrown away once it is dropped"]
pub struct Readable<B: Flow>(Counted<Inner<B>>);

impl<B: Flow> Readable<B> {
    pub(crate) fn new(inner: Counted<Inner<B>>) -> Self {
        Self(inner)
    }

    /// Waits for the next message. `None` at the end.
    ///
    /// # Errors
    /// [`WebSocketError::Closed`] if the connection was not closed cleanly,
    /// [`WebSocketError::Overflow`] if the reader was too slow. There is only one error, and
    /// nothing after it.
    ///
    /// # Cancel safety
    /// Dropped, no message is lost.
    pub fn read(&mut self) -> impl Future<Output = Option<Result<Data, WebSocketError>>> {
        poll_fn(|cx| self.0.shared.poll_read(cx, &self.0.socket))
    }
}

impl<B: Flow> Stream for Readable<B> {
    type Item = Result<Data, WebSocketError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.shared.poll_read(cx, &self.0.socket)
    }
}

/// Terminated once the end has been read.
impl<B: Flow> FusedStream for Readable<B> {
    fn is_terminated(&self) -> bool {
        self.0.shared.is_over()
    }
}

impl<B: Flow> Drop for Readable<B> {
    fn drop(&mut self) {
        self.0.shared.discard(&self.0.socket);
    }
}

impl<B: Flow> fmt::Debug for Readable<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Readable").field(&self.0.socket).finish()
    }
}
