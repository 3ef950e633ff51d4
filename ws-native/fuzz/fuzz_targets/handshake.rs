//! Whatever either end sends as its half of the opening handshake, extension offers and answers included.
#![no_main]

mod connection;

use libfuzzer_sys::fuzz_target;
use ws_native::proto::Connection;

fuzz_target!(|input: &[u8]| {
    connection::feed(&mut Connection::server(connection::config(), connection::NOW), input);
    connection::feed(&mut connection::client(), input);
});
