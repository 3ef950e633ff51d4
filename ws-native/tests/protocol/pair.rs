//! Two ends joined by a wire in memory, and a clock that moves when the test says so.

use std::time::Duration;

use ws_native::proto::{Config, Connection, Event, Request};

pub(crate) const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
pub(crate) const NONCE: [u8; 16] = *b"the sample nonce";

/// Gives the nonce of section 1.3, and then the masking key of section 5.7 again and again.
pub(crate) fn random(buffer: &mut [u8]) {
    if buffer.len() == NONCE.len() {
        buffer.copy_from_slice(&NONCE);
    } else {
        buffer.chunks_mut(4).for_each(|chunk| chunk.copy_from_slice(&KEY[..chunk.len()]));
    }
}

pub(crate) fn request(protocols: &[&str]) -> Request {
    Request::new("server.example.com", "/chat", protocols).unwrap()
}

/// The default bounds, but for those that are changed.
pub(crate) fn bounds(change: impl FnOnce(&mut Config)) -> Config {
    let mut config = Config::default();
    change(&mut config);
    config
}

pub(crate) struct Pair {
    pub(crate) client: Connection,
    pub(crate) server: Connection,
    pub(crate) now: Duration,
    /// The most bytes the wire carries at a time.
    pub(crate) chunk: usize,
    pub(crate) client_events: Vec<Event>,
    pub(crate) server_events: Vec<Event>,
}

impl Pair {
    /// Both ends, before a byte was exchanged.
    pub(crate) fn new(config: Config) -> Self {
        Self::with(config.clone(), config)
    }

    fn with(client: Config, server: Config) -> Self {
        let now = Duration::ZERO;
        Self {
            client: Connection::client(request(&[]), client, Box::new(random), now),
            server: Connection::server(server, now),
            now,
            chunk: usize::MAX,
            client_events: Vec::new(),
            server_events: Vec::new(),
        }
    }

    /// Both ends after the opening handshake, whose events are taken away.
    pub(crate) fn established(config: Config) -> Self {
        Self::established_with(config.clone(), config)
    }

    /// The same, where the ends are of different minds.
    pub(crate) fn established_with(client: Config, server: Config) -> Self {
        let mut pair = Self::with(client, server);
        pair.drive();
        pair.server.accept(None, &[]).unwrap();
        pair.drive();
        assert!(pair.client.is_open() && pair.server.is_open());
        pair.client_events.clear();
        pair.server_events.clear();
        pair
    }

    /// Exchanges bytes until both ends are quiet.
    pub(crate) fn drive(&mut self) {
        loop {
            let moved = carry(&mut self.client, &mut self.server, self.chunk)
                | carry(&mut self.server, &mut self.client, self.chunk);
            let client = std::iter::from_fn(|| self.client.poll(self.now)).collect::<Vec<_>>();
            let server = std::iter::from_fn(|| self.server.poll(self.now)).collect::<Vec<_>>();
            if !moved && client.is_empty() && server.is_empty() {
                return;
            }
            self.client_events.extend(client);
            self.server_events.extend(server);
        }
    }

    /// Lets time pass for both ends.
    pub(crate) fn advance(&mut self, time: Duration) {
        self.now += time;
        self.client.handle_timeout(self.now);
        self.server.handle_timeout(self.now);
        self.drive();
    }
}

fn carry(from: &mut Connection, to: &mut Connection, chunk: usize) -> bool {
    let count = from.output().len().min(chunk);
    to.receive(&from.output()[..count]);
    from.consume_output(count);
    count > 0
}

/// A client after the opening handshake, and nobody at the other end.
pub(crate) fn client(config: Config) -> Connection {
    let mut client = Connection::client(request(&[]), config, Box::new(random), Duration::ZERO);
    client.consume_output(client.output().len());
    client.receive(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
          Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
    );
    assert!(matches!(client.poll(Duration::ZERO), Some(Event::Established(_))));
    client
}

/// A server after the opening handshake, and nobody at the other end.
pub(crate) fn server(config: Config) -> Connection {
    Connection::server_established(config)
}

/// Takes what an end wants to write.
pub(crate) fn output(end: &mut Connection) -> Vec<u8> {
    end.take_output().to_vec()
}
