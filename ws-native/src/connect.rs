//! From a URL to a transport: names, addresses, proxies, TLS.

mod addresses;
#[cfg(feature = "tokio")]
mod client;
#[cfg(feature = "tokio")]
mod connecting;
mod cookies;
mod error;
#[cfg(feature = "tokio")]
mod eyeballs;
mod options;
#[cfg(feature = "proxy")]
mod proxy;
#[cfg(not(feature = "proxy"))]
#[path = "connect/without_proxy.rs"]
mod proxy;
#[cfg(feature = "tls")]
pub(crate) mod tls;
#[cfg(feature = "tokio")]
mod turn;
#[cfg(all(feature = "tokio", unix))]
mod unix;
#[cfg(feature = "tls")]
mod unverified;

#[cfg(feature = "blocking")]
pub(crate) use addresses::interleave;
#[cfg(all(feature = "blocking", feature = "tls"))]
pub(crate) use addresses::without_brackets;
#[cfg(feature = "http2")]
pub use connecting::Http2;
#[cfg(feature = "tokio")]
pub(crate) use connecting::{Connecting, Opened};
pub use cookies::CookieJar;
#[cfg(feature = "cookies")]
pub use cookies::MemoryJar;
pub(crate) use cookies::keep;
pub use error::{ConnectError, Stage};
pub use options::ConnectOptions;
#[cfg(feature = "proxy")]
pub use proxy::{Proxy, ProxyUrl, ProxyUrlError};
#[cfg(feature = "tls")]
pub use tls::{Identity, Roots, Tls, TlsError, TlsOptions, certificates_from_pem};
#[cfg(feature = "tokio")]
pub(crate) use turn::Turn;
