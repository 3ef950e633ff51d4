//! <https://datatracker.ietf.org/doc/html/rfc6455#section-7>

use std::time::Duration;

use ws_core::CloseCode;
use ws_native::proto::{Close, Closed, Config, Connection, Error, Event, Phase, Role, SendError};

use crate::pair::{KEY, Pair, bounds, client, output, random, request, server};

const NOW: Duration = Duration::ZERO;

fn closed(events: &[Event]) -> &Closed {
    match events.last() {
        Some(Event::Closed(closed)) => closed,
        other => panic!("not closed: {other:?}"),
    }
}

#[test]
fn a_closing_handshake_started_by_the_client_is_clean_at_both_ends() {
    let mut pair = Pair::established(Config::default());
    pair.client.send_text("last").unwrap();
    pair.client.start_closing_handshake(Some(&Close::with_reason(CloseCode::new(4000), "bye"))).unwrap();
    assert_eq!(pair.client.send_text("too late"), Err(SendError::NotOpen));
    pair.drive();
    let [Event::Text(_), Event::ClosingHandshakeStarted(Some(close)), Event::Closed(server)] = &pair.server_events[..]
    else {
        panic!("{:?}", pair.server_events)
    };
    assert_eq!((close.code.get(), close.reason.as_str()), (4000, "bye"));
    assert_eq!((server.clean, server.code().get(), server.reason()), (true, 4000, "bye"));
    // The client waits for the server to end the transport.
    assert!(!pair.client.is_closed());
    pair.client.receive_end();
    pair.drive();
    let closed = closed(&pair.client_events);
    assert_eq!((closed.clean, closed.code().get(), closed.reason()), (true, 4000, ""));
    assert!(closed.error.is_none());
}

#[test]
fn a_closing_handshake_started_by_the_server_is_clean_at_both_ends() {
    let mut pair = Pair::established(Config::default());
    pair.server.start_closing_handshake(None).unwrap();
    pair.drive();
    pair.client.receive_end();
    pair.drive();
    for events in [&pair.client_events, &pair.server_events] {
        let closed = closed(events);
        assert_eq!((closed.clean, closed.code()), (true, CloseCode::NO_STATUS));
    }
}

#[test]
fn what_is_sent_too_late_is_a_mistake_only_of_a_program_that_has_closed_the_connection_itself() {
    type End = fn(&mut Pair);
    let ends: [(End, SendError, SendError); 4] = [
        (|pair| pair.server.start_closing_handshake(None).unwrap(), SendError::Closed, SendError::NotOpen),
        (|pair| pair.client.start_closing_handshake(None).unwrap(), SendError::NotOpen, SendError::Closed),
        (|pair| pair.client.fail(Error::Timeout(Phase::Heartbeat)), SendError::Closed, SendError::Closed),
        (|pair| pair.server.lost("gone"), SendError::Closed, SendError::Closed),
    ];
    for (index, (end, client, server)) in ends.into_iter().enumerate() {
        let mut pair = Pair::established(Config::default());
        end(&mut pair);
        // At once where the end is known; and everywhere when the transport has ended.
        pair.client.poll(NOW);
        for connection in [&mut pair.client, &mut pair.server] {
            let expected = if connection.role() == Role::Client { client } else { server };
            assert!(connection.is_open() || connection.send_text("late") == Err(expected), "{index}");
        }
        pair.drive();
        pair.client.receive_end();
        pair.server.receive_end();
        pair.drive();
        assert!(pair.client.is_closed() && pair.server.is_closed(), "{index}");
        assert_eq!((pair.client.send_text("late"), pair.server.ping(b"late")), (Err(client), Err(server)), "{index}");
    }
    // Its own Close frame came first, and the transport ended before the answer.
    let mut client = client(Config::default());
    client.start_closing_handshake(None).unwrap();
    client.receive_end();
    assert!(client.poll(NOW).is_some() && client.is_closed());
    assert_eq!(client.send_text("late"), Err(SendError::NotOpen));
}

#[test]
fn both_ends_may_start_the_closing_handshake_at_once() {
    let mut pair = Pair::established(Config::default());
    pair.client.start_closing_handshake(Some(&Close::new(CloseCode::new(3000)))).unwrap();
    pair.server.start_closing_handshake(Some(&Close::new(CloseCode::new(4000)))).unwrap();
    pair.drive();
    pair.client.receive_end();
    pair.drive();
    assert_eq!(closed(&pair.client_events).code().get(), 4000);
    assert_eq!(closed(&pair.server_events).code().get(), 3000);
}

