//! What the targets share: connections with small bounds, fed in chunks.

#![allow(dead_code, reason = "each target is a crate of its own and uses a part of this")]
use std::time::Duration;

use ws_native::proto::{Config, Connection, Event, Request};

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

/// Feeds all bytes, in chunks of a size that the first of them says, and then the end. Whatever is received must be
/// within the bounds, and after the last event there must be none.
pub fn feed(connection: &mut Connection, input: &[u8]) {
    let Some((first, bytes)) = input.split_first() else { return };
    for chunk in bytes.chunks(usize::from(*first) + 1) {
        connection.receive(chunk);
        drain(connection);
    }
    connection.receive_end();
    drain(connection);
    connection.handle_timeout(Duration::MAX);
    drain(connection);
    assert!(connection.is_closed());
}

fn drain(connection: &mut Connection) {
    let mut closed = connection.is_closed();
    while let Some(event) = connection.poll(NOW) {
        assert!(!closed, "nothing comes after the last event");
        match event {
            Event::Text(text) => {
                assert!(text.len() <= 1 << 16);
                let _ = connection.send_text(&text);
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
