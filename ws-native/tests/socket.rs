//! The native socket over TCP: what the tests of both targets cannot show, such as deadlines, headers and blobs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod peer;

use std::sync::{Arc, mpsc};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Notify;
use ws_core::{Blob, BlobFuture, CloseEvent, Error, FailureKind, Flow as _, HostBlob, Message, WebSocketStream};
use ws_native::proto::Heartbeat;
use ws_native::{ConnectOptions, Native, Server, WebSocket};

use peer::{accept, listen, read_head};

/// Connects, and gives the socket with its close event to come.
fn connect(url: &str, options: ConnectOptions) -> (WebSocket, tokio::sync::oneshot::Receiver<CloseEvent>) {
    let (sender, closed) = tokio::sync::oneshot::channel();
    let mut sender = Some(sender);
    let socket = WebSocket::builder(url)
        .options(options)
        .connect_with(|socket| {
            socket.set_onclose(move |_, event| sender.take().unwrap().send(event.clone()).unwrap());
        })
        .unwrap();
    (socket, closed)
}

/// Connects, and waits until the socket is open.
async fn opened(url: &str, options: ConnectOptions) -> (WebSocket, tokio::sync::oneshot::Receiver<CloseEvent>) {
    let (socket, closed) = connect(url, options);
    let (sender, open) = tokio::sync::oneshot::channel();
    let mut sender = Some(sender);
    socket.set_onopen(move |_| sender.take().unwrap().send(()).unwrap());
    open.await.unwrap();
    (socket, closed)
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_is_given_up_at_the_deadline() {
    let (listener, url) = listen().await;
    let mut options = ConnectOptions::default();
    options.config.handshake_timeout = Duration::from_secs(5);
    let start = tokio::time::Instant::now();
    let (socket, closed) = connect(&url, options);
    let (_stream, _) = listener.accept().await.unwrap();
    let event = closed.await.unwrap();
    assert_eq!((event.was_clean, event.code.get()), (false, 1006));
    assert_eq!(start.elapsed().as_secs(), 5);
    let failure = socket.failure().unwrap();
    assert!(failure.is_timeout() && failure.to_string().contains("handshake_timeout"), "{failure}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_a_close_frame_is_given_up_at_the_deadline() {
    let (listener, url) = listen().await;
    let ((socket, closed), _stream) = tokio::join!(opened(&url, ConnectOptions::default()), accept(&listener));
    let start = tokio::time::Instant::now();
    socket.close();
    assert!(!closed.await.unwrap().was_clean);
    assert_eq!(start.elapsed().as_secs(), 10);
    assert!(socket.failure().unwrap().to_string().contains("close_timeout"));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_a_ping_is_given_up_at_the_deadline() {
    let (listener, url) = listen().await;
    let mut options = ConnectOptions::default();
    options.config.heartbeat = Some(Heartbeat::default());
    let ((socket, closed), mut stream) = tokio::join!(opened(&url, options), accept(&listener));
    let start = tokio::time::Instant::now();
    let event = closed.await.unwrap();
    assert_eq!((event.was_clean, event.code.get()), (false, 1006));
    assert_eq!(start.elapsed().as_secs(), 30 + 10);
    assert!(socket.failure().unwrap().to_string().contains("heartbeat.timeout"));
    let mut ping = [0; 2];
    stream.read_exact(&mut ping).await.unwrap();
    assert_eq!(ping, [0x89, 0x88]);
}

#[tokio::test]
async fn a_handle_dropped_while_connecting_ends_the_transport() {
    let (listener, url) = listen().await;
    let (socket, _closed) = connect(&url, ConnectOptions::default());
    let (mut stream, _) = listener.accept().await.unwrap();
    read_head(&mut stream).await;
    drop(socket);
    assert_eq!(stream.read(&mut [0; 16]).await.unwrap(), 0);
}

#[tokio::test]
async fn headers_and_credentials_are_in_the_request() {
    let (listener, url) = listen().await;
    let mut options = ConnectOptions::default();
    options.headers.push(("Origin".into(), "https://a.example".into()));
    let (_socket, _closed) = connect(&url.replace("ws://", "ws://us%65r:p%40ss@"), options);
    let (mut stream, _) = listener.accept().await.unwrap();
    let head = read_head(&mut stream).await;
    assert!(head.contains("\r\nOrigin: https://a.example\r\n"), "{head}");
    assert!(head.contains("\r\nAuthorization: Basic dXNlcjpwQHNz\r\n"), "{head}");
    assert!(head.contains(&format!("\r\nHost: {}\r\n", listener.local_addr().unwrap())), "{head}");
}

#[tokio::test]
async fn a_header_that_cannot_be_sent_is_refused_at_once() {
    let mut options = ConnectOptions::default();
    options.headers.push(("Sec-WebSocket-Key".into(), "x".into()));
    let error = WebSocket::builder("ws://h/").options(options).connect().unwrap_err();
    assert!(error.to_string().contains("Sec-WebSocket-Key"), "{error}");
}

#[tokio::test]
async fn wss_is_never_sent_in_the_clear() {
    let (listener, url) = listen().await;
    let (socket, closed) = connect(&url.replace("ws://", "wss://"), ConnectOptions::default());
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut hello = [0; 5];
    stream.read_exact(&mut hello).await.unwrap();
    assert_eq!(hello[..2], [22, 3], "a TLS handshake");
    drop(stream);
    assert_eq!(closed.await.unwrap().code.get(), 1006);
    assert!(socket.failure().unwrap().to_string().contains("TLS"));
}

#[tokio::test]
async fn a_relative_url_is_resolved_against_the_base() {
    let mut options = ConnectOptions::default();
    options.base_url = Some("http://127.0.0.1:1/app/".into());
    let socket = WebSocket::builder("../echo").options(options).connect().unwrap();
    assert_eq!(socket.url(), "ws://127.0.0.1:1/echo");
}

/// A blob whose bytes come when the test says so.
struct LateBlob(Arc<Notify>);

impl HostBlob for LateBlob {
    fn size(&self) -> u64 {
        4
    }

    fn media_type(&self) -> String {
        "text/plain".into()
    }

    fn bytes(&self) -> BlobFuture {
        let ready = self.0.clone();
        Box::pin(async move {
            ready.notified().await;
            Ok((&b"late"[..]).into())
        })
    }
}

#[tokio::test]
async fn a_blob_that_is_read_later_keeps_its_place() {
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", server.local_address().unwrap());
    let ready = Arc::new(Notify::new());
    let (notify, blob_ready) = (ready.clone(), ready);
    let (socket, closed) = connect(&url, ConnectOptions::default());
    socket.set_onopen(move |socket| {
        socket.send("before").unwrap();
        socket.send(Blob::from_host(LateBlob(blob_ready.clone()))).unwrap();
        socket.send("after").unwrap();
        assert_eq!(socket.buffered_amount(), 6 + 4 + 5);
        socket.close();
    });
    let mut connection = server.accept().await.unwrap().request().await.unwrap().accept(None).await.unwrap();
    assert_eq!(connection.recv().await.unwrap(), Some(Message::Text("before".into())));
    notify.notify_one();
    assert_eq!(connection.recv().await.unwrap(), Some(Message::Binary((&b"late"[..]).into())));
    assert_eq!(connection.recv().await.unwrap(), Some(Message::Text("after".into())));
    assert_eq!(connection.recv().await.unwrap(), None);
    assert!(closed.await.unwrap().was_clean);
}

#[tokio::test]
async fn a_blob_is_read_to_its_end_though_the_handle_was_dropped() {
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", server.local_address().unwrap());
    let ready = Arc::new(Notify::new());
    let (notify, blob_ready) = (ready.clone(), ready);
    let (socket, _closed) = connect(&url, ConnectOptions::default());
    socket.set_onopen(move |socket| {
        socket.send("before").unwrap();
        socket.send(Blob::from_host(LateBlob(blob_ready.clone()))).unwrap();
    });
    let mut connection = server.accept().await.unwrap().request().await.unwrap().accept(None).await.unwrap();
    assert_eq!(connection.recv().await.unwrap(), Some(Message::Text("before".into())));
    drop(socket);
    notify.notify_one();
    assert_eq!(connection.recv().await.unwrap(), Some(Message::Binary((&b"late"[..]).into())));
    assert_eq!(connection.recv().await.unwrap(), None);
}

#[tokio::test]
async fn a_stream_whose_blob_the_peers_end_throws_away_does_not_say_that_it_was_written() {
    let (listener, url) = listen().await;
    let stream = WebSocketStream::<Native>::new(&url).unwrap();
    let (mut peer, opened) = tokio::join!(accept(&listener), stream.opened());
    let mut writable = opened.unwrap().writable;
    writable.write(Blob::from_host(LateBlob(Arc::default()))).await.unwrap();
    let end = async move {
        peer.write_all(b"\x88\x02\x03\xe8").await.unwrap();
        // What it is answered with is all that there was to be written.
        peer.read_exact(&mut [0; 8]).await.unwrap();
    };
    let (flushed, ()) = tokio::join!(writable.flush(), end);
    assert!(flushed.is_err(), "four bytes were not written");
}

#[test]
fn a_socket_made_outside_of_a_runtime_runs_all_the_same() {
    let (address, addresses) = mpsc::channel();
    let server = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = Server::bind("127.0.0.1:0").await.unwrap();
            address.send(server.local_address().unwrap()).unwrap();
            let mut connection = server.accept().await.unwrap().request().await.unwrap().accept(None).await.unwrap();
            connection.send("hello").await.unwrap();
            while connection.recv().await.unwrap().is_some() {}
        });
    });
    let (sender, messages) = mpsc::channel();
    let url = format!("ws://{}/", addresses.recv().unwrap());
    let socket = WebSocket::builder(url)
        .connect_with(|socket| {
            socket.set_onmessage(move |_, event| sender.send(event.data.as_text().unwrap().to_owned()).unwrap());
        })
        .unwrap();
    assert_eq!(messages.recv_timeout(Duration::from_secs(20)).unwrap(), "hello");
    drop(socket);
    server.join().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handlers_registered_before_connecting_miss_nothing_on_several_threads() {
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", server.local_address().unwrap());
    tokio::spawn(async move {
        loop {
            let accepted = server.accept().await.unwrap();
            tokio::spawn(async move {
                let mut connection = accepted.request().await.unwrap().accept(None).await.unwrap();
                connection.send("at once").await.unwrap();
                connection.close(None).await.unwrap();
                while connection.recv().await.unwrap().is_some() {}
            });
        }
    });
    for _ in 0..50 {
        let (sender, mut events) = tokio::sync::mpsc::unbounded_channel();
        let (opened, received, closed) = (sender.clone(), sender.clone(), sender);
        let _socket = WebSocket::builder(&*url).connect_with(|socket| {
            socket.set_onopen(move |_| opened.send("open").unwrap());
            socket.set_onmessage(move |_, _| received.send("message").unwrap());
            socket.set_onclose(move |_, _| closed.send("close").unwrap());
        });
        for expected in ["open", "message", "close"] {
            assert_eq!(events.recv().await, Some(expected));
        }
    }
}

