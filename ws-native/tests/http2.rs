//! WebSockets over HTTP/2 (RFC 8441), our ends with each other and each with another implementation.
#![cfg(feature = "http2")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::{TlsAcceptor, TlsConnector};
use ws_core::{CloseCode, Failure, FailureKind, Message};
use ws_native::proto::{Error, HandshakeError, Seen};
use ws_native::rustls::ServerConfig;
use ws_native::rustls::pki_types::CertificateDer;
use ws_native::{
    ConnectOptions, Connection, Http2, Identity, Incoming, Origins, Roots, Server, Shutdown, Tap, Tls, TlsOptions,
    WebSocket,
};

/// A certificate for localhost, and what a server shows.
fn identity() -> (CertificateDer<'static>, Arc<ServerConfig>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let identity = Identity::from_pem(made.cert.pem().as_bytes(), made.signing_key.serialize_pem().as_bytes()).unwrap();
    (made.cert.der().clone(), identity.into_server_config().unwrap())
}

fn options(root: CertificateDer<'static>) -> ConnectOptions {
    let mut tls = TlsOptions::default();
    tls.roots = Roots::Own(vec![root]);
    let mut options = ConnectOptions::default();
    options.tls = Some(Tls::new(tls).unwrap());
    options.http2 = Some(Http2::default());
    options
}

/// A server that counts the connections of TCP that it has.
struct Echo {
    url: String,
    connections: Arc<AtomicUsize>,
    root: CertificateDer<'static>,
    options: ConnectOptions,
}

impl Echo {
    fn address(&self) -> SocketAddr {
        let port = self.url.trim_start_matches("wss://localhost:").trim_end_matches("/path").parse().unwrap();
        SocketAddr::from(([127, 0, 0, 1], port))
    }
}

async fn echo(configure: impl FnOnce(Server) -> Server) -> Echo {
    let (root, tls) = identity();
    let server = configure(Server::bind("127.0.0.1:0").await.unwrap().tls(tls));
    let url = format!("wss://localhost:{}/path", server.local_address().unwrap().port());
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        loop {
            let accepted = server.accept().await.unwrap();
            count.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(async move {
                let mut requests = accepted.requests().await?;
                while let Some(incoming) = requests.next().await {
                    tokio::spawn(echo_all(incoming?));
                }
                Ok::<(), Failure>(())
            });
        }
    });
    Echo { url, connections, options: options(root.clone()), root }
}

async fn echo_all(incoming: Incoming) -> Result<(), Failure> {
    assert_eq!(incoming.request().resource(), "/path");
    let protocol = incoming.request().protocols().next().map(str::to_owned);
    let mut connection = incoming.accept_with(protocol.as_deref(), &[("Server", "test")]).await?;
    while let Some(message) = connection.recv().await? {
        connection.feed(message)?;
    }
    Ok(())
}

