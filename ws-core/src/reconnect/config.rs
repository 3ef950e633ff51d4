//! The settings for connecting again. The names are those of the npm package.

use core::time::Duration;

use crate::Data;

/// When to connect again, and what may wait for it.
///
/// ```
/// use std::time::Duration;
/// let mut config = ws_core::ReconnectConfig::default();
/// config.max_retries = Some(10);
/// config.keep_alive = Some(ws_core::KeepAlive::new("ping"));
/// assert_eq!(config.max_reconnection_delay, Duration::from_secs(30));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReconnectConfig {
    /// The shortest delay before a retry. Each delay is chosen at random between this and a bound
    /// that grows, so that the clients of a server that comes back do not all connect at the same
    /// time. The first bound is five times this. With zero, the first retry is made at once, and the
    /// bound of the others grows from 1 ms. Default: 1 s.
    pub min_reconnection_delay: Duration,
    /// The most that the bound grows to. Default: 30 s.
    pub max_reconnection_delay: Duration,
    /// By how much the bound grows with each retry. Less than 1 is as 1. Default: 2.
    pub reconnection_delay_grow_factor: f64,
    /// How long a connection has to last before retries and delays start again from the beginning.
    /// Default: 5 s.
    pub min_uptime: Duration,
    /// How long making a connection may take, from when the program is asked what to connect to.
    /// Default: 10 s.
    pub connection_timeout: Duration,
    /// The most retries in a row, until a connection lasts. Default: no limit.
    pub max_retries: Option<u32>,
    /// The most messages that may wait: for a connection, or behind earlier ones that an open
    /// connection is still sending. Default: 65,536.
    pub max_enqueued_messages: usize,
    /// The most bytes in them. What an open connection has taken is none of it: see
    /// [`send`](crate::ReconnectingWebSocket::send). Default: 16 MiB.
    pub max_enqueued_bytes: u64,
    /// Connects only when [`reconnect`](crate::ReconnectingWebSocket::reconnect) is called. An
    /// invalid URL is then reported by an `error` event, and not by an error of the constructor.
    /// Default: false.
    pub start_closed: bool,
    /// A message that is sent to find out whether the peer is still there. Default: none.
    pub keep_alive: Option<KeepAlive>,
}

impl Default for ReconnectConfig {
    fn default() -> Self {
        Self {
            min_reconnection_delay: Duration::from_secs(1),
            max_reconnection_delay: Duration::from_secs(30),
            reconnection_delay_grow_factor: 2.0,
            min_uptime: Duration::from_secs(5),
            connection_timeout: Duration::from_secs(10),
            max_retries: None,
            max_enqueued_messages: 65_536,
            max_enqueued_bytes: 16 << 20,
            start_closed: false,
            keep_alive: None,
        }
    }
}

/// A message that the peer answers, in whatever way. It stands in for pings, which a program in a
/// browser cannot send.
///
/// If the peer says nothing for [`timeout`](Self::timeout) after this message, the connection has
/// failed and another one is made.
///
/// Only whole messages count as a sign of life: where a long one may be arriving when an answer is
/// due, the timeout has to be longer than that takes. Natively, `heartbeat` of
/// `ws_native::proto::Config` sees parts of messages, too, and asks by pings.
///
/// ```
/// use std::time::Duration;
/// use ws_core::{KeepAlive, ReconnectConfig};
/// let mut keep_alive = KeepAlive::new(r#"{"type":"ping"}"#);
/// keep_alive.interval = Duration::from_secs(15);
/// let mut config = ReconnectConfig::default();
/// config.keep_alive = Some(keep_alive);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct KeepAlive {
    /// What is sent.
    pub message: Data,
    /// The message is sent when nothing has come from the peer for this long. Default: 30 s.
    pub interval: Duration,
    /// How long the peer has to answer, counted from when the message has gone out. Default: 10 s.
    pub timeout: Duration,
}

impl KeepAlive {
    /// With the default times.
    pub fn new(message: impl Into<Data>) -> Self {
        Self { message: message.into(), interval: Duration::from_secs(30), timeout: Duration::from_secs(10) }
    }
}
