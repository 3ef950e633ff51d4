//! Sockets over HTTP/2, several of them on one connection: [RFC 8441](https://datatracker.ietf.org/doc/html/rfc8441).

mod line;
mod shared;

use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{Mutex as Gate, OwnedMutexGuard};
use tokio::time::timeout;

use line::Line;
use shared::{Shared, Unanswered};

use super::proxy::ProxyUrl;
use super::{ConnectError, Connecting, Offer, OverHttp2, Tls};
use crate::http2::{CONNECTION_WINDOW, Carrier, FRAME_BUDGET, Identity, MAX_STREAMS, Noted, STREAM_WINDOW, into_io};
use crate::policy::Policy;
use crate::proto::{Answer, Config};
use crate::stream::Stream;

/// Connections of HTTP/2 that sockets share. Clones of this value share the same connections.
///
/// Sockets share one that connect to the same server with the same [`Tls`], proxy and policy: an address that a policy forbids is
/// forbidden to all of them.
///
/// A connection stays until the server ends it, or all clones are gone and its last socket is closed.
///
/// Sockets that do not read do not get in each other's way, unless too many small pieces wait for
/// them: what all sockets of a connection have not read yet may take 64 MiB, and each frame of
/// HTTP/2 of less than 256 bytes counts as 256. With more, the HTTP/2 library ends the connection,
/// and all its sockets fail. Servers that send small messages make a frame of each: some 26 sockets
/// that have 128 KiB of messages of 10 bytes unread are enough. A program that opens that many and
/// lets them wait should read them all, or open some of them with another `Http2`.
///
/// What is written goes out by a task of the connection's, on the runtime that opened it; `send` and `flush` wait for that.
///
/// `wss` sockets then offer HTTP/2 by ALPN. With a server that speaks it, but not WebSockets over it, they go over HTTP/1.1.
///
/// ```no_run
/// # async fn program() -> Result<(), ws_native::Failure> {
/// use ws_native::{ConnectOptions, Connection, Http2};
/// let mut options = ConnectOptions::default();
/// options.http2 = Some(Http2::default());
/// let first = Connection::connect("wss://example.org/a", &options).await?;
/// let second = Connection::connect("wss://example.org/b", &options).await?; // on the same connection
/// # Ok(()) }
/// ```
#[derive(Clone, Default)]
pub struct Http2(Arc<Mutex<HashMap<Server, Place>>>);

/// What identifies a connection: the server, how it is trusted, through which proxy, and whose rules it was opened by.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Server {
    host: String,
    port: u16,
    tls: Tls,
    proxy: Option<ProxyUrl>,
    rules: Rules,
}

/// The policy, if there is one. It is equal to itself alone.
#[derive(Clone)]
struct Rules(Option<Weak<dyn Policy + Send + Sync>>);

/// What there is of a server.
#[derive(Default)]
struct Place {
    known: Known,
    /// Held by whoever opens a connection.
    gate: Arc<Gate<()>>,
}

/// What is known of a server.
#[derive(Clone, Default)]
enum Known {
    #[default]
    Nothing,
    Connection(Shared),
    /// It chose HTTP/1.1 when it was offered both. It is offered both again, but sockets no longer
    /// wait for each other.
    Http1,
    /// It does not take WebSockets over HTTP/2.
    Unable,
}

/// How a socket gets to a server.
enum Way {
    /// On a connection that there is.
    Existing(Shared),
    /// On a connection that it opens; the others wait as long as it holds the guard.
    New(Option<OwnedMutexGuard<()>>),
    /// Over HTTP/1.1.
    Http1,
}

impl Rules {
    /// Whether there can be other sockets with them.
    fn are_in_force(&self) -> bool {
        self.0.as_ref().is_none_or(|policy| policy.strong_count() > 0)
    }

    fn address(&self) -> Option<*const ()> {
        self.0.as_ref().map(|policy| policy.as_ptr().cast())
    }
}

impl PartialEq for Rules {
    fn eq(&self, other: &Self) -> bool {
        self.address() == other.address()
    }
}

