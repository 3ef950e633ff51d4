//! Heartbeat and round-trip time, at both ends.

use std::time::Duration;

use ws_core::{CloseCode, FailureKind, Task};
use ws_native::Session;
use ws_native::proto::{Config, Error, Event, Heartbeat, Phase, Role};

use crate::pair::{Pair, bounds, output, random, request};
use crate::watched::{INSTANT, INTERVAL, SECOND, TIMEOUT, at, ends, frame, given_up, hear, heartbeat, ping, pong};

#[test]
fn the_defaults_are_none_and_thirty_and_ten_seconds() {
    assert_eq!((Config::default().heartbeat, Config::default().idle_timeout), (None, None));
    assert_eq!((Heartbeat::default().interval, Heartbeat::default().timeout), (INTERVAL, TIMEOUT));
}

#[test]
fn an_open_connection_has_no_deadline_unless_it_is_asked_for() {
    for mut end in ends(&Config::default()) {
        assert_eq!(end.deadline(), None);
        assert!(at(&mut end, Duration::MAX).is_none());
        assert!(end.output().is_empty());
        assert_eq!(end.round_trip_time(), None);
    }
}

#[test]
fn a_ping_is_sent_when_nothing_was_received_for_the_interval_and_not_before() {
    for mut end in ends(&heartbeat()) {
        assert_eq!(end.deadline(), Some(INTERVAL));
        assert!(at(&mut end, INTERVAL - INSTANT).is_none());
        assert!(end.output().is_empty());
        assert!(at(&mut end, INTERVAL).is_none());
        let expected = ping(&end, 1);
        assert_eq!(output(&mut end), expected);
        assert_eq!(end.deadline(), Some(INTERVAL + TIMEOUT));
    }
}

#[test]
fn a_peer_of_which_nothing_is_heard_then_is_given_up_at_the_deadline_and_not_before() {
    for mut end in ends(&heartbeat()) {
        assert!(at(&mut end, INTERVAL).is_none());
        let sent = output(&mut end).len();
        end.transmitted(sent);
        assert!(end.poll(INTERVAL).is_none());
        assert!(at(&mut end, INTERVAL + TIMEOUT - INSTANT).is_none());
        let closed = given_up(at(&mut end, INTERVAL + TIMEOUT));
        assert_eq!((closed.clean, closed.code()), (false, CloseCode::ABNORMAL));
        let words = "the peer has not answered a ping in time (heartbeat.timeout)";
        assert_eq!(closed.error.unwrap().to_string(), words);
        assert!(end.output().is_empty(), "there is nobody to tell");
        assert_eq!(end.deadline(), None);
    }
}

#[test]
fn the_time_of_a_peer_begins_with_the_ping_however_late_that_is() {
    for mut end in ends(&heartbeat()) {
        let late = INTERVAL * 10;
        assert!(at(&mut end, late).is_none());
        assert!(!end.output().is_empty());
        assert!(at(&mut end, late + TIMEOUT - INSTANT).is_none());
        given_up(at(&mut end, late + TIMEOUT));
    }
}

#[test]
fn whatever_is_received_puts_the_next_ping_off() {
    for mut end in ends(&heartbeat()) {
        let message = frame(&end, 0x81, b"a");
        hear(&mut end, &message, INTERVAL - INSTANT);
        // It is enough to look at it when the deadline comes that was.
        assert_eq!(end.deadline(), Some(INTERVAL));
        assert!(at(&mut end, INTERVAL).is_none());
        assert_eq!(end.deadline(), Some(INTERVAL * 2 - INSTANT));
        assert!(at(&mut end, INTERVAL * 2 - 2 * INSTANT).is_none());
        assert!(end.output().is_empty());
        assert!(at(&mut end, INTERVAL * 2 - INSTANT).is_none());
        let expected = ping(&end, 1);
        assert_eq!(output(&mut end), expected);
    }
}

