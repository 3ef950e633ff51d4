//! A WebSocket that connects again: the interface of the standard over one connection after the other.

use alloc::{boxed::Box, string::String};
use core::{fmt, mem, time::Duration};

use spin::MutexGuard;

use crate::{
    BinaryType, Builder, Close, CloseCode, CloseEvent, Data, Error, Failure, MaybeSend, MaybeSync, ReadyState,
    WebSocket, counted::Counted,
};

mod attempt;
mod back_off;
mod builder;
mod config;
mod course;
mod events;
mod given_up;
mod host;
mod inner;
mod liveness;
mod outbox;
mod phase;
mod sending;
mod stall;
mod turns;

use inner::{Inner, Source};
use phase::{Cause, Open, Outlet, Phase, State, drop_unlocked};

pub use attempt::Attempt;
pub use back_off::BackOff;
pub use builder::ReconnectingBuilder;
pub use config::{KeepAlive, ReconnectConfig};
pub use events::ReconnectingEvent;
pub use host::{Call, Host, Reconnect, WakeCall};

/// A WebSocket that connects again when its connection ends, as its [`ReconnectConfig`] says.
///
/// It has the attributes, methods and events of [`WebSocket`](crate::WebSocket), and
///
/// - `open`, `error` and `close` are fired for each connection, and `error` and `close` for each
///   that could not be made. In a handler of `close` the state is CONNECTING if there is to be
///   another, and CLOSED if not; in one of `error` it is CONNECTING, or CLOSING;
/// - `reconnecting` is fired after a `close` that another connection will follow, with the delay
///   until then;
/// - [`send`](Self::send) works in each state except CLOSING and CLOSED, and before the first
///   connection: without one a message waits for the next, and is refused if too much waits. What a
///   handler of `open` sends itself goes before what has waited. A message that was given to a
///   connection which then ends is not sent again: whether the peer has it is not known;
/// - [`close`](Self::close) is final, in each state. If there is no connection then, it is followed
///   by another `close` event, with 1006, to say that there will be none;
/// - [`reconnect`](Self::reconnect) begins anew, in each state. A connection that is not open yet,
///   or a delay, ends without an event.
///
/// The type is a handle: clones name the same socket. When the last one is dropped, the connection
/// is closed after what was sent, and no other is made. What waits then goes out as far as the
/// connection has room for it, and the rest is lost: natively what would make more than
/// `max_send_queue` wait for the network, in browsers nothing. A handler is given the socket and
/// need not capture it; one that captures a clone keeps it for ever. One that panics stops nothing
/// natively; in a browser, where no panic can be caught, the handlers after it are not called for
/// that event, and the one that has panicked is never called again.
///
/// ```
/// # fn program<B: ws_core::Reconnect>() -> Result<(), ws_core::Error> {
/// use ws_core::ReconnectingWebSocket;
/// let socket = ReconnectingWebSocket::<B>::builder("wss://example.org/feed").connect_with(|socket| {
///     socket.set_onopen(|socket| socket.send("subscribe").unwrap_or_else(|error| eprintln!("{error}")));
///     socket.set_onmessage(|_, event| println!("{:?}", event.data));
///     socket.set_onreconnecting(|_, event| println!("attempt {} in {:?}", event.attempt, event.delay));
/// })?;
/// socket.send("goes out when there is a connection")?;
/// # Ok(()) }
/// ```
#[must_use = "the connection is given up when its last handle is dropped"]
pub struct ReconnectingWebSocket<B: Reconnect>(Counted<Inner<B>>);

impl<B: Reconnect> ReconnectingWebSocket<B> {
    /// Makes a socket and starts to connect, and to connect again to the same URL.
    ///
    /// # Errors
    /// As those of [`WebSocket::new`](crate::WebSocket::new), which concern each connection alike, and [`Error::Host`].
    pub fn new(url: &str) -> Result<Self, Error> {
        Self::builder(url).connect()
    }

