//! An end of a connection that does one thing after the other, and loses interest in the middle of each.

use proptest::collection::vec;
use proptest::prelude::*;
use ws_core::{Failure, Message};
use ws_native::proto::{Closed, Part};
use ws_native::{Answers, Connection, MessageRef};

use crate::face::{Face, polled};
use crate::rough::Rough;

/// The most things an end does, of which it needs far fewer.
const MOST: usize = 500_000;

/// What an end is to do.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    messages: Vec<Note>,
    /// By turns, until all is sent and received.
    acts: Vec<(Act, usize)>,
    /// Whether there is a half for each direction.
    is_split: bool,
    /// When so many messages have come and all of its own are sent, it closes.
    closes_after: Option<usize>,
}

/// A message, as it is told from others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Note {
    is_text: bool,
    length: usize,
}

/// Each is dropped when it was polled so many times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Act {
    Send,
    Feed,
    SendParts,
    Ready,
    Flush,
    Ping,
    Receive,
    ReceiveEach,
    ReceivePart,
}

/// What became of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// How many messages it was let send.
    pub(crate) sent: usize,
    pub(crate) come: Vec<Message>,
    /// How it was closed, or why it failed.
    pub(crate) end: Result<Closed, Failure>,
}

impl Plan {
    pub(crate) fn any() -> impl Strategy<Value = Self> {
        let length = prop_oneof![4 => 0_usize..300, 2 => 300_usize..70_000, 1 => 70_000_usize..400_000];
        let note = (any::<bool>(), length).prop_map(|(is_text, length)| Note { is_text, length });
        let act = prop_oneof![
            Just(Act::Send),
            Just(Act::Feed),
            Just(Act::SendParts),
            Just(Act::Ready),
            Just(Act::Flush),
            Just(Act::Ping),
            Just(Act::Receive),
            Just(Act::ReceiveEach),
            Just(Act::ReceivePart),
        ];
        let acts = vec((act, 1_usize..8), 0..12).prop_map(|mut acts| {
            // So that it comes to an end.
            acts.extend([(Act::Receive, 3), (Act::Send, 3)]);
            acts
        });
        let closes_after = proptest::option::of(0_usize..12);
        (vec(note, 0..12), acts, any::<bool>(), closes_after)
            .prop_map(|(messages, acts, is_split, closes_after)| Self { messages, acts, is_split, closes_after })
    }

    /// One of two ends has to close.
    pub(crate) fn closes(&self) -> bool {
        self.closes_after.is_some()
    }

    pub(crate) fn closing(self) -> Self {
        Self { closes_after: Some(0), ..self }
    }

    /// The messages, or the first of them.
    pub(crate) fn contents(&self) -> impl Iterator<Item = Message> {
        self.messages.iter().enumerate().map(|(index, note)| note.content(index))
    }

    /// Does what is planned, with a peer that has a plan as well.
    pub(crate) async fn run(&self, connection: Connection<Rough>, peer: &Self) -> Outcome {
        let mut end = End { face: Face::of(connection, self.is_split), come: Vec::new(), begun: None };
        let mut sent = 0;
        let mut is_closing = false;
        for (act, times) in self.acts.iter().copied().cycle().take(MOST) {
            let received = match act {
                Act::Send | Act::Feed | Act::SendParts => {
                    if let Some(note) = self.messages.get(sent)
                        && end.face.send(act, note.content(sent), times).await.is_ok()
                    {
                        sent += 1;
                    }
                    None
                }
                Act::Ready | Act::Flush | Act::Ping => {
                    end.face.write(act, times).await;
                    None
                }
                Act::Receive | Act::ReceiveEach | Act::ReceivePart => end.receive(act, times).await,
            };
            if let Some(ended) = received {
                let end_of = |()| end.face.closed().expect("it is closed");
                return Outcome { sent, end: ended.map(end_of), come: end.come };
            }
            let is_time = self.closes_after.is_some_and(|after| end.come.len() >= after.min(peer.messages.len()));
            if is_time && !is_closing && sent == self.messages.len() {
                is_closing = true;
                end.face.close(times).await;
            }
        }
        panic!("it does not end")
    }
}

impl Note {
    fn content(self, index: usize) -> Message {
        if self.is_text {
            let text: String = index.to_string().chars().chain("aé€😀".chars().cycle()).take(self.length / 2).collect();
            Message::Text(text.into())
        } else {
            Message::Binary((0..self.length).map(|place| (place + index) as u8).collect())
        }
    }
}

/// A connection, and what has come of it.
struct End {
    face: Face,
    come: Vec<Message>,
    /// The message of which parts have come.
    begun: Option<Vec<u8>>,
}

impl End {
    /// Receives something, if it is there in time. The end: `Some`.
    async fn receive(&mut self, act: Act, times: usize) -> Option<Result<(), Failure>> {
        let Self { face, come, begun } = self;
        let mut take = |is_text: bool, bytes: &[u8], is_last: bool| {
            let mut message = begun.take().unwrap_or_default();
            message.extend(bytes);
            if !is_last {
                *begun = Some(message);
            } else if is_text {
                come.push(Message::Text(String::from_utf8(message).expect("text").into()));
            } else {
                come.push(Message::Binary(message.into()));
            }
        };
        match (act, face) {
            (Act::ReceiveEach, Face::Whole(connection)) => {
                let each = |message: MessageRef<'_>, _: &mut Answers<'_>| {
                    take(message.is_text(), message.as_bytes(), true);
                    Ok(())
                };
                match polled(times, connection.recv_each(each)).await? {
                    Ok(true) => None,
                    Ok(false) => Some(Ok(())),
                    Err(failure) => Some(Err(failure)),
                }
            }
            (Act::ReceivePart, face) => match polled(times, face.recv_part()).await? {
                Ok(Some(Part::Text { text, last })) => {
                    take(true, text.as_bytes(), last);
                    None
                }
                Ok(Some(Part::Binary { bytes, last })) => {
                    take(false, &bytes, last);
                    None
                }
                Ok(None) => Some(Ok(())),
                Err(failure) => Some(Err(failure)),
            },
            (_, face) => match polled(times, face.recv()).await? {
                Ok(Some(Message::Text(text))) => {
                    take(true, text.as_bytes(), true);
                    None
                }
                Ok(Some(Message::Binary(bytes))) => {
                    take(false, &bytes, true);
                    None
                }
                Ok(None) => Some(Ok(())),
                Err(failure) => Some(Err(failure)),
            },
        }
    }
}
