//! The peer that the tests of both targets talk to: one behaviour a path.
//!
//! | path | behaviour |
//! |---|---|
//! | `/echo` | sends back every message, text and binary |
//! | `/protocol?pick=P` | answers with the subprotocol P, offered or not |
//! | `/send?text=T` | sends T once |
//! | `/burst?count=N&code=C` | sends the numbers from 0 to N - 1, and then, if there is a code, Close(C) |
//! | `/flood?count=N&size=B&id=I` | sends the numbers from 0 to N - 1, each padded with spaces to B bytes; under the name "I stalled" it keeps how many were sent when a client had not read for a second, and under "I sent" that all were |
//! | `/pour?count=N&size=S&kind=K` | sends, for each message, N of S bytes with their number in front; K is `text`, `wide` (text of more than ASCII) or `binary` |
//! | `/sink?count=N` | answers every N messages with the number of their bytes |
//! | `/order` | sends "one", "two", "three", then Close(1000, "done") |
//! | `/head` | sends the head of the request, as it came |
//! | `/close?code=N&reason=R` | sends Close(N, R); without a code a Close frame with no body |
//! | `/drop` | reads one message, then ends TCP without a Close frame |
//! | `/reset` | reads one message, then resets TCP |
//! | `/slow` | completes the opening handshake, then reads nothing |
//! | `/hold?id=I` | reads nothing before there is a connection to `/release?id=I`, then as `/echo`; reports as `/tally` does, as `I ended` |
//! | `/frames?hex=H&dribble&then=T&tell&stay` | sends the bytes H in one piece with the head of the answer, or one by one; T when it has received a frame; tells of every frame it receives: first byte and payload, in hexadecimal; ends TCP after a Close frame, or, to stay, when the client does |
//! | `/status?code=N` | answers with the HTTP status N, and a Location |
//! | `/handshake?before=B&status=S&without=N&add=L` | answers with B, then with the right head, but for these: a status line, a header less, a line more; then as `/echo` |
//! | `/authorize?expect=A` | answers 401, with a challenge, to who has not the header `Authorization: A`; else as `/echo` |
//! | `/accept` | answers 101 with a wrong Sec-WebSocket-Accept |
//! | `/garbage` | answers with bytes that are not HTTP |
//! | `/endless` | answers with a header that does not end |
//! | `/abort` | ends TCP without an answer |
//! | `/silent` | never answers |
//! | `/page` | is an empty page, if that is asked for |
//! | `/report?id=I` | as `/echo`, and keeps how the connection I ended |
//! | `/tally?id=I` | as `/report`, and keeps how many messages and bytes came before that |
//! | `/reported?id=I` | waits until connection I has ended, and sends how: "clean 1000 reason" or "unclean" |
//!
//! Parameters are percent-encoded.
#![forbid(unsafe_code)]

mod authority;
mod behaviour;
mod frames;
mod handshake;
mod load;
mod reports;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use ws_native::Stream;

pub use authority::Authority;
use reports::Reports;

/// A server that is listening.
pub struct TestServer {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    reports: Arc<Reports>,
}

/// The longest that anything here waits: a test that has failed must not leave a task behind.
const PATIENCE: Duration = Duration::from_secs(60);

/// A client that has not made room for so long does not read.
const STALL: Duration = Duration::from_secs(1);

type Outcome = Result<(), Box<dyn std::error::Error + Send + Sync>>;

impl TestServer {
    /// Listens on this address.
    ///
    /// # Errors
    /// What the system says.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        Ok(Self { listener: TcpListener::bind(address).await?, tls: None, reports: Arc::default() })
    }

    /// Speaks TLS, with a certificate by this authority.
    pub fn secure(mut self, authority: &Authority) -> Self {
        self.tls = Some(TlsAcceptor::from(authority.server_config()));
        self
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
            let (tls, reports) = (self.tls.clone(), Arc::clone(&self.reports));
            tokio::spawn(async move {
                // A client that goes away in the middle is a part of some tests, and no fault of this server.
                let _ = tokio::time::timeout(PATIENCE, converse(stream, tls, &reports)).await;
            });
        }
    }
}

async fn converse(stream: TcpStream, tls: Option<TlsAcceptor>, reports: &Reports) -> Outcome {
    stream.set_nodelay(true)?;
    let stream = match tls {
        Some(tls) => Stream::other(tls.accept(stream).await?),
        None => Stream::from(stream),
    };
    behaviour::behave(stream, reports).await
}
