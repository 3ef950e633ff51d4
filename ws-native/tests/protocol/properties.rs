//! Any messages, over any fragmentation, cut into any chunks, in both roles, come out as they went in.

use proptest::collection::vec;
use proptest::prelude::*;
use ws_native::proto::{Compression, Config, Connection, Event, Part};

use crate::pair::{Pair, bounds, client, server};

const NOW: std::time::Duration = std::time::Duration::ZERO;

#[derive(Clone, Debug, PartialEq)]
enum Message {
    Text(String),
    Binary(Vec<u8>),
}

impl Message {
    fn append(&mut self, more: Self) {
        match (self, more) {
            (Self::Text(text), Self::Text(more)) => text.push_str(&more),
            (Self::Binary(bytes), Self::Binary(more)) => bytes.extend(more),
            (_, more) => panic!("{more:?} is of another kind"),
        }
    }
}

/// Sends a message in parts that are cut about here.
fn send_parts(end: &mut Connection, message: &Message, cuts: &[prop::sample::Index]) {
    let length = match message {
        Message::Text(text) => text.len(),
        Message::Binary(bytes) => bytes.len(),
    };
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(length + 1)).collect();
    cuts.push(length);
    cuts.sort_unstable();
    let mut start = 0;
    for (index, cut) in cuts.iter().enumerate() {
        let last = index + 1 == cuts.len();
        let cut = match message {
            Message::Text(text) => (0..=*cut).rev().find(|cut| text.is_char_boundary(*cut)).unwrap().max(start),
            Message::Binary(_) => *cut,
        };
        match message {
            Message::Text(text) => end.send_text_part(&text[start..cut], last).unwrap(),
            Message::Binary(bytes) => end.send_binary_part(&bytes[start..cut], last).unwrap(),
        }
        start = cut;
    }
}

fn message() -> impl Strategy<Value = Message> {
    prop_oneof![
        any::<String>().prop_map(Message::Text),
        "[a-zé€😀]{0,400}".prop_map(Message::Text),
        vec(any::<u8>(), 0..70_000).prop_map(Message::Binary),
        vec(any::<u8>(), 0..300).prop_map(Message::Binary),
    ]
}

/// With compression of any kind, or none.
fn config() -> impl Strategy<Value = Config> {
    let compression = (1_u8..=9, 1_usize..300, any::<(bool, bool)>(), 9_u8..=15, 8_u8..=15);
    proptest::option::of(compression).prop_map(|settings| {
        bounds(|config| {
            config.compression = settings.map(|(level, threshold, (own, peer), bits, peer_bits)| {
                let mut compression = Compression::default();
                compression.level = level;
                compression.threshold = threshold;
                compression.no_context_takeover = own;
                compression.peer_no_context_takeover = peer;
                compression.max_window_bits = bits;
                compression.peer_max_window_bits = peer_bits;
                compression
            });
        })
    })
}

fn received(event: Event) -> Option<Message> {
    match event {
        Event::Text(text) => Some(Message::Text(text.to_string())),
        Event::Binary(bytes) => Some(Message::Binary(bytes.to_vec())),
        _ => None,
    }
}

/// Writes a message as frames cut at these places, with a ping before each but the first.
fn fragments(message: &Message, cuts: &[prop::sample::Index], mask: Option<[u8; 4]>) -> Vec<u8> {
    let (opcode, payload) = match message {
        Message::Text(text) => (1, text.as_bytes()),
        Message::Binary(bytes) => (2, &bytes[..]),
    };
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(payload.len() + 1)).collect();
    cuts.push(payload.len());
    cuts.sort_unstable();
    let mut bytes = Vec::new();
    let mut start = 0;
    for (index, end) in cuts.iter().enumerate() {
        if index > 0 {
            frame(&mut bytes, 0x89, b"ping", mask);
        }
        let fin = if index + 1 == cuts.len() { 0x80 } else { 0 };
        frame(&mut bytes, fin | if index == 0 { opcode } else { 0 }, &payload[start..*end], mask);
        start = *end;
    }
    bytes
}

