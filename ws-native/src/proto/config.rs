//! The bounds of a connection.

use core::time::Duration;

#[cfg(not(feature = "deflate"))]
use super::compression::Compression;

/// Limits and deadlines of a connection, each with a default.
///
/// ```
/// use ws_native::proto::Config;
/// let mut config = Config::default();
/// assert_eq!(config.max_message, 64 << 20);
/// config.max_message = 1 << 20;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// The most bytes a received message may have. Default: 64 MiB. Beyond: closed with 1009.
    pub max_message: usize,
    /// The most bytes a received frame may have. Default: 64 MiB. Beyond: closed with 1009.
    pub max_frame: usize,
    /// The most frames a received message may come in, empty ones included. Default: 131,072. Beyond: closed with 1008.
    pub max_fragments: u32,
    /// The most bytes the peer's half of the opening handshake may have. Default: 64 KiB. Over HTTP/1.1 it may have 128
    /// headers, whatever this is.
    pub max_head: usize,
    /// The most bytes that may wait to be transmitted. Default: 256 MiB. Beyond, the connection is failed: the standard
    /// says "flag the WebSocket as full and then close the WebSocket connection".
    ///
    /// A program that sends without waiting can exceed it. So can one message of more than half of it that goes into
    /// the Sink of a `WebSocketStream`, which by default is ready when half of it is free.
    pub max_send_queue: usize,
    /// The most bytes of one read, from 4 KiB to 1 MiB. Default: 256 KiB, which empties most sockets with one system
    /// call. A stream that is no socket of the system's, such as a pipe in memory, costs no system call: what is read
    /// from it with 16 KiB at a time stays in the processor's nearest cache.
    pub read_size: usize,
    /// How many bytes a program queues before `Connection::ready` writes them, and how many of a client's very long
    /// payload are masked at a time, from 4 KiB to 1 MiB. Default: 64 KiB. As with [`read_size`](Self::read_size), less
    /// is for streams that cost no system call.
    pub write_size: usize,
    /// permessage-deflate: offered by a client, accepted by a server. `None`: not. Default: with the feature `deflate`,
    /// [`Compression::default`].
    pub compression: Option<Compression>,
    /// How long the opening handshake may take, the transport's own included. Default: 20 s.
    pub handshake_timeout: Duration,
    /// How long the peer may take to answer a Close frame. Default: 10 s. The time begins again after every 64 KiB
    /// written of what was queued before the Close frame, and when the Close frame itself is written.
    ///
    /// An answer that arrived in time counts even if it is read late: after the deadline the peer is given up when a
    /// read finds nothing, or after 8 MiB more, a read counting as at least 16 KiB.
    pub close_timeout: Duration,
    /// How long a server may take to end the transport after the closing handshake, before the client does.
    /// Default: 2 s.
    ///
    /// A server waits as long for the client to end it, and both ends do after a failure. The time begins again after
    /// every 64 KiB written, and when all is written.
    pub end_timeout: Duration,
    /// How an open connection finds out that its peer is gone. `None`: it does not. Default: `None`.
    pub heartbeat: Option<Heartbeat>,
    /// How long no message, and no part of one, may come or go; then the closing handshake is started with 1001 (going
    /// away). Pings and pongs do not count. `None`: for ever. Default: `None`.
    pub idle_timeout: Option<Duration>,
}

impl Config {
    /// Whether an open connection has deadlines.
    pub(super) fn is_watched(&self) -> bool {
        self.heartbeat.is_some() || self.idle_timeout.is_some()
    }

    /// The most bytes of a message in one frame.
    pub(super) fn max_whole_frame(&self) -> usize {
        self.max_message.min(self.max_frame)
    }

    /// The most bytes of one read, in its range.
    #[cfg(feature = "std")]
    pub(crate) fn most_read(&self) -> usize {
        self.read_size.clamp(4 << 10, 1 << 20)
    }

    /// The most bytes that wait for a write, in its range, and a multiple of a masking key.
    pub(crate) fn most_queued(&self) -> usize {
        self.write_size.clamp(4 << 10, 1 << 20) & !3
    }

    /// The settings of permessage-deflate, with each number in its range.
    pub(super) fn compression(&self) -> Option<Compression> {
        self.compression.clone().map(Compression::in_range)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_message: 64 << 20,
            max_frame: 64 << 20,
            max_fragments: 131_072,
            max_head: 64 << 10,
            max_send_queue: 256 << 20,
            read_size: 256 << 10,
            write_size: 64 << 10,
            compression: Compression::DEFAULT,
            handshake_timeout: Duration::from_secs(20),
            close_timeout: Duration::from_secs(10),
            end_timeout: Duration::from_secs(2),
            heartbeat: None,
            idle_timeout: None,
        }
    }
}

