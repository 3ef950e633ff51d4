//! Whatever goes wrong while connecting leaves no task and no descriptor behind. In a process of its own: both are counted.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::task::{JoinSet, yield_now};
use tokio::time::timeout;
use ws_core::{Failure, FailureKind};
use ws_native::{ConnectOptions, Connection, Proxy, Server, WebSocket};

/// A server that says this to whoever connects, and then waits for the end.
async fn says(words: &'static [u8]) -> (String, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let mut clients = JoinSet::new();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            clients.spawn(async move {
                let _ = stream.write_all(words).await;
                let _ = stream.read_to_end(&mut Vec::new()).await;
            });
        }
    });
    (address, serving)
}

fn impatient() -> ConnectOptions {
    let mut options = ConnectOptions::default();
    options.connect_timeout = Duration::from_millis(100);
    options.tls_timeout = Duration::from_millis(100);
    options.config.handshake_timeout = Duration::from_millis(100);
    options
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// All that can go wrong, with both faces.
async fn go_wrong() {
    let cases: [(&str, &'static [u8]); 6] = [
        // A server that hangs, answers with something else, with nothing that makes sense, or not in TLS.
        ("ws", b""),
        ("ws", b"HTTP/1.1 404 Not Found\r\n\r\n"),
        ("ws", b"\x00\x01garbage"),
        ("wss", b""),
        ("wss", b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        ("wss", b"\x16\x03\x03\x00\x04\x02\x00\x00\x00"),
    ];
    for (scheme, words) in cases {
        let (address, _serving) = says(words).await;
        fails(&format!("{scheme}://{address}/"), &impatient()).await;
    }
    // A proxy that hangs or refuses.
    for words in [&b""[..], b"HTTP/1.1 407 No\r\n\r\n", b"\x05\xff"] {
        for scheme in ["http", "socks5h"] {
            let (address, _serving) = says(words).await;
            let mut options = impatient();
            options.proxy = Proxy::Through(format!("{scheme}://user:password@{address}").parse().unwrap());
            fails("ws://server.invalid/", &options).await;
        }
    }
    fails("ws://name.invalid/", &impatient()).await;
    // A server to whom the same happens.
    let mut config = impatient().config;
    config.max_head = 1000;
    let server = Server::bind("127.0.0.1:0").await.unwrap().config(config);
    for words in [&b""[..], b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: h\r\n\r\n", b"\x16\x03\x01", &[b'x'; 2000]]
    {
        let mut stream = TcpStream::connect(server.local_address().unwrap()).await.unwrap();
        stream.write_all(words).await.unwrap();
        let serving = tokio::spawn(server.accept().await.unwrap().request());
        let _ = stream.read_to_end(&mut Vec::new()).await;
        drop(stream);
        assert!(serving.await.unwrap().is_err());
    }
}

/// Connecting that is given up at every await.
async fn give_up() {
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", server.local_address().unwrap());
    let serving = tokio::spawn(async move {
        loop {
            let accepted = server.accept().await.unwrap();
            tokio::spawn(async move { accepted.request().await?.accept(None).await?.recv().await });
        }
    });
    let mut connected = 0;
    for polls in 0..100 {
        let options = ConnectOptions::default();
        let mut connecting = Box::pin(Connection::connect(&url, &options));
        for _ in 0..polls {
            if let Some(connection) = connecting.as_mut().now_or_never() {
                connection.unwrap();
                connected += 1;
                break;
            }
            yield_now().await;
        }
    }
    assert!((1..100).contains(&connected), "{connected}");
    serving.abort();
}

async fn fails(url: &str, options: &ConnectOptions) {
    let failed: Failure = Connection::connect(url, options).await.unwrap_err();
    assert_ne!(failed.kind(), FailureKind::Misuse, "{failed}");
    let (sender, closed) = tokio::sync::oneshot::channel();
    let mut sender = Some(sender);
    let _socket = WebSocket::builder(url)
        .options(options.clone())
        .connect_with(|socket| socket.set_onclose(move |_, event| sender.take().unwrap().send(event.code).unwrap()))
        .unwrap();
    assert_eq!(closed.await.unwrap().get(), 1006);
}

/// Waits until no task is left: the end of a socket whose program was told goes on for a moment.
async fn all_have_ended() {
    let metrics = Handle::current().metrics();
    let ending = async {
        while metrics.num_alive_tasks() > 0 {
            yield_now().await;
        }
    };
    timeout(Duration::from_secs(60), ending).await.expect("no task is left");
}

#[tokio::test]
async fn nothing_is_left_of_what_goes_wrong() {
    // The first time, what is there once for all is made.
    go_wrong().await;
    all_have_ended().await;
    let before = descriptors();
    go_wrong().await;
    give_up().await;
    all_have_ended().await;
    assert_eq!(descriptors(), before);
}
