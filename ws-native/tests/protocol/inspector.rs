//! What an inspector sees of a connection it takes no part in.

use std::slice;

use proptest::collection::vec;
use proptest::prelude::*;
use ws_native::proto::{Inspector, Opcode, Seen};

use crate::pair::{Pair, bounds};

/// A frame in short: what it is for, the bits fin, RSV1 and mask, its length, and what is known of its payload.
type Frame = (Opcode, [bool; 3], u64, Vec<u8>);

fn observe(mut inspector: Inspector, bytes: &[u8], chunk: usize) -> Vec<Seen> {
    let mut seen = Vec::new();
    bytes.chunks(chunk).for_each(|chunk| inspector.observe(chunk, |item| seen.push(item)));
    seen
}

fn frames(inspector: Inspector, bytes: &[u8]) -> Vec<Frame> {
    let frame = |seen| match seen {
        Seen::Frame(f) => (f.opcode, [f.fin, f.compressed, f.masked], f.length, f.payload.to_vec()),
        other => panic!("no frame: {other:?}"),
    };
    observe(inspector, bytes, usize::MAX).into_iter().map(frame).collect()
}

fn established(bytes: &[u8]) -> Vec<Frame> {
    frames(Inspector::established(Inspector::PREVIEW), bytes)
}

/// The heads, and how many frames came after each.
fn heads(bytes: &[u8]) -> Vec<(String, usize)> {
    let mut heads: Vec<(String, usize)> = Vec::new();
    for seen in observe(Inspector::default(), bytes, usize::MAX) {
        match seen {
            Seen::Head(head) => heads.push((String::from_utf8(head.to_vec()).unwrap(), 0)),
            _ => heads.last_mut().expect("a head comes first").1 += 1,
        }
    }
    heads
}

