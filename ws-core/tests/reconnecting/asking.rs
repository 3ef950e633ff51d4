//! A program that says each time what to connect to.

use std::sync::{Arc, Mutex};

use ws_core::{Attempt, Failure, FailureKind, ReadyState, ReconnectConfig, WebSocket};

use crate::{
    fake::{Fake, Network, Options},
    stage::{LONG, Play, Socket, URL, as_it_is, milliseconds},
};

/// The questions of a socket that have no answer yet.
#[derive(Clone, Default)]
struct Questions(Arc<Mutex<Vec<Attempt<Fake>>>>);

impl Questions {
    fn take(&self) -> Attempt<Fake> {
        self.0.lock().unwrap().remove(0)
    }

    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

fn ask(set: impl FnOnce(&mut ReconnectConfig)) -> (Play, Questions) {
    let questions = Questions::default();
    let asked = questions.clone();
    let builder = Socket::builder_with(move |attempt| asked.0.lock().unwrap().push(attempt));
    (Play::of(builder, set), questions)
}

/// What is told of an attempt that failed for this reason, and is not the last.
fn failed(kind: &str) -> [String; 3] {
    [format!("error {kind} Connecting"), "close 1006 Connecting".into(), "reconnecting 1 1000 Connecting".into()]
}

#[test]
fn the_program_is_asked_for_each_connection() {
    let counts = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&counts);
    let builder = Socket::builder_with(move |attempt| {
        let count = attempt.retry_count();
        noted.lock().unwrap().push(count);
        let to = WebSocket::builder(format!("ws://h/{count}"));
        attempt.connect(to.protocols([format!("p{count}")]).options(Options { name: "mine", dropped: None }));
    });
    let Play { stage, log, socket } = Play::of(builder, as_it_is);
    for _ in 0..2 {
        stage.last().fail();
        stage.pass(1000);
    }
    let protocols: Vec<_> = stage.made().iter().map(|fake| (fake.protocols(), fake.name())).collect();
    assert_eq!(protocols, ["p0", "p1", "p2"].map(|protocol| (vec![protocol.to_owned()], "mine")));
    assert_eq!((socket.url(), counts.lock().unwrap().clone()), ("ws://h/2".into(), vec![0, 1, 2]));
    assert_eq!(log.lines().len(), 6);
}

#[test]
fn the_program_may_answer_later() {
    let (Play { stage, socket, log }, questions) = ask(as_it_is);
    stage.pass(9999);
    assert_eq!((stage.count(), socket.ready_state(), socket.url()), (0, ReadyState::Connecting, String::new()));
    questions.take().connect_to(URL);
    assert_eq!((stage.count(), log.lines()), (1, vec![]));
    stage.last().open();
    stage.pass(LONG);
    assert_eq!(log.take(), ["open Open"]);
}

#[test]
fn the_time_for_a_connection_is_from_the_question() {
    let (Play { stage, log, socket: _socket }, questions) = ask(|config| config.connection_timeout = milliseconds(100));
    stage.pass(99);
    questions.take().connect_to(URL);
    stage.pass(1);
    assert_eq!(log.take(), failed("Timeout"));
    assert_eq!(stage.last().closes(), [None]);
}

#[test]
fn an_attempt_that_is_given_up_has_failed_in_a_task_of_its_own() {
    let (Play { stage, log, socket }, questions) = ask(|config| config.max_retries = Some(1));
    questions.take().fail(Failure::new(FailureKind::Network, "no token"));
    assert_eq!(log.lines(), [""; 0]);
    stage.pass(0);
    assert_eq!(log.take(), failed("Network"));
    assert_eq!(socket.failure().unwrap().to_string(), "no token");
    stage.pass(1000);
    questions.take().fail(Failure::new(FailureKind::Network, "still none"));
    stage.pass(0);
    assert_eq!(log.take(), ["error Network Connecting", "close 1006 Closed"]);
    assert_eq!((stage.count(), stage.timers()), (0, 0));
}

#[test]
fn an_attempt_that_is_dropped_has_failed() {
    let (Play { stage, log, socket: _socket }, questions) = ask(as_it_is);
    drop(questions.take());
    stage.pass(0);
    assert_eq!(log.take(), failed("Cancelled"));
    stage.pass(1000);
    assert_eq!(questions.count(), 1);
}

