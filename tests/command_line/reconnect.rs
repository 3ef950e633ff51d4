//! `isosocket connect --reconnect`.

use std::process::Stdio;

use tokio::io::{AsyncWriteExt as _, BufReader};
use ws_core::{CloseCode, Failure, Message};
use ws_native::{Connection, Server};

use super::support::url;
use super::{end, isosocket, line, nowhere, run};

const SOON: [&str; 3] = ["--reconnect", "--retry-delay", "0.01"];

async fn accept(server: &Server) -> Result<Connection, Failure> {
    server.accept().await.unwrap().request().await?.accept(None).await
}

#[tokio::test]
async fn a_connection_that_is_lost_is_followed_by_another() {
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", server.local_address().unwrap());
    let mut command = isosocket(&[&["connect", &url][..], &SOON].concat());
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));

    let mut first = accept(&server).await.unwrap();
    first.send("a").await.unwrap();
    assert_eq!(line(&mut stdout).await, "a\n");
    stdin.write_all(b"one\n").await.unwrap();
    assert_eq!(first.recv().await.unwrap(), Some(Message::Text("one".into())));
    drop(first);

    let mut second = accept(&server).await.unwrap();
    second.send("b").await.unwrap();
    assert_eq!(line(&mut stdout).await, "b\n");
    stdin.write_all(b"two\n").await.unwrap();
    assert_eq!(second.recv().await.unwrap(), Some(Message::Text("two".into())));
    second.close(Some((CloseCode::NORMAL, "enough"))).await.unwrap();
    assert_eq!(second.recv().await.unwrap(), None);

    let ended = end(child).await;
    assert_eq!(ended.code, Some(0));
    let lines: Vec<&str> = ended.stderr.lines().collect();
    assert_eq!(lines.len(), 5, "{lines:?}");
    assert!(lines[2].starts_with("isosocket: connecting again in "), "{lines:?}");
    assert_eq!(lines[4], "isosocket: the server closed with 1000: enough");
}

#[tokio::test]
async fn the_input_waits_for_a_connection() {
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", server.local_address().unwrap());
    let serving = async {
        for _ in 0..2 {
            server.accept().await.unwrap().request().await.unwrap().refuse(503, "later").await.unwrap();
        }
        let mut connection = accept(&server).await.unwrap();
        while let Some(message) = connection.recv().await.unwrap() {
            connection.feed(message).unwrap();
        }
    };
    let arguments = [&["connect", &url, "--wait", "0"][..], &SOON].concat();
    let (ended, ()) = tokio::join!(run(&arguments, "hi\nthere\n"), serving);
    assert_eq!((ended.code, ended.text()), (Some(0), "hi\nthere\n"));
    assert_eq!(ended.stderr.matches("the server answered with status 503\n").count(), 2, "{}", ended.stderr);
}

#[tokio::test]
async fn it_gives_up_when_it_is_told_to() {
    let url = format!("ws://{}/", nowhere());
    let ended = run(&[&["connect", &url, "--max-retries", "2"][..], &SOON].concat(), "").await;
    assert_eq!(ended.code, Some(1));
    assert_eq!(ended.stderr.matches("isosocket: cannot connect to ").count(), 3, "{}", ended.stderr);
    assert_eq!(ended.stderr.matches("isosocket: connecting again in ").count(), 2, "{}", ended.stderr);
}

#[tokio::test]
async fn it_does_not_try_again_what_would_end_the_same() {
    for (code, expected) in [(1000, 0), (1008, 1)] {
        let url = url(&format!("/close?code={code}"));
        let ended = run(&[&["connect", &url, "--wait", "forever"][..], &SOON].concat(), "").await;
        assert_eq!(ended.code, Some(expected));
        assert!(!ended.stderr.contains("connecting again"), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn an_interrupt_ends_the_waiting() {
    let url = format!("ws://{}/", nowhere());
    let mut child = isosocket(&["connect", &url, "--reconnect", "--retry-delay", "30"]).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    assert!(line(&mut stderr).await.starts_with("isosocket: cannot connect to "));
    // From 30 to 150 seconds.
    assert!(line(&mut stderr).await.starts_with("isosocket: connecting again in "));
    super::ending::interrupt(&child);
    assert_eq!(end(child).await.code, Some(130));
}
