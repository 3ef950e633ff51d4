//! The asynchronous face, over streams in memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod pipe;

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream, ReadBuf, duplex};
use tokio::time::timeout;
use ws_core::{Blob, CloseCode, FailureKind, Message};
use ws_native::proto::{Config, Part, Request};
use ws_native::{Connection, Incoming, Received};

use pipe::plain;

fn request(protocols: &[&str]) -> Request {
    Request::new("h", "/path", protocols).unwrap()
}

/// Both ends of a connection, through a pipe that holds this many bytes.
async fn pair(capacity: usize) -> (Connection<DuplexStream>, Connection<DuplexStream>) {
    let (near, far) = duplex(capacity);
    let (client, server) = tokio::join!(Connection::client(near, request(&["p"]), plain()), async {
        Incoming::read(far, plain()).await.unwrap().accept(Some("p")).await.unwrap()
    });
    (client.unwrap(), server)
}

fn text(text: &str) -> Option<Message> {
    Some(Message::Text(text.into()))
}

#[tokio::test]
async fn a_message_is_sent_as_it_is_produced_and_received_as_it_arrives() {
    let (mut client, mut server) = pair(64).await;
    let part = |text: &str, last| Part::Text { text: text.into(), last };
    client.send_part(part("a", false)).await.unwrap();
    assert_eq!(server.recv_part().await.unwrap(), Some(part("a", false)));
    assert_eq!(client.send("x").await.unwrap_err().kind(), FailureKind::Misuse);
    client.send_part(part("b", false)).await.unwrap();
    assert_eq!(server.recv_part().await.unwrap(), Some(part("b", false)));
    client.send_part(part("c", true)).await.unwrap();
    assert_eq!(server.recv().await.unwrap(), text("c"));
    client.close(None).await.unwrap();
    assert_eq!(tokio::join!(client.recv(), server.recv_part()).1.unwrap(), None);
}

#[tokio::test]
async fn what_is_queued_waits_until_it_is_more_than_one_write_may_have() {
    for (write_size, most) in [(0, 4 << 10), (16 << 10, 16 << 10), (2 << 20, 1 << 20)] {
        // The header of a server's frame.
        let header = if most > 0xFFFF { 10 } else { 4 };
        for length in [most, most + 1] {
            let (near, mut far) = duplex(2 << 20);
            let mut config = plain();
            config.write_size = write_size;
            let mut server = Connection::server_established(near, config);
            server.feed_binary(&vec![0; length - header]).unwrap();
            server.ready().await.unwrap();
            let written = far.read(&mut vec![0; 2 << 20]).now_or_never().map(Result::unwrap);
            assert_eq!(written, (length > most).then_some(length), "{write_size}");
        }
    }
}

#[tokio::test]
async fn messages_go_both_ways_and_the_end_is_none() {
    let (mut client, mut server) = pair(64).await;
    assert_eq!(client.established().protocol.as_deref(), Some("p"));
    let long = "x".repeat(100_000);
    let (sent, received) = tokio::join!(client.send(long.as_str()), server.recv());
    sent.unwrap();
    assert_eq!(received.unwrap(), text(&long));
    server.send(Blob::from(vec![1, 2])).await.unwrap();
    assert_eq!(client.recv().await.unwrap(), Some(Message::Binary((&[1, 2][..]).into())));

    client.close(Some((CloseCode::new(4001), "done"))).await.unwrap();
    assert_eq!(client.send("x").await.unwrap_err().kind(), FailureKind::Misuse);
    let (client_end, server_end) = tokio::join!(client.recv(), server.recv());
    assert_eq!((client_end.unwrap(), server_end.unwrap()), (None, None));
    let closed = server.closed().unwrap();
    assert_eq!((closed.clean, closed.code().get(), closed.reason()), (true, 4001, "done"));
    assert!(client.closed().unwrap().clean);
    assert_eq!(client.recv().await.unwrap(), None);
    assert_eq!(client.feed("x").unwrap_err().kind(), FailureKind::Misuse);
    // Who was not the one to close could not know.
    assert_eq!(server.feed("x").unwrap_err().kind(), FailureKind::Ended);
}

