//! <https://datatracker.ietf.org/doc/html/rfc6455#section-7>

use std::time::Duration;

use ws_core::CloseCode;
use ws_native::proto::{Close, Closed, Config, Error, Event, Phase, SendError};

use crate::pair::{Pair, client, output, server};

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
    pair.client.start_closing_handshake(Some(&Close::with_reason(CloseCode::new(4000), "bye")), pair.now);
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
    pair.server.start_closing_handshake(None, pair.now);
    pair.drive();
    pair.client.receive_end();
    pair.drive();
    for events in [&pair.client_events, &pair.server_events] {
        let closed = closed(events);
        assert_eq!((closed.clean, closed.code()), (true, CloseCode::NO_STATUS));
    }
}

#[test]
fn both_may_start_at_once() {
    let mut pair = Pair::established(Config::default());
    pair.client.start_closing_handshake(Some(&Close::new(CloseCode::new(3000))), pair.now);
    pair.server.start_closing_handshake(Some(&Close::new(CloseCode::new(4000))), pair.now);
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
    client.start_closing_handshake(None, NOW);
    client.receive(b"\x81\x01a\x88\x00\x81\x01b\xff\xff");
    assert!(matches!(client.poll(NOW), Some(Event::Text(text)) if text == "a"));
    assert!(matches!(client.poll(NOW), Some(Event::ClosingHandshakeStarted(None))));
    assert!(client.poll(NOW).is_none());
    client.receive_end();
    assert!(matches!(client.poll(NOW), Some(Event::Closed(closed)) if closed.clean && closed.code().get() == 1005));
}

#[test]
fn pings_are_not_answered_after_a_close_frame_was_sent() {
    let mut client = client(Config::default());
    client.start_closing_handshake(None, NOW);
    output(&mut client);
    client.receive(b"\x89\x00");
    assert!(matches!(client.poll(NOW), Some(Event::Ping(_))));
    assert!(output(&mut client).is_empty());
}

#[test]
fn a_peer_that_does_not_answer_is_given_up_at_the_deadline() {
    let mut client = client(Config::default());
    let limit = Config::default().close_timeout;
    let start = Duration::from_secs(100);
    client.start_closing_handshake(None, start);
    assert_eq!(client.deadline(), Some(start + limit));
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
    pair.server.start_closing_handshake(Some(&Close::new(CloseCode::NORMAL)), pair.now);
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
    pair.client.start_closing_handshake(None, pair.now);
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
