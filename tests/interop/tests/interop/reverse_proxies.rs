//! Proxies in front of our server.

use ws_interop::{Caddy, Certificate, EchoServer, HaProxy, Nginx, close, closed_by_peer, exchange, in_time, options};
use ws_native::{ConnectError, ConnectOptions, Connection, Http2};

use crate::environment::in_environment;

/// What has to work through any proxy on this port in front of this server.
async fn converse(port: u16, server: &mut EchoServer, certificate: Option<&Certificate>) {
    let mut options = options();
    options.tls = certificate.map(Certificate::trusted);
    converse_with(options, port, server).await;
}

async fn converse_with(options: ConnectOptions, port: u16, server: &mut EchoServer) {
    let scheme = if options.tls.is_some() { "wss" } else { "ws" };
    let url = format!("{scheme}://localhost:{port}/path?query");

    // The client closes; the server answers with the code, and without the reason.
    let mut connection = in_time(Connection::connect(&url, &options)).await.unwrap();
    assert_eq!(connection.established().protocol.as_deref(), Some("chat.v2"));
    assert!(connection.established().extensions.starts_with("permessage-deflate"));
    // A stream of HTTP/2 has no connection of TCP for itself.
    assert_eq!(connection.stream().tcp().is_none(), options.http2.is_some());
    exchange(&mut connection).await;
    let closed = close(&mut connection, 4001, "done").await;
    assert_eq!((closed.clean, closed.code().get(), closed.reason()), (true, 4001, ""));
    let closed = in_time(server.ended()).await.1.unwrap();
    assert_eq!((closed.clean, closed.code().get(), closed.reason()), (true, 4001, "done"));

    // The server closes.
    let mut connection = in_time(Connection::connect(&url, &options)).await.unwrap();
    connection.send("close 4002 enough").await.unwrap();
    let closed = closed_by_peer(&mut connection).await;
    assert_eq!((closed.clean, closed.code().get(), closed.reason()), (true, 4002, "enough"));
    let closed = in_time(server.ended()).await.1.unwrap();
    assert_eq!((closed.clean, closed.code().get()), (true, 4002));
}

#[tokio::test]
async fn nginx_passes_everything_on() {
    let mut server = EchoServer::start().await;
    let proxy = Nginx::start(server.port(), None).await;
    converse(proxy.port(), &mut server, None).await;
}

#[tokio::test]
async fn nginx_passes_everything_on_from_tls() {
    let mut server = EchoServer::start().await;
    let certificate = Certificate::for_localhost();
    let proxy = Nginx::start(server.port(), Some(&certificate)).await;
    converse(proxy.port(), &mut server, Some(&certificate)).await;
}

#[tokio::test]
async fn haproxy_passes_everything_on() {
    let mut server = EchoServer::start().await;
    let proxy = HaProxy::start(server.port(), None).await;
    converse(proxy.port(), &mut server, None).await;
}

#[tokio::test]
async fn haproxy_passes_everything_on_from_tls() {
    let mut server = EchoServer::start().await;
    let certificate = Certificate::for_localhost();
    let proxy = HaProxy::start(server.port(), Some(&certificate)).await;
    converse(proxy.port(), &mut server, Some(&certificate)).await;
}

#[tokio::test]
async fn haproxy_passes_everything_on_from_http2() {
    let mut server = EchoServer::start().await;
    let certificate = Certificate::for_localhost();
    let proxy = HaProxy::start(server.port(), Some(&certificate)).await;
    let mut options = options();
    options.tls = Some(certificate.trusted());
    options.http2 = Some(Http2::default());
    converse_with(options, proxy.port(), &mut server).await;
}

#[tokio::test]
async fn haproxy_passes_everything_on_from_http2_to_http2() {
    let certificate = Certificate::for_localhost();
    let mut server = EchoServer::start_secure(&certificate).await;
    let proxy = HaProxy::start_for_http2(server.port(), &certificate).await;
    let mut options = options();
    options.tls = Some(certificate.trusted());
    options.http2 = Some(Http2::default());
    converse_with(options, proxy.port(), &mut server).await;
}

#[tokio::test]
async fn caddy_passes_everything_on() {
    let mut server = EchoServer::start().await;
    let proxy = Caddy::start(server.port(), None).await;
    converse(proxy.port(), &mut server, None).await;
}

#[tokio::test]
async fn caddy_passes_everything_on_from_tls() {
    let mut server = EchoServer::start().await;
    let certificate = Certificate::for_localhost();
    let proxy = Caddy::start(server.port(), Some(&certificate)).await;
    converse(proxy.port(), &mut server, Some(&certificate)).await;
}

#[tokio::test]
async fn a_certificate_by_an_authority_that_is_not_trusted_is_refused() {
    let server = EchoServer::start().await;
    let proxy = Nginx::start(server.port(), Some(&Certificate::for_localhost())).await;
    let mut options = options();
    options.tls = Some(Certificate::for_localhost().trusted());
    let url = format!("wss://localhost:{}/", proxy.port());
    let failure = in_time(Connection::connect(&url, &options)).await.unwrap_err();
    assert!(matches!(failure.cause().downcast_ref(), Some(ConnectError::Tls { .. })), "{failure:?}");
}

#[tokio::test]
async fn whom_the_platform_trusts_is_trusted() {
    let server = EchoServer::start().await;
    let certificate = Certificate::for_localhost();
    let proxy = Nginx::start(server.port(), Some(&certificate)).await;
    let url = format!("wss://localhost:{}/", proxy.port());
    let folder = tempfile::tempdir().unwrap();
    let roots = folder.path().join("roots.pem");
    std::fs::write(&roots, certificate.root()).unwrap();
    // Where the platform's roots are, if not in the usual places.
    let said = in_environment(&url, &[("SSL_CERT_FILE", roots.display().to_string())]).await;
    assert!(said.contains("hello"), "{said}");
    let said = in_environment(&url, &[]).await;
    assert!(said.contains("UnknownIssuer"), "{said}");
}
