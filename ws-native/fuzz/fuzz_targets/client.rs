//! Whatever a server sends after the opening handshake, compression included.
#![no_main]

mod connection;

use libfuzzer_sys::fuzz_target;

const ANSWER: &[u8] = b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: a\r\n\
    Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";

fuzz_target!(|input: &[u8]| {
    let mut client = connection::client();
    client.receive(ANSWER);
    assert!(client.poll(connection::NOW).is_some());
    assert!(client.is_open());
    connection::feed(&mut client, input);
});
