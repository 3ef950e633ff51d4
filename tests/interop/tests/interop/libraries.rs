//! Other libraries as clients of our server and as servers of our client.

use ws_core::Message;
use ws_interop::{EchoServer, Language, close, closed_by_peer, connect, exchange, in_time};

/// Our client with a server of the other library.
async fn our_client(theirs: Language, deflate: bool) {
    let (mut peer, port) = theirs.server(deflate).await;

    let mut connection = connect(port).await;
    assert_eq!(connection.established().protocol.as_deref(), Some("chat.v2"));
    assert_eq!(connection.established().extensions.starts_with("permessage-deflate"), deflate);
    exchange(&mut connection).await;
    connection.send("ping me").await.unwrap();
    let Some(Message::Text(pong)) = in_time(connection.recv()).await.unwrap() else { panic!("the pong's payload") };
    assert!(pong.starts_with("from ws") || pong.starts_with("from websockets"), "{pong}");
    let closed = close(&mut connection, 4001, "done").await;
    assert_eq!((closed.clean, closed.code().get(), closed.reason()), (true, 4001, "done"));
    assert_eq!(peer.report().await, "4001 done");

    let mut connection = connect(port).await;
    connection.send("close 4002 enough").await.unwrap();
    let closed = closed_by_peer(&mut connection).await;
    assert_eq!((closed.clean, closed.code().get(), closed.reason()), (true, 4002, "enough"));
    assert!(peer.report().await.starts_with("4002"));
}

/// Our server with clients of the other library.
async fn our_server(theirs: Language, deflate: bool) {
    let mut server = EchoServer::start().await;
    // Our server answers a Close frame with its code, and without its reason.
    for (end, reported, code, reason) in
        [("close 4001 done", "4001", 4001, "done"), ("ask 4002 enough", "4002 enough", 4002, "")]
    {
        let mut peer = theirs.client(server.port(), deflate, end);
        let agreed = peer.report().await;
        assert!(agreed.starts_with("chat.v2"), "{agreed}");
        assert_eq!(agreed.contains("permessage-deflate"), deflate, "{agreed}");
        assert_eq!(peer.report().await, "ready");
        assert_eq!(peer.report().await.trim(), reported);

        let (established, ended) = in_time(server.ended()).await;
        assert_eq!(established.protocol.as_deref(), Some("chat.v2"));
        assert_eq!(established.extensions.starts_with("permessage-deflate"), deflate);
        let closed = ended.unwrap();
        assert!(closed.clean);
        assert_eq!(closed.code().get(), code);
        // Libraries differ in whether they repeat the reason.
        if !reason.is_empty() {
            assert_eq!(closed.reason(), reason);
        }
    }
}

#[tokio::test]
async fn our_client_and_the_server_of_ws() {
    our_client(Language::JavaScript, false).await;
}

#[tokio::test]
async fn our_client_and_the_server_of_ws_with_compression() {
    our_client(Language::JavaScript, true).await;
}

#[tokio::test]
async fn our_server_and_the_client_of_ws() {
    our_server(Language::JavaScript, false).await;
}

#[tokio::test]
async fn our_server_and_the_client_of_ws_with_compression() {
    our_server(Language::JavaScript, true).await;
}

#[tokio::test]
async fn our_client_and_the_server_of_python_websockets() {
    our_client(Language::Python, false).await;
}

#[tokio::test]
async fn our_client_and_the_server_of_python_websockets_with_compression() {
    our_client(Language::Python, true).await;
}

#[tokio::test]
async fn our_server_and_the_client_of_python_websockets() {
    our_server(Language::Python, false).await;
}

#[tokio::test]
async fn our_server_and_the_client_of_python_websockets_with_compression() {
    our_server(Language::Python, true).await;
}
