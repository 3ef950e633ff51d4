//! The bounds of a connection.

use core::time::Duration;

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
    /// The most bytes the peer's half of the opening handshake may have. Default: 64 KiB.
    pub max_head: usize,
    /// The most bytes that may wait to be transmitted. Default: 256 MiB. Beyond, the connection is failed: the standard
    /// says "flag the WebSocket as full and then close the WebSocket connection".
    pub max_send_queue: usize,
    /// How long the opening handshake may take, the transport's own included. Default: 20 s.
    pub handshake_timeout: Duration,
    /// How long the peer may take to answer a Close frame. Default: 10 s.
    pub close_timeout: Duration,
    /// How long a server may take to end the transport after the closing handshake, before the client does. Default: 2 s.
    pub end_timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_message: 64 << 20,
            max_frame: 64 << 20,
            max_fragments: 131_072,
            max_head: 64 << 10,
            max_send_queue: 256 << 20,
            handshake_timeout: Duration::from_secs(20),
            close_timeout: Duration::from_secs(10),
            end_timeout: Duration::from_secs(2),
        }
    }
}
