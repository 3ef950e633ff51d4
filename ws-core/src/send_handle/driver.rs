//! The side of a handle that has the stream.

use alloc::sync::Arc;
use core::{
    future::poll_fn,
    pin::{Pin, pin},
    task::{Context, Poll},
};

use futures_core::Stream as _;
use futures_sink::Sink as _;

use super::{
    message,
    shared::{Outgoing, Shared},
};
use crate::{Flow, Opened, Readable, ReadyState, WebSocketStream, Writable};

/// The driver's share. Dropped, it tells the handles that nobody drives the connection any more.
pub(super) struct Owner(pub(super) Arc<Shared>);

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

/// The most messages that are carried each way in one go, before other tasks of the thread have their turn.
const BATCH: usize = 1024;

/// Connects, and carries messages both ways until the connection has ended or nobody is left to hear of it.
pub(super) async fn drive<B: Flow>(stream: WebSocketStream<B>, owner: Owner) {
    let shared = &*owner.0;
    let Some(Opened { mut readable, mut writable, .. }) = open(&stream, shared).await else { return };
    let mut closed = pin!(stream.closed());
    let mut place = shared.driver();
    poll_fn(|cx| {
        // Taken before it looks what there is to do.
        place.take(cx);
        write(shared, &stream, &mut writable, cx);
        if shared.is_left() {
            return Poll::Ready(());
        }
        read(shared, &mut readable, cx);
        if !shared.is_ended()
            && let Poll::Ready(result) = closed.as_mut().poll(cx)
        {
            shared.end(result);
        }
        shared.observe(stream.backend().ready_state(), stream.backend().buffered_amount());
        if shared.wants_flush()
            && let Poll::Ready(Ok(())) = Pin::new(&mut writable).poll_flush(cx)
        {
            shared.flushed();
        }
        if shared.is_over() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Waits until the connection is established. `None` if it cannot be.
async fn open<B: Flow>(stream: &WebSocketStream<B>, shared: &Shared) -> Option<Opened<B>> {
    let mut opened = pin!(stream.opened());
    let mut place = shared.driver();
    poll_fn(|cx| {
        // Taken before it looks what there is to do.
        place.take(cx);
        let opened = opened.as_mut().poll(cx);
        // What was asked of a connection that is established is done behind what was sent, also if that is not known here yet.
        if opened.is_pending()
            && stream.backend().ready_state() == ReadyState::Connecting
            && let Some(close) = shared.take_close()
        {
            // It may be established within this moment: then the peer is told the code, and what is queued is lost.
            stream.backend().close(close);
        }
        opened
    })
    .await
    .inspect(|opened| shared.open(&opened.protocol))
    .inspect_err(|error| {
        shared.end_incoming(Some(error.clone()));
        shared.end(Err(error.clone()));
    })
    .ok()
}

/// Sends what waits, as much as there is room for. What the connection is to be closed behind does not wait at the mark.
fn write<B: Flow>(shared: &Shared, stream: &WebSocketStream<B>, writable: &mut Writable<B>, cx: &mut Context<'_>) {
    let mut writable = Pin::new(writable);
    for _ in 0..BATCH {
        match shared.next_outgoing() {
            Some(Outgoing::Message { length, is_closed_behind }) => {
                if !is_closed_behind && !matches!(writable.as_mut().poll_ready(cx), Poll::Ready(Ok(()))) {
                    return;
                }
                // If there is no room for the message behind what waits, sending it would fail the connection.
                if !stream.backend().has_room(length) && writable.as_mut().poll_flush(cx).is_pending() {
                    return;
                }
                let Some(next) = shared.take_message() else { return };
                match stream.backend().send_if_room(next.into()).map(|unsent| unsent.map(message).transpose()) {
                    Ok(Ok(None)) => {}
                    // Something else, such as the answer to a ping, has taken the room since it was looked at.
                    Ok(Ok(Some(unsent))) => shared.put_back(unsent),
                    // A message that is refused is lost: the connection has begun to close, and counts it in what is buffered.
                    Ok(Err(_)) | Err(_) => shared.lose(),
                }
            }
            // Code and reason were validated when the handle was closed: nothing is refused here.
            Some(Outgoing::Close(Some(close))) => drop(stream.close_with(close.code(), close.reason())),
            Some(Outgoing::Close(None)) => stream.close(),
            None => return,
        }
    }
    cx.waker().wake_by_ref();
}

/// Takes the messages that there are and that there is room for.
fn read<B: Flow>(shared: &Shared, readable: &mut Readable<B>, cx: &mut Context<'_>) {
    for _ in 0..BATCH {
        if !shared.wants_incoming() {
            return;
        }
        let Poll::Ready(item) = Pin::new(&mut *readable).poll_next(cx) else { return };
        match item.map(|item| item.and_then(|data| Ok(message(data)?))) {
            Some(Ok(message)) => shared.put_incoming(message),
            Some(Err(error)) => shared.end_incoming(Some(error)),
            None => shared.end_incoming(None),
        }
    }
    cx.waker().wake_by_ref();
}
