//! What goes over the wire, for those who show it: the heads of the opening handshake, and frames.

use alloc::vec::Vec;
use core::mem;

use bytes::Bytes;

use super::connection::Role;
use super::frame::{Header, Opcode};
use super::mask;

/// Watches one direction of a connection over HTTP/1.1, of either role, and takes no part in it.
///
/// Bytes go in as they come, in chunks of any length, and out come the heads of the opening handshake and all frames, each
/// when its last byte is there. Of a payload only the beginning is kept, so that a connection can send what it likes: what
/// this takes is the memory of one preview.
///
/// ```
/// use ws_native::proto::{Inspector, Opcode, Seen};
/// let mut frames = vec![];
/// let mut inspector = Inspector::default();
/// for chunk in [&b"HTTP/1.1 101 x\r\n\r"[..], b"\n\x81\x05Hel", b"lo"] {
///     inspector.observe(chunk, |seen| {
///         if let Seen::Frame(frame) = seen {
///             frames.push((frame.opcode, frame.payload));
///         }
///     });
/// }
/// assert_eq!(frames, [(Opcode::Text, "Hello".into())]);
/// ```
#[derive(Debug)]
pub struct Inspector {
    /// The most bytes of a payload that are kept.
    preview: usize,
    state: State,
}

/// What has been seen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Seen {
    /// A head of the opening handshake, its empty line included: the request, or an answer, of which there may be several
    /// when the first are interim ones. No more than its first [64 KiB](Inspector::HEAD).
    Head(Bytes),
    /// A frame.
    Frame(FrameSeen),
}

/// A frame, as it was on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FrameSeen {
    /// What the frame is for.
    pub opcode: Opcode,
    /// It is the last one of its message.
    pub fin: bool,
    /// RSV1: a compressed message begins with it. Those that continue the message do not say so again.
    pub compressed: bool,
    /// The payload was masked, as a client's is.
    pub masked: bool,
    /// How many bytes the whole payload had.
    pub length: u64,
    /// The payload, or its beginning: not masked any more, but still compressed if it was.
    pub payload: Bytes,
}

#[derive(Debug)]
enum State {
    /// Within a head, of which the beginning is kept, and so much of the empty line at its end was there just now.
    Head { kept: Vec<u8>, matched: usize },
    /// Within the header of a frame.
    Header(Vec<u8>),
    /// Within the payload of a frame, of which so many bytes are still to come.
    Payload { header: Header, missing: u64, kept: Vec<u8> },
    /// Nothing that comes is a frame.
    Over,
}

impl Inspector {
    /// How many bytes of a payload are kept where nobody says otherwise.
    pub const PREVIEW: usize = 64 << 10;
    /// How many bytes of a head are kept.
    pub const HEAD: usize = 64 << 10;

    /// For a connection from its first byte on, with previews of at most so many bytes.
    pub fn new(preview: usize) -> Self {
        Self { preview, state: State::head() }
    }

    /// For a connection whose opening handshake is over, or was done elsewhere, as over HTTP/2.
    pub fn established(preview: usize) -> Self {
        Self { preview, state: State::Header(Vec::new()) }
    }

    /// Looks at the next bytes of the connection, and tells what was completed by them.
    ///
    /// It tells nothing more after a head that opens no connection, such as an answer of status 403, and after bytes that are
    /// no frame: an opcode that does not exist, say, or a length of 2^63 and more. An end that receives these fails the
    /// connection.
    pub fn observe(&mut self, mut bytes: &[u8], mut tell: impl FnMut(Seen)) {
        while !bytes.is_empty() {
            let (state, seen, rest) = match mem::replace(&mut self.state, State::Over) {
                State::Head { kept, matched } => read_head(kept, matched, bytes),
                State::Header(begun) => read_header(begun, bytes),
                State::Payload { header, missing, kept } => read_payload(header, missing, kept, bytes, self.preview),
                State::Over => return,
            };
            (self.state, bytes) = (state, rest);
            if let Some(seen) = seen {
                tell(seen);
            }
        }
    }
}

impl Default for Inspector {
    fn default() -> Self {
        Self::new(Self::PREVIEW)
    }
}

/// Where it stands after some of the bytes, what they have completed, and the others.
type Step<'b> = (State, Option<Seen>, &'b [u8]);

fn read_head(mut kept: Vec<u8>, mut matched: usize, bytes: &[u8]) -> Step<'_> {
    const END: &[u8] = b"\r\n\r\n";
    let mut length = 0;
    while length < bytes.len() && matched < END.len() {
        matched = match bytes[length] {
            byte if byte == END[matched] => matched + 1,
            b'\r' => 1,
            _ => 0,
        };
        length += 1;
    }
    let (head, rest) = bytes.split_at(length);
    kept.extend_from_slice(&head[..head.len().min(Inspector::HEAD - kept.len())]);
    if matched < END.len() {
        return (State::Head { kept, matched }, None, rest);
    }
    (State::after_head(&kept), Some(Seen::Head(kept.into())), rest)
}

fn read_header(mut begun: Vec<u8>, bytes: &[u8]) -> Step<'_> {
    let before = begun.len();
    begun.extend_from_slice(&bytes[..bytes.len().min(Header::LONGEST - before)]);
    // The parser wants to know who receives, for a frame that is masked or not where it must not be. Either is shown.
    let role = if begun.get(1).is_some_and(|second| second & 0x80 != 0) { Role::Server } else { Role::Client };
    match Header::decode(&begun, role, true) {
        Ok(None) => (State::Header(begun), None, &[]),
        Ok(Some((header, length))) => {
            let (state, seen) = State::in_payload(header, header.length, Vec::new());
            (state, seen, &bytes[length - before..])
        }
        Err(_) => (State::Over, None, &[]),
    }
}

fn read_payload(header: Header, missing: u64, mut kept: Vec<u8>, bytes: &[u8], preview: usize) -> Step<'_> {
    let (part, rest) = bytes.split_at(usize::try_from(missing).map_or(bytes.len(), |missing| missing.min(bytes.len())));
    let start = kept.len();
    kept.extend_from_slice(&part[..part.len().min(preview - start)]);
    if let Some(key) = header.mask {
        // What is kept has no gap, so that it begins at this offset of the payload, too.
        mask::apply(&mut kept[start..], key, start);
    }
    let (state, seen) = State::in_payload(header, missing - part.len() as u64, kept);
    (state, seen, rest)
}

impl State {
    fn head() -> Self {
        Self::Head { kept: Vec::new(), matched: 0 }
    }

    /// What comes after this head.
    fn after_head(head: &[u8]) -> Self {
        let Some(answer) = head.strip_prefix(b"HTTP/") else { return Self::Header(Vec::new()) };
        // The status is the second word of the line.
        match answer.split(|byte| matches!(byte, b' ' | b'\r')).nth(1) {
            Some(b"101") => Self::Header(Vec::new()),
            // RFC 9110, section 15.2: "A client MUST be able to parse one or more 1xx responses received prior to a final
            // response, even if the client does not expect one."
            Some([b'1', _, _]) => Self::head(),
            _ => Self::Over,
        }
    }

    /// Within a payload, or after it if nothing of it is missing.
    fn in_payload(header: Header, missing: u64, kept: Vec<u8>) -> (Self, Option<Seen>) {
        if missing > 0 {
            return (Self::Payload { header, missing, kept }, None);
        }
        let Header { fin, compressed, opcode, mask, length } = header;
        let frame = FrameSeen { opcode, fin, compressed, masked: mask.is_some(), length, payload: kept.into() };
        (Self::Header(Vec::new()), Some(Seen::Frame(frame)))
    }
}
