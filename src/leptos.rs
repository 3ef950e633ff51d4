//! A WebSocket as signals of [Leptos](https://leptos.dev), with the feature `leptos`.
//!
//! [`use_websocket`] opens the socket when the component is on the page and closes it when the component goes, also one
//! that is still connecting. State, messages and the close event are signals.
//!
//! ```
//! use isosocket::ReadyState;
//! use isosocket::leptos::use_websocket;
//! use leptos::prelude::*;
//!
//! #[component]
//! fn Greeting() -> impl IntoView {
//!     let socket = use_websocket("wss://example.org/echo");
//!     let answer = move || socket.last_message().and_then(|event| event.data.as_text().map(str::to_owned));
//!     view! {
//!         <button
//!             on:click=move |_| drop(socket.send("hello"))
//!             disabled=move || socket.ready_state.get() != ReadyState::Open
//!         >
//!             "Greet"
//!         </button>
//!         <p>{answer}</p>
//!     }
//! }
//! ```
//!
//! A connection that is closed stays closed. To connect again, change the URL's signal or show the
//! component anew; or use a socket that does so by itself, with
//! [`UseWebSocketOptions::reconnecting`], if need be to another URL each time.
//!
//! Import names from here, as the example does: after `use isosocket::*` the name `leptos` would be
//! this module's and the framework's.
//!
//! On a server (the feature `ssr` of Leptos) nothing is connected: the state is [`ReadyState::Connecting`], as it is in the
//! page that takes over from there.

use std::collections::VecDeque;
use std::{fmt, mem};

use ::leptos::prelude::*;
use ::leptos::reactive::diagnostics::SpecialNonReactiveZone;
#[cfg(target_arch = "wasm32")]
use ::leptos::reactive::owner::LocalStorage;
#[cfg(not(target_arch = "wasm32"))]
use ::leptos::reactive::owner::SyncStorage;

use crate::component::{Connection, Mounted, Newest};
use crate::{CloseCode, CloseEvent, Data, Error, Event, MessageEvent, ReadyState, ReconnectingWebSocket, WebSocket};

pub use crate::component::{HookSocket, UseWebSocketOptions};

/// Where Leptos keeps messages: values of a page do not leave its thread, a server's component moves from thread to thread.
#[cfg(target_arch = "wasm32")]
pub type MessageStorage = LocalStorage;
/// Where Leptos keeps messages: values of a page do not leave its thread, a server's component moves from thread to thread.
#[cfg(not(target_arch = "wasm32"))]
pub type MessageStorage = SyncStorage;

/// Connects to a URL while the component is on the page.
///
/// In a page the URL may be a relative one, such as `/chat`. When it is a signal and changes, the
/// socket is closed and another one opened. A signal that gives the same URL again changes nothing.
///
/// See the [module](self) for an example.
pub fn use_websocket(url: impl Into<Signal<String>>) -> UseWebSocketReturn {
    use_websocket_with_options(url, UseWebSocketOptions::default())
}

/// As [`use_websocket`], with subprotocols, more than the last message, or callbacks.
///
/// Signals that a callback reads are not tracked.
///
/// ```
/// use isosocket::leptos::{UseWebSocketOptions, use_websocket_with_options};
/// use leptos::prelude::*;
///
/// #[component]
/// fn News(room: ReadSignal<String>) -> impl IntoView {
///     let (news, set_news) = signal(Vec::new());
///     let options = UseWebSocketOptions::default().keep(0).onmessage(move |_, event| {
///         if let Some(text) = event.data.as_text() {
///             set_news.update(|news| news.push(text.to_owned()));
///         }
///     });
///     use_websocket_with_options(Signal::derive(move || format!("/news/{}", room.get())), options);
///     view! { <p>{move || news.get().join(" ")}</p> }
/// }
/// ```
pub fn use_websocket_with_options<S: HookSocket>(
    url: impl Into<Signal<String>>,
    options: UseWebSocketOptions<S>,
) -> UseWebSocketReturn<S> {
    let url = url.into();
    let (ready_state, set_ready_state) = signal(ReadyState::Connecting);
    let (messages, set_messages) = RwSignal::new_with_storage(VecDeque::new()).split();
    let (close_event, set_close_event) = signal(None);
    let (error, set_error) = signal(None);
    let mounted = StoredValue::new_with_storage(Mounted::default());
    let setters = Setters {
        ready_state: set_ready_state,
        messages: set_messages,
        close_event: set_close_event,
        error: set_error,
    };
    // Nothing happens on a server, even if it was compiled to run effects.
    if cfg!(target_arch = "wasm32") {
        Effect::new(move |last: Option<String>| {
            let url = url.get();
            if last.as_ref() != Some(&url) {
                connect(mounted, setters, &url, &options);
            }
            url
        });
        on_cleanup(move || take_off(mounted, Mounted::NoMore));
    }
    UseWebSocketReturn { ready_state, messages, close_event, error, set_ready_state, mounted }
}

