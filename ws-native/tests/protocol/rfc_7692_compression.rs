//! <https://datatracker.ietf.org/doc/html/rfc7692>

use std::time::Duration;

use ws_native::proto::{Bound, Compression, Config, Error, Event, Part, ProtocolError};

use crate::pair::{Pair, bounds};

const NOW: Duration = Duration::ZERO;

fn compression(change: impl FnOnce(&mut Compression)) -> Config {
    let mut compression = Compression::default();
    change(&mut compression);
    bounds(|config| config.compression = Some(compression))
}

/// The bytes of a message as a server sends it.
fn sent_by_server(pair: &mut Pair, message: &[u8]) -> Vec<u8> {
    pair.server.send_binary(message).unwrap();
    let sent = pair.server.output().to_vec();
    pair.drive();
    assert!(matches!(pair.client_events.pop(), Some(Event::Binary(received)) if received == message));
    sent
}

#[test]
fn a_message_is_compressed_from_the_threshold_on() {
    let mut pair = Pair::established(Config::default());
    assert_eq!(sent_by_server(&mut pair, &[7; 127])[0], 0x82);
    let compressed = sent_by_server(&mut pair, &[7; 128]);
    assert_eq!(compressed[0], 0xC2);
    assert!(compressed.len() < 20);
    assert_eq!(sent_by_server(&mut pair, &[]), [0x82, 0]);
}

#[test]
fn context_is_taken_over_unless_one_end_does_not_want_it() {
    let noise: Vec<u8> = (0_u32..1000).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut pair = Pair::established(Config::default());
    let first = sent_by_server(&mut pair, &noise).len();
    assert!(sent_by_server(&mut pair, &noise).len() < first / 4);

    let by_server = compression(|compression| compression.no_context_takeover = true);
    let by_client = compression(|compression| compression.peer_no_context_takeover = true);
    for (client, server) in [(Config::default(), by_server), (by_client, Config::default())] {
        let mut pair = Pair::established_with(client, server);
        let first = sent_by_server(&mut pair, &noise);
        assert_eq!(sent_by_server(&mut pair, &noise), first);
    }
}

#[test]
fn an_end_without_compression_gets_none() {
    let without = || bounds(|config| config.compression = None);
    for (client, server) in [(without(), Config::default()), (Config::default(), without())] {
        let mut pair = Pair::established_with(client, server);
        assert_eq!(sent_by_server(&mut pair, &[7; 1000])[0], 0x82);
        pair.client.receive(b"\xc1\x00");
        assert!(pair.client.poll(NOW).is_some_and(|event| {
            matches!(event, Event::Closed(closed)
                if matches!(closed.error, Some(Error::Protocol(ProtocolError::ReservedBits))))
        }));
    }
}

#[test]
fn a_window_of_256_bytes_is_granted_by_not_compressing() {
    let client = compression(|compression| compression.peer_max_window_bits = 8);
    let mut pair = Pair::established_with(client, Config::default());
    assert_eq!(sent_by_server(&mut pair, &[7; 1000])[0], 0x82);
}

#[test]
fn a_bomb_is_refused_with_1009() {
    let mut server_config = Config::default();
    server_config.max_message = usize::MAX;
    let mut pair = Pair::established_with(bounds(|config| config.max_message = 1 << 20), server_config);
    pair.server.send_binary(&vec![0; 64 << 20]).unwrap();
    assert!(pair.server.output().len() < 1 << 20);
    pair.drive();
    let [Event::Closed(closed)] = &pair.client_events[..] else { panic!("closed") };
    assert!(matches!(closed.error, Some(Error::Bound(Bound::Message(_)))));
    assert!(matches!(&pair.server_events[0], Event::ClosingHandshakeStarted(Some(close)) if close.code.get() == 1009));
}

#[test]
fn a_message_in_parts_is_compressed_and_only_its_first_frame_says_so() {
    let mut pair = Pair::established(Config::default());
    pair.server.send_text_part(&"a text ".repeat(100), false).unwrap();
    pair.server.send_text_part("and its end", false).unwrap();
    pair.server.send_text_part("", true).unwrap();
    let output = pair.server.output().to_vec();
    assert!(output.len() < 100);
    assert_eq!((output[0], &output[output.len() - 3..]), (0x41, &b"\x80\x01\x00"[..]));
    pair.drive();
    let [Event::Text(text)] = &pair.client_events[..] else { panic!("a message") };
    assert_eq!(text, &format!("{}and its end", "a text ".repeat(100)));
}

#[test]
fn a_connection_that_waits_can_give_its_compressor_back() {
    let noise: Vec<u8> = (0_u32..1000).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for (release, smaller) in [(false, true), (true, false)] {
        let mut pair = Pair::established(compression(|compression| compression.release_when_idle = release));
        pair.client.send_binary_part(&noise, false).unwrap();
        let first = sent_by_server(&mut pair, &noise).len();
        pair.server.release_idle();
        pair.client.release_idle();
        assert_eq!(sent_by_server(&mut pair, &noise).len() < first, smaller);
        // The message that the client has begun goes on as if nothing had happened.
        pair.client.send_binary_part(&noise, true).unwrap();
        pair.drive();
        let [Event::Binary(bytes)] = &pair.server_events[..] else { panic!("a message") };
        assert_eq!(bytes[..], noise.repeat(2)[..]);
    }
}

#[test]
fn what_follows_a_final_block_may_refer_to_parts_that_were_given_out() {
    let frames = b"\x41\x0b\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff\x80\x07\x03\x00\xf2\x00\x11\x00\x00";
    for chunk in 1..frames.len() {
        let mut pair = Pair::established(Config::default());
        let mut text = String::new();
        for chunk in frames.chunks(chunk) {
            pair.client.receive(chunk);
            while let Some(event) = pair.client.poll_part(NOW) {
                let Event::Part(Part::Text { text: part, .. }) = event else { panic!("{event:?}") };
                text.push_str(&part);
            }
        }
        assert_eq!(text, "HelloHello");
    }
}

#[test]
fn what_is_not_deflate_is_refused_with_1007() {
    let mut pair = Pair::established(Config::default());
    pair.client.receive(b"\xc1\x04\xff\xff\xff\xff");
    let Some(Event::Closed(closed)) = pair.client.poll(NOW) else { panic!("closed") };
    assert!(matches!(closed.error, Some(Error::Protocol(ProtocolError::Deflate))));
    pair.drive();
    assert!(matches!(&pair.server_events[0], Event::ClosingHandshakeStarted(Some(close)) if close.code.get() == 1007));
}