#[test]
fn whatever_is_received_after_a_ping_is_a_sign_of_life() {
    let frames: [(u8, &[u8]); 4] = [(0x81, b"a"), (0x02, b""), (0x89, b"p"), (0x8a, b"unsolicited")];
    for (first, payload) in frames {
        for mut end in ends(&heartbeat()) {
            assert!(at(&mut end, INTERVAL).is_none());
            let heard = INTERVAL + TIMEOUT - INSTANT;
            let frame = frame(&end, first, payload);
            hear(&mut end, &frame, heard);
            assert!(at(&mut end, INTERVAL + TIMEOUT).is_none());
            assert_eq!(end.deadline(), Some(heard + INTERVAL));
            assert_eq!(end.round_trip_time(), None, "it was not the pong");
            output(&mut end);
            assert!(at(&mut end, heard + INTERVAL).is_none());
            let expected = ping(&end, 2);
            assert_eq!(output(&mut end), expected);
        }
    }
}

#[test]
fn the_next_ping_follows_an_answer_by_the_interval_however_long_the_peer_may_take() {
    for timeout in [INTERVAL * 3, Duration::MAX] {
        let mut heartbeat = Heartbeat::default();
        heartbeat.timeout = timeout;
        for mut end in ends(&bounds(|config| config.heartbeat = Some(heartbeat))) {
            let mut now = Duration::ZERO;
            for number in 1..=3 {
                assert_eq!(end.deadline(), Some(now + INTERVAL));
                now += INTERVAL;
                assert!(at(&mut end, now).is_none());
                let expected = ping(&end, number);
                assert_eq!(output(&mut end), expected);
                assert_eq!(end.deadline(), now.checked_add(timeout));
                now += SECOND;
                let answer = pong(&end, number);
                hear(&mut end, &answer, now);
            }
        }
    }
}

#[test]
fn a_peer_that_is_amid_a_large_message_is_alive_as_long_as_bytes_of_it_come() {
    for mut end in ends(&heartbeat()) {
        let mut now = Duration::ZERO;
        let bytes = frame(&end, 0x82, &[0; 100]);
        let header = bytes.len() - 100;
        hear(&mut end, &bytes[..header], now);
        for byte in &bytes[header..header + 20] {
            now += INTERVAL + TIMEOUT - INSTANT;
            // The ping was sent, and is behind what the peer is sending.
            assert!(at(&mut end, now - TIMEOUT).is_none());
            assert!(at(&mut end, now - INSTANT).is_none());
            hear(&mut end, &[*byte], now);
        }
        assert!(at(&mut end, now + INTERVAL).is_none());
        given_up(at(&mut end, now + INTERVAL + TIMEOUT));
    }
}

#[test]
fn a_header_that_is_not_completed_keeps_nobody_alive() {
    for mut end in ends(&heartbeat()) {
        assert!(at(&mut end, INTERVAL).is_none());
        hear(&mut end, b"\x82", INTERVAL + SECOND);
        given_up(at(&mut end, INTERVAL + TIMEOUT));
    }
}

#[test]
fn input_that_the_program_has_not_looked_at_may_be_the_answer() {
    for mut end in ends(&heartbeat()) {
        assert!(at(&mut end, INTERVAL).is_none());
        output(&mut end);
        let bytes = [frame(&end, 0x81, b"a"), pong(&end, 1)].concat();
        end.receive(&bytes);
        end.handle_timeout(INTERVAL + TIMEOUT);
        // One of two was taken, and the program takes its time with the other.
        assert!(matches!(end.poll(INTERVAL + TIMEOUT), Some(Event::Text(_))));
        for late in 2..10 {
            end.handle_timeout(INTERVAL * late);
            assert!(end.output().is_empty());
        }
        let now = INTERVAL * 10;
        assert!(matches!(end.poll(now), Some(Event::Pong(_))));
        assert!(end.poll(now).is_none());
        assert!(at(&mut end, now + INTERVAL).is_none());
        assert!(!end.output().is_empty());
    }
}

