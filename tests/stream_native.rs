//! What a `WebSocketStream` does natively when things go wrong under it, against a peer made by hand.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, mpsc};
use std::task::{Context, Wake, Waker};

use futures_util::FutureExt as _;
use isosocket::{CloseCode, EventKind, Opened, WebSocketError, WebSocketStream};
use support::*;
use ws_native::{ConnectOptions, proto::IncomingRequest};

/// A program may keep them in a lock that several threads share.
#[test]
fn sockets_and_halves_can_be_shared_by_threads() {
    fn is_shared<T: Send + Sync>() {}
    is_shared::<isosocket::WebSocket>();
    is_shared::<isosocket::ReconnectingWebSocket>();
    is_shared::<WebSocketStream>();
    is_shared::<Opened>();
    is_shared::<isosocket::Readable>();
    is_shared::<isosocket::Writable>();
}

/// A ping, and the message "x", as they come in one piece.
const PING_AND_MESSAGE: [u8; 5] = [0x89, 0, 0x81, 1, b'x'];

/// A server that answers one opening handshake, and then does this.
fn serve(behave: impl FnOnce(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
        let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
        let headers = head.iter().filter_map(|line| line.split_once(": ")).collect();
        let accept = IncomingRequest::validate("GET", "/", headers).unwrap().accept_value();
        let answer = "HTTP/1.1 101 Test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ";
        stream.write_all(format!("{answer}{accept}\r\n\r\n").as_bytes()).unwrap();
        behave(stream);
    });
    format!("ws://{address}/")
}

#[tokio::test]
async fn what_came_before_a_failure_is_read_before_it() {
    let (fail, failing) = mpsc::channel::<()>();
    let url = serve(move |mut stream| {
        stream.write_all(&[0x81, 1, b'x'].repeat(50)).unwrap();
        failing.recv().unwrap();
        // There is something it has not read: that resets the connection.
    });
    let stream = WebSocketStream::new(&url).unwrap();
    let Opened { mut readable, mut writable, .. } = stream.opened().await.unwrap();
    assert_eq!(readable.read().await.unwrap().unwrap().as_text(), Some("x"));
    writable.write("a").await.unwrap();
    writable.flush().await.unwrap();
    fail.send(()).unwrap();
    // Writing shows that it is broken, and reading would.
    while writable.write("b").await.is_ok() {
        tokio::task::yield_now().await;
    }
    let mut count = 1;
    let error = loop {
        match readable.read().await.unwrap() {
            Ok(_) => count += 1,
            Err(error) => break error,
        }
    };
    assert_eq!((count, error.close_code()), (50, Some(CloseCode::ABNORMAL)));
}

/// What may wait at the most fails the connection beyond that. A writer has to wait before.
#[tokio::test]
async fn a_writer_waits_before_there_is_more_than_may() {
    let stream = with_send_queue(url("/echo"), 256 << 10);
    let Opened { mut writable, mut readable, .. } = stream.opened().await.unwrap();
    let message = vec![0_u8; 16 << 10];
    let mut count = 0;
    while let Some(written) = writable.write(message.clone()).now_or_never() {
        written.unwrap();
        count += 1;
    }
    // 128 KiB, and the message beyond it.
    assert_eq!(count, 9);
    for _ in 0..count {
        assert_eq!(readable.read().await.unwrap().unwrap().as_binary(), Some(message.as_slice()));
    }
}

/// Messages of 1900 KiB, of which one alone is larger than half of what may wait.
const LARGE: usize = 1900 << 10;

/// A server that begins to read when it is told to, reads as many large messages as these, and says how many came.
fn count_large(most: usize) -> (String, mpsc::Sender<()>, tokio::sync::oneshot::Receiver<usize>) {
    /// Header and mask.
    const FRAME: usize = 14 + LARGE;
    let (begin, beginning) = mpsc::channel::<()>();
    let (count, counted) = tokio::sync::oneshot::channel();
    let url = serve(move |mut stream| {
        beginning.recv().unwrap();
        let (mut piece, mut bytes) = ([0; 16 << 10], 0);
        while bytes < most * FRAME {
            match stream.read(&mut piece).unwrap() {
                0 => break,
                read => bytes += read,
            }
        }
        count.send(bytes / FRAME).unwrap();
        // Until the test is over: a stream that ends sooner may do so before the writer knows that all was taken.
        let _ = beginning.recv();
    });
    (url, begin, counted)
}

fn with_send_queue(url: String, max_send_queue: usize) -> WebSocketStream {
    let mut options = ConnectOptions::default();
    options.config.max_send_queue = max_send_queue;
    options.config.compression = None;
    WebSocketStream::builder(url).options(options).connect().unwrap()
}

