//! How a server answers the request.

use super::{Connection, State};
use crate::proto::error::HandshakeError;
use crate::proto::handshake::client::Established;
use crate::proto::handshake::refusal::Refusal;
use crate::proto::handshake::server::AcceptError;

impl Connection {
    /// Accepts the request, with one of the subprotocols the client offers or none, and further headers. Says what was
    /// agreed on.
    ///
    /// # Errors
    /// [`AcceptError`]; the request then still waits for an answer.
    pub fn accept(&mut self, protocol: Option<&str>, headers: &[(&str, &str)]) -> Result<Established, AcceptError> {
        let State::Deciding(request) = &self.state else { return Err(AcceptError::NoRequest) };
        let (agreement, extensions) = request.choose_extensions(self.config.compression().as_ref()).unzip();
        let head = request.accept(protocol, extensions.as_deref(), headers)?;
        self.outgoing.push_head(head.as_bytes());
        self.establish();
        self.compress(agreement);
        let extensions = extensions.unwrap_or_default();
        Ok(Established { protocol: protocol.map(Into::into), extensions, ..Established::default() })
    }

    /// Refuses the request with an HTTP status, such as 403, and a message for people. The connection ends.
    ///
    /// The status is one of a redirection or of an error: 300 to 599, but for 304, whose answer has no message. Any other would
    /// not refuse, and 500 is sent in its place.
    pub fn refuse(&mut self, status: u16, message: &str) {
        // Without headers all that can be wrong is that nobody asks.
        let _ = self.refuse_with(status, &[], message);
    }

    /// [Refuses](Self::refuse) with further headers, such as the `WWW-Authenticate` of a 401. A `Content-Type` of the program is
    /// that of the message, which is plain text otherwise.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_native::proto::{Config, Connection};
    /// # fn unauthorized(server: &mut Connection) -> Result<(), ws_native::proto::AcceptError> {
    /// server.refuse_with(401, &[("WWW-Authenticate", "Bearer")], "a token is needed\n")
    /// # }
    /// # assert!(unauthorized(&mut Connection::server(Config::default(), Duration::ZERO)).is_err());
    /// ```
    ///
    /// # Errors
    /// [`AcceptError`]; the request, if there is one, then still waits for an answer.
    pub fn refuse_with(&mut self, status: u16, headers: &[(&str, &str)], message: &str) -> Result<(), AcceptError> {
        let State::Deciding(_) = self.state else { return Err(AcceptError::NoRequest) };
        let refusal = Refusal::new(status, message, "GET").with(headers)?;
        self.outgoing.push_head(refusal.encode().as_bytes());
        self.fail(HandshakeError::Refused(refusal.status).into());
        Ok(())
    }
}
