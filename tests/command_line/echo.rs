//! `isosocket echo`.

use std::net::TcpListener;

use ws_core::Message;
use ws_native::{ConnectOptions, Connection, Roots, Tls, TlsOptions, certificates_from_pem};
use ws_test_server::Authority;

use super::{echo_server, run};

#[tokio::test]
async fn it_sends_back_text_and_bytes_to_many() {
    let (_server, url) = echo_server(&[]).await;
    let mut options = ConnectOptions::default();
    options.protocols = vec!["chat".into(), "talk".into()];
    let mut connections = Vec::new();
    for _ in 0..3 {
        connections.push(Connection::connect(&url, &options).await.unwrap());
    }
    for connection in &mut connections {
        assert_eq!(connection.established().protocol.as_deref(), Some("chat"));
        assert_eq!(connection.established().extensions.split(';').next(), Some("permessage-deflate"));
        connection.feed("grüß dich").unwrap();
        connection.feed(vec![0, 255, 7]).unwrap();
        assert_eq!(connection.recv().await.unwrap(), Some(Message::Text("grüß dich".into())));
        assert_eq!(connection.recv().await.unwrap(), Some(Message::Binary(vec![0, 255, 7].into())));
        connection.close(None).await.unwrap();
        assert_eq!(connection.recv().await.unwrap(), None);
    }
}

#[tokio::test]
async fn it_does_not_compress_if_it_is_told_so() {
    let (_server, url) = echo_server(&["--no-deflate"]).await;
    let connection = Connection::connect(&url, &ConnectOptions::default()).await.unwrap();
    assert_eq!(connection.established().extensions, "");
}

#[tokio::test]
async fn it_speaks_tls_with_a_certificate() {
    let authority = Authority::new().unwrap();
    let folder = super::Folder::new();
    let (cert, key) = (folder.write("cert.pem", authority.certificate()), folder.write("key.pem", authority.key()));
    let (_server, url) = echo_server(&["--cert", &cert, "--key", &key]).await;
    assert!(url.starts_with("wss://127.0.0.1:"), "{url}");
    let mut tls = TlsOptions::default();
    tls.roots = Roots::Own(certificates_from_pem(authority.root().as_bytes()).unwrap());
    let mut options = ConnectOptions::default();
    options.tls = Some(Tls::new(tls).unwrap());
    let mut connection = Connection::connect(&url, &options).await.unwrap();
    connection.send("secret").await.unwrap();
    assert_eq!(connection.recv().await.unwrap(), Some(Message::Text("secret".into())));
}

#[tokio::test]
async fn it_says_what_an_address_is() {
    for address in ["localhost:9001", "9001", "127.0.0.1"] {
        let ended = run(&["echo", "--addr", address], "").await;
        assert_eq!((ended.code, ended.text()), (Some(2), ""), "{address}");
        let expected = "an IP address and a port are wanted, such as 127.0.0.1:9001";
        assert!(ended.stderr.contains(expected), "{address}: {}", ended.stderr);
    }
    let ended = run(&["serve", "--host", "localhost"], "").await;
    assert_eq!((ended.code, ended.text()), (Some(2), ""));
    assert!(ended.stderr.contains("an IP address is wanted, such as 127.0.0.1"), "{}", ended.stderr);
}

#[tokio::test]
async fn it_says_what_keeps_it_from_listening() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = run(&["echo", "--addr", &address], "").await;
    assert_eq!((ended.code, ended.text()), (Some(1), ""));
    assert!(ended.stderr.starts_with(&format!("isosocket: cannot listen on {address} (")), "{}", ended.stderr);
    assert!(ended.stderr.contains("choose another address with --addr"), "{}", ended.stderr);

    let ended = run(&["echo", "--addr", "127.0.0.1:0", "--cert", "/nowhere.pem", "--key", "/nowhere.pem"], "").await;
    assert_eq!((ended.code, ended.text()), (Some(1), ""));
    assert!(ended.stderr.starts_with("isosocket: /nowhere.pem: "), "{}", ended.stderr);
}
