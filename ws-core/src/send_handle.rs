//! A handle to a stream that other threads can have.

use alloc::{string::String, sync::Arc};
use core::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::Stream;
use futures_sink::Sink;

use crate::{
    Close, CloseCode, CloseEvent, Data, Error, Flow, Message, ReadyState, SyntaxError, WebSocketError, WebSocketStream,
    waiters::{Place, Waiters},
};

mod driver;
mod shared;

use driver::Owner;
use shared::Shared;

/// A handle to a connection that stays with its own thread: `Send`, `Sync` and cloneable on every target. It is there with the
/// feature `send`, of `isosocket` as of `ws-core`.
///
/// What belongs to a browser belongs to one thread of it. So the stream stays where it was made, in the care of a driver, which is
/// a future to be run there; handles go wherever they are wanted: to a worker that shares the program's memory, or into a
/// framework that asks for `Send`. They exchange messages with the driver through two queues, one each way. Without threads it is
/// the same, within one.
///
/// Both queues are [bounded](SendHandleConfig). A handle whose queue is full waits in [`send`](Self::send), and a driver whose
/// queue is full stops reading, so that the peer is held up as a [`WebSocketStream`] holds it up. Nothing is locked for longer than
/// it takes to put a message into a queue, and no thread is ever blocked.
///
/// All clones are one handle: each message that comes is given to one of those that wait for it. When the last one is dropped, the
/// driver sends what is in its queue, and the connection is closed without a code; one that is being made is given up. When the
/// driver is dropped, the connection is closed at once, and handles say so.
///
/// ```
/// # async fn program<B: ws_core::Flow>() -> Result<(), ws_core::WebSocketError> {
/// use ws_core::{SendHandle, WebSocketStream};
/// let (handle, driver) = SendHandle::new(WebSocketStream::<B>::new("wss://example.org/echo")?);
/// // `driver` is run on this thread: by wasm_bindgen_futures::spawn_local, or natively by tokio::spawn.
/// # drop(driver);
/// let other = handle.clone();
/// let elsewhere = async move {
///     other.send("hello").await?;
///     println!("{:?}", other.next().await);
///     Ok::<(), ws_core::WebSocketError>(())
/// };
/// fn is_send<T: Send>(_: &T) {}
/// is_send(&elsewhere);
/// # Ok(()) }
/// ```
///
/// It is a [`Stream`] and a [`Sink`], too: [`TypedReadable`](crate::TypedReadable) over one clone and
/// [`TypedWritable`](crate::TypedWritable) over another exchange values.
pub struct SendHandle {
    remote: Arc<Remote>,
    /// Where it waits as a [`Stream`].
    reader: Place<Arc<Waiters>>,
    /// Where it waits as a [`Sink`].
    writer: Place<Arc<Waiters>>,
}

/// What all clones share. The driver holds the `Shared` inside and not this, so that this is dropped with the last clone.
struct Remote(Arc<Shared>);

/// How much may wait between a handle and its driver.
///
/// ```
/// let mut config = ws_core::SendHandleConfig::default();
/// config.max_messages = 16;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SendHandleConfig {
    /// The most messages in each of the two queues. Default: 1,024. Even with 0 there is room for one.
    pub max_messages: usize,
    /// A queue with this many bytes takes no more messages. Default: 1 MiB. The message that reaches the bound may go beyond it.
    pub max_bytes: u64,
}

impl Default for SendHandleConfig {
    fn default() -> Self {
        Self { max_messages: 1024, max_bytes: 1 << 20 }
    }
}

/// Why a message was not taken.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TrySendError {
    /// The queue is full, and here is the message back.
    #[error("too much waits to be sent")]
    Full(Message),
    /// Nothing can be sent any more, or not this.
    #[error(transparent)]
    Socket(#[from] WebSocketError),
}

impl SendHandle {
    /// A handle to this stream, and the driver that is to be run on the stream's thread. The driver ends when the connection has,
    /// or when all handles are dropped.
    pub fn new<B: Flow>(stream: WebSocketStream<B>) -> (Self, impl Future<Output = ()> + use<B>) {
        Self::with_config(stream, SendHandleConfig::default())
    }

    /// As [`new`](Self::new), with other bounds.
    pub fn with_config<B: Flow>(
        stream: WebSocketStream<B>,
        config: SendHandleConfig,
    ) -> (Self, impl Future<Output = ()> + use<B>) {
        let shared = Arc::new(Shared::new(config, stream.url()));
        let owner = Owner(Arc::clone(&shared));
        (Self::of(Arc::new(Remote(shared))), driver::drive(stream, owner))
    }

    fn of(remote: Arc<Remote>) -> Self {
        let (reader, writer) = (remote.0.reader(), remote.0.writer());
        Self { remote, reader, writer }
    }

    /// Waits until the connection is established.
    ///
    /// # Errors
    /// [`WebSocketError::Closed`] if it could not be made.
    ///
    /// # Cancel safety
    /// Dropped, nothing is lost.
    pub async fn opened(&self) -> Result<(), WebSocketError> {
        self.shared().opened().await
    }

    /// Waits until there is room in the queue, and puts a message into it. It is sent when the connection is established and has
    /// room; a connection that ends before that loses it, as it loses what the network has not taken.
    ///
    /// # Errors
    /// [`WebSocketError::Refused`] with [`Error::Discarded`] once the connection is closing or was closed cleanly,
    /// [`WebSocketError::Closed`] once it has failed. [`WebSocketError::Refused`] with [`Error::Syntax`] for a blob that the host
    /// keeps, which cannot leave its thread. The message is not sent.
    ///
    /// # Cancel safety
    /// Dropped before it is ready, the message is not sent, no part of it.
    pub fn send(&self, data: impl Into<Data>) -> impl Future<Output = Result<(), WebSocketError>> + Send {
        let message = message(data.into());
        async move { self.shared().send(message?).await }
    }

