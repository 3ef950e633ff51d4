//! Messages as values of the program: what a codec is, and streams and sinks of typed messages.

use alloc::string::String;
use core::future::poll_fn;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::{error, fmt};

use futures_core::{FusedStream, Stream};
use futures_sink::Sink;

use crate::{Data, Flow, Opened, Readable, WebSocketError, Writable};

/// A way to write a value into a message. Codecs are types without values: they are only named.
///
/// ```
/// use ws_core::{Data, Encode};
///
/// /// Numbers as decimal text.
/// enum Decimal {}
///
/// impl Encode<u32> for Decimal {
///     type Error = std::convert::Infallible;
///
///     fn encode(value: &u32) -> Result<Data, Self::Error> {
///         Ok(value.to_string().into())
///     }
/// }
///
/// let data = Data::encode::<Decimal, _>(&7)?;
/// assert_eq!(data.as_text(), Some("7"));
/// # Ok::<(), std::convert::Infallible>(())
/// ```
pub trait Encode<T: ?Sized> {
    /// What is wrong with a value that cannot be written.
    type Error;

    /// Writes a value into a message.
    ///
    /// # Errors
    /// The codec's own, for a value that it cannot express.
    fn encode(value: &T) -> Result<Data, Self::Error>;
}

/// A way to read a value out of a message. Codecs are types without values: they are only named.
///
/// ```
/// use ws_core::{Data, Decode};
///
/// /// Numbers as decimal text.
/// enum Decimal {}
///
/// impl Decode<u32> for Decimal {
///     type Error = String;
///
///     fn decode(data: &Data) -> Result<u32, Self::Error> {
///         data.as_text().and_then(|text| text.parse().ok()).ok_or_else(|| format!("{data:?} is no number"))
///     }
/// }
///
/// assert_eq!(Data::from("7").decode::<Decimal, u32>(), Ok(7));
/// ```
pub trait Decode<T> {
    /// What is wrong with a message that cannot be read.
    type Error;

    /// Reads a value out of a message.
    ///
    /// # Errors
    /// The codec's own, for a message that is no such value. A blob whose bytes the host keeps cannot be read here: ask
    /// for them before ([`Blob::bytes`](crate::Blob::bytes)), or let the socket hand over
    /// [`BinaryType::ArrayBuffer`](crate::BinaryType::ArrayBuffer).
    fn decode(data: &Data) -> Result<T, Self::Error>;
}

impl Data {
    /// A message that has this value in it, written by the codec `C`.
    ///
    /// # Errors
    /// The codec's own, for a value that it cannot express.
    pub fn encode<C: Encode<T>, T: ?Sized>(value: &T) -> Result<Self, C::Error> {
        C::encode(value)
    }

    /// The value in this message, read by the codec `C`.
    ///
    /// # Errors
    /// The codec's own, for a message that is no such value.
    pub fn decode<C: Decode<T>, T>(&self) -> Result<T, C::Error> {
        C::decode(self)
    }
}

/// Messages as they come, read into values of type `In` by the codec `C`.
///
/// A stream over any stream of [`Data`], or of what becomes that, such as a [`Message`](crate::Message). A message that cannot be
/// read is an `Err` item that has the message in it, and the stream goes on with the next one.
///
/// # Cancel safety
/// Nothing is kept here between two polls: it is as cancel safe as the stream beneath.
#[must_use = "streams do nothing unless they are polled"]
pub struct TypedReadable<S, In, C> {
    messages: S,
    codec: PhantomData<fn() -> (In, C)>,
}

/// Values of type `Out`, written into messages by the codec `C`.
///
/// A sink over any sink of [`Data`]. A value that cannot be written is an error of its
/// `start_send`, or of `send`; nothing of it reaches the sink beneath, which can still be used.
///
/// # Cancel safety
/// Nothing is kept here between two polls: it is as cancel safe as the sink beneath.
#[must_use = "sinks do nothing unless they are polled"]
pub struct TypedWritable<S, Out, C> {
    messages: S,
    codec: PhantomData<fn(Out) -> C>,
}

/// An established connection whose messages are values: see [`Opened::typed`].
pub struct TypedOpened<B: Flow, In, Out, C> {
    /// The values that come.
    pub readable: TypedReadable<Readable<B>, In, C>,
    /// Where values are sent.
    pub writable: TypedWritable<Writable<B>, Out, C>,
    /// The subprotocol the server selected; empty if there is none.
    pub protocol: String,
    /// The extensions the server selected; empty if there are none.
    pub extensions: String,
}

