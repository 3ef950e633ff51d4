//! `reconnect()`, in every state and in every handler.

use std::sync::{Arc, Mutex};

use ws_core::ReadyState;

use crate::{
    fake::Step,
    stage::{LONG, Play, Socket, URL, as_it_is, milliseconds},
};

/// Another connection is begun at once, and becomes the one that there is.
fn assert_new(play: &Play, made: usize) {
    assert_eq!(play.socket.ready_state(), ReadyState::Connecting);
    play.stage.pass(0);
    assert_eq!((play.stage.count(), play.socket.retry_count()), (made, 0));
    play.log.take();
    play.stage.pass(9999);
    play.stage.last().open();
    play.stage.pass(LONG);
    assert_eq!((play.stage.count(), play.log.take()), (made, vec!["open Open".into()]));
}

#[test]
fn reconnect_drops_a_connection_and_makes_another() {
    let play = Play::open(as_it_is);
    let first = play.stage.last();
    play.socket.reconnect_with(4000, "new token").unwrap();
    assert_eq!(first.closes(), [Some((4000, "new token".into()))]);
    assert_eq!((play.log.lines(), play.stage.count()), (vec![], 1));
    play.stage.pass(0);
    first.receive("late");
    first.end(4000);
    first.fail();
    assert_eq!((play.log.take(), play.stage.count()), (vec!["close 4000 Connecting".into()], 2));
    play.stage.last().open();
    play.stage.last().receive("hello");
    assert_eq!(play.log.take(), ["open Open", "message hello Open"]);
}

#[test]
fn the_close_event_has_the_code_and_the_reason_and_is_not_clean() {
    let play = Play::open(as_it_is);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let events = Arc::clone(&seen);
    play.socket.set_onclose(move |_, event| events.lock().unwrap().push(event.clone()));
    play.socket.reconnect_with(4000, "new token").unwrap();
    play.stage.pass(0);
    play.stage.last().open();
    play.socket.reconnect();
    play.stage.pass(0);
    let seen = seen.lock().unwrap();
    let told: Vec<_> = seen.iter().map(|event| (event.code.get(), &*event.reason, event.was_clean)).collect();
    assert_eq!(told, [(4000, "new token", false), (1000, "", false)]);
}

#[test]
fn reconnect_while_a_connection_is_being_made() {
    let play = Play::new(as_it_is);
    let first = play.stage.last();
    play.socket.reconnect();
    assert_eq!(first.closes(), [Some((1000, String::new()))]);
    first.open();
    first.fail();
    assert_eq!(play.log.lines(), [""; 0]);
    assert_new(&play, 2);
}

#[test]
fn reconnect_does_not_wait_for_the_timer_and_counts_anew() {
    let play = Play::new(as_it_is);
    for _ in 0..2 {
        play.stage.last().fail();
        play.stage.pass(1000);
    }
    play.stage.last().fail();
    assert_eq!(play.socket.retry_count(), 3);
    play.socket.reconnect();
    assert_eq!(play.socket.retry_count(), 0);
    assert_new(&play, 4);
}

#[test]
fn reconnect_twice_is_one_connection_and_one_event() {
    let play = Play::open(as_it_is);
    play.socket.reconnect_with(4001, "").unwrap();
    play.socket.reconnect_with(4002, "").unwrap();
    play.stage.pass(0);
    assert_eq!(play.log.take(), ["close 4001 Connecting"]);
    assert_new(&play, 2);
}

#[test]
fn reconnect_behind_the_end_makes_a_connection_without_what_was_to_be_sent() {
    let play = Play::new(as_it_is);
    play.socket.send("old").unwrap();
    play.socket.close();
    play.stage.last().fail();
    assert_eq!(play.socket.buffered_amount(), 3);
    play.socket.reconnect();
    assert_eq!(play.socket.buffered_amount(), 0);
    assert_new(&play, 2);
    assert_eq!(play.stage.last().sent(), [""; 0]);
}

#[test]
fn reconnect_keeps_what_waits() {
    let play = Play::new(as_it_is);
    play.socket.send("one").unwrap();
    play.socket.reconnect();
    play.socket.send("two").unwrap();
    assert_eq!(play.socket.buffered_amount(), 6);
    assert_new(&play, 2);
    assert_eq!(play.stage.last().sent(), ["one", "two"]);
}

#[test]
fn reconnect_during_close_of_a_connection() {
    let play = Play::open(as_it_is);
    let first = play.stage.last();
    play.socket.close_with(3001, "").unwrap();
    play.socket.reconnect();
    first.end(3001);
    assert_eq!(play.log.lines(), [""; 0]);
    play.stage.pass(0);
    assert_eq!(play.log.lines(), ["close 1006 Connecting"]);
    assert_new(&play, 2);
}

#[test]
fn reconnect_during_close_without_a_connection() {
    let play = Play::new(as_it_is);
    play.stage.last().fail();
    play.socket.close();
    play.log.take();
    play.socket.reconnect();
    play.stage.pass(0);
    assert_eq!(play.log.lines(), [""; 0]);
    assert_new(&play, 2);
}

