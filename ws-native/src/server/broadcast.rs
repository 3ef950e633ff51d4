//! One message to many connections.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

use ws_core::{CloseCode, Message};

use crate::memory;
use crate::proto::{self, Close, Prepared, SendError};

/// Sends messages to every connection that has [joined](crate::Connection::join), each encoded once.
///
/// A subscriber has a queue of its own, of references: the messages are shared. It writes them while it waits in
/// [`recv`](crate::Connection::recv), as fast as its client takes them. So a slow client delays nobody, and all queues
/// together keep no more messages than the one of the slowest: [`BroadcastConfig`] bounds it.
///
/// ```no_run
/// # async fn program() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use ws_native::{Broadcast, Server};
/// let server = Server::bind("127.0.0.1:9001").await?;
/// let room = Broadcast::default();
/// loop {
///     let Ok(accepted) = server.accept().await else {
///         tokio::time::sleep(Duration::from_millis(100)).await; // out of file descriptors, say
///         continue;
///     };
///     let room = room.clone();
///     tokio::spawn(async move {
///         let mut connection = accepted.request().await?.accept(None).await?;
///         connection.join(&room);
///         while let Some(message) = connection.recv().await? {
///             room.send(message);
///         }
///         Ok::<(), ws_core::Failure>(())
///     });
/// }
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Broadcast(Arc<Shared>);

/// How much may wait for a subscriber, and what to do with one that is too slow.
///
/// ```
/// use ws_native::{Broadcast, BroadcastConfig, Slow};
/// let mut config = BroadcastConfig::default();
/// config.max_messages = 16;
/// config.slow = Slow::Drop;
/// let prices = Broadcast::new(config);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BroadcastConfig {
    /// The most messages that may wait for a subscriber; always at least one. Default: 1,024.
    pub max_messages: usize,
    /// The most bytes they may have together, before compression. One message may always wait,
    /// however long it is. In addition a connection takes up to 64 KiB, or one message, to write
    /// next. Default: 1 MiB.
    pub max_bytes: usize,
    /// What to do with a subscriber for whom more would have to wait. Default: [`Slow::Close`].
    pub slow: Slow,
}

/// What is done with a subscriber that is too slow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Slow {
    /// It gets nothing of what waits, and its connection is closed with 1008: so the client knows
    /// that it has missed something.
    ///
    /// 1008 "is a generic status code that can be returned when there is no other more suitable status code". 1013 is for
    /// a server that is overloaded, which it is not.
    #[default]
    Close,
    /// It misses the oldest messages that wait, and can find out how many:
    /// [`Connection::missed`](crate::Connection::missed). For messages that make older ones
    /// worthless.
    Drop,
}

#[derive(Default)]
struct Shared {
    config: BroadcastConfig,
    subscribers: Mutex<Subscribers>,
}

#[derive(Default)]
struct Subscribers {
    /// The queues of the subscribers, in the order in which they have joined.
    queues: BTreeMap<u64, Arc<Mutex<Queue>>>,
    /// How many have joined since the beginning.
    joined: u64,
    /// How many of them were too slow.
    slow: u64,
}

/// What waits for one subscriber.
#[derive(Default)]
struct Queue {
    messages: VecDeque<Prepared>,
    /// The messages' bytes.
    bytes: usize,
    /// How many messages it has missed.
    missed: u64,
    /// It gets no more: its connection is to be closed.
    over: bool,
    /// The subscriber's task, while it waits for a message or for room to write one.
    waker: Option<Waker>,
}

impl Broadcast {
    /// With these bounds.
    pub fn new(config: BroadcastConfig) -> Self {
        Self(Arc::new(Shared { config, ..Shared::default() }))
    }

    /// Sends a message to all who have joined so far, in the same order as any other, and says how many there are. Never
    /// waits for any of them.
    pub fn send(&self, message: impl Into<Prepared>) -> usize {
        let message = message.into();
        let mut wakers = Vec::new();
        let mut count = 0;
        let mut subscribers = self.lock();
        let Subscribers { queues, slow, .. } = &mut *subscribers;
        for queue in queues.values() {
            let mut queue = lock(queue);
            if queue.over {
                continue;
            }
            let (idle, kept_up) = (queue.messages.is_empty(), queue.missed == 0);
            queue.push(message.clone(), &self.0.config);
            *slow += u64::from(kept_up && queue.missed > 0);
            count += usize::from(!queue.over);
            // A subscriber for whom messages wait is awake, or waits for room, which something else
            // tells it of.
            if idle || queue.over {
                wakers.extend(queue.waker.take());
            }
        }
        drop(subscribers);
        wakers.into_iter().for_each(Waker::wake);
        count
    }

