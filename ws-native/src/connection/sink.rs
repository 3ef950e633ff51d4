//! A connection as a Stream and a Sink of messages, for the combinators of `futures`. Its sides may be polled by two tasks.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_sink::Sink;
use tokio::io::{AsyncRead, AsyncWrite};
use ws_core::{Failure, Message};

use super::Connection;

/// The messages that are received, as [`recv`](Connection::recv) gives them. It ends with the connection; a failure is its
/// last item.
///
/// ```no_run
/// # async fn program(connection: ws_native::Connection) {
/// use futures_util::StreamExt as _;
/// let (sender, receiver) = connection.split();
/// let _ = receiver.forward(sender).await; // an echo
/// # }
/// ```
///
/// # Cancel safety
/// Nothing is lost between two polls: all is kept in the connection.
impl<T: AsyncRead + AsyncWrite + Unpin> Stream for Connection<T> {
    type Item = Result<Message, Failure>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let connection = self.get_mut();
        connection.have_sides();
        let received = connection.poll_message(cx);
        if let Poll::Ready(Ok(None) | Err(_)) = received {
            // Who waits to write learns that nothing can be written any more.
            connection.wake_sides();
        }
        received.map(Result::transpose)
    }
}

/// Sends messages. It is ready when no more than [`Config::write_size`](crate::proto::Config::write_size) waits to be written, by
/// default 64 KiB; closing it starts the closing handshake, which
/// the Stream completes.
///
/// # Cancel safety
/// A message that was taken is sent once and whole, with whatever is written next.
impl<T: AsyncRead + AsyncWrite + Unpin> Sink<Message> for Connection<T> {
    type Error = Failure;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        let connection = self.get_mut();
        connection.have_sides();
        connection.poll_ready(cx)
    }

    fn start_send(self: Pin<&mut Self>, message: Message) -> Result<(), Failure> {
        let connection = self.get_mut();
        connection.feed(message).inspect_err(|_| connection.wake_sides())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        let connection = self.get_mut();
        connection.have_sides();
        connection.poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        let connection = self.get_mut();
        connection.have_sides();
        connection.start_closing(None)?;
        connection.poll_close(cx)
    }
}
