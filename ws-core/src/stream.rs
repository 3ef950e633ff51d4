//! The asynchronous face: <https://github.com/whatwg/websockets/pull/48>, WebSocketStream.

use alloc::{boxed::Box, string::String};
use core::{
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    task::{Poll, ready},
};

use crate::backend::Audience;
use crate::counted::Counted;
use crate::{BinaryType, Builder, CloseCode, CloseEvent, Error, Flow, Task, WebSocket};

mod error;
mod inbox;
mod readable;
mod state;
mod writable;

pub use error::WebSocketError;
pub use inbox::Overflow;
pub use readable::Readable;
pub use writable::Writable;

use inbox::{Bound, Inbox};
use state::Shared;

/// The code a connection is closed with when its reader is too slow and the peer cannot be held up.
const TOO_SLOW: u16 = 4009;

/// A WebSocket as two streams with back-pressure: the standard's `WebSocketStream` as a Rust type.
///
/// A slow reader makes the peer slow: natively no more than
/// [`read_ahead`](StreamBuilder::read_ahead) is read from the network before somebody asks for it.
/// The same holds in browsers with a WebSocketStream of their own, though more is read ahead there,
/// because they throw away unread messages when the peer closes the connection. In other browsers
/// messages come whether anybody takes them or not: there they are
/// [limited](StreamBuilder::inbound_limit), and what happens beyond the limit [can be
/// chosen](StreamBuilder::overflow). A writer waits, everywhere, while more than
/// [`high_water_mark`](StreamBuilder::high_water_mark) bytes wait for the network.
///
/// The type is a handle, and so are its halves: when the last of them is dropped, a connection that is being made is given up,
/// and one that is open is closed without a code.
///
/// ```
/// # async fn program<B: ws_core::Flow>() -> Result<(), ws_core::WebSocketError> {
/// use ws_core::{Opened, WebSocketStream};
/// let stream = WebSocketStream::<B>::new("wss://example.org/echo")?;
/// let Opened { mut readable, mut writable, .. } = stream.opened().await?;
/// writable.write("hello").await?;
/// while let Some(message) = readable.read().await {
///     println!("{:?}", message?);
///     stream.close();
/// }
/// let event = stream.closed().await?;
/// println!("closed with {}", event.code);
/// # Ok(()) }
/// ```
#[must_use = "the connection is given up when the last handle is dropped"]
pub struct WebSocketStream<B: Flow>(Counted<Inner<B>>);

/// What the handle and the halves share.
pub(crate) struct Inner<B: Flow> {
    socket: WebSocket<B>,
    shared: Counted<Shared>,
    /// A writer waits while more bytes than this wait for the network.
    high_water_mark: u64,
}

/// An established connection: the standard's `WebSocketOpenInfo`.
pub struct Opened<B: Flow> {
    /// The messages that come.
    pub readable: Readable<B>,
    /// Where messages are sent.
    pub writable: Writable<B>,
    /// The subprotocol the server selected; empty if there is none.
    pub protocol: String,
    /// The extensions the server selected; empty if there are none.
    pub extensions: String,
}

/// A stream about to be made: its subprotocols, its backend's options, its bounds.
///
/// ```
/// # fn program<B: ws_core::Flow>() -> Result<(), ws_core::Error> {
/// use ws_core::{Overflow, WebSocketStream};
/// // Prices: of those that nobody has read in time the newest are wanted.
/// let stream = WebSocketStream::<B>::builder("wss://example.org/prices")
///     .protocols(["prices.v1"])
///     .inbound_limit(1 << 20, 1000)
///     .overflow(Overflow::DropOldest)
///     .connect()?;
/// # drop(stream);
/// # Ok(()) }
/// ```
#[must_use = "nothing is connected before `connect`"]
pub struct StreamBuilder<B: Flow> {
    socket: Builder<B>,
    high_water_mark: Option<u64>,
    read_ahead: Option<u64>,
    inbound: Bound,
    overflow: Overflow,
}

