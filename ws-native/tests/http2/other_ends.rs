//! The h2 crate by itself as the other end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::{TlsAcceptor, TlsConnector};
use ws_core::Message;
use ws_native::rustls::ServerConfig;
use ws_native::rustls::pki_types::CertificateDer;
use ws_native::{Connection, Incoming, Server, Shutdown};

use crate::echo::{echo, identity, options};

pub(crate) fn speaking(config: &ServerConfig, protocols: &[&[u8]]) -> TlsAcceptor {
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
/// A client of h2 that has begun a connection with this server, its pings, and what tells when the connection has ended.
async fn plain_client(
    address: SocketAddr,
    root: CertificateDer<'static>,
) -> (h2::client::SendRequest<Bytes>, h2::PingPong, JoinHandle<Result<(), h2::Error>>) {
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
    (sender, ping, running)
}

fn request() -> http::Request<()> {
    let builder = http::Request::builder()
        .method("CONNECT")
        .uri("https://localhost/path")
        .extension(h2::ext::Protocol::from_static("websocket"))
        .header("sec-websocket-version", "13");
    builder.body(()).unwrap()
}

#[tokio::test]
async fn a_client_that_makes_no_request_is_let_go() {
    let echo = echo(|server| {
        let mut config = ws_native::proto::Config::default();
        config.handshake_timeout = Duration::from_secs(2);
        server.config(config)
    })
    .await;
    let (_client, _, running) = plain_client(echo.address(), echo.root.clone()).await;
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_shutdown_lets_a_client_go_that_has_no_socket() {
    let shutdown = Shutdown::default();
    let echo = echo(|server| server.shutdown(&shutdown)).await;
    let (_client, _, running) = plain_client(echo.address(), echo.root.clone()).await;
    let (left, ended) = tokio::join!(shutdown.begin(Duration::from_secs(60)), running);
    ended.unwrap().unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn cookies_in_fields_of_their_own_are_one_header() {
    let (root, tls) = identity();
    let server = Server::bind("127.0.0.1:0").await.unwrap().tls(tls);
    let address = server.local_address().unwrap();
    let serving = tokio::spawn(async move {
        let mut requests = server.accept().await.unwrap().requests().await.unwrap();
        requests.next().await.unwrap().unwrap().request().headers().get("Cookie").map(<[u8]>::to_vec)
    });
    let (mut client, ..) = plain_client(address, root).await;
    let request = http::Request::builder()
        .method("CONNECT")
        .uri("https://localhost/path")
        .extension(h2::ext::Protocol::from_static("websocket"))
        .header("cookie", "theme=dark")
        .header("sec-websocket-version", "13")
        .header("cookie", "session=1; b=2");
    let _asked = client.send_request(request.body(()).unwrap(), false).unwrap();
    assert_eq!(serving.await.unwrap().as_deref(), Some(&b"theme=dark; session=1; b=2"[..]));
}

/// A client may take them for a message that is malformed.
#[tokio::test]
async fn headers_of_an_answer_have_no_white_space_at_their_ends() {
    let (root, tls) = identity();
    let server = Server::bind("127.0.0.1:0").await.unwrap().tls(tls);
    let address = server.local_address().unwrap();
    let serving = tokio::spawn(async move {
        let mut requests = server.accept().await.unwrap().requests().await.unwrap();
        let headers = [("A", " b c\t"), ("Server", "\t ")];
        let accepted = requests.next().await.unwrap().unwrap().accept_with(None, &headers).await.unwrap();
        requests.next().await.unwrap().unwrap().refuse_with(401, &headers, "no").await.unwrap();
        (requests, accepted)
    });
    let (mut client, ..) = plain_client(address, root).await;
    for status in [200, 401] {
        let (answer, _send) = client.send_request(request(), false).unwrap();
        let answer = answer.await.unwrap();
        assert_eq!(answer.status(), status);
        assert_eq!(
            (&answer.headers()["a"], &answer.headers()["server"]),
            (&"b c".parse().unwrap(), &"".parse().unwrap())
        );
    }
    drop(serving.await.unwrap());
}

#[tokio::test]
async fn another_client_is_served() {
    let echo = echo(|server| server).await;
    let (mut client, ..) = plain_client(echo.address(), echo.root.clone()).await;
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
    for (request, status, header, message) in [
        (http::Request::get("https://localhost/path"), 405, ("allow", "CONNECT"), "the request is no CONNECT\n"),
        (http::Request::head("https://localhost/path"), 405, ("allow", "CONNECT"), ""),
        (
            http::Request::builder()
                .method("CONNECT")
                .uri("https://localhost/path")
                .extension(h2::ext::Protocol::from_static("connect-udp")),
            501,
            ("content-type", "text/plain; charset=utf-8"),
            "the protocol is not websocket\n",
        ),
        (
            http::Request::builder()
                .method("CONNECT")
                .uri("https://localhost/path")
                .extension(h2::ext::Protocol::from_static("websocket"))
                .header("sec-websocket-version", "8"),
            400,
            ("sec-websocket-version", "13"),
            "the header Sec-WebSocket-Version is wrong\n",
        ),
        (
            http::Request::builder()
                .method("CONNECT")
                .uri("https://localhost/path")
                .extension(h2::ext::Protocol::from_static("websocket")),
            400,
            ("sec-websocket-version", "13"),
            "the header Sec-WebSocket-Version is missing\n",
        ),
    ] {
        let (answer, _) = client.send_request(request.body(()).unwrap(), true).unwrap();
        let mut answer = answer.await.unwrap();
        assert_eq!(answer.status(), status);
        assert_eq!(answer.headers().get(header.0).unwrap(), header.1);
        assert_eq!(answer.headers().get("upgrade"), None);
        let mut content = Vec::new();
        while let Some(data) = answer.body_mut().data().await {
            content.extend(data.unwrap());
        }
        assert_eq!(String::from_utf8(content).unwrap(), message);
    }
}

#[tokio::test]
async fn requests_that_the_program_has_not_looked_at_may_be_made_again() {
    let (root, tls) = identity();
    let server = Server::bind("127.0.0.1:0").await.unwrap().tls(tls);
    let address = server.local_address().unwrap();
    let serving = async { server.accept().await.unwrap().requests().await.unwrap() };
    let (mut requests, (mut client, mut ping, _)) = tokio::join!(serving, plain_client(address, root));
    let (taken, _send) = client.send_request(request(), false).unwrap();
    let _incoming = requests.next().await.unwrap().unwrap();
    let (waiting, _send) = client.send_request(request(), false).unwrap();
    // The server has read what was sent before.
    ping.ping(h2::Ping::opaque()).await.unwrap();
    drop(requests);
    // And this one comes before the client knows of it.
    let (late, _send) = client.send_request(request(), false).unwrap();
    for answer in [waiting, late] {
        let error = answer.await.unwrap_err();
        assert_eq!((error.reason(), error.is_remote()), (Some(h2::Reason::REFUSED_STREAM), true));
    }
    // The one that was looked at goes on.
    assert!(taken.now_or_never().is_none());
}

#[tokio::test]
async fn requests_that_the_client_gives_up_at_once_do_not_pile_up() {
    let (root, tls) = identity();
    let server = Server::bind("127.0.0.1:0").await.unwrap().tls(tls);
    let address = server.local_address().unwrap();
    let serving = async { server.accept().await.unwrap().requests().await.unwrap() };
    let (mut requests, (mut client, mut ping, _)) = tokio::join!(serving, plain_client(address, root));
    let mut held = Vec::new();
    for _ in 0..1000 {
        let (_answer, mut send) = client.send_request(request(), false).unwrap();
        ping.ping(h2::Ping::opaque()).await.unwrap();
        send.send_reset(h2::Reason::CANCEL);
        while let Some(incoming) = requests.next().now_or_never() {
            held.push(incoming.unwrap().unwrap());
        }
    }
    assert_eq!(held.len(), 256);
    // There is room again.
    held.clear();
    let _asked = client.send_request(request(), false).unwrap();
    assert!(requests.next().await.unwrap().is_ok());
}
