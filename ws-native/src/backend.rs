//! The WHATWG interface over a native socket.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use ws_core::url::SocketUrl;
use ws_core::{
    Backend, BinaryType, BlobError, Close, Data, Error, EventTarget, Failure, ReadyState, SyntaxError, subprotocol,
};

use crate::connect::{Connecting, store_all};
use crate::driver::{self, Shared};
use crate::proto::{Headers, Request};
use crate::{BlobId, ConnectOptions, Session, random, runtime};

/// The backend of [`WebSocket`](crate::WebSocket): RFC 6455, run by tokio.
///
/// A socket made within a tokio runtime is a task of it, and its handlers run there. One made elsewhere runs on a thread
/// of the crate's own, which all such sockets share.
pub struct Native {
    url: SocketUrl,
    shared: Arc<Shared>,
    runtime: Handle,
    /// How to connect, until that begins.
    options: Mutex<Option<(Request, ConnectOptions)>>,
}

impl Native {
    /// The headers of the server's answer to the opening handshake; empty before it came.
    ///
    /// ```no_run
    /// # use ws_native::WebSocket;
    /// # fn show(socket: &WebSocket) {
    /// println!("{:?}", socket.backend().answer().get("Server"));
    /// # }
    /// ```
    pub fn answer(&self) -> Headers {
        self.shared.lock().session.answer().clone()
    }

    /// How long the peer took to answer the newest ping of the [heartbeat](crate::proto::Config::heartbeat) that it has
    /// answered.
    pub fn round_trip_time(&self) -> Option<Duration> {
        self.shared.lock().session.round_trip_time()
    }
}

impl Backend for Native {
    type Options = ConnectOptions;

    fn open(url: &str, protocols: &[String], options: ConnectOptions) -> Result<Self, Error> {
        let url = SocketUrl::parse(url, options.base_url.as_deref())?;
        subprotocol::validate(protocols)?;
        let request =
            options.request(&url, protocols).map_err(|error| Error::Syntax(SyntaxError::Host(error.to_string())))?;
        let runtime = runtime::current().map_err(|error| Error::Host(error.to_string()))?;
        let random = Box::new(random::secure);
        // The clock of the driver starts at zero, and so does the deadline of the opening handshake.
        let now = Duration::ZERO;
        let session = Session::new(request.clone(), url.origin().into(), options.config.clone(), random, now);
        Ok(Self { url, shared: Shared::new(session), runtime, options: Mutex::new(Some((request, options))) })
    }

    fn establish(&self, target: EventTarget<Self>) {
        let Some((request, options)) = self.options.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            return;
        };
        let shared = Arc::clone(&self.shared);
        let url = self.url.clone();
        self.runtime.spawn(async move {
            let jar = options.cookies.clone();
            let answered = |headers: &Headers| {
                if let Some(jar) = &jar {
                    store_all(&**jar, &url, headers);
                }
            };
            driver::run(shared, target, Connecting::prepare(url.clone(), request, options), answered).await;
        });
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
