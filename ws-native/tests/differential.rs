//! Beside tungstenite: what either sends the other receives, and what either refuses the other refuses, but for the
//! differences that are listed here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::{self, Read, Write};
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::TestCaseError;
use tungstenite::protocol::frame::Frame as TheirFrame;
use tungstenite::protocol::frame::coding::{Data, OpCode};
use tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tungstenite::{Error, Message, WebSocket};
use ws_native::proto::{Close, Config, Connection, Event};

const NOW: Duration = Duration::ZERO;
const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
const ROLES: [Role; 2] = [Role::Client, Role::Server];

/// The bounds of ends that are given any frames.
const MAX_FRAME: usize = 1000;
const MAX_MESSAGE: usize = 2000;

/// What an end gives out.
#[derive(Clone, Debug, PartialEq)]
enum Received {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<(u16, String)>),
}

use Received::{Binary, Ping, Pong, Text};

/// One end of a connection, after the opening handshake and without extensions.
trait End {
    /// Sends a message whose pieces are a frame each, with a ping behind each but the last.
    fn send(&mut self, message: &Received, pieces: &[&[u8]]);
    fn start_closing_handshake(&mut self, code: u16, reason: &str);
    fn receive(&mut self, bytes: &[u8]);
    /// What it has given out.
    fn received(&self) -> &[Received];
    /// Why it has refused what it was given, if it has.
    fn refusal(&self) -> Option<&str>;
    /// What it wants to write.
    fn output(&mut self) -> Vec<u8>;

    fn has_received_close(&self) -> bool {
        matches!(self.received().last(), Some(Received::Close(_)))
    }

    /// What it has given out before a Close frame.
    fn before_close(&self) -> &[Received] {
        match self.received() {
            [before @ .., Received::Close(_)] => before,
            all => all,
        }
    }
}

struct Ours {
    connection: Connection,
    received: Vec<Received>,
    refusal: Option<String>,
}

impl Ours {
    fn new(role: Role, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        config.compression = None;
        change(&mut config);
        let random = |buffer: &mut [u8]| buffer.chunks_mut(4).for_each(|key| key.copy_from_slice(&KEY[..key.len()]));
        let connection = match role {
            Role::Client => Connection::client_established(config, Box::new(random)),
            Role::Server => Connection::server_established(config),
        };
        Self { connection, received: Vec::new(), refusal: None }
    }

    fn bounded(role: Role) -> Self {
        Self::new(role, |config| {
            config.max_frame = MAX_FRAME;
            config.max_message = MAX_MESSAGE;
        })
    }
}

impl End for Ours {
    fn send(&mut self, message: &Received, pieces: &[&[u8]]) {
        for (index, piece) in pieces.iter().enumerate() {
            let last = index + 1 == pieces.len();
            match message {
                Text(_) => self.connection.send_text_part(std::str::from_utf8(piece).unwrap(), last).unwrap(),
                // Handed over, or copied.
                Binary(_) if pieces.len() == 1 && piece.len() % 2 == 0 => {
                    self.connection.send_owned_binary(piece.to_vec().into()).unwrap();
                }
                _ => self.connection.send_binary_part(piece, last).unwrap(),
            }
            if !last {
                self.connection.ping(&[index as u8]).unwrap();
            }
        }
    }

    fn start_closing_handshake(&mut self, code: u16, reason: &str) {
        self.connection.start_closing_handshake(Some(&Close::with_reason(code.into(), reason))).unwrap();
    }

    fn receive(&mut self, bytes: &[u8]) {
        self.connection.receive(bytes);
        while let Some(event) = self.connection.poll(NOW) {
            self.received.push(match event {
                Event::Text(text) => Text(text.to_string()),
                Event::Binary(bytes) => Binary(bytes.to_vec()),
                Event::Ping(payload) => Ping(payload.to_vec()),
                Event::Pong(payload) => Pong(payload.to_vec()),
                Event::ClosingHandshakeStarted(close) => {
                    Received::Close(close.map(|close| (close.code.get(), close.reason)))
                }
                Event::Closed(closed) => {
                    self.refusal = closed.error.map(|error| error.to_string());
                    continue;
                }
                event => panic!("{event:?}"),
            });
        }
    }

