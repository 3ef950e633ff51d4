//! The session: the interface over the protocol, without I/O.

use std::time::Duration;

use ws_core::{BlobError, Close, CloseCode, Data, Error, FailureKind, ReadyState, Task};
use ws_native::Session;
use ws_native::proto::{Config, Request};

use crate::pair::random;

const NOW: Duration = Duration::ZERO;

fn connecting() -> Session {
    let request = Request::new("h", "/", &[] as &[&str]).unwrap();
    Session::new(request, "ws://h".into(), Config::default(), Box::new(random), NOW)
}

fn open() -> Session {
    open_with("")
}

/// Open, after an answer with these headers.
fn open_with(headers: &str) -> Session {
    let mut session = connecting();
    let request = session.output().len();
    session.consume_output(request);
    let answer = format!(
        "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n{headers}\r\n"
    );
    session.receive(answer.as_bytes());
    assert!(matches!(session.next_task(NOW), Some(Task::Open)));
    session
}

/// The payloads of the frames that are output, unmasked: all are short here.
fn sent(session: &mut Session) -> Vec<(u8, Vec<u8>)> {
    let output = session.take_output();
    let (mut frames, mut rest) = (Vec::new(), &output[..]);
    while let [first, length, a, b, c, d, tail @ ..] = rest {
        let length = usize::from(length & 0x7F);
        let key = [a, b, c, d];
        let payload = tail[..length].iter().zip(key.iter().cycle()).map(|(byte, mask)| byte ^ **mask).collect();
        frames.push((*first, payload));
        rest = &tail[length..];
    }
    frames
}

#[test]
fn the_ready_state_changes_in_the_task() {
    let mut session = connecting();
    session.receive(
        b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
          Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\x81\x01a\x88\x02\x03\xe8",
    );
    assert!(session.has_task(NOW));
    assert_eq!(session.ready_state(), ReadyState::Connecting);
    assert!(matches!(session.next_task(NOW), Some(Task::Open)));
    assert_eq!(session.ready_state(), ReadyState::Open);
    assert!(matches!(session.next_task(NOW), Some(Task::Message(_))));
    assert_eq!(session.ready_state(), ReadyState::Open);
    assert!(session.next_task(NOW).is_none());
    assert_eq!(session.ready_state(), ReadyState::Closing);
    session.receive_end();
    let Some(Task::Close { failed: false, event }) = session.next_task(NOW) else { panic!("close") };
    assert!(event.was_clean);
    assert!(session.is_closed());
}

#[test]
fn a_blob_keeps_its_place_and_what_comes_after_it_waits() {
    let mut session = open();
    session.send_text("a").unwrap();
    let first = session.send_blob(2).unwrap();
    session.send_binary(b"b").unwrap();
    let second = session.send_blob(2).unwrap();
    session.send(Data::from("c")).unwrap();
    session.close(Close::new(Some(CloseCode::new(3000)), None).unwrap());
    assert_eq!(session.model().buffered_amount(), 1 + 2 + 1 + 2 + 1);
    assert_eq!(sent(&mut session), [(0x81, b"a".to_vec())]);
    session.blob_read(second, b"22"[..].into());
    assert_eq!(sent(&mut session), []);
    session.blob_read(first, b"11"[..].into());
    let frames = sent(&mut session);
    let expected: [(u8, &[u8]); 5] = [(0x82, b"11"), (0x82, b"b"), (0x82, b"22"), (0x81, b"c"), (0x88, b"\x0b\xb8")];
    assert_eq!(frames, expected.map(|(first, payload)| (first, payload.to_vec())));
}

#[test]
fn a_blob_that_cannot_be_read_fails_the_connection() {
    let mut session = open();
    let blob = session.send_blob(2).unwrap();
    session.send_text("never sent").unwrap();
    session.blob_failed(blob, BlobError("gone".into()));
    assert!(matches!(session.next_task(NOW), Some(Task::Close { failed: true, .. })));
    assert!(session.failure().unwrap().to_string().contains("gone"));
    session.blob_read(blob, b"11"[..].into());
}

