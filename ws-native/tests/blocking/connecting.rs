//! From a URL to a connection, and from a listener to one.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use ws_core::{Failure, FailureKind};
use ws_native::blocking::{Connection, Server};
use ws_native::proto::Answer;
use ws_native::{ConnectError, ConnectOptions, CookieJar, Origins, SocketUrl};

use crate::{join, text};

fn bind() -> (Server, String) {
    let server = Server::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", server.local_address().unwrap());
    (server, url)
}

fn failure(url: &str, options: &ConnectOptions) -> Failure {
    Connection::connect(url, options).unwrap_err()
}

fn cause(failure: &Failure) -> &ConnectError {
    failure.cause().downcast_ref().unwrap()
}

/// Gives one cookie, and keeps what it is given.
#[derive(Debug, Default)]
struct Jar(Mutex<Vec<String>>);

impl CookieJar for Jar {
    fn cookies(&self, _url: &SocketUrl) -> Option<String> {
        Some("a=1".into())
    }

    fn store(&self, _url: &SocketUrl, set_cookie: &str) {
        self.0.lock().unwrap().push(set_cookie.into());
    }
}

#[test]
fn a_client_connects_with_the_options_it_has() {
    let (server, url) = bind();
    let jar = Arc::new(Jar::default());
    let mut options = ConnectOptions::default();
    options.protocols = vec!["p".into(), "q".into()];
    options.headers.push(("X-Test".into(), "yes".into()));
    options.cookies = Some(jar.clone());
    options.tcp_keepalive = Some(std::time::Duration::from_secs(60));
    let (mut client, mut server) = join(
        || Connection::connect(&url, &options).unwrap(),
        || {
            let incoming = server.accept().unwrap().request().unwrap();
            assert_eq!(incoming.request().headers().get("X-Test"), Some(&b"yes"[..]));
            assert_eq!(incoming.request().headers().get("Cookie"), Some(&b"a=1"[..]));
            incoming.accept_with(Some("q"), &[("Set-Cookie", "b=2")]).unwrap()
        },
    );
    assert_eq!(client.established().protocol.as_deref(), Some("q"));
    assert_eq!(*jar.0.lock().unwrap(), ["b=2"]);
    assert!(client.stream().tcp().unwrap().nodelay().unwrap());
    assert_eq!(server.stream().peer_address(), client.stream().tcp().unwrap().local_addr().ok());
    client.send("x").unwrap();
    assert_eq!(server.recv().unwrap(), text("x"));
}

#[test]
fn cookies_of_an_answer_that_is_not_valid_are_kept() {
    let (server, url) = bind();
    let jar = Arc::new(Jar::default());
    let mut options = ConnectOptions::default();
    options.protocols = vec!["p".into()];
    options.cookies = Some(jar.clone());
    let (failed, _server) = join(
        || Connection::connect(&url, &options).unwrap_err(),
        || server.accept().unwrap().request().unwrap().accept_with(None, &[("Set-Cookie", "b=2")]),
    );
    assert_eq!(
        (failed.kind(), failed.to_string().as_str()),
        (FailureKind::Handshake, "the opening handshake failed: the server picked none of the offered subprotocols")
    );
    assert_eq!(*jar.0.lock().unwrap(), ["b=2"]);
}

#[test]
fn a_name_is_resolved_and_its_addresses_are_tried() {
    // It has an IPv6 address on most systems, which nobody listens on.
    let (server, url) = bind();
    let url = url.replace("127.0.0.1", "localhost");
    let (client, served) = join(
        || Connection::connect(&url, &ConnectOptions::default()).map(drop),
        || server.accept().unwrap().request()?.accept(None).map(drop),
    );
    client.unwrap();
    served.unwrap();
}

#[test]
fn a_host_nobody_is_at_is_the_networks_fault() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let failed = failure(&format!("ws://{address}/"), &ConnectOptions::default());
    assert_eq!(failed.kind(), FailureKind::Network);
    assert!(matches!(cause(&failed), ConnectError::Connect { .. }), "{failed:?}");
    let failed = failure("ws://host.invalid/", &ConnectOptions::default());
    assert!(matches!(cause(&failed), ConnectError::Resolve { .. }), "{failed:?}");
    assert_eq!(failure("http//x", &ConnectOptions::default()).kind(), FailureKind::Misuse);
}

