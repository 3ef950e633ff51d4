//! Whatever a program and a network do, in whatever order: it does not stick, has one connection at a time, and sends what it has
//! taken, once and in order.

use std::sync::{Arc, Mutex};

use proptest::{prelude::*, sample::select};
use ws_core::{Attempt, Failure, FailureKind, KeepAlive, ReadyState, ReconnectConfig};

use crate::{
    fake::Fake,
    log::Log,
    stage::{Socket, Stage, URL, milliseconds},
};

const EVENTS: [&str; 7] = ["open", "message", "error", "close", "reconnecting", "decide", "ask"];

#[derive(Clone, Copy, Debug)]
enum Call {
    Send,
    Close,
    CloseWith(u16),
    Reconnect,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Call(Call),
    Open,
    Receive,
    /// The peer begins to close.
    Leave,
    Fail,
    End(u16),
    /// The program says what to connect to, to the newest question or to the oldest.
    Answer,
    AnswerOldest,
    Refuse,
    Wake,
    Pass(u64),
    /// What a handler of the next such event does.
    On(&'static str, Call),
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        4 => Just(Call::Send),
        1 => Just(Call::Close),
        1 => select(vec![999, 1000, 4000]).prop_map(Call::CloseWith),
        1 => Just(Call::Reconnect),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let code = select(vec![1000, 1001, 1005, 1006, 1011, 4000]);
    let happening = select(vec![Step::Receive, Step::Leave, Step::Fail, Step::AnswerOldest, Step::Refuse, Step::Wake]);
    prop_oneof![
        3 => call().prop_map(Step::Call),
        2 => Just(Step::Open),
        1 => Just(Step::Answer),
        4 => happening,
        1 => code.prop_map(Step::End),
        3 => select(vec![0, 1, 99, 100, 1000, 5000]).prop_map(Step::Pass),
        3 => (select(EVENTS.to_vec()), call()).prop_map(|(event, call)| Step::On(event, call)),
    ]
}

fn config() -> impl Strategy<Value = ReconnectConfig> {
    let retries = select(vec![Some(0), Some(1), Some(2), None]);
    let times = (select(vec![100, 2000]), select(vec![1, 1000]));
    (retries, times, any::<bool>(), any::<bool>()).prop_map(|(retries, (timeout, uptime), asks_peer, start_closed)| {
        let mut config = ReconnectConfig::default();
        (config.max_retries, config.start_closed) = (retries, start_closed);
        (config.connection_timeout, config.min_uptime) = (milliseconds(timeout), milliseconds(uptime));
        let mut keep_alive = KeepAlive::new("");
        (keep_alive.interval, keep_alive.timeout) = (milliseconds(1000), milliseconds(100));
        config.keep_alive = asks_peer.then_some(keep_alive);
        config
    })
}

/// What is to have become of what was sent.
#[derive(Default)]
struct Ledger {
    count: usize,
    sent: Vec<String>,
    waiting: Vec<String>,
    /// The bytes of what was thrown away.
    thrown: usize,
    has_ended: bool,
    /// It was begun anew in this step, and not closed since.
    is_renewed: bool,
}

impl Ledger {
    fn end(&mut self) {
        self.thrown += bytes(&self.waiting);
        self.waiting.clear();
        self.has_ended = true;
    }
}

fn bytes(messages: &[String]) -> usize {
    messages.iter().map(String::len).sum()
}

/// A program, as much of it as its handlers need.
#[derive(Clone, Default)]
struct Program {
    ledger: Arc<Mutex<Ledger>>,
    questions: Arc<Mutex<Vec<Attempt<Fake>>>>,
    /// What it does when it is asked something, once.
    asked: Arc<Mutex<Vec<(&'static str, Call)>>>,
    socket: Arc<Mutex<Option<Socket>>>,
}

impl Program {
    fn act(&self, call: Call, socket: &Socket) {
        let has_line = is_open();
        let mut ledger = self.ledger.lock().unwrap();
        match call {
            Call::Send => {
                ledger.count += 1;
                let message = ledger.count.to_string();
                let is_taken = has_line || !ledger.has_ended;
                match (has_line, is_taken) {
                    (true, _) => ledger.sent.push(message.clone()),
                    (false, true) => ledger.waiting.push(message.clone()),
                    (false, false) => ledger.thrown += message.len(),
                }
                drop(ledger);
                assert_eq!(socket.send(message).is_ok(), is_taken);
            }
            Call::CloseWith(999) => {
                drop(ledger);
                socket.close_with(999, "").unwrap_err();
            }
            Call::Close | Call::CloseWith(_) => {
                if has_line {
                    let waiting = std::mem::take(&mut ledger.waiting);
                    ledger.sent.extend(waiting);
                }
                ledger.end();
                ledger.is_renewed = false;
                drop(ledger);
                match call {
                    Call::CloseWith(code) => socket.close_with(code, "").unwrap(),
                    _ => socket.close(),
                }
            }
            Call::Reconnect => {
                (ledger.has_ended, ledger.is_renewed, ledger.thrown) = (false, true, 0);
                drop(ledger);
                socket.reconnect();
            }
        }
    }