    /// How many subscribers there are: connections that have joined, and were neither closed nor dropped.
    pub fn subscribers(&self) -> usize {
        self.lock().queues.values().filter(|queue| !lock(queue).over).count()
    }

    /// How many subscribers were too slow so far, including those that have left. Each counts once,
    /// however many messages it has missed.
    pub fn slow(&self) -> u64 {
        self.lock().slow
    }

    fn lock(&self) -> MutexGuard<'_, Subscribers> {
        self.0.subscribers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn subscribe(&self) -> Subscription {
        let queue = Arc::default();
        let mut subscribers = self.lock();
        let number = subscribers.joined;
        subscribers.joined += 1;
        subscribers.queues.insert(number, Arc::clone(&queue));
        Subscription { broadcast: self.clone(), number, queue }
    }
}

fn lock(queue: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Queue {
    fn push(&mut self, message: Prepared, config: &BroadcastConfig) {
        self.bytes += message.payload().len();
        self.messages.push_back(message);
        while self.messages.len() > 1 && (self.messages.len() > config.max_messages || self.bytes > config.max_bytes) {
            match config.slow {
                Slow::Close => {
                    self.missed += self.messages.len() as u64;
                    self.messages = VecDeque::new();
                    self.over = true;
                }
                Slow::Drop => {
                    self.missed += 1;
                    self.pop();
                }
            }
        }
    }

    fn next(&mut self, room: Option<usize>) -> Next {
        if self.over {
            return Next::Over;
        }
        match self.pop_within(room) {
            Some(message) => Next::Message(message),
            None if self.messages.is_empty() => Next::Nothing,
            None => Next::NoRoom,
        }
    }

    /// The first message, if there is room for it.
    fn pop_within(&mut self, room: Option<usize>) -> Option<Prepared> {
        let length = self.messages.front()?.payload().len();
        if room.is_some_and(|room| length <= room) { self.pop() } else { None }
    }

    fn pop(&mut self) -> Option<Prepared> {
        let message = self.messages.pop_front()?;
        self.bytes -= message.payload().len();
        Some(message)
    }
}

impl Default for BroadcastConfig {
    fn default() -> Self {
        Self { max_messages: 1024, max_bytes: 1 << 20, slow: Slow::Close }
    }
}

impl fmt::Debug for Broadcast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broadcast").field("subscribers", &self.subscribers()).finish_non_exhaustive()
    }
}

/// A message that was received, to be sent to others.
impl From<Message> for Prepared {
    fn from(message: Message) -> Self {
        match message {
            Message::Text(text) => Self::text(&text),
            Message::Binary(bytes) => Self::binary(&bytes),
        }
    }
}

/// A connection's place in a broadcast, which it leaves when this is dropped.
struct Subscription {
    broadcast: Broadcast,
    number: u64,
    queue: Arc<Mutex<Queue>>,
}

/// What there is for a subscriber.
enum Next {
    Message(Prepared),
    /// A message that there is no room for.
    NoRoom,
    Nothing,
    /// It was too slow.
    Over,
}

impl Subscription {
    /// The next message, if there is room for it.
    fn take(&self, room: Option<usize>) -> Option<Prepared> {
        lock(&self.queue).pop_within(room)
    }

    /// What waits is missed.
    fn miss_all(&self) {
        let mut queue = lock(&self.queue);
        queue.missed += queue.messages.len() as u64;
    }

    /// Whether the subscriber was too slow. If not, the task is woken when it becomes so.
    fn poll_over(&self, cx: &mut Context<'_>) -> bool {
        // A waker may be anybody's code: none is cloned or dropped while the queue is locked.
        let waker = cx.waker().clone();
        let mut queue = lock(&self.queue);
        let is_over = queue.over;
        let unneeded = queue.waker.replace(waker);
        drop(queue);
        drop(unneeded);
        is_over
    }

    /// The next message, if there is one and `room` for it. If there is none, the task is woken
    /// when that changes.
    fn poll_next(&self, room: Option<usize>, cx: &mut Context<'_>) -> Next {
        let waker = cx.waker().clone();
        let mut queue = lock(&self.queue);
        let next = queue.next(room);
        let waits = matches!(next, Next::NoRoom | Next::Nothing);
        let unneeded = if waits { queue.waker.replace(waker) } else { Some(waker) };
        drop(queue);
        drop(unneeded);
        next
    }

    fn is_to(&self, broadcast: &Broadcast) -> bool {
        Arc::ptr_eq(&self.broadcast.0, &broadcast.0)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.broadcast.lock().queues.remove(&self.number);
    }
}

/// The broadcasts that a connection has joined.
#[derive(Default)]
pub(crate) struct Joined {
    subscriptions: Vec<Subscription>,
    /// How many messages of the broadcasts that it has left it had missed.
    missed: u64,
}

