//! Wakers are somebody's code: what they own may use the connection when they are woken or dropped.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod pipe;

use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex};
use tokio::task::{unconstrained, yield_now};
use tokio::time::timeout;
use ws_core::FailureKind;
use ws_native::{Broadcast, Connection, Sender, Shutdown};

use pipe::{pair, plain};

/// On a thread of its own, which a deadlock would keep for ever.
fn ends(test: impl FnOnce() + Send + 'static) {
    let (done, waits) = mpsc::channel();
    thread::spawn(move || {
        test();
        done.send(()).unwrap();
    });
    waits.recv_timeout(Duration::from_secs(60)).expect("it ends");
}

/// A waker that has something.
struct Owner<T>(T);

impl<T: Send + Sync + 'static> Owner<T> {
    fn waker(owned: T) -> Waker {
        Waker::from(Arc::new(Self(owned)))
    }
}

impl<T: Send + Sync> Wake for Owner<T> {
    fn wake(self: Arc<Self>) {}
}

/// A connection to a peer that takes nothing more.
fn stalled() -> (DuplexStream, Sender<DuplexStream>) {
    let (near, far) = duplex(16);
    let (sender, _receiver) = Connection::client_established(near, plain()).split();
    (far, sender)
}

#[test]
fn a_waker_of_a_half_may_have_the_last_clone_of_another() {
    ends(|| {
        let (_far, sender) = stalled();
        let mut sending = pin!(sender.send(vec![0; 1000]));
        for waker in [Owner::waker(sender.clone()), Waker::noop().clone()] {
            assert!(sending.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        }
    });
    ends(|| {
        let (_far, sender) = stalled();
        let mut sending = Box::pin(sender.send(vec![0; 1000]));
        let waker = Owner::waker(sender.clone());
        assert!(sending.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        drop(waker);
        drop(sending);
    });
}

/// A waker that queues a message.
struct Feeds<T>(Sender<T>);

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wake for Feeds<T> {
    fn wake(self: Arc<Self>) {
        self.0.feed("woken").unwrap();
    }
}

#[test]
fn a_waker_of_a_half_may_use_the_other() {
    // Many messages of one read: between them the receiver lets other tasks run, and is woken at once.
    ends(|| {
        let (mut client, server) = pair(1 << 16);
        let (sender, mut receiver) = server.split();
        let mut cx = Context::from_waker(Waker::noop());
        for _ in 0..5000 {
            client.feed("").unwrap();
        }
        assert!(pin!(client.flush()).poll(&mut cx).is_ready());
        let waker = Waker::from(Arc::new(Feeds(sender)));
        while pin!(receiver.recv()).poll(&mut Context::from_waker(&waker)).is_ready() {}
        // What the waker has queued is written when there is nothing more to receive.
        for _ in 0..5000 {
            let _ = pin!(receiver.recv()).poll(&mut cx);
        }
        assert!(pin!(client.recv()).poll(&mut cx).is_ready());
    });
}

/// A waker that flushes.
struct Flushes<T>(Sender<T>);

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wake for Flushes<T> {
    fn wake(self: Arc<Self>) {
        let _ = pin!(self.0.flush()).poll(&mut Context::from_waker(Waker::noop()));
    }
}

#[test]
fn a_waker_of_a_half_may_use_the_other_also_where_the_whole_was_a_stream() {
    ends(|| {
        let (_client, mut server) = pair(1 << 16);
        let mut cx = Context::from_waker(Waker::noop());
        assert!(server.poll_next_unpin(&mut cx).is_pending());
        let (sender, mut receiver) = server.split();
        let waker = Waker::from(Arc::new(Flushes(sender.clone())));
        let mut receiving = pin!(receiver.recv());
        assert!(receiving.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        assert!(pin!(sender.close(None)).poll(&mut cx).is_ready());
    });
}

#[tokio::test(start_paused = true)]
async fn a_receiver_hears_of_a_shutdown_that_its_sender_has_noticed_first() {
    // More than a shutdown wakes at once. Those that are woken have the sender look before the receiver is woken.
    const OTHERS: usize = 1000;
    let shutdown = Shutdown::default();
    let follows = || {
        let mut server = Connection::server_established(Silent, plain());
        server.follow(&shutdown);
        server
    };
    let (sender, mut receiver) = follows().split();
    let mut others = [(); OTHERS].map(|()| follows());
    let mut begins = pin!(shutdown.begin(Duration::from_secs(1)));
    assert!(begins.as_mut().now_or_never().is_none());
    let waker = Waker::from(Arc::new(Flushes(sender)));
    let waits = |other: &mut Connection<Silent>| {
        assert!(pin!(other.recv()).poll(&mut Context::from_waker(&waker)).is_pending());
    };
    // In one turn of this task, which is a long one.
    unconstrained(async { others.iter_mut().for_each(waits) }).await;
    let receiving = tokio::spawn(async move { receiver.recv().await });
    yield_now().await;
    assert_eq!(unconstrained(begins).await, OTHERS + 1);
    let failure = timeout(Duration::from_secs(1), receiving).await.expect("it is told").unwrap().unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Cancelled);
}

/// A stream on which nothing comes, and that remembers no waker.
struct Silent;

impl AsyncRead for Silent {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl AsyncWrite for Silent {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Pending
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

/// Counts the subscribers when it is dropped.
struct Counts(Broadcast);

impl Drop for Counts {
    fn drop(&mut self) {
        self.0.subscribers();
    }
}

#[test]
fn a_waker_of_a_subscriber_may_use_the_broadcast() {
    fn polls(poll: impl Fn(&mut Connection<Silent>, &mut Context<'_>) -> bool + Send + 'static) {
        ends(move || {
            let mut server = Connection::server_established(Silent, plain());
            let room = Broadcast::default();
            server.join(&room);
            server.feed("not taken").unwrap();
            for waker in [Owner::waker(Counts(room.clone())), Waker::noop().clone()] {
                assert!(poll(&mut server, &mut Context::from_waker(&waker)), "it waits");
            }
            assert_eq!(room.send("still here"), 1);
        });
    }
    polls(|server, cx| pin!(server.recv()).poll(cx).is_pending());
    polls(|server, cx| pin!(server.flush()).poll(cx).is_pending());
}