fn frame(bytes: &mut Vec<u8>, first: u8, payload: &[u8], mask: Option<[u8; 4]>) {
    let masked = if mask.is_some() { 0x80 } else { 0 };
    bytes.push(first);
    match payload.len() {
        length @ 0..=125 => bytes.push(masked | length as u8),
        length @ 126..=65_535 => {
            bytes.push(masked | 126);
            bytes.extend((length as u16).to_be_bytes());
        }
        length => {
            bytes.push(masked | 127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    let key = mask.unwrap_or_default();
    bytes.extend(mask.iter().flatten());
    bytes.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, mask)| byte ^ mask));
}

fn receive(end: &mut Connection, bytes: &[u8], chunk: usize) -> Vec<Message> {
    let mut messages = Vec::new();
    for chunk in bytes.chunks(chunk) {
        end.receive(chunk);
        messages.extend(std::iter::from_fn(|| end.poll(NOW)).filter_map(received));
    }
    messages
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn messages_survive_any_wire(
        to_server in vec(message(), 0..6), to_client in vec(message(), 0..6), chunk in 1_usize..5000,
        client in config(), server in config(),
    ) {
        let mut pair = Pair::established_with(client, server);
        pair.chunk = chunk;
        for (end, messages) in [(&mut pair.client, &to_server), (&mut pair.server, &to_client)] {
            for message in messages {
                match message {
                    Message::Text(text) => end.send_text(text).unwrap(),
                    Message::Binary(bytes) => end.send_binary(bytes).unwrap(),
                }
            }
        }
        pair.drive();
        prop_assert_eq!(pair.server_events.drain(..).filter_map(received).collect::<Vec<_>>(), to_server);
        prop_assert_eq!(pair.client_events.drain(..).filter_map(received).collect::<Vec<_>>(), to_client);
    }

    #[test]
    fn fragments_make_the_message(
        message in message(), cuts in vec(any::<prop::sample::Index>(), 0..8), chunk in 1_usize..5000, key: [u8; 4],
    ) {
        let mut client = client(Config::default());
        let bytes = fragments(&message, &cuts, None);
        prop_assert_eq!(receive(&mut client, &bytes, chunk), vec![message.clone()]);
        let mut server = server(Config::default());
        let bytes = fragments(&message, &cuts, Some(key));
        prop_assert_eq!(receive(&mut server, &bytes, chunk), vec![message]);
    }

    #[test]
    fn messages_survive_in_parts(
        messages in vec((message(), vec(any::<prop::sample::Index>(), 0..5)), 0..5), chunk in 1_usize..5000,
        config in config(), whole in any::<[bool; 7]>(),
    ) {
        let mut pair = Pair::established_with(config.clone(), config);
        for (message, cuts) in &messages {
            send_parts(&mut pair.client, message, cuts);
        }
        let bytes = pair.client.take_output();
        let mut received: Vec<Message> = Vec::new();
        let mut complete = true;
        for (chunk, whole) in bytes.chunks(chunk).zip(whole.iter().cycle()) {
            pair.server.receive(chunk);
            let next = |end: &mut Connection| if *whole { end.poll(NOW) } else { end.poll_part(NOW) };
            while let Some(event) = next(&mut pair.server) {
                let (message, last) = match event {
                    Event::Text(text) => (Message::Text(text.to_string()), true),
                    Event::Binary(bytes) => (Message::Binary(bytes.to_vec()), true),
                    Event::Part(Part::Text { text, last }) => (Message::Text(text.to_string()), last),
                    Event::Part(Part::Binary { bytes, last }) => (Message::Binary(bytes.to_vec()), last),
                    event => panic!("{event:?}"),
                };
                match received.last_mut().filter(|_| !complete) {
                    Some(begun) => begun.append(message),
                    None => received.push(message),
                }
                complete = last;
            }
        }
        let sent: Vec<Message> = messages.into_iter().map(|(message, _)| message).collect();
        prop_assert_eq!(received, sent);
        prop_assert!(complete);
    }

    #[test]
    fn no_bytes_make_an_end_panic(bytes in vec(any::<u8>(), 0..500), chunk in 1_usize..50) {
        let config = bounds(|config| config.max_frame = 1000);
        receive(&mut client(config.clone()), &bytes, chunk);
        receive(&mut server(config.clone()), &bytes, chunk);
        let mut handshaking = Connection::server(config, NOW);
        receive(&mut handshaking, &bytes, chunk);
    }
}
