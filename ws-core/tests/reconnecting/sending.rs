//! What is sent while there is a connection, and while there is none.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use ws_core::{Blob, Error, ReadyState};

use crate::{
    fake::{Network, Step},
    stage::{LONG, Play, Socket, as_it_is},
};

#[test]
fn what_is_sent_goes_out_at_once_if_there_is_a_connection() {
    let Play { stage, socket, log: _log } = Play::open(as_it_is);
    socket.send("one").unwrap();
    socket.send([1_u8]).unwrap();
    assert_eq!((stage.last().sent(), socket.buffered_amount()), (vec!["one".into(), "[1]".into()], 0));
}

#[test]
fn what_is_sent_before_waits_behind_what_a_handler_of_open_sends() {
    let Play { stage, socket, log } = Play::new(as_it_is);
    socket.send("first").unwrap();
    socket.send([1_u8, 2]).unwrap();
    socket.send(Blob::from(vec![0; 4])).unwrap();
    assert_eq!(socket.buffered_amount(), 5 + 2 + 4);
    log.then("open", |socket| socket.send("token").unwrap());
    stage.last().open();
    let sent = stage.last().sent();
    assert_eq!(sent[..3], ["token", "first", "[1, 2]"]);
    assert_eq!((sent.len(), socket.buffered_amount()), (4, 0));
    socket.send("then").unwrap();
    assert_eq!(stage.last().sent()[4], "then");
}

#[test]
fn what_is_sent_waits_in_every_state_without_a_connection() {
    let Play { stage, socket, log } = Play::new(|config| config.start_closed = true);
    socket.send("idle").unwrap();
    socket.reconnect();
    socket.send("begun").unwrap();
    stage.pass(0);
    socket.send("connecting").unwrap();
    log.then("error", |socket| socket.send("error").unwrap());
    log.then("close", |socket| socket.send("close").unwrap());
    log.then("reconnecting", |socket| socket.send("reconnecting").unwrap());
    stage.last().fail();
    socket.send("waiting").unwrap();
    assert_eq!(socket.buffered_amount(), 4 + 5 + 10 + 5 + 5 + 12 + 7);
    stage.pass(1000);
    stage.last().open();
    let expected = ["idle", "begun", "connecting", "error", "close", "reconnecting", "waiting"];
    assert_eq!((stage.last().sent(), socket.buffered_amount()), (expected.map(String::from).into(), 0));
}

#[test]
fn what_is_sent_when_the_peer_has_begun_to_close_is_for_the_next_connection() {
    let Play { stage, socket, log: _log } = Play::open(as_it_is);
    stage.last().leave();
    socket.send("next").unwrap();
    assert_eq!((stage.last().sent(), socket.buffered_amount()), (vec![], 4));
    stage.last().end(1001);
    assert_eq!(socket.buffered_amount(), 4);
    stage.pass(1000);
    stage.last().open();
    assert_eq!((stage.last().sent(), socket.buffered_amount()), (vec!["next".into()], 0));
}

#[test]
fn messages_have_a_bound() {
    let Play { stage, socket, log: _log } = Play::new(|config| config.max_enqueued_messages = 2);
    socket.send("a").unwrap();
    socket.send("").unwrap();
    assert_eq!(socket.send(""), Err(Error::QuotaExceeded));
    stage.last().open();
    assert_eq!(stage.last().sent(), ["a", ""]);
    for _ in 0..3 {
        socket.send("").unwrap();
    }
}

#[test]
fn bytes_have_a_bound_which_are_those_of_utf8() {
    let Play { stage: _stage, socket, log: _log } = Play::new(|config| config.max_enqueued_bytes = 5);
    socket.send("\u{20ac}").unwrap();
    let error = socket.send("\u{20ac}").unwrap_err();
    assert_eq!(error, Error::QuotaExceeded);
    assert_eq!(error.name(), Some("QuotaExceededError"));
    socket.send([0_u8; 2]).unwrap();
    assert!(socket.send("x").is_err());
    assert_eq!(socket.buffered_amount(), 5);
}

#[test]
fn there_are_bounds_if_none_are_set() {
    let Play { stage: _stage, socket, log: _log } = Play::new(as_it_is);
    socket.send(vec![0; 16 << 20]).unwrap();
    assert!(matches!(socket.send("x"), Err(Error::QuotaExceeded)));
    for _ in 1..65_536 {
        socket.send("").unwrap();
    }
    assert!(matches!(socket.send(""), Err(Error::QuotaExceeded)));
}

#[test]
fn what_waited_at_the_end_is_not_for_what_is_begun_anew() {
    let Play { stage, socket, log } = Play::new(|config| config.max_retries = Some(0));
    socket.send("one").unwrap();
    stage.last().fail();
    assert_eq!(log.last(), "close 1006 Closed");
    assert_eq!(socket.send("two"), Err(Error::Discarded(ReadyState::Closed)));
    assert_eq!(socket.buffered_amount(), 6);
    socket.reconnect();
    assert_eq!(socket.buffered_amount(), 0);
    socket.send("three").unwrap();
    stage.pass(0);
    stage.last().open();
    assert_eq!(stage.last().sent(), ["three"]);
}

