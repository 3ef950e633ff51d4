//! Why no transport could be had.

use std::io;
use std::time::Duration;

use ws_core::{Failure, FailureKind};

use crate::policy::Blocked;

/// Why the transport of a client could not be opened. A [`Failure`]'s [`cause`](Failure::cause) is one, if that is what
/// failed.
///
/// ```no_run
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use ws_native::{ConnectError, ConnectOptions, Connection};
/// let Err(failure) = Connection::connect("wss://example.org/", &ConnectOptions::default()).await else { return };
/// match failure.cause().downcast_ref() {
///     Some(ConnectError::Resolve { host, .. }) => println!("is {host} the right name?"),
///     Some(ConnectError::Tls { source, .. }) => println!("the certificate is not to be trusted: {source}"),
///     _ => println!("{failure}"),
/// }
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The host has no address, or it could not be looked up.
    #[error("the host {host} cannot be resolved: {source}")]
    Resolve {
        /// The host's name.
        host: String,
        /// What the system says.
        source: io::Error,
    },
    /// None of the host's addresses takes the connection.
    #[error("cannot connect to {address}: {source}")]
    Connect {
        /// The address that was tried first, or the path of a Unix socket.
        address: String,
        /// What the system says of the address that failed last.
        source: io::Error,
    },
    /// The TLS handshake failed. Most often the server's certificate is for another host, has
    /// expired, or is by an issuer that is not among the roots.
    #[error("TLS with {host} failed: {source}")]
    Tls {
        /// The host's name.
        host: String,
        /// What is wrong; for a certificate, a `rustls::Error` within.
        source: io::Error,
    },
    /// The server does not speak TLS.
    #[error("{host} does not speak TLS on this port: {source}")]
    NotTls {
        /// The host's name.
        host: String,
        /// What it said instead.
        source: io::Error,
    },
    /// A connection of HTTP/2 broke, or the server refused a stream on it.
    #[error("HTTP/2 with {host} failed: {source}")]
    Http2 {
        /// The host's name.
        host: String,
        /// What is wrong.
        source: io::Error,
    },
    /// The URL says `wss`, and the crate was built without the feature `tls`.
    #[error("wss needs TLS, which this build does not have (feature `tls`); nothing was sent in the clear")]
    NoTls,
    /// The policy allows none of the host's addresses.
    #[error(transparent)]
    Blocked(#[from] Blocked),
    /// The proxy refused, cannot be reached, or is not a proxy.
    #[error("the proxy {proxy} did not connect: {reason}")]
    Proxy {
        /// The proxy's host and port.
        proxy: String,
        /// What it said.
        reason: String,
    },
    /// It took too long.
    #[error("{stage} took longer than {limit:?} ({setting})")]
    Timeout {
        /// What took too long.
        stage: Stage,
        /// How long it might have taken.
        limit: Duration,
        /// The field of [`ConnectOptions`](crate::ConnectOptions) that says so.
        setting: &'static str,
    },
}

/// What has to be done before the opening handshake.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Stage {
    /// To learn the host's addresses.
    #[error("resolving {0}")]
    Resolve(String),
    /// To connect to one of them.
    #[error("connecting to {0}")]
    Connect(String),
    /// The proxy's answer.
    #[error("the answer of the proxy {0}")]
    Proxy(String),
    /// The TLS handshake.
    #[error("the TLS handshake with {0}")]
    Tls(String),
}

#[cfg(feature = "tls")]
impl ConnectError {
    /// The TLS handshake with this host failed.
    pub(crate) fn tls(host: &str, source: io::Error) -> Self {
        use tokio_rustls::rustls::{Error, InvalidMessage};
        let host = host.into();
        match source.get_ref().and_then(|error| error.downcast_ref()) {
            // What has come does not begin as a record does. Whatever else is wrong with a message, it is one of TLS.
            Some(Error::InvalidMessage(
                InvalidMessage::InvalidContentType
                | InvalidMessage::UnknownProtocolVersion
                | InvalidMessage::MessageTooLarge,
            )) => Self::NotTls { host, source },
            _ => Self::Tls { host, source },
        }
    }
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        let kind = match error {
            ConnectError::Timeout { .. } => FailureKind::Timeout,
            ConnectError::Blocked(_) => FailureKind::Policy,
            ConnectError::NoTls => FailureKind::Misuse,
            _ => FailureKind::Network,
        };
        Self::new(kind, error)
    }
}
