//! What a connection does besides giving its program what lies in its buffer, over streams in memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod pipe;

use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use ws_core::{Failure, Message};
use ws_native::proto::Prepared;
use ws_native::{Broadcast, Connection, Shutdown};

use pipe::{pair, plain};

/// A client's message: the text x.
const MESSAGE: &[u8] = b"\x81\x81\0\0\0\0x";

/// Gives what a client sends to all in the room, one message after the other or as many as there are.
fn serve(
    mut server: Connection<DuplexStream>,
    room: &Broadcast,
    at_once: bool,
) -> JoinHandle<Result<Connection<DuplexStream>, Failure>> {
    server.join(room);
    let room = room.clone();
    tokio::spawn(async move {
        if at_once {
            let send = |text: &str| room.send(Prepared::text(text));
            while server.recv_each(|message, _| message.as_text().map(send).map_or(Ok(()), |_| Ok(()))).await? {}
        } else {
            while let Some(message) = server.recv().await? {
                room.send(message);
            }
        }
        Ok(server)
    })
}

#[tokio::test]
async fn what_one_sends_in_one_go_reaches_all_though_nobody_may_have_as_much_waiting() {
    const MESSAGES: usize = 3000;
    for at_once in [false, true] {
        let room = Broadcast::default();
        let [(mut first, first_end), (mut second, second_end)] = [(); 2].map(|()| pair(1 << 20));
        let served = [serve(first_end, &room, at_once), serve(second_end, &room, at_once)];
        for _ in 0..MESSAGES {
            first.feed("x").unwrap();
        }
        first.flush().await.unwrap();
        for client in [&mut first, &mut second] {
            for number in 0..MESSAGES {
                assert_eq!(
                    client.recv().await.unwrap(),
                    Some(Message::Text("x".into())),
                    "message {number}, {at_once}"
                );
            }
            client.close(None).await.unwrap();
            assert_eq!(client.recv().await.unwrap(), None);
        }
        for served in served {
            assert!(served.await.unwrap().unwrap().closed().unwrap().clean);
        }
        assert_eq!(room.slow_subscribers(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_is_heard_of_though_much_lies_in_the_buffer() {
    const MESSAGES: usize = 2000;
    const WORK: Duration = Duration::from_millis(10);
    let (mut client, server) = duplex(1 << 16);
    client.write_all(&MESSAGE.repeat(MESSAGES)).await.unwrap();
    let mut server = Connection::server_established(server, plain());
    let shutdown = Shutdown::default();
    server.follow(&shutdown);
    let served = tokio::spawn(async move {
        while server.recv().await.unwrap().is_some() {
            sleep(WORK).await;
        }
    });
    // It has begun to work by then.
    sleep(WORK / 2).await;
    let begin = Instant::now();
    let told = async {
        let mut close = [0; 4];
        client.read_exact(&mut close).await.unwrap();
        assert_eq!(close, [0x88, 2, 0x03, 0xe9]);
        begin.elapsed()
    };
    tokio::select! {
        left = shutdown.begin(Duration::from_secs(3600)) => panic!("{left} are left, and nobody was told"),
        // Not only after all messages, which take twenty seconds.
        told = told => assert!(told < Duration::from_secs(2), "{told:?}"),
    }
    served.abort();
}

#[tokio::test]
async fn a_server_gives_no_more_than_it_has_room_to_answer() {
    const MESSAGES: usize = 1000;
    const ANSWER: usize = 64 << 10;
    let (mut client, server) = duplex(1 << 16);
    client.write_all(&MESSAGE.repeat(MESSAGES)).await.unwrap();
    let mut server = Connection::server_established(server, plain());
    let mut answered = 0;
    let mut answering = Box::pin(async {
        while let Some(_message) = server.recv().await.unwrap() {
            answered += 1;
            server.feed(vec![0; ANSWER]).unwrap();
        }
    });
    // It goes on whenever it lets others have their turn.
    for _ in 0..100 {
        assert!(answering.as_mut().now_or_never().is_none());
    }
    // 1 MiB, what the pipe holds, and the one with which it is too much.
    let most = (1 << 20) / ANSWER + 2;
    drop(answering);
    assert!(answered <= most, "{answered} of {most}");
    let mut answering = Box::pin(async {
        while let Some(_message) = server.recv().await.unwrap() {
            answered += 1;
            server.feed(vec![0; ANSWER]).unwrap();
        }
    });
    let reading = async {
        let mut bytes = vec![0; MESSAGES * (ANSWER + 10)];
        client.read_exact(&mut bytes).await.unwrap();
    };
    tokio::select! {
        () = reading => {}
        () = &mut answering => panic!("nobody has closed it"),
    }
    drop(answering);
    assert_eq!(answered, MESSAGES);
}

/// A client that takes all it is given is not too slow, however much it asks for.
#[tokio::test]
async fn what_is_broadcast_comes_between_the_answers_of_the_program() {
    const MESSAGES: usize = 1000;
    const LONG: usize = 100 << 10;
    for (answer, length, soon) in [(LONG, 1, 40), (1 << 10, 1, 300), (LONG, LONG, 40)] {
        let room = Broadcast::default();
        let (mut near, far) = duplex(1 << 20);
        near.write_all(&MESSAGE.repeat(MESSAGES)).await.unwrap();
        let (mut client, mut server) =
            (Connection::client_established(near, plain()), Connection::server_established(far, plain()));
        server.join(&room);
        let answering = tokio::spawn(async move {
            while let Some(_message) = server.recv().await.unwrap() {
                server.feed(vec![0; answer]).unwrap();
            }
        });
        let sends = room.clone();
        // A task as the other is, so that they have their turns.
        let asking = tokio::spawn(async move {
            let (mut answers, mut sent, mut received, mut first) = (0, 0, 0, MESSAGES);
            while answers < MESSAGES || received < sent {
                let Some(Message::Binary(message)) = client.recv().await.unwrap() else { panic!("bytes") };
                if message[0] == 1 {
                    received += 1;
                    first = first.min(answers);
                    continue;
                }
                answers += 1;
                if length == 1 || answers == 1 {
                    sent += sends.send(vec![1; length]) + sends.send(vec![1; length]);
                }
            }
            (received, sent, first)
        });
        let (received, sent, first) = asking.await.unwrap();
        assert_eq!((received, room.slow_subscribers()), (sent, 0));
        assert!(first < soon, "{answer}, {length}: {first}");
        answering.abort();
    }
}
