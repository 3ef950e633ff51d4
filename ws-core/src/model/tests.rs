use super::*;
use alloc::string::ToString as _;

fn open() -> Model {
    let mut model = Model::new("ws://h".into());
    model.feedback(Feedback::Established { extensions: String::new(), protocol: String::new() });
    assert!(matches!(model.run_task(), Some(Task::Open)));
    model.begin_turn();
    model
}

#[test]
fn what_disappears_fails_while_connecting_and_says_1001_when_open() {
    assert_eq!(Model::new("ws://h".into()).disappear(), Closing::Fail);
    let mut model = open();
    let Closing::Start(Some(close)) = model.disappear() else { panic!("no closing handshake") };
    assert_eq!((close.code(), close.reason().to_string()), (crate::CloseCode::GOING_AWAY, String::new()));
    assert_eq!(model.disappear(), Closing::Nothing);
}

#[test]
fn what_disappears_while_closing_goes_on() {
    let mut model = open();
    model.feedback(Feedback::ClosingHandshakeStarted);
    assert_eq!(model.disappear(), Closing::Nothing);
    let mut model = open();
    assert_eq!(model.close(None), Closing::Start(None));
    assert_eq!(model.disappear(), Closing::Nothing);
}

#[test]
fn listeners_keep_it_for_what_can_still_come() {
    let kept_by = |model: &Model| {
        [EventKind::Open, EventKind::Message, EventKind::Error, EventKind::Close]
            .map(|kind| model.must_be_kept(|listened| listened == kind))
    };
    let mut model = Model::new("ws://h".into());
    assert_eq!(kept_by(&model), [true, true, true, true]);
    model.feedback(Feedback::Established { extensions: String::new(), protocol: String::new() });
    model.run_task();
    assert_eq!(kept_by(&model), [true, true, true, true], "until the event loop comes round");
    model.begin_turn();
    assert_eq!(kept_by(&model), [false, true, true, true]);
    let _ = model.close(None);
    model.begin_turn();
    assert_eq!(kept_by(&model), [false, false, true, true]);
    model.feedback(Feedback::Closed {
        failed: false,
        event: CloseEvent::new(true, crate::CloseCode::NORMAL, "".into()),
    });
    model.run_task();
    model.begin_turn();
    assert_eq!(kept_by(&model), [false; 4]);
}

#[test]
fn data_that_waits_to_be_transmitted_keeps_it() {
    let mut model = open();
    assert!(!model.must_be_kept(|_| false));
    assert_eq!(model.send(3), Ok(Sending::Transmit));
    assert!(model.must_be_kept(|_| false));
    model.transmitted(3);
    assert!(!model.must_be_kept(|_| false));
}

#[test]
fn data_that_was_sent_before_close_keeps_it_until_it_is_transmitted() {
    let mut model = open();
    assert_eq!(model.send(3), Ok(Sending::Transmit));
    assert_eq!(model.close(None), Closing::Start(None));
    assert_eq!(model.send(5), Ok(Sending::Discard), "which keeps nothing");
    model.begin_turn();
    model.transmitted(2);
    assert!(model.must_be_kept(|_| false));
    model.transmitted(1);
    assert!(!model.must_be_kept(|_| false));
}

#[test]
fn data_that_nobody_will_look_at_does_not_keep_it() {
    let closed = || Feedback::Closed { failed: true, event: CloseEvent::abnormal() };
    for (end, close) in [(Feedback::ClosingHandshakeStarted, false), (closed(), false), (closed(), true)] {
        let mut model = open();
        assert_eq!(model.send(3), Ok(Sending::Transmit));
        if close {
            let _ = model.close(None);
        }
        model.feedback(end);
        assert!(!model.must_be_kept(|_| false));
        model.transmitted(3);
        assert!(!model.must_be_kept(|_| false));
    }
}
