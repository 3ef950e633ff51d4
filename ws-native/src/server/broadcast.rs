//! One message to many connections.

mod joined;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

use ws_core::Message;

pub(crate) use joined::Joined;

use crate::proto::Prepared;

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
///         Ok::<(), ws_native::Failure>(())
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
    /// 1008 "is a generic status code that can be returned when there is no other more suitable status code". 1013 is
    /// for a server that is overloaded, which it is not.
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

    /// Sends a message to all who have joined so far, in the same order as any other, and says how many there are.
    /// Never waits for any of them.
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
    pub fn slow_subscribers(&self) -> u64 {
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

    /// What waits is missed, and no more is taken: what was counted as sent to it is either written or missed.
    fn miss_all(&self) {
        let mut queue = lock(&self.queue);
        queue.missed += queue.messages.len() as u64;
        queue.over = true;
        queue.bytes = 0;
        let missed = mem::take(&mut queue.messages);
        drop(queue);
        drop(missed);
    }

    /// Whether the subscriber was too slow. If not, the task is woken when it becomes so.
    fn is_over_or_wake_later(&self, cx: &mut Context<'_>) -> bool {
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
    fn next_or_wake_later(&self, room: Option<usize>, cx: &mut Context<'_>) -> Next {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_behind_the_end_of_a_subscriber_is_not_counted_as_sent() {
        let broadcast = Broadcast::default();
        let subscription = broadcast.subscribe();
        assert_eq!(broadcast.send("in time"), 1);
        subscription.miss_all();
        assert_eq!((broadcast.send("late"), lock(&subscription.queue).missed), (0, 1));
    }
}
