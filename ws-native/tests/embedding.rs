//! Sockets of a host that runs their tasks itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::net::IpAddr;
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use ws_core::{BinaryType, BlobError, CloseCode, Data, Error, EventKind, FailureKind, Message, ReadyState, Task};
use ws_native::policy::{Blocked, Origin, Policy};
use ws_native::{Accepted, ConnectError, ConnectOptions, Connection, Server, Socket, SocketUrl, Tasks};

async fn serve() -> (Server, String) {
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", server.local_address().unwrap());
    (server, url)
}

async fn accept(server: &Server) -> Connection {
    let accepted: Accepted = server.accept().await.unwrap();
    accepted.request().await.unwrap().accept(None).await.unwrap()
}

/// Without compression, so that what is sent is as long as it looks.
fn open(url: &str) -> (Socket, Tasks) {
    let mut options = ConnectOptions::default();
    options.config.compression = None;
    Socket::open(url, &[], options).unwrap()
}

/// A socket and the other end of its connection, of which the open event was taken.
async fn connected() -> (Socket, Tasks, Connection) {
    let (server, url) = serve().await;
    let (socket, mut tasks) = open(&url);
    let (peer, task) = tokio::join!(accept(&server), tasks.next());
    assert!(matches!(task, Some(Task::Open)));
    (socket, tasks, peer)
}

fn text_of(task: Option<Task>) -> String {
    match task {
        Some(Task::Message(event)) => event.data.as_text().expect("text").to_owned(),
        other => panic!("no message: {other:?}"),
    }
}

/// The close event: whether it failed, and with what.
fn close_of(task: Option<Task>) -> (bool, bool, u16) {
    match task {
        Some(Task::Close { failed, event }) => (failed, event.was_clean, event.code.get()),
        other => panic!("not closed: {other:?}"),
    }
}

#[tokio::test]
async fn tasks_come_one_after_the_other_and_change_the_state_when_they_are_taken() {
    let (server, url) = serve().await;
    let (socket, mut tasks) = open(&url);
    assert_eq!(socket.url(), url);
    assert_eq!(socket.ready_state(), ReadyState::Connecting);
    assert_eq!(socket.send("early".into()), Err(Error::InvalidState));
    let peer = tokio::spawn(async move {
        let mut peer = accept(&server).await;
        peer.send("one").await.unwrap();
        peer.send("two").await.unwrap();
        peer.close(Some((CloseCode::new(3000), "done"))).await.unwrap();
    });
    assert!(matches!(tasks.next().await, Some(Task::Open)));
    assert_eq!(socket.ready_state(), ReadyState::Open);
    peer.await.unwrap();
    assert_eq!(text_of(tasks.next().await), "one");
    assert_eq!(socket.ready_state(), ReadyState::Open, "though the peer has closed by now");
    assert_eq!(text_of(tasks.next().await), "two");
    assert_eq!(close_of(tasks.next().await), (false, true, 3000));
    assert_eq!(socket.ready_state(), ReadyState::Closed);
    assert!(tasks.next().await.is_none());
    assert!(tasks.next().await.is_none(), "and it stays so");
}

#[tokio::test]
async fn nothing_is_connected_before_a_task_is_asked_for() {
    let (server, url) = serve().await;
    let (socket, mut tasks) = open(&url);
    let early = tokio::time::timeout(Duration::from_millis(50), server.accept()).await;
    assert!(early.is_err());
    let (_peer, task) = tokio::join!(accept(&server), tasks.next());
    assert!(matches!(task, Some(Task::Open)));
    drop(socket);
}

#[tokio::test]
async fn asking_can_be_given_up_at_any_time_and_nothing_is_lost() {
    let (server, url) = serve().await;
    let (_socket, mut tasks) = open(&url);
    let peer = tokio::spawn(async move {
        let mut peer = accept(&server).await;
        for number in 0..100 {
            peer.send(number.to_string()).await.unwrap();
        }
        peer
    });
    let mut got = Vec::new();
    while got.len() < 101 {
        // Polled once and dropped, again and again.
        let polled = tokio::select! {
            biased;
            task = tasks.next() => task,
            () = tokio::task::yield_now() => continue,
        };
        got.push(polled.unwrap());
    }
    let texts: Vec<_> = got.into_iter().skip(1).map(|task| text_of(Some(task))).collect();
    assert_eq!(texts, (0..100).map(|number| number.to_string()).collect::<Vec<_>>());
    drop(peer.await.unwrap());
}