/// Why there is no value: the message cannot be read as one, or there is no message.
///
/// ```
/// use std::fmt::Display;
/// use ws_core::TypedReadError;
/// /// Passes over a message that cannot be read, and says so; gives up when there are no more.
/// fn go_on<C: Display, E>(error: TypedReadError<C, E>) -> Result<(), E> {
///     match error {
///         TypedReadError::Codec { error, data } => Ok(eprintln!("{} bytes are no value: {error}", data.len())),
///         TypedReadError::Socket(error) => Err(error),
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub enum TypedReadError<C, E> {
    /// A message was received that cannot be read as such a value. The next one may be fine.
    Codec {
        /// What the codec says.
        error: C,
        /// The message.
        data: Data,
    },
    /// The stream of messages has failed.
    Socket(E),
}

/// Why a value was not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypedWriteError<C, E> {
    /// The codec cannot express it, as it says. The socket is as it was.
    Codec(C),
    /// The sink of messages has failed.
    Socket(E),
}

impl<S, In, C> TypedReadable<S, In, C> {
    /// Reads the messages of this stream.
    pub const fn new(messages: S) -> Self {
        Self { messages, codec: PhantomData }
    }

    /// The stream beneath.
    pub const fn get_ref(&self) -> &S {
        &self.messages
    }

    /// The stream beneath. What is taken from it is not seen here.
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.messages
    }

    /// Gives the stream beneath back. Nothing of it is held here.
    pub fn into_inner(self) -> S {
        self.messages
    }
}

impl<S, In, C, D, E> TypedReadable<S, In, C>
where
    S: Stream<Item = Result<D, E>> + Unpin,
    D: Into<Data>,
    C: Decode<In>,
{
    /// Waits for the next value. `None` at the end.
    ///
    /// # Errors
    /// [`TypedReadError::Codec`] for a message that is no such value, and the next one may be asked for;
    /// [`TypedReadError::Socket`] when the stream beneath has failed.
    ///
    /// # Cancel safety
    /// That of the stream beneath: with a [`Readable`] no message is lost.
    pub async fn read(&mut self) -> Option<Result<In, TypedReadError<C::Error, E>>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl<S, In, C, D, E> Stream for TypedReadable<S, In, C>
where
    S: Stream<Item = Result<D, E>> + Unpin,
    D: Into<Data>,
    C: Decode<In>,
{
    type Item = Result<In, TypedReadError<C::Error, E>>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let messages = Pin::new(&mut self.get_mut().messages);
        messages.poll_next(context).map(|item| item.map(read::<In, C, _, _>))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.messages.size_hint()
    }
}

impl<S, In, C, D, E> FusedStream for TypedReadable<S, In, C>
where
    S: FusedStream<Item = Result<D, E>> + Unpin,
    D: Into<Data>,
    C: Decode<In>,
{
    fn is_terminated(&self) -> bool {
        self.messages.is_terminated()
    }
}

fn read<In, C: Decode<In>, D: Into<Data>, E>(item: Result<D, E>) -> Result<In, TypedReadError<C::Error, E>> {
    let data = item.map_err(TypedReadError::Socket)?.into();
    C::decode(&data).map_err(|error| TypedReadError::Codec { error, data })
}

impl<S, Out, C> TypedWritable<S, Out, C> {
    /// Writes values into messages for this sink.
    pub const fn new(messages: S) -> Self {
        Self { messages, codec: PhantomData }
    }

    /// The sink beneath.
    pub const fn get_ref(&self) -> &S {
        &self.messages
    }

    /// The sink beneath, also for messages that are not written by the codec.
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.messages
    }

    /// Gives the sink beneath back. Nothing of it is held here.
    pub fn into_inner(self) -> S {
        self.messages
    }
}

impl<B: Flow, Out, C: Encode<Out>> TypedWritable<Writable<B>, Out, C> {
    /// Waits until there is room, and sends a value.
    ///
    /// # Errors
    /// [`TypedWriteError::Codec`] for a value that the codec cannot express, and others may be sent after it;
    /// [`TypedWriteError::Socket`] as [`Writable::write`].
    ///
    /// # Cancel safety
    /// Dropped before it is ready, the value is not sent, no part of it.
    pub async fn write(&mut self, value: &Out) -> Result<(), TypedWriteError<C::Error, WebSocketError>> {
        let data = C::encode(value).map_err(TypedWriteError::Codec)?;
        self.messages.write(data).await.map_err(TypedWriteError::Socket)
    }

