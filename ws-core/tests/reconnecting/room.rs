//! What waits when the network takes no more: until there is room, and not for ever when the program has closed the socket.

use ws_core::{ReadyState, ReconnectConfig};

use crate::{
    alive::ping,
    fake::{Network, Step},
    stage::{LONG, Play, Socket, as_it_is},
};

const SIZE: u64 = 100 << 10;

/// The network fails a connection for which more waits than twelve messages.
const MOST: u64 = 12 * SIZE;

/// A socket with twenty messages, whose peer reads nothing. What is done before it is open is the caller's.
fn stalled(prepare: impl FnOnce(&Play)) -> Play {
    stalled_as(as_it_is, prepare)
}

/// The same with these settings.
fn stalled_as(set: impl FnOnce(&mut ReconnectConfig), prepare: impl FnOnce(&Play)) -> Play {
    let play = Play::new(set);
    for _ in 0..20 {
        play.socket.send(vec![0; SIZE as usize]).unwrap();
    }
    play.stage.last().set_network(Network::Slow);
    play.stage.last().set_most(MOST);
    prepare(&play);
    play.stage.last().open();
    play
}

fn farewell(socket: &Socket) {
    socket.close_with(3000, "enough").unwrap();
}

fn assert_closed(play: &Play, sent: usize) {
    let fake = play.stage.last();
    assert_eq!((fake.sent().len(), fake.closes()), (sent, vec![Some((3000, "enough".into()))]));
}

fn assert_waits(play: &Play, sent: usize) {
    let fake = play.stage.last();
    assert_eq!((fake.sent().len(), fake.closes()), (sent, vec![]));
    assert_eq!((fake.is_open(), play.socket.ready_state()), (true, ReadyState::Closing));
}

#[test]
fn closed_it_sends_what_waits_as_far_as_there_is_room() {
    for in_open in [true, false] {
        let play = stalled(|play| {
            if in_open {
                play.log.then("open", farewell);
            }
        });
        if !in_open {
            // The high-water mark is 1 MiB.
            assert_eq!(play.stage.last().sent().len(), 11);
            farewell(&play.socket);
            play.stage.pass(0);
        }
        for sent in 12..20 {
            assert_waits(&play, sent);
            assert_eq!(play.socket.buffered_amount(), (20 + 12 - sent as u64) * SIZE);
            play.stage.pass(1000);
            play.stage.last().let_out(SIZE - 1);
            play.stage.pass(64);
            assert_waits(&play, sent);
            play.stage.last().let_out(1);
            play.stage.pass(64);
        }
        assert_closed(&play, 20);
        play.stage.last().end(3000);
        assert_eq!(play.log.take(), ["open Open", "close 3000 Closed"]);
        assert_eq!((play.stage.timers(), play.stage.count()), (0, 1));
    }
}

/// <https://websockets.spec.whatwg.org/#feedback-from-the-protocol>, "When a WebSocket message has
/// been received": "If ready state is not OPEN (1), then return."
#[test]
fn closed_it_fires_no_message_while_it_sends_what_waits() {
    let play = stalled(|_| ());
    farewell(&play.socket);
    play.stage.last().receive("late");
    assert_eq!(play.log.take(), ["open Open"]);
}

#[test]
fn begun_anew_after_close_it_sends_nothing_of_what_waited() {
    for is_lost in [false, true] {
        let play = stalled(|_| ());
        farewell(&play.socket);
        if is_lost {
            play.log.then("error", Socket::reconnect);
            play.stage.last().fail();
        } else {
            play.socket.reconnect();
        }
        assert_eq!(play.socket.buffered_amount(), 0);
        play.stage.pass(0);
        assert_eq!(play.stage.count(), 2);
        play.stage.last().open();
        assert_eq!(play.stage.last().sent(), [""; 0]);
        play.socket.send("new").unwrap();
        assert_eq!(play.stage.last().sent(), ["new"]);
    }
}

#[test]
fn closed_it_asks_nothing_of_a_peer_that_takes_what_waits() {
    let play = stalled_as(ping, |_| ());
    farewell(&play.socket);
    for _ in 0..20 {
        play.stage.pass(150);
        play.stage.last().let_out(1);
    }
    assert_eq!(play.log.take(), ["open Open"]);
    assert_waits(&play, 12);
}