/// Parks a thread until it is woken: an executor that knows nothing of tokio.
#[derive(Default)]
struct Parker {
    woken: Mutex<bool>,
    changed: Condvar,
}

impl Wake for Parker {
    fn wake(self: Arc<Self>) {
        *self.woken.lock().unwrap() = true;
        self.changed.notify_one();
    }
}

fn block_on_task(tasks: &mut Tasks) -> Option<Task> {
    let parker = Arc::new(Parker::default());
    let waker = Waker::from(Arc::clone(&parker));
    loop {
        if let Poll::Ready(task) = tasks.poll_next(&mut Context::from_waker(&waker)) {
            return task;
        }
        let mut woken = parker.woken.lock().unwrap();
        while !*woken {
            let (guard, timed) = parker.changed.wait_timeout(woken, Duration::from_secs(10)).unwrap();
            assert!(!timed.timed_out(), "nobody woke it");
            woken = guard;
        }
        *woken = false;
    }
}

#[test]
fn a_host_without_a_runtime_polls_with_a_waker_of_its_own() {
    let (sender, receiver) = std::sync::mpsc::channel();
    let server = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (server, url) = serve().await;
            sender.send(url).unwrap();
            let mut peer = accept(&server).await;
            let Some(Message::Text(text)) = peer.recv().await.unwrap() else { panic!("no text") };
            peer.send(text).await.unwrap();
            while peer.recv().await.unwrap().is_some() {}
        });
    });
    let (socket, mut tasks) = open(&receiver.recv().unwrap());
    assert!(matches!(block_on_task(&mut tasks), Some(Task::Open)));
    socket.send("hello".into()).unwrap();
    assert_eq!(text_of(block_on_task(&mut tasks)), "hello");
    socket.close(None);
    assert_eq!(close_of(block_on_task(&mut tasks)), (false, true, 1005));
    assert!(block_on_task(&mut tasks).is_none());
    server.join().unwrap();
}

#[tokio::test]
async fn messages_are_held_back_while_it_is_paused_and_the_peer_with_them() {
    let (socket, mut tasks, mut peer) = connected().await;
    socket.pause();
    let message = vec![7; 1 << 20];
    let flood = tokio::spawn(async move {
        let mut sent = 0;
        // No peer could send so much to one that does not read.
        while sent < 200 && tokio::time::timeout(Duration::from_millis(500), peer.send(message.clone())).await.is_ok() {
            sent += 1;
        }
        (sent, peer)
    });
    let (sent, _peer) = tokio::select! {
        task = tasks.next() => panic!("{task:?} was given out"),
        outcome = flood => outcome.unwrap(),
    };
    assert!(sent < 200, "the peer was never held up");
    // What is sent goes out all the same.
    socket.send("meanwhile".into()).unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(50), tasks.next()).await.is_err());
    assert_eq!((socket.buffered_amount(), socket.unwritten()), (0, 0));
    socket.resume();
    socket.set_binary_type(BinaryType::ArrayBuffer);
    let Some(Task::Message(event)) = tasks.next().await else { panic!("no message") };
    assert_eq!(event.data.len(), 1 << 20);
}

#[tokio::test]
async fn an_end_without_a_message_before_it_is_told_though_it_is_paused() {
    let (socket, mut tasks, mut peer) = connected().await;
    socket.pause();
    let (_, task) = tokio::join!(peer.close(None), tasks.next());
    assert_eq!(close_of(task), (false, true, 1005));
}

#[tokio::test]
async fn a_failure_is_told_at_once_though_a_message_is_held_back() {
    let (socket, mut tasks, mut peer) = connected().await;
    socket.pause();
    peer.send("held").await.unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(50), tasks.next()).await.is_err());
    socket.terminate();
    assert_eq!(close_of(tasks.next().await), (true, false, 1006));
    assert_eq!(socket.failure().unwrap().kind(), FailureKind::Cancelled);
}