    /// Begins to describe a socket all of whose connections are made alike: to a URL, or as a [`Builder`] says.
    ///
    /// ```
    /// # fn program<B: ws_core::Reconnect>() {
    /// use ws_core::{ReconnectingWebSocket, WebSocket};
    /// let by_url = ReconnectingWebSocket::<B>::builder("wss://example.org/");
    /// let chat = WebSocket::<B>::builder("wss://example.org/").protocols(["chat"]);
    /// let by_builder = ReconnectingWebSocket::<B>::builder(chat);
    /// # }
    /// ```
    pub fn builder(to: impl Into<Builder<B>>) -> ReconnectingBuilder<B> {
        let to = to.into();
        ReconnectingBuilder::new(Source::Fixed(Box::new(move || to.clone())))
    }

    /// Begins to describe a socket whose program says each time what to connect to: see [`Attempt`].
    pub fn builder_with(ask: impl Fn(Attempt<B>) + MaybeSend + MaybeSync + 'static) -> ReconnectingBuilder<B> {
        ReconnectingBuilder::new(Source::Asked(Box::new(ask)))
    }

    /// The URL of the connection, or of the last one; empty before there was one.
    pub fn url(&self) -> String {
        self.ask_socket(|socket| socket.url())
    }

    /// CONNECTING until a connection is open, also while one is waited for. CLOSED if there is to be none.
    pub fn ready_state(&self) -> ReadyState {
        self.0.state.lock().ready_state()
    }

    /// The bytes of what was given to [`send`](Self::send) and not yet to the network, be it for
    /// lack of a connection. What was lost with a connection that has ended does not count; what
    /// was thrown away because there will be no further connection does, until
    /// [`reconnect`](Self::reconnect).
    pub fn buffered_amount(&self) -> u64 {
        let (waiting, socket) = {
            let state = self.0.state.lock();
            let waiting = state.discarded.saturating_add(state.outbox.bytes()).saturating_add(state.taken);
            (waiting, state.socket().map(|socket| (socket.clone(), state.requeued)))
        };
        let buffered = socket.map_or(0, |(socket, requeued)| socket.buffered_amount().saturating_sub(requeued));
        waiting.saturating_add(buffered)
    }

    /// The extensions of the connection, or of the last one.
    pub fn extensions(&self) -> String {
        self.ask_socket(|socket| socket.extensions())
    }

    /// The subprotocol of the connection, or of the last one.
    pub fn protocol(&self) -> String {
        self.ask_socket(|socket| socket.protocol())
    }

    /// How binary messages are handed over.
    pub fn binary_type(&self) -> BinaryType {
        self.0.state.lock().binary_type
    }

    /// Sets how binary messages are handed over, by this connection and all that follow.
    pub fn set_binary_type(&self, binary_type: BinaryType) {
        self.0.state.lock().binary_type = binary_type;
        if let Some(socket) = self.socket() {
            socket.set_binary_type(binary_type);
        }
    }

    /// How many retries were begun since a connection last lasted, with the one that is waited for. One that is made at once, for a
    /// sign of the host's that it is worth it, does not count.
    pub fn retry_count(&self) -> u32 {
        let state = self.0.state.lock();
        if state.has_lasted(self.0.host.now(), self.0.config.min_uptime) {
            return 0;
        }
        let is_waiting = matches!(state.phase, Phase::Waiting { cause: Cause::Retry, .. });
        state.back_off.count().saturating_add(u32::from(is_waiting))
    }

    /// Why the newest connection that has failed did so, until another is open. Browsers do not
    /// tell, but what this side has given up is known there, too: a connection that took too long
    /// to be made, a peer that says nothing.
    ///
    /// For the program that runs the socket, as [`WebSocket::failure`](crate::WebSocket::failure) is.
    pub fn failure(&self) -> Option<Failure> {
        self.0.state.lock().failure.clone()
    }

