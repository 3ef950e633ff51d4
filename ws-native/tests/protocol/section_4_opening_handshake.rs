//! <https://datatracker.ietf.org/doc/html/rfc6455#section-4>

use std::time::Duration;

use ws_native::proto::{AcceptError, Config, Connection, Error, Event, HandshakeError, Phase};

use crate::pair::{Pair, output, random, request};

#[test]
fn a_client_and_a_server_agree() {
    let mut pair = Pair::new(Config::default());
    pair.client = Connection::client(request(&["a", "b"]), Config::default(), Box::new(random), pair.now);
    pair.drive();
    assert!(!pair.client.is_open());
    let Some(Event::Request(request)) = pair.server_events.pop() else { panic!("a request") };
    assert_eq!(request.resource(), "/chat");
    assert_eq!(request.protocols().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(request.headers().get("host"), Some(&b"server.example.com"[..]));

    assert_eq!(pair.server.accept(Some("c"), &[]), Err(AcceptError::Subprotocol("c".into())));
    let accepted = pair.server.accept(Some("b"), &[("X-Served-By", "one")]).unwrap();
    assert_eq!((accepted.protocol.as_deref(), accepted.extensions.as_str()), (Some("b"), "permessage-deflate"));
    assert!(pair.server.is_open());
    assert_eq!(pair.server.accept(None, &[]), Err(AcceptError::NoRequest));
    pair.drive();
    let Some(Event::Established(established)) = pair.client_events.pop() else { panic!("established") };
    assert_eq!(established.protocol.as_deref(), Some("b"));
    assert_eq!(established.extensions, "permessage-deflate");
    assert_eq!(established.headers.get("x-served-by"), Some(&b"one"[..]));
}

#[test]
fn a_handshake_byte_by_byte_is_the_same() {
    let mut pair = Pair::new(Config::default());
    pair.chunk = 1;
    pair.drive();
    pair.server.accept(None, &[]).unwrap();
    pair.drive();
    assert!(pair.client.is_open());
}

#[test]
fn frames_may_follow_the_answer_at_once() {
    let mut client = Connection::client(request(&[]), Config::default(), Box::new(random), Duration::ZERO);
    client.receive(
        b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
          Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\x81\x02hi",
    );
    assert!(matches!(client.poll(Duration::ZERO), Some(Event::Established(_))));
    assert!(matches!(client.poll(Duration::ZERO), Some(Event::Text(text)) if text == "hi"));
}

#[test]
fn a_refusal_says_its_status() {
    let mut pair = Pair::new(Config::default());
    pair.drive();
    pair.server.refuse(403, "not from there");
    pair.drive();
    let Some(Event::Closed(closed)) = pair.client_events.pop() else { panic!("closed") };
    let Some(Error::Handshake(HandshakeError::Status(answer))) = &closed.error else { panic!("{closed:?}") };
    assert_eq!(answer.status, 403);
    assert!(!closed.clean);
    assert_eq!(closed.code().get(), 1006);
    assert!(matches!(pair.server_events.pop(), Some(Event::Closed(closed)) if closed.error.is_some()));
}

#[test]
fn a_refusal_may_have_further_headers() {
    let mut pair = Pair::new(Config::default());
    assert_eq!(pair.server.refuse_with(401, &[], "no"), Err(AcceptError::NoRequest));
    pair.drive();
    assert_eq!(pair.server.refuse_with(401, &[("A", "b\r\nc")], "no"), Err(AcceptError::Header("A".into())));
    pair.server.refuse_with(401, &[("WWW-Authenticate", "Bearer"), ("Retry-After", "1")], "no\n").unwrap();
    assert_eq!(
        output(&mut pair.server),
        b"HTTP/1.1 401 Unauthorized\r\nContent-Type: text/plain; charset=utf-8\r\n\
          WWW-Authenticate: Bearer\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 3\r\n\r\nno\n"
    );
    assert_eq!(pair.server.refuse_with(401, &[], "no"), Err(AcceptError::NoRequest));
}

#[test]
fn a_status_that_does_not_refuse_is_500() {
    for status in [0, 101, 200, 204, 304, 1000] {
        let mut pair = Pair::new(Config::default());
        pair.drive();
        pair.server.refuse(status, "no");
        assert!(matches!(pair.server.failure(), Some(Error::Handshake(HandshakeError::Refused(500)))));
        pair.drive();
        let Some(Event::Closed(closed)) = pair.client_events.pop() else { panic!("closed") };
        let Some(Error::Handshake(HandshakeError::Status(answer))) = &closed.error else { panic!("{closed:?}") };
        assert_eq!(answer.status, 500);
    }
}

#[test]
fn a_request_that_is_none_is_answered() {
    let mut server = Connection::server(Config::default(), Duration::ZERO);
    server.receive(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert!(matches!(server.poll(Duration::ZERO), Some(Event::Closed(_))));
    let answer = String::from_utf8(output(&mut server)).unwrap();
    assert!(answer.starts_with("HTTP/1.1 426 Upgrade Required\r\n"), "{answer}");
    assert!(answer.contains("\r\nSec-WebSocket-Version: 13\r\n"), "{answer}");
}

#[test]
fn an_answer_that_does_not_end_is_bounded() {
    let config = Config::default();
    let max = config.max_head;
    let mut client = Connection::client(request(&[]), config, Box::new(random), Duration::ZERO);
    client.receive(b"HTTP/1.1 101 x\r\nX: ");
    let mut sent = 19;
    while sent < max - 1 {
        client.receive(b"x");
        sent += 1;
    }
    assert!(client.poll(Duration::ZERO).is_none(), "one byte below the bound");
    client.receive(b"x");
    let Some(Event::Closed(closed)) = client.poll(Duration::ZERO) else { panic!("closed") };
    assert!(matches!(closed.error, Some(Error::Handshake(HandshakeError::TooLarge(most))) if most == max));
}

#[test]
fn both_ends_give_up_at_the_deadline_and_not_before() {
    let mut pair = Pair::new(Config::default());
    let deadline = Config::default().handshake_timeout;
    assert_eq!(pair.client.deadline(), Some(deadline));
    pair.client.consume_output(usize::MAX);
    pair.advance(deadline - Duration::from_nanos(1));
    assert!(pair.client_events.is_empty() && pair.server_events.is_empty());
    pair.advance(Duration::from_nanos(1));
    for events in [&pair.client_events, &pair.server_events] {
        let [Event::Closed(closed)] = &events[..] else { panic!("closed: {events:?}") };
        assert!(matches!(closed.error, Some(Error::Timeout(Phase::Handshake))));
    }
}

#[test]
fn the_deadline_can_begin_when_a_caller_is_ready() {
    let mut client = Connection::client(request(&[]), Config::default(), Box::new(random), Duration::ZERO);
    let limit = Config::default().handshake_timeout;
    client.restart_handshake_timer(limit * 2);
    client.handle_timeout(limit * 3 - Duration::from_nanos(1));
    assert!(client.poll(Duration::ZERO).is_none());
    client.handle_timeout(limit * 3);
    assert!(matches!(client.poll(Duration::ZERO), Some(Event::Closed(_))));

    let mut established = Pair::established(Config::default()).client;
    established.restart_handshake_timer(Duration::ZERO);
    assert_eq!(established.deadline(), None);
}

#[test]
fn the_deadline_is_over_when_the_connection_is_established() {
    let pair = Pair::established(Config::default());
    assert_eq!((pair.client.deadline(), pair.server.deadline()), (None, None));
}

#[test]
fn a_transport_that_ends_early_is_a_failure() {
    let mut client = Connection::client(request(&[]), Config::default(), Box::new(random), Duration::ZERO);
    client.receive(b"HTTP/1.1 101 x\r\n");
    client.receive_end();
    let Some(Event::Closed(closed)) = client.poll(Duration::ZERO) else { panic!("closed") };
    assert!(matches!(closed.error, Some(Error::Handshake(HandshakeError::Ended))));

    let mut client = Connection::client(request(&[]), Config::default(), Box::new(random), Duration::ZERO);
    client.lost("refused");
    let Some(Event::Closed(closed)) = client.poll(Duration::ZERO) else { panic!("closed") };
    assert_eq!(closed.error.unwrap().to_string(), "the transport failed: refused");
    assert!(client.output().is_empty());
}
