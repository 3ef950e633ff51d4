//! What a tap is shown of the connections that it is on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::future::poll_fn;
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Wake, Waker};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use ws_core::{BinaryType, Close, CloseCode, Data, Message, ReadyState, Task};
use ws_native::proto::{FrameSeen, IncomingRequest, Opcode, Seen};
use ws_native::{ConnectOptions, Connection, Sender, Server, Socket, Tap, Tasks};

/// Keeps what it is shown.
#[derive(Debug, Default)]
struct Record {
    sent: Mutex<Vec<Seen>>,
    received: Mutex<Vec<Seen>>,
}

impl Tap for Record {
    fn sent(&self, seen: Seen) {
        self.sent.lock().unwrap().push(seen);
    }
    fn received(&self, seen: Seen) {
        self.received.lock().unwrap().push(seen);
    }
    fn preview(&self) -> usize {
        10
    }
}

impl Record {
    fn sent(&self) -> Shown {
        Shown::new(&self.sent)
    }
    fn received(&self) -> Shown {
        Shown::new(&self.received)
    }
}

/// What was shown of one direction.
#[derive(Debug)]
struct Shown {
    heads: Vec<String>,
    frames: Vec<FrameSeen>,
}

impl Shown {
    fn new(seen: &Mutex<Vec<Seen>>) -> Self {
        let mut shown = Self { heads: Vec::new(), frames: Vec::new() };
        for seen in &*seen.lock().unwrap() {
            match seen {
                Seen::Head(head) if shown.frames.is_empty() => {
                    shown.heads.push(String::from_utf8(head.to_vec()).unwrap())
                }
                Seen::Frame(frame) => shown.frames.push(frame.clone()),
                other => panic!("after a frame: {other:?}"),
            }
        }
        shown
    }

    /// The frames: what they are for, how long they were, and what they begin with.
    fn frames(&self) -> Vec<(Opcode, u64, Vec<u8>)> {
        self.frames.iter().map(|frame| (frame.opcode, frame.length, frame.payload.to_vec())).collect()
    }
}

fn options(tap: &Arc<impl Tap + 'static>) -> ConnectOptions {
    let mut options = ConnectOptions::default();
    options.config.compression = None;
    options.tap = Some(tap.clone());
    options
}

async fn serve() -> (Server, String) {
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/path", server.local_address().unwrap());
    (server, url)
}

async fn accept(server: &Server) -> Connection {
    server.accept().await.unwrap().request().await.unwrap().accept(None).await.unwrap()
}

/// A socket with this tap on it, and the other end of its connection, of which the open event was taken.
async fn connected(tap: &Arc<impl Tap + 'static>) -> (Socket, Tasks, Connection) {
    let (server, url) = serve().await;
    let (socket, mut tasks) = Socket::open(&url, &[], options(tap)).unwrap();
    let (peer, task) = tokio::join!(accept(&server), tasks.next());
    assert!(matches!(task, Some(Task::Open)));
    (socket, tasks, peer)
}

#[tokio::test]
async fn a_socket_shows_heads_and_frames_of_both_directions() {
    let record = Arc::new(Record::default());
    let (socket, mut tasks, mut peer) = connected(&record).await;
    let echo = tokio::spawn(async move {
        peer.ping(b"there?").await.unwrap();
        while let Some(message) = peer.recv().await.unwrap() {
            peer.send(message).await.unwrap();
        }
    });
    socket.send(Data::from("text")).unwrap();
    socket.send(Data::from(vec![0, 1, 2])).unwrap();
    for _ in 0..2 {
        assert!(matches!(tasks.next().await, Some(Task::Message(_))));
    }
    socket.close(Some(Close::new(Some(CloseCode::new(3000)), Some("done")).unwrap().unwrap()));
    assert!(matches!(tasks.next().await, Some(Task::Close { failed: false, .. })));
    assert!(tasks.next().await.is_none());
    echo.await.unwrap();

    let (sent, received) = (record.sent(), record.received());
    assert!(sent.heads[0].starts_with("GET /path HTTP/1.1\r\n") && sent.heads[0].ends_with("\r\n\r\n"));
    assert!(received.heads[0].starts_with("HTTP/1.1 101 ") && received.heads[0].ends_with("\r\n\r\n"));
    assert_eq!((sent.heads.len(), received.heads.len()), (1, 1));
    let mut shown = sent.frames();
    // The pong goes out when the ping has come, which may be before, between and after the messages.
    let pong = shown.iter().position(|(opcode, ..)| *opcode == Opcode::Pong).expect("a pong");
    assert_eq!(shown.remove(pong), (Opcode::Pong, 6, b"there?".to_vec()));
    let mut expected = vec![
        (Opcode::Text, 4, b"text".to_vec()),
        (Opcode::Binary, 3, vec![0, 1, 2]),
        (Opcode::Close, 6, b"\x0b\xb8done".to_vec()),
    ];
    assert_eq!(shown, expected);
    expected.insert(0, (Opcode::Ping, 6, b"there?".to_vec()));
    // The peer answers with the code alone.
    expected[3] = (Opcode::Close, 2, b"\x0b\xb8".to_vec());
    assert_eq!(received.frames(), expected);
    assert!(sent.frames.iter().all(|frame| frame.masked && frame.fin && !frame.compressed));
    assert!(received.frames.iter().all(|frame| !frame.masked && frame.fin && !frame.compressed));
}

