//! The event loop: timers, sockets, and those that wait until something is written.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::stream::{FuturesUnordered, SelectAll, Stream, StreamExt as _};
use tokio::time::{Sleep, sleep_until};
use ws_native::{Socket, Tasks};

use crate::host::Host;

/// What a binding of an engine does for the loop.
pub(crate) trait Engine: Sized {
    /// A new engine whose scripts can call the host.
    fn new(host: &Rc<Host>) -> Result<Self, Box<dyn std::error::Error>>;
    /// Runs a script, and then the microtasks.
    fn run_script(&mut self, source: &str, name: &str);
    /// Runs a task, and then the microtasks.
    fn run_task(&mut self, task: Task);
    /// Whether a promise was rejected by those who were told of rejected promises: another turn is due.
    fn has_rejections(&self) -> bool;
    /// Tells of rejected promises, and runs the microtasks.
    fn notify(&mut self);
}

/// Something that the script is told of, by the function of the glue of that name.
pub(crate) enum Task {
    /// The time of a timer has come.
    Timer { id: u32 },
    /// A task of the WebSocket task source.
    Socket { id: u32, task: ws_core::Task },
    /// No more is left to be written than somebody waited for.
    Written { id: u32 },
}

/// All that can become a task. It is the only owner of sockets and timers; scripts name them by numbers.
pub(crate) struct EventLoop {
    start: Instant,
    timers: BTreeMap<Due, Timer>,
    due: HashMap<u32, Due>,
    /// How many timers the program waits for before it ends.
    awaited: usize,
    /// The sockets that it does not wait for.
    unawaited: HashSet<u32>,
    alarm: Option<Pin<Box<Sleep>>>,
    /// Whether the last task was a timer's.
    was_timer: bool,
    sockets: HashMap<u32, Socket>,
    tasks: SelectAll<Numbered>,
    /// A task of a socket whose turn has come, but for those that come before it.
    ready: Option<Task>,
    written: FuturesUnordered<Pin<Box<dyn Future<Output = u32>>>>,
    /// The last number that was given out.
    number: u32,
}

/// When a timer fires; of two at the same time, the one set first is the first.
type Due = (Duration, u32);

struct Timer {
    id: u32,
    is_awaited: bool,
}

/// The tasks of one socket.
struct Numbered {
    id: u32,
    tasks: Tasks,
}

impl Stream for Numbered {
    type Item = Task;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Task>> {
        let id = self.id;
        self.tasks.poll_next(cx).map(|task| task.map(|task| Task::Socket { id, task }))
    }
}

impl EventLoop {
    pub(crate) fn new() -> Rc<RefCell<Self>> {
        Rc::new(RefCell::new(Self {
            start: Instant::now(),
            timers: BTreeMap::new(),
            due: HashMap::new(),
            awaited: 0,
            unawaited: HashSet::new(),
            alarm: None,
            was_timer: false,
            sockets: HashMap::new(),
            tasks: SelectAll::new(),
            ready: None,
            written: FuturesUnordered::new(),
            number: 0,
        }))
    }

