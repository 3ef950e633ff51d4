//! A socket whose network is the test's.

use std::{
    future::poll_fn,
    sync::{Arc, Mutex},
    task::Poll,
};

use ws_core::{
    Backend, BinaryType, Close, CloseCode, CloseEvent, Data, Drained, Error, EventTarget, Failure, FailureKind, Flow,
    MessageEvent, ReadyState, Task, subprotocol, url::SocketUrl,
};

use crate::stage::Stage;

/// What can be set of a connection.
#[derive(Clone, Default)]
pub(crate) struct Options {
    pub(crate) name: &'static str,
    /// Is called when the socket is dropped.
    pub(crate) dropped: Option<Arc<dyn Fn() + Send + Sync>>,
}

/// The socket of one connection, kept by the stage and by whoever connects.
#[derive(Clone)]
pub(crate) struct Fake(Arc<Made>);

struct Made {
    url: String,
    protocols: Vec<String>,
    options: Options,
    line: Mutex<Line>,
}

struct Line {
    target: Option<EventTarget<Fake>>,
    state: ReadyState,
    binary_type: BinaryType,
    buffered: u64,
    extensions: String,
    protocol: String,
    network: Network,
    /// More than this may not wait for the network.
    most: u64,
    sent: Vec<Data>,
    closes: Vec<Option<(u16, String)>>,
    failure: Option<Failure>,
    is_abandoned: bool,
    interruption: Option<(Step, Box<dyn FnOnce() + Send>)>,
}

/// What something else may [happen within](Fake::interrupt).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The state was looked up, and is not told yet.
    ReadyState,
    /// A message is about to be sent.
    Send,
}

/// What becomes of what is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Network {
    /// It goes out.
    Fast,
    /// It waits until the test has it [go out](Fake::let_out).
    Slow,
    /// The same; and as soon as somebody has looked whether there is room, so many bytes of something else wait, too.
    Crowded(u64),
    /// This message is refused.
    Refuses(&'static str),
    /// The peer begins to close when it has a message.
    Closes,
    /// The peer begins to close just before a message is sent.
    HasClosed,
}

impl Fake {
    pub(crate) fn protocols(&self) -> Vec<String> {
        self.0.protocols.clone()
    }

    pub(crate) fn name(&self) -> &'static str {
        self.0.options.name
    }

    pub(crate) fn sent(&self) -> Vec<String> {
        self.0.line.lock().unwrap().sent.iter().map(text_of).collect()
    }

    /// How it was closed, with a code and a reason or without, as often as that had an effect.
    pub(crate) fn closes(&self) -> Vec<Option<(u16, String)>> {
        self.0.line.lock().unwrap().closes.clone()
    }

    pub(crate) fn is_abandoned(&self) -> bool {
        self.0.line.lock().unwrap().is_abandoned
    }

    pub(crate) fn state(&self) -> ReadyState {
        self.0.line.lock().unwrap().state
    }

    pub(crate) fn is_open(&self) -> bool {
        self.state() == ReadyState::Open
    }

    pub(crate) fn set_network(&self, network: Network) {
        self.0.line.lock().unwrap().network = network;
    }

    /// When more bytes than this wait for the network, the connection fails.
    pub(crate) fn set_most(&self, most: u64) {
        self.0.line.lock().unwrap().most = most;
    }

    /// So many bytes of something else wait for the network, too.
    pub(crate) fn crowd(&self, bytes: u64) {
        self.0.line.lock().unwrap().buffered += bytes;
    }

    /// Has something happen within the next step of this kind, as another thread could.
    pub(crate) fn interrupt(&self, step: Step, by: impl FnOnce() + Send + 'static) {
        self.0.line.lock().unwrap().interruption = Some((step, Box::new(by)));
    }

    fn reach(&self, step: Step) {
        let interruption = self.0.line.lock().unwrap().interruption.take_if(|(within, _)| *within == step);
        if let Some((_, by)) = interruption {
            by();
        }
    }

    /// So many bytes go out to the network.
    pub(crate) fn let_out(&self, bytes: u64) {
        self.0.line.lock().unwrap().buffered -= bytes;
    }

    pub(crate) fn agree(&self, protocol: &str, extensions: &str) {
        let mut line = self.0.line.lock().unwrap();
        (line.protocol, line.extensions) = (protocol.into(), extensions.into());
    }

    /// The connection is made.
    pub(crate) fn open(&self) {
        self.open_untold();
        self.run(Task::Open);
    }

    /// The connection is made, of which the task still waits.
    pub(crate) fn open_untold(&self) {
        self.0.line.lock().unwrap().state = ReadyState::Open;
    }

    /// The peer sends a message.
    pub(crate) fn receive(&self, data: impl Into<Data>) {
        self.run(Task::Message(MessageEvent::new(data.into(), "ws://h".into())));
    }

    /// The peer begins to close.
    pub(crate) fn leave(&self) {
        self.0.line.lock().unwrap().state = ReadyState::Closing;
    }

    /// The connection breaks, or was not to be made.
    pub(crate) fn fail(&self) {
        self.over(true, CloseEvent::abnormal());
    }

    /// As that, for a reason that is known.
    pub(crate) fn fail_for(&self, failure: Failure) {
        self.0.line.lock().unwrap().failure = Some(failure);
        self.fail();
    }

    /// The connection is closed with this code.
    pub(crate) fn end(&self, code: u16) {
        self.end_with(code, "");
    }

    pub(crate) fn end_with(&self, code: u16, reason: &str) {
        self.over(false, CloseEvent::new(true, CloseCode::new(code), reason.into()));
    }

    fn over(&self, failed: bool, event: CloseEvent) {
        self.0.line.lock().unwrap().state = ReadyState::Closed;
        self.run(Task::Close { failed, event });
    }

    fn run(&self, task: Task) {
        let target = self.0.line.lock().unwrap().target.clone();
        if let Some(target) = target {
            target.run(task);
        }
    }
}