#[test]
fn what_cannot_be_connected_to_has_failed() {
    let refused = [
        ("ws://h/#part", "Misuse", "the URL must not have a fragment"),
        ("ws://forbidden/", "Policy", "the page may not make this connection: not from here"),
    ];
    for (url, kind, words) in refused {
        let (Play { stage, log, socket }, questions) = ask(as_it_is);
        questions.take().connect_to(url);
        stage.pass(0);
        assert_eq!(log.take(), failed(kind));
        assert_eq!(socket.failure().unwrap().to_string(), words);
        stage.pass(1000);
        questions.take().connect_to(URL);
        stage.last().open();
        assert_eq!(log.take(), ["open Open"]);
    }
}

#[test]
fn an_answer_is_not_waited_for_for_ever() {
    let (Play { stage, log, socket: _socket }, questions) = ask(|config| config.connection_timeout = milliseconds(100));
    stage.pass(100);
    assert_eq!(log.take(), failed("Timeout"));
    // That is too late, and connects nobody.
    questions.take().connect_to(URL);
    assert_eq!(stage.count(), 0);
    stage.pass(1000);
    questions.take().connect_to(URL);
    assert_eq!(stage.count(), 1);
}

#[test]
fn what_is_said_of_an_older_question_is_not_heard() {
    type Answer = fn(Attempt<Fake>);
    let answers: [Answer; 4] = [
        |attempt| attempt.connect_to(URL),
        |attempt| attempt.connect_to("ws://h/#part"),
        |attempt| attempt.fail(Failure::new(FailureKind::Network, "no token")),
        drop,
    ];
    for answer in answers {
        let (Play { stage, socket, log }, questions) = ask(as_it_is);
        let old = questions.take();
        socket.reconnect();
        stage.pass(0);
        answer(old);
        stage.pass(0);
        assert_eq!((stage.count(), log.lines()), (0, vec![]));
        questions.take().connect_to(URL);
        stage.last().open();
        assert_eq!(log.take(), ["open Open"]);
    }
}

#[test]
fn an_answer_behind_the_end_is_not_heard() {
    let (Play { stage, socket, log }, questions) = ask(as_it_is);
    socket.close();
    questions.take().connect_to(URL);
    assert_eq!((log.lines(), socket.ready_state()), (vec![], ReadyState::Closing));
    stage.pass(LONG);
    assert_eq!((log.take(), stage.count()), (vec!["close 1006 Closed".into()], 0));
}

#[test]
fn an_answer_to_a_socket_that_is_dropped_does_nothing() {
    let (Play { stage, socket, log: _log }, questions) = ask(as_it_is);
    let attempt = questions.take();
    drop(socket);
    assert_eq!(format!("{attempt:?}"), "Attempt { retry_count: 0, .. }");
    attempt.connect_to(URL);
    assert_eq!((stage.count(), stage.timers()), (0, 0));
}

#[test]
fn the_program_may_close_or_begin_anew_when_it_is_asked() {
    let told: Arc<Mutex<Option<Socket>>> = Arc::default();
    for call in [Socket::close, Socket::reconnect] {
        let (known, mut calls) = (Arc::clone(&told), 0);
        let ask = Mutex::new(move |attempt: Attempt<Fake>| {
            calls += 1;
            if let (2, Some(socket)) = (calls, known.lock().unwrap().clone()) {
                call(&socket);
            }
            attempt.connect_to(URL);
        });
        let builder = Socket::builder_with(move |attempt| (ask.lock().unwrap())(attempt));
        let Play { stage, socket, log } = Play::of(builder, as_it_is);
        *told.lock().unwrap() = Some(socket.clone());
        stage.last().fail();
        log.take();
        stage.pass(1000);
        if socket.ready_state() == ReadyState::Closed {
            assert_eq!((log.take(), stage.count()), (vec!["close 1006 Closed".into()], 1));
        } else {
            assert_eq!((stage.count(), socket.retry_count()), (2, 0));
            stage.last().open();
            assert_eq!(log.take(), ["open Open"]);
        }
        *told.lock().unwrap() = None;
    }
}

#[test]
fn what_an_older_connection_took_with_it_is_not_counted_at_the_end() {
    let (Play { stage, log, socket }, questions) = ask(|config| config.max_retries = Some(1));
    questions.take().connect_to(URL);
    stage.last().open();
    stage.last().set_network(Network::Slow);
    socket.send("sixty").unwrap();
    assert_eq!(socket.buffered_amount(), 5);
    stage.last().fail();
    socket.send("waits").unwrap();
    stage.pass(1000);
    questions.take().fail(Failure::new(FailureKind::Network, "no"));
    stage.pass(0);
    assert_eq!(log.last(), "close 1006 Closed");
    assert_eq!(socket.buffered_amount(), 5);
}
