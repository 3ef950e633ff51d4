//! What stands in for proxies where the feature `proxy` is off: there are none.

use std::fmt;

use ws_core::url::SocketUrl;

use super::ConnectError;

/// The proxy that a client goes through: never any.
#[derive(Clone, Debug, Default)]
pub(crate) enum Proxy {
    #[default]
    Direct,
}

/// A proxy, of which there is none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ProxyUrl {}

impl Proxy {
    pub(crate) fn for_url(&self, _url: &SocketUrl) -> Result<Option<ProxyUrl>, ConnectError> {
        let Self::Direct = self;
        Ok(None)
    }
}

#[cfg(feature = "tokio")]
impl ProxyUrl {
    pub(super) fn host(&self) -> &str {
        match *self {}
    }

    pub(super) fn port(&self) -> u16 {
        match *self {}
    }

    pub(super) fn is_secure(&self) -> bool {
        match *self {}
    }

    pub(super) fn wants_address(&self) -> bool {
        match *self {}
    }

    pub(super) async fn tunnel(
        &self,
        _stream: crate::Stream,
        _url: &SocketUrl,
        _address: Option<std::net::SocketAddr>,
    ) -> Result<crate::Stream, super::connecting::NoTunnel> {
        match *self {}
    }
}

impl fmt::Display for ProxyUrl {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}