impl Eq for Rules {}

impl Hash for Rules {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.address().hash(state);
    }
}

impl Http2 {
    fn lock(&self) -> MutexGuard<'_, HashMap<Server, Place>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self, server: &Server) -> Known {
        self.lock().get(server).map_or(Known::Nothing, |place| place.known.clone())
    }

    /// The way to get to this server. Of many sockets that begin together, one opens a connection,
    /// and the others wait for it, up to this limit.
    ///
    /// # Cancel safety
    /// If this is dropped, or the [`Way::New`] that it gives, the next socket has its turn.
    async fn way(&self, server: &Server, limit: Duration) -> Way {
        if let Some(shared) = self.existing(server, limit).await {
            return Way::Existing(shared);
        }
        let turn = match self.known(server) {
            Known::Unable => return Way::Http1,
            Known::Http1 => return Way::New(None),
            Known::Nothing | Known::Connection(_) => {
                let gate = self.gate(server);
                timeout(limit, gate.lock_owned()).await.ok()
            }
        };
        // The socket that had the turn before may have opened a connection, or found out that there
        // cannot be one.
        match self.existing(server, limit).await {
            Some(shared) => Way::Existing(shared),
            None => match self.known(server) {
                Known::Unable => Way::Http1,
                Known::Http1 => Way::New(None),
                Known::Nothing | Known::Connection(_) => Way::New(turn),
            },
        }
    }

    /// The gate of this server. Forgets all servers of which nothing is known and to which nobody
    /// is connecting.
    fn gate(&self, server: &Server) -> Arc<Gate<()>> {
        let mut places = self.lock();
        places.retain(|server, place| {
            let is_of_use = match &place.known {
                Known::Connection(shared) => shared.line.is_open(),
                Known::Unable => server.rules.are_in_force(),
                Known::Nothing | Known::Http1 => false,
            };
            is_of_use || Arc::strong_count(&place.gate) > 1
        });
        Arc::clone(&places.entry(server.clone()).or_default().gate)
    }

    /// The connection with this server, if there is one that takes another stream and answers a
    /// ping within this time.
    async fn existing(&self, server: &Server, limit: Duration) -> Option<Shared> {
        let Known::Connection(shared) = self.known(server) else { return None };
        // A server that names no limit may have as many streams as there is room for what it sends.
        let most = shared.line.requests.current_max_send_streams().min(MAX_STREAMS as usize);
        // One owner is the connection that is known, one is this.
        if shared.carrier.owners().saturating_sub(2) >= most {
            return None;
        }
        if shared.line.is_alive(limit).await {
            return Some(shared);
        }
        // It takes no more requests, or does not answer any more.
        self.forget(server, &shared.carrier.identity());
        None
    }

    /// Forgets this connection, unless there is already another one.
    fn forget(&self, server: &Server, connection: &Identity) {
        if let Some(Place { known, .. }) = self.lock().get_mut(server)
            && let Known::Connection(other) = known
            && other.carrier.identity() == *connection
        {
            *known = Known::Nothing;
        }
    }

    /// From now on this is known of the server.
    fn learn(&self, server: Server, known: Known) {
        self.lock().entry(server).or_default().known = known;
    }

    /// Begins a connection over this stream. `None`: the server does not take WebSockets over it.
    async fn begin(&self, server: Server, stream: Stream, config: &Config) -> Result<Option<Shared>, ConnectError> {
        let failed = |error| ConnectError::Http2 { host: server.host.clone(), source: into_io(error) };
        let carrier = Carrier::over(&stream);
        let mut builder = h2::client::Builder::new();
        builder.initial_window_size(STREAM_WINDOW).initial_connection_window_size(CONNECTION_WINDOW);
        builder.max_header_list_size(u32::try_from(config.max_head).unwrap_or(u32::MAX));
        builder.data_frame_budget(FRAME_BUDGET).enable_push(false);
        let begun = builder.handshake(Noted::new(stream, carrier.output().clone())).await;
        let (requests, mut connection) = begun.map_err(failed)?;
        let ping = connection.ping_pong();
        // This task ends with the last stream, when nobody can open another.
        tokio::spawn(carrier.output().clone().run(connection));
        let Some(ping) = ping else { return Ok(None) };
        let shared = Shared { line: Line::new(requests, ping), carrier };
        // When the ping is answered, the server's settings have come: they are the first thing that
        // it sends.
        let answered = shared.line.answers(config.handshake_timeout).await;
        answered.map_err(|source| ConnectError::Http2 { host: server.host.clone(), source })?;
        let is_able = shared.line.requests.is_extended_connect_protocol_enabled();
        let known = if is_able { Known::Connection(shared.clone()) } else { Known::Unable };
        self.learn(server, known);
        Ok(Some(shared).filter(|_| is_able))
    }
}

