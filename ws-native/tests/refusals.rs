//! Servers that do not simply accept.
#![cfg(all(feature = "tokio", feature = "cookies"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use ws_core::{FailureKind, Task};
use ws_native::proto::Error;
use ws_native::{ConnectOptions, Connection, CookieJar as _, MemoryJar, Socket, SocketUrl};

#[tokio::test]
async fn the_headers_of_an_answer_that_is_not_valid_are_there() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            let answer = "HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSet-Cookie: a=1\r\n\r\n";
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    let jar = Arc::new(MemoryJar::default());
    let stored = || jar.cookies(&SocketUrl::parse(&url, None).unwrap());
    let options = || {
        let mut options = ConnectOptions::default();
        options.cookies = Some(jar.clone());
        options
    };
    let failure = Connection::connect(&url, &options()).await.unwrap_err();
    assert_eq!(failure.to_string(), "the opening handshake failed: the header Sec-WebSocket-Accept is missing");
    let Some(Error::Handshake(error)) = failure.cause().downcast_ref() else { panic!("{failure:?}") };
    assert_eq!(error.answer().unwrap().headers.get("set-cookie"), Some(&b"a=1"[..]));
    assert_eq!(stored().as_deref(), Some("a=1"));

    jar.store(&SocketUrl::parse(&url, None).unwrap(), "a=; Max-Age=0");
    let (socket, mut tasks) = Socket::open(&url, &[], options()).unwrap();
    assert!(matches!(tasks.next().await, Some(Task::Close { failed: true, .. })));
    assert_eq!(socket.answer().get("set-cookie"), Some(&b"a=1"[..]));
    assert_eq!((socket.failure().unwrap().kind(), stored().as_deref()), (FailureKind::Handshake, Some("a=1")));
}
