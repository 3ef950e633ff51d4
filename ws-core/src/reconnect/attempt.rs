//! The question what to connect to.

use alloc::string::String;
use core::fmt;

use super::{ReconnectingWebSocket, given_up::GivenUp, host::Reconnect, inner::Inner};
use crate::{Builder, Failure, counted::Weak};

/// A connection that is to be made: the program says what to, now or later, from wherever it likes.
///
/// If it is dropped without an answer, the connection has failed; so it has if there is no answer
/// within [`connection_timeout`](crate::ReconnectConfig::connection_timeout). Then the next one is
/// asked for, as after any other failure.
///
/// ```
/// # fn program<B: ws_core::Reconnect>(spawn: fn(core::pin::Pin<Box<dyn Future<Output = ()> + Send>>)) -> Result<(), ws_core::Error> {
/// use ws_core::{Failure, FailureKind, ReconnectingWebSocket};
/// async fn fresh_token() -> Result<String, std::io::Error> {
///     Ok("secret".into())
/// }
/// let socket = ReconnectingWebSocket::<B>::builder_with(move |attempt| {
///     spawn(Box::pin(async move {
///         match fresh_token().await {
///             Ok(token) => attempt.connect_to(format!("wss://example.org/?token={token}")),
///             Err(error) => attempt.fail(Failure::new(FailureKind::Network, error)),
///         }
///     }));
/// })
/// .connect()?;
/// # drop(socket);
/// # Ok(()) }
/// ```
#[must_use = "a connection fails when nobody says what it is to be made to"]
pub struct Attempt<B: Reconnect> {
    owner: Weak<Inner<B>>,
    connection: u64,
    retry_count: u32,
    is_answered: bool,
}

impl<B: Reconnect> Attempt<B> {
    pub(super) fn new(owner: Weak<Inner<B>>, connection: u64, retry_count: u32) -> Self {
        Self { owner, connection, retry_count, is_answered: false }
    }

    /// How many retries were begun since a connection last lasted, with this one, if it is one. One that is made at once, for a sign
    /// of the host's that it is worth it, such as a browser's that the network is back, does not count.
    pub fn retry_count(&self) -> u32 {
        self.retry_count
    }

    /// Connects to this URL.
    ///
    /// A URL that cannot be connected to fails the attempt, in the words of the
    /// [`Error`](crate::Error).
    pub fn connect_to(self, url: impl Into<String>) {
        self.connect(crate::WebSocket::builder(url));
    }

    /// Connects as described: with subprotocols, and with the backend's own options. As
    /// [`connect_to`](Self::connect_to).
    pub fn connect(mut self, to: impl Into<Builder<B>>) {
        self.is_answered = true;
        if let Some(owner) = self.owner() {
            owner.connect(self.connection, to.into());
        }
    }

    /// Gives it up, with the reason why.
    pub fn fail(mut self, failure: Failure) {
        self.is_answered = true;
        if let Some(owner) = self.owner() {
            owner.fail_soon(self.connection, failure);
        }
    }

    fn owner(&self) -> Option<ReconnectingWebSocket<B>> {
        self.owner.upgrade().map(ReconnectingWebSocket)
    }
}

impl<B: Reconnect> Drop for Attempt<B> {
    fn drop(&mut self) {
        if !self.is_answered
            && let Some(owner) = self.owner()
        {
            owner.fail_soon(self.connection, GivenUp::Unanswered.into());
        }
    }
}

impl<B: Reconnect> fmt::Debug for Attempt<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt").field("retry_count", &self.retry_count).finish_non_exhaustive()
    }
}
