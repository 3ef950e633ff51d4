//! The sockets that a component may have.

use std::fmt;
use std::rc::Rc;

use send_wrapper::SendWrapper;
use ws_core::{MaybeSend, MaybeSync};

use super::reconnection::Reconnection;
use crate::{
    BinaryType, CloseCode, Data, Error, Event, EventKind, ListenerId, ReadyState, ReconnectingWebSocket, WebSocket,
};

/// The events that a hook hears: `error` is followed by `close` at once.
const KINDS: [EventKind; 3] = [EventKind::Open, EventKind::Message, EventKind::Close];

/// A socket that a hook can have: a [`WebSocket`], or a [`ReconnectingWebSocket`]. There is no other.
pub trait HookSocket: Face {}

impl HookSocket for WebSocket {}
impl HookSocket for ReconnectingWebSocket {}

/// Calls with what is set at the moment, as callbacks are to be called.
pub trait LookUp<S>: Fn(&mut dyn FnMut(&S)) + 'static {}

impl<S, F: Fn(&mut dyn FnMut(&S)) + 'static> LookUp<S> for F {}

/// What this makes of what is set at the moment. `None`: nothing is.
fn read<S, R>(look_up: &impl LookUp<S>, make: impl FnOnce(&S) -> R) -> Option<R> {
    let (mut make, mut made) = (Some(make), None);
    look_up(&mut |setting| made = make.take().map(|make| make(setting)));
    made
}

/// What a hook does with its socket.
pub trait Face: Clone + PartialEq + fmt::Debug + MaybeSend + MaybeSync + 'static {
    /// What is set for a socket beyond its URL, subprotocols and type of binary messages.
    type Setting: Clone + 'static;

    /// Makes a socket and has `register` called with it before anything is heard.
    fn open(
        url: &str,
        protocols: &[String],
        look_up: impl LookUp<Self::Setting>,
        register: impl FnOnce(&Self),
    ) -> Result<Self, Error>;

    /// Adds a listener.
    fn listen(&self, kind: EventKind, listener: impl FnMut(&Self, &Event) + MaybeSend + 'static) -> ListenerId;

    /// Removes a listener.
    fn ignore(&self, id: ListenerId);

    /// Removes what [`open`](Self::open) has set to be called.
    fn calm(&self);

    /// Sets how binary messages are handed over.
    fn receive_as(&self, binary_type: BinaryType);

    /// The state of the connection.
    fn state(&self) -> ReadyState;

    /// Sends a message.
    fn transmit(&self, data: Data) -> Result<(), Error>;

    /// Closes it, with a code and a reason if there are any.
    fn end(&self, how: Option<(CloseCode, &str)>) -> Result<(), Error>;
}

impl Face for WebSocket {
    type Setting = ();

    fn open(
        url: &str,
        protocols: &[String],
        _look_up: impl LookUp<()>,
        register: impl FnOnce(&Self),
    ) -> Result<Self, Error> {
        Self::builder(url).protocols(protocols).connect_with(register)
    }

    fn listen(&self, kind: EventKind, listener: impl FnMut(&Self, &Event) + MaybeSend + 'static) -> ListenerId {
        self.add_event_listener(kind, listener)
    }

    fn ignore(&self, id: ListenerId) {
        self.remove_event_listener(id);
    }

    fn calm(&self) {}

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
}

impl Face for ReconnectingWebSocket {
    type Setting = Reconnection;

    fn open(
        url: &str,
        protocols: &[String],
        look_up: impl LookUp<Reconnection>,
        register: impl FnOnce(&Self),
    ) -> Result<Self, Error> {
        // As what listens: of the page's one thread.
        let set = SendWrapper::new(Rc::new(look_up));
        let Some(first) = read(&**set, Reconnection::clone) else { return Err(Error::InvalidState) };
        let mut builder = if first.ask.is_some() {
            let (set, url) = (set.clone(), url.to_owned());
            Self::builder_with(move |attempt| {
                read(&**set, |setting| setting.ask.as_ref().map(|ask| ask(attempt, &url)));
            })
        } else {
            Self::builder(WebSocket::builder(url).protocols(protocols))
        };
        if first.should_reconnect.is_some() {
            let set = set.clone();
            builder = builder.should_reconnect(move |event| {
                read(&**set, |setting| setting.should_reconnect.as_ref().is_some_and(|decide| decide(event)))
                    .unwrap_or_default()
            });
        }
        builder.config(first.config).connect_with(|socket| {
            socket.set_onreconnecting(move |socket, event| {
                read(&**set, |setting| (setting.onreconnecting)(socket, event));
            });
            register(socket);
        })
    }

    fn listen(&self, kind: EventKind, listener: impl FnMut(&Self, &Event) + MaybeSend + 'static) -> ListenerId {
        self.add_event_listener(kind, listener)
    }

    fn ignore(&self, id: ListenerId) {
        self.remove_event_listener(id);
    }

    fn calm(&self) {
        self.clear_onreconnecting();
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
}

/// A socket with its listeners. When it is dropped nothing is heard any more and the socket is closed, or given up if it
/// is still connecting, also where the program has kept a handle of it.
#[derive(Debug)]
pub(crate) struct Connection<S: HookSocket> {
    socket: S,
    listeners: Vec<ListenerId>,
}

impl<S: HookSocket> Connection<S> {
    /// Starts to connect. `listener` hears every event but `error`, which `close` follows at once.
    pub(crate) fn open(
        url: &str,
        protocols: &[String],
        binary_type: BinaryType,
        look_up: impl LookUp<S::Setting>,
        listener: impl Fn(&S, &Event) + 'static,
    ) -> Result<Self, Error> {
        // What listens is of the page's one thread. Elsewhere nothing connects: see the callers.
        let listener = SendWrapper::new(Rc::new(listener));
        let mut listeners = Vec::new();
        let socket = S::open(url, protocols, look_up, |socket| {
            socket.receive_as(binary_type);
            for kind in KINDS {
                let listener = listener.clone();
                listeners.push(socket.listen(kind, move |socket, event| listener(socket, event)));
            }
        })?;
        Ok(Self { socket, listeners })
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
        self.socket.calm();
        // Without a code there is nothing to be refused.
        let _ = self.socket.end(None);
    }
}
