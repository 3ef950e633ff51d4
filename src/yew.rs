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
//! A connection that is closed stays closed. To connect again, change the URL or give the component another `key`; or have a socket
//! that does so by itself, with [`UseWebSocketOptions::reconnecting`].
//!
//! On a server, where components are rendered to text and effects do not run, nothing is connected: the state is
//! [`ReadyState::Connecting`].

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;

use ::yew::prelude::*;

use crate::component::{Connection, Mounted};
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
/// Of the callbacks those of the newest render are called, so they see its state. When the subprotocols or the type of
/// binary messages change, the socket is closed and another one opened, as when the URL does.
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
    let state = use_reducer_eq(State::default);
    let mounted = use_mut_ref(Mounted::default);
    let address = (url.into(), options.protocols.clone(), options.binary_type);
    let newest = use_mut_ref(|| options.clone());
    *newest.borrow_mut() = options;
    {
        let (state, mounted) = (state.dispatcher(), Rc::clone(&mounted));
        use_effect_with(address, move |(url, protocols, binary_type)| {
            state.dispatch(Action::Connect);
            let told = state.clone();
            let setting = newest.borrow().setting.clone();
            let listener = move |socket: &S, event: &Event| tell(&told, &newest, socket, event);
            // A server has no effects; where they are run all the same there is no page to be on.
            if cfg!(target_arch = "wasm32") {
                mounted.replace(match Connection::open(url, protocols, *binary_type, &setting, listener) {
                    Ok(connection) => Mounted::Connected(connection),
                    Err(error) => {
                        state.dispatch(Action::Refuse(error));
                        Mounted::NoMore
                    }
                });
            }
            // Dropped when nothing is borrowed any more: what goes with a connection may use the handle.
            move || drop(mounted.replace(Mounted::NoMore))
        });
    }
    UseWebSocketHandle { state, mounted }
}

/// Makes an event state first, then calls back, which may be the end of the component.
fn tell<S: HookSocket>(
    state: &UseReducerDispatcher<State>,
    newest: &RefCell<UseWebSocketOptions<S>>,
    socket: &S,
    event: &Event,
) {
    let options = newest.borrow().clone();
    match event {
        Event::Open => state.dispatch(Action::Open),
        Event::Message(event) if options.keep > 0 => state.dispatch(Action::Keep(event.clone(), options.keep)),
        Event::Message(_) | Event::Error => {}
        Event::Close(event) => state.dispatch(Action::Close(event.clone(), socket.state())),
    }
    options.call_back(socket, event);
}

/// The socket of a component.
///
/// Clones name the same socket. A handle that was moved into a callback sees the state of the moment, not of the render it
/// is from. It can be a property of another component, which is then rendered with each change.
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
    state: UseReducerHandle<State>,
    mounted: Rc<RefCell<Mounted<S>>>,
}

impl<S: HookSocket> UseWebSocketHandle<S> {
    /// The state of the connection, as the last event or [`close`](Self::close) left it.
    pub fn ready_state(&self) -> ReadyState {
        self.state.ready_state
    }

    /// The last message. It is there also after the connection is closed, until another socket is made.
    pub fn last_message(&self) -> Option<&MessageEvent> {
        self.state.messages.back()
    }

    /// The newest messages, the last one at the end: as many as [`keep`](UseWebSocketOptions::keep) says.
    pub fn messages(&self) -> &VecDeque<MessageEvent> {
        &self.state.messages
    }

    /// How the connection was closed, once it is, until there is another.
    pub fn close_event(&self) -> Option<&CloseEvent> {
        self.state.close_event.as_ref()
    }

    /// Why no socket could be made of the URL and the subprotocols. The state is then [`ReadyState::Closed`], without a
    /// close event.
    pub fn error(&self) -> Option<&Error> {
        self.state.error.as_ref()
    }

    /// Sends a message.
    ///
    /// # Errors
    /// As those of the socket; [`Error::Discarded`] also when the component has gone.
    pub fn send(&self, data: impl Into<Data>) -> Result<(), Error> {
        let socket = self.mounted.borrow().socket()?;
        socket.transmit(data.into())
    }

