//! Upgrades of requests that an HTTP server has read: the same over hyper and over axum, as far as they are the same.
#![cfg(all(feature = "axum", feature = "hyper"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::FromRequestParts as _;
use axum::response::IntoResponse as _;
use axum::routing::any;
use http::{Request, Response, StatusCode, Version};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc};
use ws_core::{Failure, FailureKind, Message};
use ws_native::axum::WebSocketUpgrade;
use ws_native::hyper::{Rejection, Upgrade, UpgradeOptions, upgrade};
use ws_native::proto::HandshakeError;
use ws_native::{ConnectOptions, Connection, Origins, Shutdown};

/// Serves one connection of hyper.
async fn serve<F, S>(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, answer: F)
where
    F: Fn(Request<Incoming>) -> S,
    S: Future<Output = Response<String>>,
{
    let service = service_fn(|request| {
        let answer = answer(request);
        async { Ok::<_, Infallible>(answer.await) }
    });
    // That a client is gone, or was not answered, is what some tests are about.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades().await;
}

/// Serves with hyper until the test ends.
async fn hyper_server<F, S>(answer: F) -> SocketAddr
where
    F: Fn(Request<Incoming>) -> S + Clone + Send + Sync + 'static,
    S: Future<Output = Response<String>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            tokio::spawn(serve(listener.accept().await.unwrap().0, answer.clone()));
        }
    });
    address
}