#[tokio::test]
async fn of_long_messages_the_beginning_is_shown_and_the_real_length() {
    let record = Arc::new(Record::default());
    let (socket, mut tasks, mut peer) = connected(&record).await;
    socket.set_binary_type(BinaryType::ArrayBuffer);
    // Short ones and long ones, of which the long ones are written from where they are.
    let messages = [11, 100_000, 10, 3_000_000, 1].map(|length| vec![length as u8; length]);
    let expected: Vec<(Opcode, u64, Vec<u8>)> = messages
        .iter()
        .map(|message| (Opcode::Binary, message.len() as u64, message[..message.len().min(10)].to_vec()))
        .collect();
    let echo = tokio::spawn(async move {
        for _ in 0..5 {
            let Some(message) = peer.recv().await.unwrap() else { panic!("no message") };
            peer.feed(message).unwrap();
        }
        peer.flush().await.unwrap();
        peer
    });
    messages.iter().for_each(|message| socket.send(Data::from(message.clone())).unwrap());
    for message in &messages {
        let Some(Task::Message(event)) = tasks.next().await else { panic!("no message") };
        assert_eq!(event.data.as_binary(), Some(&message[..]));
    }
    for shown in [record.sent(), record.received()] {
        assert_eq!(shown.frames(), expected);
    }
    drop(echo.await.unwrap());
}

#[tokio::test]
async fn a_compressed_message_is_shown_as_it_was_on_the_wire() {
    let record = Arc::new(Record::default());
    let (server, url) = serve().await;
    let mut options = options(&record);
    options.config.compression = ConnectOptions::default().config.compression;
    let (client, mut peer) = tokio::join!(Connection::connect(&url, &options), accept(&server));
    client.unwrap().send("x".repeat(10_000)).await.unwrap();
    assert_eq!(peer.recv().await.unwrap(), Some(Message::Text("x".repeat(10_000).into())));
    let shown = record.sent();
    assert!(shown.frames[0].compressed && shown.frames[0].length < 1000);
}

/// Asks the socket whenever it wakes the task.
struct Asking {
    socket: Arc<Socket>,
    task: Waker,
}

impl Wake for Asking {
    fn wake(self: Arc<Self>) {
        self.socket.ready_state();
        self.task.wake_by_ref();
    }
}

#[tokio::test]
async fn a_flood_is_shown_whole_and_in_order() {
    const COUNT: u32 = 50_000;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let record = Arc::new(Record::default());
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let (socket, mut tasks) = Socket::open(&url, &[], options(&record)).unwrap();
    let socket = Arc::new(socket);
    let flood = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        let headers = head.lines().filter_map(|line| line.split_once(": ")).collect();
        let accept = IncomingRequest::validate("GET", "/", headers).unwrap().accept_value();
        let mut bytes = format!(
            "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
        )
        .into_bytes();
        for number in 0..COUNT {
            bytes.extend([&b"\x8a\x04"[..], &number.to_be_bytes()].concat());
        }
        bytes.extend(b"\x81\x00");
        stream.write_all(&bytes).await.unwrap();
        stream
    });
    // The tap holds reading up again and again, and the waker must not be called with anything locked.
    let mut next = async || {
        poll_fn(|cx| {
            let asking = Asking { socket: Arc::clone(&socket), task: cx.waker().clone() };
            tasks.poll_next(&mut Context::from_waker(&Arc::new(asking).into()))
        })
        .await
    };
    assert!(matches!(next().await, Some(Task::Open)));
    assert!(matches!(next().await, Some(Task::Message(_))));
    let shown = record.received().frames();
    let mut expected: Vec<_> = (0..COUNT).map(|number| (Opcode::Pong, 4, number.to_be_bytes().to_vec())).collect();
    expected.push((Opcode::Text, 0, Vec::new()));
    assert!(shown == expected, "{} frames", shown.len());
    drop(flood.await.unwrap());
}

