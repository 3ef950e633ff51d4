//! Peers that die, and a network that loses packets.

use std::time::Duration;

use tokio::time::timeout;
use ws_core::{FailureKind, Message};
use ws_interop::{EchoServer, Language, LossyNetwork, MIB, close, connect, exchange, in_time, is_lost, options};
use ws_native::proto::{Heartbeat, Part};
use ws_native::{ConnectError, ConnectOptions, Connection, Stage};

#[tokio::test]
async fn a_client_is_told_when_its_server_is_killed() {
    let (mut server, port) = Language::JavaScript.server(true).await;
    let mut connection = connect(port).await;
    exchange(&mut connection).await;
    server.kill();
    let failure = in_time(connection.recv()).await.unwrap_err();
    assert!(is_lost(&failure), "{failure:?}");
    assert_eq!(connection.closed().unwrap().code().get(), 1006);
    assert_eq!(connection.send("hello").await.unwrap_err().kind(), FailureKind::Ended);
}

#[tokio::test]
async fn a_client_is_told_when_its_server_is_killed_in_the_middle_of_a_message() {
    let (mut server, port) = Language::JavaScript.server(false).await;
    let mut connection = connect(port).await;
    // More than the system keeps for a program that does not read.
    connection.send(vec![0; 32 * MIB]).await.unwrap();
    let Some(Part::Binary { bytes, last: false }) = in_time(connection.recv_part()).await.unwrap() else {
        panic!("a part that is not the last one")
    };
    server.kill();
    let mut received = bytes.len();
    let failure = loop {
        match in_time(connection.recv_part()).await {
            Ok(Some(Part::Binary { bytes, last: false })) => received += bytes.len(),
            Ok(_) => panic!("the message came to its end"),
            Err(failure) => break failure,
        }
    };
    assert!(is_lost(&failure), "{failure:?}");
    assert!(received < 32 * MIB);
}

#[tokio::test]
async fn a_server_is_told_when_its_client_is_killed() {
    let mut server = EchoServer::start().await;
    let mut client = Language::Python.client(server.port(), true, "wait");
    assert!(client.report().await.starts_with("chat.v2"));
    assert_eq!(client.report().await, "ready");
    client.kill();
    let failure = in_time(server.ended()).await.1.unwrap_err();
    assert!(is_lost(&failure), "{failure:?}");
}

/// Options whose connections notice a silent peer soon.
fn impatient() -> ConnectOptions {
    let mut heartbeat = Heartbeat::default();
    heartbeat.interval = Duration::from_millis(500);
    heartbeat.timeout = Duration::from_secs(2);
    let mut options = options();
    options.config.heartbeat = Some(heartbeat);
    options
}

#[tokio::test]
async fn a_client_notices_that_its_server_has_stopped() {
    let (mut server, port) = Language::JavaScript.server(true).await;
    let url = format!("ws://127.0.0.1:{port}/");
    let mut connection = in_time(Connection::connect(&url, &impatient())).await.unwrap();
    exchange(&mut connection).await;
    // While it answers, the connection stays.
    assert!(timeout(Duration::from_secs(3), connection.recv()).await.is_err());
    assert!(connection.round_trip_time().is_some());
    server.suspend();
    let failure = in_time(connection.recv()).await.unwrap_err();
    assert!(failure.is_timeout(), "{failure:?}");
    assert!(failure.to_string().contains("heartbeat.timeout"));
}

#[test]
fn both_ends_notice_that_the_cable_is_cut() {
    let network = LossyNetwork::new(0);
    network.run(async {
        let mut server = EchoServer::start_with(impatient().config).await;
        let url = format!("ws://127.0.0.1:{}/", server.port());
        let mut connection = in_time(Connection::connect(&url, &impatient())).await.unwrap();
        exchange(&mut connection).await;
        network.cut();
        assert!(in_time(connection.recv()).await.unwrap_err().is_timeout());
        assert!(in_time(server.ended()).await.1.unwrap_err().is_timeout());
    });
}

#[test]
fn an_address_that_nobody_answers_at_is_given_up() {
    let network = LossyNetwork::new(0);
    network.run(async {
        network.cut();
        let mut options = options();
        options.connect_timeout = Duration::from_millis(500);
        let failure = in_time(Connection::connect("ws://127.0.0.1:9/", &options)).await.unwrap_err();
        let cause = failure.cause().downcast_ref();
        assert!(matches!(cause, Some(ConnectError::Timeout { stage: Stage::Connect(_), .. })), "{failure:?}");
        assert!(failure.to_string().contains("connect_timeout"), "{failure}");
    });
}

#[test]
fn everything_arrives_in_order_though_packets_are_lost() {
    let network = LossyNetwork::new(5);
    network.run(async {
        let mut server = EchoServer::start().await;
        let mut connection = connect(server.port()).await;
        exchange(&mut connection).await;
        for number in 0..100_usize {
            let message = Message::Text(format!("{number} ").repeat(number * 10).into());
            in_time(connection.send(message.clone())).await.unwrap();
            assert!(in_time(connection.recv()).await.unwrap() == Some(message), "message {number} is another one");
        }
        let closed = close(&mut connection, 4001, "done").await;
        assert_eq!((closed.clean, closed.code().get()), (true, 4001));
        assert_eq!(in_time(server.ended()).await.1.unwrap().code().get(), 4001);
    });
    assert!(network.lost() > 0, "no packet was lost");
}
