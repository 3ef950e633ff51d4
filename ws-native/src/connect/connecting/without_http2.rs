//! What stands in for HTTP/2 where the feature `http2` is off.

use super::{ConnectError, Connecting, OverHttp2};

impl Connecting {
    /// There is no HTTP/2 to perform the opening handshake over.
    pub(super) async fn open_http2(&self) -> Result<OverHttp2, ConnectError> {
        Ok(OverHttp2::NotTried)
    }
}
