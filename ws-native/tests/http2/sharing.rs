//! Sockets that share a connection do not stand in each other's way.

use std::sync::atomic::Ordering;
use std::sync::mpsc as blocking;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use h2::server::SendResponse;
use h2::{RecvStream, SendStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use ws_core::{EventKind, KeepAlive, Message, ReconnectConfig, ReconnectingWebSocket};
use ws_native::{ConnectOptions, Connection, Http2, Incoming, Native, WebSocket};

use crate::echo::{echo, identity, options};
use crate::other_ends::speaking;

type Request = (http::Request<RecvStream>, SendResponse<Bytes>);

/// A server of the h2 crate, as it is by default. Gives the requests, of each with the number of its connection.
async fn server() -> (String, ConnectOptions, mpsc::UnboundedReceiver<(usize, Request)>) {
    let (root, tls) = identity();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("wss://localhost:{}/path", listener.local_addr().unwrap().port());
    let acceptor = speaking(&tls, &[b"h2"]);
    let (sender, requests) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        for number in 0.. {
            let stream = acceptor.accept(listener.accept().await.unwrap().0).await.unwrap();
            let sender = sender.clone();
            tokio::spawn(async move {
                let mut builder = h2::server::Builder::new();
                builder.enable_connect_protocol();
                let mut connection = builder.handshake(stream).await.unwrap();
                while let Some(request) = connection.accept().await {
                    let _ = sender.send((number, request.unwrap()));
                }
            });
        }
    });
    let mut options = options(root);
    options.config.compression = None;
    (url, options, requests)
}

fn accept((_, (request, mut respond)): (usize, Request)) -> (SendStream<Bytes>, RecvStream) {
    (respond.send_response(http::Response::new(()), false).unwrap(), request.into_body())
}

#[tokio::test]
async fn who_has_begun_to_send_and_waits_leaves_room_for_others() {
    const WAITING: usize = 6;
    let (url, options, mut requests) = server().await;
    tokio::spawn(async move {
        while let Some(request) = requests.recv().await {
            tokio::spawn(async move {
                let (mut send, mut body) = accept(request);
                // It reads all there is, and answers what is no longer than a greeting.
                while let Some(Ok(data)) = body.data().await {
                    body.flow_control().release_capacity(data.len()).unwrap();
                    if data.len() < 20 {
                        let _ = send.send_data(Bytes::from_static(b"\x81\x02hi"), false);
                    }
                }
            });
        }
    });
    let mut waiting = Vec::new();
    for _ in 0..WAITING {
        let mut socket = Connection::connect(&url, &options).await.unwrap();
        // They begin, until the connection has room for no more of the second message, and then nobody goes on with it.
        let _ = socket.send(vec![7; 40_000]).now_or_never();
        assert!(socket.send(vec![7; 1 << 20]).now_or_never().is_none());
        waiting.push(socket);
    }
    let mut last = Connection::connect(&url, &options).await.unwrap();
    last.send("hello").await.unwrap();
    assert_eq!(last.recv().await.unwrap(), Some(Message::Text("hi".into())));
}

/// A program that was busy for longer than an answer may take: the connection hears of what has come, and then its sockets do.
#[tokio::test]
async fn an_answer_that_has_come_is_heard_before_its_peer_is_given_up() {
    let (made, server_is_made) = tokio::sync::oneshot::channel();
    let (asked, mut question) = mpsc::unbounded_channel();
    let (answer, may_answer) = blocking::channel::<()>();
    let (answered, is_answered) = blocking::channel();
    let serving = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let (url, options, mut requests) = server().await;
            assert!(made.send((url, options)).is_ok());
            let (mut send, mut body) = accept(requests.recv().await.unwrap());
            body.data().await.unwrap().unwrap();
            asked.send(()).unwrap();
            may_answer.recv().unwrap();
            send.send_data(Bytes::from_static(b"\x81\x01!"), false).unwrap();
            // The connection, which is another task of this thread, gives it to the system.
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            answered.send(()).unwrap();
            // Until the test is over.
            let _ = may_answer.recv();
        });
    });
    let (url, options) = server_is_made.await.unwrap();
    let mut keep_alive = KeepAlive::new("?");
    (keep_alive.interval, keep_alive.timeout) = (Duration::from_millis(20), Duration::from_secs(10));
    let mut config = ReconnectConfig::default();
    config.keep_alive = Some(keep_alive);
    let (sender, mut told) = mpsc::unbounded_channel();
    let _socket = ReconnectingWebSocket::<Native>::builder_with(move |attempt| {
        attempt.connect(WebSocket::builder(url.as_str()).options(options.clone()));
    })
    .config(config)
    .connect_with(|socket| {
        for kind in [EventKind::Message, EventKind::Error] {
            let sender = sender.clone();
            socket.add_event_listener(kind, move |_, event| _ = sender.send(event.kind()));
        }
    })
    .unwrap();
    question.recv().await.unwrap();
    // Nothing else of this thread runs while the answer comes, and its time is over.
    tokio::time::pause();
    answer.send(()).unwrap();
    is_answered.recv().unwrap();
    tokio::time::advance(Duration::from_secs(11)).await;
    tokio::time::resume();
    assert_eq!(told.recv().await, Some(EventKind::Message));
    drop(answer);
    serving.join().unwrap();
}

