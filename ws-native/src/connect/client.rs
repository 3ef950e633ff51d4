//! From a URL to an open connection.

use tokio::time::timeout;
use ws_core::url::SocketUrl;
use ws_core::{Failure, FailureKind};

use super::{ConnectOptions, Connecting, Opened, store_all};
use crate::Connection;
use crate::proto::{self, Answer, HandshakeError, Phase};

impl Connection {
    /// Connects to a server: resolves its name, opens a transport to it, through a proxy if the options say so and with TLS
    /// for `wss`, and performs the client's half of the opening handshake.
    ///
    /// # Errors
    /// [`Failure`]: the URL or an option is not valid ([`Misuse`](FailureKind::Misuse)), no transport could be had (its
    /// [`cause`](Failure::cause) is a [`ConnectError`](crate::ConnectError)), or what [`client`](Self::client) says.
    ///
    /// # Cancel safety
    /// Dropped, nothing is left open.
    pub async fn connect(url: &str, options: &ConnectOptions) -> Result<Self, Failure> {
        let url = SocketUrl::parse(url, options.base_url.as_deref()).map_err(misuse)?;
        let request = options.request(&url, &[]).map_err(misuse)?;
        let connecting = Connecting::prepare(url.clone(), request.clone(), options.clone()).await?;
        let limit = options.config.handshake_timeout;
        let handshake = async {
            let Opened { stream, answer, turn } = connecting.open().await?;
            let connected = Self::client_with(stream, request, options.config.clone().into(), answer).await;
            drop(turn);
            connected
        };
        let connected =
            timeout(limit, handshake).await.unwrap_or_else(|_| Err(proto::Error::Timeout(Phase::Handshake).into()));
        if let Some(jar) = &options.cookies {
            match &connected {
                Ok(connection) => store_all(&**jar, &url, &connection.established().headers),
                Err(failure) => {
                    if let Some(answer) = refusal(failure) {
                        store_all(&**jar, &url, &answer.headers);
                    }
                }
            }
        }
        connected
    }
}

/// The server's answer, if it is why this failed.
fn refusal(failure: &Failure) -> Option<&Answer> {
    match failure.cause().downcast_ref()? {
        proto::Error::Handshake(HandshakeError::Status(answer)) => Some(answer),
        _ => None,
    }
}

fn misuse(error: impl std::error::Error + Send + Sync + 'static) -> Failure {
    Failure::new(FailureKind::Misuse, error)
}
