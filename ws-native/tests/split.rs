//! The halves of a connection, the Stream and the Sink, and futures that are dropped at any await.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod pipe;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures_util::{FutureExt as _, SinkExt, StreamExt as _, TryStreamExt as _};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, DuplexStream, ReadBuf, duplex};
use tokio::task::yield_now;
use tokio::time::timeout;
use ws_core::{CloseCode, FailureKind, Message};
use ws_native::proto::{Heartbeat, Part, Prepared};
use ws_native::{Broadcast, ConnectOptions, Connection, Received, Server, Shutdown};

use pipe::{pair, plain};

fn text(text: &str) -> Option<Message> {
    Some(Message::Text(text.into()))
}

/// Counts how often it is woken.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

// Halves.

#[tokio::test]
async fn both_halves_work_at_the_same_time() {
    const COUNT: usize = 2000;
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", server.local_address().unwrap());
    let mut options = ConnectOptions::default();
    options.config = plain();
    let (client, server) = tokio::join!(Connection::connect(&url, &options), async {
        server.accept().await.unwrap().request().await.unwrap().accept(None).await.unwrap()
    });
    // Both ends send more than the pipes between them hold, and would wait for ever if either did not receive meanwhile.
    let both = |connection: Connection| async move {
        let (sender, mut receiver) = connection.split();
        let clone = sender.clone();
        let sending = tokio::spawn(async move {
            for number in 0..COUNT {
                let message = format!("{number} {}", "x".repeat(number * 7 % 40_000));
                if number % 2 == 0 { sender.send(message).await } else { clone.send(message).await }.unwrap();
            }
            sender
        });
        for number in 0..COUNT {
            let Some(Message::Text(text)) = receiver.recv().await.unwrap() else { panic!("text") };
            assert!(text.starts_with(&format!("{number} ")), "in order");
        }
        (sending.await.unwrap(), receiver)
    };
    let (client, server) = (tokio::spawn(both(client.unwrap())), tokio::spawn(both(server)));
    let ((client, mut from_server), (_server, mut from_client)) = (client.await.unwrap(), server.await.unwrap());
    client.close(Some((CloseCode::new(4000), "done"))).await.unwrap();
    assert_eq!(from_client.recv().await.unwrap(), None);
    assert_eq!(from_server.recv().await.unwrap(), None);
    assert_eq!(from_client.closed().unwrap().reason(), "done");
    assert_eq!(client.send("late").await.unwrap_err().kind(), FailureKind::Misuse);
}

#[tokio::test]
async fn what_is_fed_wakes_nobody_and_goes_out_when_the_other_half_begins_to_wait_again() {
    let (client, mut server) = pair(1024);
    let (sender, mut receiver) = client.split();
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut context = Context::from_waker(&waker);
    let mut receiving = Box::pin(receiver.recv());
    assert!(receiving.as_mut().poll(&mut context).is_pending());
    sender.feed("a").unwrap();
    assert_eq!(woken.0.load(Ordering::Relaxed), 0);
    assert!(server.recv().now_or_never().is_none());
    assert!(receiving.as_mut().poll(&mut context).is_pending());
    assert_eq!(server.recv().await.unwrap(), text("a"));
    // Its flush, with which it goes out at once.
    sender.feed("b").unwrap();
    sender.flush().await.unwrap();
    assert_eq!(server.recv().await.unwrap(), text("b"));
}