    /// Sends a message, or has it wait for a connection.
    ///
    /// [`ReconnectConfig::max_enqueued_bytes`] bounds what waits for a connection, and not what an open
    /// one has taken and the network not yet. That is bounded natively by `max_send_queue`, 256 MiB,
    /// beyond which the connection fails, and what it has taken is lost; in browsers by nothing. A
    /// program that may send more than its peer takes looks at
    /// [`buffered_amount`](Self::buffered_amount) first.
    ///
    /// # Errors
    /// [`Error::QuotaExceeded`] if too much waits for a connection; in state OPEN, too, as long as
    /// what has waited still goes out: what is sent meanwhile waits behind it. [`Error::Discarded`]
    /// when it is closed, or the program has closed it; and for a message that by itself is more
    /// than may wait for the network, which ends this connection, as it does a
    /// [`WebSocket`](crate::WebSocket)'s. A message that waited, and turns out to be too large only
    /// when its turn comes, is lost with its connection.
    pub fn send(&self, data: impl Into<Data>) -> Result<(), Error> {
        self.transmit(data.into())
    }

    /// Closes it for good: what waits for a connection is thrown away, and none is made any more, unless the program
    /// [begins anew](Self::reconnect). As [`WebSocket::close`](crate::WebSocket::close) for the connection that there is.
    ///
    /// If that connection is still sending what has waited, it is closed after the last of it. This
    /// goes on as long as the peer takes something: when it has taken nothing for 10 s, the rest is
    /// thrown away.
    pub fn close(&self) {
        self.close_for_good(None);
    }

    /// As [`close`](Self::close), with a code and a reason for the peer.
    ///
    /// # Errors
    /// As those of [`WebSocket::close_with`](crate::WebSocket::close_with), in every state.
    pub fn close_with(&self, code: impl Into<CloseCode>, reason: &str) -> Result<(), Error> {
        self.close_for_good(Close::new(Some(code.into()), Some(reason))?);
        Ok(())
    }

    /// Drops the connection, if there is one, with code 1000, and makes another at once, in each state. Retries are counted anew; what
    /// waits for a connection waits for that one.
    ///
    /// The `close` event of a connection that was open has this code, is not clean, and comes in a task of its own.
    pub fn reconnect(&self) {
        self.begin_anew(Close::normal());
    }

    /// As [`reconnect`](Self::reconnect), with a code and a reason for the peer.
    ///
    /// # Errors
    /// As those of [`WebSocket::close_with`](crate::WebSocket::close_with), in every state.
    pub fn reconnect_with(&self, code: impl Into<CloseCode>, reason: &str) -> Result<(), Error> {
        self.begin_anew(Close::new(Some(code.into()), Some(reason))?.unwrap_or_else(Close::normal));
        Ok(())
    }

    /// `close()`, whose arguments are valid.
    fn close_for_good(&self, close: Option<Close>) {
        let mut state = self.0.state.lock();
        let (socket, id) = (state.socket().cloned(), state.number());
        let next = match &mut state.phase {
            Phase::Open(Open { farewell: Some(_), .. })
            | Phase::Closing { .. }
            | Phase::Cancelled { .. }
            | Phase::Closed => return,
            Phase::Idle => Phase::Closed,
            Phase::Open(open) if !matches!(open.outlet, Outlet::Socket) => {
                open.farewell = Some(close);
                // The peer is not asked any more: what counts now is whether it takes what waits.
                let liveness = open.liveness.take();
                self.close_behind_waiting(state, id);
                return drop(liveness);
            }
            Phase::Open(Open { socket, .. }) | Phase::Connecting { socket: Some(socket), .. } => {
                Phase::Closing { socket: socket.clone() }
            }
            // The end that is being told is the last.
            Phase::Ending { event, was_asked, .. } => {
                let (event, was_asked) = (event.clone(), *was_asked);
                Phase::Ending { event, was_asked, is_last: true, alarm: self.alarm(id, Duration::ZERO) }
            }
            Phase::Connecting { socket: None, .. } | Phase::Waiting { .. } => {
                let event = match &mut state.phase {
                    Phase::Waiting { cause: Cause::Program(event), .. } => event.take(),
                    _ => None,
                };
                state.connection = state.number();
                Phase::Cancelled { alarm: self.alarm(id, Duration::ZERO), event }
            }
        };
        drop_unlocked((self.enter(&mut state, next), state.discard()), state);
        if let Some(socket) = socket {
            socket.backend().close(close);
        }
    }

