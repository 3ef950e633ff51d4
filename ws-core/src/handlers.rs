//! Event listeners and event handlers: <https://dom.spec.whatwg.org/#concept-event-listener> and
//! <https://html.spec.whatwg.org/#event-handler-attributes>.

use alloc::boxed::Box;

use spin::Mutex;

use crate::{Backend, Event, EventKind, Task, WebSocket, backend::Audience};

/// Names a listener, to remove it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ListenerId(u64);

impl ListenerId {
    /// The id of no listener: ids begin with 1.
    pub(crate) const NONE: Self = Self(0);
}

/// What is called for an event, with the object at which it is fired.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) type Callback<S, E> = Box<dyn FnMut(&S, &E) + Send>;
/// What is called for an event, with the object at which it is fired.
#[cfg(target_arch = "wasm32")]
pub(crate) type Callback<S, E> = Box<dyn FnMut(&S, &E)>;

/// An object that events are fired at.
pub(crate) trait Target {
    /// [Calls](Backend::call) a function of the program's.
    fn call(program: impl FnOnce());
}

impl<B: Backend> Target for WebSocket<B> {
    fn call(program: impl FnOnce()) {
        B::call(program);
    }
}

/// Something that is fired: an event of one of several kinds, each with listeners of its own.
pub(crate) trait Fired {
    type Kind: Copy + PartialEq;

    fn kind(&self) -> Self::Kind;
}

impl Fired for Event {
    type Kind = EventKind;

    fn kind(&self) -> EventKind {
        self.kind()
    }
}

/// How a listener came to be here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Registration {
    /// By `onopen`, `onmessage`, `onerror` or `onclose`: there is one of each.
    Handler,
    /// By `addEventListener`.
    Listener,
}

/// An object's listeners, in the order of their registration.
///
/// The lock is held to look something up or to put it away, never while a callback runs or is
/// dropped: both may run the program's code, which may come back here.
///
/// `None` once there will be no further event: a callback registered after that would never be
/// dropped, nor what it has captured, such as a handle of the object itself.
pub(crate) struct Handlers<S, E: Fired>(Mutex<Option<Table<S, E>>>);

struct Table<S, E: Fired> {
    /// In ascending order of their ids, which is the order of registration. A socket has a handful.
    first: Option<Box<Entry<S, E>>>,
    next_id: u64,
}

struct Entry<S, E: Fired> {
    id: u64,
    kind: E::Kind,
    registration: Registration,
    /// Out while it runs.
    callback: Option<Callback<S, E>>,
    next: Option<Box<Entry<S, E>>>,
}

impl<B: Backend> Audience<B> for Handlers<WebSocket<B>, Event> {
    fn hear(&self, socket: &WebSocket<B>, task: Task) {
        let (failed, event) = match task {
            Task::Open => (false, Event::Open),
            Task::Message(event) => (false, Event::Message(event)),
            Task::Close { failed, event } => (failed, Event::Close(event)),
        };
        // "2. If the user agent was required to fail the WebSocket connection, [...] fire an event named error at the
        // WebSocket object." "3. Fire an event named close at the WebSocket object [...]."
        if failed {
            self.dispatch(socket, &Event::Error);
        }
        self.dispatch(socket, &event);
        if let Event::Close(_) = event {
            self.clear();
        }
    }

    fn handlers(&self) -> Option<&Self> {
        Some(self)
    }
}

