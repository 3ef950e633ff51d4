//! What stands in for proxies where the feature `proxy` is off: there are none.

use std::fmt;
use std::net::SocketAddr;

use ws_core::url::SocketUrl;

use crate::Stream;

/// The proxy that a client goes through: never any.
#[derive(Clone, Debug, Default)]
pub(super) enum Proxy {
    #[default]
    Direct,
}

/// A proxy, of which there is none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum ProxyUrl {}

impl Proxy {
    pub(super) fn for_url(&self, _url: &SocketUrl) -> Option<ProxyUrl> {
        let Self::Direct = self;
        None
    }
}

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
        _stream: Stream,
        _url: &SocketUrl,
        _address: Option<SocketAddr>,
    ) -> Result<Stream, String> {
        match *self {}
    }
}

impl fmt::Display for ProxyUrl {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}
