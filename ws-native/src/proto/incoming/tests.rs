//! What is received, in literal bytes.

use super::*;
use alloc::{vec, vec::Vec};

/// Everything a client receives in these bytes, given to it in chunks of this size.
fn receive(bytes: &[u8], chunk: usize, config: &Config) -> Result<Vec<Received>, Error> {
    let mut incoming = Incoming::new(Role::Client);
    let mut received = vec![];
    for chunk in bytes.chunks(chunk) {
        incoming.buffer().extend_from_slice(chunk);
        while let Some(next) = incoming.next(config, Delivery::Whole)? {
            received.push(next);
        }
    }
    Ok(received)
}

fn receive_any(bytes: &[u8]) -> Result<Vec<Received>, ProtocolError> {
    let mut outcomes: Vec<_> = (1..=bytes.len())
        .map(|chunk| match receive(bytes, chunk, &Config::default()) {
            Ok(received) => Ok(received),
            Err(Error::Protocol(error)) => Err(error),
            Err(other) => panic!("{other}"),
        })
        .collect();
    outcomes.dedup();
    assert_eq!(outcomes.len(), 1, "the same, however it is cut");
    outcomes.remove(0)
}

fn text(text: &'static str) -> Received {
    Received::Text(ByteString::from_static(text))
}

#[test]
fn the_examples_of_section_5_7_are_read() {
    assert_eq!(receive_any(b"\x81\x05Hello"), Ok(vec![text("Hello")]));
    assert_eq!(receive_any(b"\x01\x03Hel\x80\x02lo"), Ok(vec![text("Hello")]));
    assert_eq!(receive_any(b"\x89\x05Hello"), Ok(vec![Received::Ping(Bytes::from_static(b"Hello"))]));
    let mut long = b"\x82\x7e\x01\x00".to_vec();
    long.extend([7; 256]);
    assert_eq!(receive_any(&long), Ok(vec![Received::Binary(vec![7; 256].into())]));
}

#[test]
fn masked_frames_are_unmasked_however_they_are_cut() {
    for chunk in 1..12 {
        let mut incoming = Incoming::new(Role::Server);
        let mut received = None;
        for chunk in b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58".chunks(chunk) {
            incoming.buffer().extend_from_slice(chunk);
            received = incoming.next(&Config::default(), Delivery::Whole).unwrap();
        }
        assert_eq!(received, Some(text("Hello")));
    }
}

#[test]
fn control_frames_may_come_between_fragments() {
    let received = receive_any(b"\x01\x01a\x89\x01p\x00\x01b\x8a\x00\x80\x01c");
    let expected = vec![Received::Ping(Bytes::from_static(b"p")), Received::Pong(Bytes::new()), text("abc")];
    assert_eq!(received, Ok(expected));
}

#[test]
fn empty_fragments_make_a_message() {
    assert_eq!(receive_any(b"\x01\x00\x00\x00\x80\x00"), Ok(vec![text("")]));
    assert_eq!(receive_any(b"\x02\x00\x80\x01x"), Ok(vec![Received::Binary(Bytes::from_static(b"x"))]));
}

#[test]
fn fragments_out_of_place_are_refused() {
    assert_eq!(receive_any(b"\x80\x00"), Err(ProtocolError::Continuation));
    assert_eq!(receive_any(b"\x81\x00\x80\x00"), Err(ProtocolError::Continuation));
    assert_eq!(receive_any(b"\x01\x00\x81\x00"), Err(ProtocolError::Interleaved));
    assert_eq!(receive_any(b"\x02\x00\x02\x00"), Err(ProtocolError::Interleaved));
}

#[test]
fn a_character_may_be_cut_by_fragments_and_control_frames() {
    assert_eq!(receive_any(b"\x01\x02\xe2\x82\x89\x00\x80\x01\xac").unwrap()[1], text("€"));
    assert_eq!(receive_any(b"\x01\x02\xe2\x82\x80\x00"), Err(ProtocolError::Utf8));
    assert_eq!(receive_any(b"\x81\x02\xe2\x82"), Err(ProtocolError::Utf8));
}

#[test]
fn text_is_refused_before_its_frame_is_complete() {
    let error = receive(b"\x81\x7f\x00\x00\x00\x00\x00\x10\x00\x00ab\xff", 13, &Config::default());
    assert!(matches!(error, Err(Error::Protocol(ProtocolError::Utf8))));
}

#[test]
fn a_leading_byte_order_mark_is_text() {
    assert_eq!(receive_any(b"\x81\x04\xef\xbb\xbfa"), Ok(vec![text("\u{feff}a")]));
}

