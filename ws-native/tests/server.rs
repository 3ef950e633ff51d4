//! Servers over real sockets: whom they take, and how they end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use ws_core::{Failure, FailureKind, Message};
use ws_native::proto::Config;
use ws_native::{ConnectOptions, Connection, Origins, Server, Shutdown};

async fn bind() -> (Server, String) {
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", server.local_address().unwrap());
    (server, url)
}

async fn connect(url: &str) -> Connection {
    Connection::connect(url, &ConnectOptions::default()).await.unwrap()
}

/// What is answered to these bytes, up to the end.
async fn answer(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn pages_of_other_hosts_are_refused_unless_allowed() {
    for (origins, origin, allowed) in [
        (Origins::SameHost, "http://127.0.0.1:8080", true),
        (Origins::SameHost, "http://evil.example", false),
        (Origins::These(vec!["http://good.example".into()]), "http://good.example", true),
        (Origins::Any, "http://evil.example", true),
    ] {
        let (server, url) = bind().await;
        let server = server.origins(origins);
        let mut options = ConnectOptions::default();
        options.headers.push(("Origin".into(), origin.into()));
        let (client, served) = tokio::join!(Connection::connect(&url, &options), async {
            server.accept().await.unwrap().request().await?.accept(None).await
        });
        match (client, served) {
            (Ok(_), Ok(_)) if allowed => {}
            (Err(client), Err(served)) if !allowed => {
                assert!(client.to_string().contains("403"), "{client}");
                assert_eq!(served.kind(), FailureKind::Policy);
            }
            (client, served) => panic!("{origin}: {client:?} {served:?}"),
        }
    }
}

#[tokio::test]
async fn requests_that_are_none_for_a_websocket_are_told_so() {
    let (server, _) = bind().await;
    let address = server.local_address().unwrap();
    for (request, status) in [
        (&b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"[..], "426 Upgrade Required"),
        (b"POST / HTTP/1.1\r\nHost: h\r\n\r\n", "405 Method Not Allowed"),
        (b"HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", "405 Method Not Allowed"),
        (b"\x16\x03\x01\x00\x05hello", "400 Bad Request"),
    ] {
        let (answer, served) =
            tokio::join!(answer(address, request), async { server.accept().await.unwrap().request().await });
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{answer}");
        assert_eq!(served.unwrap_err().kind(), FailureKind::Handshake);
        assert_eq!(
            answer.ends_with("\r\n\r\n"),
            request.starts_with(b"HEAD"),
            "only to HEAD there is no content: {answer}"
        );
        if status.starts_with("426") {
            assert!(answer.contains("\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"), "{answer}");
        }
    }
}

#[tokio::test]
async fn whoever_was_accepted_may_speak_something_else() {
    let (server, _) = bind().await;
    let (answer, ()) = tokio::join!(answer(server.local_address().unwrap(), b"ping"), async {
        let mut stream = server.accept().await.unwrap().into_stream();
        let mut words = [0; 4];
        stream.read_exact(&mut words).await.unwrap();
        assert_eq!(&words, b"ping");
        stream.write_all(b"pong").await.unwrap();
    });
    assert_eq!(answer, "pong");
}

#[tokio::test]
async fn clients_that_never_speak_are_let_go() {
    const CLIENTS: usize = 100;
    let (server, _) = bind().await;
    let mut config = Config::default();
    config.handshake_timeout = Duration::from_millis(100);
    let server = server.config(config);
    let mut clients = Vec::new();
    let mut served = Vec::new();
    for _ in 0..CLIENTS {
        clients.push(TcpStream::connect(server.local_address().unwrap()).await.unwrap());
        served.push(tokio::spawn(server.accept().await.unwrap().request()));
    }
    // Half of them say a little, and then no more.
    for client in clients.iter_mut().step_by(2) {
        client.write_all(b"GET / HTTP/1.1\r\nHost:").await.unwrap();
    }
    for served in served {
        assert!(served.await.unwrap().unwrap_err().is_timeout());
    }
    for mut client in clients {
        // What the server says to it is no matter, as long as it ends the stream.
        client.read_to_end(&mut Vec::new()).await.unwrap();
    }
}

/// Serves until told to end: what each connection came to.
fn serve(server: Server) -> (JoinHandle<()>, mpsc::UnboundedReceiver<Result<(), Failure>>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let serving = tokio::spawn(async move {
        loop {
            let accepted = server.accept().await.unwrap();
            let sender = sender.clone();
            tokio::spawn(async move {
                let outcome = async {
                    let mut connection = accepted.request().await?.accept(None).await?;
                    while let Some(message) = connection.recv().await? {
                        connection.feed(message)?;
                    }
                    Ok(())
                };
                let _ = sender.send(outcome.await);
            });
        }
    });
    (serving, receiver)
}

#[tokio::test]
async fn a_shutdown_closes_every_connection_with_1001() {
    let (server, url) = bind().await;
    let shutdown = Shutdown::default();
    let (serving, mut outcomes) = serve(server.shutdown(&shutdown));
    let mut clients = Vec::new();
    for _ in 0..3 {
        let mut client = connect(&url).await;
        client.send("hello").await.unwrap();
        assert_eq!(client.recv().await.unwrap(), Some(Message::Text("hello".into())));
        clients.push(client);
    }
    serving.abort();
    let closed = async {
        for client in &mut clients {
            assert_eq!(client.recv().await.unwrap(), None);
            let closed = client.closed().unwrap();
            assert_eq!((closed.clean, closed.code().get()), (true, 1001));
        }
    };
    let (left, ()) = tokio::join!(shutdown.begin(Duration::from_secs(60)), closed);
    assert_eq!(left, 0);
    for _ in 0..3 {
        outcomes.recv().await.unwrap().unwrap();
    }
}

/// As a server's program meets it that answers what it receives.
#[tokio::test]
async fn what_still_comes_in_a_shutdown_is_received_and_its_answer_is_no_error() {
    let shutdown = Shutdown::default();
    let (near, far) = tokio::io::duplex(1 << 10);
    let mut server = Connection::server_established(far, Config::default());
    server.follow(&shutdown);
    let mut client = Connection::client_established(near, Config::default());
    let serving = tokio::spawn(async move {
        let mut received = Vec::new();
        while let Some(message) = server.recv().await? {
            received.push(message.clone());
            server.feed(message)?;
            server.ping(b"").await?;
        }
        Ok::<_, Failure>(received)
    });
    let late = async {
        // The Close frame of the server is here, and not read yet.
        tokio::task::yield_now().await;
        client.send("late").await.unwrap();
        client.recv().await.unwrap()
    };
    assert_eq!(tokio::join!(shutdown.begin(Duration::from_secs(60)), late), (0, None));
    assert_eq!(client.closed().unwrap().code().get(), 1001);
    assert_eq!(serving.await.unwrap().unwrap(), [Message::Text("late".into())]);
}

#[tokio::test]
async fn who_does_not_close_is_cut_when_the_time_is_over() {
    let (server, url) = bind().await;
    let shutdown = Shutdown::default();
    let (_serving, mut outcomes) = serve(server.shutdown(&shutdown));
    // It never receives, and so never answers.
    let _client = connect(&url).await;
    assert_eq!(shutdown.begin(Duration::from_millis(50)).await, 1);
    let failed = outcomes.recv().await.unwrap().unwrap_err();
    assert_eq!(failed.kind(), FailureKind::Cancelled, "{failed:?}");
    // Who comes after the end is sent away at once.
    assert!(Connection::connect(&url, &ConnectOptions::default()).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn all_that_were_cut_are_counted_however_soon_they_are_gone() {
    const CONNECTIONS: usize = 2000;
    let shutdown = Shutdown::default();
    let mut peers = Vec::new();
    let mut served = Vec::new();
    for _ in 0..CONNECTIONS {
        let (near, far) = tokio::io::duplex(64);
        let mut server = Connection::server_established(far, Config::default());
        server.follow(&shutdown);
        peers.push(near);
        served.push(tokio::spawn(async move { server.recv().await.unwrap_err().kind() }));
    }
    assert_eq!(shutdown.begin(Duration::from_millis(1)).await, CONNECTIONS);
    for served in served {
        assert_eq!(served.await.unwrap(), FailureKind::Cancelled);
    }
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_that_is_over_does_not_begin_again() {
    let shutdown = Shutdown::default();
    let (_peer, far) = tokio::io::duplex(64);
    let mut server = Connection::server_established(far, Config::default());
    server.follow(&shutdown);
    assert_eq!(shutdown.begin(Duration::ZERO).await, 1);
    let (left, received) = tokio::join!(shutdown.begin(Duration::from_secs(60)), server.recv());
    assert_eq!((left, received.unwrap_err().kind()), (0, FailureKind::Cancelled));
}

#[tokio::test]
async fn a_shutdown_without_connections_is_over_at_once() {
    assert_eq!(Shutdown::default().begin(Duration::from_secs(3600)).await, 0);
}

#[tokio::test]
async fn a_task_that_serves_a_connection_is_small() {
    let (server, _) = bind().await;
    let (_client, accepted) = tokio::join!(TcpStream::connect(server.local_address().unwrap()), server.accept());
    let serving = async move {
        let mut connection = accepted.unwrap().request().await?.accept(None).await?;
        while let Some(message) = connection.recv().await? {
            connection.feed(message)?;
        }
        Ok::<(), Failure>(())
    };
    // Neither what a handshake needs nor the connection itself is part of it, but for what was accepted, which is as large as the
    // largest stream that there is with these features.
    assert_eq!(size_of::<Connection>(), size_of::<usize>());
    assert!(size_of_val(&serving) <= 256, "{} bytes", size_of_val(&serving));
}
