//! Acceptance test of the [`Backend`] trait: an implementation in memory that is not `Send` and needs no runtime.
//!
//! Its peer echoes. Nothing happens by itself: the test takes the turns of the event loop one by one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use ws_core::url::SocketUrl;
use ws_core::{
    Backend, BinaryType, Close, CloseCode, CloseEvent, Closing, Data, Error, Event, EventKind, EventTarget, Failure,
    FailureKind, Feedback, Message, Model, ReadyState, Sending, WebSocket, subprotocol,
};

/// A socket whose peer is a queue. `Rc` makes it neither `Send` nor `Sync`.
#[derive(Clone)]
struct Loopback(Rc<RefCell<State>>);

struct State {
    url: SocketUrl,
    model: Model,
    target: Option<EventTarget<Loopback>>,
    /// Messages under way to the peer.
    sent: VecDeque<Message>,
    /// What the peer was told last.
    wire: Vec<String>,
    failure: Option<Failure>,
}

thread_local! {
    /// The sockets made by a test, to be given turns.
    static MADE: RefCell<Vec<Loopback>> = const { RefCell::new(Vec::new()) };
}

impl Backend for Loopback {
    type Options = ();

    fn open(url: &str, protocols: &[String], (): ()) -> Result<Self, Error> {
        let url = SocketUrl::parse(url, None)?;
        subprotocol::validate(protocols)?;
        let model = Model::new(url.origin().into());
        let state = State { url, model, target: None, sent: VecDeque::new(), wire: Vec::new(), failure: None };
        let socket = Self(Rc::new(RefCell::new(state)));
        MADE.with_borrow_mut(|made| made.push(socket.clone()));
        Ok(socket)
    }

    fn establish(&self, target: EventTarget<Self>) {
        self.0.borrow_mut().target = Some(target);
    }

    fn url(&self) -> String {
        self.0.borrow().url.as_str().into()
    }

    fn ready_state(&self) -> ReadyState {
        self.0.borrow().model.ready_state()
    }

    fn buffered_amount(&self) -> u64 {
        self.0.borrow().model.buffered_amount()
    }

    fn extensions(&self) -> String {
        self.0.borrow().model.extensions().into()
    }

    fn protocol(&self) -> String {
        self.0.borrow().model.protocol().into()
    }

    fn binary_type(&self) -> BinaryType {
        self.0.borrow().model.binary_type()
    }

    fn set_binary_type(&self, binary_type: BinaryType) {
        self.0.borrow_mut().model.set_binary_type(binary_type);
    }

    fn send(&self, data: Data) -> Result<(), Error> {
        let mut state = self.0.borrow_mut();
        match state.model.send(data.len())? {
            Sending::Discard => Err(Error::Discarded(state.model.ready_state())),
            Sending::Transmit => {
                let message = match data {
                    Data::Text(text) => Message::Text(text),
                    Data::Binary(bytes) => Message::Binary(bytes),
                    Data::Blob(blob) => Message::Binary(blob.as_bytes().expect("in memory").clone()),
                };
                state.sent.push_back(message);
                Ok(())
            }
        }
    }

    fn close(&self, close: Option<Close>) {
        let closing = self.0.borrow_mut().model.close(close);
        self.carry_out(closing);
    }

    fn abandon(&self) {
        let closing = self.0.borrow_mut().model.abandon();
        self.carry_out(closing);
    }

    fn failure(&self) -> Option<Failure> {
        self.0.borrow().failure.clone()
    }
}

impl Loopback {
    fn carry_out(&self, closing: Closing) {
        let mut state = self.0.borrow_mut();
        match closing {
            Closing::Nothing => {}
            Closing::Fail => {
                state.failure = Some(Failure::new(FailureKind::Cancelled, "given up"));
                state.model.feedback(Feedback::Closed { failed: true, event: CloseEvent::abnormal() });
            }
            Closing::Start(close) => {
                let code = close.as_ref().map_or(CloseCode::NO_STATUS, Close::code);
                state.wire.push(format!("close {code}"));
                let event = CloseEvent::new(true, code, close.map(|close| close.reason().into()).unwrap_or_default());
                state.model.feedback(Feedback::Closed { failed: false, event });
            }
        }
    }

