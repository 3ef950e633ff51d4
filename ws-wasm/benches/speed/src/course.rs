//! What is to be sent and received, and when it is done.

use std::{cell::Cell, rc::Rc};

use js_sys::Function;
use wasm_bindgen::JsValue;

/// How many messages are on their way at once in an echo, and how many bytes they may have.
const BURST: u32 = 50;
const BURST_BYTES: usize = 4 << 20;
/// What is looked for where each character is looked at.
const SOUGHT: u8 = b'a';
/// What text is filled with that is more than ASCII, as the server does.
const WIDE: &str = "aü€😀";

/// A message to be sent.
#[derive(Clone)]
pub enum Payload {
    Text(String),
    Binary(Vec<u8>),
}

#[derive(Clone)]
pub struct Plan {
    work: Work,
    binary: bool,
    /// A message without its number.
    body: String,
    count: u32,
    /// Each message is looked at, and has its number in front.
    verify: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Work {
    /// One message is sent, and all are received.
    Receive,
    /// The same, and each character or byte is looked at.
    Read,
    /// All messages are sent, and one is received: how many bytes they had.
    Send,
    /// Messages are sent in bursts, each when the one before has come back.
    Echo,
}

/// A run, shared by the handlers of a socket.
#[derive(Clone)]
pub struct Course(Rc<Run>);

struct Run {
    plan: Plan,
    fulfil: Function,
    reject: Function,
    started: Cell<f64>,
    sent: Cell<u32>,
    received: Cell<u32>,
    /// How often what is looked for was found.
    found: Cell<u64>,
    done: Cell<bool>,
}

impl Plan {
    pub fn new(work: &str, kind: &str, size: usize, count: u32, verify: bool) -> Option<Self> {
        let work = match work {
            "receive" => Work::Receive,
            "read" => Work::Read,
            "send" => Work::Send,
            "echo" => Work::Echo,
            _ => return None,
        };
        let size = size.checked_sub(8)?;
        let body = match kind {
            "wide" => WIDE.repeat(size / WIDE.len()) + &"a".repeat(size % WIDE.len()),
            _ => "a".repeat(size),
        };
        Some(Self { work, binary: kind == "binary", body, count, verify })
    }

    fn burst(&self) -> u32 {
        BURST.min((BURST_BYTES / (self.body.len() + 8)) as u32).max(1)
    }
}

impl Course {
    pub fn new(plan: Plan, fulfil: Function, reject: Function) -> Self {
        Self(Rc::new(Run {
            plan,
            fulfil,
            reject,
            started: Cell::new(0.0),
            sent: Cell::new(0),
            received: Cell::new(0),
            found: Cell::new(0),
            done: Cell::new(false),
        }))
    }

    /// What is sent when not each message has to be another one.
    pub fn template(&self) -> Payload {
        self.payload(0)
    }

    /// The next message to be sent, if it has to be another one than the template.
    pub fn numbered(&self) -> Option<Payload> {
        let number = self.0.sent.get();
        self.0.sent.set(number + 1);
        self.0.plan.verify.then(|| self.payload(number))
    }

    /// The connection is open. Returns how many messages are to be sent.
    pub fn opened(&self) -> u32 {
        self.0.started.set(now());
        let Plan { work, count, .. } = self.0.plan;
        match work {
            Work::Receive | Work::Read => 1,
            Work::Send => count,
            Work::Echo => self.0.plan.burst().min(count),
        }
    }

    /// Text has come. Returns how many messages are to be sent.
    pub fn text(&self, text: &str) -> u32 {
        self.received(!self.0.plan.binary || self.0.plan.work == Work::Send, text.as_bytes())
    }

    /// Bytes have come. Returns how many messages are to be sent.
    pub fn binary(&self, bytes: &[u8]) -> u32 {
        self.received(self.0.plan.binary && self.0.plan.work != Work::Send, bytes)
    }

    /// The connection has been lost.
    pub fn lost(&self) {
        self.fail("the connection was lost");
    }

    /// Whether the socket can be closed.
    pub fn is_done(&self) -> bool {
        self.0.done.get()
    }

    fn received(&self, right_type: bool, content: &[u8]) -> u32 {
        let number = self.0.received.get();
        self.0.received.set(number + 1);
        let Plan { work, count, ref body, verify, .. } = self.0.plan;
        let right_content = match work {
            Work::Send => content == (u64::from(count) * (body.len() as u64 + 8)).to_string().as_bytes(),
            Work::Receive | Work::Read | Work::Echo => !verify || content == format!("{number:08}{body}").as_bytes(),
        };
        if work == Work::Read {
            self.0.found.set(self.0.found.get() + occurrences(content));
        }
        let is_last = work == Work::Send || number + 1 == count;
        let all_found =
            !(is_last && work == Work::Read) || self.0.found.get() == u64::from(count) * occurrences(body.as_bytes());
        if !(right_type && right_content && all_found) {
            self.fail("a message was not what it should have been");
        }
        match work {
            _ if self.is_done() => 0,
            _ if is_last => self.finish(),
            Work::Echo if (number + 1).is_multiple_of(self.0.plan.burst()) => {
                self.0.plan.burst().min(count - number - 1)
            }
            Work::Echo | Work::Receive | Work::Read | Work::Send => 0,
        }
    }

    fn finish(&self) -> u32 {
        self.0.done.set(true);
        let _ = self.0.fulfil.call1(&JsValue::NULL, &(now() - self.0.started.get()).into());
        0
    }

    fn fail(&self, why: &str) {
        if !self.0.done.replace(true) {
            let _ = self.0.reject.call1(&JsValue::NULL, &why.into());
        }
    }

    fn payload(&self, number: u32) -> Payload {
        let text = format!("{number:08}{}", self.0.plan.body);
        if self.0.plan.binary { Payload::Binary(text.into()) } else { Payload::Text(text) }
    }
}

fn occurrences(content: &[u8]) -> u64 {
    content.iter().filter(|&&byte| byte == SOUGHT).count() as u64
}

fn now() -> f64 {
    web_sys::window().and_then(|window| window.performance()).map_or(f64::NAN, |performance| performance.now())
}
