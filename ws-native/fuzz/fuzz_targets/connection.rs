//! What the targets share: connections with small bounds, fed in chunks.

#![allow(dead_code, reason = "each target is a crate of its own and uses a part of this")]
use std::time::Duration;

use ws_native::proto::{Config, Connection, Event, Part, Request};

pub const NOW: Duration = Duration::ZERO;

/// The bounds are small, so that they are met.
pub fn config() -> Config {
    let mut config = Config::default();
    config.max_message = 1 << 16;
    config.max_frame = 1 << 15;
    config.max_fragments = 100;
    config.max_head = 4096;
    config
}

pub fn client() -> Connection {
    let request = Request::new("h", "/", &["a", "b"]).expect("a valid request");
    let random = |buffer: &mut [u8]| buffer.copy_from_slice(&b"the sample nonce".repeat(16)[..buffer.len()]);
    Connection::client(request, config(), Box::new(random), NOW)
}

/// Feeds all bytes, in chunks of a size that the first of them says, and then the end; messages are had in parts when that
/// is odd, in even chunks. Whatever is received must be within the bounds, all text must be text, and after the last event
/// there must be none.
pub fn feed(connection: &mut Connection, input: &[u8]) {
    let Some((first, bytes)) = input.split_first() else { return };
    for (index, chunk) in bytes.chunks(usize::from(*first) + 1).enumerate() {
        connection.receive(chunk);
        drain(connection, first % 2 == 1 && index % 2 == 0);
    }
    connection.receive_end();
    drain(connection, false);
    connection.handle_timeout(Duration::MAX);
    drain(connection, false);
    assert!(connection.is_closed());
}

fn drain(connection: &mut Connection, in_parts: bool) {
    let mut closed = connection.is_closed();
    let next = |connection: &mut Connection| if in_parts { connection.poll_part(NOW) } else { connection.poll(NOW) };
    while let Some(event) = next(connection) {
        assert!(!closed, "nothing comes after the last event");
        match event {
            Event::Text(text) => {
                assert!(text.len() <= 1 << 16);
                assert!(std::str::from_utf8(text.as_bytes()).is_ok());
                let _ = connection.send_text(&text);
            }
            Event::Part(Part::Text { text, last }) => {
                assert!(std::str::from_utf8(text.as_bytes()).is_ok());
                let _ = connection.send_text_part(&text, last);
            }
            Event::Part(Part::Binary { bytes, last }) => {
                let _ = connection.send_binary_part(&bytes, last);
            }
            Event::Binary(bytes) => {
                assert!(bytes.len() <= 1 << 16);
                let _ = connection.send_binary(&bytes);
            }
            Event::Request(request) => {
                let protocol = request.protocols().next().map(str::to_owned);
                let _ = connection.accept(protocol.as_deref(), &[]);
            }
            Event::Closed(end) => {
                assert_eq!(end.clean, end.error.is_none());
                closed = true;
            }
            _ => {}
        }
        let written = connection.output().len();
        connection.consume_output(written);
    }
}