/// There is room by the mark, but not for a message that is larger than half of what may wait.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_of_large_messages_waits_until_there_is_room_for_them() {
    let (url, begin, counted) = count_large(30);
    let stream = with_send_queue(url, 2 << 20);
    let Opened { mut writable, readable: _readable, .. } = stream.opened().await.unwrap();
    // As many as the network takes, or what may wait. One that has to wait is not sent.
    let mut written = 0;
    for _ in 0..30 {
        match writable.write(vec![0; LARGE]).now_or_never() {
            Some(result) => result.unwrap(),
            None => break,
        }
        written += 1;
    }
    begin.send(()).unwrap();
    for _ in written..30 {
        writable.write(vec![0; LARGE]).await.unwrap();
    }
    writable.flush().await.unwrap();
    assert_eq!(counted.await.unwrap(), 30);
    drop(begin);
}

#[cfg(feature = "send")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handle_to_large_messages_waits_until_there_is_room_for_them() {
    let (url, begin, counted) = count_large(30);
    let (handle, driver) = isosocket::SendHandle::new(with_send_queue(url, 2 << 20));
    tokio::spawn(driver);
    begin.send(()).unwrap();
    for _ in 0..30 {
        handle.send(vec![0; LARGE]).await.unwrap();
    }
    handle.flush().await.unwrap();
    assert_eq!(counted.await.unwrap(), 30);
    drop(begin);
}

/// They come at any moment of the driver's, also behind its last look at what waits.
#[cfg(feature = "send")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handle_of_another_thread_sends_nothing_for_which_there_is_no_room() {
    const ROUNDS: usize = 20_000;
    let url = serve(|mut stream| drop(std::io::copy(&mut stream, &mut std::io::sink())));
    let (handle, driver) = isosocket::SendHandle::new(with_send_queue(url, 1000));
    tokio::spawn(driver);
    for round in 0..ROUNDS {
        handle.send(vec![0; 600]).await.unwrap();
        for _ in 0..round % 1000 {
            std::hint::spin_loop();
        }
        handle.send(vec![0; 600]).await.unwrap();
        handle.flush().await.unwrap();
    }
}

#[tokio::test]
async fn a_flush_does_not_say_of_lost_messages_that_they_were_sent() {
    for path in ["/drop", "/reset"] {
        let stream = WebSocketStream::builder(url(path)).high_water_mark(1 << 30).connect().unwrap();
        let Opened { readable, mut writable, .. } = stream.opened().await.unwrap();
        drop(readable);
        // More than the networks of both sides take.
        for _ in 0..24 {
            writable.write(vec![0; 1 << 20]).await.unwrap();
        }
        assert_eq!(writable.flush().await.unwrap_err().close_code(), Some(CloseCode::ABNORMAL));
    }
}

#[tokio::test]
async fn a_ping_is_answered_while_messages_are_held_back() {
    let (pong, answered) = tokio::sync::oneshot::channel();
    let url = serve(move |mut stream| {
        stream.write_all(&PING_AND_MESSAGE).unwrap();
        let mut first = [0; 2];
        stream.read_exact(&mut first).unwrap();
        pong.send(first).unwrap();
    });
    let stream = WebSocketStream::new(&url).unwrap();
    let _unread = stream.opened().await.unwrap();
    assert_eq!(answered.await.unwrap(), [0x8a, 0x80]);
}

#[test]
fn nobody_waits_for_a_runtime_that_has_ended() {
    let ended = tokio::runtime::Runtime::new().unwrap();
    let (stream, mut opened) = ended.block_on(async {
        let stream = WebSocketStream::new(&url("/echo")).unwrap();
        let opened = stream.opened().await.unwrap();
        (stream, opened)
    });
    drop(ended);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let errors = [
            stream.closed().await.unwrap_err(),
            opened.readable.read().await.unwrap().unwrap_err(),
            opened.writable.write("x").await.unwrap_err(),
            opened.writable.flush().await.unwrap_err(),
        ];
        for error in errors {
            let failure = error.failure().unwrap().to_string();
            assert!(failure.ends_with("the runtime that ran the socket has ended"), "{failure}");
        }
    });
}

#[tokio::test]
async fn those_who_do_not_wait_any_more_leave_nothing_behind() {
    struct Nobody;
    impl Wake for Nobody {
        fn wake(self: Arc<Self>) {}
    }
    let stream = WebSocketStream::new(&url("/echo")).unwrap();
    let _halves = stream.opened().await.unwrap();
    let nobody = Arc::new(Nobody);
    for _ in 0..10 {
        let waker = Waker::from(Arc::clone(&nobody));
        let mut closed = Box::pin(stream.closed());
        assert!(closed.poll_unpin(&mut Context::from_waker(&waker)).is_pending());
    }
    assert_eq!(Arc::strong_count(&nobody), 1);
}