    fn received(&self) -> &[Received] {
        &self.received
    }

    fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    fn output(&mut self) -> Vec<u8> {
        let output = self.connection.take_output();
        self.connection.transmitted(output.len());
        output
    }
}

struct Theirs {
    socket: WebSocket<Wire>,
    received: Vec<Received>,
    refusal: Option<String>,
    /// It is not to be read from any more.
    over: bool,
}

/// What a socket reads, and what it has written.
#[derive(Default)]
struct Wire {
    input: Vec<u8>,
    output: Vec<u8>,
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.input.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = buffer.len().min(self.input.len());
        buffer[..count].copy_from_slice(&self.input[..count]);
        self.input.drain(..count);
        Ok(count)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Theirs {
    fn new(role: Role, change: impl FnOnce(WebSocketConfig) -> WebSocketConfig) -> Self {
        let config = change(WebSocketConfig::default().read_buffer_size(4 << 10));
        let socket = WebSocket::from_raw_socket(Wire::default(), role, Some(config));
        Self { socket, received: Vec::new(), refusal: None, over: false }
    }

    fn bounded(role: Role) -> Self {
        Self::new(role, |config| config.max_frame_size(Some(MAX_FRAME)).max_message_size(Some(MAX_MESSAGE)))
    }
}

impl End for Theirs {
    fn send(&mut self, message: &Received, pieces: &[&[u8]]) {
        for (index, piece) in pieces.iter().enumerate() {
            let last = index + 1 == pieces.len();
            let opcode = match message {
                _ if index > 0 => Data::Continue,
                Text(_) => Data::Text,
                _ => Data::Binary,
            };
            let frame = TheirFrame::message(piece.to_vec(), OpCode::Data(opcode), last);
            self.socket.write(Message::Frame(frame)).unwrap();
            if !last {
                self.socket.write(Message::Ping(vec![index as u8].into())).unwrap();
            }
        }
        self.socket.flush().unwrap();
    }

    fn start_closing_handshake(&mut self, code: u16, reason: &str) {
        self.socket.close(Some(CloseFrame { code: code.into(), reason: reason.into() })).unwrap();
    }

    fn receive(&mut self, bytes: &[u8]) {
        self.socket.get_mut().input.extend_from_slice(bytes);
        while !self.over {
            self.received.push(match self.socket.read() {
                Ok(Message::Text(text)) => Text(text.to_string()),
                Ok(Message::Binary(bytes)) => Binary(bytes.to_vec()),
                Ok(Message::Ping(payload)) => Ping(payload.to_vec()),
                Ok(Message::Pong(payload)) => Pong(payload.to_vec()),
                Ok(Message::Close(close)) => {
                    Received::Close(close.map(|close| (close.code.into(), close.reason.to_string())))
                }
                Ok(message) => panic!("{message:?}"),
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => {
                    self.over = true;
                    self.refusal = refusal_of_theirs(&error, self.has_received_close());
                    return;
                }
            });
        }
    }

    fn received(&self) -> &[Received] {
        &self.received
    }

    fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    fn output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.socket.get_mut().output)
    }
}

// Where they differ.

/// What theirs refuses with this error, if it is what ours must refuse too.
fn refusal_of_theirs(error: &Error, has_received_close: bool) -> Option<String> {
    // Theirs looks at what comes after a Close frame. Section 1.4: "after receiving a control frame indicating the
    // connection should be closed, a peer discards any further data received."
    (!has_received_close).then(|| error.to_string())
}

