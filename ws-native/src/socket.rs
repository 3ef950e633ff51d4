//! The socket of a host with an event loop of its own: the crate does the I/O, the host runs the
//! tasks.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::runtime::Handle;
use ws_core::url::SocketUrl;
use ws_core::{BinaryType, BlobError, Close, Data, Error, EventKind, Failure, ReadyState, SyntaxError, Task};

use crate::connect::ConnectOptions;
use crate::driver::{Driver, Holding, Shared};
use crate::policy::{Blocked, Target};
use crate::proto::{Headers, Request};
use crate::{BlobId, Session, random, runtime};

/// A WebSocket for those who embed a JavaScript engine: what is behind a script's object. The host
/// runs its [`Tasks`], one after the other, where and when it likes; the crate runs the connection.
///
/// Dropped, it is as if the object was collected: a connection that is being made is given up, one that is open is closed
/// without a code. It fails if a blob is still being read, for that must not be left out and nobody could give its bytes any
/// more. All methods can be called from within a task.
///
/// ```no_run
/// # async fn run(fire: impl Fn(&str)) -> Result<(), ws_core::Error> {
/// use ws_core::Task;
/// use ws_native::{ConnectOptions, Socket};
/// let (socket, mut tasks) = Socket::open("ws://127.0.0.1:9001/", &[], ConnectOptions::default())?;
/// while let Some(task) = tasks.next().await {
///     // The state has changed; the host fires the events, and then runs its microtasks.
///     match task {
///         Task::Open => fire("open"),
///         Task::Message(event) => fire(event.data.as_text().unwrap_or("binary")),
///         Task::Close { failed, event } => {
///             if failed {
///                 fire("error");
///             }
///             fire("close");
///         }
///     }
/// }
/// # Ok(()) }
/// ```
#[must_use = "the connection is given up when it is dropped"]
pub struct Socket {
    url: SocketUrl,
    pub(crate) shared: Arc<Shared>,
}

/// The tasks of a [`Socket`], in the order of the standard. Nothing happens on the network unless
/// they are asked for: a host that does not ask holds the peer up.
#[must_use = "nothing is connected before the first task is asked for"]
pub struct Tasks {
    driver: Driver,
    pub(crate) runtime: Handle,
}

impl Socket {
    /// The steps of the constructor: everything that can throw. What the
    /// [policy](ConnectOptions::policy) refuses does not throw, but fails: then the first task is
    /// the last.
    ///
    /// Within a tokio runtime, that runtime does the I/O. Elsewhere a thread of the crate's own
    /// does it for all such sockets, and any executor can ask for the tasks.
    ///
    /// # Errors
    /// [`Error::Syntax`], for the URL before the subprotocols; [`Error::Host`] if no thread can be started.
    pub fn open(url: &str, protocols: &[String], options: ConnectOptions) -> Result<(Self, Tasks), Error> {
        let offered: Vec<&String> = protocols.iter().chain(&options.protocols).collect();
        let target = Target::new(&options, url, &offered)?;
        let (url, prepared) = (target.url().clone(), target.request());
        let runtime = runtime::current().map_err(|error| Error::Host(error.to_string()))?;
        let (connection, refusal) = match prepared {
            Ok(prepared) => (Some(prepared), None),
            Err(Blocked::Request(error)) => return Err(Error::Syntax(SyntaxError::Host(error.to_string()))),
            Err(blocked) => (None, Some(blocked)),
        };
        let request = match &connection {
            Some((_, request)) => request.clone(),
            // It is never sent.
            None => Request::new("refused", "/", &[] as &[&str]).map_err(|error| Error::Host(error.to_string()))?,
        };
        // The clock of the driver starts at zero, and so does the deadline of the opening handshake.
        let (config, random, now) = (options.config.clone(), Box::new(random::secure), Duration::ZERO);
        let mut session = Session::new(request, url.origin().into(), config, random, now);
        if let Some(blocked) = refusal {
            session.refuse(blocked);
        }
        let shared = Shared::new(session);
        let driver = match connection {
            Some((url, request)) => Driver::new(Arc::clone(&shared), url, request, options),
            None => Driver::refused(Arc::clone(&shared)),
        };
        Ok((Self { url, shared }, Tasks { driver, runtime }))
    }

    /// The `url` attribute.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// The serialized origin of the URL: the `origin` attribute of message events.
    pub fn origin(&self) -> String {
        self.url.origin()
    }

    /// The `readyState` attribute.
    pub fn ready_state(&self) -> ReadyState {
        self.shared.lock().session.ready_state()
    }

    /// The `bufferedAmount` attribute, in bytes.
    pub fn buffered_amount(&self) -> u64 {
        self.shared.lock().session.model().buffered_amount()
    }

    /// The `extensions` attribute.
    pub fn extensions(&self) -> String {
        self.shared.lock().session.model().extensions().into()
    }

    /// The `protocol` attribute.
    pub fn protocol(&self) -> String {
        self.shared.lock().session.model().protocol().into()
    }