#[tokio::test]
async fn a_server_that_fails_the_connection_is_told_why_though_it_went_on_sending() {
    let (listener, url) = listen().await;
    let (socket, closed) = connect(&url, ConnectOptions::default());
    let mut stream = accept(&listener).await;
    let mut bytes = b"\x83\x00".to_vec();
    bytes.resize(100_000, 0);
    stream.write_all(&bytes).await.unwrap();
    assert_eq!(closed.await.unwrap().code.get(), 1006);
    assert_eq!(socket.failure().unwrap().kind(), FailureKind::Protocol);
    let mut frame = [0; 8];
    stream.read_exact(&mut frame).await.unwrap();
    assert_eq!(frame[..2], [0x88, 0x82]);
    assert_eq!([frame[6] ^ frame[2], frame[7] ^ frame[3]], 1002_u16.to_be_bytes());
}

/// A server that echoes, on a thread of its own: it outlives the runtimes of a test.
fn echo_server() -> String {
    let (address, addresses) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = Server::bind("127.0.0.1:0").await.unwrap();
            address.send(server.local_address().unwrap()).unwrap();
            loop {
                let accepted = server.accept().await.unwrap();
                tokio::spawn(async move {
                    let mut connection = accepted.request().await?.accept(None).await?;
                    while let Some(message) = connection.recv().await? {
                        connection.feed(message)?;
                    }
                    Ok::<(), ws_core::Failure>(())
                });
            }
        });
    });
    format!("ws://{}/", addresses.recv().unwrap())
}

