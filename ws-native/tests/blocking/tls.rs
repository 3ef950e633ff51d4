//! TLS over streams that block.

use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use ws_core::{Failure, FailureKind};
use ws_native::blocking::{Connection, Incoming, Server};
use ws_native::rustls::{ServerConfig, ServerConnection, StreamOwned};
use ws_native::{ConnectError, ConnectOptions, Identity, Roots, Stage, Tls, TlsOptions, certificates_from_pem};

use crate::{SHORT, join, plain, short, sockets, text};

/// What a server shows, and what makes a client trust it.
fn localhost() -> (Arc<ServerConfig>, ConnectOptions) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_string()]).unwrap();
    let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let identity = Identity::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
    let mut tls = TlsOptions::default();
    tls.roots = Roots::Own(certificates_from_pem(certificate.as_bytes()).unwrap());
    let mut options = ConnectOptions::default();
    options.tls = Some(Tls::new(tls).unwrap());
    (identity.into_server_config().unwrap(), options)
}

fn url(server: &Server) -> String {
    format!("wss://localhost:{}/", server.local_address().unwrap().port())
}

fn cause(failure: &Failure) -> &ConnectError {
    failure.cause().downcast_ref().unwrap()
}

#[test]
fn wss_is_tls_to_the_end() {
    let (config, options) = localhost();
    let server = Server::bind("127.0.0.1:0").unwrap().tls(config);
    let url = url(&server);
    let (mut client, mut server) = join(
        || Connection::connect(&url, &options).unwrap(),
        || server.accept().unwrap().request().unwrap().accept(None).unwrap(),
    );
    assert!(client.stream().is_secure() && server.stream().is_secure());
    assert_eq!(client.stream().tls_session().unwrap().alpn_protocol(), Some(&b"http/1.1"[..]));
    let long = "x".repeat(3 << 20);
    let (received, ()) = join(|| server.recv().unwrap(), || client.send(long.as_str()).unwrap());
    assert!(received == text(&long));
    server.close(None).unwrap();
    let (client_end, server_end) = join(|| client.recv(), || server.recv());
    assert_eq!((client_end.unwrap(), server_end.unwrap()), (None, None));
}

#[test]
fn a_server_that_is_not_trusted_is_told_nothing() {
    let (config, _) = localhost();
    let (_, options) = localhost();
    let server = Server::bind("127.0.0.1:0").unwrap().tls(config);
    let url = url(&server);
    let (client, served) =
        join(|| Connection::connect(&url, &options).unwrap_err(), || server.accept().unwrap().request().unwrap_err());
    assert!(matches!(cause(&client), ConnectError::Tls { .. }), "{client:?}");
    assert_eq!(served.kind(), FailureKind::Network);
}

#[test]
fn a_handshake_that_hangs_ends() {
    let (config, mut options) = localhost();
    options.tls_timeout = SHORT;
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("wss://localhost:{}/", silent.local_addr().unwrap().port());
    let client = Connection::connect(&url, &options).unwrap_err();
    assert!(matches!(cause(&client), ConnectError::Timeout { stage: Stage::Tls(_), .. }), "{client:?}");

    let server = Server::bind("127.0.0.1:0").unwrap().tls(config).config(short());
    let _silent = TcpStream::connect(server.local_address().unwrap()).unwrap();
    let served = server.accept().unwrap().request().unwrap_err();
    assert_eq!(served.kind(), FailureKind::Timeout);
}

#[test]
fn deadlines_hold_within_tls() {
    let (config, options) = localhost();
    let mut bounds = plain(); // with all the time there is for the opening handshake
    bounds.close_timeout = SHORT;
    bounds.end_timeout = SHORT;
    let server = Server::bind("127.0.0.1:0").unwrap().tls(config).config(bounds);
    let url = url(&server);
    let (_client, mut server) = join(
        || Connection::connect(&url, &options).unwrap(),
        || server.accept().unwrap().request().unwrap().accept(None).unwrap(),
    );
    server.close(None).unwrap();
    assert_eq!(server.recv().unwrap_err().kind(), FailureKind::Timeout);
}

/// TLS that the program has set up by itself.
#[test]
fn streams_of_rustls_have_deadlines() {
    let (config, _) = localhost();
    let (_near, far) = sockets();
    let stream = StreamOwned::new(ServerConnection::new(config).unwrap(), far);
    assert_eq!(Incoming::read(stream, short()).unwrap_err().kind(), FailureKind::Timeout);
}
