//! The [WHATWG WebSocket interface](https://websockets.spec.whatwg.org/) as a Rust type, without a socket.
//!
//! Three layers, each usable without the one above it:
//!
//! - **nouns of the standard**: [`ReadyState`], [`CloseCode`], [`Close`], [`Data`], [`Event`], [`Error`], and the
//!   constructor's steps in [`url`] and [`subprotocol`], conversions for JavaScript engines in [`webidl`];
//! - [`Model`]: the interface's one state machine. It holds the ready state, the task queue and `bufferedAmount`,
//!   and performs no I/O; an implementation of RFC 6455 or an embedder of a JavaScript engine drives it;
//! - [`WebSocket`]: the interface itself, over any [`Backend`], with its handlers and listeners; and [`WebSocketStream`],
//!   the same connection as two streams with back-pressure, over any backend that has [`Flow`]; and
//!   [`ReconnectingWebSocket`], the interface over one connection after the other, over any that has [`Reconnect`].
//!
//! The crate is `no_std` with `alloc`, has no clock, no randomness, no JavaScript and no opcode in it.
//! Programs use it through the facade crate `isosocket`, which picks the backend.
#![forbid(unsafe_code)]
#![no_std]

extern crate alloc;

mod backend;
mod blob;
mod close;
mod close_code;
mod counted;
mod data;
mod error;
mod event;
mod failure;
mod flow;
mod handlers;
mod maybe_send;
mod message;
mod model;
#[cfg(feature = "serde")]
mod nesting;
mod ready_state;
mod reconnect;
#[cfg(feature = "send")]
mod send_handle;
mod stream;
pub mod subprotocol;
mod typed;
pub mod url;
mod waiters;
pub mod webidl;
mod websocket;

pub use backend::{Backend, EventTarget};
pub use blob::{Blob, BlobError, BlobFuture, HostBlob};
pub use close::Close;
pub use close_code::CloseCode;
pub use data::{BinaryType, Data, Text};
pub use error::{Error, SyntaxError};
pub use event::{CloseEvent, Event, EventKind, MessageEvent};
pub use failure::{Failure, FailureKind};
pub use flow::{Drained, Flow};
pub use handlers::ListenerId;
pub use maybe_send::{MaybeSend, MaybeSync};
pub use message::Message;
pub use model::{Closing, Feedback, Model, Sending, Task};
/// For codecs of this project, which read what is a peer's.
#[cfg(feature = "serde")]
#[doc(hidden)]
pub use nesting::Bounded;
pub use ready_state::ReadyState;
pub use reconnect::{
    Attempt, BackOff, Call, Host, KeepAlive, Reconnect, ReconnectConfig, ReconnectingBuilder, ReconnectingEvent,
    ReconnectingWebSocket, WakeCall,
};
#[cfg(feature = "send")]
pub use send_handle::{SendHandle, SendHandleConfig, TrySendError};
pub use stream::{Opened, Overflow, Readable, StreamBuilder, WebSocketError, WebSocketStream, Writable};
pub use typed::{Decode, Encode, TypedOpened, TypedReadError, TypedReadable, TypedWritable, TypedWriteError};
/// For backends of this project, whose futures have something to wait for.
#[doc(hidden)]
pub use waiters::{Place, Waiters};
pub use websocket::{Builder, WebSocket};