    /// Waits for the next task. `None`: nothing is pending, and nothing will ever be.
    ///
    /// Nothing is borrowed when it is given out: the script that it runs may call everything here.
    pub(crate) async fn next(this: &RefCell<Self>) -> Option<Task> {
        if this.borrow().was_timer {
            // Where a timer is always due, nothing else would let the system say what has come for sockets.
            tokio::task::yield_now().await;
        }
        poll_fn(|cx| this.borrow_mut().poll_next(cx)).await
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Task>> {
        // Timers and sockets take turns where both are due.
        if !mem::take(&mut self.was_timer)
            && let Poll::Ready(timer) = self.poll_timer(cx)
        {
            return Poll::Ready(Some(timer));
        }
        // Who hears that something was written looks at what the socket has come to since. Those that wait for it are no more
        // than the sockets, so that messages have their turn.
        if self.ready.is_none()
            && let Poll::Ready(task) = self.tasks.poll_next_unpin(cx)
        {
            self.ready = task;
        }
        if let Poll::Ready(Some(id)) = self.written.poll_next_unpin(cx) {
            return Poll::Ready(Some(Task::Written { id }));
        }
        match self.ready.take() {
            Some(task) => return Poll::Ready(Some(task)),
            None if self.is_over() => return Poll::Ready(None),
            None => {}
        }
        self.poll_timer(cx).map(Some)
    }

    /// Whether nothing is pending that the program waits for.
    fn is_over(&self) -> bool {
        let waits_for = |socket: &Numbered| !self.unawaited.contains(&socket.id);
        self.awaited == 0 && self.written.is_empty() && !self.tasks.iter().any(waits_for)
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<Task> {
        let Some((&due, &Timer { id, .. })) = self.timers.first_key_value() else {
            self.alarm = None;
            return Poll::Pending;
        };
        if due.0 > self.start.elapsed() {
            let deadline = tokio::time::Instant::from_std(self.start + due.0);
            let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
            if alarm.deadline() != deadline {
                alarm.as_mut().reset(deadline);
            }
            if alarm.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
        self.stop_timer(id);
        self.was_timer = true;
        Poll::Ready(Task::Timer { id })
    }

    /// The time since the beginning.
    pub(crate) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// Starts a timer. The program ends without it unless it is awaited.
    pub(crate) fn start_timer(&mut self, id: u32, delay: Duration, is_awaited: bool) {
        self.stop_timer(id);
        let due = (self.now().saturating_add(delay.min(LONGEST_DELAY)), self.next_number());
        self.timers.insert(due, Timer { id, is_awaited });
        self.due.insert(id, due);
        self.awaited += usize::from(is_awaited);
    }

    pub(crate) fn stop_timer(&mut self, id: u32) {
        if let Some(timer) = self.due.remove(&id).and_then(|due| self.timers.remove(&due)) {
            self.awaited -= usize::from(timer.is_awaited);
        }
    }

    /// Takes a socket over, whose tasks are run from now on.
    pub(crate) fn add_socket(&mut self, socket: Socket, tasks: Tasks) -> u32 {
        let id = self.next_number();
        self.sockets.insert(id, socket);
        self.tasks.push(Numbered { id, tasks });
        id
    }

    pub(crate) fn socket(&self, id: u32) -> Option<&Socket> {
        self.sockets.get(&id)
    }

    /// How many sockets have a connection, or are getting one.
    pub(crate) fn connection_count(&self) -> usize {
        self.tasks.len()
    }

    /// Whether the program waits for what comes of a socket before it ends: ref() and unref().
    pub(crate) fn set_awaited(&mut self, id: u32, is_awaited: bool) {
        match is_awaited {
            true => self.unawaited.remove(&id),
            false => self.unawaited.insert(id),
        };
    }

    /// No script can reach the socket any more: it is closed. Its tasks go on, and are heard by nobody.
    pub(crate) fn drop_socket(&mut self, id: u32) {
        self.sockets.remove(&id);
        self.unawaited.remove(&id);
    }

    /// Makes a task when fewer bytes of the socket are left to be written than now.
    pub(crate) fn when_written(&mut self, id: u32) {
        if let Some(socket) = self.sockets.get(&id) {
            let written = socket.written(socket.unwritten().saturating_sub(1));
            self.written.push(Box::pin(async move {
                written.await;
                id
            }));
        }
    }

    /// The worker goes away, and its sockets with it.
    pub(crate) fn disappear(&mut self) {
        self.timers.clear();
        self.due.clear();
        self.awaited = 0;
        self.written.clear();
        self.unawaited.clear();
        for socket in self.sockets.values() {
            socket.disappear();
        }
    }

    fn next_number(&mut self) -> u32 {
        self.number = self.number.wrapping_add(1);
        self.number
    }
}

/// Longer than any program runs.
const LONGEST_DELAY: Duration = Duration::from_secs(1 << 32);