#[tokio::test]
async fn who_waits_for_what_was_sent_is_told_when_it_is_written() {
    let (socket, mut tasks, mut peer) = connected().await;
    socket.send(vec![0; 32 << 20].into()).unwrap();
    assert!(socket.unwritten() > 32 << 20);
    let written = tokio::spawn(socket.written(0));
    let reader = tokio::spawn(async move {
        let message = peer.recv().await.unwrap();
        (message, peer)
    });
    tokio::select! {
        task = tasks.next() => panic!("{task:?} was given out"),
        outcome = written => outcome.unwrap(),
    }
    assert_eq!(socket.unwritten(), 0);
    let (message, peer) = reader.await.unwrap();
    assert!(matches!(message, Some(Message::Binary(bytes)) if bytes.len() == 32 << 20));
    drop(peer);
    socket.written(0).await;
}

#[tokio::test]
async fn who_waits_for_what_was_sent_is_told_when_it_never_will_be() {
    let (socket, mut tasks, _peer) = connected().await;
    socket.send(vec![0; 32 << 20].into()).unwrap();
    let written = tokio::spawn(socket.written(0));
    assert!(tokio::time::timeout(Duration::from_millis(50), tasks.next()).await.is_err());
    assert!(!written.is_finished());
    socket.terminate();
    assert_eq!(close_of(tasks.next().await), (true, false, 1006));
    written.await.unwrap();
}

#[tokio::test]
async fn a_page_that_goes_away_says_1001() {
    let (socket, mut tasks, mut peer) = connected().await;
    socket.disappear();
    let (message, task) = tokio::join!(peer.recv(), tasks.next());
    assert!(message.unwrap().is_none());
    assert_eq!(peer.closed().unwrap().code(), CloseCode::GOING_AWAY);
    assert_eq!(close_of(task), (false, true, 1001));
}

#[tokio::test]
async fn an_object_that_is_collected_closes_without_a_code() {
    let (socket, mut tasks, mut peer) = connected().await;
    assert!(socket.must_be_kept(|kind| kind == EventKind::Message));
    assert!(!socket.must_be_kept(|_| false));
    drop(socket);
    let (message, task) = tokio::join!(peer.recv(), tasks.next());
    assert!(message.unwrap().is_none());
    assert_eq!(peer.closed().unwrap().code(), CloseCode::NO_STATUS);
    assert_eq!(close_of(task), (false, true, 1005));
}

#[tokio::test]
async fn a_blob_keeps_its_place_while_the_host_reads_it() {
    let (socket, mut tasks, mut peer) = connected().await;
    let blob = socket.send_blob(3).unwrap();
    socket.send("after".into()).unwrap();
    assert_eq!(socket.buffered_amount(), 8);
    socket.blob_read(blob, vec![1, 2, 3].into());
    let received = tokio::select! {
        _ = tasks.next() => panic!("a task was given out"),
        received = async { (peer.recv().await.unwrap(), peer.recv().await.unwrap()) } => received,
    };
    assert_eq!(received, (Some(Message::Binary(vec![1, 2, 3].into())), Some(Message::Text("after".into()))));
    let blob = socket.send_blob(3).unwrap();
    socket.blob_failed(blob, BlobError("gone".into()));
    assert_eq!(close_of(tasks.next().await), (true, false, 1006));
}

#[tokio::test]
async fn a_blob_that_nobody_can_read_any_more_fails_the_connection() {
    for closes in [false, true] {
        let (socket, mut tasks, mut peer) = connected().await;
        socket.send_blob(3).unwrap();
        socket.send("after".into()).unwrap();
        if closes {
            socket.close(None);
        }
        drop(socket);
        let end = async { (close_of(tasks.next().await), tasks.next().await.is_none()) };
        let both = async { tokio::join!(peer.recv(), end) };
        let (message, end) = tokio::time::timeout(Duration::from_secs(10), both).await.expect("it never ends");
        assert!(message.unwrap().is_none());
        assert_eq!(end, ((true, false, 1006), true));
        assert_eq!(peer.closed().unwrap().code(), CloseCode::GOING_AWAY);
    }
}

