//! Messages that are shown where they were read, instead of being given out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use futures_util::FutureExt as _;
use proptest::collection::vec;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use ws_core::{Failure, FailureKind, Message};
use ws_native::proto::Config;
use ws_native::{Answers, Connection, MessageRef};

/// More than the messages of a test.
const CAPACITY: usize = 1 << 20;

const HELLO: &[u8] = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";

fn server_with(config: Config) -> (Connection<DuplexStream>, DuplexStream) {
    let (near, far) = duplex(CAPACITY);
    (Connection::server_established(near, config), far)
}

fn server() -> (Connection<DuplexStream>, DuplexStream) {
    server_with(Config::default())
}

/// A frame of a client whose mask changes nothing.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..=125 => frame.push(0x80 | length as u8),
        length @ 126..=0xFFFF => {
            frame.push(0xFE);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(0xFF);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

fn text(text: &str) -> Message {
    Message::Text(text.into())
}

/// What is shown at once, if something is.
fn show(server: &mut Connection<DuplexStream>) -> Option<(Vec<Message>, Result<bool, Failure>)> {
    let mut shown = Vec::new();
    let outcome = server
        .recv_each(|message, _| {
            shown.push(message.into_message());
            Ok(())
        })
        .now_or_never()?;
    Some((shown, outcome))
}

#[tokio::test]
async fn nothing_is_shown_behind_an_error() {
    // Messages are lent or given, by their length, alone or behind one another.
    for lengths in [[1, 1], [1, 5_000], [5_000, 1], [5_000, 5_000], [100_000, 1]] {
        let (mut server, mut far) = server();
        let frames = lengths.map(|length| frame(0x82, &vec![7; length]));
        far.write_all(&frames.concat()).await.unwrap();
        let mut shown = Vec::new();
        let refused = server.recv_each(|message, _| {
            shown.push(message.as_bytes().len());
            Err(Failure::new(FailureKind::Misuse, "not wanted"))
        });
        assert_eq!(refused.await.unwrap_err().kind(), FailureKind::Misuse, "{lengths:?}");
        assert_eq!(shown, lengths[..1]);
        let (rest, outcome) = show(&mut server).unwrap();
        assert!(outcome.unwrap());
        assert_eq!(rest, [Message::Binary(vec![7; lengths[1]].into())]);
    }
}

#[tokio::test]
async fn all_that_have_come_are_shown_in_order() {
    let (mut server, mut far) = server();
    let long = "é".repeat(5_000);
    let longest = vec![7; 100_000];
    let frames = [
        HELLO,
        &frame(0x82, &[1, 2]),
        &frame(0x81, long.as_bytes()),
        &frame(0x81, b""),
        &frame(0x82, &longest),
        &frame(0x01, b"in "),
        &frame(0x89, b"ping"),
        &frame(0x80, b"two"),
        &frame(0x81, b"last"),
    ];
    far.write_all(&frames.concat()).await.unwrap();
    let mut all = Vec::new();
    while let Some((shown, outcome)) = show(&mut server) {
        assert!(outcome.unwrap() && !shown.is_empty());
        all.extend(shown);
    }
    let expected = [
        text("Hello"),
        Message::Binary(vec![1, 2].into()),
        text(&long),
        text(""),
        Message::Binary(longest.into()),
        text("in two"),
        text("last"),
    ];
    assert_eq!(all, expected);
}

#[tokio::test]
async fn a_message_says_what_it_is() {
    let (mut server, mut far) = server();
    far.write_all(&[HELLO, &frame(0x82, &[7; 5_000]), &frame(0x82, &[7])].concat()).await.unwrap();
    let mut seen = Vec::new();
    let mut see = |message: MessageRef<'_>, _: &mut Answers<'_>| {
        assert_eq!(message.is_text(), message.as_text().is_some());
        assert_eq!(message.is_text(), message.as_binary().is_none());
        seen.push((message.as_text().map(str::to_owned), message.as_bytes().len()));
        Ok(())
    };
    assert!(server.recv_each(&mut see).await.unwrap());
    assert_eq!(seen, [(Some("Hello".to_owned()), 5), (None, 5_000), (None, 1)]);
}

#[tokio::test]
async fn answers_go_out_together_when_it_waits() {
    let (mut server, mut far) = server();
    far.write_all(&[HELLO, &frame(0x82, &[9; 5_000])].concat()).await.unwrap();
    let mut answer = |message: MessageRef<'_>, answers: &mut Answers<'_>| {
        answers.feed_text("a")?;
        answers.feed_binary(b"b")?;
        answers.feed(message.as_bytes().len().to_string())?;
        answers.echo(message)
    };
    assert!(server.recv_each(&mut answer).await.unwrap());
    assert!(far.read_u8().now_or_never().is_none(), "nothing was written yet");
    assert!(server.recv_each(&mut answer).now_or_never().is_none());
    let expected = [
        &b"\x81\x01a\x82\x01b\x81\x015\x81\x05Hello"[..],
        b"\x81\x01a\x82\x01b\x81\x045000\x82\x7e\x13\x88",
        &[9; 5_000],
    ]
    .concat();
    let mut output = vec![0; expected.len()];
    far.read_exact(&mut output).await.unwrap();
    assert_eq!(output, expected);
}

#[tokio::test]
async fn an_error_of_the_program_ends_recv_each_and_the_rest_stays() {
    let (mut server, mut far) = server();
    far.write_all(&[HELLO, &frame(0x81, b"a"), &frame(0x81, b"b")].concat()).await.unwrap();
    let mut count = 0;
    let refuse_second = |_: MessageRef<'_>, _: &mut Answers<'_>| {
        count += 1;
        if count < 2 { Ok(()) } else { Err(Failure::new(FailureKind::Misuse, "enough")) }
    };
    assert_eq!(server.recv_each(refuse_second).await.unwrap_err().to_string(), "enough");
    assert_eq!(count, 2);
    assert_eq!(server.recv().await.unwrap(), Some(text("b")));
}

#[tokio::test]
async fn a_panic_of_the_program_leaves_the_rest() {
    let (mut server, mut far) = server();
    far.write_all(&[HELLO, HELLO].concat()).await.unwrap();
    let panics = |_: MessageRef<'_>, _: &mut Answers<'_>| panic!("of the program");
    assert!(catch_unwind(AssertUnwindSafe(|| server.recv_each(panics).now_or_never())).is_err());
    assert_eq!(server.recv().await.unwrap(), Some(text("Hello")));
}

#[tokio::test]
async fn recv_each_dropped_at_any_await_loses_nothing() {
    let (mut server, mut far) = server();
    let mut received = Vec::new();
    for byte in [HELLO, &frame(0x01, b"a"), &frame(0x80, b"b"), &frame(0x82, &[7; 200])].concat() {
        far.write_all(&[byte]).await.unwrap();
        received.extend(show(&mut server).into_iter().flat_map(|(shown, _)| shown));
    }
    assert_eq!(received, [text("Hello"), text("ab"), Message::Binary(vec![7; 200].into())]);
}

#[tokio::test]
async fn text_that_is_none_and_messages_beyond_the_bound_fail_the_connection() {
    let mut config = Config::default();
    config.max_message = 3;
    for (wrong, kind) in [(&b"\xff"[..], FailureKind::Protocol), (b"four", FailureKind::Limit)] {
        let (mut server, mut far) = server_with(config.clone());
        far.write_all(&[frame(0x81, b"one"), frame(0x81, wrong), frame(0x81, b"two")].concat()).await.unwrap();
        drop(far);
        let (shown, outcome) = show(&mut server).unwrap();
        assert!(outcome.unwrap());
        assert_eq!(shown, [text("one")]);
        let (shown, outcome) = show(&mut server).unwrap();
        assert_eq!((shown, outcome.unwrap_err().kind()), (Vec::new(), kind));
    }
}

#[tokio::test]
async fn no_more_is_shown_once_an_answer_has_failed_the_connection() {
    let mut config = Config::default();
    config.max_send_queue = 10;
    let (mut server, mut far) = server_with(config);
    far.write_all(&[HELLO, HELLO].concat()).await.unwrap();
    let mut count = 0;
    let fill = |_: MessageRef<'_>, answers: &mut Answers<'_>| {
        count += 1;
        // That it failed is seen all the same.
        let _ = answers.feed_binary(&[0; 11]);
        Ok(())
    };
    assert!(server.recv_each(fill).await.unwrap());
    assert_eq!(count, 1);
    drop(far);
    assert_eq!(show(&mut server).unwrap().1.unwrap_err().kind(), FailureKind::Limit);
}

#[tokio::test]
async fn recv_each_returns_false_after_the_close_frame() {
    let (mut server, mut far) = server();
    far.write_all(&[HELLO, &frame(0x88, b"\x03\xe8"), HELLO].concat()).await.unwrap();
    drop(far);
    assert_eq!(show(&mut server).unwrap().0, [text("Hello")]);
    for _ in 0..2 {
        let (shown, outcome) = show(&mut server).unwrap();
        assert_eq!((shown, outcome.unwrap()), (Vec::new(), false));
    }
    assert!(server.closed().unwrap().clean);
}

proptest! {
    #[test]
    fn what_is_shown_is_what_would_be_given_out(bytes in vec(any::<u8>(), 0..200), cuts in vec(1..20_usize, 1..20)) {
        // Headers that are right for the most part.
        let frames: Vec<u8> = bytes
            .chunks(7)
            .flat_map(|chunk| frame([0x81, 0x82, 0x82, 0x01, 0x80, 0x89, chunk[0]][usize::from(chunk[0]) % 7], &chunk[1..]))
            .collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let _context = runtime.enter();
        let run = |shows: bool| {
            let (mut server, mut far) = server();
            let (mut received, mut failure, mut rest) = (Vec::new(), None, &frames[..]);
            for cut in cuts.iter().cycle() {
                let (now, later) = rest.split_at(rest.len().min(*cut));
                let _ = far.write_all(now).now_or_never();
                loop {
                    let outcome = if shows {
                        let Some((shown, outcome)) = show(&mut server) else { break };
                        received.extend(shown);
                        outcome
                    } else {
                        let Some(message) = server.recv().now_or_never() else { break };
                        message.map(|message| message.map(|message| received.push(message)).is_some())
                    };
                    match outcome {
                        Ok(true) => {}
                        Ok(false) => break,
                        Err(error) => failure = Some(error.kind()),
                    }
                }
                rest = later;
                if rest.is_empty() {
                    return (received, failure);
                }
            }
            (received, failure)
        };
        prop_assert_eq!(run(true), run(false));
    }
}