/// Serves with axum until the test ends.
async fn axum_server(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

async fn send_back(mut connection: Connection) -> Result<(), Failure> {
    while let Some(message) = connection.recv().await? {
        connection.feed(message)?;
    }
    Ok(())
}

/// The same echo over hyper and over axum.
async fn echoes(options: &UpgradeOptions) -> [SocketAddr; 2] {
    let own = options.clone();
    let over_hyper = hyper_server(move |mut request| {
        let accepted = upgrade(&mut request, &own);
        async {
            match accepted {
                Ok((response, upgrade)) => {
                    tokio::spawn(async { send_back(upgrade.await?).await });
                    response.map(|()| String::new())
                }
                Err(rejection) => rejection.response(),
            }
        }
    });
    let own = options.clone();
    let echo = any(async move |mut upgrade: WebSocketUpgrade| {
        if let Some(shutdown) = &own.shutdown {
            upgrade = upgrade.shutdown(shutdown);
        }
        upgrade.config(own.config).origins(own.origins).protocols(own.protocols).on_upgrade(|connection| async {
            let _ = send_back(connection).await;
        })
    });
    [over_hyper.await, axum_server(Router::new().route("/", echo)).await]
}

async fn connect(address: SocketAddr) -> Connection {
    Connection::connect(&format!("ws://{address}/"), &ConnectOptions::default()).await.unwrap()
}

async fn says_hello(connection: &mut Connection) {
    connection.send("hello").await.unwrap();
    assert_eq!(connection.recv().await.unwrap(), Some(Message::Text("hello".into())));
}

const HEAD: &str = "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n\
                    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

#[tokio::test]
async fn messages_are_exchanged_with_a_subprotocol_and_compression() {
    let mut options = UpgradeOptions::default();
    options.protocols = vec!["c".into(), "b".into(), "a".into()];
    for address in echoes(&options).await {
        let mut options = ConnectOptions::default();
        options.protocols = vec!["a".into(), "b".into()];
        let mut client = Connection::connect(&format!("ws://{address}/"), &options).await.unwrap();
        assert_eq!(client.established().protocol.as_deref(), Some("b"), "the server's preference");
        let compressed = client.established().extensions.starts_with("permessage-deflate");
        assert_eq!(compressed, cfg!(feature = "deflate"));
        for length in [0, 5, 1000, 300_000] {
            let text = Message::Text("x".repeat(length).into());
            let binary = Message::Binary(vec![7; length].into());
            client.feed(text.clone()).unwrap();
            client.feed(binary.clone()).unwrap();
            assert_eq!(client.recv().await.unwrap(), Some(text));
            assert_eq!(client.recv().await.unwrap(), Some(binary));
        }
        client.close(None).await.unwrap();
        assert_eq!(client.recv().await.unwrap(), None);
        assert!(client.closed().unwrap().clean);
    }
}

#[tokio::test]
async fn the_bounds_are_those_that_were_set() {
    let mut options = UpgradeOptions::default();
    let config = Arc::make_mut(&mut options.config);
    config.compression = None;
    config.max_message = 5;
    for address in echoes(&options).await {
        let mut client = connect(address).await;
        assert_eq!(client.established().extensions, "");
        says_hello(&mut client).await;
        client.send("hello!").await.unwrap();
        assert_eq!(client.recv().await.unwrap(), None);
        assert_eq!(client.closed().unwrap().code().get(), 1009);
    }
}

#[tokio::test]
async fn requests_that_are_none_for_a_websocket_are_told_so() {
    const PLAIN: &str = " / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    let versions: &[_] = &["upgrade: websocket", "connection: Upgrade, close", "sec-websocket-version: 13"];
    for (request, status, headers) in [
        (format!("GET{PLAIN}"), "426 Upgrade Required", versions),
        (HEAD.replace(": 13", ": 8"), "426 Upgrade Required", versions),
        (format!("POST{PLAIN}"), "405 Method Not Allowed", &["allow: GET"]),
        (HEAD.replace("dGhl", ""), "400 Bad Request", &[]),
        (HEAD.replace("HTTP/1.1", "HTTP/1.0"), "400 Bad Request", &[]),
    ] {
        for address in echoes(&UpgradeOptions::default()).await {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            assert_eq!(answer.split("\r\n").next().unwrap().split_once(' ').unwrap().1, status, "{request}");
            for header in headers.iter().chain(&["content-type: text/plain; charset=utf-8"]) {
                assert!(answer.lines().any(|line| line == *header), "{header} in {answer}");
            }
        }
    }
}

#[tokio::test]
async fn pages_of_other_hosts_are_refused_unless_allowed() {
    for (origins, origin, allowed) in [
        (Origins::default(), "http://127.0.0.1:8080", true),
        (Origins::default(), "http://evil.example", false),
        (Origins::These(vec!["http://good.example".into()]), "http://good.example", true),
    ] {
        let mut options = UpgradeOptions::default();
        options.origins = origins;
        for address in echoes(&options).await {
            let mut options = ConnectOptions::default();
            options.headers.push(("Origin".into(), origin.into()));
            match Connection::connect(&format!("ws://{address}/"), &options).await {
                Ok(mut client) if allowed => says_hello(&mut client).await,
                Err(failure) if !allowed => assert!(failure.to_string().contains("403"), "{failure}"),
                outcome => panic!("{origin}: {outcome:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_frame_that_comes_with_the_request_is_received() {
    for address in echoes(&UpgradeOptions::default()).await {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(&[HEAD.as_bytes(), b"\x81\x85\0\0\0\0hello"].concat()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        assert!(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{head}");
        assert!(head.contains("\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{head}");
        // "A server MUST NOT send a Content-Length header field in any response with a status code of 1xx."
        assert!(!head.contains("content-length"), "{head}");
        let mut frame = [0; 7];
        stream.read_exact(&mut frame).await.unwrap();
        assert_eq!(&frame, b"\x81\x05hello");
    }
}

#[tokio::test]
async fn a_shutdown_closes_with_1001() {
    let shutdown = Shutdown::default();
    let mut options = UpgradeOptions::default();
    options.shutdown = Some(shutdown.clone());
    let [over_hyper, over_axum] = echoes(&options).await;
    let mut clients = [connect(over_hyper).await, connect(over_axum).await];
    for client in &mut clients {
        says_hello(client).await;
    }
    let closed = async {
        for client in &mut clients {
            assert_eq!(client.recv().await.unwrap(), None);
            let closed = client.closed().unwrap();
            assert_eq!((closed.clean, closed.code().get()), (true, 1001));
        }
    };
    let (left, ()) = tokio::join!(shutdown.begin(Duration::from_secs(60)), closed);
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_shutdown_waits_for_a_connection_that_is_being_upgraded() {
    let shutdown = Shutdown::default();
    let mut options = UpgradeOptions::default();
    options.shutdown = Some(shutdown.clone());
    let (accepted, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (accepting, released) = (Arc::clone(&accepted), Arc::clone(&release));
    let address = hyper_server(move |mut request| {
        let (response, upgrade) = upgrade(&mut request, &options).unwrap();
        tokio::spawn(async { send_back(upgrade.await?).await });
        accepting.notify_one();
        let released = Arc::clone(&released);
        async move {
            released.notified().await;
            response.map(|()| String::new())
        }
    })
    .await;
    let end = async {
        accepted.notified().await;
        let (left, ()) = tokio::join!(shutdown.begin(Duration::from_secs(60)), async { release.notify_one() });
        assert_eq!(left, 0);
    };
    let closed = async {
        let mut client = connect(address).await;
        assert_eq!(client.recv().await.unwrap(), None);
        assert_eq!(client.closed().unwrap().code().get(), 1001);
    };
    tokio::join!(end, closed);
}

#[tokio::test]
async fn an_upgrade_that_is_dropped_ends_the_transport() {
    let address = hyper_server(|mut request| async move {
        let (response, _) = upgrade(&mut request, &UpgradeOptions::default()).unwrap();
        response.map(|()| String::new())
    })
    .await;
    let mut client = connect(address).await;
    assert_eq!(client.recv().await.unwrap_err().kind(), FailureKind::Ended);
}

#[tokio::test]
async fn a_client_that_is_gone_before_it_is_answered_fails_the_upgrade() {
    let (sender, mut outcomes) = mpsc::unbounded_channel();
    let accepted = Arc::new(Notify::new());
    let accepting = Arc::clone(&accepted);
    let route = any(async move |upgrade: WebSocketUpgrade| {
        let serving = sender.clone();
        let _answer = upgrade
            .on_failed_upgrade(move |failure| sender.send(Err(failure)).unwrap())
            .on_upgrade(async move |connection| serving.send(Ok(connection)).unwrap());
        accepting.notify_one();
        std::future::pending::<StatusCode>().await
    });
    let address = axum_server(Router::new().route("/", route)).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(HEAD.as_bytes()).await.unwrap();
    accepted.notified().await;
    drop(stream);
    assert_eq!(outcomes.recv().await.unwrap().unwrap_err().kind(), FailureKind::Network);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_not_sent_in_time_fails_the_upgrade() {
    let (mut stream, served) = tokio::io::duplex(4096);
    let (sender, mut outcomes) = mpsc::unbounded_channel();
    tokio::spawn(serve(served, move |mut request| {
        let (_, upgrade): (_, Upgrade) = upgrade(&mut request, &UpgradeOptions::default()).unwrap();
        let sender = sender.clone();
        async move {
            // It waits for its own answer.
            sender.send(upgrade.await).unwrap();
            Response::new(String::new())
        }
    }));
    stream.write_all(HEAD.as_bytes()).await.unwrap();
    assert!(outcomes.recv().await.unwrap().unwrap_err().is_timeout());
}

#[tokio::test]
async fn requests_that_no_server_can_upgrade_are_told_so() {
    for (version, rejection, status) in [
        (Version::HTTP_2, Rejection::Version, StatusCode::NOT_IMPLEMENTED),
        // Nothing was put there by a server.
        (Version::HTTP_11, Rejection::NotUpgradable, StatusCode::INTERNAL_SERVER_ERROR),
    ] {
        let mut request = Request::get("/").version(version);
        for line in HEAD.lines().skip(1).filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(": ").unwrap();
            request = request.header(name, value);
        }
        let mut request = request.body(()).unwrap();
        assert_eq!(upgrade(&mut request, &UpgradeOptions::default()).unwrap_err(), rejection);
        let (mut parts, ()) = request.into_parts();
        let extracted = WebSocketUpgrade::from_request_parts(&mut parts, &()).await.unwrap_err();
        assert_eq!(extracted.into_response().status(), status);
    }
}

#[tokio::test]
async fn a_target_without_a_resource_name_is_refused() {
    let target_is_wrong = Rejection::Handshake(HandshakeError::Target);
    for (target, rejection) in [
        ("*", &target_is_wrong),
        ("h:80", &target_is_wrong),
        // These are all right; that nothing was put there by a server is seen later.
        ("ws://h?room=1", &Rejection::NotUpgradable),
        ("http://h", &Rejection::NotUpgradable),
    ] {
        let mut request = Request::get(target);
        for line in HEAD.lines().skip(1).filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(": ").unwrap();
            request = request.header(name, value);
        }
        let mut request = request.body(()).unwrap();
        assert_eq!(upgrade(&mut request, &UpgradeOptions::default()).unwrap_err(), *rejection, "{target}");
    }
}
