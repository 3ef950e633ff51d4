//! The WHATWG interface over a native socket.

use std::sync::Arc;
use std::{fmt, io};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use percent_encoding::percent_decode_str;
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use ws_core::url::SocketUrl;
use ws_core::{
    Backend, BinaryType, BlobError, Close, Data, Error, EventTarget, Failure, ReadyState, SyntaxError, subprotocol,
};

use crate::driver::{self, Shared};
use crate::proto::{Config, Request, RequestError};
use crate::{BlobId, Session, random, runtime};

/// The backend of [`WebSocket`](crate::WebSocket): RFC 6455 over TCP, run by tokio.
///
/// A socket made within a tokio runtime is a task of it, and its handlers run there. One made elsewhere runs on a thread
/// of the crate's own, which all such sockets share.
pub struct Native {
    url: SocketUrl,
    shared: Arc<Shared>,
    runtime: Handle,
}

/// Settings of a socket beyond what the standard's constructor takes.
///
/// ```no_run
/// use ws_native::{ConnectOptions, WebSocket};
/// let mut options = ConnectOptions::default();
/// options.headers.push(("Authorization".into(), "Bearer token".into()));
/// options.config.max_message = 1 << 20;
/// let socket = WebSocket::builder("ws://127.0.0.1:9001").options(options).connect()?;
/// # Ok::<(), ws_core::Error>(())
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct ConnectOptions {
    /// Headers of the opening handshake, such as Origin or Authorization. Those of the handshake itself are refused.
    pub headers: Vec<(String, String)>,
    /// The URL that relative URLs are resolved against. Without one they are a syntax error.
    pub base_url: Option<String>,
    /// Limits and deadlines.
    pub config: Config,
}

impl Backend for Native {
    type Options = ConnectOptions;

    fn open(url: &str, protocols: &[String], options: ConnectOptions) -> Result<Self, Error> {
        let url = SocketUrl::parse(url, options.base_url.as_deref())?;
        subprotocol::validate(protocols)?;
        let request = request(&url, protocols, &options.headers)
            .map_err(|error| Error::Syntax(SyntaxError::Host(error.to_string())))?;
        let runtime = runtime::current().map_err(|error| Error::Host(error.to_string()))?;
        let random = Box::new(random::secure);
        // The clock of the driver starts at zero, and so does the deadline of the opening handshake.
        let now = std::time::Duration::ZERO;
        let session = Session::new(request, url.origin().into(), options.config, random, now);
        Ok(Self { url, shared: Shared::new(session), runtime })
    }

    fn establish(&self, target: EventTarget<Self>) {
        let connecting = connect(self.url.clone());
        let shared = Arc::clone(&self.shared);
        self.runtime.spawn(async move { driver::run(shared, target, connecting).await });
    }

    fn url(&self) -> String {
        self.url.as_str().into()
    }

    fn ready_state(&self) -> ReadyState {
        self.shared.lock().session.ready_state()
    }

    fn buffered_amount(&self) -> u64 {
        self.shared.lock().session.model().buffered_amount()
    }

    fn extensions(&self) -> String {
        self.shared.lock().session.model().extensions().into()
    }

    fn protocol(&self) -> String {
        self.shared.lock().session.model().protocol().into()
    }

    fn binary_type(&self) -> BinaryType {
        self.shared.lock().session.model().binary_type()
    }

    fn set_binary_type(&self, binary_type: BinaryType) {
        self.shared.lock().session.model().set_binary_type(binary_type);
    }

    fn send(&self, data: Data) -> Result<(), Error> {
        match data {
            Data::Blob(blob) if blob.as_bytes().is_none() => {
                let id = self.shared.with(|session| session.send_blob(blob.size()))?;
                let reading = Reading { id, shared: Arc::clone(&self.shared) };
                self.runtime.spawn(async move {
                    let outcome = blob.bytes().await;
                    reading.shared.with(|session| match outcome {
                        Ok(bytes) => session.blob_read(id, bytes),
                        Err(error) => session.blob_failed(id, error),
                    });
                });
                Ok(())
            }
            data => self.shared.with(|session| session.send(data)),
        }
    }

    fn close(&self, close: Option<Close>) {
        self.shared.with(|session| session.close(close));
    }

    fn abandon(&self) {
        self.shared.with(Session::abandon);
    }

    fn failure(&self) -> Option<Failure> {
        self.shared.lock().session.failure().cloned()
    }
}

/// A blob that is being read. Dropped before it was, with its runtime or by a panic, it fails the connection: what comes
/// after it would wait for ever.
struct Reading {
    id: BlobId,
    shared: Arc<Shared>,
}

impl Drop for Reading {
    fn drop(&mut self) {
        let error = BlobError("the reading was given up".into());
        self.shared.with(|session| session.blob_failed(self.id, error));
    }
}

impl fmt::Debug for Native {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Native").field("url", &self.url).field("ready_state", &self.ready_state()).finish()
    }
}

/// Leaves out the values of headers, which may be secrets.
impl fmt::Debug for ConnectOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("ConnectOptions")
            .field("headers", &headers)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// The request for this URL. Credentials in the URL authenticate, unless the program brings its own.
fn request(url: &SocketUrl, protocols: &[String], headers: &[(String, String)]) -> Result<Request, RequestError> {
    let mut request = Request::new(url.authority(), url.resource_name(), protocols)?;
    let authorized = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("Authorization"));
    if let Some((user, password)) = url.credentials().filter(|_| !authorized) {
        let mut pair: Vec<u8> = percent_decode_str(user).collect();
        pair.push(b':');
        pair.extend(percent_decode_str(password));
        request = request.header("Authorization", &format!("Basic {}", BASE64.encode(pair)))?;
    }
    headers.iter().try_fold(request, |request, (name, value)| request.header(name, value))
}

/// Opens the transport.
async fn connect(url: SocketUrl) -> io::Result<TcpStream> {
    if url.is_secure() {
        let words = "wss needs TLS, which this build does not have; nothing was sent in the clear";
        return Err(io::Error::new(io::ErrorKind::Unsupported, words));
    }
    let host = url.host().trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((host, url.port())).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
