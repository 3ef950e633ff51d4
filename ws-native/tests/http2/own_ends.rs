//! Our ends with each other.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ws_core::{CloseCode, FailureKind, Message};
use ws_native::proto::{Answer, Error, HandshakeError, Seen};
use ws_native::rustls::{ClientConfig, RootCertStore};
use ws_native::{Connection, Http2, Origins, Server, Shutdown, Tap, Tls, WebSocket};

use crate::echo::{echo, echo_all, exchange, identity, options};

#[tokio::test]
async fn sockets_share_a_connection() {
    let mut echo = echo(|server| server).await;
    echo.options.protocols = vec!["v2".into(), "v1".into()];
    let mut sockets = Vec::new();
    for _ in 0..5 {
        sockets.push(Connection::connect(&echo.url, &echo.options).await.unwrap());
    }
    assert_eq!(echo.connections.load(Ordering::Relaxed), 1);
    for socket in &mut sockets {
        exchange(socket).await;
        assert!(socket.stream().is_secure());
        assert_eq!(socket.stream().peer_address(), Some(echo.address()));
        let established = socket.established();
        assert_eq!(established.protocol.as_deref(), Some("v2"));
        assert!(established.extensions.starts_with("permessage-deflate"));
        assert_eq!(established.headers.get("server"), Some(&b"test"[..]));
    }
    // Each is closed by itself.
    let mut first = sockets.remove(0);
    first.close(Some((CloseCode::new(4000), "bye"))).await.unwrap();
    assert_eq!(first.recv().await.unwrap(), None);
    assert_eq!((first.closed().unwrap().clean, first.closed().unwrap().code().get()), (true, 4000));
    drop(sockets.remove(0));
    exchange(&mut sockets[0]).await;
}

