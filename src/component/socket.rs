//! The sockets that a component may have.

use std::fmt;
use std::rc::Rc;

use send_wrapper::SendWrapper;
use ws_core::{BackOff, MaybeSend, MaybeSync};

use super::newest::Newest;
use super::reconnection::Reconnection;
use crate::{
    BinaryType, CloseCode, Data, Error, Event, EventKind, ListenerId, ReadyState, ReconnectingWebSocket, WebSocket,
};

/// The events that a hook hears: `error` is followed by `close` at once.
const KINDS: [EventKind; 3] = [EventKind::Open, EventKind::Message, EventKind::Close];

/// A socket that a hook can have: a [`WebSocket`] or a [`ReconnectingWebSocket`], and nothing else.
pub trait HookSocket: Face {}

impl HookSocket for WebSocket {}
impl HookSocket for ReconnectingWebSocket {}

/// What a hook does with its socket. Each method has another name than the one of the socket that it calls, so that neither can be
/// taken for the other.
pub trait Face: Clone + PartialEq + fmt::Debug + MaybeSend + MaybeSync + 'static {
    /// What can be set for a socket beyond its URL, subprotocols and type of binary messages.
    type Setting: Clone + fmt::Debug + 'static;

    /// Makes a socket, and calls `register` with it before anything can happen.
    fn open(
        url: &str,
        protocols: &[String],
        newest: Newest<Self::Setting>,
        register: impl FnOnce(&Self),
    ) -> Result<Self, Error>;

    /// Adds a listener.
    fn listen(&self, kind: EventKind, listener: impl FnMut(&Self, &Event) + MaybeSend + 'static) -> ListenerId;

    /// Removes a listener.
    fn ignore(&self, id: ListenerId);

    /// Sets how binary messages are handed over.
    fn receive_as(&self, binary_type: BinaryType);

    /// The state of the connection.
    fn state(&self) -> ReadyState;

    /// Sends a message.
    fn transmit(&self, data: Data) -> Result<(), Error>;

    /// Closes it, with a code and a reason if there are any.
    fn end(&self, how: Option<(CloseCode, &str)>) -> Result<(), Error>;
}

/// What both sockets do, each by methods of its own: they have no trait in common.
macro_rules! same_for_both {
    () => {
        fn listen(&self, kind: EventKind, listener: impl FnMut(&Self, &Event) + MaybeSend + 'static) -> ListenerId {
            self.add_event_listener(kind, listener)
        }

        fn ignore(&self, id: ListenerId) {
            self.remove_event_listener(id);
        }

        fn receive_as(&self, binary_type: BinaryType) {
            self.set_binary_type(binary_type);
        }

        fn state(&self) -> ReadyState {
            self.ready_state()
        }

        fn transmit(&self, data: Data) -> Result<(), Error> {
            self.send(data)
        }

        fn end(&self, how: Option<(CloseCode, &str)>) -> Result<(), Error> {
            match how {
                Some((code, reason)) => self.close_with(code, reason)?,
                None => self.close(),
            }
            Ok(())
        }
    };
}

impl Face for WebSocket {
    type Setting = ();

    fn open(url: &str, protocols: &[String], _newest: Newest<()>, register: impl FnOnce(&Self)) -> Result<Self, Error> {
        Self::builder(url).protocols(protocols).connect_with(register)
    }

    same_for_both!();
}

impl Face for ReconnectingWebSocket {
    type Setting = Reconnection;

    fn open(
        url: &str,
        protocols: &[String],
        newest: Newest<Reconnection>,
        register: impl FnOnce(&Self),
    ) -> Result<Self, Error> {
        let first = |setting: &Reconnection| {
            (setting.config.clone(), setting.ask.is_some(), setting.should_reconnect.is_some())
        };
        let (config, asks, decides) = newest.read(first).unwrap_or_default();
        let mut builder = if asks {
            let (newest, url) = (newest.clone(), url.to_owned());
            Self::builder_with(move |attempt| match newest.read(|setting| setting.ask.clone()).flatten() {
                Some(ask) => drop(newest.read(|_| ask(attempt, &url))),
                // The options no longer ask the program, or the component is gone and somebody has
                // called `reconnect()` all the same.
                None => attempt.connect_to(url.as_str()),
            })
        } else {
            Self::builder(WebSocket::builder(url).protocols(protocols))
        };
        if decides {
            let newest = newest.clone();
            builder = builder.should_reconnect(move |event| {
                let decide = |setting: &Reconnection| match &setting.should_reconnect {
                    Some(decide) => decide(event),
                    // The newest options do not say: the default holds.
                    None => BackOff::is_worth_it(event.code),
                };
                // A component that is gone wants no further connection.
                newest.read(decide).unwrap_or_default()
            });
        }
        builder.config(config).connect_with(|socket| {
            socket.set_onreconnecting(move |socket, event| {
                newest.read(|setting| (setting.onreconnecting)(socket, event));
            });
            register(socket);
        })
    }

    same_for_both!();
}

/// A socket with its listeners. When it is dropped nothing is heard any more and the socket is closed, or given up if it
/// is still connecting, also where the program has kept a handle of it.
#[derive(Debug)]
pub(crate) struct Connection<S: HookSocket> {
    socket: S,
    listeners: Vec<ListenerId>,
    newest: Newest<S::Setting>,
}

impl<S: HookSocket> Connection<S> {
    /// Starts to connect. `listener` hears every event but `error`, which `close` follows at once.
    pub(crate) fn open(
        url: &str,
        protocols: &[String],
        binary_type: BinaryType,
        newest: Newest<S::Setting>,
        listener: impl Fn(&S, &Event) + 'static,
    ) -> Result<Self, Error> {
        // The listener lives on the page's only thread. Elsewhere nothing connects: see the
        // callers.
        let listener = SendWrapper::new(Rc::new(listener));
        let mut listeners = Vec::new();
        let socket = S::open(url, protocols, newest.clone(), |socket| {
            socket.receive_as(binary_type);
            for kind in KINDS {
                let listener = listener.clone();
                listeners.push(socket.listen(kind, move |socket, event| listener(socket, event)));
            }
        })?;
        Ok(Self { socket, listeners, newest })
    }

    pub(crate) fn socket(&self) -> S {
        self.socket.clone()
    }
}

impl<S: HookSocket> Drop for Connection<S> {
    fn drop(&mut self) {
        for listener in self.listeners.drain(..) {
            self.socket.ignore(listener);
        }
        self.newest.clear();
        // Without a code there is nothing to refuse.
        let _ = self.socket.end(None);
    }
}
