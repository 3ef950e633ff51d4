//! <https://datatracker.ietf.org/doc/html/rfc6455#section-5>, and limits: section 10.4.

use std::time::Duration;

use ws_native::proto::{Bound, Config, Connection, Error, Event, ProtocolError, SendError};

use crate::pair::{Pair, bounds, client, output, server};

const NOW: Duration = Duration::ZERO;

/// What a client makes of these bytes: its last event, and what it wants to write.
fn failure(bytes: &[u8]) -> (Error, Vec<u8>) {
    failure_of(client(Config::default()), bytes)
}

fn failure_of(mut end: Connection, bytes: &[u8]) -> (Error, Vec<u8>) {
    end.receive(bytes);
    loop {
        match end.poll(NOW).expect("it fails") {
            Event::Closed(closed) => {
                assert!(!closed.clean);
                assert_eq!(closed.code().get(), 1006, "no Close frame was received");
                return (closed.error.expect("a cause"), output(&mut end));
            }
            _ => continue,
        }
    }
}

#[test]
fn messages_go_both_ways_masked_one_way() {
    let mut client = client(Config::default());
    client.send_text("Hello").unwrap();
    assert_eq!(output(&mut client), b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
    let mut server = server(Config::default());
    server.send_text("Hello").unwrap();
    server.send_binary(&[1, 2]).unwrap();
    assert_eq!(output(&mut server), b"\x81\x05Hello\x82\x02\x01\x02");
}

#[test]
fn a_message_is_sent_in_fragments_as_it_is_produced() {
    let mut server = server(Config::default());
    server.send_text_part("Hel", false).unwrap();
    server.ping(b"p").unwrap();
    assert_eq!(server.send_text("x"), Err(SendError::Unfinished));
    assert_eq!(server.send_owned_binary("x".into()), Err(SendError::Unfinished));
    assert_eq!(server.send_binary_part(b"x", true), Err(SendError::Unfinished));
    server.send_text_part("", false).unwrap();
    server.send_text_part("lo", true).unwrap();
    server.send_text_part("whole", true).unwrap();
    assert_eq!(output(&mut server), b"\x01\x03Hel\x89\x01p\x00\x00\x80\x02lo\x81\x05whole");
    let mut client = client(Config::default());
    client.send_text_part("Hello", false).unwrap();
    assert_eq!(output(&mut client), b"\x01\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
}

#[test]
fn a_connection_can_be_closed_in_the_middle_of_a_message() {
    let mut server = server(Config::default());
    server.send_binary_part(b"a", false).unwrap();
    server.start_closing_handshake(None).unwrap();
    assert_eq!(server.send_binary_part(b"b", true), Err(SendError::NotOpen));
    assert_eq!(output(&mut server), b"\x02\x01a\x88\x00");
}

#[test]
fn a_long_message_that_is_handed_over_arrives() {
    for length in [4095, 4096, 65_536, 1 << 20] {
        let mut pair = Pair::established(bounds(|config| config.compression = None));
        let text = "é".repeat(length / 2);
        for end in [&mut pair.client, &mut pair.server] {
            end.send_text("before").unwrap();
            end.send_owned_text(text.clone().into()).unwrap();
            end.send_text("after").unwrap();
        }
        pair.drive();
        for events in [&pair.client_events, &pair.server_events] {
            let [Event::Text(before), Event::Text(long), Event::Text(after)] = &events[..] else { panic!("{length}") };
            assert_eq!((&before[..], &long[..], &after[..]), ("before", &text[..], "after"));
        }
    }
}

#[test]
fn lengths_around_each_encodings_bound_arrive() {
    for length in [0, 1, 125, 126, 127, 65_535, 65_536, 65_537] {
        let mut pair = Pair::established(Config::default());
        let payload: Vec<u8> = (0..length).map(|byte| byte as u8).collect();
        pair.client.send_binary(&payload).unwrap();
        pair.drive();
        let [Event::Binary(bytes)] = &pair.server_events[..] else { panic!("{length}") };
        assert_eq!(bytes, &payload);
        pair.server.send_binary(&payload).unwrap();
        pair.drive();
        let [Event::Binary(bytes)] = &pair.client_events[..] else { panic!("{length}") };
        assert_eq!(bytes, &payload);
    }
}

#[test]
fn a_ping_is_answered_with_its_payload_once() {
    let mut client = client(Config::default());
    client.receive(b"\x89\x05Hello");
    assert!(matches!(client.poll(NOW), Some(Event::Ping(payload)) if payload == "Hello"));
    assert_eq!(output(&mut client), b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
    assert!(client.poll(NOW).is_none());
    client.receive(b"\x8a\x01x");
    assert!(matches!(client.poll(NOW), Some(Event::Pong(payload)) if payload == "x"));
    assert!(output(&mut client).is_empty(), "a pong is not answered");
}

#[test]
fn of_more_than_64_kib_that_wait_one_pong_is_a_part_and_no_more() {
    for (waiting, held) in [(65_536, false), (65_537, true)] {
        let mut server = server(Config::default());
        let ping = |server: &mut Connection| {
            server.receive(b"\x89\x80\0\0\0\0");
            assert!(matches!(server.poll(NOW), Some(Event::Ping(_))));
            server.backlog()
        };
        // A frame of up to 65,535 bytes has a header of four, and a pong has two bytes.
        server.send_binary(&vec![0; waiting - 6]).unwrap();
        assert_eq!(ping(&mut server), waiting);
        assert_eq!(ping(&mut server) == waiting, held, "the second of {waiting}");
        server.consume_output(1);
        assert_eq!(server.backlog(), waiting + 1, "one byte has gone, and two of a pong have come");
    }
}

#[test]
fn a_ping_is_answered_though_the_queue_never_becomes_short() {
    const MESSAGE: usize = 1000;
    let mut server = server(Config::default());
    let mut transmitted = Vec::new();
    for round in 0..300 {
        while server.backlog() < 100_000 {
            server.send_binary(&[0; MESSAGE - 4]).unwrap();
        }
        if round == 0 || round == 100 {
            server.receive(b"\x89\x81\0\0\0\0");
            server.receive(if round == 0 { b"a" } else { b"b" });
            assert!(matches!(server.poll(NOW), Some(Event::Ping(_))));
        }
        let count = server.output().len().min(MESSAGE);
        transmitted.extend_from_slice(&server.output()[..count]);
        server.consume_output(count);
    }
    for pong in [b"\x8a\x01a", b"\x8a\x01b"] {
        assert_eq!(transmitted.windows(3).filter(|bytes| bytes == pong).count(), 1);
    }
}

#[test]
fn of_a_flood_of_pings_the_newest_is_answered_when_there_is_room() {
    let mut server = server(bounds(|config| config.max_message = 100));
    server.send_binary(&[0; 70_000]).unwrap();
    for number in 0..1000_u32 {
        server.receive(b"\x89\x84\0\0\0\0");
        server.receive(&number.to_be_bytes());
        assert!(matches!(server.poll(NOW), Some(Event::Ping(_))));
    }
    assert_eq!(server.output()[70_010..], b"\x8a\x04\0\0\0\0"[..], "the first one's pong goes with what waits");
    server.consume_output(server.output().len());
    assert_eq!(output(&mut server), [&b"\x8a\x04"[..], &999_u32.to_be_bytes()].concat());
}

#[test]
fn control_frames_carry_125_bytes_at_the_most() {
    let mut server = server(Config::default());
    assert_eq!(server.ping(&[0; 125]), Ok(()));
    assert_eq!(server.pong(&[0; 125]), Ok(()));
    assert_eq!(server.ping(&[0; 126]), Err(SendError::LongControl));
    assert_eq!(server.pong(&[0; 126]), Err(SendError::LongControl));
}

#[test]
fn what_breaks_the_protocol_fails_the_connection_with_1002() {
    let cases: [(&[u8], ProtocolError); 10] = [
        (b"\xc1\x00", ProtocolError::ReservedBits),
        (b"\x83\x00", ProtocolError::Opcode(3)),
        (b"\x09\x00", ProtocolError::FragmentedControl),
        (b"\x89\x7e", ProtocolError::LongControl),
        (b"\x81\x80", ProtocolError::Masked),
        (b"\x80\x00", ProtocolError::Continuation),
        (b"\x01\x00\x81\x00", ProtocolError::Interleaved),
        (b"\x82\x7e\x00\x01", ProtocolError::LengthEncoding),
        (b"\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff", ProtocolError::Length),
        (b"\x88\x01x", ProtocolError::CloseBody),
    ];
    // 1002, masked.
    let close = [0x88, 0x82, 0x37, 0xfa, 0x21, 0x3d, 0x03 ^ 0x37, 0xea ^ 0xfa];
    for (bytes, expected) in cases {
        let (error, written) = failure(bytes);
        assert!(matches!(error, Error::Protocol(error) if error == expected), "{bytes:x?}: {error}");
        assert_eq!(written, close, "{bytes:x?}");
    }
    let (error, written) = failure_of(server(Config::default()), b"\x81\x00");
    assert!(matches!(error, Error::Protocol(ProtocolError::Unmasked)));
    assert_eq!(written, b"\x88\x02\x03\xea");
}

#[test]
fn text_that_is_not_utf8_fails_the_connection_with_1007() {
    for bytes in [&b"\x81\x01\xff"[..], b"\x01\x02\xe2\x82\x80\x00", b"\x88\x03\x03\xe8\xff"] {
        let (error, written) = failure(bytes);
        assert!(matches!(error, Error::Protocol(ProtocolError::Utf8)), "{error}");
        assert_eq!(written[6..], [0x03 ^ 0x37, 0xef ^ 0xfa]);
    }
}

#[test]
fn messages_before_a_fault_are_delivered() {
    let mut client = client(Config::default());
    client.receive(b"\x81\x01a\x81\x01b\xff");
    assert!(matches!(client.poll(NOW), Some(Event::Text(text)) if text == "a"));
    assert!(matches!(client.poll(NOW), Some(Event::Text(text)) if text == "b"));
    assert!(matches!(client.poll(NOW), Some(Event::Closed(_))));
    assert!(client.poll(NOW).is_none());
}

#[test]
fn bounds_fail_the_connection_with_the_right_code() {
    let config = bounds(|config| {
        config.max_message = 10;
        config.max_frame = 8;
        config.max_fragments = 3;
    });
    let close = |bytes: &[u8]| {
        let (error, written) = failure_of(client(config.clone()), bytes);
        let Error::Bound(bound) = error else { panic!("{error}") };
        (bound, u16::from_be_bytes([written[6] ^ 0x37, written[7] ^ 0xfa]))
    };
    assert_eq!(close(b"\x82\x09"), (Bound::Frame(8), 1009));
    assert_eq!(close(b"\x02\x0812345678\x80\x03"), (Bound::Message(10), 1009));
    assert_eq!(close(b"\x02\x00\x00\x00\x00\x00\x80\x00"), (Bound::Fragments(3), 1008));
}

#[test]
fn a_send_queue_that_is_full_fails_the_connection() {
    let mut client = client(bounds(|config| config.max_send_queue = 100));
    client.send_binary(&[0; 94]).unwrap();
    assert!(client.is_open());
    output(&mut client);
    assert_eq!(client.send_binary(&[0; 1]), Err(SendError::Full), "what was taken has not reached the network");
    let Some(Event::Closed(closed)) = client.poll(NOW) else { panic!("closed") };
    assert!(matches!(closed.error, Some(Error::Bound(Bound::SendQueue(100)))));
    assert_eq!(client.send_text("x"), Err(SendError::Closed));
}

#[test]
fn pings_and_pongs_are_refused_when_the_send_queue_is_full_and_the_connection_goes_on() {
    let mut client = client(bounds(|config| config.max_send_queue = 100));
    client.send_binary(&[0; 94]).unwrap();
    assert_eq!((client.ping(b"x"), client.pong(b"x")), (Err(SendError::Full), Err(SendError::Full)));
    assert_eq!(client.ping(b""), Ok(()), "100 bytes wait, and a header is none of it");
    client.consume_output(client.output().len());
    assert_eq!((client.ping(&[0; 100]), client.is_open()), (Ok(()), true));
}

#[test]
fn nothing_can_be_sent_before_the_connection_is_established() {
    let mut pair = Pair::new(Config::default());
    assert_eq!(pair.client.send_text("x"), Err(SendError::NotOpen));
    assert_eq!(pair.server.ping(b""), Err(SendError::NotOpen));
}