#[test]
fn close_behind_reconnect_tells_of_the_connection_once() {
    let play = Play::open(as_it_is);
    play.socket.reconnect_with(4000, "").unwrap();
    play.socket.close();
    assert_eq!(play.socket.ready_state(), ReadyState::Closing);
    play.stage.pass(LONG);
    assert_eq!((play.log.take(), play.stage.count()), (vec!["close 4000 Closed".into()], 1));

    let play = Play::open(as_it_is);
    play.socket.reconnect_with(4000, "").unwrap();
    play.socket.close();
    play.socket.reconnect_with(4001, "").unwrap();
    play.stage.pass(0);
    assert_eq!((play.log.lines(), play.stage.count()), (vec!["close 4000 Connecting".into()], 2));
    assert_new(&play, 2);
}

#[test]
fn reconnect_in_a_handler_of_any_event() {
    for (event, told) in [
        ("open", &["open Open", "close 1000 Connecting"][..]),
        ("message", &["open Open", "message x Open", "close 1000 Connecting"]),
        ("error", &["open Open", "message x Open", "error Connecting", "close 1006 Connecting"]),
        ("close", &["open Open", "message x Open", "error Connecting", "close 1006 Connecting"]),
        (
            "reconnecting",
            &[
                "open Open",
                "message x Open",
                "error Connecting",
                "close 1006 Connecting",
                "reconnecting 1 1000 Connecting",
            ],
        ),
    ] {
        let play = Play::new(as_it_is);
        play.log.then(event, Socket::reconnect);
        let fake = play.stage.last();
        fake.open();
        fake.receive("x");
        fake.fail();
        assert_eq!(play.stage.count(), 1, "nothing is made within a handler");
        play.stage.pass(0);
        assert_eq!(play.log.lines(), told, "{event}");
        assert_new(&play, 2);
    }
}

#[test]
fn reconnect_in_a_handler_of_the_last_close() {
    let play = Play::open(as_it_is);
    play.log.then("close", Socket::reconnect);
    play.socket.close();
    play.stage.last().end(1005);
    assert_eq!(play.log.lines(), ["close 1005 Closed"]);
    assert_new(&play, 2);
}

#[test]
fn reconnect_in_a_handler_of_the_close_that_reconnect_has_made() {
    let play = Play::open(as_it_is);
    play.log.then("close", Socket::reconnect);
    play.socket.reconnect();
    play.stage.pass(0);
    assert_eq!((play.log.lines(), play.stage.count()), (vec!["close 1000 Connecting".into()], 2));
    assert_new(&play, 2);
}

#[test]
fn reconnect_in_a_handler_of_error_of_what_is_given_up() {
    let play = Play::new(|config| config.connection_timeout = milliseconds(10_000));
    play.log.then("error", Socket::reconnect);
    play.stage.pass(10_000);
    assert_eq!(play.log.lines(), ["error Timeout Connecting", "close 1006 Connecting"]);
    assert_new(&play, 2);
}

#[test]
fn reconnect_when_the_program_is_asked_for_another_connection() {
    for answer in [true, false] {
        let known: Arc<Mutex<Option<Socket>>> = Arc::default();
        let asked = Arc::clone(&known);
        let builder = Socket::builder(URL).should_reconnect(move |_| {
            asked.lock().unwrap().as_ref().unwrap().reconnect();
            answer
        });
        let play = Play::of(builder, as_it_is);
        *known.lock().unwrap() = Some(play.socket.clone());
        play.stage.last().fail();
        assert_eq!(play.log.lines(), ["error Connecting", "close 1006 Connecting"]);
        assert_new(&play, 2);
        *known.lock().unwrap() = None;
    }
}

#[test]
fn close_and_reconnect_in_a_handler_of_error_tell_of_the_end_once() {
    let play = Play::open(as_it_is);
    play.log.then("error", |socket| {
        socket.close();
        socket.reconnect();
    });
    play.stage.last().fail();
    play.stage.pass(0);
    assert_eq!(play.log.lines(), ["error Connecting", "close 1006 Connecting"]);
    assert_new(&play, 2);
}

#[test]
fn reconnect_makes_the_first_connection_of_what_starts_closed() {
    let play = Play::new(|config| config.start_closed = true);
    assert_eq!(play.socket.ready_state(), ReadyState::Closed);
    play.stage.pass(LONG);
    assert_eq!((play.stage.count(), play.log.lines()), (0, vec![]));
    play.socket.reconnect();
    assert_new(&play, 1);
}

#[test]
fn a_connection_that_opens_just_then_is_closed_with_the_code() {
    let play = Play::new(as_it_is);
    let first = play.stage.last();
    let opening = first.clone();
    first.interrupt(Step::ReadyState, move || opening.open());
    play.socket.reconnect_with(4000, "new token").unwrap();
    play.stage.pass(0);
    assert_eq!(first.closes(), [Some((4000, "new token".into()))]);
    assert_eq!((play.log.take(), play.stage.count()), (vec!["open Open".into(), "close 4000 Connecting".into()], 2));
}
