//! From a URL to an open connection.

use tokio::time::timeout;
use ws_core::Failure;

use super::{ConnectOptions, Connecting, Opened, keep};
use crate::Connection;
use crate::proto::{self, Phase};
use crate::tap::{Tapped, Tapping};

impl Connection {
    /// Connects to a server: resolves its name, opens a transport to it, through a proxy if the options say so and with TLS
    /// for `wss`, and performs the client's half of the opening handshake.
    ///
    /// # Errors
    /// [`Failure`]: the URL or an option is not valid ([`Misuse`](ws_core::FailureKind::Misuse)), no transport could be had (its
    /// [`cause`](Failure::cause) is a [`ConnectError`](crate::ConnectError)), or what [`client`](Self::client) says.
    ///
    /// # Cancel safety
    /// Dropped, nothing is left open.
    pub async fn connect(url: &str, options: &ConnectOptions) -> Result<Self, Failure> {
        let (url, request) = options.target_of(url)?;
        let connecting = Connecting::prepare(url.clone(), request.clone(), options.clone()).await?;
        let limit = options.config.handshake_timeout;
        let handshake = async {
            let Opened { mut stream, answer, turn } = connecting.open().await?;
            let tapping = options.tap.as_ref().map(Tapping::begin);
            if let Some(tapping) = &tapping {
                stream = Tapped::over(stream, tapping, answer.is_some());
            }
            let mut connected = Self::client_with(stream, request, options.config.clone().into(), answer).await;
            if let Ok(connection) = &mut connected {
                connection.set_tapping(tapping);
            }
            drop(turn);
            connected
        };
        let connected =
            timeout(limit, handshake).await.unwrap_or_else(|_| Err(proto::Error::Timeout(Phase::Handshake).into()));
        keep(options, &url, connected.as_ref().map(Self::established));
        connected
    }
}