/// Messages are taken until this many bytes wait to be written: as many as are worth a write. The
/// rest is better left in the queue, where it is bounded.
const TAKEN: usize = 64 << 10;

impl Joined {
    pub(crate) fn join(&mut self, broadcast: &Broadcast) {
        if !self.subscriptions.iter().any(|subscription| subscription.is_to(broadcast)) {
            self.subscriptions.push(broadcast.subscribe());
        }
    }

    pub(crate) fn leave(&mut self, broadcast: &Broadcast) {
        self.leave_if(|subscription| subscription.is_to(broadcast));
    }

    pub(crate) fn leave_all(&mut self) {
        self.leave_if(|_| true);
    }

    fn leave_if(&mut self, leaves: impl Fn(&Subscription) -> bool) {
        let Self { subscriptions, missed } = self;
        subscriptions.retain(|subscription| {
            let leaves = leaves(subscription);
            if leaves {
                *missed += lock(&subscription.queue).missed;
            }
            !leaves
        });
    }

    /// Queues all that has come, because the connection is to be closed, and leaves. What there is
    /// no room for is missed.
    pub(crate) fn give_out(&mut self, connection: &mut proto::Connection) {
        if !connection.is_open() {
            return self.leave_all();
        }
        for subscription in &self.subscriptions {
            while let Some(message) = subscription.take(last_room(connection)) {
                memory::lend_for_writing(connection);
                if connection.send_prepared(&message).is_err() {
                    break;
                }
            }
            subscription.miss_all();
        }
        self.leave_all();
    }

    /// How many messages were missed.
    pub(crate) fn missed(&self) -> u64 {
        let missed = self.subscriptions.iter().map(|subscription| lock(&subscription.queue).missed);
        self.missed + missed.sum::<u64>()
    }

    /// Queues the messages that have come, as long as there is room to write them. The `answered`
    /// bytes that the program has queued in its turn do not count, or they could keep broadcasts out
    /// for ever. Says whether more messages wait for room. After an error the connection has failed.
    pub(crate) fn poll(
        &mut self,
        connection: &mut proto::Connection,
        answered: usize,
        cx: &mut Context<'_>,
    ) -> Result<bool, SendError> {
        if !connection.is_open() {
            self.leave_all();
            return Ok(false);
        }
        // One message of each broadcast in turn.
        let count = self.subscriptions.len();
        let (mut index, mut idle) = (0, 0);
        while idle < count {
            match self.subscriptions[index].poll_next(room(connection, answered), cx) {
                Next::Message(message) => {
                    memory::lend_for_writing(connection);
                    connection.send_prepared(&message)?;
                    idle = 0;
                }
                Next::Nothing => idle += 1,
                // The others do not pass it: there may never be so much room again.
                Next::NoRoom => {
                    self.subscriptions.rotate_left(index);
                    self.poll_slow(connection, cx);
                    return Ok(connection.is_open() && !connection.is_sending_parts());
                }
                Next::Over => {
                    self.leave_slowly(connection);
                    return Ok(false);
                }
            }
            index = (index + 1) % count;
        }
        Ok(false)
    }

    /// Begins to close the connection if it was too slow. If not, the task is woken when it becomes
    /// so.
    pub(crate) fn poll_slow(&mut self, connection: &mut proto::Connection, cx: &mut Context<'_>) {
        if self.subscriptions.iter().any(|subscription| subscription.poll_over(cx)) {
            self.leave_slowly(connection);
        }
    }

    fn leave_slowly(&mut self, connection: &mut proto::Connection) {
        connection.leave(&Close { code: CloseCode::POLICY, reason: "too slow".into() });
        self.leave_all();
    }
}

/// As [`room`], for the last messages.
fn last_room(connection: &proto::Connection) -> Option<usize> {
    let room = connection.config().max_send_queue.checked_sub(connection.backlog());
    room.filter(|_| !connection.is_sending_parts())
}

/// How many bytes the next message may have, where `answered` bytes of what waits do not count. `None`: none can be sent now, not
/// even an empty one. When nothing else waits to be written, a message of any length may be next.
fn room(connection: &proto::Connection, answered: usize) -> Option<usize> {
    let backlog = connection.backlog();
    match backlog.saturating_sub(answered) {
        _ if connection.is_sending_parts() => None,
        _ if backlog == 0 => Some(usize::MAX),
        0 => last_room(connection),
        taken => Some(TAKEN.checked_sub(taken)?.min(last_room(connection)?)),
    }
}

impl fmt::Debug for Joined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Joined").field(&self.subscriptions.len()).finish()
    }
}