    /// The program has closed the connection, which ends when what was sent before has gone out.
    fn close_behind_waiting(&self, mut state: MutexGuard<'_, State<B>>, id: u64) {
        let connection = state.connection;
        let Some(Open { outlet, .. }) = state.open(connection) else { return };
        match outlet {
            // That goes out now if a handler of `open` closes, and otherwise when the handlers have returned.
            Outlet::Greeting { .. } => {
                let is_here = self.leads_out(outlet);
                drop(state);
                if is_here {
                    self.send_waiting(connection);
                }
            }
            // From now on the peer has its time to take something.
            Outlet::Draining { .. } => {
                let soon = Outlet::Draining { alarm: self.alarm(id, Duration::ZERO), stall: None };
                drop_unlocked(mem::replace(outlet, soon), state);
            }
            // The end that is about to be told is the last.
            Outlet::Refused { .. } | Outlet::Socket => {}
        }
    }

    /// `reconnect()`, whose arguments are valid.
    fn begin_anew(&self, close: Close) {
        // It may open, and another thread be told of it, before the state is locked.
        let is_closing = self.socket().is_some_and(|socket| socket.ready_state() >= ReadyState::Closing);
        let mut state = self.0.state.lock();
        let socket = state.socket().cloned();
        let event = match &mut state.phase {
            Phase::Open(Open { farewell: None, .. }) if !is_closing => {
                Some(CloseEvent::new(false, close.code(), close.reason().into()))
            }
            Phase::Open(_) | Phase::Closing { .. } => Some(CloseEvent::abnormal()),
            Phase::Cancelled { event, .. } | Phase::Waiting { cause: Cause::Program(event), .. } => event.take(),
            Phase::Ending { event, .. } => Some(event.clone()),
            Phase::Idle | Phase::Connecting { .. } | Phase::Waiting { .. } | Phase::Closed => None,
        };
        let id = state.number();
        // After `close()` messages may still have waited for their turn.
        let discarded = (!state.takes_messages()).then(|| state.discard());
        let before = self.wait(&mut state, id, Duration::ZERO, Cause::Program(event));
        state.connection = id;
        state.back_off.reset();
        state.discarded = 0;
        drop_unlocked((before, discarded), state);
        if let Some(socket) = socket {
            socket.backend().close(Some(close));
        }
    }

    /// An attribute of the connection, or of the last one.
    fn ask_socket(&self, ask: impl FnOnce(&WebSocket<B>) -> String) -> String {
        let socket = {
            let state = self.0.state.lock();
            state.socket().or(state.last_socket.as_ref().map(|(_, socket)| socket)).cloned()
        };
        socket.as_ref().map(ask).unwrap_or_default()
    }
}

impl<B: Reconnect> Clone for ReconnectingWebSocket<B> {
    fn clone(&self) -> Self {
        Self(Counted::clone(&self.0))
    }
}

impl<B: Reconnect> PartialEq for ReconnectingWebSocket<B> {
    fn eq(&self, other: &Self) -> bool {
        Counted::ptr_eq(&self.0, &other.0)
    }
}

impl<B: Reconnect> Eq for ReconnectingWebSocket<B> {}

/// Leaves the URL out, which may have a password in it.
impl<B: Reconnect> fmt::Debug for ReconnectingWebSocket<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReconnectingWebSocket").field("ready_state", &self.ready_state()).finish_non_exhaustive()
    }
}
