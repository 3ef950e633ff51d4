//! One message to many connections, over streams in memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod pipe;

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex};
use tokio::task::JoinHandle;
use ws_core::{CloseCode, Failure, FailureKind, Message};
use ws_native::proto::{Config, Part, Prepared};
use ws_native::{Broadcast, BroadcastConfig, Connection, Shutdown, Slow};

use pipe::plain;

/// More than a connection takes to write next while anything else waits to be written.
const LONG: usize = 100 << 10;

type Server<T = DuplexStream> = Connection<T>;

/// Both ends of a connection through a pipe that holds this many bytes, of which the server's has joined.
fn pair(capacity: usize, room: &Broadcast) -> (Connection<DuplexStream>, Server) {
    let (client, mut server) = pipe::pair(capacity);
    server.join(room);
    (client, server)
}

fn room(change: impl FnOnce(&mut BroadcastConfig)) -> Broadcast {
    let mut config = BroadcastConfig::default();
    change(&mut config);
    Broadcast::new(config)
}

/// Receives until there is nothing to be received, which is when a server writes.
fn turn<T: AsyncRead + AsyncWrite + Unpin>(server: &mut Connection<T>) {
    assert!(server.recv().now_or_never().is_none());
}

fn serve(mut server: Server) -> JoinHandle<(Server, Result<Option<Message>, Failure>)> {
    tokio::spawn(async move {
        let end = server.recv().await;
        (server, end)
    })
}

/// The texts that have arrived.
async fn texts<const N: usize>(client: &mut Connection<DuplexStream>) -> [String; N] {
    let mut texts = [const { String::new() }; N];
    for text in &mut texts {
        let Some(Message::Text(next)) = client.recv().await.unwrap() else { panic!("a text") };
        *text = next.to_string();
    }
    texts
}

/// A stream that takes all, and keeps where it was and how long; nothing is to be read from it.
#[derive(Default)]
struct Writes(Vec<(usize, usize)>);

