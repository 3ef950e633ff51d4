//! How a connection ends, or is not made, and what is known of it.

use socket2::SockRef;
use tokio::net::TcpListener;
use ws_core::{CloseCode, FailureKind, KeepAlive, ReadyState};
use ws_native::{ConnectOptions, WebSocket};

use super::*;

#[tokio::test]
async fn behind_an_end_a_reset_and_another_answer_there_is_another_connection() {
    let (listener, url) = listen().await;
    let (socket, mut told) = connect(Socket::builder(url.as_str()).config(soon()));

    // An end that is no failure.
    let mut connection = served(&listener).await;
    told.are(["open"]).await;
    assert_eq!((socket.ready_state(), socket.failure().is_none()), (ReadyState::Open, true));
    connection.close(Some((CloseCode::GOING_AWAY, "later"))).await.unwrap();
    assert_eq!(connection.recv().await.unwrap(), None);
    told.are(["close 1001", "reconnecting 1"]).await;
    assert!(socket.failure().is_none());

    // A reset.
    let stream = accept(&listener).await;
    told.are(["open"]).await;
    SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    drop(stream);
    told.are(["error", "close 1006", "reconnecting 2"]).await;
    assert_eq!(socket.failure().unwrap().kind(), FailureKind::Network);

    // Another status.
    let (mut stream, _) = listener.accept().await.unwrap();
    read_head(&mut stream).await;
    assert_eq!(socket.failure().unwrap().kind(), FailureKind::Network);
    stream.write_all(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    told.are(["error", "close 1006", "reconnecting 3"]).await;
    let failure = socket.failure().unwrap();
    assert_eq!(failure.kind(), FailureKind::Refused);
    assert!(failure.to_string().contains("503"), "{failure}");

    // An open connection clears it.
    let _connection = served(&listener).await;
    told.are(["open"]).await;
    assert!(socket.failure().is_none());
}

#[tokio::test]
async fn a_server_that_comes_back_on_its_port_is_found() {
    let (listener, url) = listen().await;
    let address = listener.local_addr().unwrap();
    drop(listener);
    let (socket, mut told) = connect(Socket::builder(url.as_str()).config(soon()));
    told.are(["error", "close 1006", "reconnecting 1", "error", "close 1006", "reconnecting 2"]).await;
    assert_eq!(socket.failure().unwrap().kind(), FailureKind::Network);

    let listener = TcpListener::bind(address).await.unwrap();
    let _connection = served(&listener).await;
    while told.next().await != "open" {}
    assert!(socket.failure().is_none());
}

#[tokio::test]
async fn a_server_that_says_nothing_to_the_handshake_is_given_up() {
    let (listener, url) = listen().await;
    let mut config = soon();
    config.connection_timeout = Duration::from_millis(100);
    let (socket, mut told) = connect(Socket::builder(url.as_str()).config(config));
    let (mut silent, _) = listener.accept().await.unwrap();
    read_head(&mut silent).await;
    told.are(["error", "close 1006", "reconnecting 1"]).await;
    assert_eq!(socket.failure().unwrap().kind(), FailureKind::Timeout);
    // The connection is given up indeed.
    assert_eq!(silent.read(&mut [0]).await.unwrap_or(0), 0);
    let _connection = served(&listener).await;
    while told.next().await != "open" {}
    assert!(socket.failure().is_none());
}

#[tokio::test]
async fn a_peer_that_answers_no_more_but_keeps_the_connection_is_given_up() {
    let (listener, url) = listen().await;
    let mut config = soon();
    let mut keep_alive = KeepAlive::new("?");
    keep_alive.interval = Duration::from_millis(20);
    keep_alive.timeout = Duration::from_millis(200);
    config.keep_alive = Some(keep_alive);
    let (socket, mut told) = connect(Socket::builder(url.as_str()).config(config));
    let mut connection = served(&listener).await;
    for _ in 0..3 {
        assert_eq!(text(&mut connection).await, "?");
        connection.send("!").await.unwrap();
    }
    told.are(["open", "message !", "message !", "message !", "error", "close 1006", "reconnecting 1"]).await;
    let failure = socket.failure().unwrap();
    assert_eq!(failure.kind(), FailureKind::Timeout);
    assert!(failure.to_string().contains("200 ms"), "{failure}");
    let mut next = served(&listener).await;
    told.are(["open"]).await;
    assert_eq!(text(&mut next).await, "?");
}

#[tokio::test]
async fn each_attempt_may_have_headers_of_its_own() {
    let (listener, url) = listen().await;
    let builder = Socket::builder_with(move |attempt| {
        let mut options = ConnectOptions::default();
        options.headers.push(("Authorization".into(), format!("Bearer {}", attempt.retry_count())));
        attempt.connect(WebSocket::builder(url.as_str()).options(options));
    });
    let (_socket, mut told) = connect(builder.config(soon()));
    for retry in 0..3 {
        let (mut stream, _) = listener.accept().await.unwrap();
        let head = read_head(&mut stream).await;
        assert!(head.contains(&format!("\r\nAuthorization: Bearer {retry}\r\n")), "{head}");
        drop(stream);
        told.are(["error", "close 1006", &format!("reconnecting {}", retry + 1)]).await;
    }
}