    /// Does what it is to do when it is asked this.
    fn react(&self, question: &str) {
        let Some(socket) = self.socket.lock().unwrap().clone() else { return };
        let mut asked = self.asked.lock().unwrap();
        let call = asked.iter().position(|(of, _)| *of == question).map(|place| asked.remove(place).1);
        drop(asked);
        if let Some(call) = call {
            self.act(call, &socket);
        }
    }

    fn connect(&self, asks: bool, config: ReconnectConfig) -> (Socket, Log) {
        let (asking, deciding, ending, log) = (self.clone(), self.clone(), self.clone(), Log::default());
        let builder = if asks {
            Socket::builder_with(move |attempt| {
                asking.react("ask");
                asking.questions.lock().unwrap().push(attempt);
            })
        } else {
            Socket::builder(URL)
        };
        let builder = builder.config(config).should_reconnect(move |event| {
            deciding.react("decide");
            event.code.get() != 1000
        });
        let socket = builder.connect_with(|socket| {
            socket.add_event_listener(ws_core::EventKind::Close, move |socket, _| {
                if socket.ready_state() == ReadyState::Closed {
                    ending.ledger.lock().unwrap().end();
                }
            });
            log.listen(socket);
        });
        let socket = socket.unwrap();
        *self.socket.lock().unwrap() = Some(socket.clone());
        (socket, log)
    }

    fn open(&self) {
        Stage::current().last().open();
        if is_open() {
            let mut ledger = self.ledger.lock().unwrap();
            let waiting = std::mem::take(&mut ledger.waiting);
            ledger.sent.extend(waiting);
        }
    }

    fn happen(&self, step: Step, socket: &Socket, log: &Log) {
        let stage = Stage::current();
        let newest = stage.made().pop();
        self.ledger.lock().unwrap().is_renewed = false;
        match (step, newest.as_ref().map(|fake| (fake, fake.state()))) {
            (Step::Call(call), _) => self.act(call, socket),
            (Step::Pass(time), _) => stage.pass(time),
            (Step::Wake, _) => stage.wake(),
            (Step::On(event @ ("decide" | "ask"), call), _) => self.asked.lock().unwrap().push((event, call)),
            (Step::On(event, call), _) => {
                let program = self.clone();
                log.then(event, move |socket| program.act(call, socket));
            }
            (Step::Answer | Step::AnswerOldest | Step::Refuse, _) => self.answer(step),
            (Step::Open, Some((_, ReadyState::Connecting))) => self.open(),
            (Step::Receive, Some((fake, ReadyState::Open))) => fake.receive("x"),
            (Step::Leave, Some((fake, ReadyState::Open))) => fake.leave(),
            (Step::Fail, Some((fake, state))) if state < ReadyState::Closed => fake.fail(),
            (Step::End(code), Some((fake, ReadyState::Open | ReadyState::Closing))) => fake.end(code),
            _ => {}
        }
    }