/// Opens a socket in place of the one there was.
fn connect<S: HookSocket>(
    mounted: StoredValue<Mounted<S>, MessageStorage>,
    setters: Setters,
    url: &str,
    options: &UseWebSocketOptions<S>,
) {
    take_off(mounted, Mounted::NotYet);
    setters.begin();
    let setting = options.setting.clone();
    let newest = Newest::new(move |call: &mut dyn FnMut(&S::Setting)| untracked(|| call(&setting)));
    let told = options.clone();
    let listener = move |socket: &S, event: &Event| {
        setters.hear(event, socket.state(), told.keep);
        // An effect that runs at once may end the component, and with it all that a callback could
        // read.
        if mounted.try_with_value(|mounted| mounted.has(socket)) == Some(true) {
            untracked(|| told.call_back(socket, event));
        }
    };
    let next = match Connection::open(url, &options.protocols, options.binary_type, newest, listener) {
        Ok(connection) => {
            // A socket that connects again may have been told not to begin yet.
            setters.ready_state.set(connection.socket().state());
            Mounted::Connected(connection)
        }
        Err(error) => {
            setters.refuse(error);
            Mounted::NoMore
        }
    };
    // If the component has gone before its effect ran, the socket goes as well.
    drop(mounted.try_set_value(next));
}

/// Takes the socket away. It is dropped when nothing is locked any more, for that may run code that
/// uses the signals.
fn take_off<S: HookSocket>(mounted: StoredValue<Mounted<S>, MessageStorage>, next: Mounted<S>) {
    drop(mounted.try_update_value(|mounted| mem::replace(mounted, next)));
}

/// A callback runs for an event, so the signals that it reads need not be tracked; without this,
/// Leptos would complain.
fn untracked(call: impl FnOnce()) {
    let _zone = SpecialNonReactiveZone::enter();
    untrack(call);
}

/// The socket of a component: its signals, and what can be done with it.
///
/// Like a signal it can be copied into closures, and ends with the component that it was made in.
pub struct UseWebSocketReturn<S: HookSocket = WebSocket> {
    /// The state of the connection, as the last event or [`close`](Self::close) left it.
    pub ready_state: ReadSignal<ReadyState>,
    /// The newest messages, the last one at the end: as many as [`keep`](UseWebSocketOptions::keep) says. They are there
    /// also after the connection is closed, until another socket is made.
    pub messages: ReadSignal<VecDeque<MessageEvent>, MessageStorage>,
    /// How the connection was closed, once it is, until there is another.
    pub close_event: ReadSignal<Option<CloseEvent>>,
    /// Why no socket could be made of the URL and the subprotocols. The state is then [`ReadyState::Closed`], without a
    /// close event.
    pub error: ReadSignal<Option<Error>>,
    set_ready_state: WriteSignal<ReadyState>,
    mounted: StoredValue<Mounted<S>, MessageStorage>,
}