#[test]
fn one_message_that_is_refused_is_the_end_of_a_connection_and_the_others_go_out() {
    let Play { stage, socket, log } = Play::new(as_it_is);
    for data in ["1", "2", "3"] {
        socket.send(data).unwrap();
    }
    let refusing = stage.last();
    refusing.set_network(Network::Refuses("2"));
    refusing.open();
    assert_eq!((refusing.sent(), socket.buffered_amount()), (vec!["1".into()], 1));
    stage.pass(0);
    assert_eq!(
        log.take(),
        ["open Open", "error Misuse Connecting", "close 1006 Connecting", "reconnecting 1 1000 Connecting",]
    );
    assert_eq!(socket.failure().unwrap().to_string(), Error::Host("2".into()).to_string());
    stage.pass(1000);
    stage.last().open();
    assert_eq!(stage.last().sent(), ["3"]);
    // Who is there to be told is told, and the connection stays.
    stage.last().set_network(Network::Refuses("4"));
    assert_eq!(socket.send("4"), Err(Error::Host("4".into())));
    assert_eq!((socket.ready_state(), socket.buffered_amount()), (ReadyState::Open, 0));
}

#[test]
fn a_lot_that_waits_goes_out_as_the_network_takes_it() {
    let Play { stage, socket, log: _log } = Play::new(as_it_is);
    for _ in 0..20 {
        socket.send(vec![0; 100 << 10]).unwrap();
    }
    stage.last().set_network(Network::Slow);
    stage.last().open();
    // The high-water mark is 1 MiB.
    assert_eq!(stage.last().sent().len(), 11);
    assert_eq!(socket.buffered_amount(), 20 * (100 << 10));
    stage.pass(LONG);
    assert_eq!(stage.last().sent().len(), 11);
    socket.send("behind").unwrap();
    stage.last().let_out(5 * (100 << 10));
    // It is looked less often when nothing has gone out for long.
    stage.pass(64);
    assert_eq!(stage.last().sent().len(), 16);
    stage.last().let_out(11 * (100 << 10));
    stage.pass(64);
    assert_eq!((stage.last().sent().len(), stage.last().sent().pop()), (21, Some("behind".into())));
}

/// A socket whose peer reads nothing: eleven of twenty messages are the connection's, the others wait.
fn stalled() -> Play {
    let play = Play::new(as_it_is);
    for _ in 0..20 {
        play.socket.send(vec![0; 100 << 10]).unwrap();
    }
    play.stage.last().set_network(Network::Slow);
    play.stage.last().open();
    assert_eq!(play.stage.last().sent().len(), 11);
    play
}

#[test]
fn closed_it_does_not_wait_for_the_peer_to_read() {
    let Play { stage, socket, log } = stalled();
    socket.close_with(3000, "enough").unwrap();
    socket.close();
    assert_eq!((socket.ready_state(), stage.last().closes()), (ReadyState::Closing, vec![]));
    stage.pass(0);
    let last = stage.last();
    assert_eq!((last.sent().len(), last.closes()), (20, vec![Some((3000, "enough".into()))]));
    assert_eq!(socket.buffered_amount(), 20 * (100 << 10));
    last.end(3000);
    assert_eq!((log.last(), stage.count()), ("close 3000 Closed".into(), 1));
}

#[test]
fn dropped_it_gives_out_what_was_sent() {
    for is_closed in [false, true] {
        let Play { stage, socket, log } = stalled();
        if is_closed {
            socket.close_with(3000, "enough").unwrap();
        }
        drop((socket, log));
        let last = stage.last();
        let expected = if is_closed { vec![Some((3000, "enough".into()))] } else { vec![] };
        assert_eq!((last.sent().len(), last.closes(), last.is_abandoned()), (20, expected, true));
        assert_eq!(stage.timers(), 0);
    }
}

#[test]
fn sending_what_waits_stops_when_the_peer_begins_to_close_and_the_rest_waits() {
    let Play { stage, socket, log: _log } = Play::new(as_it_is);
    for data in ["1", "2", "3"] {
        socket.send(data).unwrap();
    }
    let full = stage.last();
    full.set_network(Network::Closes);
    full.open();
    assert_eq!(socket.buffered_amount(), 2);
    socket.send("4").unwrap();
    full.fail();
    stage.pass(1000);
    stage.last().open();
    assert_eq!((full.sent(), stage.last().sent()), (vec!["1".into()], vec!["2".into(), "3".into(), "4".into()]));
}