/// When an open connection sends a ping, and when it gives its peer up.
///
/// Over tokio and over streams that block, time is looked at while the connection waits to receive: one that only sends
/// has no heartbeat.
///
/// ```
/// use core::time::Duration;
/// use ws_native::proto::{Config, Heartbeat};
/// let mut heartbeat = Heartbeat::default();
/// heartbeat.interval = Duration::from_secs(60);
/// let mut config = Config::default();
/// config.heartbeat = Some(heartbeat);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Heartbeat {
    /// How long nothing may be received from the peer before a ping is sent. Default: 30 s.
    pub interval: Duration,
    /// How long nothing may be received after the ping before the connection is failed. The time begins again whenever
    /// something of the ping, or of what is queued before it, is written. Any part of a frame is a sign of life, not
    /// only the pong. Default: 10 s.
    pub timeout: Duration,
}

impl Default for Heartbeat {
    fn default() -> Self {
        Self { interval: Duration::from_secs(30), timeout: Duration::from_secs(10) }
    }
}

/// Settings of permessage-deflate ([RFC 7692](https://datatracker.ietf.org/doc/html/rfc7692)).
///
/// What an end compresses with takes some 260 KiB at the most, what it decompresses with some 40 KiB, each from the
/// first message on that needs it, and for good, unless it is [released](Self::release_when_idle). Smaller windows need
/// less, and compress less.
///
/// Where each message begins with an empty window ([here](Self::no_context_takeover), [at the
/// peer](Self::peer_no_context_takeover)), a connection has it during a message only, and all connections of a thread
/// use the same one by turns: then their number does not matter. What a connection has released, or had when it was
/// dropped, the thread keeps for others, four of each kind at the most: 1.2 MiB. (The engine alone knows no threads,
/// and keeps none.)
///
/// ```
/// use ws_native::proto::{Compression, Config};
/// // A server with very many clients: what is compressed with is shared by them.
/// let mut compression = Compression::default();
/// compression.no_context_takeover = true;
/// compression.peer_no_context_takeover = true;
/// let mut config = Config::default();
/// config.compression = Some(compression);
/// ```
#[cfg(feature = "deflate")]
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Compression {
    /// How hard to try, from 1 (fast) to 9 (small). Default: 1.
    pub level: u8,
    /// Messages with fewer bytes are sent as they are. Default: 128. Empty messages always are.
    pub threshold: usize,
    /// Start each message sent with an empty window, and share what compresses it. Default: false.
    pub no_context_takeover: bool,
    /// Make the peer start each message with an empty window, and share what decompresses it. Default: false.
    pub peer_no_context_takeover: bool,
    /// The base-2 logarithm of the window for messages sent, from 9 to 15. Default: 15.
    pub max_window_bits: u8,
    /// The base-2 logarithm of the peer's window, from 8 to 15. Default: 15. A client's server may not know this
    /// parameter, and then the connection goes without compression.
    pub peer_max_window_bits: u8,
    /// Give memory back while the connection waits for its peer: that of what it compresses with, which then begins
    /// with an empty window again; and that of what it decompresses with, if the peer starts each message with an empty
    /// window. For servers with many connections that are idle for the most part. Default: false.
    pub release_when_idle: bool,
}

#[cfg(feature = "deflate")]
impl Compression {
    const STANDARD: Self = Self {
        level: 1,
        threshold: 128,
        no_context_takeover: false,
        peer_no_context_takeover: false,
        max_window_bits: 15,
        peer_max_window_bits: 15,
        release_when_idle: false,
    };

    /// What a connection does unless it is told otherwise.
    pub(super) const DEFAULT: Option<Self> = Some(Self::STANDARD);

    /// The settings with each number in its range.
    pub(super) fn in_range(self) -> Self {
        Self {
            level: self.level.clamp(1, 9),
            threshold: self.threshold.max(1),
            max_window_bits: self.max_window_bits.clamp(9, 15),
            peer_max_window_bits: self.peer_max_window_bits.clamp(8, 15),
            ..self
        }
    }
}

#[cfg(feature = "deflate")]
impl Default for Compression {
    fn default() -> Self {
        Self::STANDARD
    }
}