impl<S, E: Fired> Handlers<S, E> {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Some(Table { first: None, next_id: 1 })))
    }

    /// Registers a callback. A handler takes the place of the one before it, and keeps that one's
    /// place in the order. If there will be no further event, it is dropped.
    pub(crate) fn add(&self, kind: E::Kind, registration: Registration, callback: Callback<S, E>) -> ListenerId {
        let mut lock = self.0.lock();
        let Some(table) = &mut *lock else {
            drop(lock);
            drop(callback);
            return ListenerId::NONE;
        };
        let replaced = match registration {
            Registration::Handler => table.find(|entry| entry.is_handler_of(kind)),
            Registration::Listener => None,
        };
        let Some(entry) = replaced else { return table.append(kind, registration, callback) };
        let id = entry.id;
        let replaced = entry.callback.replace(callback);
        drop(lock);
        drop(replaced);
        ListenerId(id)
    }

    /// Registers a listener whose callback is told how to remove it.
    pub(crate) fn add_removable(
        &self,
        kind: E::Kind,
        callback: impl FnOnce(ListenerId) -> Callback<S, E>,
    ) -> ListenerId {
        let mut lock = self.0.lock();
        let Some(table) = &mut *lock else {
            drop(lock);
            drop(callback);
            return ListenerId::NONE;
        };
        let callback = callback(ListenerId(table.next_id));
        table.append(kind, Registration::Listener, callback)
    }

    /// Removes a listener. False if it is not there any more.
    pub(crate) fn remove(&self, id: ListenerId) -> bool {
        self.remove_where(|entry| entry.id == id.0)
    }

    /// Sets a handler to null: <https://html.spec.whatwg.org/#deactivate-an-event-handler>.
    pub(crate) fn remove_handler(&self, kind: E::Kind) -> bool {
        self.remove_where(|entry| entry.is_handler_of(kind))
    }

    /// Drops all listeners, and from now on any new ones: there will be no further event.
    fn clear(&self) {
        let table = self.0.lock().take();
        drop(table);
    }

    /// Calls the listeners of an event. Listeners that are registered meanwhile wait for the next
    /// event, those that are removed are not called.
    ///
    /// A listener that panics keeps its place, and the next one is called where [`Backend::call`]
    /// goes on after a panic:
    /// <https://dom.spec.whatwg.org/#concept-event-listener-inner-invoke>, where an exception is reported, not thrown.
    pub(crate) fn dispatch(&self, target: &S, event: &E)
    where
        S: Target,
    {
        let kind = event.kind();
        let Some(end) = self.0.lock().as_ref().map(|table| table.next_id) else { return };
        let mut last = 0;
        while let Some((id, callback)) = self.take_next(kind, last, end) {
            last = id;
            let mut called = Called { handlers: self, id, callback: Some(callback) };
            if let Some(callback) = &mut called.callback {
                S::call(|| callback(target, event));
            }
        }
    }

    /// Takes the callback of the next listener in order.
    fn take_next(&self, kind: E::Kind, last: u64, end: u64) -> Option<(u64, Callback<S, E>)> {
        let mut lock = self.0.lock();
        let entry = lock
            .as_mut()?
            .find(|entry| entry.kind == kind && entry.id > last && entry.id < end && entry.callback.is_some())?;
        Some((entry.id, entry.callback.take()?))
    }

    /// Puts a callback back after its call, unless its listener was removed or its handler replaced meanwhile.
    fn put_back(&self, id: u64, callback: Callback<S, E>) {
        let mut lock = self.0.lock();
        let place = lock.as_mut().and_then(|table| table.find(|entry| entry.id == id && entry.callback.is_none()));
        let surplus = match place {
            Some(entry) => entry.callback.replace(callback),
            None => Some(callback),
        };
        drop(lock);
        drop(surplus);
    }

    fn remove_where(&self, matches: impl Fn(&Entry<S, E>) -> bool) -> bool {
        let mut lock = self.0.lock();
        let removed = lock.as_mut().and_then(|table| table.take_out(matches));
        drop(lock);
        removed.is_some()
    }
}

/// A callback that is taken out of its place while it runs. It goes back even if it panics, as a
/// listener that throws stays registered.
struct Called<'a, S, E: Fired> {
    handlers: &'a Handlers<S, E>,
    id: u64,
    /// Until it goes back.
    callback: Option<Callback<S, E>>,
}

impl<S, E: Fired> Drop for Called<'_, S, E> {
    fn drop(&mut self) {
        if let Some(callback) = self.callback.take() {
            self.handlers.put_back(self.id, callback);
        }
    }
}

impl<S, E: Fired> Table<S, E> {
    fn append(&mut self, kind: E::Kind, registration: Registration, callback: Callback<S, E>) -> ListenerId {
        let id = self.next_id;
        self.next_id += 1;
        let entry = Entry { id, kind, registration, callback: Some(callback), next: None };
        *self.place(|_| false) = Some(Box::new(entry));
        ListenerId(id)
    }

    fn find(&mut self, matches: impl Fn(&Entry<S, E>) -> bool) -> Option<&mut Entry<S, E>> {
        self.place(matches).as_deref_mut()
    }

    fn take_out(&mut self, matches: impl Fn(&Entry<S, E>) -> bool) -> Option<Box<Entry<S, E>>> {
        let place = self.place(matches);
        let mut entry = place.take()?;
        *place = entry.next.take();
        Some(entry)
    }

    /// The link to the first entry that matches, or the empty link at the end.
    fn place(&mut self, matches: impl Fn(&Entry<S, E>) -> bool) -> &mut Option<Box<Entry<S, E>>> {
        let mut place = &mut self.first;
        while place.as_ref().is_some_and(|entry| !matches(entry))
            && let Some(entry) = place
        {
            place = &mut entry.next;
        }
        place
    }
}

impl<S, E: Fired> Entry<S, E> {
    fn is_handler_of(&self, kind: E::Kind) -> bool {
        self.kind == kind && self.registration == Registration::Handler
    }
}

/// One after the other: there may be too many of them for the stack.
impl<S, E: Fired> Drop for Entry<S, E> {
    fn drop(&mut self) {
        let mut rest = self.next.take();
        while let Some(mut entry) = rest {
            rest = entry.next.take();
        }
    }
}
