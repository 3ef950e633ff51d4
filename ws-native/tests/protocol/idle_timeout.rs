//! Idle time-out, at both ends.

use std::time::Duration;

use ws_core::{CloseCode, Data, Error, ReadyState, Task};
use ws_native::Session;
use ws_native::proto::{Close, Config, Connection, Event, Role};

use crate::pair::{bounds, output, random, request};
use crate::watched::{INSTANT, INTERVAL, SECOND, TIMEOUT, at, ends, frame, given_up, hear, heartbeat};

const IDLE: Duration = Duration::from_secs(60);

fn idle() -> Config {
    bounds(|config| config.idle_timeout = Some(IDLE))
}

#[test]
fn a_connection_that_is_not_used_is_closed_with_1001_at_the_deadline_and_not_before() {
    for mut end in ends(&idle()) {
        assert_eq!(end.deadline(), Some(IDLE));
        assert!(at(&mut end, IDLE - INSTANT).is_none());
        assert!(end.is_open() && end.output().is_empty());
        assert!(at(&mut end, IDLE).is_none());
        let expected: &[u8] = match end.role() {
            Role::Client => b"\x88\x82\x37\xfa\x21\x3d\x34\x13",
            Role::Server => b"\x88\x02\x03\xe9",
        };
        assert_eq!(output(&mut end), expected);
        assert_eq!(end.deadline(), Some(IDLE + Config::default().close_timeout));
        let answer = frame(&end, 0x88, b"\x03\xe9");
        end.receive(&answer);
        assert!(matches!(end.poll(IDLE), Some(Event::ClosingHandshakeStarted(Some(_)))));
        end.receive_end();
        let Some(Event::Closed(closed)) = end.poll(IDLE) else { panic!("closed") };
        assert_eq!((closed.clean, closed.code()), (true, CloseCode::GOING_AWAY));
    }
}

#[test]
fn a_message_or_a_part_of_one_in_either_direction_is_use() {
    type Use = fn(&mut Connection);
    let uses: [Use; 6] = [
        |end| end.send_text("").unwrap(),
        |end| end.send_owned_binary(vec![0; 5000].into()).unwrap(),
        |end| end.send_text_part("a", false).unwrap(),
        |end| end.receive(&frame(end, 0x81, b"a")),
        |end| end.receive(&frame(end, 0x02, b"")),
        |end| {
            let bytes = frame(end, 0x82, b"ab");
            end.receive(&bytes[..bytes.len() - 1]);
        },
    ];
    for using in uses {
        for mut end in ends(&idle()) {
            using(&mut end);
            let sent = output(&mut end).len();
            end.transmitted(sent);
            hear(&mut end, b"", IDLE - INSTANT);
            assert!(at(&mut end, IDLE - INSTANT).is_none());
            assert!(at(&mut end, IDLE).is_none());
            assert!(at(&mut end, IDLE * 2 - 2 * INSTANT).is_none());
            assert!(end.is_open());
            assert!(at(&mut end, IDLE * 2 - INSTANT).is_none());
            assert!(end.is_closing());
        }
    }
}

#[test]
fn pings_and_pongs_are_no_use() {
    let mut config = heartbeat();
    config.idle_timeout = Some(IDLE);
    for mut end in ends(&config) {
        let mut now = Duration::ZERO;
        while now < IDLE - SECOND {
            now += SECOND;
            for bytes in [frame(&end, 0x89, b"ping"), frame(&end, 0x8a, b"pong")] {
                // Cut in two, so that there is a part of one in between.
                let (begin, rest) = bytes.split_at(bytes.len() - 1);
                hear(&mut end, begin, now);
                hear(&mut end, rest, now);
            }
            end.ping(b"mine").unwrap();
            end.pong(b"unasked").unwrap();
            assert!(at(&mut end, now).is_none());
            end.consume_output(end.output().len());
        }
        assert!(end.is_open());
        assert!(at(&mut end, IDLE).is_none());
        assert!(end.is_closing());
    }
}