// What the policy says.

#[derive(Debug, Default)]
struct Page {
    forbidden: Option<IpAddr>,
    cookies: Mutex<Vec<String>>,
}

impl Policy for Page {
    fn base_url(&self) -> Option<String> {
        Some("http://page.example/app/".into())
    }
    fn origin(&self) -> Origin {
        Origin::Tuple("http://page.example".into())
    }
    fn allows(&self, url: &SocketUrl) -> bool {
        !url.resource_name().starts_with("/forbidden")
    }
    fn allows_address(&self, _: &SocketUrl, address: IpAddr) -> bool {
        self.forbidden != Some(address)
    }
    fn store_cookie(&self, _: &SocketUrl, set_cookie: &str) {
        self.cookies.lock().unwrap().push(set_cookie.into());
    }
    fn cookies(&self, _: &SocketUrl) -> Option<String> {
        Some("a=1".into())
    }
    fn headers(&self, _: &SocketUrl) -> Vec<(String, String)> {
        vec![("User-Agent".into(), "test".into())]
    }
}

fn open_from(page: &Arc<Page>, url: &str) -> (Socket, Tasks) {
    let mut options = ConnectOptions::default();
    options.policy = Some(page.clone());
    Socket::open(url, &[], options).unwrap()
}

#[tokio::test]
async fn what_the_policy_refuses_fails_later_and_tells_the_host_alone() {
    let page = Arc::new(Page::default());
    for (url, expected) in
        [("ws://h:25/", Blocked::Port(25)), ("/forbidden", Blocked::Url("ws://page.example/forbidden".into()))]
    {
        let (socket, mut tasks) = open_from(&page, url);
        assert_eq!(socket.ready_state(), ReadyState::Connecting);
        assert_eq!(close_of(tasks.next().await), (true, false, 1006));
        let failure = socket.failure().unwrap();
        assert_eq!(failure.kind(), FailureKind::Policy);
        assert_eq!(failure.cause().downcast_ref::<Blocked>(), Some(&expected));
        assert!(tasks.next().await.is_none());
    }
}

#[tokio::test]
async fn an_address_is_refused_when_it_is_known() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let page = Arc::new(Page { forbidden: Some([127, 0, 0, 1].into()), ..Page::default() });
    let (socket, mut tasks) = open_from(&page, &format!("ws://{}/", listener.local_addr().unwrap()));
    assert_eq!(close_of(tasks.next().await), (true, false, 1006));
    let failure = socket.failure().unwrap();
    assert_eq!(failure.kind(), FailureKind::Policy);
    let cause: &ConnectError = failure.cause().downcast_ref().unwrap();
    assert!(matches!(cause, ConnectError::Blocked(Blocked::Address { .. })), "{cause}");
    assert!(tokio::time::timeout(Duration::from_millis(50), listener.accept()).await.is_err(), "nobody connected");
}

#[tokio::test]
async fn the_request_has_the_headers_of_the_page_and_its_cookies_are_kept() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let page = Arc::new(Page::default());
    let (_socket, mut tasks) = open_from(&page, &format!("ws://u:p@{}/", listener.local_addr().unwrap()));
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        stream.write_all(b"HTTP/1.1 403 No\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        String::from_utf8(head).unwrap()
    };
    let (head, task) = tokio::join!(server, tasks.next());
    for header in ["Origin: http://page.example", "Authorization: Basic dTpw", "Cookie: a=1", "User-Agent: test"] {
        assert!(head.contains(&format!("\r\n{header}\r\n")), "{header} is not in {head}");
    }
    assert_eq!(close_of(task), (true, false, 1006));
    assert_eq!(*page.cookies.lock().unwrap(), ["b=2"]);
}

#[test]
fn what_the_constructor_throws_it_throws_at_once() {
    let open = |url: &str, protocols: &[&str]| {
        let protocols: Vec<String> = protocols.iter().map(|protocol| (*protocol).to_owned()).collect();
        Socket::open(url, &protocols, ConnectOptions::default()).err()
    };
    for (url, protocols) in [("/relative", &[][..]), ("ftp://h/", &[]), ("ws://h/#", &[]), ("ws://h/", &["a", "a"])] {
        assert!(matches!(open(url, protocols), Some(Error::Syntax(_))), "{url} {protocols:?}");
    }
}

