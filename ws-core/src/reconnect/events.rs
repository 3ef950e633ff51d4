//! Handlers and listeners of a socket that connects again.

use alloc::boxed::Box;
use core::time::Duration;

use super::{ReconnectingWebSocket, host::Reconnect};
use crate::{
    CloseEvent, Event, EventKind, ListenerId, MaybeSend, MessageEvent,
    handlers::{Fired, Registration, Target},
};

/// Another connection is going to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReconnectingEvent {
    /// Which retry this is since a connection last lasted: 1 is the first.
    pub attempt: u32,
    /// How long it is until then.
    pub delay: Duration,
}

impl Fired for ReconnectingEvent {
    type Kind = ();

    fn kind(&self) {}
}

impl<B: Reconnect> Target for ReconnectingWebSocket<B> {
    fn call(program: impl FnOnce()) {
        B::call(program);
    }
}

impl<B: Reconnect> ReconnectingWebSocket<B> {
    /// Sets the handler of the `open` event. One set before is replaced, and its place in the order is kept.
    pub fn set_onopen(&self, mut handler: impl FnMut(&Self) + MaybeSend + 'static) {
        self.set_handler(EventKind::Open, move |socket, _| handler(socket));
    }

    /// Sets the handler of the `message` event. One set before is replaced, and its place in the order is kept.
    pub fn set_onmessage(&self, mut handler: impl FnMut(&Self, &MessageEvent) + MaybeSend + 'static) {
        self.set_handler(EventKind::Message, move |socket, event| {
            if let Event::Message(event) = event {
                handler(socket, event);
            }
        });
    }

    /// Sets the handler of the `error` event. One set before is replaced, and its place in the order is kept.
    pub fn set_onerror(&self, mut handler: impl FnMut(&Self) + MaybeSend + 'static) {
        self.set_handler(EventKind::Error, move |socket, _| handler(socket));
    }

    /// Sets the handler of the `close` event. One set before is replaced, and its place in the order is kept.
    pub fn set_onclose(&self, mut handler: impl FnMut(&Self, &CloseEvent) + MaybeSend + 'static) {
        self.set_handler(EventKind::Close, move |socket, event| {
            if let Event::Close(event) = event {
                handler(socket, event);
            }
        });
    }

    /// Sets the handler of the `reconnecting` event. One set before is replaced.
    pub fn set_onreconnecting(&self, mut handler: impl FnMut(&Self, &ReconnectingEvent) + MaybeSend + 'static) {
        let handler = Box::new(move |socket: &Self, event: &ReconnectingEvent| handler(socket, event));
        self.0.retry_handlers.add((), Registration::Handler, handler);
    }

    /// Sets the handler of an event to null. One set later goes to the end of the order. False if there was none.
    pub fn clear_handler(&self, kind: EventKind) -> bool {
        self.0.handlers.remove_handler(kind)
    }

    /// Sets the handler of the `reconnecting` event to null. False if there was none.
    pub fn clear_onreconnecting(&self) -> bool {
        self.0.retry_handlers.remove_handler(())
    }

    /// Adds a listener, to be called after those that are there.
    pub fn add_event_listener(
        &self,
        kind: EventKind,
        listener: impl FnMut(&Self, &Event) + MaybeSend + 'static,
    ) -> ListenerId {
        self.0.handlers.add(kind, Registration::Listener, Box::new(listener))
    }

    /// Adds a listener that is called once at the most.
    pub fn add_event_listener_once(
        &self,
        kind: EventKind,
        mut listener: impl FnMut(&Self, &Event) + MaybeSend + 'static,
    ) -> ListenerId {
        self.0.handlers.add_removable(kind, |id| {
            Box::new(move |socket, event| {
                socket.remove_event_listener(id);
                listener(socket, event);
            })
        })
    }

    /// Removes a listener, which is then not called any more, also for an event whose listeners are being called.
    /// False if it was not there.
    pub fn remove_event_listener(&self, id: ListenerId) -> bool {
        self.0.handlers.remove(id)
    }

    fn set_handler(&self, kind: EventKind, handler: impl FnMut(&Self, &Event) + MaybeSend + 'static) {
        self.0.handlers.add(kind, Registration::Handler, Box::new(handler));
    }
}
