//! Whatever a client sends after the opening handshake, compression included.
#![no_main]

mod connection;

use libfuzzer_sys::fuzz_target;
use ws_native::proto::Connection;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";

fuzz_target!(|input: &[u8]| {
    let mut server = Connection::server(connection::config(), connection::NOW);
    server.receive(REQUEST);
    assert!(server.poll(connection::NOW).is_some());
    server.accept(None, &[]).expect("a valid request");
    connection::feed(&mut server, input);
});