#[test]
fn the_buffered_amount_falls_when_the_network_has_it_and_a_turn_begins() {
    let mut session = open();
    session.send_text("hello").unwrap();
    session.send_binary(&[0; 100]).unwrap();
    let output = session.take_output();
    session.transmitted(11);
    assert_eq!(session.model().buffered_amount(), 105);
    session.begin_turn();
    assert_eq!(session.model().buffered_amount(), 100);
    session.transmitted(output.len() - 11 - 40);
    session.begin_turn();
    assert_eq!(session.model().buffered_amount(), 40);
    session.transmitted(40);
    session.begin_turn();
    assert_eq!(session.model().buffered_amount(), 0);
}

#[test]
fn the_buffered_amount_counts_bytes_before_compression() {
    let mut session = open_with("Sec-WebSocket-Extensions: permessage-deflate\r\n");
    session.send_binary(&[7; 10_000]).unwrap();
    let wire = session.output().len();
    assert!(wire < 1000, "{wire}");
    session.consume_output(wire - 1);
    session.begin_turn();
    assert!((1..10_000).contains(&session.model().buffered_amount()));
    session.consume_output(1);
    session.begin_turn();
    assert_eq!(session.model().buffered_amount(), 0);
}

#[test]
fn what_waits_for_a_blob_is_bounded() {
    let mut session = open();
    let bound = session.config().max_send_queue as u64;
    let blob = session.send_blob(bound - 10).unwrap();
    session.send_binary(&[0; 10]).unwrap();
    assert_eq!(session.send_text("x"), Err(Error::Discarded(ReadyState::Closing)));
    assert_eq!(session.send_text("x"), Err(Error::Discarded(ReadyState::Closing)));
    session.blob_read(blob, b"late"[..].into());
    assert!(matches!(session.next_task(NOW), Some(Task::Close { failed: true, .. })));
    assert_eq!(session.failure().unwrap().kind(), FailureKind::Limit);
}

#[test]
fn a_peers_close_frame_is_what_counts_though_a_blob_is_being_read() {
    let mut session = open();
    let blob = session.send_blob(10).unwrap();
    session.receive(b"\x88\x02\x0f\xa0");
    assert!(session.next_task(NOW).is_none());
    session.blob_failed(blob, BlobError("gone".into()));
    session.receive_end();
    let Some(Task::Close { failed: false, event }) = session.next_task(NOW) else { panic!("close") };
    assert_eq!((event.was_clean, event.code.get()), (true, 4000));
}

#[test]
fn closing_while_connecting_sends_nothing() {
    let mut session = connecting();
    session.close(None);
    assert_eq!(session.ready_state(), ReadyState::Closing);
    assert!(session.output().is_empty());
    assert_eq!(session.send_text("x"), Err(Error::Discarded(ReadyState::Closing)));
    assert!(matches!(session.next_task(NOW), Some(Task::Close { failed: true, .. })));
    assert_eq!(session.failure().unwrap().kind(), FailureKind::Cancelled);
    assert!(session.is_closed());
}

#[test]
fn what_was_received_is_read_no_further_than_it_is_asked_for() {
    let mut session = open();
    session.receive(b"\x81\x01a\x81\x01b\xff");
    assert!(matches!(session.next_task(NOW), Some(Task::Message(_))));
    session.send_text("answer").unwrap();
    assert_eq!(sent(&mut session).len(), 1, "the fault that follows is not seen yet");
    assert!(matches!(session.next_task(NOW), Some(Task::Message(_))));
    assert!(matches!(session.next_task(NOW), Some(Task::Close { failed: true, .. })));
    assert_eq!(session.failure().unwrap().kind(), FailureKind::Protocol);
}

#[test]
fn an_abandoned_session_closes_without_a_code() {
    let mut session = open();
    session.abandon();
    assert_eq!(sent(&mut session), [(0x88, vec![])]);
}

