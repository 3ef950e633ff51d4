//! One WebSocket, the same inside the browser and outside of it.
//!
//! [`WebSocket`] is the [WHATWG interface](https://websockets.spec.whatwg.org/) as a Rust type. In a browser, compiled to
//! WebAssembly, it is the browser's own socket; everywhere else it is an implementation of RFC 6455 over tokio. The
//! program below is the same for both:
//!
//! ```no_run
//! use isosocket::WebSocket;
//!
//! # fn main() -> Result<(), isosocket::Error> {
//! let socket = WebSocket::builder("ws://127.0.0.1:8080/echo").connect_with(|socket| {
//!     socket.set_onopen(|socket| socket.send("hello").unwrap_or_else(|error| eprintln!("{error}")));
//!     socket.set_onmessage(|socket, event| {
//!         assert_eq!(event.data.as_text(), Some("hello"));
//!         socket.close();
//!     });
//!     socket.set_onclose(|_, event| println!("closed with {}, clean: {}", event.code, event.was_clean));
//! })?;
//! # Ok(()) }
//! ```
//!
//! [`WebSocketStream`] is the same connection for `async` code: two streams, with back-pressure both ways.
//!
//! ```no_run
//! use isosocket::{Opened, WebSocketStream};
//!
//! # async fn program() -> Result<(), isosocket::WebSocketError> {
//! let stream = WebSocketStream::new("ws://127.0.0.1:8080/echo")?;
//! let Opened { mut readable, mut writable, .. } = stream.opened().await?;
//! writable.write("hello").await?;
//! while let Some(message) = readable.read().await {
//!     println!("{:?}", message?);
//!     stream.close();
//! }
//! # Ok(()) }
//! ```
//!
//! [`ReconnectingWebSocket`] connects again when a connection ends; what is sent meanwhile waits for the next one.
//!
//! ```no_run
//! use isosocket::ReconnectingWebSocket;
//!
//! # fn main() -> Result<(), isosocket::Error> {
//! let socket = ReconnectingWebSocket::builder("ws://127.0.0.1:8080/echo").connect_with(|socket| {
//!     socket.set_onmessage(|_, event| println!("{:?}", event.data));
//! })?;
//! socket.send("goes out as soon as there is a connection")?;
//! # Ok(()) }
//! ```
//!
//! # Features
//!
//! None is on by default.
//!
//! | feature | where | what it brings |
//! |---|---|---|
//! | `json` | both | the codec `Json` for [typed messages](ws_core::Opened::typed), by serde_json |
//! | `msgpack` | both | the codec `MessagePack` for the same, by rmp-serde |
//! | `js-values` | both | the codec `JsValues` for the same, which is JSON by the browser's own parser |
//! | `send` | both | `SendHandle`, a handle to a stream that can be cloned and sends by `&self`; other threads can have it, in browsers, too |
//! | `yew` | both | the module `yew`, with `use_websocket` for function components |
//! | `leptos` | both | the module `leptos`, with `use_websocket` for signals |
//! | `http2` | natively | `native::Http2`: sockets to one server share a connection of HTTP/2, for `wss`, where the server can do that |
//! | `webpki-roots` | natively | `native::Roots::Bundled`: Mozilla's roots, compiled in, for where the platform has none |
//! | `cli` | natively | nothing for the library: the command line program `isosocket` |
//!
//! `http2` and `webpki-roots` change nothing by themselves: a program that wants them says so in
//! its [`ConnectOptions`], with types of `isosocket::native`. That is the crate `ws-native`, and
//! needs no feature; nor do TLS, proxies, cookies and compression.
//!
//! ```no_run
//! # #[cfg(all(feature = "http2", feature = "webpki-roots", not(target_arch = "wasm32")))]
//! # fn program() -> Result<(), Box<dyn std::error::Error>> {
//! use isosocket::native::{Http2, Roots, Tls, TlsOptions};
//! use isosocket::{ConnectOptions, WebSocket};
//!
//! let mut tls = TlsOptions::default();
//! tls.roots = Roots::Bundled;
//! let mut options = ConnectOptions::default();
//! options.tls = Some(Tls::new(tls)?);
//! options.http2 = Some(Http2::default());
//! let socket = WebSocket::builder("wss://example.org/echo").options(options).connect()?;
//! # drop(socket);
//! # Ok(()) }
//! ```
//!
//! # Crates
//!
//! The crates underneath are `ws-core` (the interface, without a socket), `ws-native` (RFC 6455, also as an I/O-free
//! engine for those who embed a JavaScript engine) and `ws-wasm` (the browser). Programs that run on one target alone,
//! servers above all, use those directly.
#![forbid(unsafe_code)]

