//! A WebSocket as state of [Yew](https://yew.rs)'s function components, with the feature `yew`.
//!
//! [`use_websocket`] opens the socket when the component is on the page and closes it when the component goes, also one
//! that is still connecting. The component is rendered anew with each change of state and each message.
//!
//! ```
//! use isosocket::ReadyState;
//! use isosocket::yew::use_websocket;
//! use yew::prelude::*;
//!
//! #[component]
//! fn Greeting() -> Html {
//!     let socket = use_websocket("wss://example.org/echo");
//!     let greet = {
//!         let socket = socket.clone();
//!         move |_| drop(socket.send("hello"))
//!     };
//!     let answer = socket.last_message().and_then(|event| event.data.as_text().map(str::to_owned));
//!     html! {
//!         <>
//!             <button onclick={greet} disabled={socket.ready_state() != ReadyState::Open}>{"Greet"}</button>
//!             <p>{answer}</p>
//!         </>
//!     }
//! }
//! ```
//!
//! A connection that is closed stays closed. To connect again, change the URL or give the component
//! another `key`; or use a socket that does so by itself, with
//! [`UseWebSocketOptions::reconnecting`], if need be to another URL each time.
//!
//! Import names from here, as the example does: after `use isosocket::*` the name `yew` would be
//! this module's and the framework's.
//!
//! On a server, where components are rendered to text and effects do not run, nothing is connected: the state is
//! [`ReadyState::Connecting`].

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;

use ::yew::prelude::*;

use crate::component::{Connection, Mounted, Newest};
use crate::{CloseCode, CloseEvent, Data, Error, Event, MessageEvent, ReadyState, ReconnectingWebSocket, WebSocket};

pub use crate::component::{HookSocket, UseWebSocketOptions};

/// Connects to a URL while the component is on the page.
///
/// In a page the URL may be a relative one, such as `/chat`. When it changes, the socket is closed and another one opened.
///
/// See the [module](self) for an example.
#[hook]
pub fn use_websocket(url: impl Into<AttrValue>) -> UseWebSocketHandle {
    use_websocket_with_options(url, UseWebSocketOptions::default())
}

/// As [`use_websocket`], with subprotocols, more than the last message, or callbacks.
///
/// The callbacks of the newest render that is on the page are called, so they see its state. When
/// the subprotocols or the type of binary messages change, the socket is closed and another one
/// opened, as when the URL does.
///
/// ```
/// use isosocket::yew::{UseWebSocketOptions, use_websocket_with_options};
/// use yew::prelude::*;
///
/// #[derive(Properties, PartialEq)]
/// struct Props {
///     onnews: Callback<String>,
/// }
///
/// #[component]
/// fn News(Props { onnews }: &Props) -> Html {
///     let onnews = onnews.clone();
///     let options = UseWebSocketOptions::default().keep(0).onmessage(move |_, event| {
///         if let Some(text) = event.data.as_text() {
///             onnews.emit(text.to_owned());
///         }
///     });
///     let socket = use_websocket_with_options("/news", options);
///     html! { <p>{format!("{:?}", socket.ready_state())}</p> }
/// }
/// ```
#[hook]
pub fn use_websocket_with_options<S: HookSocket>(
    url: impl Into<AttrValue>,
    options: UseWebSocketOptions<S>,
) -> UseWebSocketHandle<S> {
    let update = use_force_update();
    let shared = use_memo((), |()| Shared::new(update));
    let address = (url.into(), options.protocols.clone(), options.binary_type);
    let current = use_mut_ref(|| options.clone());
    // Only when this render is on the page, as with the address: one that is suspended has the
    // socket of the last one.
    let set = Rc::clone(&current);
    use_effect(move || drop(set.replace(options)));
    let left = Rc::clone(&shared);
    let handle = UseWebSocketHandle { seen: shared.version.get(), shared: Rc::clone(&shared) };
    use_effect_with(address, move |(url, protocols, binary_type)| {
        shared.take_off(Mounted::NotYet);
        shared.change(State::begin);
        let set = Rc::clone(&current);
        let newest = Newest::new(move |call: &mut dyn FnMut(&S::Setting)| {
            let setting = set.borrow().setting.clone();
            call(&setting);
        });
        let told = Rc::clone(&shared);
        let listener = move |socket: &S, event: &Event| {
            let options = current.borrow().clone();
            told.change(|state| state.hear(event, socket.state(), options.keep));
            options.call_back(socket, event);
        };
        // A server runs no effects; if they are run all the same, there is no page.
        if cfg!(target_arch = "wasm32") {
            shared.mounted.replace(match Connection::open(url, protocols, *binary_type, newest, listener) {
                Ok(connection) => {
                    // A socket that connects again may have been told not to begin yet.
                    shared.change(|state| state.ready_state = connection.socket().state());
                    Mounted::Connected(connection)
                }
                Err(error) => {
                    shared.change(|state| state.refuse(error));
                    Mounted::NoMore
                }
            });
        }
    });
    use_effect_with((), move |()| move || left.take_off(Mounted::NoMore));
    handle
}

