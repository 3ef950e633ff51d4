//! Connecting over real sockets: TLS, causes of failure, deadlines, proxies, cookies.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use socket2::SockRef;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use ws_core::{Failure, FailureKind, Message};
use ws_native::proto::Answer;
use ws_native::rustls::ServerConfig;
use ws_native::rustls::pki_types::CertificateDer;
use ws_native::rustls::server::WebPkiClientVerifier;
use ws_native::{
    ConnectError, ConnectOptions, Connection, CookieJar as _, Identity, MemoryJar, Proxy, Roots, Server, SocketUrl,
    Stage, Tls, TlsOptions,
};

/// An issuer of certificates, whom nobody knows.
struct Issuer(CertifiedIssuer<'static, KeyPair>);

impl Issuer {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn root(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    fn identity(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        change(&mut params);
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Identity::from_pem(certificate.pem().as_bytes(), key.serialize_pem().as_bytes()).unwrap()
    }
}

#[test]
fn what_is_no_certificate_or_no_key_is_told_apart() {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap().pem();
    let error = |certificates: &str, key: &str| {
        Identity::from_pem(certificates.as_bytes(), key.as_bytes()).err().map(|error| error.to_string())
    };
    assert_eq!(error(&certificate, &key.serialize_pem()), None);
    assert_eq!(error(&certificate, &certificate).as_deref(), Some("there is no private key in the PEM"));
    assert_eq!(error("", &key.serialize_pem()).as_deref(), Some("there is no certificate in the PEM"));
}

/// A client that trusts this root alone.
fn trusting(root: CertificateDer<'static>, identity: Option<Identity>) -> ConnectOptions {
    with_roots(Roots::Own(vec![root]), identity)
}

fn with_roots(roots: Roots, identity: Option<Identity>) -> ConnectOptions {
    let mut tls = TlsOptions::default();
    tls.roots = roots;
    tls.identity = identity;
    let mut options = ConnectOptions::default();
    options.tls = Some(Tls::new(tls).unwrap());
    options
}

/// Serves each connection as an echo, until the test ends.
async fn echo(tls: Option<Arc<ServerConfig>>) -> SocketAddr {
    let mut server = Server::bind("127.0.0.1:0").await.unwrap();
    if let Some(tls) = tls {
        server = server.tls(tls);
    }
    let address = server.local_address().unwrap();
    tokio::spawn(async move {
        loop {
            let accepted = server.accept().await.unwrap();
            tokio::spawn(async move {
                let mut connection = accepted.request().await?.accept(None).await?;
                while let Some(message) = connection.recv().await? {
                    connection.feed(message)?;
                }
                Ok::<(), Failure>(())
            });
        }
    });
    address
}

/// A server that does this with its only connection.
async fn once<F: Future + Send + 'static>(
    serve: impl FnOnce(TcpStream) -> F + Send + 'static,
) -> (SocketAddr, JoinHandle<F::Output>)
where
    F::Output: Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (address, tokio::spawn(async move { serve(listener.accept().await.unwrap().0).await }))
}

async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

async fn says_hello(connection: &mut Connection) {
    connection.send("hello").await.unwrap();
    assert_eq!(connection.recv().await.unwrap(), Some(Message::Text("hello".into())));
}

async fn failure(url: &str, options: &ConnectOptions) -> Failure {
    Connection::connect(url, options).await.expect_err("it fails")
}

#[track_caller]
fn cause(failure: &Failure) -> &ConnectError {
    failure.cause().downcast_ref().unwrap_or_else(|| panic!("{failure:?}"))
}

// Without TLS.

#[tokio::test]
async fn a_name_is_resolved_and_connected_to() {
    let address = echo(None).await;
    let url = format!("ws://localhost:{}/", address.port());
    let mut connection = Connection::connect(&url, &ConnectOptions::default()).await.unwrap();
    says_hello(&mut connection).await;
    assert_eq!(connection.stream().peer_address(), Some(address));
    assert!(!connection.stream().is_secure());
    connection.close(None).await.unwrap();
    assert_eq!(connection.recv().await.unwrap(), None);
}