impl<B: Flow> StreamBuilder<B> {
    /// Offers these subprotocols, in order of preference. The connection fails if the server picks none of them.
    pub fn protocols<S: Into<String>>(mut self, protocols: impl IntoIterator<Item = S>) -> Self {
        self.socket = self.socket.protocols(protocols);
        self
    }

    /// Sets what goes beyond the standard; what there is to set is the backend's matter.
    pub fn options(mut self, options: B::Options) -> Self {
        self.socket = self.socket.options(options);
        self
    }

    /// How many bytes may wait for the network before a writer has to wait; 1 MiB by default, and 4 MiB over
    /// a browser's WebSocket, which tells late of what has gone out. The last message before that may be larger.
    ///
    /// Natively the default is at most half of `max_send_queue`, beyond which the connection fails;
    /// do not set more than that. For a message that is larger than the other half,
    /// [`Writable::write`] waits until there is room; the [`Sink`](futures_sink::Sink), which
    /// cannot know the size in advance, fails the connection if there is none.
    pub fn high_water_mark(mut self, bytes: u64) -> Self {
        self.high_water_mark = Some(bytes);
        self
    }

    /// How many bytes may wait for the reader before the peer is held up, where that is possible;
    /// by default 64 KiB natively, and 16 MiB over a browser's WebSocketStream: of what exceeds it,
    /// Chromium loses the last 128 KiB when the peer closes. A message counts for some 100 bytes
    /// more than it holds, and the last one may be larger.
    pub fn read_ahead(mut self, bytes: u64) -> Self {
        self.read_ahead = Some(bytes);
        self
    }

    /// How much may wait for the reader where the peer cannot be held up; 16 MiB and 65,536 messages by default. A single
    /// message may be larger. Where the peer can be held up this has no effect.
    pub fn inbound_limit(mut self, bytes: u64, messages: usize) -> Self {
        self.inbound = Bound { bytes, messages };
        self
    }

    /// What happens beyond that limit; by default the connection is closed, and the reader gets
    /// [`WebSocketError::Overflow`] after what waited for it.
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// Makes the stream and starts to connect.
    ///
    /// # Errors
    /// As [`WebSocketStream::new`].
    pub fn connect(self) -> Result<WebSocketStream<B>, Error> {
        let shared = Counted::new(Shared::new(Inbox::new(self.inbound, self.overflow)));
        let socket = self.socket.connect_to(Box::new(Counted::clone(&shared)), |socket| {
            socket.set_binary_type(BinaryType::ArrayBuffer);
            let backend = socket.backend();
            shared.begin(self.read_ahead.unwrap_or_else(|| backend.read_ahead()), backend.hold_back(false));
        })?;
        let high_water_mark = self.high_water_mark.unwrap_or_else(|| socket.backend().high_water_mark());
        Ok(WebSocketStream(Counted::new(Inner { socket, shared, high_water_mark })))
    }
}

/// Hears the tasks of the socket. It does not own the socket: the halves and the handle do.
impl<B: Flow> Audience<B> for Counted<Shared> {
    fn hear(&self, socket: &WebSocket<B>, task: Task) {
        match task {
            Task::Open => self.open(),
            Task::Message(event) => {
                if !self.receive(event.data, socket) {
                    // The code is one of those that a program may use.
                    let _ = socket.close_with(TOO_SLOW, "the reader is too slow");
                }
            }
            Task::Close { event, .. } => self.close(event, socket.failure()),
        }
    }
}

impl<B: Flow> WebSocketStream<B> {
    /// Makes a stream and starts to connect, as `new WebSocketStream(url)` does.
    ///
    /// # Errors
    /// [`Error::Syntax`] for a URL or a subprotocol that [`WebSocket::new`] refuses.
    pub fn new(url: &str) -> Result<Self, Error> {
        Self::builder(url).connect()
    }

    /// Begins to describe a stream.
    pub fn builder(url: impl Into<String>) -> StreamBuilder<B> {
        StreamBuilder {
            socket: WebSocket::builder(url),
            high_water_mark: None,
            read_ahead: None,
            inbound: Bound { bytes: 16 << 20, messages: 65_536 },
            overflow: Overflow::default(),
        }
    }