/// What ours does with a frame that theirs takes for something else. `None`: they agree on it.
fn difference(frame: &Frame) -> Option<Verdict> {
    // Theirs takes lengths in any encoding. Section 5.2: "Note that in all cases, the minimal number of bytes MUST be used
    // to encode the length, for example, the length of a 124-byte-long string can't be encoded as the sequence 126, 0,
    // 124."
    if !frame.length_is_minimal() {
        return Some(Verdict::Refused);
    }
    // Theirs takes a Close frame with any code, gives it out as "1002 Protocol violation", and echoes that; after a Close
    // frame of its own it gives out what it was sent. Section 7.4.2: "Status codes in the range 0-999 are not used."
    // Section 7.4.1, of 1005, 1006 and 1015: "it [...] MUST NOT be set as a status code in a Close control frame by an
    // endpoint." 1004 is "Reserved", "1000-2999 are reserved for definition by this protocol, its future revisions, and
    // extensions", and above 4999 nothing is defined.
    match (frame.first, &frame.payload[..]) {
        (0x88, [high, low, reason @ ..]) if reason.len() <= 123 => {
            match (u16::from_be_bytes([*high, *low]), std::str::from_utf8(reason)) {
                // Theirs does not know 1014. Section 7.4.2: it is in the registry of status codes that "IANA has
                // created".
                (1014, Ok(reason)) if frame.is_masked_right => Some(Verdict::Closed(1014, reason.into())),
                (1000..=1003 | 1007..=1014 | 3000..=4999, _) => None,
                _ => Some(Verdict::Refused),
            }
        }
        _ => None,
    }
}

/// Which of these pings theirs answers, where ours answers all: none while it waits for the answer to its own Close frame.
/// Section 5.5.2: "Upon receipt of a Ping frame, an endpoint MUST send a Pong frame in response, unless it already received
/// a Close frame."
fn answered_by_theirs(pings: &[Vec<u8>], is_closing: bool) -> &[Vec<u8>] {
    if is_closing { &[] } else { pings }
}

/// What both put into the answer to a Close frame: its code. Theirs adds the reason. Section 5.5.1: "When sending a Close
/// frame in response, the endpoint typically echos the status code it received."
fn echoed_code(body: &[u8]) -> &[u8] {
    body.get(..2).unwrap_or_default()
}

/// What ours makes of a frame alone.
#[derive(Debug)]
enum Verdict {
    Refused,
    Closed(u16, String),
}

// Messages.

/// A message, and where it is cut into frames.
type Sent = (Received, Vec<Index>);