    fn feedback(&self, feedback: Feedback) {
        self.0.borrow_mut().model.feedback(feedback);
    }

    /// The network's turn: the peer echoes what was sent.
    fn transmit(&self) {
        let mut state = self.0.borrow_mut();
        while let Some(message) = state.sent.pop_front() {
            let data = Data::from(message.clone());
            state.model.transmitted(data.len());
            state.model.feedback(Feedback::Message(message));
        }
    }

    /// A turn of the event loop: one task.
    fn turn(&self) -> bool {
        let (task, target) = {
            let mut state = self.0.borrow_mut();
            state.model.begin_turn();
            let Some(task) = state.model.run_task() else { return false };
            (task, state.target.clone().expect("established"))
        };
        target.run(task)
    }

    fn run(&self) {
        while self.turn() {}
    }
}

type Socket = WebSocket<Loopback>;
type Log = Arc<Mutex<Vec<String>>>;

fn connect() -> (Socket, Loopback, Log) {
    let log = Log::default();
    let socket = Socket::builder("ws://h").connect_with(|socket| record(socket, &log)).unwrap();
    let backend = socket.backend().clone();
    (socket, backend, log)
}

fn record(socket: &Socket, log: &Log) {
    for kind in [EventKind::Open, EventKind::Message, EventKind::Error, EventKind::Close] {
        let log = log.clone();
        socket.add_event_listener(kind, move |socket, event| {
            let what = match event {
                Event::Open | Event::Error => String::new(),
                Event::Message(event) => format!(" {:?} from {}", event.data.as_text(), event.origin),
                Event::Close(event) => format!(" {} {:?} {}", event.code, event.reason, event.was_clean),
            };
            log.lock().unwrap().push(format!("{}{what} {:?}", event.kind().as_str(), socket.ready_state()));
        });
    }
}

fn established() -> Feedback {
    Feedback::Established { extensions: "e".into(), protocol: "p".into() }
}

fn take(log: &Log) -> Vec<String> {
    std::mem::take(&mut log.lock().unwrap())
}

#[test]
fn a_connection_from_open_to_close() {
    let (socket, peer, log) = connect();
    assert_eq!((socket.url().as_str(), socket.ready_state()), ("ws://h/", ReadyState::Connecting));
    assert_eq!(socket.send("x"), Err(Error::InvalidState));

    peer.feedback(established());
    assert_eq!(socket.ready_state(), ReadyState::Connecting, "the state changes in the task");
    assert!(peer.turn());
    assert_eq!(take(&log), ["open Open"]);
    assert_eq!((socket.extensions().as_str(), socket.protocol().as_str()), ("e", "p"));

    socket.send("hello").unwrap();
    peer.transmit();
    peer.run();
    assert_eq!(take(&log), ["message Some(\"hello\") from ws://h Open"]);

    socket.close_with(3000, "bye").unwrap();
    assert_eq!(socket.ready_state(), ReadyState::Closing);
    assert_eq!(take(&log), [""; 0], "nothing is fired within the call");
    peer.run();
    assert_eq!(take(&log), ["close 3000 \"bye\" true Closed"]);
    assert!(!peer.turn());
}

#[test]
fn messages_are_tasks_and_the_state_waits_for_its_own() {
    let (socket, peer, log) = connect();
    peer.feedback(established());
    peer.feedback(Feedback::Message(Message::Text("a".into())));
    peer.feedback(Feedback::ClosingHandshakeStarted);
    peer.feedback(Feedback::Message(Message::Text("too late".into())));
    peer.feedback(Feedback::Closed { failed: true, event: CloseEvent::abnormal() });
    peer.run();
    assert_eq!(
        take(&log),
        ["open Open", "message Some(\"a\") from ws://h Open", "error Closed", "close 1006 \"\" false Closed"]
    );
    assert_eq!(socket.ready_state(), ReadyState::Closed);
}