    /// Waits until everything that was written has been given to the network.
    ///
    /// # Errors
    /// As [`Writable::flush`].
    ///
    /// # Cancel safety
    /// Dropped, nothing is lost.
    pub async fn flush(&mut self) -> Result<(), TypedWriteError<C::Error, WebSocketError>> {
        self.messages.flush().await.map_err(TypedWriteError::Socket)
    }
}

impl<S, Out, C> Sink<Out> for TypedWritable<S, Out, C>
where
    S: Sink<Data> + Unpin,
    C: Encode<Out>,
{
    type Error = TypedWriteError<C::Error, S::Error>;

    fn poll_ready(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.beneath().poll_ready(context).map_err(TypedWriteError::Socket)
    }

    fn start_send(self: Pin<&mut Self>, value: Out) -> Result<(), Self::Error> {
        let data = C::encode(&value).map_err(TypedWriteError::Codec)?;
        self.beneath().start_send(data).map_err(TypedWriteError::Socket)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.beneath().poll_flush(context).map_err(TypedWriteError::Socket)
    }

    fn poll_close(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.beneath().poll_close(context).map_err(TypedWriteError::Socket)
    }
}

impl<S: Unpin, Out, C> TypedWritable<S, Out, C> {
    fn beneath(self: Pin<&mut Self>) -> Pin<&mut S> {
        Pin::new(&mut self.get_mut().messages)
    }
}

impl<B: Flow> Opened<B> {
    /// Has the codec `C` read all messages into values of type `In`, and write values of type `Out` into messages.
    ///
    /// ```
    /// # use ws_core::{Data, Decode, Encode};
    /// # enum Decimal {}
    /// # impl Encode<u32> for Decimal {
    /// #     type Error = std::convert::Infallible;
    /// #     fn encode(value: &u32) -> Result<Data, Self::Error> { Ok(value.to_string().into()) }
    /// # }
    /// # impl Decode<u32> for Decimal {
    /// #     type Error = std::num::ParseIntError;
    /// #     fn decode(data: &Data) -> Result<u32, Self::Error> { data.as_text().unwrap_or_default().parse() }
    /// # }
    /// # async fn program<B: ws_core::Flow>(stream: ws_core::WebSocketStream<B>) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut numbers = stream.opened().await?.typed::<u32, u32, Decimal>();
    /// numbers.writable.write(&7).await?;
    /// while let Some(number) = numbers.readable.read().await {
    ///     println!("{}", number?);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn typed<In, Out, C>(self) -> TypedOpened<B, In, Out, C> {
        let Self { readable, writable, protocol, extensions } = self;
        TypedOpened { readable: readable.typed(), writable: writable.typed(), protocol, extensions }
    }
}

impl<B: Flow> Readable<B> {
    /// Has the codec `C` read all messages into values of type `In`.
    pub fn typed<In, C>(self) -> TypedReadable<Self, In, C> {
        TypedReadable::new(self)
    }
}

impl<B: Flow> Writable<B> {
    /// Has the codec `C` write values of type `Out` into messages.
    pub fn typed<Out, C>(self) -> TypedWritable<Self, Out, C> {
        TypedWritable::new(self)
    }
}

impl<B: Flow, In, Out, C> fmt::Debug for TypedOpened<B, In, Out, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedOpened").field("protocol", &self.protocol).finish_non_exhaustive()
    }
}

impl<S: fmt::Debug, In, C> fmt::Debug for TypedReadable<S, In, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedReadable").field("messages", &self.messages).finish_non_exhaustive()
    }
}

impl<S: fmt::Debug, Out, C> fmt::Debug for TypedWritable<S, Out, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedWritable").field("messages", &self.messages).finish_non_exhaustive()
    }
}

impl<C: fmt::Display, E: fmt::Display> fmt::Display for TypedReadError<C, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Codec { error, .. } => write!(f, "a message cannot be read: {error}"),
            Self::Socket(error) => error.fmt(f),
        }
    }
}

impl<C: fmt::Display, E: fmt::Display> fmt::Display for TypedWriteError<C, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Codec(error) => write!(f, "a value cannot be sent: {error}"),
            Self::Socket(error) => error.fmt(f),
        }
    }
}

impl<C: error::Error + 'static, E: error::Error + 'static> error::Error for TypedReadError<C, E> {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Codec { error, .. } => Some(error),
            Self::Socket(error) => error.source(),
        }
    }
}

impl<C: error::Error + 'static, E: error::Error + 'static> error::Error for TypedWriteError<C, E> {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Codec(error) => Some(error),
            Self::Socket(error) => error.source(),
        }
    }
}