    /// The `binaryType` attribute.
    pub fn binary_type(&self) -> BinaryType {
        self.shared.lock().session.model().binary_type()
    }

    /// Sets the `binaryType` attribute.
    pub fn set_binary_type(&self, binary_type: BinaryType) {
        self.shared.lock().session.model().set_binary_type(binary_type);
    }

    /// The `send()` method for text and bytes: see [`Session::send`].
    ///
    /// # Errors
    /// [`Error::InvalidState`] while connecting; [`Error::Discarded`] when closing or closed, of which a script sees nothing.
    pub fn send(&self, data: Data) -> Result<(), Error> {
        self.shared.with(|session| session.send(data))
    }

    /// The `send()` method for a blob of this size that the host reads now, to call [`blob_read`](Self::blob_read) or
    /// [`blob_failed`](Self::blob_failed) with its bytes. What is sent meanwhile waits for it.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_blob(&self, size: u64) -> Result<BlobId, Error> {
        self.shared.with(|session| session.send_blob(size))
    }

    /// The bytes of a blob that is to be sent.
    pub fn blob_read(&self, id: BlobId, bytes: Bytes) {
        self.shared.with(|session| session.blob_read(id, bytes));
    }

    /// A blob that is to be sent cannot be read: the connection fails.
    pub fn blob_failed(&self, id: BlobId, error: BlobError) {
        self.shared.with(|session| session.blob_failed(id, error));
    }

    /// Step 3 of the `close()` method, whose arguments [`Close::new`] has validated.
    pub fn close(&self, close: Option<Close>) {
        self.shared.with(|session| session.close(close));
        self.shared.tell_writers();
    }

    /// The page or worker of the object goes away: see [`Session::disappear`].
    pub fn disappear(&self) {
        self.shared.with(Session::disappear);
    }

    /// Ends the connection at once, without a closing handshake.
    pub fn terminate(&self) {
        self.shared.with(Session::terminate);
    }

    /// Whether the object must not be collected: see [`ws_core::Model::must_be_kept`].
    pub fn must_be_kept(&self, listens: impl Fn(EventKind) -> bool) -> bool {
        self.shared.lock().session.model().must_be_kept(listens)
    }

    /// Holds messages back until [`resume`](Self::resume). Once there is one, nothing more is received, so that the peer is held
    /// up. What is sent goes out meanwhile; a failure is told at once, and what was held back is lost with it. For faces with
    /// back-pressure, such as WebSocketStream.
    pub fn pause(&self) {
        self.shared.hold(Holding::UntilFailure);
    }

    /// Ends what [`pause`](Self::pause) began.
    pub fn resume(&self) {
        self.shared.hold(Holding::Nothing);
    }

    /// How many bytes of what was sent have not been given to the network, frames and all.
    pub fn unwritten(&self) -> u64 {
        self.shared.lock().session.unwritten()
    }

    /// Waits until all but `left` bytes of what was sent have been given to the network, or the
    /// connection is closed. A host should ask its [`Tasks`] first, so that a Close frame counts
    /// that the peer has sent before it read on.
    ///
    /// # Cancel safety
    /// Dropped, nothing is lost.
    pub fn written(&self, left: u64) -> impl Future<Output = ()> + Send + 'static {
        let shared = Arc::clone(&self.shared);
        async move {
            shared.written(left).await;
            // What the peer said before it read on has reached the system by now, but is not known
            // here.
            tokio::task::yield_now().await;
        }
    }

    /// Why the connection failed, once it has. For the host, never for a script.
    pub fn failure(&self) -> Option<Failure> {
        self.shared.lock().session.failure().cloned()
    }

    /// The headers of the server's answer to the opening handshake; empty before it came. For the host, never for a script.
    pub fn answer(&self) -> Headers {
        self.shared.lock().session.answer().clone()
    }

    /// How long the peer took to answer the newest ping of the [heartbeat](crate::proto::Config::heartbeat) that it has
    /// answered.
    pub fn round_trip_time(&self) -> Option<Duration> {
        self.shared.lock().session.round_trip_time()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.shared.with(|session| {
            session.abandon();
            session.blobs_are_lost();
        });
    }
}

impl Tasks {
    /// The next task, whose change of state has run when it is given out. `None`: the last one was
    /// given out before, and the transport has ended; a host that does not wait for this cuts off
    /// what is still to be written.
    ///
    /// # Cancel safety
    /// Dropped, nothing is lost.
    pub async fn next(&mut self) -> Option<Task> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// The same for hosts that poll. [`std::task::Wake`] makes a [`Waker`](std::task::Waker) of any
    /// callback.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Task>> {
        let _within = self.runtime.enter();
        self.driver.poll_task(cx)
    }
}

impl futures_core::Stream for Tasks {
    type Item = Task;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Task>> {
        Self::poll_next(&mut self, cx)
    }
}

/// Leaves out what is in messages, and what is in headers.
impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").field("url", &self.url).field("ready_state", &self.ready_state()).finish()
    }
}

impl fmt::Debug for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tasks").finish_non_exhaustive()
    }
}
