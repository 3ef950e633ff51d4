//! What a socket tells, a line each, and what the program does thereupon.

use std::sync::{Arc, Mutex};

use ws_core::{Event, EventKind};

use crate::{fake::text_of, stage::Socket};

/// The events of a socket, with its state in a handler of each.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Notes>>);

type Reaction = Box<dyn FnOnce(&Socket) + Send>;

#[derive(Default)]
struct Notes {
    lines: Vec<String>,
    reactions: Vec<(&'static str, Reaction)>,
}

impl Log {
    pub(crate) fn listen(&self, socket: &Socket) {
        for kind in [EventKind::Open, EventKind::Message, EventKind::Error, EventKind::Close] {
            let log = self.clone();
            socket.add_event_listener(kind, move |socket, event| {
                let told = match event {
                    Event::Open => String::new(),
                    Event::Message(event) => format!(" {}", text_of(&event.data)),
                    Event::Error => {
                        socket.failure().map(|failure| format!(" {:?}", failure.kind())).unwrap_or_default()
                    }
                    Event::Close(event) => format!(" {}", event.code),
                };
                log.note(kind.as_str(), &told, socket);
            });
        }
        let log = self.clone();
        socket.set_onreconnecting(move |socket, event| {
            log.note("reconnecting", &format!(" {} {}", event.attempt, event.delay.as_millis()), socket);
        });
    }

    /// The lines so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().lines.clone()
    }

    pub(crate) fn last(&self) -> String {
        self.lines().pop().unwrap_or_default()
    }

    /// The lines since it was called last.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().lines)
    }

    /// Does this once, in a handler of the next such event.
    pub(crate) fn then(&self, event: &'static str, reaction: impl FnOnce(&Socket) + Send + 'static) {
        self.0.lock().unwrap().reactions.push((event, Box::new(reaction)));
    }

    /// What has not been done is not done.
    pub(crate) fn forget(&self) {
        let reactions = std::mem::take(&mut self.0.lock().unwrap().reactions);
        drop(reactions);
    }

    fn note(&self, event: &'static str, told: &str, socket: &Socket) {
        let state = socket.ready_state();
        let mut notes = self.0.lock().unwrap();
        notes.lines.push(format!("{event}{told} {state:?}"));
        let (now, later) = std::mem::take(&mut notes.reactions).into_iter().partition(|(of, _)| *of == event);
        notes.reactions = later;
        drop(notes);
        let now: Vec<(_, Reaction)> = now;
        for (_, reaction) in now {
            reaction(socket);
        }
    }
}