#[test]
fn input_of_the_same_length_as_before_may_not_have_been_looked_at() {
    for mut end in ends(&heartbeat()) {
        let empty = frame(&end, 0x81, b"");
        // A header that lacks two bytes is as long as an empty message.
        let (marker, mask): (u8, &[u8]) = match end.role() {
            Role::Client => (126, b""),
            Role::Server => (0x80 | 126, &[0; 4]),
        };
        let header = [&[0x82, marker, 0, 126], mask].concat();
        let (begin, rest) = header.split_at(empty.len());
        hear(&mut end, begin, Duration::ZERO);
        let rest = [rest, &[0; 126], &empty].concat();
        end.receive(&rest);
        assert!(matches!(end.poll(Duration::ZERO), Some(Event::Binary(_))));
        for late in 1..5 {
            end.handle_timeout(INTERVAL * late);
            assert!(end.output().is_empty(), "an empty message was not looked at");
        }
    }
}

#[test]
fn the_round_trip_time_is_that_of_the_newest_ping_that_was_answered() {
    for mut end in ends(&heartbeat()) {
        assert!(at(&mut end, INTERVAL).is_none());
        let sent = output(&mut end).len();
        end.transmitted(sent);
        let answer = pong(&end, 1);
        hear(&mut end, &answer, INTERVAL + SECOND);
        assert_eq!(end.round_trip_time(), Some(SECOND));
        // The same pong again is none.
        hear(&mut end, &answer, INTERVAL + 2 * SECOND);
        assert_eq!(end.round_trip_time(), Some(SECOND));

        let second = INTERVAL * 2 + 2 * SECOND;
        // The deadline that was is put off.
        assert!(at(&mut end, INTERVAL + TIMEOUT).is_none());
        assert!(at(&mut end, second).is_none());
        let sent = output(&mut end).len();
        end.transmitted(sent);
        for other in [pong(&end, 1), pong(&end, 3), frame(&end, 0x8a, b""), frame(&end, 0x81, b"a")] {
            hear(&mut end, &other, second + SECOND);
        }
        assert_eq!(end.round_trip_time(), Some(SECOND), "the second ping is not answered");
        let answer = pong(&end, 2);
        hear(&mut end, &answer, second + 3 * SECOND);
        assert_eq!(end.round_trip_time(), Some(3 * SECOND));
    }
}

#[test]
fn a_ping_waits_for_the_messages_before_it_however_slow_the_wire() {
    for mut end in ends(&heartbeat()) {
        end.send_binary(&[0; 1_000_000]).unwrap();
        assert!(at(&mut end, INTERVAL).is_none());
        let mut now = INTERVAL;
        while end.backlog() > 0 {
            now += TIMEOUT - INSTANT;
            end.consume_output(end.output().len().min(100_000));
            assert!(at(&mut end, now).is_none(), "bytes go, so the peer is not given up");
        }
        assert!(at(&mut end, now + TIMEOUT - INSTANT).is_none());
        given_up(at(&mut end, now + TIMEOUT));
    }
}

#[test]
fn the_round_trip_time_begins_when_the_ping_is_next_to_be_written() {
    for mut end in ends(&heartbeat()) {
        end.send_binary(&[0; 1000]).unwrap();
        assert!(at(&mut end, INTERVAL).is_none());
        end.consume_output(1000);
        assert!(end.poll(INTERVAL + SECOND).is_none());
        end.consume_output(1000);
        assert!(end.poll(INTERVAL + 2 * SECOND).is_none());
        let answer = pong(&end, 1);
        hear(&mut end, &answer, INTERVAL + 4 * SECOND);
        assert_eq!(end.round_trip_time(), Some(3 * SECOND));
    }
}

#[test]
fn a_peer_that_takes_nothing_is_given_up_while_messages_wait() {
    for mut end in ends(&heartbeat()) {
        end.send_binary(&[0; 1_000_000]).unwrap();
        assert!(at(&mut end, INTERVAL).is_none());
        end.consume_output(1);
        assert!(at(&mut end, INTERVAL + SECOND).is_none());
        assert!(at(&mut end, INTERVAL + SECOND + TIMEOUT - INSTANT).is_none());
        given_up(at(&mut end, INTERVAL + SECOND + TIMEOUT));
    }
}