#[test]
fn a_message_whose_task_runs_after_close_is_dropped() {
    let (socket, peer, log) = connect();
    peer.feedback(established());
    peer.turn();
    peer.feedback(Feedback::Message(Message::Text("dropped".into())));
    socket.close();
    peer.run();
    assert_eq!(take(&log), ["open Open", "close 1005 \"\" true Closed"]);
}

#[test]
fn closing_before_the_open_task_has_run_fires_no_open() {
    let (socket, peer, log) = connect();
    peer.feedback(established());
    socket.close();
    assert_eq!(socket.ready_state(), ReadyState::Closing);
    peer.run();
    assert_eq!(take(&log), ["error Closed", "close 1006 \"\" false Closed"]);
    assert_eq!(socket.failure().map(|failure| failure.kind()), Some(FailureKind::Cancelled));
}

#[test]
fn buffered_amount_falls_between_turns_only() {
    let (socket, peer, _) = connect();
    peer.feedback(established());
    peer.turn();
    socket.send("12345").unwrap();
    socket.send(vec![0; 5]).unwrap();
    assert_eq!(socket.buffered_amount(), 10);
    peer.transmit();
    assert_eq!(socket.buffered_amount(), 10, "still the same task");
    socket.add_event_listener_once(EventKind::Message, |socket, _| {
        assert_eq!(socket.buffered_amount(), 0);
        socket.send("in the handler").unwrap();
        assert_eq!(socket.buffered_amount(), 14);
    });
    peer.run();
    socket.close();
    assert_eq!(socket.send("123"), Err(Error::Discarded(ReadyState::Closing)));
    assert_eq!(socket.buffered_amount(), 14 + 3);
    peer.run();
    assert_eq!(socket.send("1"), Err(Error::Discarded(ReadyState::Closed)));
    assert_eq!(socket.buffered_amount(), 14 + 4);
}

#[test]
fn the_last_handle_dropped_closes_without_a_code() {
    let (socket, peer, log) = connect();
    peer.feedback(established());
    peer.turn();
    let clone = socket.clone();
    drop(socket);
    assert_eq!(peer.0.borrow().wire, [""; 0]);
    drop(clone);
    assert_eq!(peer.0.borrow().wire, ["close 1005"]);
    assert!(!peer.turn(), "nobody hears it");
    assert_eq!(take(&log), ["open Open"]);
}

thread_local! {
    /// The last handle, where a handler, which must be `Send`, can reach it.
    static LAST: RefCell<Option<Socket>> = const { RefCell::new(None) };
}

#[test]
fn the_last_handle_can_be_dropped_by_a_handler_while_it_runs() {
    let (socket, peer, log) = connect();
    socket.set_onopen(|_| drop(LAST.take()));
    LAST.set(Some(socket));
    peer.feedback(established());
    assert!(peer.turn());
    assert_eq!(take(&log), ["open Open"]);
    assert_eq!(peer.0.borrow().wire, ["close 1005"]);
    assert!(!peer.turn(), "nobody hears what follows");
}

#[test]
fn handlers_are_dropped_after_close() {
    let (socket, peer, _) = connect();
    let held = Arc::new(());
    let captured = held.clone();
    socket.set_onmessage(move |_, _| drop(captured.clone()));
    assert_eq!(Arc::strong_count(&held), 2);
    peer.feedback(established());
    socket.close();
    peer.run();
    assert_eq!(Arc::strong_count(&held), 1);
}

/// Registers another handler when it is dropped, as what a program captures may do.
struct Registering(Arc<()>);

