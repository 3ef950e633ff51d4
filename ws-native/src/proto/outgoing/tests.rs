//! What is written, and how little memory it takes.

use super::super::frame::Opcode;
use super::*;
use alloc::vec;

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
const STAGE: usize = 64 << 10;

fn header(length: usize, mask: Option<[u8; 4]>) -> Header {
    Header { fin: true, compressed: false, opcode: Opcode::Binary, mask, length: length as u64 }
}

fn all(outgoing: &Outgoing) -> Vec<u8> {
    outgoing.pieces().collect::<Vec<_>>().concat()
}

#[test]
fn the_examples_of_section_5_7_are_written() {
    let text = |mask| Header { opcode: Opcode::Text, ..header(5, mask) };
    let mut outgoing = Outgoing::new(STAGE);
    outgoing.push(text(None), b"Hello");
    assert_eq!(outgoing.first(), b"\x81\x05Hello");
    outgoing.consume(7);
    outgoing.push(text(Some(KEY)), b"Hello");
    assert_eq!(outgoing.first(), b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
}

#[test]
fn a_long_payload_is_sent_from_where_it_is_and_in_its_place() {
    let long = Bytes::from(vec![7; Outgoing::LONG]);
    let mut outgoing = Outgoing::new(STAGE);
    outgoing.push(header(1, None), b"a");
    outgoing.push_owned(header(long.len(), None), long.clone());
    outgoing.push_owned(header(1, None), Bytes::from_static(b"b"));
    outgoing.push_owned(header(long.len(), None), long.clone());
    assert!(outgoing.pieces().any(|piece| piece.as_ptr() == long.as_ptr()));
    let expected = [b"\x82\x01a\x82\x7e\x10\x00", &long[..], b"\x82\x01b\x82\x7e\x10\x00", &long].concat();
    assert_eq!(all(&outgoing), expected);
    assert_eq!(outgoing.backlog(), expected.len());
    for step in [1, 5, 700, 4000] {
        let mut gone = 0;
        let mut outgoing = Outgoing::new(STAGE);
        outgoing.push(header(1, None), b"a");
        outgoing.push_owned(header(long.len(), None), long.clone());
        outgoing.push_owned(header(1, None), Bytes::from_static(b"b"));
        outgoing.push_owned(header(long.len(), None), long.clone());
        while !outgoing.is_empty() {
            assert_eq!(all(&outgoing), expected[gone..]);
            assert!(expected[gone..].starts_with(outgoing.first()) && !outgoing.first().is_empty());
            outgoing.consume(step);
            gone += step;
        }
        assert!(gone >= expected.len());
    }
    assert_eq!(outgoing.take(), expected);
    assert!(outgoing.is_empty());
}

#[test]
fn one_byte_below_the_bound_is_copied() {
    let mut outgoing = Outgoing::new(STAGE);
    outgoing.push_owned(header(Outgoing::LONG - 1, None), vec![7; Outgoing::LONG - 1].into());
    assert_eq!(outgoing.first().len(), 4 + Outgoing::LONG - 1);
}

#[test]
fn a_payload_of_nobody_else_is_masked_where_it_is() {
    let plain = vec![9; Outgoing::LONG];
    let mut expected = Outgoing::new(STAGE);
    expected.push(header(plain.len(), Some(KEY)), &plain);
    for shared in [false, true] {
        let payload = Bytes::from(plain.clone());
        let address = payload.as_ptr();
        let _other = shared.then(|| payload.clone());
        let mut outgoing = Outgoing::new(STAGE);
        outgoing.push_owned(header(plain.len(), Some(KEY)), payload);
        assert_eq!(all(&outgoing), all(&expected));
        assert_eq!(outgoing.pieces().any(|piece| piece.as_ptr() == address), !shared);
    }
}

#[test]
fn a_very_long_payload_is_masked_in_stages_and_takes_no_memory_of_its_size() {
    let plain: Vec<u8> = (0..3 * STAGE + 5).map(|i| (i % 251) as u8).collect();
    let payload = Bytes::from(plain.clone());
    let lengths = [STAGE, 1, STAGE + 1, 3 * STAGE + 5, Outgoing::LONG, STAGE];
    let mut expected = Outgoing::new(STAGE);
    lengths.iter().for_each(|length| expected.push(header(*length, Some(KEY)), &plain[..*length]));
    let expected = expected.take();
    for step in [1_000, STAGE, STAGE + 9, usize::MAX] {
        let mut outgoing = Outgoing::new(STAGE);
        for length in lengths {
            outgoing.push_owned(header(length, Some(KEY)), payload.slice(..length));
        }
        assert_eq!(outgoing.backlog(), expected.len());
        assert!(outgoing.frames.capacity() < 3 * STAGE);
        let mut transmitted = Vec::new();
        while !outgoing.is_empty() {
            let pieces = all(&outgoing);
            assert!(!outgoing.first().is_empty() && pieces.starts_with(outgoing.first()));
            let count = step.min(pieces.len());
            transmitted.extend_from_slice(&pieces[..count]);
            outgoing.consume(count);
        }
        assert!(transmitted == expected, "{step}");
    }
    let mut outgoing = Outgoing::new(STAGE);
    lengths.iter().for_each(|length| outgoing.push_owned(header(*length, Some(KEY)), payload.slice(..*length)));
    outgoing.consume(3);
    assert!(outgoing.take() == expected[3..]);
}

#[test]
fn what_was_consumed_takes_no_memory_for_long() {
    let mut outgoing = Outgoing::new(STAGE);
    let long = Bytes::from(vec![7; Outgoing::LONG]);
    for _ in 0..10_000 {
        outgoing.push(header(100, None), &[1; 100]);
        outgoing.push_owned(header(long.len(), None), long.clone());
        // One byte always stays.
        outgoing.consume(outgoing.pieces().map(<[u8]>::len).sum::<usize>() - 1);
    }
    assert!(outgoing.frames.bytes.capacity() < 4 * Outgoing::STALE, "{}", outgoing.frames.bytes.capacity());
    assert_eq!(all(&outgoing), [7]);
}

#[test]
fn the_memory_of_much_output_is_given_back_when_it_has_gone() {
    let mut outgoing = Outgoing::new(STAGE);
    outgoing.push(header(1 << 20, None), &vec![0; 1 << 20]);
    outgoing.consume(1 << 19);
    outgoing.consume(1 << 20);
    assert_eq!(outgoing.frames.capacity(), 0);
    outgoing.push(header(1, None), b"a");
    assert!(outgoing.memory().is_none());
    outgoing.consume(3);
    assert!(outgoing.memory().is_some_and(|memory| memory.capacity() > 0));
}

#[test]
fn the_backlog_is_what_has_not_reached_the_network() {
    let mut outgoing = Outgoing::new(STAGE);
    outgoing.push(header(2, None), b"ab");
    outgoing.push(header(3, None), b"cde");
    assert_eq!(outgoing.take(), b"\x82\x02ab\x82\x03cde");
    assert_eq!((outgoing.backlog(), outgoing.remaining_to(4)), (9, 4));
    outgoing.transmitted(3);
    assert_eq!((outgoing.backlog(), outgoing.remaining_to(4)), (6, 1));
    outgoing.transmitted(100);
    assert_eq!((outgoing.backlog(), outgoing.remaining_to(4), outgoing.queued_total()), (0, 0, 9));
}