#[tokio::test]
async fn the_halves_do_what_the_whole_does() {
    let (client, mut server) = pair(1024);
    let (sender, mut receiver) = client.split();
    sender.feed_prepared(&Prepared::text("to many")).unwrap();
    sender.ping(b"one").await.unwrap();
    assert_eq!(server.recv().await.unwrap(), text("to many"));
    assert!(server.recv().now_or_never().is_none(), "it answers the ping");
    assert_eq!(receiver.recv_any().await.unwrap(), Some(Received::Pong("one".into())));
    // A client may get a broadcast, too.
    let room = Broadcast::default();
    receiver.join(&room);
    room.send("a");
    assert!(receiver.recv().now_or_never().is_none(), "what is broadcast is sent while it waits");
    assert_eq!(server.recv().await.unwrap(), text("a"));
    receiver.leave(&room);
    assert_eq!((room.send("b"), receiver.missed()), (0, 0));
    assert!(sender.closed().is_none());
    sender.close(Some((CloseCode::new(4000), "done"))).await.unwrap();
    assert_eq!(tokio::join!(receiver.recv(), server.recv()).0.unwrap(), None);
    assert_eq!(sender.closed().unwrap().code().get(), 4000);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_waits_is_told_that_the_other_half_closes() {
    let (client, _silent) = pair(1024);
    let (sender, mut receiver) = client.split();
    let waiting = tokio::spawn(async move { receiver.recv().await });
    yield_now().await;
    sender.close(None).await.unwrap();
    // The peer never answers: the receiver's wait has an end, though it began before there was a deadline.
    assert_eq!(waiting.await.unwrap().unwrap_err().kind(), FailureKind::Timeout);
}

#[tokio::test(start_paused = true)]
async fn a_sender_that_waits_is_told_that_the_peer_is_gone() {
    let (near, _stopped) = duplex(16);
    let mut config = plain();
    config.heartbeat = Some(Heartbeat::default());
    let (sender, mut receiver) = Connection::client_established(near, config).split();
    let sending = tokio::spawn(async move { sender.send(vec![0; 1000]).await });
    assert!(receiver.recv().await.unwrap_err().is_timeout());
    assert!(sending.await.unwrap().is_err());
}

#[tokio::test]
async fn tasks_that_are_gone_are_forgotten() {
    let (client, mut server) = pair(1024);
    let (_sender, mut receiver) = client.split();
    struct Nobody;
    impl Wake for Nobody {
        fn wake(self: Arc<Self>) {}
    }
    let tasks: Vec<Arc<Nobody>> = (0..1000).map(|_| Arc::new(Nobody)).collect();
    for task in &tasks {
        let waker = Waker::from(Arc::clone(task));
        let polled = Pin::new(&mut Box::pin(receiver.recv())).poll(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
    }
    let remembered = tasks.iter().filter(|task| Arc::strong_count(task) > 1).count();
    assert_eq!(remembered, 1, "the last one");
    server.send("hello").await.unwrap();
    assert_eq!(receiver.recv().await.unwrap(), text("hello"));
}

#[tokio::test]
async fn who_is_told_of_a_failure_has_not_sent() {
    let (client, server) = pair(16);
    let (sender, mut receiver) = client.split();
    let sending = tokio::spawn(async move { sender.send(vec![0; 1000]).await });
    yield_now().await;
    drop(server);
    assert!(receiver.recv().await.is_err());
    assert!(sending.await.unwrap().is_err());
}

#[tokio::test]
async fn a_queue_that_is_full_ends_both_halves() {
    let (near, _stalled) = duplex(16);
    let mut config = plain();
    config.max_send_queue = 1000;
    let (sender, mut receiver) = Connection::client_established(near, config).split();
    let receiving = tokio::spawn(async move { receiver.recv().await });
    yield_now().await;
    sender.feed(vec![0; 900]).unwrap();
    assert!(sender.feed(vec![0; 900]).is_err());
    assert_eq!(receiving.await.unwrap().unwrap_err().kind(), FailureKind::Limit);
}

/// A stream that takes nothing, and counts how often it is asked to.
struct Full(Arc<AtomicUsize>);

impl AsyncRead for Full {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl AsyncWrite for Full {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Poll::Pending
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

#[tokio::test]
async fn senders_that_wait_do_not_keep_each_other_awake() {
    let asked = Arc::new(AtomicUsize::new(0));
    let (sender, _receiver) = Connection::client_established(Full(asked.clone()), plain()).split();
    for _ in 0..200 {
        let sender = sender.clone();
        tokio::spawn(async move { sender.send("x").await });
    }
    for _ in 0..1000 {
        yield_now().await;
    }
    assert_eq!(asked.load(Ordering::Relaxed), 200);
}

// Stream and Sink.

#[tokio::test]
async fn an_echo_is_a_stream_into_a_sink() {
    let (mut client, server) = pair(100);
    let (sender, receiver) = server.split();
    let echo = tokio::spawn(receiver.forward(sender));
    for number in 0..100 {
        client.send(number.to_string()).await.unwrap();
        assert_eq!(client.recv().await.unwrap(), text(&number.to_string()));
    }
    client.close(None).await.unwrap();
    assert_eq!(client.recv().await.unwrap(), None);
    echo.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_sink_that_is_closed_starts_the_closing_handshake() {
    let (mut client, server) = pair(1024);
    SinkExt::send(&mut client, Message::Text("a".into())).await.unwrap();
    SinkExt::feed(&mut client, Message::Binary(vec![1].into())).await.unwrap();
    SinkExt::<Message>::close(&mut client).await.unwrap();
    let collected = tokio::spawn(server.try_collect::<Vec<_>>());
    assert!(client.next().await.is_none());
    assert!(client.closed().unwrap().clean);
    assert_eq!(collected.await.unwrap().unwrap(), [Message::Text("a".into()), Message::Binary(vec![1].into())]);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_waits_is_told_that_the_sink_was_closed() {
    let (client, _silent) = pair(1024);
    let (mut sender, mut receiver) = client.split();
    let waiting = tokio::spawn(async move { receiver.recv().await });
    yield_now().await;
    SinkExt::<Message>::close(&mut sender).await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap_err().kind(), FailureKind::Timeout);
}

#[tokio::test]
async fn a_stream_ends_after_its_failure() {
    let (mut client, server) = pair(1024);
    drop(server);
    assert_eq!(client.next().await.unwrap().unwrap_err().kind(), FailureKind::Ended);
    assert!(client.next().await.is_none());
}

// Halves by somebody who knows no more than that it is a Stream and a Sink.

#[tokio::test(start_paused = true)]
async fn a_writer_is_told_that_a_reader_has_written_for_it() {
    let (client, mut server) = pair(16);
    let (mut sink, mut stream) = futures_util::StreamExt::split(client);
    let sending = tokio::spawn(async move { sink.send(Message::Binary(vec![7; 1000].into())).await });
    yield_now().await;
    // It is the last who has waited for room then.
    server.feed("hello").unwrap();
    assert!(server.flush().now_or_never().is_some_and(|flushed| flushed.is_ok()));
    assert_eq!(stream.next().await.unwrap().unwrap(), Message::Text("hello".into()));
    let reading = tokio::spawn(async move { stream.next().await });
    yield_now().await;
    assert!(matches!(server.recv().await.unwrap(), Some(Message::Binary(bytes)) if bytes.len() == 1000));
    timeout(Duration::from_secs(1), sending).await.expect("it ends").unwrap().unwrap();
    drop(server);
    assert!(reading.await.unwrap().unwrap().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_reader_is_told_that_a_writer_has_begun_to_close() {
    let (client, _silent) = pair(1024);
    let (mut sink, mut stream) = futures_util::StreamExt::split(client);
    let waiting = tokio::spawn(async move { stream.next().await });
    yield_now().await;
    sink.close().await.unwrap();
    let received = timeout(Duration::from_secs(3600), waiting).await.expect("it ends");
    assert!(received.unwrap().unwrap().unwrap_err().is_timeout());
}

#[tokio::test(start_paused = true)]
async fn a_reader_hears_of_a_shutdown_though_a_writer_has_asked_after_it() {
    let (mut client, mut server) = pair(1024);
    let shutdown = Shutdown::default();
    server.follow(&shutdown);
    let (mut sink, mut stream) = futures_util::StreamExt::split(server);
    let waiting = tokio::spawn(async move { stream.next().await });
    yield_now().await;
    sink.send(Message::Text("hello".into())).await.unwrap();
    drop(sink);
    let receiving = async { [client.recv().await, client.recv().await] };
    let leaving = async { tokio::join!(shutdown.begin(Duration::from_secs(60)), receiving) };
    let (left, received) = timeout(Duration::from_secs(3600), leaving).await.expect("it ends");
    assert_eq!(received.map(Result::unwrap), [text("hello"), None]);
    assert!(waiting.await.unwrap().is_none());
    assert_eq!(left, 0);
}

#[tokio::test(start_paused = true)]
async fn what_a_sender_has_sent_counts_from_when_it_was_sent() {
    const IDLE: Duration = Duration::from_secs(60);
    let (near, far) = duplex(1024);
    let mut config = plain();
    config.idle_timeout = Some(IDLE);
    let (sender, mut receiver) = Connection::server_established(far, config).split();
    let mut client = Connection::client_established(near, plain());
    tokio::spawn(async move { receiver.recv().await });
    tokio::time::sleep(IDLE / 2).await;
    let sent = tokio::time::Instant::now();
    sender.send("hello").await.unwrap();
    assert_eq!(client.recv().await.unwrap(), text("hello"));
    assert_eq!(client.recv().await.unwrap(), None);
    assert_eq!(sent.elapsed().as_secs(), IDLE.as_secs());
}

// Dropped at any await.

/// A stream that gives and takes one byte at a time, and has to be asked twice for each.
struct Hesitant {
    stream: DuplexStream,
    reads: bool,
    writes: bool,
}

impl Hesitant {
    fn new(stream: DuplexStream) -> Self {
        Self { stream, reads: false, writes: false }
    }

    fn hesitate(turn: &mut bool, cx: &Context<'_>) -> bool {
        *turn = !*turn;
        if *turn {
            cx.waker().wake_by_ref();
        }
        *turn
    }
}

impl AsyncRead for Hesitant {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if Self::hesitate(&mut self.reads, cx) {
            return Poll::Pending;
        }
        let mut byte = [0];
        let mut one = ReadBuf::new(&mut byte);
        let outcome = Pin::new(&mut self.stream).poll_read(cx, &mut one);
        buffer.put_slice(one.filled());
        outcome
    }
}

impl AsyncWrite for Hesitant {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if Self::hesitate(&mut self.writes, cx) {
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_write(cx, &bytes[..1])
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Polls a future of `start` this many times, and drops it if it is not done by then.
macro_rules! polled {
    ($times:expr, $start:expr) => {{
        let mut future = Box::pin($start);
        let mut outcome = None;
        for _ in 0..$times {
            outcome = future.as_mut().now_or_never();
            if outcome.is_some() {
                break;
            }
            yield_now().await;
        }
        outcome
    }};
}

#[tokio::test(start_paused = true)]
async fn whatever_sends_can_be_dropped_at_every_await() {
    // In the end long enough for each of them to be done within.
    for times in 0..40 {
        let (near, far) = duplex(1 << 16);
        let mut client = Connection::client_established(Hesitant::new(near), plain());
        let mut server = Connection::server_established(far, plain());
        let done = polled!(times, client.send("message")).is_some();
        polled!(times, client.flush());
        polled!(times, client.ping(b"ping"));
        polled!(times, client.ready());
        polled!(times, client.send_part(Part::Text { text: "one ".into(), last: false }));
        polled!(times, client.send_part(Part::Text { text: "two".into(), last: true }));
        polled!(times, client.close(None));
        client.flush().await.unwrap();
        // A future that was never polled has sent nothing; the others have, once and whole, whenever they were dropped.
        let mut received: Vec<Message> = Vec::new();
        if times > 0 {
            while let Some(message) = server.recv().await.unwrap() {
                received.push(message);
            }
            assert_eq!(received, [text("message"), text("one two")].map(Option::unwrap), "{times}");
        }
        assert_eq!(done, times > 13, "{times}: a frame of 13 bytes takes a poll each, and one to begin");
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_receives_can_be_dropped_at_every_await() {
    for times in 1..40 {
        let (near, far) = duplex(1 << 16);
        let mut client = Connection::client_established(Hesitant::new(near), plain());
        let mut server = Connection::server_established(far, plain());
        for number in 0..5 {
            server.feed(number.to_string().repeat(5)).unwrap();
            server.ping(b"").await.unwrap();
        }
        server.close(Some((CloseCode::NORMAL, "bye"))).await.unwrap();
        let mut received = String::new();
        let mut whole = false;
        // Whole messages and parts by turns.
        loop {
            whole = !whole;
            if whole {
                match polled!(times, client.recv()) {
                    None => {}
                    Some(Ok(Some(Message::Text(text)))) => received.push_str(&text),
                    Some(Ok(None)) => break,
                    Some(other) => panic!("{other:?}"),
                }
            } else {
                match polled!(times, client.recv_part()) {
                    None => {}
                    Some(Ok(Some(Part::Text { text, .. }))) => received.push_str(&text),
                    Some(Ok(None)) => break,
                    Some(other) => panic!("{other:?}"),
                }
            }
            // The server reads the answers, and ends the stream in the end.
            let _ = server.recv().now_or_never();
        }
        assert_eq!(received, "0000011111222223333344444", "{times}");
        assert_eq!(client.closed().unwrap().reason(), "bye");
    }
}

#[tokio::test]
async fn accepting_can_be_dropped_at_every_await() {
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let address = server.local_address().unwrap();
    assert!(server.accept().now_or_never().is_none());
    let mut client = tokio::net::TcpStream::connect(address).await.unwrap();
    // The first was dropped, and no client was lost by it.
    let accepted = server.accept().await.unwrap();
    // A request that is dropped ends the stream.
    assert!(accepted.request().now_or_never().is_none());
    let mut end = [0];
    assert_eq!(tokio::time::timeout(Duration::from_secs(60), client.read(&mut end)).await.unwrap().unwrap(), 0);
}
