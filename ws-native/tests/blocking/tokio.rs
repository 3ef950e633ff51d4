//! The blocking face with the asynchronous one at the other end.

use std::thread;

use ws_core::{CloseCode, Message};
use ws_native::{ConnectOptions, blocking};

use crate::text;

#[tokio::test]
async fn an_asynchronous_client_of_a_blocking_server() {
    let server = blocking::Server::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", server.local_address().unwrap());
    let serving = thread::spawn(move || {
        let mut connection = server.accept()?.request().unwrap().accept(None).unwrap();
        while let Some(message) = connection.recv().unwrap() {
            connection.feed(message).unwrap();
        }
        std::io::Result::Ok(connection.closed().unwrap().code())
    });
    let mut client = ws_native::Connection::connect(&url, &ConnectOptions::default()).await.unwrap();
    for length in [3, 70_000, 1 << 20] {
        let message = "x".repeat(length);
        client.send(message.as_str()).await.unwrap();
        assert!(client.recv().await.unwrap() == text(&message), "{length}");
    }
    client.close(Some((CloseCode::new(4000), ""))).await.unwrap();
    assert_eq!(client.recv().await.unwrap(), None);
    assert_eq!(serving.join().unwrap().unwrap(), CloseCode::new(4000));
}

#[tokio::test]
async fn a_blocking_client_of_an_asynchronous_server() {
    let server = ws_native::Server::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", server.local_address().unwrap());
    let asking = thread::spawn(move || {
        let mut client = blocking::Connection::connect(&url, &ConnectOptions::default())?;
        client.send(vec![7; 1 << 20])?;
        let answer = client.recv()?;
        client.close(None)?;
        Ok::<_, ws_core::Failure>((answer, client.recv()?))
    });
    let mut connection = server.accept().await.unwrap().request().await.unwrap().accept(None).await.unwrap();
    while let Some(message) = connection.recv().await.unwrap() {
        connection.feed(message).unwrap();
    }
    let (answer, end) = asking.join().unwrap().unwrap();
    assert!(answer == Some(Message::Binary(vec![7; 1 << 20].into())));
    assert_eq!(end, None);
}