    /// The URL the stream connects to, resolved and serialized.
    pub fn url(&self) -> String {
        self.0.socket.url()
    }

    /// Waits until the connection is established, and gives out its two halves.
    ///
    /// # Errors
    /// [`WebSocketError::Closed`] if the connection could not be made, [`WebSocketError::Locked`]
    /// if the halves were already given out.
    ///
    /// # Cancel safety
    /// Dropped, nothing is lost: it can be called again. To give the connection up, drop the stream.
    // These are not `async fn`, because the compiler's state machines would make a program larger
    // than the code in them.
    pub fn opened(&self) -> impl Future<Output = Result<Opened<B>, WebSocketError>> {
        let mut established = self.0.shared.opened();
        poll_fn(move |cx| {
            ready!(Pin::new(&mut established).poll(cx))?;
            Poll::Ready(Ok(Opened {
                readable: Readable::new(Counted::clone(&self.0)),
                writable: Writable::new(Counted::clone(&self.0)),
                protocol: self.0.socket.protocol(),
                extensions: self.0.socket.extensions(),
            }))
        })
    }

    /// Waits until the connection is closed, and tells with which code and reason.
    ///
    /// The peer's Close frame comes after its messages. If there are more of them than may be [read
    /// ahead](StreamBuilder::read_ahead), a connection that the peer has closed is not closed here
    /// until the readable half is read or dropped.
    ///
    /// # Errors
    /// [`WebSocketError::Closed`] if the connection was not closed cleanly, or never established.
    ///
    /// # Cancel safety
    /// Dropped, nothing is lost: it can be called again, and by many at a time.
    pub fn closed(&self) -> impl Future<Output = Result<CloseEvent, WebSocketError>> {
        self.0.shared.closed()
    }

    /// Starts the closing handshake with a Close frame that has no body; a connection that is being made is given up.
    ///
    /// Messages written before go out first. Messages that come after it are not received.
    pub fn close(&self) {
        self.0.socket.close();
    }

    /// Starts the closing handshake with a code and a reason; a connection that is being made is given up.
    ///
    /// # Errors
    /// As [`WebSocket::close_with`].
    pub fn close_with(&self, code: impl Into<CloseCode>, reason: &str) -> Result<(), Error> {
        self.0.socket.close_with(code, reason)
    }

    /// How many messages were thrown away because the reader was too slow: see [`StreamBuilder::overflow`].
    pub fn dropped(&self) -> u64 {
        self.0.shared.dropped()
    }

    /// The backend, for what only it can do.
    pub fn backend(&self) -> &B {
        self.0.socket.backend()
    }
}

impl<B: Flow<Options: Clone>> Clone for StreamBuilder<B> {
    fn clone(&self) -> Self {
        Self { socket: self.socket.clone(), ..*self }
    }
}

impl<B: Flow> From<&str> for StreamBuilder<B> {
    fn from(url: &str) -> Self {
        WebSocketStream::builder(url)
    }
}

impl<B: Flow> From<String> for StreamBuilder<B> {
    fn from(url: String) -> Self {
        WebSocketStream::builder(url)
    }
}

/// Two handles are equal if they name the same stream.
impl<B: Flow> PartialEq for WebSocketStream<B> {
    fn eq(&self, other: &Self) -> bool {
        Counted::ptr_eq(&self.0, &other.0)
    }
}

impl<B: Flow> Eq for WebSocketStream<B> {}

impl<B: Flow> Clone for WebSocketStream<B> {
    fn clone(&self) -> Self {
        Self(Counted::clone(&self.0))
    }
}

/// Leaves the URL out, which may have a password in it.
impl<B: Flow> fmt::Debug for WebSocketStream<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketStream").field("socket", &self.0.socket).finish_non_exhaustive()
    }
}

impl<B: Flow> fmt::Debug for Opened<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened").field("protocol", &self.protocol).finish_non_exhaustive()
    }
}

impl<B: Flow> fmt::Debug for StreamBuilder<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamBuilder").field("socket", &self.socket).finish_non_exhaustive()
    }
}