    /// Puts a message into the queue, if there is room now.
    ///
    /// # Errors
    /// [`TrySendError::Full`] if there is none; [`TrySendError::Socket`] as [`send`](Self::send).
    pub fn try_send(&self, data: impl Into<Data>) -> Result<(), TrySendError> {
        self.shared().try_send(message(data.into()).map_err(WebSocketError::from)?)
    }

    /// Waits until everything that was sent by this handle and its clones, be it meanwhile, has been given to the network.
    ///
    /// # Errors
    /// As [`send`](Self::send), if the connection is closed before that is known: something may have been lost then.
    ///
    /// # Cancel safety
    /// Dropped, nothing is lost.
    pub async fn flush(&self) -> Result<(), WebSocketError> {
        self.shared().flush().await
    }

    /// Waits for the next message. `None` at the end, when what came before it has been taken.
    ///
    /// # Errors
    /// As [`Readable::read`](crate::Readable::read). There is one error, which one of the clones gets, and nothing after it.
    ///
    /// # Cancel safety
    /// Dropped, no message is lost.
    pub async fn next(&self) -> Option<Result<Message, WebSocketError>> {
        self.shared().next().await
    }

    /// Starts the closing handshake with a Close frame that has no body, when what is in the queue has been sent; a connection
    /// that is being made is given up. From now on nothing can be sent.
    ///
    /// A queue that does not fit into what the connection lets wait is not given up, however long the peer takes nothing: it may be
    /// one that answers each message and wants to be read first. Natively a heartbeat ends it, or dropping the driver.
    pub fn close(&self) {
        self.shared().close(None);
    }

    /// Starts the closing handshake with a code and a reason, as [`close`](Self::close) does.
    ///
    /// # Errors
    /// As [`WebSocket::close_with`](crate::WebSocket::close_with).
    pub fn close_with(&self, code: impl Into<CloseCode>, reason: &str) -> Result<(), Error> {
        self.shared().close(Close::new(Some(code.into()), Some(reason))?);
        Ok(())
    }

    /// Waits until the connection is closed, and tells with which code and reason.
    ///
    /// As long as messages wait that nobody takes, a connection that the peer closes may not be closed here.
    ///
    /// # Errors
    /// [`WebSocketError::Closed`] if the connection was not closed cleanly, or never established.
    ///
    /// # Cancel safety
    /// Dropped, nothing is lost: it can be called again, and by many at a time.
    pub async fn closed(&self) -> Result<CloseEvent, WebSocketError> {
        self.shared().closed().await
    }

    /// The state of the connection as the driver saw it last.
    pub fn ready_state(&self) -> ReadyState {
        self.shared().ready_state()
    }

    /// The bytes in the queue of what is to be sent, and those that the network had not taken when the driver saw them last. It
    /// keeps what was lost when the connection ended.
    pub fn buffered_amount(&self) -> u64 {
        self.shared().buffered_amount()
    }

    /// The URL the stream connects to, resolved and serialized.
    pub fn url(&self) -> String {
        self.shared().url().into()
    }

    /// The subprotocol the server selected; empty if there is none, and before the connection is established.
    pub fn protocol(&self) -> String {
        self.shared().protocol()
    }

    fn shared(&self) -> &Shared {
        &self.remote.0
    }
}

/// The message with this data, if it can leave the thread.
fn message(data: Data) -> Result<Message, Error> {
    match data {
        Data::Text(text) => Ok(Message::Text(text)),
        Data::Binary(bytes) => Ok(Message::Binary(bytes)),
        Data::Blob(blob) => match blob.as_bytes() {
            Some(bytes) => Ok(Message::Binary(bytes.clone())),
            None => Err(SyntaxError::Host("a blob of the host cannot leave its thread".into()).into()),
        },
    }
}

/// The messages that come, as [`SendHandle::next`] gives them.
impl Stream for SendHandle {
    type Item = Result<Message, WebSocketError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { remote, reader, .. } = self.get_mut();
        reader.poll(cx, || remote.0.try_next())
    }
}

/// Messages to be sent, as [`SendHandle::send`] takes them. One that was made room for is taken, even if a clone was faster.
impl Sink<Data> for SendHandle {
    type Error = WebSocketError;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), WebSocketError>> {
        let Self { remote, writer, .. } = self.get_mut();
        writer.poll(cx, || remote.0.room())
    }

    fn start_send(self: Pin<&mut Self>, data: Data) -> Result<(), WebSocketError> {
        self.shared().put_outgoing(message(data)?)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), WebSocketError>> {
        let Self { remote, writer, .. } = self.get_mut();
        writer.poll(cx, || remote.0.try_flush())
    }

    /// Waits until everything that was sent has been given to the network, and starts the closing handshake. It does not wait for
    /// the peer's Close frame: [`SendHandle::closed`] does.
    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), WebSocketError>> {
        // A connection that is being made would be given up by a close.
        ready!(self.as_mut().poll_flush(cx))?;
        self.close();
        Poll::Ready(Ok(()))
    }
}

impl Clone for SendHandle {
    fn clone(&self) -> Self {
        Self::of(Arc::clone(&self.remote))
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        self.0.leave();
    }
}

/// Leaves the URL out, which may have a password in it.
impl fmt::Debug for SendHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendHandle").field("ready_state", &self.ready_state()).finish_non_exhaustive()
    }
}