    fn answer(&self, step: Step) {
        let mut questions = self.questions.lock().unwrap();
        let question = match step {
            Step::AnswerOldest if !questions.is_empty() => Some(questions.remove(0)),
            _ => questions.pop(),
        };
        drop(questions);
        match (question, step) {
            (None, _) => {}
            (Some(question), Step::Refuse) => question.fail(Failure::new(FailureKind::Network, "no")),
            (Some(question), _) => question.connect_to(URL),
        }
    }
}

fn is_open() -> bool {
    Stage::current().made().last().is_some_and(Fake::is_open)
}

/// What holds between any two things that happen.
fn check(socket: &Socket, program: &Program) {
    let stage = Stage::current();
    let (made, state) = (stage.made(), socket.ready_state());
    let alive = made.iter().filter(|fake| fake.state() <= ReadyState::Open).count();
    assert!(alive <= 1, "there is more than one connection");
    assert!(!is_open() || state == ReadyState::Open, "there is a connection that nobody has");
    assert!(state < ReadyState::Closing || alive == 0, "there is a connection after the end");
    let is_under_way = stage.timers() > 0 || made.last().is_some_and(|fake| fake.state() < ReadyState::Closed);
    assert!(is_under_way || state == ReadyState::Closed, "it sticks");
    assert!(stage.timers() == 0 || state != ReadyState::Closed, "there is a timer after the end");
    let ledger = program.ledger.lock().unwrap();
    let expected = bytes(&ledger.waiting) + ledger.thrown;
    assert_eq!(socket.buffered_amount(), expected as u64, "{state:?}");
}

/// What was told, in the order in which it was.
fn check_events(lines: &[String]) {
    let is = |line: &String, event: &str| line.starts_with(event);
    let mut is_open = false;
    for (index, line) in lines.iter().enumerate() {
        let next = lines.get(index + 1);
        if is(line, "open") {
            assert!(!is_open, "a connection came, and the one before had not gone: {lines:?}");
            assert_eq!(line, "open Open");
        }
        if is(line, "message") {
            assert!(is_open, "a message of no connection: {lines:?}");
        }
        if is(line, "error") {
            assert!(next.is_some_and(|next| is(next, "close 1006")), "an error without an end: {lines:?}");
        }
        if is(line, "reconnecting") {
            assert!(index > 0 && is(&lines[index - 1], "close"), "a retry without an end: {lines:?}");
        }
        is_open = (is_open && !is(line, "close")) || is(line, "open");
    }
}

fn run(steps: &[Step], asks: bool, config: ReconnectConfig) {
    let (stage, program) = (Stage::new(), Program::default());
    let (socket, log) = program.connect(asks, config);
    for step in steps {
        program.happen(*step, &socket, &log);
        let is_renewed = program.ledger.lock().unwrap().is_renewed && !matches!(step, Step::Pass(_));
        assert!(!is_renewed || socket.ready_state() == ReadyState::Connecting, "it was begun anew in vain");
        check(&socket, &program);
    }
    check_events(&log.lines());
    log.forget();
    program.asked.lock().unwrap().clear();

    // By itself it comes to a connection or to an end, and can be begun anew there.
    for _ in 0..200 {
        if is_open() {
            break;
        }
        match socket.ready_state() {
            ReadyState::Closed => program.act(Call::Reconnect, &socket),
            _ if stage.made().last().is_some_and(|fake| fake.state() == ReadyState::Closing) => stage.last().fail(),
            _ => {}
        }
        stage.pass(50);
        program.answer(Step::Answer);
        program.happen(Step::Open, &socket, &log);
        check(&socket, &program);
    }
    assert_eq!(socket.ready_state(), ReadyState::Open, "it sticks");
    check_events(&log.lines());
    let sent: Vec<_> = stage.made().iter().flat_map(Fake::sent).filter(|message| !message.is_empty()).collect();
    let ledger = program.ledger.lock().unwrap();
    assert_eq!((&sent, &ledger.waiting), (&ledger.sent, &vec![]));
    program.socket.lock().unwrap().take();
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn any_program_over_any_network(
        steps in prop::collection::vec(step(), 0..60),
        asks in any::<bool>(),
        config in config(),
    ) {
        run(&steps, asks, config);
    }
}