#[test]
fn what_is_sent_just_when_the_peer_begins_to_close_is_for_the_next_connection() {
    let Play { stage, socket, log: _log } = Play::new(as_it_is);
    for data in ["1", "2"] {
        socket.send(data).unwrap();
    }
    stage.last().set_network(Network::HasClosed);
    stage.last().open();
    stage.last().end(1001);
    assert_eq!(socket.buffered_amount(), 2);
    stage.pass(1000);
    stage.last().open();
    assert_eq!(stage.last().sent(), ["1", "2"]);
    stage.last().set_network(Network::HasClosed);
    socket.send("3").unwrap();
    stage.last().end(1001);
    stage.pass(1000);
    stage.last().open();
    assert_eq!((stage.last().sent(), socket.buffered_amount()), (vec!["3".into()], 0));
}

#[test]
fn what_a_handler_sends_while_what_waited_goes_out_is_behind_it() {
    let Play { stage, socket, log } = Play::new(as_it_is);
    for data in ["1", "2", "3"] {
        socket.send(data).unwrap();
    }
    log.then("error", |socket| socket.send("4").unwrap());
    stage.last().set_network(Network::Refuses("2"));
    stage.last().open();
    stage.pass(1000);
    stage.last().open();
    assert_eq!(stage.last().sent(), ["3", "4"]);
}

#[test]
fn what_a_connection_took_with_it_does_not_count_and_is_not_sent_again() {
    let Play { stage, socket, log: _log } = Play::open(as_it_is);
    stage.last().set_network(Network::Slow);
    socket.send("lost").unwrap();
    assert_eq!(socket.buffered_amount(), 4);
    stage.last().let_out(1);
    assert_eq!(socket.buffered_amount(), 3);
    stage.last().fail();
    socket.send("kept").unwrap();
    assert_eq!(socket.buffered_amount(), 4);
    stage.pass(1000);
    stage.last().open();
    assert_eq!((stage.last().sent(), socket.buffered_amount()), (vec!["kept".into()], 0));
}

#[test]
fn what_the_last_connection_did_not_get_out_counts() {
    let Play { stage, socket, log } = Play::open(as_it_is);
    stage.last().set_network(Network::Slow);
    socket.send("out").unwrap();
    socket.close();
    assert_eq!(socket.send("x"), Err(Error::Discarded(ReadyState::Closing)));
    assert_eq!(socket.buffered_amount(), 4);
    stage.last().end(1005);
    assert_eq!((socket.buffered_amount(), log.last()), (4, "close 1005 Closed".into()));
    assert_eq!(socket.send([0_u8; 2]), Err(Error::Discarded(ReadyState::Closed)));
    assert_eq!((socket.buffered_amount(), stage.last().sent()), (6, vec!["out".into()]));
}

#[test]
fn what_waits_is_thrown_away_and_counted_when_the_peer_ends_it_for_good() {
    let Play { stage, socket, log } = Play::open(as_it_is);
    stage.last().leave();
    socket.send("never").unwrap();
    log.then("close", |socket| {
        assert_eq!(socket.buffered_amount(), 5);
        assert_eq!(socket.send("more"), Err(Error::Discarded(ReadyState::Closed)));
    });
    stage.last().end(1000);
    assert_eq!((log.last(), socket.buffered_amount()), ("close 1000 Closed".into(), 9));
}

#[test]
fn the_amount_has_no_end() {
    let Play { stage: _stage, socket, log: _log } = Play::new(|config| {
        config.max_enqueued_messages = usize::MAX;
        config.max_enqueued_bytes = u64::MAX;
        config.connection_timeout = Duration::MAX;
    });
    for _ in 0..1000 {
        socket.send("x").unwrap();
    }
    assert_eq!(socket.buffered_amount(), 1000);
    Socket::close(&socket);
    assert_eq!(socket.buffered_amount(), 1000);
}

#[test]
fn what_is_on_its_way_to_the_connection_counts() {
    let Play { stage, socket, log: _log } = Play::new(as_it_is);
    socket.send("abc").unwrap();
    socket.send("de").unwrap();
    let amount = Arc::new(Mutex::new(None));
    let (asked, told) = (socket.clone(), Arc::clone(&amount));
    stage.last().interrupt(Step::Send, move || *told.lock().unwrap() = Some(asked.buffered_amount()));
    stage.last().open();
    assert_eq!((*amount.lock().unwrap(), socket.buffered_amount()), (Some(5), 0));
}

/// It is not the message that is too large, but what another thread sends just before.
#[test]
fn a_message_that_fits_is_for_the_next_connection_if_another_takes_its_room() {
    let Play { stage, socket, log: _log } = Play::open(as_it_is);
    let first = stage.last();
    first.set_network(Network::Slow);
    first.set_most(100);
    let crowded = first.clone();
    first.interrupt(Step::Send, move || crowded.crowd(60));
    socket.send("x".repeat(50)).unwrap();
    first.fail();
    stage.ring();
    stage.last().open();
    assert_eq!((stage.count(), stage.last().sent()), (2, vec!["x".repeat(50)]));
}
