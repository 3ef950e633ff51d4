//! When it connects again, and when it does not.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use ws_core::{Error, FailureKind, ReadyState, SyntaxError};

use crate::stage::{LONG, Play, Socket, Stage, URL, as_it_is, milliseconds};

/// The largest chance that there is.
const ALMOST_ONE: f64 = 1.0 - f64::EPSILON / 2.0;

const CODES: [u16; 18] =
    [1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015, 3000, 4000, 4999];

/// The delays that are told of as many connections which are not made.
fn delays(play: &Play, count: usize) -> Vec<u64> {
    let one = |_| {
        play.stage.last().fail();
        let delay = play.log.last().split(' ').nth(2).expect("a retry").parse().unwrap();
        let made = play.stage.count();
        play.stage.pass(delay - 1);
        assert_eq!(play.stage.count(), made);
        play.stage.pass(1);
        assert_eq!(play.stage.count(), made + 1);
        delay
    };
    (0..count).map(one).collect()
}

#[test]
fn a_connection_that_breaks_is_followed_by_another_and_told_so() {
    let Play { stage, socket, log } = Play::open(as_it_is);
    stage.last().fail();
    assert_eq!(log.take(), ["error Connecting", "close 1006 Connecting", "reconnecting 1 1000 Connecting"]);
    stage.pass(999);
    assert_eq!(stage.count(), 1);
    stage.pass(1);
    assert_eq!(stage.count(), 2);
    stage.last().open();
    assert_eq!((log.take(), socket.ready_state()), (vec!["open Open".into()], ReadyState::Open));
}

#[test]
fn delays_grow_up_to_their_bound() {
    for (chance, expected) in [
        (0.0, [1000, 1000, 1000, 1000, 1000]),
        (0.5, [3000, 5500, 10_500, 15_500, 15_500]),
        (0.999, [4996, 9991, 19_981, 29_971, 29_971]),
    ] {
        let play = Play::new(as_it_is);
        play.stage.set_chance(chance);
        assert_eq!(delays(&play, 5), expected);
        assert_eq!(play.socket.retry_count(), 5);
    }
}

#[test]
fn delays_are_as_they_are_set() {
    let play = Play::new(|config| {
        config.min_reconnection_delay = milliseconds(10);
        config.max_reconnection_delay = milliseconds(400);
        config.reconnection_delay_grow_factor = 3.0;
    });
    play.stage.set_chance(0.5);
    assert_eq!(delays(&play, 4), [30, 80, 205, 205]);
}

#[test]
fn a_connection_that_came_while_the_program_was_busy_is_one() {
    let Play { stage, log, socket: _socket } = Play::new(|config| config.connection_timeout = milliseconds(500));
    stage.ring();
    stage.last().open();
    stage.pass(LONG);
    assert_eq!((stage.count(), log.take()), (1, vec!["open Open".into()]));
}

#[test]
fn a_connection_that_came_and_ended_while_the_program_was_busy_has_its_own_end() {
    let Play { stage, log, socket } = Play::new(|config| config.connection_timeout = milliseconds(500));
    stage.ring();
    stage.last().fail();
    assert_eq!(log.take(), ["error Connecting", "close 1006 Connecting", "reconnecting 1 1000 Connecting"]);
    assert_eq!(socket.retry_count(), 1);
}

#[test]
fn retries_go_on_for_ever_with_a_delay_no_larger_than_it_may_be() {
    let Play { stage, log, socket } = Play::new(|config| config.connection_timeout = milliseconds(LONG));
    stage.set_chance(ALMOST_ONE);
    for _ in 0..2000 {
        stage.last().fail();
        stage.pass(30_000);
    }
    assert_eq!((stage.count(), socket.retry_count()), (2001, 2000));
    assert!(log.last().starts_with("reconnecting 2000 "), "{}", log.last());
}

#[test]
fn a_delay_that_never_ends_is_no_trouble() {
    let Play { stage, log, socket } = Play::new(|config| config.min_reconnection_delay = Duration::MAX);
    stage.last().fail();
    stage.pass(LONG);
    assert_eq!((stage.count(), socket.ready_state()), (1, ReadyState::Connecting));
    socket.reconnect();
    stage.pass(0);
    stage.last().open();
    assert_eq!(log.last(), "open Open");
}