#[tokio::test(start_paused = true)]
async fn closing_after_a_long_silence_is_clean() {
    let (listener, url) = listen().await;
    let server = tokio::spawn(async move { accept(&listener).await });
    let (socket, closed) = opened(&url, ConnectOptions::default()).await;
    let mut stream = server.await.unwrap();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    socket.close();
    let mut frame = [0; 6];
    stream.read_exact(&mut frame).await.unwrap();
    assert_eq!(frame[..2], [0x88, 0x80]);
    stream.write_all(b"\x88\x00").await.unwrap();
    drop(stream);
    assert!(closed.await.unwrap().was_clean);
}

#[tokio::test]
async fn a_handler_that_panics_does_not_take_the_socket_with_it() {
    let (socket, closed) = opened(&echo_server(), ConnectOptions::default()).await;
    let (sender, mut messages) = tokio::sync::mpsc::unbounded_channel();
    socket.add_event_listener_once(ws_core::EventKind::Message, |_, _| panic!("on purpose"));
    socket.add_event_listener(ws_core::EventKind::Message, move |_, _| sender.send(()).unwrap());
    socket.send("first").unwrap();
    socket.send("second").unwrap();
    messages.recv().await.unwrap();
    socket.close();
    assert!(closed.await.unwrap().was_clean);
}

#[test]
fn a_socket_whose_runtime_ends_is_closed() {
    let url = echo_server();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (socket, _closed) = runtime.block_on(opened(&url, ConnectOptions::default()));
    drop(runtime);
    assert_eq!(socket.ready_state(), ws_core::ReadyState::Closed);
    assert!(socket.send("x").is_err());
    assert!(socket.failure().unwrap().to_string().contains("runtime"));
}