#[test]
fn a_question_for_which_there_is_no_room_waits_as_long_as_something_goes_out() {
    let play = Play::open(ping);
    let last = play.stage.last();
    last.set_network(Network::Slow);
    last.set_most(100);
    play.socket.send("x".repeat(100)).unwrap();
    play.stage.pass(1000);
    for _ in 0..3 {
        last.let_out(1);
        play.stage.pass(200);
    }
    assert_eq!(last.sent().len(), 1);
    last.let_out(1);
    play.stage.pass(200);
    assert_eq!(last.sent()[1..], ["ping"]);
    last.let_out(100);
    last.receive("pong");
    assert_eq!(play.log.take(), ["message pong Open"]);
}

#[test]
fn a_peer_that_takes_nothing_of_what_leaves_no_room_for_a_question_is_given_up() {
    let play = Play::open(ping);
    play.stage.last().set_network(Network::Slow);
    play.stage.last().set_most(100);
    play.socket.send("x".repeat(99)).unwrap();
    play.stage.pass(1199);
    assert_eq!(play.log.take(), [""; 0]);
    play.stage.pass(1);
    assert_eq!(play.log.take()[0], "error Timeout Connecting");
}

#[test]
fn closed_it_does_not_wait_for_ever_for_a_peer_that_takes_nothing() {
    let play = stalled(|_| ());
    play.stage.pass(LONG);
    farewell(&play.socket);
    play.stage.pass(9900);
    assert_waits(&play, 12);
    // Something has gone out: there is as much time again, of which another call does not make more.
    play.stage.last().let_out(1);
    play.stage.pass(5000);
    play.socket.close();
    play.stage.pass(4900);
    assert_waits(&play, 12);
    play.stage.pass(200);
    assert_closed(&play, 12);
    let unsent = 20 * SIZE - 1;
    assert_eq!((play.socket.ready_state(), play.socket.buffered_amount()), (ReadyState::Closing, unsent));
    assert_eq!(play.stage.timers(), 0);
    play.stage.last().fail();
    assert_eq!(play.log.take(), ["open Open", "error Closing", "close 1006 Closed"]);
    assert_eq!((play.socket.buffered_amount(), play.stage.count()), (unsent, 1));
}

#[test]
fn a_peer_that_has_taken_nothing_for_long_has_its_time_from_when_it_is_closed() {
    let play = stalled(|play| play.stage.last().set_most(11 * SIZE));
    play.stage.pass(LONG);
    farewell(&play.socket);
    play.stage.pass(9900);
    assert_waits(&play, 11);
    play.stage.pass(200);
    assert_closed(&play, 11);
}

#[test]
fn open_it_waits_for_a_peer_that_takes_nothing() {
    let play = stalled(|_| ());
    play.stage.pass(LONG);
    assert_eq!((play.stage.last().sent().len(), play.socket.ready_state()), (11, ReadyState::Open));
}

/// It is looked 5 ms after it is open, then 10 ms later, and 20, 40, and 64 each time from then on.
#[test]
fn room_is_looked_for_less_often_until_something_has_gone_out() {
    let play = stalled(|_| ());
    let (before, to_next) = (75 + 64 * 100 + 1, 63);
    play.stage.pass(before);
    play.stage.last().let_out(1);
    play.stage.pass(to_next);
    // It was seen that something has gone out, though not enough of it.
    play.stage.last().let_out(5 * SIZE);
    play.stage.pass(4);
    assert_eq!(play.stage.last().sent().len(), 11);
    play.stage.pass(1);
    assert_eq!(play.stage.last().sent().len(), 16);

    let play = stalled(|_| ());
    play.stage.pass(before);
    play.stage.last().let_out(5 * SIZE);
    play.stage.pass(to_next - 1);
    assert_eq!(play.stage.last().sent().len(), 11);
    play.stage.pass(1);
    assert_eq!(play.stage.last().sent().len(), 16);
}