impl<S: HookSocket> UseWebSocketReturn<S> {
    /// The last of the [`messages`](Self::messages), tracked.
    pub fn last_message(&self) -> Option<MessageEvent> {
        self.messages.with(|messages| messages.back().cloned())
    }

    /// Sends a message.
    ///
    /// # Errors
    /// As those of the socket; [`Error::InvalidState`] also before the component is on the page and between two of its sockets, and
    /// [`Error::Discarded`] when it has gone or no socket could be made.
    pub fn send(&self, data: impl Into<Data>) -> Result<(), Error> {
        self.mounted_socket()?.transmit(data.into())
    }

    /// Starts the closing handshake without a code; a socket that is connecting fails. Does nothing where there is no
    /// socket: before the component is on the page, between two sockets, and after.
    pub fn close(&self) {
        // Without a code there is nothing to refuse.
        let _ = self.end(None);
    }

    /// Starts the closing handshake with a code and a reason, otherwise as [`close`](Self::close).
    ///
    /// # Errors
    /// As [`WebSocket::close_with`], where there is a socket.
    pub fn close_with(&self, code: impl Into<CloseCode>, reason: &str) -> Result<(), Error> {
        self.end(Some((code.into(), reason)))
    }

    /// The socket itself, for its other methods, such as `protocol()` and `buffered_amount()`. It
    /// is closed with the component, whoever holds it.
    pub fn socket(&self) -> Option<S> {
        self.mounted_socket().ok()
    }

    fn mounted_socket(&self) -> Result<S, Error> {
        self.mounted.try_with_value(Mounted::socket).unwrap_or_else(|| Mounted::NoMore.socket())
    }

    fn end(&self, how: Option<(CloseCode, &str)>) -> Result<(), Error> {
        if let Some(socket) = self.socket() {
            socket.end(how)?;
            self.set_ready_state.set(socket.state());
        }
        Ok(())
    }
}

impl UseWebSocketReturn<ReconnectingWebSocket> {
    /// Drops the connection, if there is one, and makes another at once, also after the last one. Does nothing where there is no
    /// socket.
    pub fn reconnect(&self) {
        if let Some(socket) = self.socket() {
            socket.reconnect();
            self.set_ready_state.set(socket.ready_state());
        }
    }
}

impl<S: HookSocket> Clone for UseWebSocketReturn<S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: HookSocket> Copy for UseWebSocketReturn<S> {}

impl<S: HookSocket> fmt::Debug for UseWebSocketReturn<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UseWebSocketReturn").finish_non_exhaustive()
    }
}

/// The other ends of the signals.
#[derive(Clone, Copy)]
struct Setters {
    ready_state: WriteSignal<ReadyState>,
    messages: WriteSignal<VecDeque<MessageEvent>, MessageStorage>,
    close_event: WriteSignal<Option<CloseEvent>>,
    error: WriteSignal<Option<Error>>,
}

impl Setters {
    /// Another connection is begun.
    fn begin(self) {
        self.ready_state.set(ReadyState::Connecting);
        self.messages.set(VecDeque::new());
        self.close_event.set(None);
        self.error.set(None);
    }

    /// An event came, and the socket is now in this state. `keep` messages are kept.
    fn hear(self, event: &Event, ready_state: ReadyState, keep: usize) {
        match event {
            Event::Open => {
                self.ready_state.set(ReadyState::Open);
                self.close_event.set(None);
            }
            Event::Message(event) => self.keep(event, keep),
            Event::Error => {}
            Event::Close(event) => {
                self.ready_state.set(ready_state);
                self.close_event.set(Some(event.clone()));
            }
        }
    }

    /// A message came; so many are kept.
    fn keep(self, event: &MessageEvent, count: usize) {
        if count > 0 {
            self.messages.update(|messages| {
                let surplus = (messages.len() + 1).saturating_sub(count);
                messages.drain(..surplus);
                messages.push_back(event.clone());
            });
        }
    }

    /// There will be no socket.
    fn refuse(self, error: Error) {
        self.ready_state.set(ReadyState::Closed);
        self.error.set(Some(error));
    }
}
