//! Proxies in front of our server.

use ws_interop::{Caddy, EchoServer, HaProxy, Nginx, close, closed_by_peer, connect, exchange, in_time};

/// What has to work through any proxy on this port in front of this server.
async fn converse(port: u16, server: &mut EchoServer) {
    // The client closes; the server answers with the code, and without the reason.
    let mut connection = connect(port).await;
    assert_eq!(connection.established().protocol.as_deref(), Some("chat.v2"));
    assert!(connection.established().extensions.starts_with("permessage-deflate"));
    exchange(&mut connection).await;
    let closed = close(&mut connection, 4001, "done").await;
    assert_eq!((closed.clean, closed.code().get(), closed.reason()), (true, 4001, ""));
    let closed = in_time(server.ended()).await.1.unwrap();
    assert_eq!((closed.clean, closed.code().get(), closed.reason()), (true, 4001, "done"));

    // The server closes.
    let mut connection = connect(port).await;
    connection.send("close 4002 enough").await.unwrap();
    let closed = closed_by_peer(&mut connection).await;
    assert_eq!((closed.clean, closed.code().get(), closed.reason()), (true, 4002, "enough"));
    let closed = in_time(server.ended()).await.1.unwrap();
    assert_eq!((closed.clean, closed.code().get()), (true, 4002));
}

#[tokio::test]
async fn nginx_passes_everything_on() {
    let mut server = EchoServer::start().await;
    let proxy = Nginx::start(server.port()).await;
    converse(proxy.port(), &mut server).await;
}

#[tokio::test]
async fn haproxy_passes_everything_on() {
    let mut server = EchoServer::start().await;
    let proxy = HaProxy::start(server.port()).await;
    converse(proxy.port(), &mut server).await;
}

#[tokio::test]
async fn caddy_passes_everything_on() {
    let mut server = EchoServer::start().await;
    let proxy = Caddy::start(server.port()).await;
    converse(proxy.port(), &mut server).await;
}