#[tokio::test]
async fn closing_by_the_sink_waits_until_the_close_frame_is_written() {
    let (frames, received) = tokio::sync::oneshot::channel();
    let url = serve(move |mut stream| {
        let mut bytes = [0; 12];
        stream.read_exact(&mut bytes).unwrap();
        frames.send([bytes[0], bytes[6]]).unwrap();
    });
    let stream = WebSocketStream::new(&url).unwrap();
    let Opened { mut writable, readable, .. } = stream.opened().await.unwrap();
    writable.write("").await.unwrap();
    futures_util::SinkExt::close(&mut writable).await.unwrap();
    // An empty text message, and a Close frame without a body: six bytes each.
    assert_eq!(received.await.unwrap(), [0x81, 0x88]);
    drop((stream, readable, writable));
}

#[cfg(feature = "send")]
#[tokio::test]
async fn what_is_asked_of_a_handle_before_its_driver_runs_is_done_in_order() {
    use isosocket::{ReadyState, SendHandle};
    use ws_core::Backend as _;
    for leaves in [false, true] {
        let id = unique_id();
        let stream = WebSocketStream::new(&url(&format!("/tally?id={id}"))).unwrap();
        while stream.backend().ready_state() == ReadyState::Connecting {
            tokio::task::yield_now().await;
        }
        let (handle, driver) = SendHandle::new(stream);
        handle.send("hello").await.unwrap();
        let expected = if leaves {
            drop(handle);
            driver.await;
            "1 messages, 5 bytes, clean 1005 "
        } else {
            handle.close_with(3001, "bye").unwrap();
            driver.await;
            "1 messages, 5 bytes, clean 3001 bye"
        };
        assert_eq!(reported(&id).await, expected);
    }
}

/// What may wait at the most natively is less than what waits for the driver.
#[cfg(feature = "send")]
#[tokio::test]
async fn what_waits_for_a_driver_goes_out_as_there_is_room_before_the_connection_is_closed() {
    use isosocket::SendHandle;
    for leaves in [false, true] {
        let id = unique_id();
        let (handle, driver) = SendHandle::new(with_send_queue(url(&format!("/tally?id={id}")), 256 << 10));
        // It waits until the connection is established, and is given up if the handle is dropped before.
        let opened = async {
            handle.opened().await.unwrap();
            for _ in 0..40 {
                handle.try_send(vec![0; 16 << 10]).unwrap();
            }
            if leaves {
                drop(handle);
                "40 messages, 655360 bytes, clean 1005 "
            } else {
                handle.close_with(3001, "bye").unwrap();
                "40 messages, 655360 bytes, clean 3001 bye"
            }
        };
        let ((), expected) = futures_util::future::join(driver, opened).await;
        assert_eq!(reported(&id).await, expected);
    }
}

/// A peer that says back what it hears reads on only when it is heard.
#[cfg(feature = "send")]
#[tokio::test]
async fn who_has_left_does_not_hold_up_what_still_goes_out() {
    use isosocket::{SendHandle, SendHandleConfig};
    const MESSAGE: usize = 1 << 20;
    const COUNT: usize = 64;
    const PIECE: usize = 0x4000;
    let mut config = SendHandleConfig::default();
    config.max_bytes = (COUNT * MESSAGE) as u64;
    config.max_messages = COUNT;
    let (done, is_done) = tokio::sync::oneshot::channel();
    let url = serve(move |mut stream| {
        let mut piece = [0; PIECE];
        let mut pieces = 0;
        while pieces < COUNT * MESSAGE / PIECE && stream.read_exact(&mut piece).is_ok() {
            stream.write_all(&[&[0x82, 126, 0x40, 0], piece.as_slice()].concat()).unwrap();
            pieces += 1;
        }
        done.send(pieces).unwrap();
    });
    let (handle, driver) = SendHandle::with_config(with_send_queue(url, 2 << 20), config);
    let opened = async {
        handle.opened().await.unwrap();
        for _ in 0..COUNT {
            handle.try_send(vec![0; MESSAGE]).unwrap();
        }
        drop(handle);
    };
    futures_util::future::join(driver, opened).await;
    assert_eq!(is_done.await.unwrap(), COUNT * MESSAGE / PIECE);
}

#[tokio::test]
async fn a_handler_that_panics_stays_one() {
    let (socket, mut events) = connect("/echo");
    let (sender, calls) = mpsc::channel();
    socket.add_event_listener(EventKind::Message, move |_, _| {
        sender.send(()).unwrap();
        panic!("the program's own mistake");
    });
    events.open().await;
    for text in ["one", "two"] {
        socket.send(text).unwrap();
        assert_eq!(events.text().await, text);
    }
    socket.close();
    events.close().await;
    assert_eq!(calls.iter().count(), 2);
}

#[tokio::test]
async fn the_error_says_what_has_failed() {
    let url = serve(drop);
    let stream = WebSocketStream::new(&url).unwrap();
    let error = stream.closed().await.unwrap_err();
    assert!(matches!(&error, WebSocketError::Closed { failure: Some(_), .. }), "{error:?}");
    assert!(error.to_string().starts_with("the connection was closed with 1006: "), "{error}");
}
