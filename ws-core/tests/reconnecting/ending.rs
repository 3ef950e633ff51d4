//! `close()`, in every state and in every handler, and what is left behind the last handle.

use std::sync::{Arc, Mutex};

use ws_core::{CloseCode, Error, ReadyState, SyntaxError, WebSocket};

use crate::{
    fake::Options,
    stage::{LONG, Play, Socket, URL, as_it_is, milliseconds},
};

/// Nothing more is told, and nothing is done any more.
fn assert_over(play: &Play, made: usize) {
    play.stage.pass(LONG);
    assert_eq!((play.stage.count(), play.stage.timers()), (made, 0));
    assert_eq!((play.socket.ready_state(), play.log.take()), (ReadyState::Closed, vec![]));
}

#[test]
fn close_of_a_connection_is_the_closing_handshake_and_the_end() {
    let play = Play::open(as_it_is);
    play.socket.close_with(4000, "bye").unwrap();
    let fake = play.stage.last();
    assert_eq!(fake.closes(), [Some((4000, "bye".into()))]);
    assert_eq!(play.socket.ready_state(), ReadyState::Closing);
    fake.receive("late");
    fake.end_with(4000, "bye");
    assert_eq!(play.log.take(), ["close 4000 Closed"]);
    assert_over(&play, 1);
}

#[test]
fn close_before_the_first_connection_is_open() {
    let play = Play::new(as_it_is);
    play.socket.send("never").unwrap();
    play.socket.close();
    assert_eq!(play.stage.last().closes(), [None]);
    // Whatever the backend says, it is closed.
    play.stage.last().open();
    assert_eq!(play.socket.ready_state(), ReadyState::Closing);
    play.stage.last().fail();
    assert_eq!(play.log.take(), ["error Closing", "close 1006 Closed"]);
    assert_eq!(play.socket.buffered_amount(), 5);
    assert_over(&play, 1);
}

#[test]
fn close_while_the_next_connection_is_waited_for() {
    let play = Play::open(as_it_is);
    play.stage.last().fail();
    play.log.take();
    play.socket.send("never").unwrap();
    play.socket.close();
    assert_eq!((play.socket.ready_state(), play.socket.buffered_amount()), (ReadyState::Closing, 5));
    assert_eq!(play.log.lines(), [""; 0]);
    play.stage.pass(0);
    assert_eq!(play.log.take(), ["close 1006 Closed"]);
    assert_over(&play, 1);
}

#[test]
fn close_before_reconnect_throws_away_what_waits() {
    let play = Play::new(|config| config.start_closed = true);
    play.socket.send("secret").unwrap();
    play.socket.close();
    assert_eq!(play.socket.buffered_amount(), 6);
    assert_over(&play, 0);
    play.socket.reconnect();
    play.stage.pass(0);
    play.stage.last().open();
    assert_eq!(play.stage.last().sent(), [""; 0]);
}

#[test]
fn close_while_the_socket_is_made() {
    let socket = Socket::builder(URL);
    let stage = crate::stage::Stage::new();
    let socket = socket.connect_with(Socket::close).unwrap();
    stage.pass(LONG);
    assert_eq!((socket.ready_state(), stage.count()), (ReadyState::Closed, 0));
}

#[test]
fn close_in_a_handler_of_open_lets_go_out_what_waited() {
    let play = Play::new(as_it_is);
    play.socket.send("first").unwrap();
    play.log.then("open", |socket| {
        socket.send("token").unwrap();
        socket.close();
    });
    play.stage.last().open();
    let fake = play.stage.last();
    assert_eq!((fake.sent(), fake.closes()), (vec!["token".into(), "first".into()], vec![None]));
    fake.end(1005);
    assert_eq!(play.log.take(), ["open Open", "close 1005 Closed"]);
    assert_over(&play, 1);
}

#[test]
fn close_in_a_handler_of_message() {
    let play = Play::open(as_it_is);
    play.log.then("message", Socket::close);
    play.stage.last().receive("x");
    play.stage.last().end(1005);
    assert_eq!(play.log.take(), ["message x Open", "close 1005 Closed"]);
    assert_over(&play, 1);
}

#[test]
fn close_in_a_handler_of_error_makes_the_end_that_is_being_told_the_last() {
    let play = Play::open(as_it_is);
    play.log.then("error", Socket::close);
    play.stage.last().fail();
    assert_eq!(play.log.take(), ["error Connecting", "close 1006 Closed"]);
    assert_over(&play, 1);

    let play = Play::new(|config| config.connection_timeout = milliseconds(100));
    play.log.then("error", Socket::close);
    play.stage.pass(100);
    assert_eq!(play.log.take(), ["error Timeout Connecting", "close 1006 Closed"]);
    assert_over(&play, 1);
}

#[test]
fn close_in_a_handler_of_close_or_of_reconnecting() {
    for event in ["close", "reconnecting"] {
        let play = Play::open(as_it_is);
        play.log.then(event, Socket::close);
        play.stage.last().fail();
        // Nothing is told within a handler.
        assert!(play.log.last().starts_with(event), "{}", play.log.last());
        assert_eq!(play.socket.ready_state(), ReadyState::Closing);
        play.log.take();
        play.stage.pass(0);
        assert_eq!(play.log.take(), ["close 1006 Closed"]);
        assert_over(&play, 1);
    }
}