async fn exchange(connection: &mut Connection) {
    for message in ["hello".to_owned(), "x".repeat(1 << 20)] {
        connection.feed(message.as_str()).unwrap();
        assert_eq!(connection.recv().await.unwrap(), Some(Message::Text(message.into())));
    }
}

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
                    sender.send(event.clone()).unwrap();
                }
                socket.close();
            });
        })
        .unwrap();
    receiver.await.unwrap();
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
async fn a_refusal_is_told_over_http2() {
    let mut echo = echo(|server| server.origins(Origins::SameHost)).await;
    echo.options.headers.push(("Origin".into(), "https://evil.example".into()));
    let failed = Connection::connect(&echo.url, &echo.options).await.unwrap_err();
    assert_eq!(failed.kind(), FailureKind::Refused);
    let Some(Error::Handshake(HandshakeError::Status(answer))) = failed.cause().downcast_ref() else {
        panic!("{failed:?}")
    };
    assert_eq!(answer.status, 403);
    echo.options.headers[0].1 = "https://localhost".into();
    exchange(&mut Connection::connect(&echo.url, &echo.options).await.unwrap()).await;
    assert_eq!(echo.connections.load(Ordering::Relaxed), 1);
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

/// Passes on what comes to another port of the loopback interface, the first connection only until it is told to stop.
async fn relay(port: u16) -> (u16, tokio::sync::watch::Sender<bool>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let own = listener.local_addr().unwrap().port();
    let (stop, stopped) = tokio::sync::watch::channel(false);
    tokio::spawn(async move {
        for number in 0.. {
            let (mut client, _) = listener.accept().await.unwrap();
            let mut stopped = stopped.clone();
            tokio::spawn(async move {
                let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                let is_over = async { stopped.wait_for(|stop| *stop && number == 0).await.is_ok() };
                let is_over = tokio::select! {
                    _ = tokio::io::copy_bidirectional(&mut client, &mut server) => false,
                    is_over = is_over => is_over,
                };
                if is_over {
                    // Nobody is told that nothing goes through any more.
                    std::future::pending::<()>().await;
                }
            });
        }
    });
    (own, stop)
}

#[tokio::test]
async fn a_connection_that_is_dead_is_not_used_again() {
    let mut echo = echo(|server| server).await;
    let (port, stop) = relay(echo.address().port()).await;
    let url = format!("wss://localhost:{port}/path");
    echo.options.connect_timeout = Duration::from_secs(2);
    let mut first = Connection::connect(&url, &echo.options).await.unwrap();
    exchange(&mut first).await;
    stop.send(true).unwrap();
    exchange(&mut Connection::connect(&url, &echo.options).await.unwrap()).await;
    assert_eq!(echo.connections.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_connection_that_takes_no_more_is_followed_by_another() {
    let (root, tls) = identity();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("wss://localhost:{}/path", listener.local_addr().unwrap().port());
    let acceptor = speaking(&tls, &[b"h2"]);
    let serving = tokio::spawn(async move {
        let mut streams = Vec::new();
        for _ in 0..2 {
            let stream = acceptor.accept(listener.accept().await.unwrap().0).await.unwrap();
            let mut builder = h2::server::Builder::new();
            builder.enable_connect_protocol();
            let mut connection: h2::server::Connection<_, Bytes> = builder.handshake(stream).await.unwrap();
            let (request, mut respond) = connection.accept().await.unwrap().unwrap();
            streams.push((request, respond.send_response(http::Response::new(()), false).unwrap()));
            // As servers do that are started anew: what there is goes on, and nothing is begun.
            connection.graceful_shutdown();
            tokio::spawn(async move { while connection.accept().await.is_some() {} });
        }
        streams
    });
    let options = options(root);
    let _first = Connection::connect(&url, &options).await.unwrap();
    let _second = Connection::connect(&url, &options).await.unwrap();
    serving.await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket_is_not_taken_for_the_server_of_that_name() {
    let mut echo = echo(|server| server).await;
    let _other = Connection::connect(&echo.url, &echo.options).await.unwrap();
    echo.options.unix_socket = Some("/nobody/is/there".into());
    assert!(Connection::connect(&echo.url, &echo.options).await.is_err());
}

// The h2 crate by itself as the other end.

fn speaking(config: &ServerConfig, protocols: &[&[u8]]) -> TlsAcceptor {
    let mut config = config.clone();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    TlsAcceptor::from(Arc::new(config))
}

#[tokio::test]
async fn a_server_whose_http2_has_no_websockets_is_spoken_to_over_http1() {
    let (root, tls) = identity();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("wss://localhost:{}/path", listener.local_addr().unwrap().port());
    let acceptor = speaking(&tls, &[b"h2", b"http/1.1"]);
    let serving = tokio::spawn(async move {
        let mut spoken = Vec::new();
        for _ in 0..3 {
            let stream = acceptor.accept(listener.accept().await.unwrap().0).await.unwrap();
            let protocol = stream.get_ref().1.alpn_protocol().unwrap().to_vec();
            if protocol == b"h2" {
                let mut connection = h2::server::handshake(stream).await.unwrap();
                tokio::spawn(async move { while connection.accept().await.is_some() {} });
            } else {
                let incoming = Incoming::read(stream, ws_native::proto::Config::default()).await.unwrap();
                let mut connection = incoming.accept(None).await.unwrap();
                connection.send("over HTTP/1.1").await.unwrap();
                tokio::spawn(async move { connection.recv().await });
            }
            spoken.push(String::from_utf8(protocol).unwrap());
        }
        spoken
    });
    let options = options(root);
    for _ in 0..2 {
        let mut socket = Connection::connect(&url, &options).await.unwrap();
        assert_eq!(socket.recv().await.unwrap(), Some(Message::Text("over HTTP/1.1".into())));
    }
    // The second socket knew better than to try.
    assert_eq!(serving.await.unwrap(), ["h2", "http/1.1", "http/1.1"]);
}

/// A client of h2 that has begun a connection with this server, and what tells when the connection has ended.
async fn plain_client(
    address: SocketAddr,
    root: CertificateDer<'static>,
) -> (h2::client::SendRequest<Bytes>, JoinHandle<Result<(), h2::Error>>) {
    let mut roots = ws_native::rustls::RootCertStore::empty();
    roots.add(root).unwrap();
    let provider = Arc::new(ws_native::rustls::crypto::ring::default_provider());
    let mut config = ws_native::rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let stream = TcpStream::connect(address).await.unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    let stream = connector.connect("localhost".try_into().unwrap(), stream).await.unwrap();
    let (sender, mut connection) = h2::client::handshake(stream).await.unwrap();
    let mut ping = connection.ping_pong().unwrap();
    let running = tokio::spawn(connection);
    ping.ping(h2::Ping::opaque()).await.unwrap();
    (sender, running)
}

#[tokio::test]
async fn a_client_that_makes_no_request_is_let_go() {
    let echo = echo(|server| {
        let mut config = ws_native::proto::Config::default();
        config.handshake_timeout = Duration::from_secs(2);
        server.config(config)
    })
    .await;
    let (_client, running) = plain_client(echo.address(), echo.root.clone()).await;
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_shutdown_lets_a_client_go_that_has_no_socket() {
    let shutdown = Shutdown::default();
    let echo = echo(|server| server.shutdown(&shutdown)).await;
    let (_client, running) = plain_client(echo.address(), echo.root.clone()).await;
    let (left, ended) = tokio::join!(shutdown.begin(Duration::from_secs(60)), running);
    ended.unwrap().unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn another_client_is_served() {
    let echo = echo(|server| server).await;
    let (mut client, _running) = plain_client(echo.address(), echo.root.clone()).await;
    assert!(client.is_extended_connect_protocol_enabled());

    // The example of section 5.1.
    let request = http::Request::builder()
        .method("CONNECT")
        .uri("https://localhost/path")
        .extension(h2::ext::Protocol::from_static("websocket"))
        .header("sec-websocket-protocol", "chat, superchat")
        .header("sec-websocket-extensions", "permessage-deflate")
        .header("sec-websocket-version", "13");
    let (answer, mut send) = client.send_request(request.body(()).unwrap(), false).unwrap();
    let answer = answer.await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["sec-websocket-protocol"], "chat");
    send.send_data(Bytes::from_static(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), false).unwrap();
    let mut body = answer.into_body();
    let mut received = Vec::new();
    while received.len() < 7 {
        received.extend(body.data().await.unwrap().unwrap());
    }
    assert_eq!(received, b"\x81\x05Hello");
    // A Close frame is answered, and then the stream ends.
    send.send_data(Bytes::from_static(b"\x88\x80\0\0\0\0"), true).unwrap();
    let mut rest = Vec::new();
    while let Some(data) = body.data().await {
        rest.extend(data.unwrap());
    }
    assert_eq!(rest, b"\x88\x00");

    // What is no request for a WebSocket is told so, on a connection that goes on.
    for (request, status) in [
        (http::Request::get("https://localhost/path"), 405),
        (
            http::Request::builder()
                .method("CONNECT")
                .uri("https://localhost/path")
                .extension(h2::ext::Protocol::from_static("websocket"))
                .header("sec-websocket-version", "8"),
            426,
        ),
    ] {
        let (answer, _) = client.send_request(request.body(()).unwrap(), true).unwrap();
        assert_eq!(answer.await.unwrap().status(), status);
    }
}