#[test]
fn bounds_hold_on_both_sides() {
    let config = Config { max_message: 4, max_frame: 3, max_fragments: 2, ..Config::default() };
    assert!(receive(b"\x82\x03abc", 9, &config).is_ok());
    assert!(matches!(receive(b"\x82\x04", 9, &config), Err(Error::Bound(Bound::Frame(3)))));
    assert!(receive(b"\x02\x03abc\x80\x01d", 9, &config).is_ok());
    assert!(matches!(receive(b"\x02\x03abc\x80\x02", 9, &config), Err(Error::Bound(Bound::Message(4)))));
    assert!(receive(b"\x02\x00\x80\x00\x02\x00\x80\x00", 9, &config).is_ok());
    assert!(matches!(receive(b"\x02\x00\x00\x00\x80\x00", 9, &config), Err(Error::Bound(Bound::Fragments(2)))));
}

/// Everything in parts; and how much memory was held at the most.
fn receive_parts(bytes: &[u8], chunk: usize) -> Result<Vec<Received>, Error> {
    let mut incoming = Incoming::new(Role::Client);
    let mut received = vec![];
    for chunk in bytes.chunks(chunk) {
        incoming.buffer().extend_from_slice(chunk);
        while let Some(next) = incoming.next(&Config::default(), Delivery::InParts)? {
            received.push(next);
        }
        assert!(incoming.buffer.len() < 10);
        assert!(incoming.message.as_ref().is_none_or(|message| message.payload.len() < 4));
    }
    Ok(received)
}

fn text_part(text: &'static str, last: bool) -> Received {
    Received::Part(Part::Text { text: ByteString::from_static(text), last })
}

#[test]
fn a_message_can_be_had_as_it_arrives() {
    let bytes = b"\x01\x05a\xe2\x82\xacb\x89\x00\x80\x02cd\x82\x02xy";
    let whole = vec![
        text_part("a€b", false),
        Received::Ping(Bytes::new()),
        text_part("cd", true),
        Received::Part(Part::Binary { bytes: Bytes::from_static(b"xy"), last: true }),
    ];
    assert_eq!(receive_parts(bytes, 100).unwrap(), whole);
    let cut = receive_parts(bytes, 1).unwrap();
    assert_eq!(cut[..3], [text_part("a", false), text_part("€", false), text_part("b", false)]);
    assert_eq!(cut[4..6], [text_part("c", false), text_part("d", true)]);
}

#[test]
fn text_in_parts_is_validated() {
    assert!(receive_parts(b"\x01\x02\xe2\x82\x80\x00", 100).is_err());
    assert!(receive_parts(b"\x81\x04ab\xff", 100).is_err());
}

#[test]
fn what_is_left_of_a_message_can_be_had_whole() {
    let mut incoming = Incoming::new(Role::Client);
    incoming.buffer().extend_from_slice(b"\x81\x04a\xc3");
    let config = Config::default();
    assert_eq!(incoming.next(&config, Delivery::InParts).unwrap(), Some(text_part("a", false)));
    incoming.buffer().extend_from_slice(b"\xa9");
    assert_eq!(incoming.next(&config, Delivery::Whole).unwrap(), None);
    incoming.buffer().extend_from_slice(b"b");
    assert_eq!(incoming.next(&config, Delivery::Whole).unwrap(), Some(text("éb")));
}

#[test]
fn whole_and_in_parts_can_take_turns() {
    use Delivery::{InParts, Whole};
    let mut incoming = Incoming::new(Role::Client);
    let config = Config::default();
    let mut after = |bytes: &[u8], delivery| {
        incoming.buffer().extend_from_slice(bytes);
        incoming.next(&config, delivery).unwrap()
    };
    assert_eq!(after(b"\x01\x02ab", Whole), None);
    assert_eq!(after(b"\x00\x04c", Whole), None);
    assert_eq!(after(b"d", InParts), Some(text_part("abcd", false)));
    assert_eq!(after(b"e", Whole), None);
    assert_eq!(after(b"f\x80\x01g", InParts), Some(text_part("ef", false)));
    assert_eq!(after(b"\x81\x02x", InParts), Some(text_part("g", true)));
    assert_eq!(after(b"", Whole), None);
    assert_eq!(after(b"y\x81\x02z", InParts), Some(text_part("xy", true)));
    assert_eq!(after(b"", Whole), None);
    assert_eq!(after(b"z", InParts), Some(text_part("zz", true)));
    assert_eq!(after(b"\x01\x01a", Whole), None);
    assert_eq!(after(b"", InParts), Some(text_part("a", false)), "what there is does not wait for a header");
}

#[test]
fn the_bound_of_a_message_holds_for_all_its_parts() {
    let config = Config { max_message: 4, ..Config::default() };
    let mut incoming = Incoming::new(Role::Client);
    incoming.buffer().extend_from_slice(b"\x02\x03abc");
    assert!(incoming.next(&config, Delivery::InParts).unwrap().is_some());
    incoming.buffer().extend_from_slice(b"\x80\x02");
    assert!(matches!(incoming.next(&config, Delivery::InParts), Err(Error::Bound(Bound::Message(4)))));
}