    /// Starts the closing handshake without a code; a socket that is connecting fails. Does nothing where there is no
    /// socket: before the component is on the page, and after.
    pub fn close(&self) {
        // Without a code there is nothing to be refused.
        let _ = self.end(None);
    }

    /// Starts the closing handshake with a code and a reason, otherwise as [`close`](Self::close).
    ///
    /// # Errors
    /// As [`WebSocket::close_with`], where there is a socket.
    pub fn close_with(&self, code: impl Into<CloseCode>, reason: &str) -> Result<(), Error> {
        self.end(Some((code.into(), reason)))
    }

    /// The socket itself, for what else it has: `protocol()`, `buffered_amount()` and so on. It is closed with the
    /// component, whoever holds it.
    pub fn socket(&self) -> Option<S> {
        self.mounted.borrow().socket().ok()
    }

    fn end(&self, how: Option<(CloseCode, &str)>) -> Result<(), Error> {
        if let Some(socket) = self.socket() {
            socket.end(how)?;
            self.state.dispatch(Action::Be(socket.state()));
        }
        Ok(())
    }
}

/// Equal as long as nothing has changed since the other one's render.
impl<S: HookSocket> PartialEq for UseWebSocketHandle<S> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.mounted, &other.mounted) && self.state == other.state
    }
}

impl UseWebSocketHandle<ReconnectingWebSocket> {
    /// Drops the connection, if there is one, and makes another at once, also after the last one. Does nothing where there is no
    /// socket.
    pub fn reconnect(&self) {
        if let Some(socket) = self.socket() {
            socket.reconnect();
            self.state.dispatch(Action::Be(socket.ready_state()));
        }
    }
}

impl<S: HookSocket> Clone for UseWebSocketHandle<S> {
    fn clone(&self) -> Self {
        Self { state: self.state.clone(), mounted: Rc::clone(&self.mounted) }
    }
}

impl<S: HookSocket> fmt::Debug for UseWebSocketHandle<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UseWebSocketHandle").field("ready_state", &self.ready_state()).finish_non_exhaustive()
    }
}

/// What a component shows of its socket.
#[derive(Clone, Debug)]
struct State {
    ready_state: ReadyState,
    messages: VecDeque<MessageEvent>,
    /// The number of messages there were, kept ones and those that made room. Tells one list from another.
    received: u64,
    close_event: Option<CloseEvent>,
    error: Option<Error>,
}

/// What changes it.
enum Action {
    /// Another connection is begun.
    Connect,
    /// The connection is established.
    Open,
    /// The program has changed the ready state.
    Be(ReadyState),
    /// A message came; so many are kept.
    Keep(MessageEvent, usize),
    /// The connection is closed, for good or not.
    Close(CloseEvent, ReadyState),
    /// There will be no socket.
    Refuse(Error),
}

impl Reducible for State {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        let mut state = Rc::unwrap_or_clone(self);
        match action {
            Action::Connect => state = Self { received: state.received, ..Self::default() },
            Action::Open => {
                state.ready_state = ReadyState::Open;
                state.close_event = None;
            }
            Action::Be(ready_state) => state.ready_state = ready_state,
            Action::Keep(event, count) => {
                let surplus = (state.messages.len() + 1).saturating_sub(count);
                state.messages.drain(..surplus);
                state.messages.push_back(event);
                state.received += 1;
            }
            Action::Close(event, ready_state) => {
                state.ready_state = ready_state;
                state.close_event = Some(event);
            }
            Action::Refuse(error) => {
                state.ready_state = ReadyState::Closed;
                state.error = Some(error);
            }
        }
        state.into()
    }
}

impl Default for State {
    fn default() -> Self {
        Self {
            ready_state: ReadyState::Connecting,
            messages: VecDeque::new(),
            received: 0,
            close_event: None,
            error: None,
        }
    }
}

impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        self.ready_state == other.ready_state
            && self.received == other.received
            && self.messages.len() == other.messages.len()
            && self.close_event == other.close_event
            && self.error == other.error
    }
}
