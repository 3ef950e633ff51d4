//! Messages, which either end sends to the other.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::TestCaseError;

use crate::end::{
    End,
    Received::{self, Binary, Ping, Pong, Text},
};

/// A message, and where it is cut into frames.
pub(crate) type Sent = (Received, Vec<Index>);

pub(crate) fn sent() -> impl Strategy<Value = Sent> {
    let size = || prop_oneof![0_usize..300, 0_usize..70_000];
    let message = prop_oneof![
        ("[a-zé€😀\u{0}\u{10ffff}]{1,20}", size())
            .prop_map(|(text, size)| Text(text.chars().cycle().scan(0, up_to(size)).collect())),
        (vec(any::<u8>(), 1..50), size())
            .prop_map(|(bytes, size)| Binary(bytes.into_iter().cycle().take(size).collect())),
    ];
    (message, prop_oneof![Just(Vec::new()), vec(any::<Index>(), 0..5)])
}

/// Lets characters through while their bytes are no more than this.
fn up_to(size: usize) -> impl Fn(&mut usize, char) -> Option<char> {
    move |length, character| {
        *length += character.len_utf8();
        (*length <= size).then_some(character)
    }
}

fn payload(message: &Received) -> &[u8] {
    match message {
        Text(text) => text.as_bytes(),
        Binary(bytes) => bytes,
        other => panic!("{other:?}"),
    }
}

/// The message in pieces; one that is text is cut between characters.
fn pieces<'a>(message: &'a Received, cuts: &[Index]) -> Vec<&'a [u8]> {
    let bytes = payload(message);
    let is_boundary = |at: usize| match message {
        Text(text) => text.is_char_boundary(at),
        _ => true,
    };
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    ends.sort_unstable();
    ends.push(bytes.len());
    let mut start = 0;
    let piece = |end: usize| {
        let end = (start..=end).rev().find(|at| is_boundary(*at)).unwrap_or(start);
        let piece = &bytes[start..end];
        start = end;
        piece
    };
    ends.into_iter().map(piece).collect()
}

fn carry(from: &mut dyn End, to: &mut dyn End, chunks: &[usize]) {
    let output = from.output();
    let mut rest = &output[..];
    for size in chunks.iter().cycle() {
        if rest.is_empty() {
            return;
        }
        let (chunk, later) = rest.split_at(rest.len().min(*size));
        to.receive(chunk);
        rest = later;
    }
}

/// Sends messages from one end to the other, and then closes the connection.
pub(crate) fn exchange(
    from: &mut dyn End,
    to: &mut dyn End,
    sent: &[Sent],
    chunks: &[usize],
) -> Result<(), TestCaseError> {
    let (mut expected, mut pongs) = (Vec::new(), Vec::new());
    for (message, cuts) in sent {
        let pieces = pieces(message, cuts);
        from.send(message, &pieces);
        let payloads = (0..pieces.len() - 1).map(|index| vec![index as u8]);
        expected.extend(payloads.clone().map(Ping));
        pongs.extend(payloads.map(Pong));
        expected.push(message.clone());
    }
    carry(from, to, chunks);
    prop_assert!(to.received() == expected, "{:?}", to.refusal());
    carry(to, from, chunks);
    prop_assert_eq!(from.received(), &pongs);

    from.start_closing_handshake(4001, "done: ✓");
    carry(from, to, chunks);
    carry(to, from, chunks);
    prop_assert_eq!(to.received().last(), Some(&Received::Close(Some((4001, "done: ✓".into())))));
    prop_assert!(matches!(from.received().last(), Some(Received::Close(Some((4001, _))))));
    prop_assert_eq!((from.refusal(), to.refusal()), (None, None));
    Ok(())
}