/// The socket of a component.
///
/// Clones name the same socket. A handle that was moved into a callback sees the current state, not
/// that of the render it is from, and is CLOSED when the component has gone. It can be a property
/// of another component, which is then rendered with each change.
///
/// ```
/// use isosocket::yew::UseWebSocketHandle;
/// use yew::prelude::*;
///
/// #[derive(Properties, PartialEq)]
/// struct Props {
///     socket: UseWebSocketHandle,
/// }
///
/// #[component]
/// fn Closed(Props { socket }: &Props) -> Html {
///     let code = socket.close_event().map(|event| event.code.to_string());
///     html! { <p>{code}</p> }
/// }
/// ```
pub struct UseWebSocketHandle<S: HookSocket = WebSocket> {
    shared: Rc<Shared<S>>,
    /// The version of the state that was rendered when the handle was made.
    seen: u64,
}

impl<S: HookSocket> UseWebSocketHandle<S> {
    /// The state of the connection, as the last event or [`close`](Self::close) left it.
    pub fn ready_state(&self) -> ReadyState {
        match *self.shared.mounted.borrow() {
            Mounted::NoMore => ReadyState::Closed,
            Mounted::NotYet | Mounted::Connected(_) => self.shared.state.borrow().ready_state,
        }
    }

    /// The last message. It is there also after the connection is closed, until another socket is made.
    pub fn last_message(&self) -> Option<MessageEvent> {
        self.shared.state.borrow().messages.back().cloned()
    }

    /// The newest messages, the last one at the end: as many as [`keep`](UseWebSocketOptions::keep) says.
    ///
    /// The list is a snapshot: it does not change any more, and lives as long as the program keeps
    /// it.
    pub fn messages(&self) -> Rc<VecDeque<MessageEvent>> {
        Rc::clone(&self.shared.state.borrow().messages)
    }

    /// How the connection was closed, once it is, until there is another.
    pub fn close_event(&self) -> Option<CloseEvent> {
        self.shared.state.borrow().close_event.clone()
    }

    /// Why no socket could be made of the URL and the subprotocols. The state is then [`ReadyState::Closed`], without a
    /// close event.
    pub fn error(&self) -> Option<Error> {
        self.shared.state.borrow().error.clone()
    }

    /// Sends a message.
    ///
    /// # Errors
    /// As those of the socket; [`Error::InvalidState`] also before the component is on the page and between two of its sockets, and
    /// [`Error::Discarded`] when it has gone or no socket could be made.
    pub fn send(&self, data: impl Into<Data>) -> Result<(), Error> {
        let socket = self.shared.mounted.borrow().socket()?;
        socket.transmit(data.into())
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
        self.shared.mounted.borrow().socket().ok()
    }

