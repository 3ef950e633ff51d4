//! A message for many connections.

use ws_native::proto::{Config, Connection, Event, Prepared, SendError};

use crate::pair::{bounds, random};

fn server() -> Connection {
    Connection::server_established(Config::default())
}

fn sent(connection: &mut Connection, message: &Prepared) -> Vec<u8> {
    connection.send_prepared(message).unwrap();
    connection.take_output()
}

#[test]
fn a_server_sends_the_frame_that_it_would_have_made() {
    assert_eq!(sent(&mut server(), &Prepared::text("Hello")), b"\x81\x05Hello");
    assert_eq!(sent(&mut server(), &Prepared::text("")), b"\x81\x00");
    assert_eq!(sent(&mut server(), &Prepared::binary(b"Hello")), b"\x82\x05Hello");
    for (length, header) in [
        (125, &b"\x82\x7d"[..]),
        (126, b"\x82\x7e\x00\x7e"),
        (4091, b"\x82\x7e\x0f\xfb"),
        (4092, b"\x82\x7e\x0f\xfc"),
        (65_535, b"\x82\x7e\xff\xff"),
        (65_536, b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ] {
        let payload = vec![7; length];
        assert_eq!(sent(&mut server(), &Prepared::binary(&payload)), [header, &payload].concat(), "{length}");
    }
}

#[test]
fn a_client_masks_a_copy() {
    let mut client = Connection::client_established(Config::default(), Box::new(random));
    let message = Prepared::text("Hello");
    for _ in 0..2 {
        assert_eq!(sent(&mut client, &message), b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
    }
    assert_eq!(message.payload(), b"Hello");
}

#[test]
fn a_long_frame_is_sent_from_where_it_is_by_all() {
    let message = Prepared::binary(&[7; 4096]);
    let (mut first, mut second) = (server(), server());
    first.send_prepared(&message).unwrap();
    second.send_prepared(&message.clone()).unwrap();
    assert_eq!(first.output().as_ptr(), second.output().as_ptr());
    assert_eq!(first.output().as_ptr_range().end, message.payload().as_ptr_range().end);
}

#[test]
fn a_prepared_message_comes_in_its_place_among_others() {
    let mut server = server();
    let long = Prepared::binary(&[7; 5000]);
    server.send_text("a").unwrap();
    server.send_prepared(&Prepared::text("b")).unwrap();
    server.send_prepared(&long).unwrap();
    server.ping(b"c").unwrap();
    server.send_prepared(&long).unwrap();
    server.send_text("d").unwrap();
    let frame = [b"\x82\x7e\x13\x88", long.payload()].concat();
    let expected = [b"\x81\x01a\x81\x01b", &frame[..], b"\x89\x01c", &frame, b"\x81\x01d"].concat();
    assert_eq!(server.backlog(), expected.len());
    assert_eq!(server.take_output(), expected);
}

#[test]
fn a_prepared_message_is_refused_where_any_message_would_be() {
    let message = Prepared::text("Hello");
    let mut parts = server();
    parts.send_text_part("a", false).unwrap();
    assert_eq!(parts.send_prepared(&message), Err(SendError::Unfinished));

    let mut closing = server();
    closing.start_closing_handshake(None).unwrap();
    assert_eq!(closing.send_prepared(&message), Err(SendError::NotOpen));

    let mut full = Connection::server_established(bounds(|config| config.max_send_queue = 8));
    full.send_prepared(&message).unwrap();
    assert_eq!(full.send_prepared(&message), Err(SendError::Full));
    assert!(matches!(full.poll(std::time::Duration::ZERO), Some(Event::Closed(_))));
}

#[cfg(feature = "deflate")]
mod compressed {
    use ws_native::proto::Compression;

    use super::*;
    use crate::pair::Pair;

    /// Bytes that repeat nothing, but of which each has only four bits.
    fn noise(length: usize) -> Vec<u8> {
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            b"0123456789abcdef"[(state >> 28) as usize]
        };
        (0..length).map(|_| next()).collect()
    }

    fn config(bits: u8, no_context_takeover: bool) -> Config {
        let mut compression = Compression::default();
        compression.max_window_bits = bits;
        compression.no_context_takeover = no_context_takeover;
        bounds(|config| config.compression = Some(compression))
    }

    fn pair(bits: u8, no_context_takeover: bool) -> Pair {
        Pair::established_with(Config::default(), config(bits, no_context_takeover))
    }

    /// The bytes of a message as the server sends it, which the client then reads.
    fn carried(pair: &mut Pair, payload: &[u8], send: impl FnOnce(&mut Connection)) -> Vec<u8> {
        send(&mut pair.server);
        let sent = pair.server.output_pieces().collect::<Vec<_>>().concat();
        pair.drive();
        assert!(matches!(pair.client_events.pop(), Some(Event::Binary(received)) if received == payload));
        sent
    }

    fn prepared(pair: &mut Pair, message: &Prepared) -> Vec<u8> {
        carried(pair, message.payload(), |server| server.send_prepared(message).unwrap())
    }

    fn own(pair: &mut Pair, payload: &[u8]) -> Vec<u8> {
        carried(pair, payload, |server| server.send_binary(payload).unwrap())
    }

    #[test]
    fn a_prepared_message_is_read_between_others_in_any_window_and_with_context_or_without() {
        let (much, little) = (noise(40_000), noise(1000));
        let messages: Vec<Prepared> = [&much[..], &little, &[7; 5000], b"short"].map(Prepared::binary).into();
        for bits in 9..=15 {
            for no_context_takeover in [false, true] {
                let mut pair = pair(bits, no_context_takeover);
                for message in &messages {
                    // What comes after would refer to what came before, if nothing had come between.
                    own(&mut pair, &little);
                    let first = prepared(&mut pair, message);
                    assert_eq!(first[0], if message.payload().len() < 128 { 0x82 } else { 0xC2 });
                    assert_eq!(prepared(&mut pair, message), first);
                    own(&mut pair, &little);
                    own(&mut pair, &much);
                    own(&mut pair, &little);
                }
            }
        }
    }

    #[test]
    fn a_prepared_message_keeps_to_the_window_that_was_agreed_on() {
        for bits in 9..15 {
            let part = noise((1 << bits) + 100);
            let message = Prepared::binary(&[&part[..], &part].concat());
            // The second half is next to nothing, but only where it may refer to the first one.
            let larger = prepared(&mut pair(bits + 1, false), &message).len();
            let within = prepared(&mut pair(bits, false), &message).len();
            assert!(within > larger * 3 / 2, "{bits}: {within} {larger}");
        }
    }

    #[test]
    fn a_prepared_message_goes_uncompressed_where_the_window_has_256_bytes() {
        let mut compression = Compression::default();
        compression.peer_max_window_bits = 8;
        let client = bounds(|config| config.compression = Some(compression));
        let mut pair = Pair::established_with(client, Config::default());
        assert_eq!(prepared(&mut pair, &Prepared::binary(&[7; 1000]))[0], 0x82);
    }

    #[test]
    fn a_prepared_message_is_compressed_once_for_each_size_of_window() {
        let message = Prepared::binary(&noise(20_000));
        let address = |bits, no_context_takeover| {
            let mut pair = pair(bits, no_context_takeover);
            pair.server.send_prepared(&message).unwrap();
            assert_eq!(pair.server.output()[0], 0xC2);
            pair.server.output().as_ptr()
        };
        assert_eq!(address(15, false), address(15, true));
        assert_eq!(address(9, false), address(9, true));
        assert_ne!(address(9, false), address(15, false));
    }

    #[test]
    fn what_becomes_no_smaller_is_sent_as_it_is_and_leaves_the_context_alone() {
        let mut state = 1_u32;
        let random: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .take(1000)
        .collect();
        let little = noise(1000);
        let mut pair = pair(15, false);
        let first = own(&mut pair, &little).len();
        assert_eq!(prepared(&mut pair, &Prepared::binary(&random))[0], 0x82);
        assert_eq!(prepared(&mut pair, &Prepared::binary(b"short"))[0], 0x82);
        assert!(own(&mut pair, &little).len() < first / 4);
        assert_eq!(prepared(&mut pair, &Prepared::binary(&little))[0], 0xC2);
        assert_eq!(own(&mut pair, &little).len(), first);
    }
}