impl Drop for Registering {
    fn drop(&mut self) {
        let captured = Arc::clone(&self.0);
        // Not there any more when the thread ends.
        let _ = LAST.try_with(|socket| {
            if let Some(socket) = &*socket.borrow() {
                socket.set_onclose(move |_, _| drop(captured.clone()));
            }
        });
    }
}

#[test]
fn a_handler_set_after_close_is_dropped_at_once() {
    let (socket, peer, _) = connect();
    peer.feedback(established());
    socket.close();
    peer.run();
    LAST.set(Some(socket.clone()));
    let held = Arc::new(());
    let captured = || Registering(Arc::clone(&held));
    let (handler, listener, once) = (captured(), captured(), captured());
    socket.set_onmessage(move |_, _| drop(handler.0.clone()));
    assert_eq!(Arc::strong_count(&held), 3);
    let listener = socket.add_event_listener(EventKind::Close, move |_, _| drop(listener.0.clone()));
    assert_eq!(Arc::strong_count(&held), 2);
    let once = socket.add_event_listener_once(EventKind::Close, move |_, _| drop(once.0.clone()));
    assert_eq!(Arc::strong_count(&held), 1);
    assert!(!socket.remove_event_listener(listener));
    assert!(!socket.remove_event_listener(once));
    assert!(!socket.clear_handler(EventKind::Message));
    assert!(!socket.clear_handler(EventKind::Close));
    LAST.take();
}

#[test]
fn a_handler_set_by_one_of_close_is_dropped_with_it() {
    let (socket, peer, _) = connect();
    let held = Arc::new(());
    let captured = Arc::clone(&held);
    socket.set_onclose(move |socket, _| {
        let captured = Arc::clone(&captured);
        socket.set_onclose(move |_, _| drop(captured.clone()));
    });
    peer.feedback(established());
    socket.close();
    peer.run();
    assert_eq!(Arc::strong_count(&held), 1);
}

#[test]
fn a_handler_may_replace_itself_and_keeps_its_place() {
    let (socket, peer, _) = connect();
    let log = Log::default();
    let (first, second, listener) = (log.clone(), log.clone(), log.clone());
    socket.set_onmessage(move |socket, _| {
        first.lock().unwrap().push("first".into());
        let second = second.clone();
        socket.set_onmessage(move |_, _| second.lock().unwrap().push("second".into()));
    });
    socket.add_event_listener(EventKind::Message, move |_, _| listener.lock().unwrap().push("listener".into()));
    peer.feedback(established());
    for _ in 0..2 {
        peer.feedback(Feedback::Message(Message::Text("".into())));
    }
    peer.run();
    assert_eq!(take(&log), ["first", "listener", "second", "listener"]);
}

#[test]
fn binary_messages_take_the_kind_that_is_set_when_their_task_runs() {
    let (socket, peer, _) = connect();
    let kinds = Log::default();
    let seen = kinds.clone();
    socket.set_onmessage(move |socket, event| {
        seen.lock().unwrap().push(match &event.data {
            Data::Blob(blob) => format!("blob of {}", blob.size()),
            Data::Binary(bytes) => format!("bytes {bytes:?}"),
            Data::Text(_) => "text".into(),
        });
        socket.set_binary_type(BinaryType::ArrayBuffer);
    });
    peer.feedback(established());
    peer.feedback(Feedback::Message(Message::Binary((&b"abc"[..]).into())));
    peer.feedback(Feedback::Message(Message::Binary((&b"abc"[..]).into())));
    peer.run();
    assert_eq!(take(&kinds), ["blob of 3", "bytes b\"abc\""]);
}

#[test]
fn misuse_is_refused_before_anything_is_made() {
    let made = || MADE.with_borrow(Vec::len);
    let before = made();
    assert_eq!(Socket::new("ws://h/#").unwrap_err().name(), Some("SyntaxError"));
    assert_eq!(Socket::with_protocols("ws://h", &["a", "a"]).unwrap_err().name(), Some("SyntaxError"));
    assert_eq!(made(), before);
}
