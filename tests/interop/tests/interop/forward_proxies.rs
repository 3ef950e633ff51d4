//! Proxies that our client goes through.

use ws_core::{Failure, FailureKind};
use ws_interop::{Certificate, EchoServer, HaProxy, Microsocks, Squid, exchange, in_time, is_lost, options};
use ws_native::{ConnectError, ConnectOptions, Connection, Proxy};

use crate::environment::in_environment;

const CREDENTIALS: Option<(&str, &str)> = Some(("alice", "se:same@"));

fn through(proxy: &str) -> ConnectOptions {
    let mut options = options();
    options.proxy = Proxy::Through(proxy.parse().unwrap());
    options
}

/// Talks with the server at this URL. The connection breaks with the proxy: it went through it.
async fn converse<P>(url: &str, options: &ConnectOptions, proxy: P) {
    let mut connection = in_time(Connection::connect(url, options)).await.unwrap();
    assert_eq!(connection.established().protocol.as_deref(), Some("chat.v2"));
    exchange(&mut connection).await;
    drop(proxy);
    let failure = in_time(connection.recv()).await.unwrap_err();
    assert!(is_lost(&failure), "{failure:?}");
}

/// What the proxy has said, when it did not connect.
async fn refusal(proxy: &str) -> String {
    let server = EchoServer::start().await;
    let url = format!("ws://127.0.0.1:{}/", server.port());
    let failure: Failure = in_time(Connection::connect(&url, &through(proxy))).await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Network);
    match failure.cause().downcast_ref() {
        Some(ConnectError::Proxy { reason, .. }) => reason.clone(),
        _ => panic!("{failure:?}"),
    }
}

#[tokio::test]
async fn squid_connects() {
    let server = EchoServer::start().await;
    let proxy = Squid::start(None).await;
    let options = through(&format!("http://127.0.0.1:{}", proxy.port()));
    converse(&format!("ws://127.0.0.1:{}/", server.port()), &options, proxy).await;
}

#[tokio::test]
async fn squid_connects_who_has_a_password_with_tls_inside() {
    let server = EchoServer::start().await;
    let certificate = Certificate::for_localhost();
    let secure = HaProxy::start(server.port(), Some(&certificate)).await;
    let proxy = Squid::start(CREDENTIALS).await;
    let mut options = through(&format!("http://alice:se%3Asame%40@127.0.0.1:{}", proxy.port()));
    options.tls = Some(certificate.trusted());
    converse(&format!("wss://localhost:{}/", secure.port()), &options, proxy).await;
}

#[tokio::test]
async fn squid_connects_over_tls() {
    let server = EchoServer::start().await;
    let squid = Squid::start(CREDENTIALS).await;
    let certificate = Certificate::for_localhost();
    let proxy = HaProxy::start(squid.port(), Some(&certificate)).await;
    let mut options = through(&format!("https://alice:se%3Asame%40@localhost:{}", proxy.port()));
    options.tls = Some(certificate.trusted());
    converse(&format!("ws://127.0.0.1:{}/", server.port()), &options, proxy).await;
}

#[tokio::test]
async fn squid_refuses_a_wrong_password_and_none() {
    let proxy = Squid::start(CREDENTIALS).await;
    let reason = refusal(&format!("http://alice:wrong@127.0.0.1:{}", proxy.port())).await;
    assert!(reason.contains("407") && reason.contains("does not take"), "{reason}");
    let reason = refusal(&format!("http://127.0.0.1:{}", proxy.port())).await;
    assert!(reason.contains("407") && reason.contains("wants"), "{reason}");
}

#[tokio::test]
async fn microsocks_connects() {
    let server = EchoServer::start().await;
    let proxy = Microsocks::start(None).await;
    let options = through(&format!("socks5://127.0.0.1:{}", proxy.port()));
    converse(&format!("ws://localhost:{}/", server.port()), &options, proxy).await;
}

#[tokio::test]
async fn microsocks_connects_who_has_a_password_with_tls_inside_and_resolves_the_name() {
    let server = EchoServer::start().await;
    let certificate = Certificate::for_localhost();
    let secure = HaProxy::start(server.port(), Some(&certificate)).await;
    let proxy = Microsocks::start(CREDENTIALS).await;
    let mut options = through(&format!("socks5h://alice:se%3Asame%40@127.0.0.1:{}", proxy.port()));
    options.tls = Some(certificate.trusted());
    converse(&format!("wss://localhost:{}/", secure.port()), &options, proxy).await;
}

#[tokio::test]
async fn microsocks_refuses_a_wrong_password_and_none() {
    let proxy = Microsocks::start(CREDENTIALS).await;
    let reason = refusal(&format!("socks5://alice:wrong@127.0.0.1:{}", proxy.port())).await;
    assert!(reason.to_lowercase().contains("password"), "{reason}");
    let reason = refusal(&format!("socks5://127.0.0.1:{}", proxy.port())).await;
    assert!(reason.to_lowercase().contains("auth"), "{reason}");
}

#[tokio::test]
async fn the_environment_names_the_proxy() {
    let server = EchoServer::start().await;
    let url = format!("ws://127.0.0.1:{}/", server.port());
    let squid = Squid::start(CREDENTIALS).await;
    let socks = Microsocks::start(None).await;
    let good = format!("http://alice:se%3Asame%40@127.0.0.1:{}", squid.port());
    let refused = format!("http://alice:wrong@127.0.0.1:{}", squid.port());
    let socks = format!("socks5h://127.0.0.1:{}", socks.port());

    for (variables, words) in [
        (vec![], "hello"),
        (vec![("HTTP_PROXY", good.clone())], "hello"),
        (vec![("http_proxy", refused.clone())], "407"),
        (vec![("ALL_PROXY", refused.clone())], "407"),
        (vec![("ALL_PROXY", socks)], "hello"),
        // That of wss is not for ws, and a proxy of its own goes before the one for all.
        (vec![("HTTPS_PROXY", refused.clone())], "hello"),
        (vec![("ALL_PROXY", refused.clone()), ("HTTP_PROXY", good)], "hello"),
        (vec![("ALL_PROXY", refused.clone()), ("NO_PROXY", "127.0.0.0/8,example.org".into())], "hello"),
        (vec![("ALL_PROXY", refused), ("NO_PROXY", "example.org".into())], "407"),
    ] {
        let said = in_environment(&url, &variables).await;
        assert!(said.contains(words), "{variables:?}: {said}");
    }
}