impl AsyncRead for Writes {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl AsyncWrite for Writes {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.push((bytes.as_ptr() as usize, bytes.len()));
        Poll::Ready(Ok(bytes.len()))
    }
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn messages_come_in_order_with_what_is_fed() {
    let room = Broadcast::default();
    let (mut client, mut server) = pair(1 << 10, &room);
    server.feed("fed").unwrap();
    assert_eq!((room.send("a"), room.send("b")), (1, 1));
    turn(&mut server);
    server.feed("fed again").unwrap();
    server.feed_prepared(&Prepared::text("and prepared")).unwrap();
    room.send("c".to_owned());
    turn(&mut server);
    assert_eq!(texts(&mut client).await, ["fed", "a", "b", "fed again", "and prepared", "c"]);
    room.send(&b"bytes"[..]);
    turn(&mut server);
    assert_eq!(client.recv().await.unwrap(), Some(Message::Binary((&b"bytes"[..]).into())));
}

#[tokio::test]
async fn thousands_that_wait_are_woken_and_get_each_message() {
    let room = Broadcast::default();
    let mut clients = Vec::new();
    for _ in 0..3000 {
        let (client, server) = pair(256, &room);
        serve(server);
        clients.push(client);
    }
    for message in ["a", "b"] {
        // All of them wait now, for one that has been asked to run does so before this task does again.
        tokio::task::yield_now().await;
        assert_eq!(room.send(message), 3000);
    }
    for client in &mut clients {
        assert_eq!(texts(client).await, ["a", "b"]);
    }
    assert_eq!(room.slow_subscribers(), 0);
}

#[test]
fn a_long_message_is_written_by_all_from_where_it_is() {
    let room = Broadcast::default();
    let mut servers = Vec::from_iter((0..3000).map(|_| {
        let mut server = Connection::server_established(Writes::default(), plain());
        server.join(&room);
        server
    }));
    let message = Prepared::binary(&[7; LONG]);
    assert_eq!(room.send(message.clone()), 3000);
    let header = 10;
    let written = (message.payload().as_ptr() as usize - header, header + LONG);
    for server in &mut servers {
        turn(server);
        assert_eq!(server.stream().0, [written]);
    }
}

#[test]
fn a_short_message_takes_no_memory_of_the_subscribers() {
    let room = Broadcast::default();
    let mut servers = Vec::from_iter((0..100).map(|_| {
        let mut server = Connection::server_established(Writes(Vec::with_capacity(10)), plain());
        server.join(&room);
        server
    }));
    for counted in [false, false, true] {
        room.send("hello");
        let info = allocation_counter::measure(|| servers.iter_mut().for_each(turn));
        assert!(!counted || info.count_total == 0, "{info:?}");
    }
    assert!(servers.iter().all(|server| server.stream().0.len() == 3));
}

#[test]
fn all_that_waits_is_written_though_it_is_more_than_is_taken_at_once() {
    let room = Broadcast::default();
    let mut server = Connection::server_established(Writes::default(), plain());
    server.join(&room);
    for _ in 0..1000 {
        room.send(&[7; 1000][..]);
    }
    turn(&mut server);
    let lengths = Vec::from_iter(server.stream().0.iter().map(|(_, length)| *length));
    assert_eq!(lengths.iter().sum::<usize>(), 1000 * 1004);
    assert!(lengths.iter().all(|length| *length <= 64 << 10) && lengths.len() < 20, "{lengths:?}");
}

#[tokio::test]
async fn a_burst_reaches_a_client_through_a_narrow_pipe() {
    let room = Broadcast::default();
    let (mut client, server) = pair(100, &room);
    serve(server);
    for number in 0..1024 {
        room.send(number.to_string() + &"x".repeat(900));
    }
    for number in 0..1024 {
        let [text] = texts(&mut client).await;
        assert_eq!(text.trim_end_matches('x'), number.to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_never_reads_delays_nobody_and_is_closed() {
    let room = room(|config| config.max_messages = 4);
    let (mut client, server) = pair(1 << 10, &room);
    let (_stalled, stalled_server) = pair(1 << 10, &room);
    serve(server);
    let stalled = serve(stalled_server);
    // The first is taken to be written, and four wait.
    for subscribers in [2, 2, 2, 2, 2, 1, 1] {
        assert_eq!(room.send(&[7; LONG][..]), subscribers);
        assert!(matches!(client.recv().await.unwrap(), Some(Message::Binary(bytes)) if bytes.len() == LONG));
    }
    assert_eq!((room.subscribers(), room.slow_subscribers()), (1, 1));
    // It does not take its Close frame either, and is given up.
    let (server, end) = stalled.await.unwrap();
    assert_eq!(end.unwrap_err().kind(), FailureKind::Timeout);
    assert_eq!(server.missed(), 5);
}

#[tokio::test]
async fn one_that_reads_too_late_is_told_that_it_was_too_slow() {
    let room = room(|config| config.max_bytes = 2 * LONG);
    let (mut client, server) = pair(1 << 10, &room);
    let server = serve(server);
    for subscribers in [1, 1, 1, 0] {
        tokio::task::yield_now().await;
        assert_eq!(room.send(&[7; LONG][..]), subscribers);
    }
    // What was being written comes whole.
    assert!(matches!(client.recv().await.unwrap(), Some(Message::Binary(bytes)) if bytes.len() == LONG));
    assert_eq!(client.recv().await.unwrap(), None);
    let closed = client.closed().unwrap();
    assert_eq!((closed.clean, closed.code(), closed.reason()), (true, CloseCode::POLICY, "too slow"));
    assert!(matches!(server.await.unwrap().1, Ok(None)));
    assert_eq!(room.send("a"), 0);
}

#[tokio::test]
async fn one_that_may_miss_messages_gets_the_newest_and_is_told_how_many_are_missing() {
    let room = room(|config| {
        config.max_messages = 3;
        config.slow = Slow::Drop;
    });
    let (mut client, mut server) = pair(1 << 10, &room);
    room.send("x".repeat(LONG));
    turn(&mut server);
    for (message, missed) in [("a", 0), ("b", 0), ("c", 0), ("d", 1), ("e", 2)] {
        assert_eq!(room.send(message), 1);
        turn(&mut server);
        assert_eq!((server.missed(), room.slow_subscribers()), (missed, missed.min(1)));
    }
    serve(server);
    let [long, rest @ ..] = texts::<4>(&mut client).await;
    assert_eq!((long.len(), rest), (LONG, ["c", "d", "e"].map(String::from)));
    room.send("f");
    assert_eq!(texts(&mut client).await, ["f"]);
}

#[tokio::test]
async fn those_that_never_read_keep_no_more_than_the_bound_together() {
    const BOUND: usize = 1 << 20;
    // What is taken to be written next, and the memory that the thread reads into.
    const BESIDE: usize = 384 << 10;
    for slow in [Slow::Drop, Slow::Close] {
        let room = room(|config| config.slow = slow);
        // The other ends are there, and read nothing.
        let (_clients, mut servers): (Vec<_>, Vec<_>) = (0..10).map(|_| pair(16, &room)).unzip();
        let info = allocation_counter::measure(|| {
            for _ in 0..1000 {
                room.send(&[7; 10_000][..]);
                // One task is busy with something else all the time.
                servers.iter_mut().skip(1).for_each(turn);
            }
        });
        assert!(info.bytes_max < (BOUND + BESIDE) as u64, "{slow:?}: {info:?}");
        assert_eq!(room.slow_subscribers(), 10);
        match slow {
            Slow::Drop => assert_eq!(servers[0].missed(), 1000 - BOUND as u64 / 10_000),
            // What waited is gone when it is too much.
            Slow::Close => assert!(info.bytes_current < BESIDE as i64, "{info:?}"),
        }
    }
}

#[tokio::test]
async fn a_long_message_is_not_kept_out_by_short_ones_that_never_end() {
    const SHORT: usize = 1000;
    let (ticks, room) = (room(|config| config.slow = Slow::Drop), Broadcast::default());
    let (mut client, mut server) = pair(1 << 10, &ticks);
    server.join(&room);
    (0..100).for_each(|_| _ = ticks.send(&[1; SHORT][..]));
    turn(&mut server);
    room.send(&[7; LONG][..]);
    for step in 0.. {
        assert!(step < 500, "it never comes");
        // Or the streams would give nothing any more, so that others have their turn.
        tokio::task::yield_now().await;
        ticks.send(&[1; SHORT][..]);
        turn(&mut server);
        if let Some(Ok(Some(Message::Binary(bytes)))) = client.recv().now_or_never()
            && bytes.len() == LONG
        {
            break;
        }
    }
}

#[tokio::test]
async fn what_is_broadcast_comes_between_what_another_half_sends() {
    const SENT: usize = 60 << 10;
    let (ticks, room) = (Broadcast::default(), Broadcast::default());
    let (mut client, mut server) = pair(1 << 10, &ticks);
    server.join(&room);
    let (sender, mut receiver) = server.split();
    let sending = tokio::spawn(async move { while sender.send(vec![0; SENT]).await.is_ok() {} });
    let receiving = tokio::spawn(async move { receiver.recv().await });
    // A task as the others are, so that all have their turns.
    let asking = tokio::spawn(async move {
        let (mut ticked, mut heard, mut long) = (0, 0, false);
        for message in 0..100 {
            let Some(Message::Binary(bytes)) = client.recv().await.unwrap() else { panic!("bytes") };
            match bytes.len() {
                SENT if message == 0 => assert_eq!(room.send(&[7; LONG][..]), 1),
                SENT => ticked += ticks.send("tick".as_bytes()),
                LONG => long = true,
                _ => heard += 1,
            }
        }
        (long, ticked, heard, ticks.slow_subscribers() + room.slow_subscribers())
    });
    let (long, ticked, heard, slow) = asking.await.unwrap();
    assert!(long && heard > ticked / 2, "{long}: {heard} of {ticked}");
    assert_eq!(slow, 0);
    sending.abort();
    receiving.abort();
}

#[tokio::test]
async fn for_a_client_that_sends_and_does_not_read_no_more_is_taken() {
    const TAKEN: u64 = 64 << 10;
    // An empty message takes the two bytes of its header.
    for (length, messages, taken) in [(10_000, 30, TAKEN / 10_000), (0, 40_000, TAKEN / 2)] {
        let room = room(|config| {
            config.max_messages = 10;
            config.slow = Slow::Drop;
        });
        let (mut client, mut server) = pair(64, &room);
        for message in 0..messages {
            room.send(&vec![7; length][..]);
            if message % 100 == 0 {
                client.ping(b"").await.unwrap();
            }
            // Or the streams would give nothing any more, so that others have their turn.
            tokio::task::yield_now().await;
            turn(&mut server);
        }
        // Ten wait, and there is what the pipe holds.
        let (missed, most) = (server.missed(), messages - 10 - taken);
        assert!(missed <= most && missed + 64 > most, "{length}: {missed} of {most}");
    }
}

#[tokio::test]
async fn a_connection_that_has_ended_joins_nothing() {
    let room = Broadcast::default();
    let (near, far) = duplex(1 << 10);
    let (mut client, mut server) =
        (Connection::client_established(near, plain()), Connection::server_established(far, plain()));
    client.close(None).await.unwrap();
    assert!(matches!(tokio::join!(client.recv(), server.recv()), (Ok(None), Ok(None))));
    server.join(&room);
    assert_eq!((room.send("a"), room.subscribers()), (0, 0));
}

/// A server's end that has joined, for whose client more waits to be written than it reads.
fn busy(room: &Broadcast) -> (Connection<DuplexStream>, Server) {
    let (client, mut server) = pair(1 << 10, room);
    server.feed("x".repeat(LONG)).unwrap();
    (client, server)
}

/// More messages than may wait.
fn flood(room: &Broadcast) {
    for _ in 0..=BroadcastConfig::default().max_messages {
        room.send("x");
    }
}

/// Receives the long message, and then the end. The close code.
async fn read_to_the_end(client: &mut Connection<DuplexStream>) -> CloseCode {
    assert!(client.recv().await.unwrap().is_some());
    assert_eq!(client.recv().await.unwrap(), None);
    client.closed().unwrap().code()
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_that_is_too_slow_is_closed_while_its_program_flushes() {
    let room = Broadcast::default();
    let (mut client, mut server) = busy(&room);
    flood(&room);
    let (code, flushed) = tokio::join!(read_to_the_end(&mut client), server.flush());
    assert_eq!((code, flushed.unwrap()), (CloseCode::POLICY, ()));
    assert_eq!((room.subscribers(), room.slow_subscribers()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_while_a_slow_subscriber_is_closed_is_thrown_away() {
    let room = Broadcast::default();
    let (mut client, mut server) = busy(&room);
    flood(&room);
    let answering = async {
        server.flush().await.unwrap();
        // It is no mistake of the program's.
        server.feed("answer").unwrap();
        server.send("answer").await.unwrap();
        server.recv().await.unwrap()
    };
    assert_eq!(tokio::join!(read_to_the_end(&mut client), answering), (CloseCode::POLICY, None));
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_after_the_end_of_a_slow_subscriber_is_no_misuse() {
    let room = Broadcast::default();
    let (mut client, mut server) = busy(&room);
    flood(&room);
    let ending = async {
        server.flush().await.unwrap();
        server.recv().await.unwrap()
    };
    assert_eq!(tokio::join!(read_to_the_end(&mut client), ending), (CloseCode::POLICY, None));
    assert_eq!(server.feed("late").unwrap_err().kind(), FailureKind::Ended);
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_that_is_found_too_slow_while_its_program_flushes_and_never_reads_is_given_up() {
    let room = Broadcast::default();
    let (_client, mut server) = busy(&room);
    let (flushed, ()) = tokio::join!(server.flush(), async { flood(&room) });
    assert_eq!(flushed.unwrap_err().kind(), FailureKind::Timeout);
    assert_eq!(server.recv().await.unwrap_err().kind(), FailureKind::Timeout);
    assert_eq!((room.subscribers(), room.slow_subscribers()), (0, 1));
}

#[tokio::test]
async fn what_has_come_goes_before_the_close_frame_of_a_shutdown() {
    let (room, shutdown) = (Broadcast::default(), Shutdown::default());
    let (mut client, mut server) = pair(1 << 10, &room);
    server.follow(&shutdown);
    server.feed("fed").unwrap();
    for message in ["one", "two"] {
        assert_eq!(room.send(message), 1);
    }
    let serving = tokio::spawn(async move { server.recv().await });
    let received = async { (texts(&mut client).await, client.recv().await.unwrap()) };
    let (left, received) = tokio::join!(shutdown.begin(Duration::from_secs(60)), received);
    assert_eq!((left, received), (0, (["fed", "one", "two"].map(String::from), None)));
    assert_eq!(client.closed().unwrap().code(), CloseCode::GOING_AWAY);
    assert_eq!(serving.await.unwrap().unwrap(), None);
}

#[tokio::test]
async fn what_has_come_goes_before_the_close_frame_of_the_program() {
    let room = Broadcast::default();
    let (mut client, mut server) = pair(1 << 10, &room);
    room.send("one");
    // A code that must not be sent changes nothing.
    assert!(server.close(Some((CloseCode::ABNORMAL, ""))).await.is_err());
    room.send("two");
    server.close(None).await.unwrap();
    assert_eq!((room.send("late"), server.missed()), (0, 0));
    let received = async { (texts(&mut client).await, client.recv().await.unwrap()) };
    let (received, ended) = tokio::join!(received, server.recv());
    assert_eq!((received, ended.unwrap()), ((["one", "two"].map(String::from), None), None));
}

#[tokio::test]
async fn one_message_may_wait_however_long_it_is() {
    let room = room(|config| {
        config.max_messages = 0;
        config.max_bytes = 0;
    });
    let (mut client, server) = pair(1 << 10, &room);
    serve(server);
    for _ in 0..3 {
        assert_eq!(room.send(&[7; LONG][..]), 1);
        assert!(client.recv().await.unwrap().is_some());
    }
    assert_eq!(room.slow_subscribers(), 0);
}

#[tokio::test]
async fn one_that_joins_late_gets_what_comes_later() {
    let room = Broadcast::default();
    let (mut early, mut early_server) = pair(1 << 10, &room);
    room.send("a");
    let (mut late, mut late_server) = pair(1 << 10, &room);
    late_server.join(&room);
    assert_eq!(room.send("b"), 2);
    turn(&mut early_server);
    turn(&mut late_server);
    assert_eq!(texts(&mut early).await, ["a", "b"]);
    room.send("c");
    late_server.leave(&room);
    assert_eq!(room.send("d"), 1);
    turn(&mut late_server);
    late_server.join(&room);
    room.send("e");
    turn(&mut late_server);
    assert_eq!(texts(&mut late).await, ["b", "e"]);
}

#[tokio::test]
async fn those_that_are_dropped_or_closed_are_subscribers_no_more() {
    let room = Broadcast::default();
    let mut pairs = [(); 4].map(|()| pair(1 << 10, &room));
    assert_eq!(room.subscribers(), 4);
    let [_, (closing, closing_server), (gone, gone_server), (_, leaving_server)] = &mut pairs;
    // The client closes.
    closing.close(None).await.unwrap();
    assert_eq!(tokio::join!(closing.recv(), closing_server.recv()).1.unwrap(), None);
    assert_eq!(room.subscribers(), 3);
    // The client is gone.
    *gone = Connection::client_established(duplex(1).0, plain());
    assert!(gone_server.recv().await.is_err());
    assert_eq!(room.subscribers(), 2);
    // The server closes.
    leaving_server.close(None).await.unwrap();
    turn(leaving_server);
    assert_eq!(room.send("a"), 1);
    drop(pairs);
    assert_eq!((room.subscribers(), room.send("b"), room.slow_subscribers()), (0, 0, 0));
}

#[tokio::test]
async fn messages_wait_for_the_end_of_one_that_is_sent_in_parts() {
    let room = Broadcast::default();
    let (mut client, mut server) = pair(1 << 10, &room);
    let part = |text: &str, last| Part::Text { text: text.into(), last };
    server.send_part(part("in ", false)).await.unwrap();
    room.send("");
    room.send("b");
    turn(&mut server);
    server.send_part(part("parts", true)).await.unwrap();
    turn(&mut server);
    assert_eq!(texts(&mut client).await, ["in parts", "", "b"]);
}

#[tokio::test]
async fn one_that_has_joined_many_gets_their_messages_by_turns() {
    let rooms = [Broadcast::default(), Broadcast::default()];
    let (mut client, mut server) = pair(1 << 10, &rooms[0]);
    server.join(&rooms[1]);
    for _ in 0..3 {
        for (room, name) in rooms.iter().zip(["a", "b"]) {
            room.send(name.repeat(LONG));
        }
    }
    serve(server);
    let kinds = texts::<6>(&mut client).await.map(|text| text.chars().next());
    assert!(kinds.windows(2).all(|pair| pair[0] != pair[1]), "{kinds:?}");
}

#[cfg(feature = "deflate")]
#[tokio::test]
async fn each_gets_it_compressed_as_was_agreed_on_between_messages_of_its_own() {
    use ws_native::Incoming;
    use ws_native::proto::{Compression, Request};

    let mut configs = vec![(plain(), plain()), (Config::default(), Config::default())];
    for bits in 9..=15 {
        for no_context_takeover in [false, true] {
            let mut compression = Compression::default();
            compression.peer_max_window_bits = bits;
            compression.peer_no_context_takeover = no_context_takeover;
            let mut client = Config::default();
            client.compression = Some(compression);
            configs.push((client, Config::default()));
        }
    }
    let room = Broadcast::default();
    let line = "what is said again and again, and more than the smallest window holds; ".repeat(20);
    let messages = [line.clone(), line.repeat(40), "short".into()];
    let mut clients = Vec::new();
    for (client_config, server_config) in configs {
        let (near, far) = duplex(1 << 10);
        let request = Request::new::<&str>("h", "/", &[]).unwrap();
        let (client, server) = tokio::join!(Connection::client(near, request, client_config), async {
            Incoming::read(far, server_config).await.unwrap().accept(None).await.unwrap()
        });
        let mut server = server;
        server.join(&room);
        let own = line.clone();
        // What its client says is an order for a message of its own.
        tokio::spawn(async move {
            while let Some(_order) = server.recv().await? {
                server.feed(own.as_str())?;
            }
            Ok::<(), Failure>(())
        });
        clients.push(client.unwrap());
    }
    for message in &messages {
        for broadcast in [false, true, true, false] {
            if broadcast {
                assert_eq!(room.send(message.as_str()), clients.len());
            }
            for client in &mut clients {
                if !broadcast {
                    client.send("order").await.unwrap();
                }
                assert_eq!(texts(client).await, [if broadcast { message.as_str() } else { &line }]);
            }
        }
    }
}

#[tokio::test]
async fn what_waits_for_the_end_of_a_message_in_parts_is_sent_after_it() {
    let room = Broadcast::default();
    let (mut client, server) = pair(1 << 16, &room);
    let (sender, mut receiver) = server.split();
    let receiving = tokio::spawn(async move { receiver.recv().await });
    sender.send_part(Part::Text { text: "one ".into(), last: false }).await.unwrap();
    room.send("to all");
    tokio::task::yield_now().await;
    sender.send_part(Part::Text { text: "two".into(), last: true }).await.unwrap();
    assert_eq!(texts(&mut client).await, ["one two", "to all"]);
    client.close(None).await.unwrap();
    assert_eq!(client.recv().await.unwrap(), None);
    assert_eq!(receiving.await.unwrap().unwrap(), None);
}

#[tokio::test]
async fn a_message_for_which_a_connection_has_no_room_at_all_is_no_mistake_of_its_program() {
    let room = room(|_| ());
    let (near, _far) = duplex(1 << 10);
    let mut config = Config::default();
    config.max_send_queue = 10;
    let mut server = Connection::server_established(near, config);
    server.join(&room);
    room.send("more than ten bytes");
    assert_eq!(server.recv().await.unwrap_err().kind(), FailureKind::Limit);
    assert_eq!(server.feed("x").unwrap_err().kind(), FailureKind::Ended);
}
