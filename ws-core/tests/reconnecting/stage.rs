//! A network, a clock and chance that are the test's: nothing happens by itself.

use std::{
    cell::RefCell,
    sync::{Arc, Mutex, Weak},
    time::Duration,
};

use ws_core::{Call, Error, Host, Reconnect, ReconnectConfig, ReconnectingBuilder, ReconnectingWebSocket, WakeCall};

use crate::{fake::Fake, log::Log};

pub(crate) type Socket = ReconnectingWebSocket<Fake>;

pub(crate) const URL: &str = "ws://h/";

/// More timers than these do not ring while a test lets time pass: it has run into a circle.
const MOST_RINGS: usize = 100_000;

thread_local! {
    static STAGE: RefCell<Stage> = RefCell::new(Stage::empty());
}

/// Where all sockets of a test are.
#[derive(Clone)]
pub(crate) struct Stage(Arc<Mutex<Scene>>);

struct Scene {
    made: Vec<Fake>,
    now: Duration,
    chance: f64,
    timers: Vec<(u64, Duration, Call)>,
    /// By the host that they belong to.
    wakes: Vec<(u64, Arc<WakeCall>)>,
    newest: u64,
    has_host: bool,
}

impl Stage {
    /// A new one for this test, at which all sockets are from now on.
    pub(crate) fn new() -> Self {
        let stage = Self::empty();
        STAGE.replace(stage.clone());
        stage
    }

    pub(crate) fn current() -> Self {
        STAGE.with_borrow(Self::clone)
    }

    fn empty() -> Self {
        let (made, timers, wakes) = (Vec::new(), Vec::new(), Vec::new());
        Self(Arc::new(Mutex::new(Scene {
            made,
            now: Duration::ZERO,
            chance: 0.0,
            timers,
            wakes,
            newest: 0,
            has_host: true,
        })))
    }

    pub(crate) fn add(&self, fake: Fake) {
        self.0.lock().unwrap().made.push(fake);
    }

    /// The sockets of all connections so far.
    pub(crate) fn made(&self) -> Vec<Fake> {
        self.0.lock().unwrap().made.clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.made().len()
    }

    pub(crate) fn last(&self) -> Fake {
        self.made().pop().expect("a connection has been begun")
    }

    /// How many timers there are that would ring.
    pub(crate) fn timers(&self) -> usize {
        self.0.lock().unwrap().timers.len()
    }

    pub(crate) fn set_chance(&self, chance: f64) {
        self.0.lock().unwrap().chance = chance;
    }

    pub(crate) fn have_no_host(&self) {
        self.0.lock().unwrap().has_host = false;
    }

    /// Lets so many milliseconds pass, and the timers ring that are set for them.
    pub(crate) fn pass(&self, milliseconds: u64) {
        self.advance(Duration::from_millis(milliseconds));
    }

    pub(crate) fn advance(&self, time: Duration) {
        let end = self.0.lock().unwrap().now + time;
        for _ in 0..MOST_RINGS {
            let Some(call) = self.next_due(end) else {
                self.0.lock().unwrap().now = end;
                return;
            };
            call();
        }
        panic!("timers ring without an end");
    }

    /// Lets the time pass until the next timer rings, and no other one.
    pub(crate) fn ring(&self) {
        let call = self.next_due(Duration::MAX).expect("there is a timer");
        call();
    }

    /// Has the device awake.
    pub(crate) fn wake(&self) {
        let wakes: Vec<_> = self.0.lock().unwrap().wakes.iter().map(|(_, call)| Arc::clone(call)).collect();
        for call in wakes {
            call();
        }
    }

    /// How many are told when the device is awake.
    pub(crate) fn sleepers(&self) -> usize {
        self.0.lock().unwrap().wakes.len()
    }

    /// The first timer, and of those for the same moment the one set first.
    fn next_due(&self, end: Duration) -> Option<Call> {
        let mut scene = self.0.lock().unwrap();
        let due = scene.timers.iter().enumerate().filter(|(_, (_, at, _))| *at <= end);
        let (index, _) = due.min_by_key(|(_, (id, at, _))| (*at, *id))?;
        let (_, at, call) = scene.timers.remove(index);
        scene.now = scene.now.max(at);
        Some(call)
    }
}

/// The host of one socket.
pub(crate) struct FakeHost {
    stage: Stage,
    id: u64,
}

pub(crate) struct Timer {
    stage: Weak<Mutex<Scene>>,
    id: u64,
}

impl Reconnect for Fake {
    type Host = FakeHost;

    fn host() -> Result<FakeHost, Error> {
        let stage = Stage::current();
        let mut scene = stage.0.lock().unwrap();
        if !scene.has_host {
            return Err(Error::Host("no thread".into()));
        }
        scene.newest += 1;
        let id = scene.newest;
        drop(scene);
        Ok(FakeHost { stage, id })
    }
}

impl Host for FakeHost {
    type Timer = Timer;

    fn now(&self) -> Duration {
        self.stage.0.lock().unwrap().now
    }

    fn chance(&self) -> f64 {
        self.stage.0.lock().unwrap().chance
    }

    fn after(&self, delay: Duration, call: Call) -> Timer {
        let mut scene = self.stage.0.lock().unwrap();
        scene.newest += 1;
        let (id, at) = (scene.newest, scene.now.saturating_add(delay));
        scene.timers.push((id, at, call));
        Timer { stage: Arc::downgrade(&self.stage.0), id }
    }

    fn on_wake(&mut self, call: WakeCall) {
        self.stage.0.lock().unwrap().wakes.push((self.id, Arc::new(call)));
    }
}

impl Drop for FakeHost {
    fn drop(&mut self) {
        self.stage.0.lock().unwrap().wakes.retain(|(id, _)| *id != self.id);
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        let Some(stage) = self.stage.upgrade() else { return };
        let mut scene = stage.lock().unwrap();
        let place = scene.timers.iter().position(|(id, ..)| *id == self.id);
        let cancelled = place.map(|place| scene.timers.remove(place));
        drop(scene);
        drop(cancelled);
    }
}

/// A socket with what is told of it.
pub(crate) struct Play {
    pub(crate) stage: Stage,
    pub(crate) socket: Socket,
    pub(crate) log: Log,
}

impl Play {
    /// A socket that connects to [`URL`], with these settings.
    pub(crate) fn new(set: impl FnOnce(&mut ReconnectConfig)) -> Self {
        Self::of(Socket::builder(URL), set)
    }

    /// A socket that has a connection, of which is not told any more.
    pub(crate) fn open(set: impl FnOnce(&mut ReconnectConfig)) -> Self {
        let play = Self::new(set);
        play.stage.last().open();
        play.log.take();
        play
    }

    pub(crate) fn of(builder: ReconnectingBuilder<Fake>, set: impl FnOnce(&mut ReconnectConfig)) -> Self {
        Self::try_of(builder, set).expect("a socket can be made")
    }

    pub(crate) fn try_of(
        builder: ReconnectingBuilder<Fake>,
        set: impl FnOnce(&mut ReconnectConfig),
    ) -> Result<Self, Error> {
        let (stage, log) = (Stage::new(), Log::default());
        let mut config = ReconnectConfig::default();
        set(&mut config);
        let socket = builder.config(config).connect_with(|socket| log.listen(socket))?;
        Ok(Self { stage, socket, log })
    }
}

/// The settings as they are.
pub(crate) fn as_it_is(_: &mut ReconnectConfig) {}

/// Many milliseconds.
pub(crate) const LONG: u64 = 100_000;

pub(crate) fn milliseconds(count: u64) -> Duration {
    Duration::from_millis(count)
}
