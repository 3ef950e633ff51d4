//! Connections that nobody is at the other end of any more.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use ws_native::Connection;

use crate::echo::{echo, exchange};

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

/// As a program that begins again and again, each time not for long.
#[tokio::test]
async fn a_connection_that_is_dead_is_forgotten_by_those_who_give_up_early() {
    let mut echo = echo(|server| server).await;
    let (port, stop) = relay(echo.address().port()).await;
    let url = format!("wss://localhost:{port}/path");
    echo.options.connect_timeout = Duration::from_secs(2);
    let _first = Connection::connect(&url, &echo.options).await.unwrap();
    stop.send(true).unwrap();
    let mut attempts = 0;
    let mut connected = loop {
        let attempt = timeout(Duration::from_secs(1), Connection::connect(&url, &echo.options));
        match attempt.await {
            Ok(connected) => break connected.unwrap(),
            Err(_) => attempts += 1,
        }
        assert!(attempts < 10, "it is tried for ever");
    };
    exchange(&mut connected).await;
}
