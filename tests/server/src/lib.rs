//! The peer that the tests of both targets talk to: one behaviour a path.
//!
//! | path | behaviour |
//! |---|---|
//! | `/echo` | sends back every message, text and binary |
//! | `/protocol?pick=P` | answers with the subprotocol P, offered or not |
//! | `/send?text=T` | sends T once |
//! | `/order` | sends "one", "two", "three", then Close(1000, "done") |
//! | `/close?code=N&reason=R` | sends Close(N, R); without a code a Close frame with no body |
//! | `/drop` | reads one message, then ends TCP without a Close frame |
//! | `/slow` | completes the opening handshake, then reads nothing |
//! | `/status?code=N` | answers with the HTTP status N, and a Location |
//! | `/accept` | answers 101 with a wrong Sec-WebSocket-Accept |
//! | `/garbage` | answers with bytes that are not HTTP |
//! | `/endless` | answers with a header that does not end |
//! | `/silent` | never answers |
//! | `/report?id=I` | as `/echo`, and keeps how the connection I ended |
//! | `/reported?id=I` | waits until connection I has ended, and sends how: "clean 1000 reason" or "unclean" |
#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use ws_core::{CloseCode, Failure};
use ws_native::proto::{Config, Headers, IncomingRequest};
use ws_native::{Connection, Stream};

/// A server that is listening.
pub struct TestServer {
    listener: TcpListener,
    reports: Arc<Reports>,
}

/// How connections ended, by the ids they gave.
#[derive(Default)]
struct Reports {
    ended: Mutex<HashMap<String, String>>,
    changed: Notify,
}

/// The longest that anything here waits: a test that has failed must not leave a task behind.
const PATIENCE: Duration = Duration::from_secs(60);

impl TestServer {
    /// Listens on this address.
    ///
    /// # Errors
    /// What the system says.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        Ok(Self { listener: TcpListener::bind(address).await?, reports: Arc::default() })
    }

    /// The address it listens on.
    ///
    /// # Errors
    /// What the system says.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until it is dropped.
    ///
    /// # Errors
    /// What the system says when a connection cannot be accepted.
    pub async fn serve(self) -> io::Result<()> {
        loop {
            let (stream, _) = self.listener.accept().await?;
            let reports = Arc::clone(&self.reports);
            tokio::spawn(async move {
                // A client that goes away in the middle is a part of some tests, and no fault of this server.
                let _ = tokio::time::timeout(PATIENCE, converse(stream, &reports)).await;
            });
        }
    }
}

/// Reads the request's head, and behaves as its path says.
async fn converse(mut stream: TcpStream, reports: &Reports) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    stream.set_nodelay(true)?;
    let Some(request) = read_request(&mut stream).await? else { return Ok(()) };
    let (path, query) = request.resource().split_once('?').unwrap_or((request.resource(), ""));
    let parameter = |name: &str| {
        query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default().to_owned()
    };
    match path {
        "/status" => {
            let code: u16 = parameter("code").parse()?;
            let head = format!("HTTP/1.1 {code} Test\r\nLocation: /echo\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(head.as_bytes()).await?;
            wait_for_end(&mut stream).await
        }
        "/accept" => {
            let head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                        Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n";
            stream.write_all(head.as_bytes()).await?;
            wait_for_end(&mut stream).await
        }
        "/garbage" => {
            stream.write_all(b"\x00\x01\x02 this is not HTTP\r\n\r\n").await?;
            wait_for_end(&mut stream).await
        }
        "/endless" => {
            stream.write_all(b"HTTP/1.1 101 Switching Protocols\r\nX: ").await?;
            loop {
                stream.write_all(&[b'x'; 1024]).await?;
            }
        }
        "/silent" => wait_for_end(&mut stream).await,
        _ => {
            let picked = match path {
                "/protocol" => Some(parameter("pick")),
                _ => request.protocols().next().map(str::to_owned),
            };
            accept(&mut stream, &request, picked).await?;
            let connection = Connection::server_established(Stream::from(stream), Config::default());
            established(connection, path, &parameter, reports).await
        }
    }
}

/// Behaves as the path says, once the opening handshake is done.
async fn established(
    mut connection: Connection,
    path: &str,
    parameter: &impl Fn(&str) -> String,
    reports: &Reports,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    match path {
        "/send" => connection.send(parameter("text")).await?,
        "/order" => {
            for text in ["one", "two", "three"] {
                connection.feed(text)?;
            }
            connection.close(Some((CloseCode::NORMAL, "done"))).await?;
        }
        "/close" => {
            let reason = parameter("reason");
            let code: Option<u16> = parameter("code").parse().ok();
            connection.close(code.map(|code| (CloseCode::new(code), reason.as_str()))).await?;
        }
        "/drop" => {
            connection.recv().await?;
            return Ok(());
        }
        "/slow" => tokio::time::sleep(PATIENCE).await,
        "/reported" => {
            let report = reports.wait(&parameter("id")).await;
            connection.send(report).await?;
        }
        _ => {}
    }
    let outcome = echo(&mut connection).await;
    if path == "/report" {
        let report = match (&outcome, connection.closed()) {
            (Ok(()), Some(closed)) => format!("clean {} {}", closed.code(), closed.reason()),
            _ => "unclean".into(),
        };
        reports.put(parameter("id"), report);
    }
    Ok(outcome?)
}

async fn echo(connection: &mut Connection) -> Result<(), Failure> {
    while let Some(message) = connection.recv().await? {
        connection.feed(message)?;
    }
    Ok(())
}

/// Reads a request by hand, so that it can be answered wrongly. `None`: it is none for a WebSocket, and was answered so.
async fn read_request(stream: &mut TcpStream) -> io::Result<Option<IncomingRequest>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let text = String::from_utf8_lossy(&head);
    let mut lines = text.lines();
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (method, resource) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let headers: Headers = lines.filter_map(|line| line.split_once(": ")).collect();
    match IncomingRequest::validate(method, resource, headers) {
        Ok(request) => Ok(Some(request)),
        Err(error) => {
            let head = format!("HTTP/1.1 {} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", error.status());
            stream.write_all(head.as_bytes()).await?;
            Ok(None)
        }
    }
}

/// Answers 101, with any subprotocol.
async fn accept(stream: &mut TcpStream, request: &IncomingRequest, protocol: Option<String>) -> io::Result<()> {
    let protocol = protocol.map(|protocol| format!("Sec-WebSocket-Protocol: {protocol}\r\n")).unwrap_or_default();
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n\
         {protocol}\r\n",
        request.accept_value()
    );
    stream.write_all(head.as_bytes()).await
}

/// Reads until the client ends the connection.
async fn wait_for_end(stream: &mut TcpStream) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut discarded = [0; 1024];
    while stream.read(&mut discarded).await.unwrap_or(0) > 0 {}
    Ok(())
}

impl Reports {
    fn put(&self, id: String, report: String) {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).insert(id, report);
        self.changed.notify_waiters();
    }

    async fn wait(&self, id: &str) -> String {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(report) = self.ended.lock().unwrap_or_else(PoisonError::into_inner).get(id) {
                return report.clone();
            }
            changed.await;
        }
    }
}