#[test]
fn a_pong_is_taken_for_each_ping_and_for_no_other() {
    let mut session = connecting();
    assert!(session.ping(b"early").is_err());
    let mut session = open();
    session.ping(b"one").unwrap();
    assert!(session.ping(&[0; 126]).is_err());
    assert_eq!(sent(&mut session), [(0x89, b"one".to_vec())]);
    session.receive(b"\x8a\x03one\x8a\x06nobody");
    assert!(session.next_task(NOW).is_none());
    assert!(session.has_pong());
    assert_eq!(session.take_pong().as_deref(), Some(&b"one"[..]));
    assert_eq!((session.has_pong(), session.take_pong()), (false, None));
    // The peer may answer the newest alone; what it says beside that is no answer.
    for payload in [&b"a"[..], b"b", b"c"] {
        session.ping(payload).unwrap();
    }
    session.receive(b"\x8a\x08\0\0\0\0\0\0\0\x01\x8a\x01b\x8a\x01a\x8a\x01c\x8a\x01c");
    assert!(session.next_task(NOW).is_none());
    let taken: Vec<_> = std::iter::from_fn(|| session.take_pong()).collect();
    assert_eq!(taken, [&b"b"[..], b"c"]);
    // No more than so many are known.
    for number in 0..1025_u16 {
        session.ping(&number.to_be_bytes()).unwrap();
    }
    session.receive(b"\x8a\x02\0\0\x8a\x02\0\x01");
    assert!(session.next_task(NOW).is_none());
    assert_eq!((session.take_pong().as_deref(), session.take_pong()), (Some(&b"\0\x01"[..]), None));
}

#[test]
fn whole_messages_are_taken_as_long_as_more_are_wanted() {
    let mut session = open();
    session.receive(b"\x81\x01a\x82\x01b\x81\x01c\x81\x02d");
    let take = |session: &mut Session, most: usize| {
        let mut taken = Vec::new();
        session.take_messages(NOW, |message| {
            taken.push(format!("{message:?}"));
            taken.len() < most
        });
        taken
    };
    assert_eq!(take(&mut session, 2), [r#"Text("a")"#, r#"Binary(b"b")"#]);
    assert_eq!(take(&mut session, 9), [r#"Text("c")"#]);
    // What is not there wholly is no message yet.
    assert!(take(&mut session, 9).is_empty());
    session.receive(b"!");
    assert_eq!(take(&mut session, 9), [r#"Text("d!")"#]);
}

#[test]
fn a_binary_message_may_be_taken_past_the_session_when_it_is_next_and_an_event() {
    const FRONT: &[u8] = b"\x82\x7e\x10\0";
    assert_eq!(connecting().find_aside(FRONT), None);
    let mut session = open();
    assert_eq!(session.find_aside(FRONT), Some(4..4100));
    // A message that waits for its task, or to be taken.
    session.receive(b"\x81\x01a");
    assert_eq!(session.find_aside(FRONT), None);
    assert!(session.has_task(NOW));
    assert_eq!(session.find_aside(FRONT), None);
    assert!(session.next_task(NOW).is_some());
    assert_eq!(session.find_aside(FRONT), Some(4..4100));
    // A pong that was asked for.
    session.ping(b"").unwrap();
    session.receive(b"\x8a\0");
    assert!(!session.has_task(NOW));
    assert_eq!(session.find_aside(FRONT), None);
    session.take_pong();
    assert_eq!(session.find_aside(FRONT), Some(4..4100));
    session.close(Close::new(None, None).unwrap());
    assert_eq!(session.find_aside(FRONT), None);
}

#[test]
fn a_message_that_is_arriving_is_set_aside_while_the_session_is_open() {
    let mut session = open();
    session.receive(b"\x82\x05ab");
    assert!(!session.has_task(NOW));
    assert_eq!(session.set_aside(3), Some((b"ab"[..].into(), 3)));
    session.receive(b"\x81\x01c\x82\x05ab");
    assert!(matches!(session.next_task(NOW), Some(Task::Message(_))));
    assert!(!session.has_task(NOW));
    session.close(Close::new(None, None).unwrap());
    assert_eq!(session.set_aside(3), None);
}