/// Answers each text that it is shown, through the socket it is on.
#[derive(Debug, Default)]
struct Answerer {
    socket: OnceLock<Socket>,
    states: Mutex<Vec<ReadyState>>,
}

impl Tap for Answerer {
    fn sent(&self, _: Seen) {
        let Some(socket) = self.socket.get() else { return };
        self.states.lock().unwrap().push(socket.ready_state());
    }
    fn received(&self, seen: Seen) {
        let Some(socket) = self.socket.get() else { return };
        self.states.lock().unwrap().push(socket.ready_state());
        match seen {
            Seen::Frame(frame) if frame.opcode == Opcode::Text => {
                socket.send(Data::from(frame.payload.to_vec())).unwrap();
                assert!(socket.buffered_amount() > 0);
            }
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_tap_may_use_the_socket_that_it_is_on() {
    let answerer = Arc::new(Answerer::default());
    let (socket, mut tasks, mut peer) = connected(&answerer).await;
    answerer.socket.set(socket).unwrap();
    let asking = tokio::spawn(async move {
        peer.send("question").await.unwrap();
        assert_eq!(peer.recv().await.unwrap(), Some(Message::Binary(b"question".as_slice().into())));
        peer.close(Some((CloseCode::new(4000), ""))).await.unwrap();
    });
    assert!(matches!(tasks.next().await, Some(Task::Message(_))));
    assert!(matches!(tasks.next().await, Some(Task::Close { failed: false, .. })));
    assert!(tasks.next().await.is_none());
    asking.await.unwrap();
    // The question, the answer, and two Close frames: all before the close event.
    assert_eq!(answerer.states.lock().unwrap()[..3], [ReadyState::Open; 3]);
}

/// The same through the half of a connection that sends.
#[derive(Debug, Default)]
struct Feeder(OnceLock<Sender>);

impl Tap for Feeder {
    fn sent(&self, _: Seen) {}
    fn received(&self, seen: Seen) {
        match (self.0.get(), seen) {
            (Some(sender), Seen::Frame(frame)) if frame.opcode == Opcode::Text => {
                sender.feed_binary(&frame.payload).unwrap();
            }
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_tap_may_use_the_halves_of_the_connection_that_it_is_on() {
    let feeder = Arc::new(Feeder::default());
    let (server, url) = serve().await;
    let options = options(&feeder);
    let (client, mut peer) = tokio::join!(Connection::connect(&url, &options), accept(&server));
    let (sender, mut receiver) = client.unwrap().split();
    feeder.0.set(sender).unwrap();
    let asking = tokio::spawn(async move {
        peer.send("question").await.unwrap();
        assert_eq!(peer.recv().await.unwrap(), Some(Message::Binary(b"question".as_slice().into())));
        peer.close(None).await.unwrap();
    });
    assert_eq!(receiver.recv().await.unwrap(), Some(Message::Text("question".into())));
    assert_eq!(receiver.recv().await.unwrap(), None);
    asking.await.unwrap();
}

#[tokio::test]
async fn the_stream_of_a_connection_is_the_same_with_a_tap() {
    let record = Arc::new(Record::default());
    let (server, url) = serve().await;
    let options = options(&record);
    let (client, _peer) = tokio::join!(Connection::connect(&url, &options), accept(&server));
    let client = client.unwrap();
    assert_eq!(client.stream().peer_address(), Some(server.local_address().unwrap()));
    assert!(client.stream().tcp().unwrap().nodelay().unwrap());
    assert_eq!((record.sent().heads.len(), record.received().heads.len()), (1, 1));
}