#[tokio::test]
async fn data_of_every_type_is_sent() {
    let (socket, mut tasks, mut peer) = connected().await;
    socket.send(Data::from("text")).unwrap();
    socket.send(Data::from(vec![1, 2])).unwrap();
    let received = tokio::select! {
        _ = tasks.next() => panic!("a task was given out"),
        received = async { (peer.recv().await.unwrap(), peer.recv().await.unwrap()) } => received,
    };
    assert_eq!(received, (Some(Message::Text("text".into())), Some(Message::Binary(vec![1, 2].into()))));
    socket.close(None);
    assert_eq!(socket.send(Data::from("late")), Err(Error::Discarded(ReadyState::Closing)));
    assert_eq!(socket.buffered_amount(), 4);
}

#[tokio::test]
async fn a_socket_that_is_given_up_before_it_began_connects_to_nobody() {
    let (server, url) = serve().await;
    let (socket, mut tasks) = open(&url);
    socket.terminate();
    assert_eq!(close_of(tasks.next().await), (true, false, 1006));
    assert!(tasks.next().await.is_none());
    let (socket, mut tasks) = open(&url);
    socket.close(None);
    assert_eq!(close_of(tasks.next().await), (true, false, 1006));
    assert!(tasks.next().await.is_none());
    assert!(tokio::time::timeout(Duration::from_millis(50), server.accept()).await.is_err());
}

/// A socket that is paused and has a message to give out.
async fn holding() -> (Socket, Tasks, Connection) {
    let (socket, mut tasks, mut peer) = connected().await;
    socket.pause();
    peer.send("held").await.unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(50), tasks.next()).await.is_err());
    (socket, tasks, peer)
}

#[tokio::test]
async fn a_socket_that_closes_wants_no_message_and_is_held_up_by_none() {
    let (socket, mut tasks, mut peer) = holding().await;
    socket.close(None);
    let (message, task) = tokio::join!(peer.recv(), tasks.next());
    assert!(message.unwrap().is_none());
    assert_eq!(close_of(task), (false, true, 1005));

    let (socket, mut tasks, mut peer) = holding().await;
    drop(socket);
    let (message, task) = tokio::join!(peer.recv(), tasks.next());
    assert!(message.unwrap().is_none());
    assert_eq!(close_of(task), (false, true, 1005));

    let (socket, mut tasks, peer) = holding().await;
    socket.close(None);
    socket.terminate();
    assert_eq!(close_of(tasks.next().await), (true, false, 1006));
    drop(peer);
}

#[tokio::test]
async fn a_transport_that_breaks_is_told_though_a_message_is_held_back() {
    let (socket, mut tasks, peer) = holding().await;
    drop(peer);
    // Nothing is read; but writing shows it, once the peer has said that nobody listens.
    let task = loop {
        let _ = socket.send("anybody there?".into());
        if let Ok(task) = tokio::time::timeout(Duration::from_millis(20), tasks.next()).await {
            break task;
        }
    };
    assert_eq!(close_of(task), (true, false, 1006));
}

/// Asks the socket when it is woken, as a callback of a host may.
struct Asking(Arc<Socket>);

impl Wake for Asking {
    fn wake(self: Arc<Self>) {
        let _ = self.0.unwritten();
    }
}

#[tokio::test]
async fn a_waker_may_ask_the_socket() {
    let (socket, mut tasks, _peer) = connected().await;
    let socket = Arc::new(socket);
    let waker = Waker::from(Arc::new(Asking(Arc::clone(&socket))));
    socket.send(vec![0; 8 << 20].into()).unwrap();
    let mut written = Box::pin(socket.written(0));
    assert!(written.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    for _ in 0..100 {
        assert!(tasks.poll_next(&mut Context::from_waker(&waker)).is_pending());
    }
    assert!(socket.unwritten() < 8 << 20);
}
