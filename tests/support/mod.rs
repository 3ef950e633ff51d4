//! What the tests of both targets share: the test server's address, and a socket's events as a stream.
#![allow(dead_code, unreachable_pub, reason = "each test file is a crate of its own and uses a part of this")]

use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures_util::StreamExt as _;
use isosocket::{Builder, CloseCode, CloseEvent, Data, ReadyState, WebSocket};

/// Marks an asynchronous test to run natively and in browsers:
/// `#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test)] #[cfg_attr(not(target_arch = "wasm32"), tokio::test)]`.
#[cfg(target_arch = "wasm32")]
pub use wasm_bindgen_test::wasm_bindgen_test;

/// The URL of a path of the test server.
#[cfg(target_arch = "wasm32")]
pub fn url(path: &str) -> String {
    match option_env!("ISOSOCKET_TEST_SERVER") {
        Some(server) => format!("{server}{path}"),
        None => {
            panic!("build these tests with ISOSOCKET_TEST_SERVER set to a running ws-test-server: `make test-browser`")
        }
    }
}

/// The URL of a path of the test server, which runs on a thread of this process.
#[cfg(not(target_arch = "wasm32"))]
pub fn url(path: &str) -> String {
    use std::sync::{LazyLock, mpsc};
    static SERVER: LazyLock<String> = LazyLock::new(|| {
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let server = ws_test_server::TestServer::bind(([127, 0, 0, 1], 0).into()).await.unwrap();
                sender.send(format!("ws://{}", server.local_address().unwrap())).unwrap();
                server.serve().await.unwrap();
            });
        });
        receiver.recv().unwrap()
    });
    format!("{}{path}", *SERVER)
}

/// An id that no other connection to the test server has.
pub fn unique_id() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    // The stack differs between test binaries; in browsers they run one after the other against the same server.
    format!("{}-{}-{next}", module_path!().replace("::", "-"), random())
}

#[cfg(target_arch = "wasm32")]
fn random() -> u64 {
    (js_sys::Math::random() * 1e15) as u64
}

#[cfg(not(target_arch = "wasm32"))]
fn random() -> u32 {
    std::process::id()
}

/// An event, with the ready state its handler saw.
#[derive(Debug)]
pub enum Seen {
    Open(ReadyState),
    Message(Data, ReadyState),
    Error(ReadyState),
    Close(CloseEvent, ReadyState),
}

/// A socket's events, in order.
pub struct Events(UnboundedReceiver<Seen>);

/// Connects to a path of the test server.
pub fn connect(path: &str) -> (WebSocket, Events) {
    record(WebSocket::builder(url(path)))
}

/// Connects, and records all events.
pub fn record(builder: Builder) -> (WebSocket, Events) {
    let (sender, receiver) = unbounded();
    let socket = builder.connect_with(|socket| record_on(socket, sender)).unwrap();
    (socket, Events(receiver))
}

fn record_on(socket: &WebSocket, sender: UnboundedSender<Seen>) {
    let send = move |seen| {
        // A test that has seen enough does not listen any more.
        let _ = sender.unbounded_send(seen);
    };
    let (on_message, on_error, on_close) = (send.clone(), send.clone(), send.clone());
    socket.set_onopen(move |socket| send(Seen::Open(socket.ready_state())));
    socket.set_onmessage(move |socket, event| on_message(Seen::Message(event.data.clone(), socket.ready_state())));
    socket.set_onerror(move |socket| on_error(Seen::Error(socket.ready_state())));
    socket.set_onclose(move |socket, event| on_close(Seen::Close(event.clone(), socket.ready_state())));
}

impl Events {
    pub async fn next(&mut self) -> Seen {
        self.0.next().await.expect("another event, before the handlers are dropped")
    }

    /// The next event, which must be open.
    pub async fn open(&mut self) {
        let seen = self.next().await;
        assert!(matches!(seen, Seen::Open(ReadyState::Open)), "{seen:?}");
    }

    /// The data of the next event, which must be a message.
    pub async fn message(&mut self) -> Data {
        match self.next().await {
            Seen::Message(data, ReadyState::Open) => data,
            seen => panic!("{seen:?}"),
        }
    }

    /// The text of the next event, which must be a text message.
    pub async fn text(&mut self) -> String {
        self.message().await.as_text().expect("text").to_owned()
    }

    /// The next event, which must be error.
    pub async fn error(&mut self) {
        let seen = self.next().await;
        assert!(matches!(seen, Seen::Error(ReadyState::Closed)), "{seen:?}");
    }

    /// The next event, which must be close, and the last one.
    pub async fn close(&mut self) -> CloseEvent {
        match self.next().await {
            Seen::Close(event, ReadyState::Closed) => {
                assert!(self.0.next().await.is_none(), "nothing comes after close");
                event
            }
            seen => panic!("{seen:?}"),
        }
    }

    /// The next two events, which must be those of a connection that failed.
    pub async fn failure(&mut self) {
        self.error().await;
        let event = self.close().await;
        assert_eq!((event.was_clean, event.code, event.reason.as_str()), (false, CloseCode::ABNORMAL, ""));
    }
}

/// Waits until the test server has seen the end of the connection with this id, and says how it was.
pub async fn reported(id: &str) -> String {
    let (_socket, mut events) = connect(&format!("/reported?id={id}"));
    events.open().await;
    events.text().await
}