#[test]
fn the_examples_of_section_5_7_are_seen() {
    let cases: [(&[u8], Frame); 5] = [
        (b"\x81\x05Hello", (Opcode::Text, [true, false, false], 5, b"Hello".to_vec())),
        (b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", (Opcode::Text, [true, false, true], 5, b"Hello".to_vec())),
        (b"\x89\x05Hello", (Opcode::Ping, [true, false, false], 5, b"Hello".to_vec())),
        (b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", (Opcode::Pong, [true, false, true], 5, b"Hello".to_vec())),
        // RFC 7692, section 7.2.3.1: it stays compressed.
        (
            b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00",
            (Opcode::Text, [true, true, false], 7, b"\xf2\x48\xcd\xc9\xc9\x07\x00".to_vec()),
        ),
    ];
    for (bytes, expected) in &cases {
        assert_eq!(established(bytes), slice::from_ref(expected));
    }
    let all: Vec<u8> = cases.iter().flat_map(|(bytes, _)| bytes.to_vec()).collect();
    assert_eq!(established(&all), cases.map(|(_, frame)| frame));
}

#[test]
fn fragments_and_what_comes_between_are_frames_of_their_own() {
    let expected: [Frame; 4] = [
        (Opcode::Text, [false, false, false], 3, b"Hel".to_vec()),
        (Opcode::Ping, [true, false, false], 0, vec![]),
        (Opcode::Continuation, [true, false, false], 2, b"lo".to_vec()),
        (Opcode::Close, [true, false, false], 2, b"\x03\xe8".to_vec()),
    ];
    assert_eq!(established(b"\x01\x03Hel\x89\x00\x80\x02lo\x88\x02\x03\xe8"), expected);
}

#[test]
fn lengths_of_all_encodings_are_the_real_ones_and_previews_have_their_bound() {
    for length in [0, 3, 4, 5, 125, 126, 65_535, 65_536, 100_000] {
        let payload: Vec<u8> = (0..length).map(|index| index as u8).collect();
        let mut bytes = vec![0x82];
        match length {
            0..=125 => bytes.push(length as u8),
            126..=65_535 => bytes.extend([&[126][..], &(length as u16).to_be_bytes()].concat()),
            _ => bytes.extend([&[127][..], &(length as u64).to_be_bytes()].concat()),
        }
        bytes.extend(&payload);
        bytes.extend(b"\x81\x01x");
        for preview in [0, 4, Inspector::PREVIEW, usize::MAX] {
            let expected: [Frame; 2] = [
                (Opcode::Binary, [true, false, false], length as u64, payload[..length.min(preview)].to_vec()),
                (Opcode::Text, [true, false, false], 1, b"x"[..preview.min(1)].to_vec()),
            ];
            assert_eq!(frames(Inspector::established(preview), &bytes), expected, "{length} bytes, {preview} of them");
        }
    }
}

#[test]
fn a_frame_is_told_with_its_last_byte() {
    let mut inspector = Inspector::established(1);
    for byte in b"\x81\x05Hell" {
        inspector.observe(&[*byte], |seen| panic!("{seen:?} is not complete"));
    }
    let mut seen = 0;
    inspector.observe(b"o", |_| seen += 1);
    assert_eq!(seen, 1);
}

#[test]
fn frames_come_after_the_head_of_a_request_or_of_the_answer_101() {
    let request = "GET / HTTP/1.1\r\nHost: h\r\n\r\n".to_owned();
    assert_eq!(heads(&[request.as_bytes(), b"\x81\x00\x81\x00"].concat()), [(request, 2)]);
    for answer in ["HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", "HTTP/1.1 101\r\n\r\n"] {
        assert_eq!(heads(&[answer.as_bytes(), b"\x81\x00"].concat()), [(answer.into(), 1)]);
    }
}

#[test]
fn interim_answers_come_before_the_last_one() {
    let bytes = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103\r\nLink: x\r\n\r\nHTTP/1.1 101 x\r\n\r\n\x81\x00";
    let expected = [
        ("HTTP/1.1 100 Continue\r\n\r\n".to_owned(), 0),
        ("HTTP/1.1 103\r\nLink: x\r\n\r\n".to_owned(), 0),
        ("HTTP/1.1 101 x\r\n\r\n".to_owned(), 1),
    ];
    assert_eq!(heads(bytes), expected);
}

#[test]
fn nothing_comes_after_an_answer_that_opens_no_connection() {
    for status in ["200 OK", "403 No", "", "1", "1011", "99"] {
        let answer = format!("HTTP/1.1 {status}\r\n\r\n");
        assert_eq!(heads(&[answer.as_bytes(), b"\x81\x00\r\n\r\n"].concat()), [(answer, 0)]);
    }
}

#[test]
fn the_end_of_a_head_is_its_first_empty_line() {
    for head in ["\r\r\n\r\n", "a\r\n\r\r\n\r\n", "a\n\n\r\n\r\r\r\n\r\n", "\r\n\r\n"] {
        assert_eq!(heads(&[head.as_bytes(), b"\x81\x00"].concat()), [(head.into(), 1)]);
    }
}

#[test]
fn of_a_head_64_kib_are_kept() {
    for length in [Inspector::HEAD - 1, Inspector::HEAD, Inspector::HEAD + 1, 2 * Inspector::HEAD] {
        let head = format!("GET {}\r\n\r\n", "x".repeat(length - 8));
        let kept = head[..length.min(Inspector::HEAD)].to_owned();
        assert_eq!(heads(&[head.as_bytes(), b"\x81\x00"].concat()), [(kept, 1)]);
    }
}

#[test]
fn nothing_is_told_after_what_is_no_frame() {
    let wrong: [&[u8]; 5] = [
        b"\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00", // a length of 2^63
        b"\x83\x00",                                 // an opcode that does not exist
        b"\xa1\x00",                                 // RSV2
        b"\x09\x00",                                 // a fragment of a ping
        b"\x82\x7e\x00\x7d",                         // a length that is encoded in too many bytes
    ];
    for wrong in wrong {
        let bytes = [b"\x81\x00", wrong, b"\x81\x00\x81\x00"].concat();
        assert_eq!(established(&bytes).len(), 1, "{wrong:x?}");
    }
    // The longest there is; nobody can send it all.
    assert_eq!(established(b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff\x81\x00\x81\x00"), []);
}

/// Bytes that are likely to be heads and frames.
fn wire() -> impl Strategy<Value = Vec<u8>> {
    let head = prop_oneof![
        Just(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n".to_vec()),
        Just(b"HTTP/1.1 103 x\r\n\r\nHTTP/1.1 101 x\r\n\r\n".to_vec()),
        vec(any::<u8>(), 0..50),
    ];
    let piece = prop_oneof![
        Just(b"\x82\x7e\x01\x00".iter().chain(&[7; 256]).copied().collect()),
        Just(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58".to_vec()),
        Just(b"\xc1\x01x\x89\x00\x88\x02\x03\xe8".to_vec()),
        vec(any::<u8>(), 0..20),
    ];
    (head, vec(piece, 0..20)).prop_map(|(head, pieces)| [head, pieces.concat()].concat())
}

proptest! {
    #[test]
    fn how_the_bytes_are_cut_does_not_matter(bytes in wire(), chunk in 1_usize..100, preview in 0_usize..300) {
        for inspector in [Inspector::new, Inspector::established] {
            let whole = observe(inspector(preview), &bytes, usize::MAX);
            prop_assert_eq!(observe(inspector(preview), &bytes, chunk), whole.clone());
            prop_assert_eq!(observe(inspector(preview), &bytes, 1), whole);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..500), chunk in 1_usize..50, preview in 0_usize..100) {
        observe(Inspector::new(preview), &bytes, chunk);
        observe(Inspector::established(preview), &bytes, chunk);
    }

    #[test]
    fn what_our_ends_send_is_seen_as_it_was_sent(
        messages in vec(vec(any::<u8>(), 0..70_000), 0..5), chunk in 1_usize..5000,
    ) {
        let mut pair = Pair::established(bounds(|config| config.compression = None));
        for end in [&mut pair.client, &mut pair.server] {
            messages.iter().for_each(|message| end.send_binary(message).unwrap());
            let seen = observe(Inspector::established(usize::MAX), &end.take_output(), chunk);
            let payloads = seen.into_iter().map(|seen| match seen {
                Seen::Frame(frame) => frame.payload.to_vec(),
                other => panic!("no frame: {other:?}"),
            });
            prop_assert_eq!(&payloads.collect::<Vec<_>>(), &messages);
        }
    }
}