#[test]
fn the_answer_echoes_the_code() {
    let mut server = server(Config::default());
    server.receive(b"\x88\x84\0\0\0\0\x0f\xa0ok");
    assert!(matches!(server.poll(NOW), Some(Event::ClosingHandshakeStarted(Some(_)))));
    assert_eq!(output(&mut server), b"\x88\x02\x0f\xa0");
    assert!(matches!(server.poll(NOW), Some(Event::Closed(closed)) if closed.clean));
}

#[test]
fn messages_are_received_until_the_peers_close_frame_and_not_after() {
    let mut client = client(Config::default());
    client.start_closing_handshake(None).unwrap();
    client.receive(b"\x81\x01a\x88\x00\x81\x01b\xff\xff");
    assert!(matches!(client.poll(NOW), Some(Event::Text(text)) if text == "a"));
    assert!(matches!(client.poll(NOW), Some(Event::ClosingHandshakeStarted(None))));
    assert!(client.poll(NOW).is_none());
    client.receive_end();
    assert!(matches!(client.poll(NOW), Some(Event::Closed(closed)) if closed.clean && closed.code().get() == 1005));
}

#[test]
fn pings_are_answered_until_the_peers_close_frame() {
    let mut client = client(Config::default());
    client.start_closing_handshake(None).unwrap();
    output(&mut client);
    client.receive(b"\x89\x00\x88\x00\x89\x00");
    assert!(matches!(client.poll(NOW), Some(Event::Ping(_))));
    assert_eq!(output(&mut client), [&b"\x8a\x80"[..], &KEY].concat());
    assert!(matches!(client.poll(NOW), Some(Event::ClosingHandshakeStarted(None))));
    assert!(client.poll(NOW).is_none());
    assert!(output(&mut client).is_empty());
}

#[test]
fn a_close_frame_waits_for_the_messages_before_it_however_slow_the_wire() {
    let mut client = client(Config::default());
    let limit = Config::default().close_timeout;
    client.send_binary(&[0; 1_000_000]).unwrap();
    client.start_closing_handshake(None).unwrap();
    let mut now = NOW;
    while !client.output().is_empty() {
        client.handle_timeout(now);
        assert!(client.poll(now).is_none(), "bytes go, so the peer is not given up");
        client.consume_output(client.output().len().min(100_000));
        now += limit - Duration::from_secs(1);
    }
    client.handle_timeout(now);
    assert!(client.poll(now).is_none());
    assert_eq!(client.deadline(), Some(now + limit));
}

#[test]
fn a_peer_that_takes_bytes_one_by_one_or_pings_is_given_up_all_the_same() {
    let limit = Config::default().close_timeout;
    let mut client = client(Config::default());
    client.send_binary(&[0; 1_000_000]).unwrap();
    client.start_closing_handshake(None).unwrap();
    let mut now = NOW;
    while client.is_closing() {
        assert!(now <= limit + Duration::from_secs(1));
        client.consume_output(1);
        client.receive(b"\x89\x00");
        while client.poll(now).is_some() {}
        now += Duration::from_secs(1);
        client.handle_timeout(now);
    }
    assert!(matches!(client.poll(now), Some(Event::Closed(closed)) if !closed.clean));
}

#[test]
fn close_frames_that_must_not_be_sent_are_refused() {
    let mut client = client(Config::default());
    for number in [0, 999, 1005, 1006, 1015, 2999, 5000] {
        let code = CloseCode::new(number);
        assert_eq!(client.start_closing_handshake(Some(&Close::new(code))), Err(SendError::CloseCode(code)));
    }
    let reason = |length| Close { code: CloseCode::NORMAL, reason: "x".repeat(length) };
    assert_eq!(client.start_closing_handshake(Some(&reason(124))), Err(SendError::LongControl));
    assert!(SendError::LongControl.to_string().ends_with("a reason 123"), "what the program is to know of it");
    assert!(client.is_open());
    assert_eq!(client.start_closing_handshake(Some(&reason(123))), Ok(()));
}