fn current_thread() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Makes a socket whose events are told by the receiver.
fn telling() -> (WebSocket, mpsc::Receiver<(&'static str, u16)>) {
    let (sender, events) = mpsc::channel();
    let failed = sender.clone();
    let socket = WebSocket::builder("ws://127.0.0.1:1/").connect_with(|socket| {
        socket.set_onerror(move |_| failed.send(("error", 0)).unwrap());
        socket.set_onclose(move |_, event| sender.send(("close", event.code.get())).unwrap());
    });
    (socket.unwrap(), events)
}

#[test]
fn a_socket_whose_runtime_ends_before_it_runs_is_told_of_its_end() {
    let runtime = current_thread();
    let (socket, events) = runtime.block_on(async { telling() });
    assert!(events.try_recv().is_err(), "it has not run yet");
    drop(runtime);
    assert_eq!(events.try_iter().collect::<Vec<_>>(), [("error", 0), ("close", 1006)]);
    assert_eq!(socket.ready_state(), ws_core::ReadyState::Closed);
    assert!(socket.failure().unwrap().to_string().contains("runtime"));
}

#[test]
fn a_socket_whose_runtime_is_gone_is_told_of_its_end_at_once() {
    let runtime = current_thread();
    let handle = runtime.handle().clone();
    drop(runtime);
    let _within = handle.enter();
    let (socket, events) = telling();
    assert_eq!(events.try_iter().collect::<Vec<_>>(), [("error", 0), ("close", 1006)]);
    assert_eq!(socket.ready_state(), ws_core::ReadyState::Closed);
}

#[test]
fn a_stream_whose_runtime_ends_before_it_runs_is_waited_for_elsewhere_no_longer() {
    let new = || WebSocketStream::<Native>::new("ws://127.0.0.1:1/").unwrap();
    let (ending, gone) = (current_thread(), current_thread());
    let handle = gone.handle().clone();
    drop(gone);
    let late = {
        let _within = handle.enter();
        new()
    };
    let early = ending.block_on(async { new() });
    drop(ending);
    current_thread().block_on(async {
        for stream in [early, late] {
            let both = async { tokio::join!(stream.opened(), stream.closed()) };
            let (opened, closed) = tokio::time::timeout(Duration::from_secs(20), both).await.unwrap();
            assert!(opened.is_err() && closed.is_err());
        }
    });
}

#[tokio::test(start_paused = true)]
async fn a_close_frame_that_was_answered_in_time_was_answered_however_late_the_task_runs() {
    let (listener, url) = listen().await;
    let ((socket, closed), mut stream) = tokio::join!(opened(&url, ConnectOptions::default()), accept(&listener));
    socket.close();
    stream.read_exact(&mut [0; 6]).await.unwrap();
    stream.write_all(b"\x88\x02\x03\xe8").await.unwrap();
    tokio::time::advance(Duration::from_secs(20)).await;
    let event = closed.await.unwrap();
    assert_eq!((event.was_clean, event.code.get()), (true, 1000));
}

/// The peer reads nothing and breaks the protocol: what was sent still waits for it when the connection has failed.
#[tokio::test]
async fn a_connection_that_has_failed_refuses_what_it_had_no_room_for() {
    const MOST: usize = 32 << 20;
    let (listener, url) = listen().await;
    let mut options = ConnectOptions::default();
    options.config.max_send_queue = MOST;
    let ((socket, closed), mut peer) = tokio::join!(opened(&url, options), accept(&listener));
    socket.send(vec![0; MOST]).unwrap();
    assert!(!socket.backend().has_room(MOST as u64));
    assert_eq!(socket.backend().send_if_room(vec![0; MOST].into()).unwrap().unwrap().len(), MOST as u64);
    // A frame that is masked, which those of a server are not.
    peer.write_all(&[0x81, 0x80, 0, 0, 0, 0]).await.unwrap();
    closed.await.unwrap();
    assert!(socket.backend().has_room(MOST as u64));
    assert!(matches!(socket.backend().send_if_room("late".into()), Err(Error::Discarded(_))));
}

/// Its Close frame waits for the blob.
#[tokio::test]
async fn a_connection_that_is_closed_behind_a_blob_refuses_what_it_had_no_room_for() {
    let (listener, url) = listen().await;
    let mut options = ConnectOptions::default();
    options.config.max_send_queue = 4;
    let ((socket, _closed), _peer) = tokio::join!(opened(&url, options), accept(&listener));
    socket.send(Blob::from_host(LateBlob(Arc::default()))).unwrap();
    assert!(!socket.backend().has_room(1));
    socket.close();
    assert!(socket.backend().has_room(1));
    assert!(matches!(socket.backend().send_if_room("x".into()), Err(Error::Discarded(_))));
}
