//! The backend of the asynchronous face: the browser's own WebSocketStream if it has one, otherwise
//! its WebSocket.

use std::fmt;

use ws_core::{Backend, BinaryType, Close, Data, Drained, Error, EventTarget, Failure, Flow, ReadyState};

use crate::Browser;

mod outbox;
mod own_stream;
mod patience;
mod sys;

use own_stream::OwnStream;

/// What a `ws_core::WebSocketStream` is made of in a page or worker.
///
/// Over the browser's own WebSocketStream a slow reader holds the peer up. Over a WebSocket, in
/// browsers that have nothing better, that is not possible; see
/// [`StreamBuilder::inbound_limit`](ws_core::StreamBuilder::inbound_limit).
///
/// ```
/// # #[cfg(target_arch = "wasm32")]
/// async fn echo() -> Result<(), ws_core::WebSocketError> {
///     let stream = ws_core::WebSocketStream::<ws_wasm::BrowserStream>::new("/echo")?;
///     println!("the peer can be held up: {}", stream.backend().has_back_pressure());
///     let mut opened = stream.opened().await?;
///     opened.writable.write("hello").await?;
///     println!("{:?}", opened.readable.read().await);
///     Ok(())
/// }
/// ```
#[derive(Debug)]
pub struct BrowserStream(Carrier);

/// What the browser has for it.
enum Carrier {
    Stream(OwnStream),
    Socket(Browser),
}

impl BrowserStream {
    /// Whether the browser has a WebSocketStream of its own, so that a slow reader holds the peer up.
    pub fn has_back_pressure(&self) -> bool {
        matches!(self.0, Carrier::Stream(_))
    }
}

impl Backend for BrowserStream {
    /// A browser has no settings beyond the standard's.
    type Options = ();

    fn open(url: &str, protocols: &[String], (): ()) -> Result<Self, Error> {
        let carrier = if OwnStream::is_there() {
            Carrier::Stream(OwnStream::open(url, protocols)?)
        } else {
            Carrier::Socket(Browser::open(url, protocols, ())?)
        };
        Ok(Self(carrier))
    }

    fn establish(&self, target: EventTarget<Self>) {
        match &self.0 {
            Carrier::Stream(stream) => stream.establish(target),
            Carrier::Socket(socket) => socket.listen(target),
        }
    }

    fn url(&self) -> String {
        match &self.0 {
            Carrier::Stream(stream) => stream.url(),
            Carrier::Socket(socket) => socket.url(),
        }
    }

    fn ready_state(&self) -> ReadyState {
        match &self.0 {
            Carrier::Stream(stream) => stream.ready_state(),
            Carrier::Socket(socket) => socket.ready_state(),
        }
    }

    fn buffered_amount(&self) -> u64 {
        match &self.0 {
            Carrier::Stream(stream) => stream.buffered_amount(),
            Carrier::Socket(socket) => socket.buffered_amount(),
        }
    }

    fn extensions(&self) -> String {
        match &self.0 {
            Carrier::Stream(stream) => stream.selected("extensions"),
            Carrier::Socket(socket) => socket.extensions(),
        }
    }

    fn protocol(&self) -> String {
        match &self.0 {
            Carrier::Stream(stream) => stream.selected("protocol"),
            Carrier::Socket(socket) => socket.protocol(),
        }
    }

    /// A WebSocketStream has only this one: "a new Uint8Array object".
    fn binary_type(&self) -> BinaryType {
        match &self.0 {
            Carrier::Stream(_) => BinaryType::ArrayBuffer,
            Carrier::Socket(socket) => socket.binary_type(),
        }
    }

    fn set_binary_type(&self, binary_type: BinaryType) {
        if let Carrier::Socket(socket) = &self.0 {
            socket.set_binary_type(binary_type);
        }
    }

    fn send(&self, data: Data) -> Result<(), Error> {
        match &self.0 {
            Carrier::Stream(stream) => stream.send(data),
            Carrier::Socket(socket) => socket.send(data),
        }
    }

    fn close(&self, close: Option<Close>) {
        match &self.0 {
            Carrier::Stream(stream) => stream.close(close),
            Carrier::Socket(socket) => socket.close(close),
        }
    }

    fn abandon(&self) {
        match &self.0 {
            Carrier::Stream(stream) => stream.close(None),
            Carrier::Socket(socket) => socket.abandon(),
        }
    }

    /// Always `None`: browsers tell nobody.
    fn failure(&self) -> Option<Failure> {
        None
    }
}

impl Flow for BrowserStream {
    fn hold_back(&self, held: bool) -> bool {
        match &self.0 {
            Carrier::Stream(stream) => {
                stream.hold_back(held);
                true
            }
            Carrier::Socket(socket) => socket.hold_back(held),
        }
    }

    fn drained(&self, left: u64) -> Drained {
        match &self.0 {
            Carrier::Stream(stream) => stream.drained(left),
            Carrier::Socket(socket) => socket.drained(left),
        }
    }

    fn high_water_mark(&self) -> u64 {
        match &self.0 {
            // Promises tell at once, and using more memory at a time costs more than it gains.
            Carrier::Stream(_) => 1 << 20,
            Carrier::Socket(socket) => socket.high_water_mark(),
        }
    }

    fn read_ahead(&self) -> u64 {
        match &self.0 {
            // Deviation of Chromium: up to 128 KiB that nobody has read when the peer closes are
            // thrown away. So as much is read ahead as waits in other browsers.
            Carrier::Stream(_) => 16 << 20,
            Carrier::Socket(socket) => socket.read_ahead(),
        }
    }
}

impl fmt::Debug for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stream(stream) => stream.fmt(f),
            Self::Socket(socket) => socket.fmt(f),
        }
    }
}