#[test]
fn retries_are_counted_anew_only_behind_a_connection_that_has_lasted() {
    let Play { stage, socket, log: _log } = Play::new(|config| config.min_uptime = milliseconds(5000));
    let lose_after = |uptime| {
        stage.last().open();
        stage.pass(uptime);
        let shown = socket.retry_count();
        stage.last().fail();
        let waiting = socket.retry_count();
        stage.pass(1000);
        (shown, waiting, socket.retry_count())
    };
    assert_eq!(lose_after(4999), (0, 1, 1));
    assert_eq!(lose_after(4999), (1, 2, 2));
    assert_eq!(lose_after(5000), (0, 1, 1));
}

#[test]
fn delays_begin_anew_behind_a_connection_that_has_lasted() {
    let play = Play::new(as_it_is);
    play.stage.set_chance(0.5);
    assert_eq!(delays(&play, 2), [3000, 5500]);
    play.stage.last().open();
    play.stage.pass(4999);
    assert_eq!(delays(&play, 1), [10_500]);
    play.stage.last().open();
    play.stage.pass(5000);
    assert_eq!(delays(&play, 2), [3000, 5500]);
}

#[test]
fn no_more_retries_than_are_allowed_and_again_if_told_so() {
    for most in [0, 1, 3] {
        let Play { stage, socket, log } = Play::new(|config| config.max_retries = Some(most));
        for _ in 0..most {
            stage.last().fail();
            stage.pass(1000);
        }
        assert_eq!(socket.ready_state(), ReadyState::Connecting);
        stage.last().fail();
        assert_eq!(log.last(), "close 1006 Closed");
        assert_eq!(stage.timers(), 0);
        let made = stage.count();
        assert_eq!(made, most as usize + 1);
        socket.reconnect();
        assert_eq!(socket.ready_state(), ReadyState::Connecting);
        stage.pass(0);
        assert_eq!(stage.count(), made + 1);
        stage.last().open();
        assert_eq!(log.last(), "open Open");
    }
}

#[test]
fn no_retry_after_codes_that_would_come_again() {
    let is_final = |code: &u16| {
        let play = Play::open(as_it_is);
        play.stage.last().end(*code);
        play.stage.pass(1000);
        play.stage.count() == 1 && play.socket.ready_state() == ReadyState::Closed
    };
    let finals: Vec<u16> = CODES.into_iter().filter(is_final).collect();
    assert_eq!(finals, [1000, 1002, 1003, 1007, 1008, 1009, 1010]);
}

#[test]
fn the_program_decides_by_the_event_before_that_is_told() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&asked);
    let builder = Socket::builder(URL).should_reconnect(move |event| {
        notes.lock().unwrap().push((event.code.get(), event.reason.clone(), event.was_clean));
        event.code.get() != 4001
    });
    let Play { stage, log, socket: _socket } = Play::of(builder, as_it_is);
    stage.last().open();
    stage.last().end_with(1000, "done");
    stage.pass(1000);
    assert_eq!(stage.count(), 2);
    stage.last().fail();
    stage.pass(1000);
    stage.last().open();
    stage.last().end(4001);
    stage.pass(LONG);
    assert_eq!(stage.count(), 3);
    assert_eq!(
        log.take(),
        [
            "open Open",
            "close 1000 Connecting",
            "reconnecting 1 1000 Connecting",
            "error Connecting",
            "close 1006 Connecting",
            "reconnecting 2 1000 Connecting",
            "open Open",
            "close 4001 Closed"
        ]
    );
    let expected = [(1000, "done".into(), true), (1006, String::new(), false), (4001, String::new(), true)];
    assert_eq!(*asked.lock().unwrap(), expected);
}

#[test]
fn the_program_is_not_asked_if_there_is_no_retry_left_or_it_has_closed() {
    let asked = Arc::new(Mutex::new(0));
    let notes = Arc::clone(&asked);
    let count = move |_: &ws_core::CloseEvent| {
        *notes.lock().unwrap() += 1;
        true
    };
    let play = Play::of(Socket::builder(URL).should_reconnect(count.clone()), |config| config.max_retries = Some(0));
    play.stage.last().fail();
    assert_eq!(play.log.last(), "close 1006 Closed");
    let play = Play::of(Socket::builder(URL).should_reconnect(count), as_it_is);
    play.stage.last().open();
    play.socket.close();
    play.stage.last().end(1001);
    assert_eq!((play.log.last(), *asked.lock().unwrap()), ("close 1001 Closed".into(), 0));
}