#[tokio::test]
async fn what_was_fed_goes_out_when_recv_waits() {
    let (mut client, mut server) = pair(1024).await;
    for number in 0..3 {
        client.feed(number.to_string()).unwrap();
    }
    assert!(server.recv().now_or_never().is_none(), "nothing was written yet");
    assert!(client.recv().now_or_never().is_none());
    for number in 0..3 {
        assert_eq!(server.recv().await.unwrap(), text(&number.to_string()));
    }
}

#[tokio::test]
async fn recv_that_is_dropped_at_any_await_loses_nothing() {
    let (near, mut far) = duplex(1 << 16);
    let mut server = Connection::server_established(near, Config::default());
    let frames = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x01\x82\0\0\0\0He\x89\x80\0\0\0\0\x80\x83\0\0\0\0llo";
    let mut received = Vec::new();
    for byte in frames {
        far.write_all(&[*byte]).await.unwrap();
        if let Some(message) = server.recv().now_or_never() {
            received.push(message.unwrap());
        }
    }
    assert_eq!(received, [text("Hello"), text("Hello")]);
    let mut pong = [0; 2];
    far.read_exact(&mut pong).await.unwrap();
    assert_eq!(pong, [0x8a, 0]);
}

#[tokio::test]
async fn send_that_is_dropped_sends_the_message_once_and_whole() {
    let (mut client, mut server) = pair(16).await;
    let message = "0123456789".repeat(100);
    assert!(client.send(message.as_str()).now_or_never().is_none(), "the pipe is full");
    let (flushed, received) = tokio::join!(client.flush(), server.recv());
    flushed.unwrap();
    assert_eq!(received.unwrap(), text(&message));
    client.send("next").await.unwrap();
    assert_eq!(server.recv().await.unwrap(), text("next"));
}

#[tokio::test]
async fn two_ends_that_only_write_do_not_lose_what_they_have_not_read() {
    let (mut client, mut server) = pair(1 << 20).await;
    for number in 0..100 {
        client.send(number.to_string()).await.unwrap();
        server.send(number.to_string()).await.unwrap();
    }
    for number in 0..100 {
        assert_eq!(client.recv().await.unwrap(), text(&number.to_string()));
        assert_eq!(server.recv().await.unwrap(), text(&number.to_string()));
    }
}

#[tokio::test]
async fn a_stream_that_ends_is_an_error_once() {
    let (mut client, server) = pair(64).await;
    drop(server);
    assert_eq!(client.recv().await.unwrap_err().kind(), FailureKind::Ended);
    assert_eq!(client.recv().await.unwrap(), None);
    assert!(client.send("x").await.is_err());
}

#[tokio::test]
async fn a_refused_request_is_a_failure_with_its_status() {
    let (near, far) = duplex(4096);
    let (client, ()) = tokio::join!(Connection::client(near, request(&[]), Config::default()), async {
        let incoming = Incoming::read(far, Config::default()).await.unwrap();
        assert_eq!(incoming.request().resource(), "/path");
        incoming.refuse(403, "not today").await.unwrap();
    });
    let failure = client.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Refused);
    assert!(failure.to_string().contains("403"), "{failure}");
}

