//! Sockets that connect again, over TCP and with threads: what the tests of both targets cannot show.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod causes;
mod clock;
mod outbox;
mod panics;
#[path = "../peer/mod.rs"]
mod peer;
mod runtimes;
mod turns;

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use ws_core::{Event, EventKind, ReconnectConfig};
use ws_native::proto::Config;
use ws_native::{Connection, Native};

use peer::{accept, listen, read_head};

type Socket = ws_core::ReconnectingWebSocket<Native>;
type Builder = ws_core::ReconnectingBuilder<Native>;

/// No test takes as long as this.
const LONG: Duration = Duration::from_secs(30);

/// Connects again at once.
fn soon() -> ReconnectConfig {
    let mut config = ReconnectConfig::default();
    config.min_reconnection_delay = Duration::from_millis(1);
    config.max_reconnection_delay = Duration::from_millis(2);
    config
}

/// What a socket tells, in words.
struct Told(UnboundedReceiver<String>);

impl Told {
    async fn next(&mut self) -> String {
        self.0.recv().await.expect("the socket is there, and tells something")
    }

    /// The next events are these.
    #[track_caller]
    fn are<const N: usize>(&mut self, expected: [&str; N]) -> impl Future<Output = ()> {
        let place = std::panic::Location::caller();
        let expected = expected.map(str::to_owned);
        async move {
            let mut told = Vec::new();
            while told.len() < N {
                match tokio::time::timeout(LONG, self.0.recv()).await {
                    Ok(Some(event)) => told.push(event),
                    _ => break,
                }
            }
            assert_eq!(told, expected, "{place}");
        }
    }
}

/// Makes a socket, and tells what it tells.
fn connect(builder: Builder) -> (Socket, Told) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let socket = builder.connect_with(|socket| tell(socket, &sender)).unwrap();
    (socket, Told(receiver))
}

fn tell(socket: &Socket, sender: &UnboundedSender<String>) {
    for kind in [EventKind::Open, EventKind::Message, EventKind::Error, EventKind::Close] {
        let sender = sender.clone();
        // Nobody hears what comes behind a test.
        socket.add_event_listener(kind, move |_, event| drop(sender.send(words(event))));
    }
    let sender = sender.clone();
    socket.set_onreconnecting(move |_, event| drop(sender.send(format!("reconnecting {}", event.attempt))));
}

fn words(event: &Event) -> String {
    match event {
        Event::Open => "open".into(),
        Event::Message(event) => format!("message {}", event.data.as_text().unwrap_or("binary")),
        Event::Error => "error".into(),
        Event::Close(event) => format!("close {}", event.code.get()),
    }
}

/// The connection that comes next.
async fn served(listener: &TcpListener) -> Connection<TcpStream> {
    Connection::server_established(accept(listener).await, Config::default())
}

/// The next message.
async fn text(connection: &mut Connection<TcpStream>) -> String {
    let message = connection.recv().await.unwrap().expect("a message");
    ws_core::Data::from(message).as_text().unwrap().to_owned()
}
