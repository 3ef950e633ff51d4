//! How it finds out that a peer is not there any more, and that there is a network again.

use ws_core::{KeepAlive, ReadyState, ReconnectConfig};

use crate::{
    fake::{Network, Step},
    stage::{LONG, Play, as_it_is, milliseconds},
};

const GIVEN_UP: [&str; 3] = ["error Timeout Connecting", "close 1006 Connecting", "reconnecting 1 1000 Connecting"];

/// Asks the peer after a second of silence, and waits 200 ms for the answer.
pub(crate) fn ping(config: &mut ReconnectConfig) {
    let mut keep_alive = KeepAlive::new("ping");
    (keep_alive.interval, keep_alive.timeout) = (milliseconds(1000), milliseconds(200));
    config.keep_alive = Some(keep_alive);
}

#[test]
fn a_peer_that_is_silent_is_asked_and_given_up() {
    let Play { stage, socket, log } = Play::open(ping);
    let first = stage.last();
    stage.pass(999);
    assert_eq!(first.sent(), [""; 0]);
    stage.pass(1);
    assert_eq!(first.sent(), ["ping"]);
    stage.pass(199);
    assert_eq!(log.lines(), [""; 0]);
    stage.pass(1);
    assert_eq!(log.take(), GIVEN_UP);
    assert_eq!(socket.failure().unwrap().to_string(), "the peer said nothing for 200 ms");
    assert_eq!(first.closes(), [None]);
    first.receive("late");
    first.end(1000);
    stage.pass(1000);
    assert_eq!((stage.count(), log.take()), (2, vec![]));
}

#[test]
fn who_speaks_is_not_asked_and_any_message_is_an_answer() {
    let Play { stage, log, socket: _socket } = Play::open(ping);
    stage.pass(500);
    stage.last().receive("tick");
    stage.pass(999);
    assert_eq!(stage.last().sent(), [""; 0]);
    stage.pass(1);
    assert_eq!(stage.last().sent(), ["ping"]);
    stage.last().receive([1_u8]);
    stage.pass(200);
    stage.pass(799);
    assert_eq!(stage.last().sent(), ["ping"]);
    stage.pass(1);
    assert_eq!(stage.last().sent(), ["ping", "ping"]);
    assert_eq!(log.take(), ["message tick Open", "message [1] Open"]);
}

#[test]
fn what_was_sent_before_the_question_goes_out_first_but_not_for_ever() {
    let Play { stage, socket, log } = Play::open(ping);
    stage.last().set_network(Network::Slow);
    socket.send("x".repeat(300)).unwrap();
    stage.pass(1000);
    for bytes in [100, 1] {
        stage.last().let_out(bytes);
        stage.pass(200);
        assert_eq!(log.lines(), [""; 0]);
    }
    stage.pass(200);
    assert_eq!(log.take(), GIVEN_UP);
}

#[test]
fn what_was_sent_before_the_question_goes_out_first_also_if_as_much_is_sent_meanwhile() {
    let Play { stage, socket, log } = Play::open(ping);
    stage.last().set_network(Network::Slow);
    socket.send([0_u8; 300]).unwrap();
    stage.pass(1000);
    for _ in 0..3 {
        stage.last().let_out(100);
        socket.send([0_u8; 100]).unwrap();
        stage.pass(200);
        assert_eq!(log.lines(), [""; 0]);
    }
    // The question has gone out now: from here on it is the peer's turn.
    stage.last().let_out(100);
    stage.pass(200);
    assert_eq!(log.lines(), [""; 0]);
    stage.last().let_out(100);
    stage.pass(200);
    assert_eq!(log.take(), GIVEN_UP);
}

#[test]
fn what_has_waited_for_the_connection_counts_as_sent() {
    let Play { stage, socket, log } = Play::new(ping);
    socket.send([0_u8; 300]).unwrap();
    stage.last().set_network(Network::Slow);
    stage.last().open();
    log.take();
    stage.pass(1000);
    stage.last().let_out(100);
    stage.pass(200);
    assert_eq!(log.lines(), [""; 0]);
    stage.pass(200);
    assert_eq!(log.take(), GIVEN_UP);
}

#[test]
fn a_peer_that_has_begun_to_close_ends_within_the_time() {
    let Play { stage, log, socket: _socket } = Play::open(ping);
    stage.last().leave();
    stage.pass(1200);
    assert_eq!(log.take(), GIVEN_UP);
}