#[tokio::test]
async fn a_refusal_may_have_further_headers() {
    let head = b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    for (status, headers, answer) in [
        (
            401,
            &[("WWW-Authenticate", "Basic realm=\"x\""), ("Set-Cookie", "a=1")][..],
            "HTTP/1.1 401 Unauthorized\r\nContent-Type: text/plain; charset=utf-8\r\n\
             WWW-Authenticate: Basic realm=\"x\"\r\nSet-Cookie: a=1\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno",
        ),
        (
            101,
            &[],
            "HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Connection: close\r\nContent-Length: 2\r\n\r\nno",
        ),
    ] {
        let (mut near, far) = duplex(4096);
        near.write_all(head).await.unwrap();
        let incoming = Incoming::read(far, Config::default()).await.unwrap();
        let (refused, answered) = tokio::join!(incoming.refuse_with(status, headers, "no"), async {
            let mut answered = vec![0; answer.len()];
            near.read_exact(&mut answered).await.unwrap();
            near.shutdown().await.unwrap();
            let mut rest = Vec::new();
            near.read_to_end(&mut rest).await.unwrap();
            (String::from_utf8(answered).unwrap(), rest)
        });
        refused.unwrap();
        assert_eq!(answered, (answer.to_owned(), Vec::new()));
    }

    let (mut near, far) = duplex(4096);
    near.write_all(head).await.unwrap();
    let incoming = Incoming::read(far, Config::default()).await.unwrap();
    let refused = incoming.refuse_with(302, &[("Location", "/x\r\ny")], "there").await.unwrap_err();
    assert_eq!(refused.kind(), FailureKind::Misuse);
    assert_eq!(near.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_request_that_is_none_gets_an_http_answer() {
    let (mut near, far) = duplex(4096);
    near.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    let (outcome, read) = tokio::join!(Incoming::read(far, Config::default()), async {
        let mut head = [0; 32];
        near.read_exact(&mut head).await.unwrap();
        answer = String::from_utf8_lossy(&head).into_owned();
        drop(near);
    });
    let ((), failure) = (read, outcome.unwrap_err());
    assert_eq!(failure.kind(), FailureKind::Handshake);
    assert_eq!(answer, "HTTP/1.1 426 Upgrade Required\r\nU"[..32].to_owned());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_asks_is_given_up_at_the_deadline() {
    let (_near, far) = duplex(4096);
    let start = tokio::time::Instant::now();
    let failure = Incoming::read(far, Config::default()).await.unwrap_err();
    assert!(failure.is_timeout(), "{failure}");
    assert!(start.elapsed() >= Duration::from_secs(20) && start.elapsed() < Duration::from_secs(23));
}

#[tokio::test]
async fn a_ping_is_answered_while_the_peer_receives() {
    let (mut client, mut server) = pair(1024).await;
    client.ping(b"are you there").await.unwrap();
    assert!(client.ping(&[0; 126]).await.is_err());
    assert!(server.recv().now_or_never().is_none());
    assert!(client.recv().now_or_never().is_none());
    server.send("yes").await.unwrap();
    assert_eq!(client.recv().await.unwrap(), text("yes"));
}

#[tokio::test]
async fn pings_and_pongs_are_had_in_their_places_among_the_messages() {
    let (mut client, mut server) = pair(1024).await;
    client.send("a").await.unwrap();
    client.ping(b"one").await.unwrap();
    client.send(&b"b"[..]).await.unwrap();
    assert_eq!(server.recv_any().await.unwrap(), text("a").map(Received::Message));
    assert_eq!(server.recv_any().await.unwrap(), Some(Received::Ping("one".into())));
    assert_eq!(server.recv_any().await.unwrap(), Some(Received::Message(Message::Binary("b".into()))));
    server.close(None).await.unwrap();
    assert_eq!(client.recv_any().await.unwrap(), Some(Received::Pong("one".into())));
    let (client_end, server_end) = tokio::join!(client.recv_any(), server.recv_any());
    assert_eq!((client_end.unwrap(), server_end.unwrap()), (None, None));
}

#[tokio::test]
async fn what_was_read_with_the_head_comes_first() {
    let (near, mut far) = duplex(64);
    let mut server = Connection::server_established(near, plain()).with_read(b"\x81\x81\0\0\0\0a\x82\x82\0\0");
    far.write_all(b"\0\0bc\x81\x81\0\0\0\0d").await.unwrap();
    assert_eq!(server.recv().await.unwrap(), text("a"));
    assert_eq!(server.recv().await.unwrap(), Some(Message::Binary("bc".into())));
    assert_eq!(server.recv().await.unwrap(), text("d"));
}

#[tokio::test]
async fn recv_that_is_dropped_while_the_transport_ends_still_tells_why() {
    let (near, mut far) = duplex(1 << 16);
    let mut server = Connection::server_established(near, Config::default());
    far.write_all(b"\x83\x80\0\0\0\0").await.unwrap();
    assert!(server.recv().now_or_never().is_none(), "the peer does not end the stream");
    drop(far);
    assert_eq!(server.recv().await.unwrap_err().kind(), FailureKind::Protocol);
    assert_eq!(server.recv().await.unwrap(), None);
}

#[tokio::test]
async fn a_stream_with_a_buffer_of_its_own_is_flushed() {
    let (near, far) = duplex(16);
    let near = tokio::io::BufStream::new(near);
    let mut server = Connection::server_established(near, Config::default());
    let mut far = far;
    let message = vec![7; 1000];
    let (sent, read) = tokio::join!(server.send(message.clone()), async {
        let mut frame = [0; 1004];
        far.read_exact(&mut frame).await.map(|_| frame)
    });
    sent.unwrap();
    assert_eq!(read.unwrap()[4..], message);
}

/// A stream that has been reset: writing fails, and what had arrived can still be read.
struct Reset(DuplexStream);

impl AsyncRead for Reset {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Reset {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn what_the_peer_said_before_it_went_away_is_heard_though_writing_fails() {
    let (near, mut far) = duplex(1024);
    let mut server = Connection::server_established(Reset(near), Config::default());
    far.write_all(b"\x81\x82\0\0\0\0hi\x88\x85\0\0\0\0\x0f\xa0bye").await.unwrap();
    drop(far);
    assert_eq!(server.send("x").await.unwrap_err().kind(), FailureKind::Network);
    assert_eq!(server.recv().await.unwrap(), text("hi"));
    assert_eq!(server.recv().await.unwrap(), None);
    let closed = server.closed().unwrap();
    assert_eq!((closed.code().get(), closed.reason()), (4000, "bye"));

    let (near, far) = duplex(1024);
    let mut server = Connection::server_established(Reset(near), Config::default());
    drop(far);
    server.feed("x").unwrap();
    let failure = server.recv().await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Network, "the reset is the cause, not the end that follows");
}

#[tokio::test]
async fn a_pong_that_was_held_back_goes_out_when_there_is_room() {
    let (near, mut far) = duplex(1 << 20);
    let mut server = Connection::server_established(near, Config::default());
    server.feed(vec![0; 100_000]).unwrap();
    far.write_all(b"\x89\x81\0\0\0\0p").await.unwrap();
    assert!(server.recv().now_or_never().is_none());
    let mut frames = vec![0; 100_010 + 3];
    far.read_exact(&mut frames).await.unwrap();
    assert_eq!(frames[100_010..], *b"\x8a\x01p");
}

#[tokio::test]
async fn a_peer_that_does_not_read_its_echoes_is_not_read_from() {
    let (near, mut far) = duplex(1 << 16);
    let echo = tokio::spawn(async move {
        let mut server = Connection::server_established(near, Config::default());
        while let Ok(Some(message)) = server.recv().await {
            server.feed(message).unwrap();
        }
    });
    let mut frame = b"\x82\xfe\xff\xff\0\0\0\0".to_vec();
    frame.resize(8 + 65_535, 0);
    let mut sent = 0;
    while let Ok(Ok(())) = tokio::time::timeout(Duration::from_millis(200), far.write_all(&frame)).await {
        sent += frame.len();
        assert!(sent < 4 << 20, "the server goes on reading");
    }
    drop(far);
    echo.await.unwrap();
}

#[tokio::test]
async fn codes_and_reasons_that_cannot_be_sent_are_misuse() {
    let (mut client, _server) = pair(1024).await;
    for (code, reason) in [(1006, ""), (1000, &*"x".repeat(124))] {
        let failure = client.close(Some((CloseCode::new(code), reason))).await.unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Misuse);
    }
    client.send("still open").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn two_ends_that_have_much_to_send_and_receive_do_not_wait_for_each_other() {
    let (mut client, mut server) = pair(1 << 16).await;
    let message = vec![7; 100_000];
    for _ in 0..100 {
        client.feed(message.clone()).unwrap();
    }
    let echo = tokio::spawn(async move {
        while let Some(message) = server.recv().await.unwrap() {
            server.feed(message).unwrap();
        }
    });
    for _ in 0..100 {
        let received = tokio::time::timeout(Duration::from_secs(3600), client.recv()).await.expect("no deadlock");
        assert_eq!(received.unwrap(), Some(Message::Binary(message.clone().into())));
    }
    client.close(None).await.unwrap();
    assert_eq!(client.recv().await.unwrap(), None);
    echo.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_queued_when_the_peer_closes_goes_out_however_slowly() {
    let (near, mut far) = duplex(1 << 12);
    let server = tokio::spawn(async move {
        let mut server = Connection::server_established(near, Config::default());
        server.feed(vec![7; 1 << 20]).unwrap();
        assert_eq!(server.recv().await.unwrap(), None);
    });
    far.write_all(b"\x88\x80\0\0\0\0").await.unwrap();
    let mut received = 0;
    let mut chunk = vec![0; 1 << 16];
    while received < (1 << 20) + 10 + 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        let count = far.read(&mut chunk).await.unwrap();
        assert!(count > 0, "{received}");
        received += count;
    }
    drop(far);
    server.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn closing_towards_a_peer_that_does_not_read_ends_in_time() {
    let (mut client, _server) = pair(64).await;
    client.feed("x".repeat(100_000)).unwrap();
    let began = tokio::time::Instant::now();
    assert!(client.close(None).now_or_never().is_none(), "given up before it is written");
    client.close(None).await.unwrap();
    assert!(began.elapsed() < 2 * plain().close_timeout, "not when something else wakes the task");
    assert_eq!(client.recv().await.unwrap_err().kind(), FailureKind::Timeout);
    client.close(None).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn close_and_flush_give_up_a_peer_that_has_closed_and_stays() {
    let (near, mut far) = duplex(64);
    let mut client = Connection::client_established(near, plain());
    client.feed("x".repeat(100_000)).unwrap();
    far.write_all(b"\x88\x00").await.unwrap();
    // It has answered, as far as it can.
    assert!(client.recv().now_or_never().is_none());
    let limit = 2 * plain().end_timeout;
    for _ in 0..2 {
        timeout(limit, client.close(None)).await.expect("given up in time").unwrap();
        let flushed = timeout(limit, client.flush()).await.expect("given up in time");
        assert_eq!(flushed.unwrap_err().kind(), FailureKind::Timeout);
    }
    assert_eq!(client.recv().await.unwrap(), None);
}

/// A stream whose reads wait, and for which the clock moves on at each of them.
#[derive(Debug)]
struct Slow<T>(T, Duration);

impl<T: AsyncRead + Unpin> AsyncRead for Slow<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let time = self.1;
        // Time passes at once, as it does for a thread that is not scheduled, and wakes nobody.
        let _ = std::pin::pin!(tokio::time::advance(time)).poll(&mut Context::from_waker(Waker::noop()));
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Slow<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_passes_during_a_read_is_not_missed() {
    let (near, _far) = duplex(1000);
    let limit = plain().handshake_timeout;
    let reading = Incoming::read(Slow(near, limit * 2), plain());
    let request = tokio::time::timeout(limit * 100, reading).await.expect("it ends by itself");
    assert_eq!(request.unwrap_err().kind(), FailureKind::Timeout);
}