#[test]
fn what_takes_too_long_is_given_up_and_not_heard_any_more() {
    let Play { stage, log, socket } = Play::new(|config| config.connection_timeout = milliseconds(500));
    let slow = stage.last();
    stage.pass(499);
    assert_eq!(log.lines(), [""; 0]);
    stage.pass(1);
    let told = ["error Timeout Connecting", "close 1006 Connecting", "reconnecting 1 1000 Connecting"];
    assert_eq!(log.take(), told);
    assert_eq!(slow.closes(), [None]);
    assert_eq!(socket.failure().unwrap().to_string(), "there was no connection within 500 ms");
    stage.pass(1000);
    slow.open();
    slow.receive("late");
    slow.fail();
    assert_eq!((log.lines(), stage.count()), (vec![], 2));
    stage.last().open();
    stage.pass(LONG);
    assert_eq!(log.take(), ["open Open"]);
    assert!(socket.failure().is_none());
}

#[test]
fn the_failure_is_that_of_the_newest_connection_that_failed() {
    let Play { stage, socket, log } = Play::new(|config| config.connection_timeout = milliseconds(500));
    assert!(socket.failure().is_none());
    stage.last().fail_for(ws_core::Failure::new(FailureKind::Refused, "503"));
    assert_eq!(socket.failure().unwrap().to_string(), "503");
    assert_eq!(log.take()[0], "error Refused Connecting");
    stage.pass(1000);
    assert_eq!(socket.failure().unwrap().kind(), FailureKind::Refused);
    stage.pass(500);
    assert_eq!(socket.failure().unwrap().kind(), FailureKind::Timeout);
    stage.pass(1000);
    // The backend does not know why, as none does in a browser.
    stage.last().fail();
    assert!(socket.failure().is_none());
    assert!(log.take().contains(&"error Connecting".into()));
    stage.pass(1000);
    stage.last().fail_for(ws_core::Failure::new(FailureKind::Network, "reset"));
    socket.close();
    assert_eq!(socket.failure().unwrap().kind(), FailureKind::Network);
}

#[test]
fn what_the_constructor_throws_is_thrown_and_nothing_is_left() {
    for (url, expected) in [
        ("http://[", None),
        ("ws://h/#part", Some(Error::Syntax(SyntaxError::Fragment))),
        ("ws://forbidden/", Some(Error::Security("not from here".into()))),
    ] {
        let (stage, kept) = (Stage::new(), Arc::new(Mutex::new(None)));
        let keep = Arc::clone(&kept);
        let thrown = Socket::builder(url)
            .connect_with(move |socket| *keep.lock().unwrap() = Some(socket.clone()))
            .expect_err("no connection can be made to that");
        if let Some(expected) = expected {
            assert_eq!(thrown, expected);
        } else {
            assert_eq!(thrown.name(), Some("SyntaxError"));
        }
        let socket = kept.lock().unwrap().take().unwrap();
        assert_eq!((socket.ready_state(), stage.timers()), (ReadyState::Closed, 0), "{url}");
    }
}

#[test]
fn wrong_subprotocols_are_thrown_by_the_first_connection() {
    Stage::new();
    let twice = ws_core::WebSocket::builder(URL).protocols(["a", "a"]);
    let thrown = Socket::builder(twice).connect().expect_err("it occurs twice");
    assert_eq!(thrown, Error::Syntax(SyntaxError::DuplicateSubprotocol("a".into())));
}

#[test]
fn a_wrong_url_of_what_is_begun_later_is_a_failure_each_time() {
    let Play { stage, socket, log } = Play::of(Socket::builder("ws://h/#part"), |config| config.start_closed = true);
    log.then("close", Socket::reconnect);
    socket.reconnect();
    assert_eq!(log.lines(), [""; 0]);
    stage.pass(0);
    let failed = ["error Misuse Connecting", "close 1006 Connecting"];
    assert_eq!(log.take(), [&failed[..], &failed, &["reconnecting 1 1000 Connecting"]].concat());
    assert_eq!(stage.count(), 0);
}

#[test]
fn a_host_that_cannot_run_it_is_an_error() {
    let stage = Stage::new();
    stage.have_no_host();
    assert_eq!(Socket::new(URL).expect_err("there is no host"), Error::Host("no thread".into()));
    assert_eq!(stage.count(), 0);
}