/// How many connections opened by others a socket tries before it opens its own.
const MOST_SHARED: usize = 2;

impl Connecting {
    /// Performs the opening handshake over HTTP/2.
    pub(super) async fn open_http2(&self) -> Result<OverHttp2, ConnectError> {
        let Self { url, options, .. } = self;
        // Without an address, a Unix socket is to be connected to.
        let is_wanted = url.is_secure() && !self.addresses.is_empty();
        let Some(http2) = options.http2.as_ref().filter(|_| is_wanted) else { return Ok(OverHttp2::NotTried) };
        let server = Server {
            host: url.host().into(),
            port: url.port(),
            tls: Tls::of(options).map_err(|source| ConnectError::tls(url.host(), source))?,
            proxy: self.proxy.clone(),
            rules: Rules(options.policy.as_ref().map(Arc::downgrade)),
        };
        // The rest of the time is left for another connection.
        let limit = options.connect_timeout.min(options.config.handshake_timeout / 2);
        let mut turn = None;
        for _ in 0..MOST_SHARED {
            let shared = match http2.way(&server, limit).await {
                Way::Existing(shared) => shared,
                Way::New(own) => {
                    turn = own;
                    break;
                }
                Way::Http1 => return Ok(OverHttp2::NotTried),
            };
            let connection = shared.carrier.identity();
            match shared.ask_while_alive(&self.request, &options.config, limit).await {
                // The server may meanwhile take no more requests on this one, or be gone.
                Err(Unanswered::Gone(_)) => http2.forget(&server, &connection),
                answered => return opened(answered),
            }
        }
        let stream = self.open_stream(Offer::Http2).await?;
        if stream.tls_session().and_then(|session| session.alpn_protocol()) != Some(b"h2") {
            http2.learn(server, Known::Http1);
            return Ok(OverHttp2::Http1(stream));
        }
        let Some(shared) = http2.begin(server, stream, &options.config).await? else { return Ok(OverHttp2::NotTried) };
        drop(turn);
        opened(shared.ask(&self.request, &options.config).await)
    }
}

/// The result of a request, as [`open_http2`](Connecting::open_http2) gives it.
fn opened(answered: Result<(Stream, Answer), Unanswered>) -> Result<OverHttp2, ConnectError> {
    match answered {
        Ok((stream, answer)) => Ok(OverHttp2::Answered(stream, answer)),
        Err(Unanswered::Http1) => Ok(OverHttp2::NotTried),
        Err(Unanswered::Gone(error) | Unanswered::Failed(error)) => Err(error),
    }
}