/// Keeps what was sent and received.
#[derive(Debug, Default)]
struct Record(Mutex<Vec<(&'static str, Seen)>>);

impl Tap for Record {
    fn sent(&self, seen: Seen) {
        self.0.lock().unwrap().push(("sent", seen));
    }
    fn received(&self, seen: Seen) {
        self.0.lock().unwrap().push(("received", seen));
    }
}

#[tokio::test]
async fn a_tap_is_shown_the_frames_and_no_head() {
    let mut echo = echo(|server| server).await;
    let record = Arc::new(Record::default());
    echo.options.tap = Some(record.clone());
    echo.options.config.compression = None;
    let mut first = Connection::connect(&echo.url, &echo.options).await.unwrap();
    echo.options.tap = None;
    // What others say on the same connection is none of its business.
    let mut second = Connection::connect(&echo.url, &echo.options).await.unwrap();
    for (socket, message) in [(&mut second, "other"), (&mut first, "hello")] {
        socket.send(message).await.unwrap();
        assert_eq!(socket.recv().await.unwrap(), Some(Message::Text(message.into())));
    }
    assert_eq!(echo.connections.load(Ordering::Relaxed), 1);
    let shown = record.0.lock().unwrap();
    let frames = shown.iter().map(|(way, seen)| match seen {
        Seen::Frame(frame) => (*way, frame.masked, &frame.payload[..]),
        other => panic!("no frame: {other:?}"),
    });
    assert_eq!(frames.collect::<Vec<_>>(), [("sent", true, &b"hello"[..]), ("received", false, b"hello")]);
}

#[tokio::test]
async fn the_interface_goes_over_http2_too() {
    let echo = echo(|server| server).await;
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let mut sender = Some(sender);
    let socket = WebSocket::builder(&echo.url)
        .options(echo.options.clone())
        .connect_with(|socket| {
            socket.set_onopen(|socket| socket.send("hello").unwrap());
            socket.set_onmessage(move |socket, event| {
                if let Some(sender) = sender.take() {
                    sender.send((event.clone(), socket.buffered_amount())).unwrap();
                }
                socket.close();
            });
        })
        .unwrap();
    let (_, waiting) = receiver.await.unwrap();
    assert_eq!(waiting, 0);
    assert_eq!(socket.backend().answer().get("server"), Some(&b"test"[..]));
    assert!(socket.extensions().starts_with("permessage-deflate"));
}

#[tokio::test]
async fn back_pressure_is_for_each_socket() {
    let mut echo = echo(|server| server).await;
    echo.options.config.compression = None;
    let mut stalled = Connection::connect(&echo.url, &echo.options).await.unwrap();
    let mut other = Connection::connect(&echo.url, &echo.options).await.unwrap();
    // More than the windows hold; nobody reads the echo.
    let flood = async {
        loop {
            stalled.send(vec![7; 64 << 10]).await.unwrap();
        }
    };
    tokio::select! {
        biased;
        () = async { for _ in 0..5 { exchange(&mut other).await } } => {}
        () = flood => {}
    }
    assert_eq!(echo.connections.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn many_small_messages_that_are_not_read_do_not_end_the_connection() {
    let echo = echo(|server| server).await;
    let mut socket = Connection::connect(&echo.url, &echo.options).await.unwrap();
    const COUNT: usize = 5000;
    for _ in 0..COUNT {
        socket.send("x").await.unwrap();
    }
    for _ in 0..COUNT {
        assert_eq!(socket.recv().await.unwrap(), Some(Message::Text("x".into())));
    }
}

#[tokio::test]
async fn who_asks_for_one_request_speaks_http1_whatever_its_tls_was_made_for() {
    let (root, tls) = identity();
    let mut both = (*tls).clone();
    both.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let server = Server::bind("127.0.0.1:0").await.unwrap().tls(both);
    let url = format!("wss://localhost:{}/path", server.local_address().unwrap().port());
    let serving = async { echo_all(server.accept().await.unwrap().request().await.unwrap()).await };
    let asking = async {
        let mut client = Connection::connect(&url, &options(root)).await.unwrap();
        exchange(&mut client).await;
        let session = client.stream().tls_session().unwrap();
        assert_eq!(session.alpn_protocol(), Some(&b"http/1.1"[..]));
        client.close(None).await.unwrap();
        assert_eq!(client.recv().await.unwrap(), None);
    };
    tokio::join!(serving, asking).0.unwrap();
}

#[tokio::test]
async fn a_refusal_is_told_over_http2() {
    let mut echo = echo(|server| server.origins(Origins::SameHost)).await;
    echo.options.headers.push(("Origin".into(), "https://evil.example".into()));
    let failed = Connection::connect(&echo.url, &echo.options).await.unwrap_err();
    assert_eq!(failed.kind(), FailureKind::Refused);
    let answer = Answer::of(&failed).unwrap();
    assert_eq!(answer.status, 403);
    echo.options.headers[0].1 = "https://localhost".into();
    exchange(&mut Connection::connect(&echo.url, &echo.options).await.unwrap()).await;
    assert_eq!(echo.connections.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_refusal_has_further_headers_over_http2_too() {
    let (root, tls) = identity();
    let server = Server::bind("127.0.0.1:0").await.unwrap().tls(tls);
    let url = format!("wss://localhost:{}/path", server.local_address().unwrap().port());
    let serving = tokio::spawn(async move {
        let mut requests = server.accept().await.unwrap().requests().await.unwrap();
        let mut kinds = Vec::new();
        for (status, name) in
            [(401, "WWW-Authenticate"), (405, "Allow"), (200, "A"), (426, "A"), (401, "Content-Length")]
        {
            let incoming = requests.next().await.unwrap().unwrap();
            let refused = incoming.refuse_with(status, &[(name, "x")], "no").await;
            kinds.push(refused.map_err(|failure| failure.kind()));
        }
        kinds
    });
    let options = options(root);
    for (status, name) in [(401, "WWW-Authenticate"), (405, "Allow"), (500, "A"), (400, "A")] {
        let failed = Connection::connect(&url, &options).await.unwrap_err();
        let answer = Answer::of(&failed).unwrap();
        assert_eq!(answer.status, status);
        assert_eq!(answer.headers.get_all(name).collect::<Vec<_>>(), [b"x"]);
        assert_eq!(answer.headers.get("Content-Type"), Some(&b"text/plain; charset=utf-8"[..]));
    }
    assert!(Connection::connect(&url, &options).await.is_err());
    assert_eq!(serving.await.unwrap(), [Ok(()), Ok(()), Ok(()), Ok(()), Err(FailureKind::Misuse)]);
}

#[tokio::test]
async fn an_answer_that_is_not_valid_is_told_over_http2_too() {
    let (root, tls) = identity();
    let server = Server::bind("127.0.0.1:0").await.unwrap().tls(tls);
    let url = format!("wss://localhost:{}/path", server.local_address().unwrap().port());
    let accepting = async {
        let mut requests = server.accept().await.unwrap().requests().await.unwrap();
        requests.next().await.unwrap().unwrap().accept_with(None, &[("Server", "test")]).await.unwrap()
    };
    let mut options = options(root);
    options.protocols = vec!["p".into()];
    let (failed, _accepted) = tokio::join!(Connection::connect(&url, &options), accepting);
    let failed = failed.unwrap_err();
    let Some(Error::Handshake(error)) = failed.cause().downcast_ref() else { panic!("{failed:?}") };
    assert_eq!(error.to_string(), HandshakeError::NoSubprotocol.to_string());
    assert_eq!(error.answer().unwrap().headers.get("server"), Some(&b"test"[..]));
}

#[tokio::test]
async fn a_shutdown_closes_sockets_over_http2() {
    let shutdown = Shutdown::default();
    let echo = echo(|server| server.shutdown(&shutdown)).await;
    let mut socket = Connection::connect(&echo.url, &echo.options).await.unwrap();
    exchange(&mut socket).await;
    let (left, received) = tokio::join!(shutdown.begin(Duration::from_secs(60)), socket.recv());
    assert_eq!((left, received.unwrap()), (0, None));
    assert_eq!(socket.closed().unwrap().code().get(), 1001);
}

#[tokio::test]
async fn a_shutdown_counts_the_sockets_that_it_cuts_and_not_what_carries_them() {
    let shutdown = Shutdown::default();
    let (root, tls) = identity();
    let server = Server::bind("127.0.0.1:0").await.unwrap().tls(tls).shutdown(&shutdown);
    let url = format!("wss://localhost:{}/", server.local_address().unwrap().port());
    let accepting = async {
        let mut requests = server.accept().await.unwrap().requests().await.unwrap();
        requests.next().await.unwrap().unwrap().accept(None).await.unwrap()
    };
    let options = options(root);
    let (_client, idle) = tokio::join!(Connection::connect(&url, &options), accepting);
    assert_eq!(shutdown.begin(Duration::from_millis(1)).await, 1);
    drop(idle);
    assert_eq!(shutdown.begin(Duration::from_secs(60)).await, 0);
}

#[tokio::test]
async fn without_http2_the_same_server_speaks_http1() {
    let mut echo = echo(|server| server).await;
    echo.options.http2 = None;
    for _ in 0..2 {
        exchange(&mut Connection::connect(&echo.url, &echo.options).await.unwrap()).await;
    }
    assert_eq!(echo.connections.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_server_without_http2_is_spoken_to_over_http1_on_the_first_connection() {
    let (root, tls) = identity();
    let server = Server::bind("127.0.0.1:0").await.unwrap().tls(tls);
    let url = format!("wss://localhost:{}/path", server.local_address().unwrap().port());
    let serving = tokio::spawn(async move { echo_all(server.accept().await.unwrap().request().await.unwrap()).await });
    let mut socket = Connection::connect(&url, &options(root)).await.unwrap();
    exchange(&mut socket).await;
    socket.close(None).await.unwrap();
    assert_eq!(socket.recv().await.unwrap(), None);
    serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_was_sent_before_a_socket_was_dropped_arrives() {
    const COUNT: usize = 20;
    let (root, tls) = identity();
    let server = Server::bind("127.0.0.1:0").await.unwrap().tls(tls);
    let url = format!("wss://localhost:{}/path", server.local_address().unwrap().port());
    let serving = tokio::spawn(async move {
        let mut requests = server.accept().await.unwrap().requests().await.unwrap();
        for number in 0..COUNT {
            let mut connection = requests.next().await.unwrap().unwrap().accept(None).await.unwrap();
            assert_eq!(connection.recv().await.unwrap(), Some(Message::Text(number.to_string().into())));
            let ended = connection.recv().await;
            match number % 2 {
                0 => assert_eq!(ended.unwrap_err().kind(), FailureKind::Ended),
                _ => assert_eq!((ended.unwrap(), connection.closed().unwrap().code().get()), (None, 4000)),
            }
        }
    });
    let options = options(root);
    for number in 0..COUNT {
        let mut socket = Connection::connect(&url, &options).await.unwrap();
        socket.send(number.to_string()).await.unwrap();
        if number % 2 == 1 {
            socket.close(Some((CloseCode::new(4000), "bye"))).await.unwrap();
        }
    }
    serving.await.unwrap();
}

#[tokio::test]
async fn more_sockets_than_streams_have_another_connection() {
    let mut echo = echo(|server| server).await;
    echo.options.config.compression = None;
    let mut sockets = Vec::new();
    for _ in 0..130 {
        sockets.push(Connection::connect(&echo.url, &echo.options).await.unwrap());
    }
    assert_eq!(echo.connections.load(Ordering::Relaxed), 2);
    sockets[129].send("hello").await.unwrap();
    assert_eq!(sockets[129].recv().await.unwrap(), Some(Message::Text("hello".into())));
}

/// To connect is one thing, and what the server thinks of a request another.
#[tokio::test]
async fn an_answer_may_take_longer_than_to_connect() {
    const THOUGHT: Duration = Duration::from_secs(3);
    let (root, tls) = identity();
    let server = Server::bind("127.0.0.1:0").await.unwrap().tls(tls);
    let url = format!("wss://localhost:{}/path", server.local_address().unwrap().port());
    let serving = tokio::spawn(async move {
        let mut requests = server.accept().await.unwrap().requests().await.unwrap();
        tokio::spawn(echo_all(requests.next().await.unwrap().unwrap()));
        let second = requests.next().await.unwrap().unwrap();
        // For the time to pass, and nothing else.
        tokio::time::sleep(THOUGHT).await;
        tokio::spawn(echo_all(second));
        // No other is accepted.
        server
    });
    let mut options = options(root);
    let _first = Connection::connect(&url, &options).await.unwrap();
    options.connect_timeout = THOUGHT / 3;
    exchange(&mut Connection::connect(&url, &options).await.unwrap()).await;
    drop(serving.await.unwrap());
}

/// As that of a program whose HTTP client speaks HTTP/2.
#[tokio::test]
async fn a_configuration_that_offers_http2_offers_none_where_it_is_not_spoken() {
    let mut echo = echo(|server| server).await;
    let mut roots = RootCertStore::empty();
    roots.add(echo.root.clone()).unwrap();
    let provider = Arc::new(ws_native::rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let config = Arc::new(config);
    echo.options.tls = Some(Tls::from(Arc::clone(&config)));
    echo.options.http2 = None;
    let mut socket = Connection::connect(&echo.url, &echo.options).await.unwrap();
    assert_eq!(socket.stream().tls_session().unwrap().alpn_protocol(), Some(&b"http/1.1"[..]));
    exchange(&mut socket).await;
    // Where it is, it is one configuration, however often it is given.
    echo.options.http2 = Some(Http2::default());
    let before = echo.connections.load(Ordering::Relaxed);
    let mut sockets = Vec::new();
    for _ in 0..2 {
        echo.options.tls = Some(Tls::from(Arc::clone(&config)));
        sockets.push(Connection::connect(&echo.url, &echo.options).await.unwrap());
    }
    assert_eq!(echo.connections.load(Ordering::Relaxed) - before, 1);
}

#[tokio::test]
async fn a_unix_socket_is_not_taken_for_the_server_of_that_name() {
    let mut echo = echo(|server| server).await;
    let _other = Connection::connect(&echo.url, &echo.options).await.unwrap();
    echo.options.unix_socket = Some("/nobody/is/there".into());
    assert!(Connection::connect(&echo.url, &echo.options).await.is_err());
}
