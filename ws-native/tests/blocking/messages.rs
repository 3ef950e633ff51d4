//! What goes over a connection.

use std::io::Write as _;

use ws_core::{Blob, CloseCode, FailureKind, Message};
use ws_native::Received;
use ws_native::blocking::{Connection, Untimed};
use ws_native::proto::{Config, Part};

use crate::{join, pair, plain, sockets, text};

#[test]
fn messages_go_both_ways_and_the_end_is_none() {
    let (mut client, mut server) = pair(Config::default(), Config::default());
    assert_eq!(client.established().protocol.as_deref(), Some("p"));
    for length in [0, 125, 100_000, 3 << 20] {
        let long = "x".repeat(length);
        let (received, ()) = join(|| server.recv().unwrap(), || client.send(long.as_str()).unwrap());
        assert!(received == text(&long), "{length}");
    }
    server.send(Blob::from(vec![1, 2])).unwrap();
    assert_eq!(client.recv().unwrap(), Some(Message::Binary((&[1, 2][..]).into())));

    client.close(Some((CloseCode::new(4001), "done"))).unwrap();
    assert_eq!(client.send("x").unwrap_err().kind(), FailureKind::Misuse);
    let (client_end, server_end) = join(|| client.recv(), || server.recv());
    assert_eq!((client_end.unwrap(), server_end.unwrap()), (None, None));
    let closed = server.closed().unwrap();
    assert_eq!((closed.clean, closed.code().get(), closed.reason()), (true, 4001, "done"));
    assert!(client.closed().unwrap().clean);
    assert_eq!(client.recv().unwrap(), None);
    assert_eq!(client.feed("x").unwrap_err().kind(), FailureKind::Misuse);
    assert_eq!(server.feed("x").unwrap_err().kind(), FailureKind::Ended);
}

#[test]
fn a_message_is_sent_as_it_is_produced_and_received_as_it_arrives() {
    let (mut client, mut server) = pair(plain(), plain());
    let part = |text: &str, last| Part::Text { text: text.into(), last };
    client.send_part(part("a", false)).unwrap();
    assert_eq!(server.recv_part().unwrap(), Some(part("a", false)));
    assert_eq!(client.send("x").unwrap_err().kind(), FailureKind::Misuse);
    client.send_part(part("b", false)).unwrap();
    client.send_part(part("c", true)).unwrap();
    assert_eq!(server.recv().unwrap(), text("bc"));
    client.close(None).unwrap();
    assert_eq!(join(|| client.recv(), || server.recv_part()).1.unwrap(), None);
}

#[test]
fn what_was_fed_goes_out_when_recv_waits() {
    let (mut client, mut server) = pair(plain(), plain());
    client.feed("a").unwrap();
    client.feed_text("b").unwrap();
    client.feed_binary(b"c").unwrap();
    client.ready().unwrap();
    server.stream().set_nonblocking(true).unwrap();
    assert_eq!(server.recv().unwrap_err().kind(), FailureKind::WouldBlock, "so little is not written yet");
    server.stream().set_nonblocking(false).unwrap();
    let (echoed, received) = join(
        || (0..3).map(|_| client.recv().unwrap().unwrap()).collect::<Vec<_>>(),
        || {
            let received: Vec<_> = (0..3).map(|_| server.recv().unwrap().unwrap()).collect();
            received.iter().for_each(|message| server.feed(message.clone()).unwrap());
            server.flush().unwrap();
            received
        },
    );
    assert_eq!(received, [Message::Text("a".into()), Message::Text("b".into()), Message::Binary((&b"c"[..]).into())]);
    assert_eq!(echoed, received);
}

#[test]
fn messages_are_shown_where_they_were_read() {
    let (mut client, mut server) = pair(plain(), plain());
    let sent = [text("a"), text(&"b".repeat(5_000)), text(&"c".repeat(100_000))].map(Option::unwrap);
    sent.iter().for_each(|message| client.feed(message.clone()).unwrap());
    join(
        move || {
            while server.recv_each(|message, answers| answers.echo(message)).unwrap() {}
        },
        || {
            client.flush().unwrap();
            sent.iter().for_each(|message| assert_eq!(client.recv().unwrap().as_ref(), Some(message)));
            client.close(None).unwrap();
            assert_eq!(client.recv().unwrap(), None);
        },
    );
}