#[cfg(feature = "deflate")]
mod compressed {
    use super::*;
    use crate::proto::config::Compression;
    use crate::proto::extension::accept_answer;
    use alloc::string::{String, ToString as _};

    /// Everything a client that has agreed on compression receives in these bytes, whatever the chunks.
    fn receive_compressed(bytes: &[u8], config: &Config) -> Result<Vec<Received>, String> {
        let mut outcomes: Vec<_> = (1..=bytes.len())
            .map(|chunk| {
                let compression = Compression::default();
                let agreement = accept_answer(["permessage-deflate"].into_iter(), Some(&compression)).unwrap();
                let mut incoming = Incoming::new(Role::Client);
                incoming.set_decompressor(Some(agreement.unwrap().0.client(&compression).1));
                let mut received = vec![];
                for chunk in bytes.chunks(chunk) {
                    incoming.buffer().extend_from_slice(chunk);
                    while let Some(next) = incoming.next(config, Delivery::Whole).map_err(|error| error.to_string())? {
                        received.push(next);
                    }
                }
                Ok(received)
            })
            .collect();
        outcomes.dedup();
        assert_eq!(outcomes.len(), 1, "the same, however it is cut");
        outcomes.remove(0)
    }

    #[test]
    fn the_examples_of_rfc_7692_are_read() {
        let whole = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00";
        let fragments = b"\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00";
        for bytes in [&whole[..], fragments] {
            assert_eq!(receive_compressed(bytes, &Config::default()), Ok(vec![text("Hello")]));
        }
    }

    #[test]
    fn compressed_and_other_messages_and_control_frames_mix() {
        let bytes =
            b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\x81\x01a\x42\x02\xf2\x00\x89\x00\x80\x03\x11\x00\x00\xc2\x01\x00";
        let hello = Received::Binary(Bytes::from_static(b"Hello"));
        let expected =
            vec![text("Hello"), text("a"), Received::Ping(Bytes::new()), hello, Received::Binary(Bytes::new())];
        assert_eq!(receive_compressed(bytes, &Config::default()), Ok(expected));
    }

    #[test]
    fn what_it_is_decompressed_to_must_be_within_the_bound() {
        let bytes = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00";
        let config = |max_message| Config { max_message, ..Config::default() };
        assert!(receive_compressed(bytes, &config(5)).is_ok());
        assert!(receive_compressed(bytes, &config(4)).unwrap_err().contains("max_message"));
    }

    #[test]
    fn text_is_validated_after_it_is_decompressed() {
        // A stored block with the bytes ff fe.
        let bytes = b"\xc1\x08\x00\x02\x00\xfd\xff\xff\xfe\x00";
        assert!(receive_compressed(bytes, &Config::default()).unwrap_err().contains("UTF-8"));
    }
}

#[test]
fn a_large_message_takes_its_memory_along() {
    let mut incoming = Incoming::new(Role::Client);
    let mut bytes = b"\x82\x7f\x00\x00\x00\x00\x00\x10\x00\x00".to_vec();
    bytes.resize(10 + (1 << 20), 0);
    incoming.buffer().extend_from_slice(&bytes);
    incoming.buffer().extend_from_slice(b"\x81\x01a");
    assert!(incoming.next(&Config::default(), Delivery::Whole).unwrap().is_some());
    assert!(incoming.buffer().capacity() < 4096);
    assert_eq!(incoming.next(&Config::default(), Delivery::Whole).unwrap(), Some(text("a")));
}

#[test]
fn a_frame_knows_what_it_lacks() {
    let mut incoming = Incoming::new(Role::Client);
    incoming.buffer().extend_from_slice(b"\x82\x05ab");
    assert_eq!(incoming.next(&Config::default(), Delivery::Whole).unwrap(), None);
    assert_eq!(incoming.missing(), 3);
}

/// Messages that the caller takes past the buffer.
mod aside {
    use super::*;

    /// A client that has received these bytes, and has no more to give of them.
    fn client(bytes: &[u8]) -> Incoming {
        let mut incoming = Incoming::new(Role::Client);
        incoming.buffer().extend_from_slice(bytes);
        assert_eq!(incoming.next(&Config::default(), Delivery::Whole).unwrap(), None);
        incoming
    }

    /// Where the payload is of the message that a client takes past its buffer.
    fn found(front: &[u8]) -> Option<core::ops::Range<usize>> {
        client(b"").find_aside(front, &Config::default())
    }

