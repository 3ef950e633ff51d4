//! When `send` and `flush` are over, the system has what was sent: a task of the connection's has to write it first.

use std::thread;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::sync::oneshot;
use ws_core::{Failure, FailureKind, Message, Task};
use ws_native::rustls::pki_types::CertificateDer;
use ws_native::{ConnectOptions, Connection, Server, Socket};

use crate::echo::{identity, options};
use crate::other_ends::speaking;

/// So that messages are as long as they look.
fn uncompressed(root: CertificateDer<'static>) -> ConnectOptions {
    let mut options = options(root);
    options.config.compression = None;
    options
}

/// A server that passes on what it receives, and whether the socket was closed properly.
async fn listener() -> (String, ConnectOptions, UnboundedReceiver<Result<Message, bool>>) {
    let (root, tls) = identity();
    let server = Server::bind("127.0.0.1:0").await.unwrap().tls(tls);
    let url = format!("wss://localhost:{}/", server.local_address().unwrap().port());
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut requests = server.accept().await.unwrap().requests().await?;
        while let Some(incoming) = requests.next().await {
            let mut connection = incoming?.accept(None).await?;
            let sender = sender.clone();
            tokio::spawn(async move {
                while let Ok(Some(message)) = connection.recv().await {
                    sender.send(Ok(message)).unwrap();
                }
                sender.send(Err(connection.closed().is_some_and(|closed| closed.clean))).unwrap();
            });
        }
        Ok::<(), Failure>(())
    });
    (url, uncompressed(root), receiver)
}

/// Runs this in a thread of its own, whose runtime is gone when it is over.
fn run<F: Future<Output = ()>>(program: impl FnOnce() -> F + Send + 'static) -> thread::JoinHandle<()> {
    thread::spawn(|| Builder::new_current_thread().enable_all().build().unwrap().block_on(program()))
}

#[tokio::test]
async fn a_program_that_ends_behind_send_loses_nothing() {
    for message in ["x".repeat(100), "y".repeat(5000), "z".repeat(100_000)] {
        let (url, options, mut received) = listener().await;
        let sent = message.clone();
        let program = run(move || async move {
            let mut connection = Connection::connect(&url, &options).await.unwrap();
            connection.send(sent).await.unwrap();
            // It is not even dropped, which would end the stream.
            std::mem::forget(connection);
        });
        assert_eq!(received.recv().await, Some(Ok(Message::Text(message.into()))));
        assert_eq!(received.recv().await, Some(Err(false)));
        program.join().unwrap();
    }
}

#[tokio::test]
async fn a_socket_that_is_ended_has_told_the_end() {
    let (url, options, mut received) = listener().await;
    let program = run(move || async move {
        let mut connection = Connection::connect(&url, &options).await.unwrap();
        connection.feed("last words").unwrap();
        connection.close(None).await.unwrap();
        std::mem::forget(connection);
    });
    assert_eq!(received.recv().await, Some(Ok(Message::Text("last words".into()))));
    assert_eq!(received.recv().await, Some(Err(true)));
    program.join().unwrap();
}

/// What was left to be written is the request over HTTP/1.1, which is not needed.
#[tokio::test]
async fn who_waits_while_the_socket_connects_is_told_though_nothing_is_sent() {
    let (url, options, _received) = listener().await;
    let (socket, mut tasks) = Socket::open(&url, &[], options).unwrap();
    assert_ne!(socket.unwritten(), 0);
    let mut written = tokio::spawn(socket.written(0));
    // So that it waits before there is a connection.
    tokio::task::yield_now().await;
    assert!(matches!(tasks.next().await, Some(Task::Open)));
    let waiting = async {
        tokio::select! {
            done = &mut written => done.unwrap(),
            task = tasks.next() => panic!("an idle socket has {task:?}"),
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap();
}

/// Its window is that of a stream: 128 KiB.
#[tokio::test]
async fn flush_waits_while_the_peer_reads_nothing() {
    let (root, tls) = identity();
    let server = Server::bind("127.0.0.1:0").await.unwrap().tls(tls);
    let url = format!("wss://localhost:{}/", server.local_address().unwrap().port());
    let options = uncompressed(root);
    let accepting = async {
        let mut requests = server.accept().await.unwrap().requests().await.unwrap();
        let connection = requests.next().await.unwrap().unwrap().accept(None).await.unwrap();
        (requests, connection)
    };
    let (client, (_requests, mut peer)) = tokio::join!(Connection::connect(&url, &options), accepting);
    let mut client = client.unwrap();
    // What fills the window to its end has to be written, and what comes behind it cannot be.
    let message = "x".repeat(64 << 10);
    client.send("first").await.unwrap();
    client.feed(message.as_str()).unwrap();
    client.feed(message.as_str()).unwrap();
    let mut flushing = Box::pin(client.flush());
    for _ in 0..100 {
        assert!(flushing.as_mut().now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    assert_eq!(peer.recv().await.unwrap(), Some(Message::Text("first".into())));
    let reading = async { [peer.recv().await.unwrap(), peer.recv().await.unwrap()] };
    let both = tokio::time::timeout(Duration::from_secs(30), async { tokio::join!(flushing, reading) });
    let (flushed, read) = both.await.unwrap();
    flushed.unwrap();
    let message = Some(Message::Text(message.into()));
    assert_eq!(read, [message.clone(), message]);
}

#[tokio::test]
async fn flush_ends_when_the_peer_resets_the_stream() {
    let (root, tls) = identity();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("wss://localhost:{}/", listener.local_addr().unwrap().port());
    let (reset, resetting) = oneshot::channel();
    let acceptor = speaking(&tls, &[b"h2"]);
    tokio::spawn(async move {
        let stream = acceptor.accept(listener.accept().await.unwrap().0).await.unwrap();
        let mut builder = h2::server::Builder::new();
        builder.enable_connect_protocol();
        let mut connection: h2::server::Connection<_, Bytes> = builder.handshake(stream).await.unwrap();
        // The body is not read, so that no more than 64 KiB may be sent.
        let (_request, mut respond) = connection.accept().await.unwrap().unwrap();
        let mut sender = respond.send_response(http::Response::new(()), false).unwrap();
        tokio::spawn(async move { while connection.accept().await.is_some() {} });
        let _: Result<(), _> = resetting.await;
        sender.send_reset(h2::Reason::CANCEL);
    });
    let mut client = Connection::connect(&url, &uncompressed(root)).await.unwrap();
    // The last piece may not go out any more.
    client.feed("x".repeat(60 << 10)).unwrap();
    client.feed("x".repeat(12 << 10)).unwrap();
    let mut flushing = Box::pin(client.flush());
    assert!(flushing.as_mut().now_or_never().is_none());
    reset.send(()).unwrap();
    let flushed = tokio::time::timeout(Duration::from_secs(30), flushing).await.unwrap();
    assert_eq!(flushed.unwrap_err().kind(), FailureKind::Network);
    assert_eq!(client.recv().await.unwrap_err().kind(), FailureKind::Network);
}