#[test]
fn a_connection_is_an_iterator_whose_last_item_is_the_failure() {
    let (mut client, server) = pair(plain(), plain());
    client.send("a").unwrap();
    client.send("b").unwrap();
    drop(client);
    let items: Vec<_> = server.map(|item| item.map_err(|failure| failure.kind())).collect();
    assert_eq!(items, [Ok(Message::Text("a".into())), Ok(Message::Text("b".into())), Err(FailureKind::Ended)]);
}

#[test]
fn after_its_end_a_connection_stays_at_its_end() {
    for cleanly in [true, false] {
        let (mut client, mut server) = pair(plain(), plain());
        let failures = join(
            move || {
                if cleanly { client.close(None).and_then(|()| client.recv().map(drop)).unwrap() } else { drop(client) }
            },
            || server.by_ref().map(|item| item.unwrap_err().kind()).collect::<Vec<_>>(),
        );
        assert_eq!(failures.1, if cleanly { vec![] } else { vec![FailureKind::Ended] });
        for _ in 0..3 {
            assert_eq!(server.recv().unwrap(), None);
            assert_eq!(server.closed().unwrap().clean, cleanly);
            assert!(server.next().is_none());
        }
    }
}

#[test]
fn pings_are_answered_by_recv() {
    let (mut client, mut server) = pair(plain(), plain());
    client.ping(b"alive?").unwrap();
    client.send("x").unwrap();
    assert_eq!(server.recv().unwrap(), text("x"));
    server.send("y").unwrap();
    assert_eq!(client.recv().unwrap(), text("y"), "after the pong");
    assert_eq!(client.ping(&[0; 126]).unwrap_err().kind(), FailureKind::Misuse);
}

#[test]
fn pings_and_pongs_are_had_in_their_places_among_the_messages() {
    let (mut client, mut server) = pair(plain(), plain());
    client.send("a").unwrap();
    client.ping(b"one").unwrap();
    client.send("b").unwrap();
    assert_eq!(server.recv_any().unwrap(), text("a").map(Received::Message));
    assert_eq!(server.recv_any().unwrap(), Some(Received::Ping("one".into())));
    assert_eq!(server.recv_any().unwrap(), text("b").map(Received::Message));
    server.close(None).unwrap();
    assert_eq!(client.recv_any().unwrap(), Some(Received::Pong("one".into())));
    let (client_end, server_end) = join(|| client.recv_any(), || server.recv_any());
    assert_eq!((client_end.unwrap(), server_end.unwrap()), (None, None));
}

#[test]
fn what_was_read_with_the_head_comes_first() {
    let (near, mut far) = sockets();
    let mut client = Connection::client_established(near, plain()).with_read(b"\x81\x01a\x81");
    far.write_all(b"\x01b").unwrap();
    assert_eq!(client.recv().unwrap(), text("a"));
    assert_eq!(client.recv().unwrap(), text("b"));
}

#[test]
fn what_the_peer_does_wrong_is_said_to_both() {
    let (near, far) = sockets();
    let mut client = Connection::client_established(near, plain());
    let mut server = Connection::server_established(far, {
        let mut config = plain();
        config.max_message = 3;
        config
    });
    client.send("four").unwrap();
    let (client_end, server_end) = join(|| client.recv(), || server.recv());
    assert_eq!(server_end.unwrap_err().kind(), FailureKind::Limit);
    assert_eq!(client_end.unwrap(), None);
    assert_eq!(client.closed().unwrap().code(), CloseCode::TOO_BIG);
}

#[test]
fn ends_over_streams_without_deadlines_end_all_the_same() {
    let (near, far) = sockets();
    let mut client = Connection::client_established(Untimed(near), plain());
    let mut server = Connection::server_established(Untimed(far), plain());
    client.close(None).unwrap();
    let (client_end, server_end) = join(
        || client.recv(),
        move || server.recv(), // and its end of the stream is dropped
    );
    assert_eq!((client_end.unwrap(), server_end.unwrap()), (None, None));
    assert!(client.closed().unwrap().clean);
}