#[tokio::test]
async fn a_server_that_names_no_number_of_streams_has_so_many_on_a_connection() {
    let (url, options, mut requests) = server().await;
    let mut kept = Vec::new();
    let mut sockets = Vec::new();
    for count in 0..130 {
        let accepting = async {
            let request = requests.recv().await.unwrap();
            let number = request.0;
            kept.push(accept(request));
            number
        };
        let (socket, number) = tokio::join!(Connection::connect(&url, &options), accepting);
        assert_eq!(number, usize::from(count >= 128));
        sockets.push(socket.unwrap());
    }
}

#[tokio::test]
async fn of_sockets_that_begin_together_one_opens_the_connection() {
    let mut echo = echo(|server| server).await;
    echo.options.one_at_a_time = false;
    let connecting = (0..20).map(|_| Connection::connect(&echo.url, &echo.options));
    for socket in &mut join_all(connecting).await {
        let socket = socket.as_mut().unwrap();
        socket.send("hello").await.unwrap();
        assert_eq!(socket.recv().await.unwrap(), Some(Message::Text("hello".into())));
    }
    assert_eq!(echo.connections.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn who_gives_up_connecting_holds_nobody_up() {
    let mut echo = echo(|server| server).await;
    echo.options.one_at_a_time = false;
    // The first connection comes to a server that says nothing.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let own = listener.local_addr().unwrap().port();
    let url = format!("wss://localhost:{own}/path");
    let mut connecting = (0..20).map(|_| Connection::connect(&url, &echo.options)).collect::<Vec<_>>();
    let first = connecting.swap_remove(0);
    let silent = tokio::select! {
        _ = first => panic!("nobody answers"),
        accepted = listener.accept() => accepted.unwrap(),
    };
    // It is dropped now.
    let address = echo.address();
    tokio::spawn(async move {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut server = TcpStream::connect(address).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    for socket in &mut join_all(connecting).await {
        let socket = socket.as_mut().unwrap();
        socket.send("hello").await.unwrap();
        assert_eq!(socket.recv().await.unwrap(), Some(Message::Text("hello".into())));
    }
    assert_eq!(echo.connections.load(Ordering::Relaxed), 1);
    drop(silent);
}

#[tokio::test]
async fn a_connection_has_room_for_those_that_wait_for_an_answer() {
    const SOCKETS: usize = 100;
    let (url, mut options, mut requests) = server().await;
    options.one_at_a_time = false;
    let serving = async {
        // None is answered before all have asked.
        let mut waiting = Vec::new();
        while waiting.len() < SOCKETS {
            waiting.push(requests.recv().await.unwrap());
        }
        assert!(waiting.iter().all(|(number, _)| *number == 0));
        waiting.into_iter().map(accept).collect::<Vec<_>>()
    };
    let asking = join_all((0..SOCKETS).map(|_| Connection::connect(&url, &options)));
    let (_open, connected) = tokio::join!(serving, asking);
    assert!(connected.iter().all(Result::is_ok));
}

#[tokio::test]
async fn a_request_that_the_server_resets_is_not_asked_again() {
    const SOCKETS: usize = 20;
    let (url, mut options, mut requests) = server().await;
    options.one_at_a_time = false;
    let serving = tokio::spawn(async move {
        let mut asked = Vec::new();
        while let Some((number, (_request, mut respond))) = requests.recv().await {
            asked.push(number);
            respond.send_reset(h2::Reason::CANCEL);
            if asked.len() == SOCKETS {
                break;
            }
        }
        (asked, requests.recv().now_or_never().is_none())
    });
    let connected = join_all((0..SOCKETS).map(|_| Connection::connect(&url, &options))).await;
    assert!(connected.iter().all(Result::is_err));
    assert_eq!(serving.await.unwrap(), (vec![0; SOCKETS], true));
}

#[tokio::test]
async fn a_request_that_the_server_has_not_looked_at_is_asked_again() {
    let (url, options, mut requests) = server().await;
    let serving = async {
        let first = accept(requests.recv().await.unwrap());
        let (number, (_, mut respond)) = requests.recv().await.unwrap();
        respond.send_reset(h2::Reason::REFUSED_STREAM);
        let again = requests.recv().await.unwrap();
        let numbers = (number, again.0);
        (numbers, first, accept(again))
    };
    let asking = async {
        let first = Connection::connect(&url, &options).await.unwrap();
        (first, Connection::connect(&url, &options).await.unwrap())
    };
    let ((numbers, ..), _sockets) = tokio::join!(serving, asking);
    assert_eq!(numbers, (0, 1));
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_not_asked_for_again() {
    let (url, mut options, mut requests) = server().await;
    options.config.max_head = 4096;
    let serving = tokio::spawn(async move {
        let mut numbers = Vec::new();
        let mut kept = Vec::new();
        for length in [10, 5000, 10] {
            let (number, (request, mut respond)) = requests.recv().await.unwrap();
            numbers.push(number);
            let answer = http::Response::builder().header("a", "x".repeat(length)).body(()).unwrap();
            kept.push((respond.send_response(answer, false).unwrap(), request));
        }
        (numbers, kept)
    });
    let _first = Connection::connect(&url, &options).await.unwrap();
    assert!(Connection::connect(&url, &options).await.is_err());
    let _third = Connection::connect(&url, &options).await.unwrap();
    assert_eq!(serving.await.unwrap().0, [0; 3]);
}

#[tokio::test]
async fn headers_of_an_http1_connection_do_not_stand_in_the_way() {
    let mut echo = echo(|server| server).await;
    for (name, value) in [("Keep-Alive", "timeout=5"), ("Proxy-Connection", "keep-alive"), ("TE", "gzip")] {
        echo.options.headers.push((name.into(), value.into()));
    }
    let _first = Connection::connect(&echo.url, &echo.options).await.unwrap();
    let _second = Connection::connect(&echo.url, &echo.options).await.unwrap();
    assert_eq!(echo.connections.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_server_that_wants_http1_for_a_request_is_asked_over_it() {
    let (root, tls) = identity();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("wss://localhost:{}/path", listener.local_addr().unwrap().port());
    let acceptor = speaking(&tls, &[b"h2", b"http/1.1"]);
    // Each connection of HTTP/2 takes the first of two requests, or none.
    let serving = tokio::spawn(async move {
        let mut kept = Vec::new();
        for taken in [0, 1] {
            let stream = acceptor.accept(listener.accept().await.unwrap().0).await.unwrap();
            assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
            let mut builder = h2::server::Builder::new();
            builder.enable_connect_protocol();
            let mut connection: h2::server::Connection<_, Bytes> = builder.handshake(stream).await.unwrap();
            for number in 0..=taken {
                let (request, mut respond) = connection.accept().await.unwrap().unwrap();
                if number < taken {
                    kept.push(accept((0, (request, respond))));
                } else {
                    respond.send_reset(h2::Reason::HTTP_1_1_REQUIRED);
                }
            }
            let running = tokio::spawn(async move { while connection.accept().await.is_some() {} });
            let stream = acceptor.accept(listener.accept().await.unwrap().0).await.unwrap();
            assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
            let incoming = Incoming::read(stream, ws_native::proto::Config::default()).await.unwrap();
            incoming.accept(None).await.unwrap().send("hi").await.unwrap();
            running.abort();
            let _ = running.await;
        }
        kept
    });
    let mut options = options(root);
    let mut socket = Connection::connect(&url, &options).await.unwrap();
    assert_eq!(socket.recv().await.unwrap(), Some(Message::Text("hi".into())));
    options.http2 = Some(Http2::default());
    let _first = Connection::connect(&url, &options).await.unwrap();
    let mut socket = Connection::connect(&url, &options).await.unwrap();
    assert_eq!(socket.recv().await.unwrap(), Some(Message::Text("hi".into())));
    serving.await.unwrap();
}

#[tokio::test]
async fn nothing_is_kept_of_servers_that_could_not_be_connected_to() {
    let (root, _) = identity();
    let options = options(root);
    for _ in 0..5 {
        let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        assert!(Connection::connect(&format!("wss://localhost:{port}/"), &options).await.is_err());
    }
    assert_eq!(format!("{:?}", options.http2.unwrap()), "Http2 { servers: 1, .. }", "the last one");
}

#[tokio::test]
async fn nothing_is_kept_of_connections_that_have_ended() {
    let (root, tls) = identity();
    let acceptor = speaking(&tls, &[b"h2"]);
    let options = options(root);
    for _ in 0..6 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("wss://localhost:{}/path", listener.local_addr().unwrap().port());
        let serving = async {
            let stream = acceptor.accept(listener.accept().await.unwrap().0).await.unwrap();
            let mut builder = h2::server::Builder::new();
            builder.enable_connect_protocol();
            let mut connection = builder.handshake(stream).await.unwrap();
            let accepted = accept((0, connection.accept().await.unwrap().unwrap()));
            let running = tokio::spawn(async move { while connection.accept().await.is_some() {} });
            (running, accepted)
        };
        let (connected, (running, _accepted)) = tokio::join!(Connection::connect(&url, &options), serving);
        let mut socket = connected.unwrap();
        running.abort();
        // It hears of it with the end of its connection.
        assert!(socket.recv().await.is_err());
    }
    assert_eq!(format!("{:?}", options.http2.unwrap()), "Http2 { servers: 1, .. }", "the last one");
}
