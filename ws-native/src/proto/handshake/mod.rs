//! The opening handshake over HTTP/1.1: [RFC 6455, section 4](https://datatracker.ietf.org/doc/html/rfc6455#section-4).

pub(super) mod client;
pub(super) mod http;
pub(super) mod refusal;
pub(super) mod request;
pub(super) mod server;
