//! TLS over streams that block.

use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use ws_core::{Failure, FailureKind, Message};
use ws_native::blocking::{Connection, Incoming, Server};
use ws_native::proto::Config;
use ws_native::rustls::{ServerConfig, ServerConnection, StreamOwned};
use ws_native::{ConnectError, ConnectOptions, Identity, Roots, Stage, Tls, TlsOptions, certificates_from_pem};

use crate::waiting::again;
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

/// Both ends of a connection, and with these bounds the server's.
fn pair(bounds: Config) -> (Connection, Connection) {
    let (config, mut options) = localhost();
    options.config = plain();
    let server = Server::bind("127.0.0.1:0").unwrap().tls(config).config(bounds);
    let url = url(&server);
    join(
        || Connection::connect(&url, &options).unwrap(),
        || server.accept().unwrap().request().unwrap().accept(None).unwrap(),
    )
}

fn cause(failure: &Failure) -> &ConnectError {
    failure.cause().downcast_ref().unwrap()
}

#[test]
fn wss_is_tls_to_the_end() {
    let (mut client, mut server) = pair(plain());
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
    let mut bounds = plain(); // with all the time there is for the opening handshake
    bounds.close_timeout = SHORT;
    bounds.end_timeout = SHORT;
    let (_client, mut server) = pair(bounds);
    server.close(None).unwrap();
    assert_eq!(server.recv().unwrap_err().kind(), FailureKind::Timeout);
}

const PIECE: usize = 64 << 10;

/// Sends until the system and TLS take no more, though little waits beyond that. How many messages that were.
fn fill(connection: &mut Connection) -> usize {
    let set_nonblocking = |connection: &Connection, nonblocking| {
        connection.stream().tcp().unwrap().set_nonblocking(nonblocking).unwrap();
    };
    set_nonblocking(connection, true);
    let mut count = 1;
    while connection.send(vec![b'x'; PIECE]).is_ok() {
        count += 1;
    }
    set_nonblocking(connection, false);
    count
}

#[test]
fn what_comes_while_a_write_would_block_is_received_and_the_write_goes_on() {
    let (mut client, mut server) = pair(plain());
    let mut count = fill(&mut server);
    // More than TLS itself keeps.
    for _ in 0..8 {
        server.feed(vec![b'x'; PIECE]).unwrap();
        count += 1;
    }
    server.stream().tcp().unwrap().set_nonblocking(true).unwrap();
    for number in ["1", "2", "3"] {
        client.send(number).unwrap();
        assert_eq!(again(|| server.recv()).1, text(number));
    }
    let reading = || {
        for _ in 0..count {
            assert!(matches!(client.recv().unwrap(), Some(Message::Binary(bytes)) if bytes.len() == PIECE));
        }
    };
    join(reading, || again(|| server.flush()));
}

#[test]
fn a_write_that_waits_for_its_time_out_waits_for_nothing_else() {
    let (_client, mut server) = pair(plain());
    fill(&mut server);
    server.stream().tcp().unwrap().set_write_timeout(Some(SHORT)).unwrap();
    assert_eq!(server.send("x").unwrap_err().kind(), FailureKind::WouldBlock);
}

/// TLS that the program has set up by itself.
#[test]
fn streams_of_rustls_have_deadlines() {
    let (config, _) = localhost();
    let (_near, far) = sockets();
    let stream = StreamOwned::new(ServerConnection::new(config).unwrap(), far);
    assert_eq!(Incoming::read(stream, short()).unwrap_err().kind(), FailureKind::Timeout);
}
