//! Beside tungstenite: what either sends the other receives, and what either refuses the other refuses, but for the
//! differences that are listed here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod difference;
mod end;
mod frames;
mod messages;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use tungstenite::protocol::Role;

use difference::{Verdict, answered_by_theirs, difference, echoed_code};
use end::{
    End, Ours,
    Received::{self, Ping},
    Theirs,
};
use frames::{Frame, Length, control_frames, frames};
use messages::{exchange, sent};

const ROLES: [Role; 2] = [Role::Client, Role::Server];

/// Gives both ends of a role the same frames.
fn compare(role: Role, is_closing: bool, frames: &[Frame], chunk: usize) -> Result<(), TestCaseError> {
    let (mut ours, mut theirs) = (Ours::bounded(role), Theirs::bounded(role));
    if is_closing {
        for end in [&mut ours as &mut dyn End, &mut theirs] {
            end.start_closing_handshake(1000, "");
            end.output();
        }
    }
    let first_difference = frames.iter().position(|frame| difference(frame).is_some());
    let same = &frames[..first_difference.unwrap_or(frames.len())];
    let bytes: Vec<u8> = same.iter().flat_map(|frame| frame.bytes(role)).collect();
    for chunk in bytes.chunks(chunk) {
        ours.receive(chunk);
        theirs.receive(chunk);
        prop_assert_eq!(ours.received(), theirs.received());
        // Theirs looks at frames that are there whole, and ours at every byte.
        prop_assert!(theirs.refusal().is_none() || ours.refusal().is_some(), "{:?}", theirs.refusal());
    }
    let refusals = (ours.refusal(), theirs.refusal());
    prop_assert_eq!(refusals.0.is_some(), refusals.1.is_some(), "{:?}", refusals);
    compare_answers(is_closing, &mut ours, &mut theirs)?;

    if let Some(frame) = frames.get(same.len())
        && ours.refusal().is_none()
        && !ours.has_received_close()
    {
        ours.receive(&frame.bytes(role));
        match difference(frame) {
            Some(Verdict::Closed(code, reason)) => {
                prop_assert_eq!(ours.received().last(), Some(&Received::Close(Some((code, reason)))));
                prop_assert_eq!(ours.refusal(), None);
            }
            _ => prop_assert!(ours.refusal().is_some()),
        }
    }
    Ok(())
}

/// Pings are answered, and Close frames.
fn compare_answers(is_closing: bool, ours: &mut Ours, theirs: &mut Theirs) -> Result<(), TestCaseError> {
    let (our_answers, their_answers) = (control_frames(&ours.output()), control_frames(&theirs.output()));
    let pongs = |answers: &[(u8, Vec<u8>)]| -> Vec<Vec<u8>> {
        answers.iter().filter(|(first, _)| *first == 0x8A).map(|(_, payload)| payload.clone()).collect()
    };
    let ping = |received: &Received| if let Ping(payload) = received { Some(payload.clone()) } else { None };
    let pings: Vec<Vec<u8>> = ours.received().iter().filter_map(ping).collect();
    prop_assert_eq!(pongs(&our_answers), &pings[..]);
    prop_assert_eq!(pongs(&their_answers), answered_by_theirs(&pings, is_closing));
    if ours.has_received_close() {
        let code = |answers: &[(u8, Vec<u8>)]| match answers.last() {
            Some((0x88, body)) => Some(echoed_code(body).to_vec()),
            _ => None,
        };
        prop_assert_eq!(code(&our_answers), code(&their_answers));
        prop_assert_eq!(code(&our_answers).is_some(), !is_closing);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn messages_arrive_whoever_sends_and_whoever_receives(
        sent in vec(sent(), 0..5), chunks in vec(1_usize..5000, 1..4),
    ) {
        let ours = |role| -> Box<dyn End> { Box::new(Ours::new(role, |_| {})) };
        let theirs = |role| -> Box<dyn End> { Box::new(Theirs::new(role, |config| config)) };
        let ends: [&dyn Fn(Role) -> Box<dyn End>; 2] = [&ours, &theirs];
        for (from, to) in [(Role::Client, Role::Server), (Role::Server, Role::Client)] {
            for sender in ends {
                for receiver in ends {
                    exchange(&mut *sender(from), &mut *receiver(to), &sent, &chunks)?;
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn any_frames_are_taken_or_refused_by_both(frames in frames(), chunk in 1_usize..500) {
        for role in ROLES {
            compare(role, false, &frames, chunk)?;
            compare(role, true, &frames, chunk)?;
        }
    }

    #[test]
    fn no_bytes_are_taken_that_theirs_refuses(
        start in frames(), noise in vec(any::<u8>(), 0..200), chunk in 1_usize..500,
    ) {
        for role in ROLES {
            let (mut ours, mut theirs) = (Ours::bounded(role), Theirs::bounded(role));
            let mut bytes: Vec<u8> = start.iter().flat_map(|frame| frame.bytes(role)).collect();
            bytes.extend(&noise);
            for chunk in bytes.chunks(chunk) {
                ours.receive(chunk);
                theirs.receive(chunk);
                prop_assert!(theirs.before_close().starts_with(ours.before_close()));
                if ours.refusal().is_some() {
                    break;
                }
                prop_assert_eq!(theirs.refusal(), None);
                if !ours.has_received_close() {
                    prop_assert_eq!(ours.received(), theirs.received());
                }
            }
        }
    }
}

#[test]
fn the_differences_are_those_that_are_listed() {
    let theirs_alone_takes = [
        Frame { length: Length::Bits16, ..Frame::new(0x82, [0; 125]) },
        Frame { length: Length::Bits64, ..Frame::new(0x82, [0; 125]) },
        Frame { length: Length::Bits64, ..Frame::new(0x82, [0; 126]) },
        Frame { length: Length::Bits16, ..Frame::new(0x89, [0; 5]) },
        Frame::new(0x88, 0_u16.to_be_bytes()),
        Frame::new(0x88, 999_u16.to_be_bytes()),
        Frame::new(0x88, 1004_u16.to_be_bytes()),
        Frame::new(0x88, 1005_u16.to_be_bytes()),
        Frame::new(0x88, 1006_u16.to_be_bytes()),
        Frame::new(0x88, 1015_u16.to_be_bytes()),
        Frame::new(0x88, 1016_u16.to_be_bytes()),
        Frame::new(0x88, 2999_u16.to_be_bytes()),
        Frame::new(0x88, 5000_u16.to_be_bytes()),
    ];
    for role in ROLES {
        for frame in &theirs_alone_takes {
            let (mut ours, mut theirs) = (Ours::bounded(role), Theirs::bounded(role));
            ours.receive(&frame.bytes(role));
            theirs.receive(&frame.bytes(role));
            assert!(matches!(difference(frame), Some(Verdict::Refused)));
            assert!(ours.refusal().is_some() && ours.received().is_empty(), "{frame:?}");
            assert!(theirs.refusal().is_none() && !theirs.received().is_empty(), "{frame:?}");
        }
        let bad_gateway = Frame::new(0x88, 1014_u16.to_be_bytes());
        let (mut ours, mut theirs) = (Ours::bounded(role), Theirs::bounded(role));
        ours.receive(&bad_gateway.bytes(role));
        theirs.receive(&bad_gateway.bytes(role));
        assert_eq!(ours.received(), [Received::Close(Some((1014, String::new())))]);
        assert_eq!(theirs.received(), [Received::Close(Some((1002, "Protocol violation".into())))]);
    }
}
