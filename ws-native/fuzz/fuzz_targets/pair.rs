//! Messages sent through two ends come out as they went in, with any settings of compression at either.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use ws_native::proto::{Compression, Config, Connection, Event, Request};

const NOW: Duration = Duration::ZERO;

fuzz_target!(|input: (u8, [u8; 2], [u16; 2], Vec<Vec<u8>>)| {
    let (flags, levels, bits, messages) = input;
    let request = Request::new("h", "/", &[] as &[&str]).expect("a valid request");
    let random = move |buffer: &mut [u8]| buffer.fill(flags);
    let mut client = Connection::client(request, config(flags, levels[0], bits[0]), Box::new(random), NOW);
    let mut server = Connection::server(config(flags >> 4, levels[1], bits[1]), NOW);
    carry(&mut client, &mut server);
    assert!(matches!(server.poll(NOW), Some(Event::Request(_))));
    server.accept(None, &[]).expect("a valid request");
    carry(&mut server, &mut client);
    let established = client.poll(NOW);
    // A server may not be able to grant what the client insists on, and then there is no connection.
    if !matches!(established, Some(Event::Established(_))) {
        return;
    }
    for message in &messages {
        client.send_binary(message).expect("open");
        server.send_binary(message).expect("open");
        carry(&mut client, &mut server);
        carry(&mut server, &mut client);
        for end in [&mut client, &mut server] {
            assert!(matches!(end.poll(NOW), Some(Event::Binary(bytes)) if bytes == message));
        }
    }
});

fn config(flags: u8, level: u8, bits: u16) -> Config {
    let mut config = Config::default();
    config.compression = (flags & 1 == 0).then(|| {
        let mut compression = Compression::default();
        compression.level = level;
        compression.threshold = usize::from(flags & 8);
        compression.no_context_takeover = flags & 2 != 0;
        compression.peer_no_context_takeover = flags & 4 != 0;
        compression.max_window_bits = bits as u8;
        compression.peer_max_window_bits = (bits >> 8) as u8;
        compression
    });
    config
}

fn carry(from: &mut Connection, to: &mut Connection) {
    to.receive(from.output());
    let written = from.output().len();
    from.consume_output(written);
}