/// The number of servers it knows.
impl fmt::Debug for Http2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http2").field("servers", &self.lock().len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Roots, TlsOptions};
    use futures_util::FutureExt as _;

    fn server() -> Server {
        let options = TlsOptions { roots: Roots::Own(Vec::new()), ..TlsOptions::default() };
        let tls = Tls::new(options).unwrap();
        Server { host: "a.example".into(), port: 443, tls, proxy: None, rules: Rules(None) }
    }

    #[tokio::test(start_paused = true)]
    async fn one_opens_a_connection_and_the_next_one_when_that_one_is_dropped() {
        const LIMIT: Duration = Duration::from_secs(10);
        let (http2, server) = (Http2::default(), server());
        let Way::New(Some(first)) = http2.way(&server, LIMIT).await else { panic!("no turn") };
        let mut second = Box::pin(http2.way(&server, LIMIT));
        assert!(second.as_mut().now_or_never().is_none());
        drop(first);
        let Some(Way::New(Some(second))) = second.now_or_never() else { panic!("no turn") };
        // It takes too long: the sockets that wait for this one go their own way.
        assert!(matches!(http2.way(&server, LIMIT).await, Way::New(None)));
        let mut third = Box::pin(http2.way(&server, LIMIT));
        let mut fourth = Box::pin(http2.way(&server, LIMIT));
        assert!(third.as_mut().now_or_never().is_none());
        assert!(fourth.as_mut().now_or_never().is_none());
        // All that wait know what it has learnt.
        http2.learn(server.clone(), Known::Http1);
        drop(second);
        let third = third.now_or_never();
        assert!(matches!((&third, fourth.now_or_never()), (Some(Way::New(None)), Some(Way::New(None)))));
        http2.learn(server.clone(), Known::Unable);
        assert!(matches!(http2.way(&server, LIMIT).now_or_never(), Some(Way::Http1)));
    }

    /// On Linux all of 127.0.0.0/8 are addresses of the host.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_connection_is_shared_under_the_same_policy_alone() {
        use crate::proto::Request;
        use crate::{ConnectOptions, Identity};
        use std::net::IpAddr;
        use ws_core::url::SocketUrl;

        #[derive(Debug)]
        struct NotThere(IpAddr);

        impl Policy for NotThere {
            fn allows_address(&self, _url: &SocketUrl, address: IpAddr) -> bool {
                address != self.0
            }
        }

        let made = rcgen::generate_simple_self_signed(["a.example".to_owned()]).unwrap();
        let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        let identity = Identity::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
        let server = crate::Server::bind("0.0.0.0:0").await.unwrap().tls(identity.into_server_config().unwrap());
        let port = server.local_address().unwrap().port();
        tokio::spawn(async move {
            loop {
                let mut requests = server.accept().await.unwrap().requests().await.unwrap();
                tokio::spawn(async move {
                    let mut open = Vec::new();
                    while let Some(incoming) = requests.next().await {
                        open.push(incoming.unwrap().accept(None).await.unwrap());
                    }
                });
            }
        });
        let tls = TlsOptions { roots: Roots::Own(vec![made.cert.der().clone()]), ..TlsOptions::default() };
        let mut options =
            ConnectOptions { tls: Some(Tls::new(tls).unwrap()), http2: Some(Http2::default()), ..Default::default() };
        let open = |last: u8, options: &ConnectOptions| {
            let connecting = Connecting {
                url: SocketUrl::parse("wss://a.example/", None).unwrap(),
                options: options.clone(),
                request: Request::new("a.example", "/", &[] as &[&str]).unwrap(),
                proxy: None,
                addresses: vec![([127, 0, 0, last], port).into()],
                turn: None,
            };
            async move { connecting.open().await.unwrap().stream }
        };
        let address = |stream: &Stream| stream.peer_address().unwrap().ip().to_string();
        let first = open(2, &options).await;
        let policies = [4, 2].map(|last| Arc::new(NotThere([127, 0, 0, last].into())));
        let mut open_streams = vec![first];
        // One after the other, as they come, each goes where the first of its policy went.
        for (policy, last, expected) in
            [(0, 3, "127.0.0.3"), (1, 1, "127.0.0.1"), (0, 2, "127.0.0.3"), (1, 2, "127.0.0.1")]
        {
            options.policy = Some(policies[policy].clone());
            let stream = open(last, &options).await;
            assert_eq!(address(&stream), expected, "policy {policy}, 127.0.0.{last}");
            open_streams.push(stream);
        }
        options.policy = None;
        assert_eq!(address(&open(1, &options).await), "127.0.0.2");
    }
}