#[test]
fn pages_of_other_hosts_are_refused() {
    let (server, url) = bind();
    let mut options = ConnectOptions::default();
    options.headers.push(("Origin".into(), "http://evil.example".into()));
    let (client, served) = join(|| failure(&url, &options), || server.accept().unwrap().request().unwrap_err());
    assert_eq!((client.kind(), served.kind()), (FailureKind::Refused, FailureKind::Policy));
    assert!(client.to_string().contains("403"), "{client}");

    let server = server.origins(Origins::Any);
    let (client, served) = join(
        || Connection::connect(&url, &options).map(drop),
        || server.accept().unwrap().request().unwrap().accept(None).map(drop),
    );
    assert!(client.is_ok() && served.is_ok());
}

#[test]
fn a_program_may_refuse() {
    let (server, url) = bind();
    let (client, refused) = join(
        || failure(&url, &ConnectOptions::default()),
        || server.accept().unwrap().request().unwrap().refuse(503, "later\n"),
    );
    refused.unwrap();
    assert_eq!(client.kind(), FailureKind::Refused);
    assert!(client.to_string().contains("503"), "{client}");
}

#[test]
fn a_refusal_may_have_further_headers() {
    let (server, url) = bind();
    let refuse = |headers| server.accept().unwrap().request().unwrap().refuse_with(401, headers, "who are you?\n");
    let (client, refused) =
        join(|| failure(&url, &ConnectOptions::default()), || refuse(&[("WWW-Authenticate", "Bearer")]));
    refused.unwrap();
    let answer = Answer::of(&client).unwrap();
    assert_eq!((answer.status, answer.headers.get("WWW-Authenticate")), (401, Some(&b"Bearer"[..])));

    let (client, refused) = join(|| failure(&url, &ConnectOptions::default()), || refuse(&[("Upgrade", "h2c")]));
    assert_eq!((client.kind(), refused.unwrap_err().kind()), (FailureKind::Handshake, FailureKind::Misuse));
}

#[cfg(unix)]
#[test]
fn a_server_and_a_client_meet_at_a_unix_socket() {
    use std::os::unix::net::UnixListener;
    let path = std::env::temp_dir().join(format!("ws-native-blocking-{}", std::process::id()));
    let server = Server::from(UnixListener::bind(&path).unwrap());
    let mut options = ConnectOptions::default();
    options.unix_socket = Some(path.clone());
    let (mut client, mut server) = join(
        || Connection::connect("ws://h/", &options).unwrap(),
        || server.accept().unwrap().request().unwrap().accept(None).unwrap(),
    );
    std::fs::remove_file(path).unwrap();
    client.close(None).unwrap();
    let (client_end, server_end) = join(|| client.recv(), || server.recv());
    assert_eq!((client_end.unwrap(), server_end.unwrap()), (None, None));
    assert!(client.stream().tcp().is_none());
}

#[test]
fn whoever_was_accepted_may_speak_something_else() {
    let (server, _) = bind();
    let address = server.local_address().unwrap();
    let exchange = || {
        let mut client = TcpStream::connect(address).unwrap();
        client.write_all(b"ping").unwrap();
        io::read_to_string(client).unwrap()
    };
    let (answer, ()) = join(exchange, || {
        let mut stream = server.accept().unwrap().into_stream();
        let mut words = [0; 4];
        stream.read_exact(&mut words).unwrap();
        assert_eq!(&words, b"ping");
        stream.write_all(b"pong").unwrap();
    });
    assert_eq!(answer, "pong");
}

#[cfg(feature = "proxy")]
#[test]
fn a_proxy_is_refused_and_not_passed_by() {
    let (_server, url) = bind();
    let mut options = ConnectOptions::default();
    options.proxy = ws_native::Proxy::Through("http://proxy.example:3128".parse().unwrap());
    let failed = failure(&url, &options);
    assert_eq!(failed.kind(), FailureKind::Misuse);
    assert!(matches!(cause(&failed), ConnectError::Proxy { .. }), "{failed:?}");
}

#[cfg(not(feature = "tls"))]
#[test]
fn wss_without_tls_sends_nothing_in_the_clear() {
    let (_server, url) = bind();
    let failed = failure(&url.replace("ws:", "wss:"), &ConnectOptions::default());
    assert!(matches!(cause(&failed), ConnectError::NoTls), "{failed:?}");
}
