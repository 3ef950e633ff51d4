//! What stands in for HTTP/2 where the feature `http2` is off.

use ws_core::Failure;

use crate::proto::IncomingRequest;
use crate::{Connection, Stream};

/// A request over HTTP/2, of which there is none.
#[derive(Debug)]
pub(super) enum Asked {}

impl Asked {
    pub(super) fn accept<T>(
        self,
        _request: &IncomingRequest,
        _protocol: Option<&str>,
        _headers: &[(&str, &str)],
        _transport: fn(Stream) -> T,
    ) -> Result<Connection<T>, Failure> {
        match self {}
    }

    pub(super) fn refuse(self, _status: u16, _headers: &[(&str, &str)], _message: &str) -> Result<(), Failure> {
        match self {}
    }
}