    fn end(&self, how: Option<(CloseCode, &str)>) -> Result<(), Error> {
        if let Some(socket) = self.socket() {
            socket.end(how)?;
            self.shared.change(|state| state.ready_state = socket.state());
        }
        Ok(())
    }
}

/// Equal if nothing has changed between the two renders.
impl<S: HookSocket> PartialEq for UseWebSocketHandle<S> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.shared, &other.shared) && self.seen == other.seen
    }
}

impl UseWebSocketHandle<ReconnectingWebSocket> {
    /// Drops the connection, if there is one, and makes another at once, also after the last one. Does nothing where there is no
    /// socket.
    pub fn reconnect(&self) {
        if let Some(socket) = self.socket() {
            socket.reconnect();
            self.shared.change(|state| state.ready_state = socket.ready_state());
        }
    }
}

impl<S: HookSocket> Clone for UseWebSocketHandle<S> {
    fn clone(&self) -> Self {
        Self { shared: Rc::clone(&self.shared), seen: self.seen }
    }
}

impl<S: HookSocket> fmt::Debug for UseWebSocketHandle<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UseWebSocketHandle").field("ready_state", &self.ready_state()).finish_non_exhaustive()
    }
}

/// What a component's handles and its connection share.
///
/// A reducer's handle would keep the version of the state that was read through it, and a callback
/// may keep a handle for ever.
struct Shared<S: HookSocket> {
    state: RefCell<State>,
    /// How often the state has changed.
    version: Cell<u64>,
    mounted: RefCell<Mounted<S>>,
    update: UseForceUpdateHandle,
}

impl<S: HookSocket> Shared<S> {
    fn new(update: UseForceUpdateHandle) -> Self {
        Self { state: RefCell::default(), version: Cell::new(0), mounted: RefCell::default(), update }
    }

    /// Takes the socket away. It is dropped when nothing is borrowed any more, for that may run code
    /// that uses the handle.
    fn take_off(&self, next: Mounted<S>) {
        drop(self.mounted.replace(next));
    }

    /// Changes the state, and has the component rendered if the state is then another.
    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut next = self.state.borrow().clone();
        change(&mut next);
        if *self.state.borrow() != next {
            self.state.replace(next);
            self.version.set(self.version.get() + 1);
            self.update.force_update();
        }
    }
}

/// What a component shows of its socket.
#[derive(Clone, Debug)]
struct State {
    ready_state: ReadyState,
    messages: Rc<VecDeque<MessageEvent>>,
    close_event: Option<CloseEvent>,
    error: Option<Error>,
}

impl State {
    /// Another connection is begun.
    fn begin(&mut self) {
        *self = Self::default();
    }

    /// An event came, and the socket is now in this state. `keep` messages are kept.
    fn hear(&mut self, event: &Event, ready_state: ReadyState, keep: usize) {
        match event {
            Event::Open => {
                self.ready_state = ReadyState::Open;
                self.close_event = None;
            }
            Event::Message(event) if keep > 0 => {
                let messages = Rc::make_mut(&mut self.messages);
                let surplus = (messages.len() + 1).saturating_sub(keep);
                messages.drain(..surplus);
                messages.push_back(event.clone());
            }
            Event::Message(_) | Event::Error => {}
            Event::Close(event) => {
                self.ready_state = ready_state;
                self.close_event = Some(event.clone());
            }
        }
    }

    /// There will be no socket.
    fn refuse(&mut self, error: Error) {
        self.ready_state = ReadyState::Closed;
        self.error = Some(error);
    }
}

impl Default for State {
    fn default() -> Self {
        Self { ready_state: ReadyState::Connecting, messages: Rc::default(), close_event: None, error: None }
    }
}

/// Messages are not compared: a list that has changed is another one.
impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        let is_same_list = Rc::ptr_eq(&self.messages, &other.messages);
        self.ready_state == other.ready_state
            && (is_same_list || self.messages.is_empty() && other.messages.is_empty())
            && self.close_event == other.close_event
            && self.error == other.error
    }
}
