//! Event listeners and event handlers: <https://dom.spec.whatwg.org/#concept-event-listener> and
//! <https://html.spec.whatwg.org/#event-handler-attributes>.

use alloc::{boxed::Box, vec::Vec};

use spin::Mutex;

use crate::{Event, EventKind, WebSocket};

/// Names a listener, to remove it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ListenerId(u64);

/// What is called for an event.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) type Callback<B> = Box<dyn FnMut(&WebSocket<B>, &Event) + Send>;
/// What is called for an event.
#[cfg(target_arch = "wasm32")]
pub(crate) type Callback<B> = Box<dyn FnMut(&WebSocket<B>, &Event)>;

/// How a listener came to be here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Registration {
    /// By `onopen`, `onmessage`, `onerror` or `onclose`, of which there is one each.
    Handler,
    /// By `addEventListener`.
    Listener,
    /// By `addEventListener` with `once`.
    Once,
}

/// A socket's listeners, in the order of their registration.
///
/// The lock is held to look something up or to put it away, never while a callback runs or is dropped: both are the
/// program's code, which may come back here.
pub(crate) struct Handlers<B: crate::Backend>(Mutex<Table<B>>);

struct Table<B: crate::Backend> {
    /// In ascending order of their ids, which is the order of registration.
    entries: Vec<Entry<B>>,
    next_id: u64,
}

struct Entry<B: crate::Backend> {
    id: u64,
    kind: EventKind,
    registration: Registration,
    /// Out while it runs.
    callback: Option<Callback<B>>,
}

impl<B: crate::Backend> Handlers<B> {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Table { entries: Vec::new(), next_id: 1 }))
    }

    /// Registers a callback. A handler takes the place of the one before it, and keeps that one's place in the order.
    pub(crate) fn add(&self, kind: EventKind, registration: Registration, callback: Callback<B>) -> ListenerId {
        let mut table = self.0.lock();
        if registration == Registration::Handler
            && let Some(entry) = table.entries.iter_mut().find(|entry| entry.is_handler_of(kind))
        {
            let id = entry.id;
            let replaced = entry.callback.replace(callback);
            drop(table);
            drop(replaced);
            return ListenerId(id);
        }
        let id = table.next_id;
        table.next_id += 1;
        table.entries.push(Entry { id, kind, registration, callback: Some(callback) });
        ListenerId(id)
    }

    /// Removes a listener. False if it is not there any more.
    pub(crate) fn remove(&self, id: ListenerId) -> bool {
        self.remove_where(|entry| entry.id == id.0)
    }

    /// Sets a handler to null: <https://html.spec.whatwg.org/#deactivate-an-event-handler>.
    pub(crate) fn remove_handler(&self, kind: EventKind) -> bool {
        self.remove_where(|entry| entry.is_handler_of(kind))
    }

    /// Drops all listeners: there will be no event any more.
    pub(crate) fn clear(&self) {
        let entries = core::mem::take(&mut self.0.lock().entries);
        drop(entries);
    }

    /// Calls the listeners of an event. Those registered meanwhile wait for the next one, those removed are not called.
    pub(crate) fn dispatch(&self, socket: &WebSocket<B>, event: &Event) {
        let kind = event.kind();
        let end = self.0.lock().next_id;
        let mut last = 0;
        while let Some((id, mut callback)) = self.take_next(kind, last, end) {
            last = id;
            callback(socket, event);
            self.put_back(id, callback);
        }
    }

    /// Takes the callback of the next listener in order. A `once` listener leaves for good, before it is called:
    /// "If listener's once is true, then remove an event listener given event's currentTarget attribute value and
    /// listener."
    fn take_next(&self, kind: EventKind, last: u64, end: u64) -> Option<(u64, Callback<B>)> {
        let mut table = self.0.lock();
        let index = table
            .entries
            .iter()
            .position(|entry| entry.kind == kind && entry.id > last && entry.id < end && entry.callback.is_some())?;
        let entry = &mut table.entries[index];
        let id = entry.id;
        let callback = entry.callback.take()?;
        if entry.registration == Registration::Once {
            table.entries.remove(index);
        }
        Some((id, callback))
    }

    /// Puts a callback back after its call, unless its listener was removed or its handler replaced meanwhile.
    fn put_back(&self, id: u64, callback: Callback<B>) {
        let mut table = self.0.lock();
        let entry = table.entries.iter_mut().find(|entry| entry.id == id && entry.callback.is_none());
        let surplus = match entry {
            Some(entry) => entry.callback.replace(callback),
            None => Some(callback),
        };
        drop(table);
        drop(surplus);
    }

    fn remove_where(&self, matches: impl Fn(&Entry<B>) -> bool) -> bool {
        let mut table = self.0.lock();
        let removed = table.entries.iter().position(matches).map(|index| table.entries.remove(index));
        drop(table);
        removed.is_some()
    }
}

impl<B: crate::Backend> Entry<B> {
    fn is_handler_of(&self, kind: EventKind) -> bool {
        self.kind == kind && self.registration == Registration::Handler
    }
}