#[test]
fn two_ends_with_a_heartbeat_keep_each_other_alive() {
    let mut pair = Pair::established(heartbeat());
    for _ in 0..1000 {
        pair.advance(SECOND);
    }
    assert!(pair.client.is_open() && pair.server.is_open());
    assert!(pair.client.round_trip_time().is_some() || pair.server.round_trip_time().is_some());
}

#[test]
fn the_closing_handshake_has_its_own_deadline() {
    for mut end in ends(&heartbeat()) {
        assert!(at(&mut end, INTERVAL).is_none());
        let start = INTERVAL + SECOND;
        end.start_closing_handshake(None).unwrap();
        assert!(end.poll(start).is_none());
        assert_eq!(end.deadline(), Some(start + Config::default().close_timeout));
        assert!(at(&mut end, INTERVAL + TIMEOUT).is_none());
        let closed = at(&mut end, start + Config::default().close_timeout);
        let Some(Event::Closed(closed)) = closed else { panic!("{closed:?}") };
        assert!(matches!(closed.error, Some(Error::Timeout(Phase::Close))));
    }
}

#[test]
fn times_may_lie_beyond_all_time() {
    let mut heartbeat = Heartbeat::default();
    heartbeat.timeout = Duration::MAX;
    let config = bounds(|config| {
        config.heartbeat = Some(heartbeat);
        config.idle_timeout = Some(Duration::MAX);
    });
    for mut end in ends(&config) {
        assert!(at(&mut end, INTERVAL).is_none());
        assert!(!end.output().is_empty());
        assert_eq!(end.deadline(), Some(Duration::MAX), "the idle time-out from zero on");
        let message = frame(&end, 0x81, b"a");
        end.consume_output(1);
        hear(&mut end, &message, SECOND);
        end.handle_timeout(Duration::MAX);
        assert!(end.is_open());
    }
}

#[test]
fn a_close_frame_of_the_peer_ends_the_watch() {
    for mut end in ends(&heartbeat()) {
        let close = frame(&end, 0x88, b"");
        end.receive(&close);
        assert!(matches!(end.poll(Duration::ZERO), Some(Event::ClosingHandshakeStarted(None))));
        let end_of_transport = (end.role() == Role::Client).then_some(Config::default().end_timeout);
        let closed = end.poll(Duration::ZERO);
        assert_eq!(closed.is_none(), end.role() == Role::Client);
        assert_eq!(end.deadline(), end_of_transport);
    }
}

#[test]
fn a_session_passes_it_on() {
    let now = Duration::ZERO;
    let mut session = Session::new(request(&[]), "ws://h".into(), heartbeat(), Box::new(random), now);
    let head = session.output().len();
    session.consume_output(head);
    session.receive(
        b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
          Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
    );
    assert!(matches!(session.next_task(now), Some(Task::Open)));
    assert!(session.next_task(now).is_none());
    assert_eq!(session.deadline(), Some(INTERVAL));
    session.handle_timeout(INTERVAL);
    assert_eq!(session.take_output()[..2], *b"\x89\x88");
    session.transmitted(14);
    session.receive(b"\x8a\x08\0\0\0\0\0\0\0\x01");
    assert!(session.next_task(INTERVAL + SECOND).is_none());
    assert_eq!(session.round_trip_time(), Some(SECOND));
    for time in [INTERVAL + TIMEOUT, INTERVAL * 2 + SECOND, INTERVAL * 2 + SECOND + TIMEOUT] {
        assert!(session.next_task(time).is_none());
        session.handle_timeout(time);
    }
    let task = session.next_task(INTERVAL * 3);
    assert!(matches!(task, Some(Task::Close { failed: true, .. })));
    assert_eq!(session.failure().unwrap().kind(), FailureKind::Timeout);
}