impl Backend for Fake {
    type Options = Options;

    fn open(url: &str, protocols: &[String], options: Options) -> Result<Self, Error> {
        let parsed = SocketUrl::parse(url, None)?;
        subprotocol::validate(protocols)?;
        if parsed.as_str().starts_with("ws://forbidden") {
            return Err(Error::Security("not from here".into()));
        }
        let line = Line {
            target: None,
            state: ReadyState::Connecting,
            binary_type: BinaryType::default(),
            buffered: 0,
            extensions: String::new(),
            protocol: String::new(),
            network: Network::Fast,
            most: u64::MAX,
            sent: Vec::new(),
            closes: Vec::new(),
            failure: None,
            is_abandoned: false,
            interruption: None,
        };
        let url = parsed.as_str().into();
        let fake = Self(Arc::new(Made { url, protocols: protocols.into(), options, line: Mutex::new(line) }));
        Stage::current().add(fake.clone());
        Ok(fake)
    }

    fn establish(&self, target: EventTarget<Self>) {
        self.0.line.lock().unwrap().target = Some(target);
    }

    fn url(&self) -> String {
        self.0.url.clone()
    }

    fn ready_state(&self) -> ReadyState {
        let state = self.state();
        self.reach(Step::ReadyState);
        state
    }

    fn buffered_amount(&self) -> u64 {
        self.0.line.lock().unwrap().buffered
    }

    fn extensions(&self) -> String {
        self.0.line.lock().unwrap().extensions.clone()
    }

    fn protocol(&self) -> String {
        self.0.line.lock().unwrap().protocol.clone()
    }

    fn binary_type(&self) -> BinaryType {
        self.0.line.lock().unwrap().binary_type
    }

    fn set_binary_type(&self, binary_type: BinaryType) {
        self.0.line.lock().unwrap().binary_type = binary_type;
    }

    fn send(&self, data: Data) -> Result<(), Error> {
        self.reach(Step::Send);
        let mut line = self.0.line.lock().unwrap();
        if line.network == Network::HasClosed && line.state == ReadyState::Open {
            line.state = ReadyState::Closing;
        }
        if line.state == ReadyState::Open && line.buffered.saturating_add(data.len()) > line.most {
            line.state = ReadyState::Closing;
            line.failure = Some(Failure::new(FailureKind::Limit, "too much"));
        }
        match (line.state, line.network) {
            (ReadyState::Connecting, _) => return Err(Error::InvalidState),
            (ReadyState::Closing | ReadyState::Closed, _) => {
                line.buffered += data.len();
                return Err(Error::Discarded(line.state));
            }
            (ReadyState::Open, Network::Refuses(text)) if data.as_text() == Some(text) => {
                return Err(Error::Host(text.into()));
            }
            (ReadyState::Open, Network::Closes) => line.state = ReadyState::Closing,
            (ReadyState::Open, Network::Slow | Network::Crowded(_)) => line.buffered += data.len(),
            (ReadyState::Open, _) => {}
        }
        line.sent.push(data);
        Ok(())
    }

    fn close(&self, close: Option<Close>) {
        let mut line = self.0.line.lock().unwrap();
        if line.state < ReadyState::Closing {
            line.state = ReadyState::Closing;
            line.closes.push(close.map(|close| (close.code().get(), close.reason().into())));
        }
    }

    fn abandon(&self) {
        self.0.line.lock().unwrap().is_abandoned = true;
        if let Some(dropped) = &self.0.options.dropped {
            dropped();
        }
    }

    fn failure(&self) -> Option<Failure> {
        self.0.line.lock().unwrap().failure.clone()
    }
}

impl Flow for Fake {
    fn hold_back(&self, _: bool) -> bool {
        true
    }

    /// Wakes nobody: the test looks again by itself.
    fn drained(&self, left: u64) -> Drained {
        let made = Arc::clone(&self.0);
        Box::pin(poll_fn(move |_| {
            let line = made.line.lock().unwrap();
            match line.state {
                ReadyState::Closed => Poll::Ready(false),
                _ if line.buffered <= left => Poll::Ready(true),
                _ => Poll::Pending,
            }
        }))
    }

    fn has_room(&self, bytes: u64) -> bool {
        let mut line = self.0.line.lock().unwrap();
        let has_room = line.has_room(bytes);
        if let Network::Crowded(others) = line.network {
            line.buffered += others;
            line.network = Network::Slow;
        }
        has_room
    }

    fn send_if_room(&self, data: Data) -> Result<Option<Data>, Error> {
        self.reach(Step::Send);
        let has_room = self.0.line.lock().unwrap().has_room(data.len());
        if has_room { self.send(data).map(|()| None) } else { Ok(Some(data)) }
    }

    fn fits(&self, bytes: u64) -> bool {
        bytes <= self.0.line.lock().unwrap().most
    }
}

impl Line {
    fn has_room(&self, bytes: u64) -> bool {
        self.state != ReadyState::Open || self.buffered == 0 || self.buffered.saturating_add(bytes) <= self.most
    }
}

/// A message as text, or its bytes one by one.
pub(crate) fn text_of(data: &Data) -> String {
    data.as_text().map_or_else(|| format!("{:?}", data.as_binary().unwrap_or_default()), str::to_owned)
}