#[test]
fn dropped_it_gives_out_what_there_is_room_for() {
    for is_closed in [false, true] {
        let Play { stage, socket, log } = stalled(|_| ());
        if is_closed {
            farewell(&socket);
        }
        drop((socket, log));
        let last = stage.last();
        let expected = if is_closed { vec![Some((3000, "enough".into()))] } else { vec![] };
        assert_eq!((last.sent().len(), last.closes(), last.is_abandoned()), (12, expected, true));
        assert_eq!((last.is_open(), stage.timers()), (!is_closed, 0));
    }
}

/// Three messages wait, of which the second is refused.
fn refused() -> Play {
    let play = Play::new(as_it_is);
    for data in ["1", "2", "3"] {
        play.socket.send(data).unwrap();
    }
    play.stage.last().set_network(Network::Refuses("2"));
    play
}

fn assert_refused(play: &Play) {
    assert_eq!((play.stage.last().sent(), play.socket.buffered_amount()), (vec!["1".into()], 1));
    play.stage.pass(0);
    assert_eq!(play.log.take(), ["open Open", "error Misuse Closing", "close 1006 Closed"]);
    play.stage.pass(LONG);
    assert_eq!((play.log.take(), play.stage.count(), play.stage.timers()), (vec![], 1, 0));
    assert_eq!((play.stage.last().sent(), play.socket.buffered_amount()), (vec!["1".into()], 1));
}

#[test]
fn a_message_refused_when_a_handler_of_open_closes_is_told_behind_the_handler() {
    let play = refused();
    let log = play.log.clone();
    play.log.then("open", move |socket| {
        farewell(socket);
        assert_eq!((log.lines(), socket.ready_state()), (vec!["open Open".into()], ReadyState::Closing));
    });
    play.stage.last().open();
    assert_eq!(play.log.lines(), ["open Open"]);
    assert_refused(&play);
}

#[test]
fn closed_behind_a_message_that_is_refused_it_has_no_other_connection() {
    let play = refused();
    play.stage.last().open();
    farewell(&play.socket);
    assert_refused(&play);
}

#[test]
fn the_peer_may_end_what_is_about_to_be_given_up() {
    let play = refused();
    play.log.then("open", farewell);
    play.stage.last().open();
    play.stage.last().end(1001);
    assert_eq!(play.log.take(), ["open Open", "close 1001 Closed"]);
    play.stage.pass(LONG);
    assert_eq!((play.log.take(), play.stage.count(), play.stage.timers()), (vec![], 1, 0));
}

#[test]
fn room_that_something_else_takes_at_the_last_moment_is_waited_for() {
    for is_closed in [false, true] {
        let play = Play::new(as_it_is);
        let fake = play.stage.last();
        fake.set_most(100);
        fake.set_network(Network::Crowded(60));
        play.socket.send("a".repeat(50)).unwrap();
        play.socket.send("b".repeat(50)).unwrap();
        if is_closed {
            play.log.then("open", farewell);
        }
        fake.open();
        assert_eq!((fake.sent(), fake.is_open(), play.socket.buffered_amount()), (vec![], true, 160));
        fake.let_out(60);
        play.stage.pass(64);
        assert_eq!(fake.sent(), ["a".repeat(50), "b".repeat(50)]);
        assert_eq!((fake.is_open(), play.socket.buffered_amount()), (!is_closed, 100));
    }
}

#[test]
fn a_question_goes_out_when_it_is_seen_that_there_is_room_for_it() {
    let play = Play::open(ping);
    let last = play.stage.last();
    last.set_most(100);
    last.set_network(Network::Crowded(99));
    play.stage.pass(1000);
    assert_eq!((last.sent(), last.is_open()), (vec!["ping".into()], true));
}

#[test]
fn dropped_it_gives_out_nothing_whose_room_something_else_takes() {
    let Play { stage, socket, log } = stalled(|_| ());
    let last = stage.last();
    last.interrupt(Step::Send, {
        let last = last.clone();
        move || last.crowd(SIZE)
    });
    drop((socket, log));
    assert_eq!((last.sent().len(), last.is_open(), last.is_abandoned()), (11, true, true));
}
