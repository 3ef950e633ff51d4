//! What can be set of connecting again. The names are those of the npm package.

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
    /// The shortest delay before a retry. Each is taken at random between this and a bound that grows: no two clients of a server
    /// that comes back connect at the same time. The first bound is five times this. Default: 1 s.
    pub min_reconnection_delay: Duration,
    /// The most that the bound grows to. Default: 30 s.
    pub max_reconnection_delay: Duration,
    /// By how much the bound grows with each retry. Less than 1 is as 1. Default: 2.
    pub reconnection_delay_grow_factor: f64,
    /// How long a connection has to last for retries and delays to be counted anew behind it. Default: 5 s.
    pub min_uptime: Duration,
    /// How long a connection may take to be made, from when the program is asked for what to connect to. Default: 10 s.
    pub connection_timeout: Duration,
    /// How many retries there are until a connection lasts. Default: no end of them.
    pub max_retries: Option<u32>,
    /// The most messages that wait for a connection, or behind such as still go out by one that is open. Default: 65,536.
    pub max_enqueued_messages: usize,
    /// The most bytes in them. Default: 16 MiB.
    pub max_enqueued_bytes: u64,
    /// Nothing is connected before [`reconnect`](crate::ReconnectingWebSocket::reconnect). A URL that is none is then told of by `error`,
    /// and not thrown. Default: false.
    pub start_closed: bool,
    /// A message that finds out a peer that is not there any more. Default: none.
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

/// A message that the peer answers, whatever the answer is: a program in a browser can send no pings.
///
/// A connection whose peer says nothing for [`timeout`](Self::timeout) behind it has failed, and another is made.
///
/// Parts of messages are not seen: where a long one may be under way when an answer is due, the timeout has to be longer than it
/// takes. Natively `heartbeat`, of `ws_native::proto::Config`, sees them, too, and asks by pings.
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
    /// How long nothing has to come from the peer for it to be sent. Default: 30 s.
    pub interval: Duration,
    /// How long the peer has for an answer, from when the message has gone out. Default: 10 s.
    pub timeout: Duration,
}

impl KeepAlive {
    /// With the default times.
    pub fn new(message: impl Into<Data>) -> Self {
        Self { message: message.into(), interval: Duration::from_secs(30), timeout: Duration::from_secs(10) }
    }
}