#[tokio::test]
async fn the_socket_is_set_as_the_options_say() {
    let address = echo(None).await;
    let url = format!("ws://{address}/");
    let mut options = ConnectOptions::default();
    let connection = Connection::connect(&url, &options).await.unwrap();
    let socket = SockRef::from(connection.stream().tcp().unwrap());
    assert!(socket.tcp_nodelay().unwrap() && !socket.keepalive().unwrap());

    options.nodelay = false;
    options.tcp_keepalive = Some(Duration::from_secs(77));
    let connection = Connection::connect(&url, &options).await.unwrap();
    let socket = SockRef::from(connection.stream().tcp().unwrap());
    assert!(!socket.tcp_nodelay().unwrap() && socket.keepalive().unwrap());
    assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(77));
}

#[tokio::test]
async fn what_cannot_be_connected_to_is_named() {
    let failed = failure("ws://name.invalid/", &ConnectOptions::default()).await;
    assert!(matches!(cause(&failed), ConnectError::Resolve { host, .. } if host == "name.invalid"), "{failed:?}");

    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let failed = failure(&format!("ws://127.0.0.1:{port}/"), &ConnectOptions::default()).await;
    assert!(matches!(cause(&failed), ConnectError::Connect { address, .. } if address.ends_with(&port.to_string())));
    assert_eq!(failed.kind(), FailureKind::Network);

    for url in ["ftp://h/", "/relative", "ws://h/#fragment"] {
        assert_eq!(failure(url, &ConnectOptions::default()).await.kind(), FailureKind::Misuse);
    }
    let mut options = ConnectOptions::default();
    options.headers.push(("Upgrade".into(), "x".into()));
    assert_eq!(failure("ws://127.0.0.1/", &options).await.kind(), FailureKind::Misuse);
}

#[tokio::test]
async fn a_refusal_comes_with_its_headers() {
    let (address, _) = once(|mut stream| async move {
        read_head(&mut stream).await;
        let answer = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(answer.as_bytes()).await.unwrap();
        stream
    })
    .await;
    let failed = failure(&format!("ws://{address}/"), &ConnectOptions::default()).await;
    assert_eq!(failed.kind(), FailureKind::Refused);
    let answer = Answer::of(&failed).unwrap();
    assert_eq!((answer.status, answer.headers.get("www-authenticate")), (401, Some(&b"Basic"[..])));
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let (address, served) = once(|mut stream| async move {
        let mut received = Vec::new();
        stream.read_to_end(&mut received).await.map(|_| received)
    })
    .await;
    let mut options = ConnectOptions::default();
    options.config.handshake_timeout = Duration::from_millis(500);
    let failed = failure(&format!("ws://{address}/"), &options).await;
    assert!(failed.is_timeout(), "{failed:?}");
    assert!(failed.to_string().contains("handshake_timeout"));
    assert!(served.await.unwrap().unwrap().starts_with(b"GET / HTTP/1.1\r\n"), "and the stream was ended");
}

#[tokio::test]
async fn credentials_and_headers_are_sent() {
    let (address, served) = once(|mut stream| async move { read_head(&mut stream).await }).await;
    let mut options = ConnectOptions::default();
    options.headers.push(("Origin".into(), "https://a.example".into()));
    options.protocols = vec!["v2".into(), "v1".into()];
    failure(&format!("ws://us%20er:pass@{address}/"), &options).await;
    let head = served.await.unwrap();
    for header in
        ["Authorization: Basic dXMgZXI6cGFzcw==", "Origin: https://a.example", "Sec-WebSocket-Protocol: v2, v1"]
    {
        assert!(head.contains(&format!("{header}\r\n")), "{head}");
    }
}

#[tokio::test]
async fn cookies_are_kept_and_brought_back() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let mut heads = Vec::new();
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().await.unwrap();
            heads.push(read_head(&mut stream).await);
            let answer = "HTTP/1.1 403 No\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2; HttpOnly\r\n\r\n";
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        heads
    });
    let jar = Arc::new(MemoryJar::default());
    let mut options = ConnectOptions::default();
    options.cookies = Some(jar.clone());
    let url = format!("ws://{address}/");
    for _ in 0..2 {
        assert_eq!(failure(&url, &options).await.kind(), FailureKind::Refused);
    }
    let heads = server.await.unwrap();
    assert!(!heads[0].contains("Cookie"));
    assert!(heads[1].contains("\r\nCookie: ") && heads[1].contains("a=1") && heads[1].contains("b=2"), "{}", heads[1]);
    assert!(jar.cookies(&SocketUrl::parse(&url, None).unwrap()).is_some());
}

