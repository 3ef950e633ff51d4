//! Where ours and theirs differ.

use tungstenite::Error;

use crate::frames::Frame;

/// What theirs refuses with this error, if it is what ours must refuse too.
pub(crate) fn refusal_of_theirs(error: &Error, has_received_close: bool) -> Option<String> {
    // Theirs looks at what comes after a Close frame. Section 1.4: "after receiving a control frame indicating the
    // connection should be closed, a peer discards any further data received."
    (!has_received_close).then(|| error.to_string())
}

/// What ours does with a frame that theirs takes for something else. `None`: they agree on it.
pub(crate) fn difference(frame: &Frame) -> Option<Verdict> {
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
pub(crate) fn answered_by_theirs(pings: &[Vec<u8>], is_closing: bool) -> &[Vec<u8>] {
    if is_closing { &[] } else { pings }
}

/// What both put into the answer to a Close frame: its code. Theirs adds the reason. Section 5.5.1: "When sending a Close
/// frame in response, the endpoint typically echos the status code it received."
pub(crate) fn echoed_code(body: &[u8]) -> &[u8] {
    body.get(..2).unwrap_or_default()
}

/// What ours makes of a frame alone.
#[derive(Debug)]
pub(crate) enum Verdict {
    Refused,
    Closed(u16, String),
}