#[test]
fn close_when_the_program_is_asked_for_another_connection() {
    for answer in [true, false] {
        let known: Arc<Mutex<Option<Socket>>> = Arc::default();
        let asked = Arc::clone(&known);
        let builder = Socket::builder(URL).should_reconnect(move |_| {
            asked.lock().unwrap().as_ref().unwrap().close();
            answer
        });
        let play = Play::of(builder, as_it_is);
        *known.lock().unwrap() = Some(play.socket.clone());
        play.stage.last().fail();
        assert_eq!(play.log.take(), ["error Connecting", "close 1006 Closed"]);
        assert_over(&play, 1);
        *known.lock().unwrap() = None;
    }
}

#[test]
fn close_does_nothing_the_second_time() {
    let play = Play::open(as_it_is);
    play.socket.close_with(1000, "").unwrap();
    play.socket.close_with(4000, "").unwrap();
    play.log.then("close", Socket::close);
    play.stage.last().end(1000);
    play.socket.close();
    assert_eq!(play.stage.last().closes(), [Some((1000, String::new()))]);
    assert_eq!(play.log.take(), ["close 1000 Closed"]);
    assert_over(&play, 1);
}

#[test]
fn invalid_arguments_are_refused_in_every_state_and_do_nothing() {
    type Go = fn(&Play);
    let states: [(ReadyState, Go); 5] = [
        (ReadyState::Connecting, |_| ()),
        (ReadyState::Open, |play| play.stage.last().open()),
        (ReadyState::Connecting, |play| play.stage.last().fail()),
        (ReadyState::Closing, |play| play.socket.close()),
        (ReadyState::Closed, |play| play.stage.pass(0)),
    ];
    let play = Play::new(as_it_is);
    let long = "x".repeat(124);
    for (state, go) in states {
        go(&play);
        for code in [999, 1001, 2999, 5000] {
            let error = Err(Error::InvalidAccess(CloseCode::new(code)));
            assert_eq!(play.socket.close_with(code, ""), error);
            assert_eq!(play.socket.reconnect_with(code, ""), error);
        }
        let error = Err(Error::Syntax(SyntaxError::ReasonTooLong { length: 124 }));
        assert_eq!(play.socket.close_with(1000, &long), error);
        assert_eq!(play.socket.reconnect_with(4999, &long), error);
        assert_eq!((play.socket.ready_state(), play.stage.count()), (state, 1));
    }
    let play = Play::open(as_it_is);
    play.socket.close_with(3000, &long[1..]).unwrap();
    assert_eq!(play.stage.last().closes(), [Some((3000, "x".repeat(123)))]);
}

#[test]
fn counting_begins_anew_behind_the_end_of_what_has_lasted() {
    let Play { stage, socket, log: _log } = Play::new(as_it_is);
    stage.last().fail();
    stage.pass(1000);
    stage.last().open();
    stage.pass(5000);
    socket.close();
    assert_eq!(socket.retry_count(), 0);
}

#[test]
fn the_last_handle_takes_everything_with_it() {
    type Go = fn(&Play);
    let phases: [Go; 6] = [
        |_| (),
        |play| play.stage.last().open(),
        |play| play.stage.last().leave(),
        |play| play.stage.last().fail(),
        |play| play.socket.close(),
        |play| play.socket.reconnect(),
    ];
    for go in phases {
        let play = Play::new(|config| config.keep_alive = Some(ws_core::KeepAlive::new("ping")));
        go(&play);
        play.log.take();
        let clone = play.socket.clone();
        drop(play.socket);
        assert_eq!((play.stage.sleepers(), play.stage.last().is_abandoned()), (1, false));
        drop(clone);
        assert!(play.stage.last().is_abandoned());
        assert_eq!((play.stage.timers(), play.stage.sleepers()), (0, 0));
        play.stage.last().fail();
        play.stage.pass(LONG);
        assert_eq!((play.log.take(), play.stage.count()), (vec![], 1));
    }
}

#[test]
fn the_last_handle_may_go_in_a_handler() {
    for event in ["open", "message", "error", "close", "reconnecting"] {
        let Play { stage, socket, log } = Play::new(as_it_is);
        log.then(event, move |_| drop(socket));
        let fake = stage.last();
        fake.open();
        fake.receive("x");
        fake.fail();
        assert_eq!((stage.timers(), stage.sleepers()), (0, 0), "{event}");
        assert!(fake.is_abandoned());
    }
}

#[test]
fn options_that_are_dropped_may_ask_the_socket() {
    let known: Arc<Mutex<Option<Socket>>> = Arc::default();
    let (asked, states) = (Arc::clone(&known), Arc::new(Mutex::new(Vec::new())));
    let seen = Arc::clone(&states);
    let dropped: Arc<dyn Fn() + Send + Sync> = Arc::new(move || {
        if let Some(socket) = asked.lock().unwrap().as_ref() {
            seen.lock().unwrap().push(socket.ready_state());
        }
    });
    let to = WebSocket::builder(URL).options(Options { name: "", dropped: Some(dropped) });
    let play = Play::of(Socket::builder(to), as_it_is);
    *known.lock().unwrap() = Some(play.socket.clone());
    for _ in 0..3 {
        play.stage.last().fail();
        play.stage.pass(1000);
    }
    *known.lock().unwrap() = None;
    assert_eq!(*states.lock().unwrap(), [ReadyState::Connecting, ReadyState::Connecting]);
}