#[test]
fn pings_between_the_fragments_of_a_message_are_no_use() {
    for mut end in ends(&idle()) {
        let (fragment, ping) = (frame(&end, 0x01, b"a"), frame(&end, 0x89, b"p"));
        hear(&mut end, &fragment, SECOND);
        hear(&mut end, &ping, 2 * SECOND);
        assert!(at(&mut end, IDLE).is_none());
        assert_eq!(end.deadline(), Some(IDLE + SECOND));
        assert!(at(&mut end, IDLE + SECOND).is_none());
        assert!(end.is_closing());
    }
}

#[test]
fn a_message_that_is_being_transmitted_is_use_as_long_as_it_moves() {
    for mut end in ends(&idle()) {
        end.send_binary(&[0; 1000]).unwrap();
        let mut now = Duration::ZERO;
        for _ in 0..10 {
            now += IDLE - INSTANT;
            end.consume_output(1);
            assert!(at(&mut end, now).is_none());
        }
        assert!(end.is_open());
        assert!(at(&mut end, now + IDLE - INSTANT).is_none());
        assert!(end.is_open());
        assert!(at(&mut end, now + IDLE).is_none());
        assert!(end.is_closing());
    }
}

#[test]
fn a_peer_that_is_gone_is_not_taken_for_one_that_has_nothing_to_say() {
    let mut config = heartbeat();
    config.idle_timeout = Some(INTERVAL + TIMEOUT);
    for mut end in ends(&config) {
        assert!(at(&mut end, INTERVAL).is_none());
        given_up(at(&mut end, INTERVAL + TIMEOUT));
    }
    config.idle_timeout = Some(INTERVAL);
    for mut end in ends(&config) {
        assert!(at(&mut end, INTERVAL).is_none());
        assert_eq!(output(&mut end)[0], 0x88, "closing asks for an answer, too");
    }
}

#[test]
fn a_close_frame_of_this_end_is_not_sent_again() {
    for mut end in ends(&idle()) {
        end.start_closing_handshake(Some(&Close::new(CloseCode::NORMAL))).unwrap();
        let sent = output(&mut end).len();
        end.transmitted(sent);
        assert!(at(&mut end, SECOND).is_none());
        end.handle_timeout(IDLE);
        assert!(end.output().is_empty());
    }
}

/// A session that is open, and whose request has gone out.
fn session() -> Session {
    let mut session = Session::new(request(&[]), "ws://h".into(), idle(), Box::new(random), Duration::ZERO);
    let head = session.output().len();
    session.consume_output(head);
    session.receive(
        b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
          Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
    );
    assert!(matches!(session.next_task(Duration::ZERO), Some(Task::Open)));
    assert!(session.next_task(Duration::ZERO).is_none());
    session
}

#[test]
fn a_session_is_one_that_closes_when_the_task_for_it_has_run() {
    let mut session = session();
    session.handle_timeout(IDLE);
    assert!(session.ready_state() == ReadyState::Open && session.has_task(IDLE));
    assert!(session.next_task(IDLE).is_none());
    assert_eq!(session.ready_state(), ReadyState::Closing);
    assert!(matches!(session.send(Data::Text("late".into())), Err(Error::Discarded(ReadyState::Closing))));
    session.close(None);
    assert_eq!(session.take_output()[..2], *b"\x88\x82");
    session.receive(b"\x88\x02\x03\xe9");
    session.receive_end();
    let Some(Task::Close { failed, event }) = session.next_task(IDLE) else { panic!("closed") };
    assert!(!failed && event.was_clean && event.code == CloseCode::GOING_AWAY);
}

#[test]
fn a_session_in_which_a_blob_is_read_when_it_is_over_closes_without_that() {
    let mut session = session();
    let blob = session.send_blob(4).unwrap();
    session.handle_timeout(IDLE);
    session.blob_read(blob, vec![0; 4].into());
    assert!(session.next_task(IDLE).is_none());
    assert_eq!(session.take_output().len(), 8, "a Close frame and nothing else");
    assert!(session.ready_state() == ReadyState::Closing && !session.has_failed());
}
