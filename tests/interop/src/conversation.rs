//! What a client of ws-native and an echo server say to each other, whatever is between them.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use ws_core::{CloseCode, Failure, FailureKind, Message};
use ws_native::proto::Closed;
use ws_native::{ConnectOptions, Connection};

/// A size that does not fit into what a proxy reads at a time.
pub const MIB: usize = 1 << 20;

/// The longest that a test waits for what has to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Awaits what has to come.
pub async fn in_time<F: Future>(future: F) -> F::Output {
    timeout(PATIENCE, future).await.expect("it takes too long")
}

/// Options that offer two subprotocols and compression.
pub fn options() -> ConnectOptions {
    let mut options = ConnectOptions::default();
    options.protocols = vec!["chat.v2".into(), "chat.v1".into()];
    options
}

/// Connects to the server on this port, without TLS.
pub async fn connect(port: u16) -> Connection {
    in_time(Connection::connect(&format!("ws://127.0.0.1:{port}/"), &options())).await.unwrap()
}

/// Whether the transport was ended under the connection: in order, or with a reset if the peer had not read everything.
pub fn is_lost(failure: &Failure) -> bool {
    matches!(failure.kind(), FailureKind::Ended | FailureKind::Network)
}

/// Sends messages of both kinds and of many lengths, with pings between them, and has each of them back.
pub async fn exchange<T: AsyncRead + AsyncWrite + Unpin>(connection: &mut Connection<T>) {
    // No run of bytes occurs in it again: compression makes it no shorter.
    let noise: Vec<u8> = (0..MIB as u64).map(|n| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect();
    let messages: [Message; 7] = [
        Message::Text("hello".into()),
        Message::Text("".into()),
        Message::Text("grüße, 世界, 🦀".into()),
        Message::Binary((&[0, 255, 128][..]).into()),
        Message::Binary(vec![7; 65_536].into()),
        Message::Text("all work and no play ".repeat(MIB / 21 + 1).into()),
        Message::Binary(noise.into()),
    ];
    for message in messages {
        in_time(connection.ping(b"are you there?")).await.unwrap();
        in_time(connection.send(message.clone())).await.unwrap();
        let answer = in_time(connection.recv()).await.unwrap();
        // Not assert_eq: nobody reads a message of a mebibyte.
        assert!(answer == Some(message), "the echo is another message");
    }
}

/// Closes with this code and reason, and gives how the connection ended.
pub async fn close<T: AsyncRead + AsyncWrite + Unpin>(
    connection: &mut Connection<T>,
    code: u16,
    reason: &str,
) -> Closed {
    in_time(connection.close(Some((CloseCode::new(code), reason)))).await.unwrap();
    closed_by_peer(connection).await
}

/// Waits until the connection is closed, and gives how.
pub async fn closed_by_peer<T: AsyncRead + AsyncWrite + Unpin>(connection: &mut Connection<T>) -> Closed {
    assert_eq!(in_time(connection.recv()).await.unwrap(), None);
    connection.closed().cloned().expect("it is closed")
}