fn sent() -> impl Strategy<Value = Sent> {
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
fn exchange(from: &mut dyn End, to: &mut dyn End, sent: &[Sent], chunks: &[usize]) -> Result<(), TestCaseError> {
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

// Frames.

#[derive(Clone, Debug)]
struct Frame {
    first: u8,
    /// Masked if it is for a server, and not if it is for a client.
    is_masked_right: bool,
    length: Length,
    payload: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
enum Length {
    Minimal,
    Bits16,
    Bits64,
    /// A length beyond the bound, of a payload that does not come.
    Claimed(u64),
}

impl Frame {
    fn new(first: u8, payload: impl Into<Vec<u8>>) -> Self {
        Self { first, is_masked_right: true, length: Length::Minimal, payload: payload.into() }
    }

    fn length_is_minimal(&self) -> bool {
        match self.length {
            Length::Minimal | Length::Claimed(_) => true,
            Length::Bits16 => self.payload.len() >= 126,
            Length::Bits64 => self.payload.len() > 0xFFFF,
        }
    }

    fn bytes(&self, to: Role) -> Vec<u8> {
        let is_masked = (to == Role::Server) == self.is_masked_right;
        let bit = u8::from(is_masked) << 7;
        let mut bytes = vec![self.first];
        match (self.length, self.payload.len()) {
            (Length::Claimed(length), _) => {
                bytes.push(bit | 127);
                bytes.extend(length.to_be_bytes());
            }
            (Length::Minimal, length @ 0..=125) => bytes.push(bit | length as u8),
            (Length::Minimal | Length::Bits16, length @ 0..=0xFFFF) => {
                bytes.push(bit | 126);
                bytes.extend((length as u16).to_be_bytes());
            }
            (_, length) => {
                bytes.push(bit | 127);
                bytes.extend((length as u64).to_be_bytes());
            }
        }
        let key = if is_masked { KEY } else { [0; 4] };
        bytes.extend(key.iter().filter(|_| is_masked));
        bytes.extend(self.payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
        bytes
    }
}

/// A message in frames as they must be, though perhaps not of UTF-8, with control frames among them.
fn message_frames() -> impl Strategy<Value = Vec<Frame>> {
    let payload = prop_oneof![
        4 => "[a-zé€😀]{0,40}".prop_map(|text| (1, text.into_bytes())),
        1 => any::<String>().prop_map(|text| (1, text.into_bytes())),
        1 => vec(any::<u8>(), 0..8).prop_map(|bytes| (1, bytes)),
        3 => vec(any::<u8>(), 0..300).prop_map(|bytes| (2, bytes)),
        1 => (0..MAX_FRAME + 5, any::<u8>()).prop_map(|(size, byte)| (2, vec![byte; size])),
    ];
    let control = prop_oneof![
        Just(None),
        (select(vec![0x89, 0x8A]), vec(any::<u8>(), 0..=125)).prop_map(|(first, payload)| Some((first, payload)))
    ];
    let cuts = prop_oneof![Just(Vec::new()), vec((any::<Index>(), control), 0..4)];
    (payload, cuts).prop_map(|((opcode, payload), cuts)| {
        let mut ends: Vec<_> = cuts.into_iter().map(|(cut, control)| (cut.index(payload.len() + 1), control)).collect();
        ends.sort_by_key(|(end, _)| *end);
        ends.push((payload.len(), None));
        let (count, mut start, mut frames) = (ends.len(), 0, Vec::new());
        for (index, (end, control)) in ends.into_iter().enumerate() {
            let fin = if index + 1 == count { 0x80 } else { 0 };
            frames.push(Frame::new(fin | if index == 0 { opcode } else { 0 }, &payload[start..end]));
            frames.extend(control.map(|(first, payload)| Frame::new(first, payload)));
            start = end;
        }
        frames
    })
}

/// A Close frame with any body.
fn close_frame() -> impl Strategy<Value = Frame> {
    let code = prop_oneof![
        select(vec![1000_u16, 1003, 1007, 1014, 3000, 4999]),
        select(vec![0_u16, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535]),
        any::<u16>(),
    ];
    let reason = prop_oneof!["[a-zé]{0,60}".prop_map(String::into_bytes), vec(any::<u8>(), 0..126)];
    prop_oneof![
        1 => vec(any::<u8>(), 0..2).prop_map(|body| Frame::new(0x88, body)),
        4 => (code, reason)
            .prop_map(|(code, reason)| Frame::new(0x88, [&code.to_be_bytes()[..], &reason].concat())),
    ]
}

/// A frame with anything in it.
fn any_frame() -> impl Strategy<Value = Frame> {
    let first = prop_oneof![any::<u8>(), select(vec![0, 1, 2, 0x80, 0x81, 0x82, 0x88, 0x89, 0x8A])];
    let length = prop_oneof![
        3 => Just(Length::Minimal),
        1 => Just(Length::Bits16),
        1 => Just(Length::Bits64),
        1 => prop_oneof![Just(MAX_FRAME as u64 + 1), MAX_FRAME as u64 + 1..=u64::MAX].prop_map(Length::Claimed),
    ];
    let payload = prop_oneof![vec(any::<u8>(), 0..300), (124_usize..128).prop_map(|size| vec![b'a'; size])];
    let is_masked_right = proptest::bool::weighted(0.9);
    (first, is_masked_right, length, payload).prop_map(|(first, is_masked_right, length, payload)| {
        let payload = if let Length::Claimed(_) = length { Vec::new() } else { payload };
        Frame { first, is_masked_right, length, payload }
    })
}

/// Messages as they must be, and some frames among them that may be anything.
fn frames() -> impl Strategy<Value = Vec<Frame>> {
    let strange = vec((any::<Index>(), prop_oneof![any_frame(), close_frame()]), 0..3);
    (vec(message_frames(), 0..6), strange).prop_map(|(messages, strange)| {
        let mut frames = messages.concat();
        for (place, frame) in strange {
            frames.insert(place.index(frames.len() + 1), frame);
        }
        frames
    })
}

/// The control frames in what an end has written, which are all there is in it.
fn control_frames(mut output: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut frames = Vec::new();
    while let [first, second, rest @ ..] = output {
        let (key, rest) = if second & 0x80 == 0 { (&[0; 4][..], rest) } else { rest.split_at(4) };
        let (payload, rest) = rest.split_at(usize::from(second & 0x7F));
        frames.push((*first, payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect()));
        output = rest;
    }
    frames
}

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