#[tokio::test]
async fn the_second_waits_until_the_first_is_connected() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let connect = |url: String| {
        tokio::spawn(async move {
            let mut options = ConnectOptions::default();
            // The wait for one's turn is not part of it.
            options.config.handshake_timeout = Duration::from_secs(2);
            Connection::connect(&url, &options).await
        })
    };
    let (first, second) = (connect(url.clone()), connect(url));
    // Whoever came first is never answered, and keeps the other waiting until its time is over.
    let (mut silent, _) = listener.accept().await.unwrap();
    read_head(&mut silent).await;
    let mut next = Box::pin(listener.accept());
    let mut end = [0];
    tokio::select! {
        biased;
        _ = &mut next => panic!("the second connects while the first does"),
        read = silent.read(&mut end) => assert_eq!(read.unwrap(), 0),
    }
    let (stream, _) = next.await.unwrap();
    let mut served = ws_native::Incoming::read(stream, ws_native::proto::Config::default())
        .await
        .unwrap()
        .accept(None)
        .await
        .unwrap();
    let (first, second) = (first.await.unwrap(), second.await.unwrap());
    assert!(first.is_err() != second.is_err());
    served.close(None).await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket_serves_any_host() {
    let folder = std::env::temp_dir().join(format!("ws-native-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("socket");
    let server = Server::from(tokio::net::UnixListener::bind(&path).unwrap());
    let mut options = ConnectOptions::default();
    options.unix_socket = Some(path);
    let (client, server) = tokio::join!(Connection::connect("ws://any.invalid/x", &options), async {
        let incoming = server.accept().await.unwrap().request().await.unwrap();
        assert_eq!(incoming.request().headers().get("Host"), Some(&b"any.invalid"[..]));
        incoming.accept(None).await.unwrap()
    });
    std::fs::remove_dir_all(&folder).unwrap();
    let (mut client, mut server) = (client.unwrap(), server);
    client.send("hello").await.unwrap();
    assert_eq!(server.recv().await.unwrap(), Some(Message::Text("hello".into())));
}

// With TLS.

#[tokio::test]
async fn wss_is_tls() {
    let issuer = Issuer::new("a");
    let address = echo(Some(issuer.identity("localhost", |_| {}).into_server_config().unwrap())).await;
    let options = trusting(issuer.root(), None);
    let mut connection = Connection::connect(&format!("wss://localhost:{}/", address.port()), &options).await.unwrap();
    says_hello(&mut connection).await;
    assert!(connection.stream().is_secure());
    let session = connection.stream().tls_session().unwrap();
    assert_eq!(session.alpn_protocol(), Some(&b"http/1.1"[..]));
    assert_eq!(connection.stream().peer_address(), Some(address));
}

#[tokio::test]
async fn an_address_can_have_a_certificate() {
    let issuer = Issuer::new("a");
    let address = echo(Some(issuer.identity("127.0.0.1", |_| {}).into_server_config().unwrap())).await;
    let options = trusting(issuer.root(), None);
    says_hello(&mut Connection::connect(&format!("wss://{address}/"), &options).await.unwrap()).await;
}

#[tokio::test]
async fn certificates_that_prove_nothing_are_refused_with_the_reason() {
    let (issuer, other) = (Issuer::new("a"), Issuer::new("b"));
    let expire = |params: &mut CertificateParams| {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
    };
    let cases = [
        (issuer.identity("other.example", |_| {}), "not valid for name"),
        (issuer.identity("localhost", expire), "expired"),
        (other.identity("localhost", |_| {}), "UnknownIssuer"),
    ];
    for (identity, words) in cases {
        let address = echo(Some(identity.into_server_config().unwrap())).await;
        let url = format!("wss://localhost:{}/", address.port());
        let failed = failure(&url, &trusting(issuer.root(), None)).await;
        assert!(matches!(cause(&failed), ConnectError::Tls { host, .. } if host == "localhost"), "{failed:?}");
        assert!(failed.to_string().contains(words), "{failed}");
        says_hello(&mut Connection::connect(&url, &with_roots(Roots::Unverified, None)).await.unwrap()).await;
    }
    // The platform knows none of them either.
    let address = echo(Some(issuer.identity("localhost", |_| {}).into_server_config().unwrap())).await;
    let failed = failure(&format!("wss://localhost:{}/", address.port()), &ConnectOptions::default()).await;
    assert!(matches!(cause(&failed), ConnectError::Tls { .. }), "{failed:?}");
}

#[cfg(feature = "webpki-roots")]
#[tokio::test]
async fn the_roots_that_are_compiled_in_know_no_issuer_of_ones_own() {
    let identity = Issuer::new("a").identity("localhost", |_| {});
    let address = echo(Some(identity.into_server_config().unwrap())).await;
    let failed = failure(&format!("wss://localhost:{}/", address.port()), &with_roots(Roots::Bundled, None)).await;
    assert!(failed.to_string().contains("UnknownIssuer"), "{failed}");
}

#[tokio::test]
async fn a_client_can_show_a_certificate() {
    let issuer = Issuer::new("a");
    let mut roots = ws_native::rustls::RootCertStore::empty();
    roots.add(issuer.root()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(
        Arc::new(roots),
        Arc::new(ws_native::rustls::crypto::ring::default_provider()),
    )
    .build()
    .unwrap();
    let identity = issuer.identity("localhost", |_| {});
    let config = ServerConfig::builder_with_provider(Arc::new(ws_native::rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(identity.certificates, identity.key)
        .unwrap();
    let address = echo(Some(Arc::new(config))).await;
    let url = format!("wss://localhost:{}/", address.port());
    let known = trusting(issuer.root(), Some(issuer.identity("client", |_| {})));
    says_hello(&mut Connection::connect(&url, &known).await.unwrap()).await;
    let failed = failure(&url, &trusting(issuer.root(), None)).await;
    assert!(failed.to_string().contains("CertificateRequired"), "{failed}");
}

#[tokio::test]
async fn the_wrong_kind_of_port_is_named() {
    let issuer = Issuer::new("a");
    let plain = echo(None).await;
    let failed = failure(&format!("wss://{plain}/"), &trusting(issuer.root(), None)).await;
    assert!(matches!(cause(&failed), ConnectError::NotTls { .. }), "{failed:?}");

    let secure = echo(Some(issuer.identity("localhost", |_| {}).into_server_config().unwrap())).await;
    let failed = failure(&format!("ws://{secure}/"), &ConnectOptions::default()).await;
    assert!(failed.to_string().contains("it speaks TLS"), "{failed}");
}

#[tokio::test]
async fn a_tls_handshake_that_hangs_or_is_garbage_ends() {
    let (address, _) = once(|stream| async move {
        tokio::time::sleep(Duration::from_secs(60)).await;
        stream
    })
    .await;
    let mut options = ConnectOptions::default();
    options.tls_timeout = Duration::from_millis(50);
    let failed = failure(&format!("wss://{address}/"), &options).await;
    assert!(matches!(cause(&failed), ConnectError::Timeout { stage: Stage::Tls(_), .. }), "{failed:?}");
    assert!(failed.is_timeout());

    for (answer, is_tls) in [
        // A ServerHello in form, and nothing in it.
        (&[22, 3, 3, 0, 4, 2, 0, 0, 0][..], true),
        // An alert in form.
        (&[21, 3, 3, 0, 2, 2, 40], true),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", false),
        // Of a version that there is not, and longer than a record may be.
        (&[22, 4, 0, 0, 4], false),
        (&[22, 3, 3, 0xFF, 0xFF], false),
    ] {
        let (address, _) = once(move |mut stream| async move {
            stream.write_all(answer).await.unwrap();
            stream.read_to_end(&mut Vec::new()).await
        })
        .await;
        let failed = failure(&format!("wss://{address}/"), &ConnectOptions::default()).await;
        match cause(&failed) {
            ConnectError::Tls { .. } => assert!(is_tls, "{failed:?}"),
            ConnectError::NotTls { .. } => assert!(!is_tls, "{failed:?}"),
            _ => panic!("{failed:?}"),
        }
    }
}

// Through proxies.

/// A proxy with this answer, and what it was asked.
async fn proxy(answer: &str, through: SocketAddr) -> (ConnectOptions, JoinHandle<String>) {
    let answer = answer.to_owned();
    let (address, served) = once(move |mut stream| async move {
        let head = read_head(&mut stream).await;
        stream.write_all(answer.as_bytes()).await.unwrap();
        if answer.contains("HTTP/1.1 200") {
            let mut server = TcpStream::connect(through).await.unwrap();
            // It ends with the test, or as the client does.
            let _ = tokio::io::copy_bidirectional(&mut stream, &mut server).await;
        }
        head
    })
    .await;
    let mut options = ConnectOptions::default();
    options.proxy = Proxy::Through(format!("http://user:pass@{address}").parse().unwrap());
    (options, served)
}

#[tokio::test]
async fn a_proxy_is_asked_for_a_tunnel() {
    let server = echo(None).await;
    let (options, served) = proxy("HTTP/1.1 200 OK\r\n\r\n", server).await;
    // The proxy resolves the name; nobody else knows it.
    let mut connection = Connection::connect("ws://server.invalid/", &options).await.unwrap();
    says_hello(&mut connection).await;
    connection.close(None).await.unwrap();
    assert_eq!(connection.recv().await.unwrap(), None);
    drop(connection);
    assert_eq!(
        served.await.unwrap(),
        "CONNECT server.invalid:80 HTTP/1.1\r\nHost: server.invalid:80\r\nProxy-Authorization: Basic dXNlcjpwYXNz\r\n\r\n"
    );
}

#[tokio::test]
async fn a_proxy_may_send_an_interim_answer_together_with_the_last_one() {
    let server = echo(None).await;
    let (options, _) = proxy("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", server).await;
    let mut connection = Connection::connect("ws://server.invalid/", &options).await.unwrap();
    says_hello(&mut connection).await;
}

#[tokio::test]
async fn a_proxy_that_refuses_is_named_with_its_answer() {
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 1));
    let with_headers = |status: &str, count| format!("HTTP/1.1 {status}\r\n{}\r\n", "A: b\r\n".repeat(count));
    let (most, more) = (with_headers("403 Forbidden", 128), with_headers("200 OK", 129));
    for (answer, words) in [
        ("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 2\r\n\r\nno", "does not take this user name"),
        (
            "HTTP/1.1 407 No\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n",
            "does not take this user name",
        ),
        (
            "HTTP/1.1 407 No\r\nProxy-Authenticate: Negotiate\r\nproxy-authenticate: NTLM\r\n\r\n",
            "it wants Negotiate, NTLM, and only Basic is spoken here",
        ),
        (most.as_str(), "status 403"),
        (more.as_str(), "more than 128 headers"),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n", "status 502"),
        (
            "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno",
            "status 403",
        ),
        ("SSH-2.0-x\r\n\r\n", "not HTTP/1.1"),
        ("HTTP/1.1 200 OK\r\n\r\nmore", "more than an answer"),
        ("", "without an answer"),
    ] {
        let (options, _) = proxy(answer, nowhere).await;
        let failed = failure("ws://server.invalid/", &options).await;
        assert!(matches!(cause(&failed), ConnectError::Proxy { .. }), "{failed:?}");
        assert!(failed.to_string().contains(words), "{failed}");
    }
}

#[tokio::test]
async fn a_proxy_that_hangs_is_given_up() {
    let (address, _) = once(|mut stream| async move {
        read_head(&mut stream).await;
        stream.read_to_end(&mut Vec::new()).await
    })
    .await;
    let mut options = ConnectOptions::default();
    options.connect_timeout = Duration::from_millis(500);
    options.proxy = Proxy::Through(format!("http://{address}").parse().unwrap());
    let failed = failure("ws://server.invalid/", &options).await;
    assert!(matches!(cause(&failed), ConnectError::Timeout { stage: Stage::Proxy(_), .. }), "{failed:?}");
}
