//! What the crates with a `Stream` and a `Sink` have in common.

use std::future::poll_fn;
use std::task::Poll;

use futures_util::{Sink, SinkExt as _, Stream, StreamExt as _};

/// The next message. What is queued goes out when it has to be waited for, so that the answers to a burst go together.
pub async fn next_or_flush<M, I, S>(socket: &mut S) -> Option<I>
where
    S: Stream<Item = I> + Sink<M> + Unpin,
{
    poll_fn(|cx| match socket.poll_next_unpin(cx) {
        Poll::Ready(next) => Poll::Ready(next),
        Poll::Pending => match socket.poll_flush_unpin(cx) {
            Poll::Ready(Err(_)) => Poll::Ready(None),
            _ => Poll::Pending,
        },
    })
    .await
}