#[cfg(any(feature = "json", feature = "msgpack", feature = "js-values"))]
pub mod codec;
#[cfg(any(feature = "leptos", feature = "yew"))]
mod component;
#[cfg(feature = "leptos")]
pub mod leptos;
#[cfg(feature = "yew")]
pub mod yew;

#[cfg(not(target_arch = "wasm32"))]
use ws_native::{Native as Platform, Native as StreamPlatform};
#[cfg(target_arch = "wasm32")]
use ws_wasm::{Browser as Platform, BrowserStream as StreamPlatform};

#[cfg(feature = "js-values")]
pub use codec::JsValues;
#[cfg(feature = "json")]
pub use codec::Json;
#[cfg(feature = "msgpack")]
pub use codec::MessagePack;
pub use ws_core::{
    BackOff, BinaryType, Blob, BlobError, CloseCode, CloseEvent, Data, Decode, Encode, Error, Event, EventKind,
    Failure, FailureKind, KeepAlive, ListenerId, MaybeSend, MaybeSync, Message, MessageEvent, Overflow, ReadyState,
    ReconnectConfig, ReconnectingEvent, SyntaxError, Text, TypedReadError, TypedReadable, TypedWritable,
    TypedWriteError, WebSocketError,
};
#[cfg(feature = "send")]
pub use ws_core::{SendHandle, SendHandleConfig, TrySendError};
/// What there is only natively: the types of [`ConnectOptions`]' fields, and the rest of the crate
/// `ws-native`.
#[cfg(not(target_arch = "wasm32"))]
#[doc(no_inline)]
pub use ws_native as native;
/// What only browsers have: a `Blob` or `File` of the page, to be sent as it is.
#[cfg(target_arch = "wasm32")]
#[doc(no_inline)]
pub use ws_wasm::JsBlob;

/// A WebSocket: the browser's own in WebAssembly, RFC 6455 over TCP elsewhere.
pub type WebSocket = ws_core::WebSocket<Platform>;

/// A socket about to be made; see [`WebSocket::builder`].
pub type Builder = ws_core::Builder<Platform>;

/// A WebSocket that connects again when its connection ends.
pub type ReconnectingWebSocket = ws_core::ReconnectingWebSocket<Platform>;

/// A socket that connects again, about to be made; see [`ReconnectingWebSocket::builder`].
pub type ReconnectingBuilder = ws_core::ReconnectingBuilder<Platform>;

/// A connection that the program is asked for; see [`ReconnectingWebSocket::builder_with`].
pub type Attempt = ws_core::Attempt<Platform>;

/// A WebSocket as two streams with back-pressure.
pub type WebSocketStream = ws_core::WebSocketStream<StreamPlatform>;

/// A stream about to be made; see [`WebSocketStream::builder`].
pub type StreamBuilder = ws_core::StreamBuilder<StreamPlatform>;

/// The two halves of an established stream; see [`WebSocketStream::opened`].
pub type Opened = ws_core::Opened<StreamPlatform>;

/// The half of a stream that messages come from.
pub type Readable = ws_core::Readable<StreamPlatform>;

/// The half of a stream that sends messages.
pub type Writable = ws_core::Writable<StreamPlatform>;

/// An established stream whose messages are values; see [`Opened::typed`].
pub type TypedOpened<In, Out, C> = ws_core::TypedOpened<StreamPlatform, In, Out, C>;

/// What can be set beyond the standard's arguments. This depends on the platform: nothing in
/// browsers, and natively what `isosocket::native` has the types for.
pub type ConnectOptions = <Platform as ws_core::Backend>::Options;

/// The programs of the README.
#[cfg(all(doctest, not(target_arch = "wasm32")))]
#[doc = include_str!("../README.md")]
struct Readme;

/// The programs of the README of `ws-wasm`, which are the same for both targets.
#[cfg(all(doctest, feature = "json", not(target_arch = "wasm32")))]
#[doc = include_str!("../ws-wasm/README.md")]
struct WasmReadme;