#[test]
fn no_peer_is_asked_once_the_program_has_closed() {
    let Play { stage, socket, log } = Play::open(ping);
    socket.close();
    stage.pass(LONG);
    assert_eq!((stage.last().sent(), stage.timers()), (vec![], 0));
    stage.last().end(1000);
    stage.pass(LONG);
    assert_eq!((log.take(), stage.count()), (vec!["close 1000 Closed".into()], 1));
}

#[test]
fn a_device_that_is_awake_connects_at_once_and_once() {
    let Play { stage, log, socket } = Play::open(as_it_is);
    stage.last().fail();
    stage.wake();
    assert_eq!(stage.count(), 1, "in a task of its own");
    stage.wake();
    stage.pass(0);
    assert_eq!(stage.count(), 2);
    stage.wake();
    stage.pass(9999);
    assert_eq!((stage.count(), socket.retry_count()), (2, 0));
    stage.last().open();
    assert_eq!(log.last(), "open Open");
}

#[test]
fn connecting_because_the_device_is_awake_is_no_retry_that_counts() {
    let Play { stage, log, socket } = Play::new(|config| config.max_retries = Some(1));
    for _ in 0..5 {
        stage.last().fail();
        stage.wake();
        assert_eq!(socket.retry_count(), 0);
        stage.pass(0);
    }
    assert_eq!(stage.count(), 6);
    stage.last().fail();
    stage.pass(1000);
    stage.last().fail();
    assert_eq!((socket.ready_state(), log.last()), (ReadyState::Closed, "close 1006 Closed".into()));
}

#[test]
fn retries_before_the_device_was_awake_count() {
    let Play { stage, socket, log: _log } = Play::new(as_it_is);
    for count in 1..=2 {
        stage.last().fail();
        assert_eq!(socket.retry_count(), count);
        stage.pass(1000);
    }
    stage.last().fail();
    assert_eq!(socket.retry_count(), 3);
    stage.wake();
    assert_eq!(socket.retry_count(), 2);
    stage.pass(0);
    assert_eq!((stage.count(), socket.retry_count()), (4, 2));
}

#[test]
fn a_device_that_is_awake_asks_the_peer_at_once() {
    let Play { stage, log, socket: _socket } = Play::open(ping);
    stage.wake();
    assert_eq!(stage.last().sent(), ["ping"]);
    stage.pass(200);
    assert_eq!(log.take(), GIVEN_UP);
}

#[test]
fn a_peer_that_has_answered_is_asked_again() {
    let Play { stage, log, socket: _socket } = Play::open(ping);
    stage.pass(1000);
    stage.last().receive("pong");
    log.take();
    stage.pass(50);
    stage.wake();
    assert_eq!(stage.last().sent(), ["ping", "ping"]);
    stage.pass(199);
    assert_eq!(log.lines(), [""; 0]);
    stage.pass(1);
    assert_eq!(log.take(), GIVEN_UP);
}

#[test]
fn a_peer_that_is_asked_already_is_given_up_in_time() {
    let Play { stage, log, socket: _socket } = Play::open(ping);
    for _ in 0..4 {
        stage.wake();
        stage.pass(50);
    }
    assert_eq!((stage.last().sent(), log.take()), (vec!["ping".into()], GIVEN_UP.map(String::from).into()));
}

#[test]
fn being_awake_does_nothing_in_other_states() {
    let play = Play::new(|config| config.start_closed = true);
    play.stage.wake();
    play.stage.pass(LONG);
    assert_eq!(play.stage.count(), 0);
    for set in [as_it_is, ping] {
        let Play { stage, socket, log } = Play::open(set);
        stage.last().fail();
        socket.close();
        for _ in 0..2 {
            stage.wake();
            stage.pass(LONG);
        }
        assert_eq!((stage.count(), log.last()), (1, "close 1006 Closed".into()));
    }
}

/// As another thread may hear it, when the device is awake.
#[test]
fn an_answer_that_comes_while_the_question_is_sent_is_one() {
    let Play { stage, log, socket: _socket } = Play::open(ping);
    let last = stage.last();
    let answering = last.clone();
    last.interrupt(Step::Send, move || answering.receive("pong"));
    stage.wake();
    assert_eq!(last.sent(), ["ping"]);
    stage.pass(999);
    assert_eq!(log.take(), ["message pong Open"]);
}