#[test]
fn a_deadline_may_lie_beyond_all_time() {
    let config = bounds(|config| {
        config.handshake_timeout = Duration::MAX;
        config.close_timeout = Duration::MAX;
        config.end_timeout = Duration::MAX;
    });
    let now = Duration::from_secs(1);
    let handshaking = Connection::client(request(&[]), config.clone(), Box::new(random), now);
    assert_eq!(handshaking.deadline(), None);
    let mut client = client(config);
    client.start_closing_handshake(None).unwrap();
    assert!(client.poll(now).is_none());
    assert_eq!(client.deadline(), None);
}

#[test]
fn a_failure_after_the_peers_close_frame_leaves_its_code() {
    let mut client = client(Config::default());
    client.receive(b"\x88\x02\x0f\xa0");
    assert!(matches!(client.poll(NOW), Some(Event::ClosingHandshakeStarted(Some(_)))));
    client.fail(Error::Cancelled);
    assert!(matches!(client.poll(NOW), Some(Event::Closed(closed)) if closed.clean && closed.code().get() == 4000));
}

#[test]
fn a_peer_that_does_not_answer_is_given_up_at_the_deadline() {
    let mut client = client(Config::default());
    let limit = Config::default().close_timeout;
    let start = Duration::from_secs(100);
    client.start_closing_handshake(None).unwrap();
    assert!(client.poll(start).is_none());
    assert_eq!(client.deadline(), Some(start + limit), "before the Close frame was transmitted");
    let start = start + Duration::from_secs(5);
    client.consume_output(6);
    assert!(client.poll(start).is_none());
    assert_eq!(client.deadline(), Some(start + limit), "after it was");
    client.handle_timeout(start + limit - Duration::from_nanos(1));
    assert!(client.poll(start).is_none());
    client.handle_timeout(start + limit);
    let Some(Event::Closed(closed)) = client.poll(start + limit) else { panic!("closed") };
    assert!(matches!(closed.error, Some(Error::Timeout(Phase::Close))));
    assert_eq!((closed.clean, closed.code()), (false, CloseCode::ABNORMAL));
}

#[test]
fn a_server_that_does_not_end_the_transport_does_not_keep_the_client() {
    let mut pair = Pair::established(Config::default());
    pair.server.start_closing_handshake(Some(&Close::new(CloseCode::NORMAL))).unwrap();
    pair.drive();
    assert!(!pair.client.is_closed());
    pair.advance(Config::default().end_timeout);
    let closed = closed(&pair.client_events);
    assert_eq!((closed.clean, closed.code()), (true, CloseCode::NORMAL));
}

#[test]
fn a_transport_that_ends_without_a_close_frame_is_1006() {
    let mut client = client(Config::default());
    client.receive_end();
    let Some(Event::Closed(closed)) = client.poll(NOW) else { panic!("closed") };
    assert!(matches!(closed.error, Some(Error::Ended)));
    assert_eq!((closed.clean, closed.code()), (false, CloseCode::ABNORMAL));
    assert!(output(&mut client).is_empty(), "there is nobody to tell");
}

#[test]
fn a_transport_that_breaks_after_the_closing_handshake_is_no_failure() {
    let mut client = client(Config::default());
    client.receive(b"\x88\x02\x03\xe8");
    assert!(matches!(client.poll(NOW), Some(Event::ClosingHandshakeStarted(_))));
    client.lost("reset");
    assert!(matches!(client.poll(NOW), Some(Event::Closed(closed)) if closed.clean && closed.error.is_none()));
}

#[test]
fn closing_before_the_connection_is_established_gives_it_up() {
    let mut pair = Pair::new(Config::default());
    pair.client.start_closing_handshake(None).unwrap();
    assert!(pair.client.output().is_empty(), "the request is not sent");
    pair.drive();
    assert!(matches!(closed(&pair.client_events).error, Some(Error::Cancelled)));
}

#[test]
fn failing_twice_keeps_the_first_cause() {
    let mut client = client(Config::default());
    client.lost("first");
    client.lost("second");
    client.receive_end();
    let Some(Event::Closed(closed)) = client.poll(NOW) else { panic!("closed") };
    assert!(closed.error.unwrap().to_string().contains("first"));
    assert!(client.poll(NOW).is_none());
}
