//! The server of ws-native that clients and proxies are pointed at.

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use ws_core::{CloseCode, Failure, Message};
use ws_native::proto::{Closed, Config, Established};
use ws_native::{Accepted, Incoming, Server};

use crate::Certificate;

/// A server in this process that sends back what it receives. It picks the first subprotocol offered, and closes with the
/// code and the reason of a text such as "close 4002 enough".
pub struct EchoServer {
    port: u16,
    ended: UnboundedReceiver<Ended>,
    serving: JoinHandle<()>,
}

/// What was agreed on with a client, and how its connection ended.
type Ended = (Established, Result<Closed, Failure>);

impl EchoServer {
    /// Listens on a port of the loopback interface.
    pub async fn start() -> Self {
        Self::start_with(Config::default()).await
    }

    /// The same, with these bounds.
    pub async fn start_with(config: Config) -> Self {
        Self::serve(Server::bind("127.0.0.1:0").await.unwrap().config(config))
    }

    /// The same, over TLS and with HTTP/2.
    pub async fn start_secure(certificate: &Certificate) -> Self {
        Self::serve(
            Server::bind("127.0.0.1:0").await.unwrap().tls(certificate.identity().into_server_config().unwrap()),
        )
    }

    fn serve(server: Server) -> Self {
        let port = server.local_address().unwrap().port();
        let (report, ended) = unbounded_channel();
        let serving = tokio::spawn(async move {
            loop {
                tokio::spawn(serve_all(server.accept().await.unwrap(), report.clone()));
            }
        });
        Self { port, ended, serving }
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Waits until a connection has ended.
    pub async fn ended(&mut self) -> Ended {
        self.ended.recv().await.expect("the server runs")
    }
}

impl Drop for EchoServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve_all(accepted: Accepted, report: UnboundedSender<Ended>) {
    // Who only looks whether the port is open makes no request.
    let Ok(mut requests) = accepted.requests().await else { return };
    while let Some(Ok(incoming)) = requests.next().await {
        tokio::spawn(serve(incoming, report.clone()));
    }
}

async fn serve(incoming: Incoming, report: UnboundedSender<Ended>) {
    let protocol = incoming.request().protocols().next().map(str::to_owned);
    let Ok(mut connection) = incoming.accept(protocol.as_deref()).await else { return };
    let ended = loop {
        let done = match connection.recv().await {
            Ok(Some(Message::Text(text))) if text.starts_with("close ") => {
                let mut words = text.splitn(3, ' ').skip(1);
                let code = CloseCode::new(words.next().and_then(|code| code.parse().ok()).expect("a code"));
                connection.close(Some((code, words.next().unwrap_or_default()))).await
            }
            Ok(Some(message)) => connection.feed(message),
            Ok(None) => break Ok(connection.closed().cloned().expect("it is closed")),
            Err(failure) => break Err(failure),
        };
        if let Err(failure) = done {
            break Err(failure);
        }
    };
    // A test that has ended does not ask.
    let _ = report.send((connection.established().clone(), ended));
}