    #[test]
    fn a_binary_message_in_one_frame_is_found_whether_it_is_there_or_not() {
        assert_eq!(found(b"\x82\x05Hello"), Some(2..7));
        assert_eq!(found(b"\x82\x05"), Some(2..7));
        assert_eq!(found(b"\x82\x00"), Some(2..2));
        assert_eq!(found(b"\x82\x7e\xff\xff"), Some(4..65_539));
        assert_eq!(found(b"\x82\x7f\0\0\0\0\0\x01\0\0"), Some(10..65_546));
    }

    #[test]
    fn nothing_else_is_found() {
        // Text; a first fragment; a last one; control frames; compressed; masked; a reserved bit; a length in more bytes than
        // it needs, or of more than there are; headers that are not there wholly.
        let others: [&[u8]; 16] = [
            b"\x81\x05Hello",
            b"\x02\x05Hello",
            b"\x80\x05Hello",
            b"\x88\x02\x03\xe8",
            b"\x89\x05Hello",
            b"\x8a\x05Hello",
            b"\xc2\x05Hello",
            b"\x82\x85\x01\x02\x03\x04Hello",
            b"\xa2\x05Hello",
            b"\x82\x7e\0\x7d",
            b"\x82\x7f\0\0\0\0\0\0\xff\xff",
            b"\x82\x7f\x80\0\0\0\0\0\0\0",
            b"",
            b"\x82",
            b"\x82\x7e\xff",
            b"\x82\x7f\0\0\0\0\0\x01\0",
        ];
        for front in others {
            assert_eq!(found(front), None, "{front:x?}");
        }
    }

    #[test]
    fn what_is_longer_than_a_message_or_a_frame_may_be_is_not_found() {
        let incoming = client(b"");
        for (max_message, max_frame) in [(5, 9), (9, 5)] {
            let config = Config { max_message, max_frame, ..Config::default() };
            assert_eq!(incoming.find_aside(b"\x82\x05", &config), Some(2..7));
            assert_eq!(incoming.find_aside(b"\x82\x06", &config), None);
        }
    }

    #[test]
    fn nothing_is_found_while_something_has_come_that_is_not_done_with() {
        // A part of a header, of a payload, and of a message; and a frame that was not looked at.
        for bytes in [&b"\x82"[..], b"\x82\x05ab", b"\x82\x05", b"\x02\x01a"] {
            assert_eq!(client(bytes).find_aside(b"\x82\x05Hello", &Config::default()), None, "{bytes:x?}");
        }
        let mut incoming = Incoming::new(Role::Client);
        incoming.buffer().extend_from_slice(b"\x89\0");
        assert_eq!(incoming.find_aside(b"\x82\x05Hello", &Config::default()), None);
    }

    #[test]
    fn a_server_finds_nothing_for_it_has_to_unmask() {
        let server = Incoming::new(Role::Server);
        for front in [&b"\x82\x85\x01\x02\x03\x04Hello"[..], b"\x82\x05Hello"] {
            assert_eq!(server.find_aside(front, &Config::default()), None);
        }
    }

    #[test]
    fn a_message_that_is_arriving_is_set_aside_if_it_lacks_enough() {
        let mut incoming = client(b"\x82\x05ab");
        assert_eq!(incoming.set_aside(4), None);
        assert_eq!(incoming.missing(), 3);
        assert_eq!(incoming.set_aside(3), Some((Bytes::from_static(b"ab"), 3)));
        assert_eq!((incoming.missing(), incoming.set_aside(0)), (0, None));
        // What comes behind it.
        incoming.buffer().extend_from_slice(b"\x81\x01c");
        assert_eq!(incoming.next(&Config::default(), Delivery::Whole).unwrap(), Some(text("c")));
    }

    #[test]
    fn a_message_of_which_only_the_header_has_come_is_set_aside() {
        assert_eq!(client(b"\x82\x05").set_aside(5), Some((Bytes::new(), 5)));
    }

    #[test]
    fn text_fragments_control_frames_and_halves_of_headers_are_not_set_aside() {
        for bytes in [&b"\x81\x05ab"[..], b"\x02\x05ab", b"\x02\x01a\x80\x05bc", b"\x89\x05ab", b"\x82\x7e\xff", b""] {
            assert_eq!(client(bytes).set_aside(0), None, "{bytes:x?}");
        }
    }

    #[test]
    fn what_is_masked_or_given_in_parts_is_not_set_aside() {
        let mut server = Incoming::new(Role::Server);
        server.buffer().extend_from_slice(b"\x82\x85\x01\x02\x03\x04ab");
        assert_eq!(server.next(&Config::default(), Delivery::Whole).unwrap(), None);
        assert_eq!(server.set_aside(1), None);
        let mut client = Incoming::new(Role::Client);
        client.buffer().extend_from_slice(b"\x82\x05ab");
        assert!(client.next(&Config::default(), Delivery::InParts).unwrap().is_some());
        assert_eq!(client.set_aside(1), None);
    }
}
