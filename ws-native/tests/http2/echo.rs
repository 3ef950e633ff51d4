//! A server of echoes over HTTP/2.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ws_core::{Failure, Message};
use ws_native::rustls::ServerConfig;
use ws_native::rustls::pki_types::CertificateDer;
use ws_native::{ConnectOptions, Connection, Http2, Identity, Incoming, Roots, Server, Tls, TlsOptions};

/// A certificate for localhost, and what a server shows.
pub(crate) fn identity() -> (CertificateDer<'static>, Arc<ServerConfig>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let identity = Identity::from_pem(made.cert.pem().as_bytes(), made.signing_key.serialize_pem().as_bytes()).unwrap();
    (made.cert.der().clone(), identity.into_server_config().unwrap())
}

pub(crate) fn options(root: CertificateDer<'static>) -> ConnectOptions {
    let mut tls = TlsOptions::default();
    tls.roots = Roots::Own(vec![root]);
    let mut options = ConnectOptions::default();
    options.tls = Some(Tls::new(tls).unwrap());
    options.http2 = Some(Http2::default());
    options
}

/// A server that counts the connections of TCP that it has.
pub(crate) struct Echo {
    pub(crate) url: String,
    pub(crate) connections: Arc<AtomicUsize>,
    pub(crate) root: CertificateDer<'static>,
    pub(crate) options: ConnectOptions,
}

impl Echo {
    pub(crate) fn address(&self) -> SocketAddr {
        let port = self.url.trim_start_matches("wss://localhost:").trim_end_matches("/path").parse().unwrap();
        SocketAddr::from(([127, 0, 0, 1], port))
    }
}

pub(crate) async fn echo(configure: impl FnOnce(Server) -> Server) -> Echo {
    let (root, tls) = identity();
    let server = configure(Server::bind("127.0.0.1:0").await.unwrap().tls(tls));
    let url = format!("wss://localhost:{}/path", server.local_address().unwrap().port());
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        loop {
            let accepted = server.accept().await.unwrap();
            count.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(async move {
                let mut requests = accepted.requests().await?;
                while let Some(incoming) = requests.next().await {
                    tokio::spawn(echo_all(incoming?));
                }
                Ok::<(), Failure>(())
            });
        }
    });
    Echo { url, connections, options: options(root.clone()), root }
}

pub(crate) async fn echo_all(incoming: Incoming) -> Result<(), Failure> {
    assert_eq!(incoming.request().resource(), "/path");
    let protocol = incoming.request().protocols().next().map(str::to_owned);
    let mut connection = incoming.accept_with(protocol.as_deref(), &[("Server", "test")]).await?;
    while let Some(message) = connection.recv().await? {
        connection.feed(message)?;
    }
    Ok(())
}

pub(crate) async fn exchange(connection: &mut Connection) {
    for message in ["hello".to_owned(), "x".repeat(1 << 20)] {
        connection.feed(message.as_str()).unwrap();
        assert_eq!(connection.recv().await.unwrap(), Some(Message::Text(message.into())));
    }
}
