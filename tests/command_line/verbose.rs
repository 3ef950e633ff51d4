//! `isosocket connect --verbose`: what goes over the wire.

use super::support::url;
use super::{Ended, echo_server, run};

/// The lines that show what went this way. The two ways are independent of each other.
fn shown(ended: &Ended, way: &str) -> Vec<String> {
    ended.stderr.lines().filter_map(|line| line.strip_prefix(way)).map(str::to_owned).collect()
}

/// A line as it is in every run: keys are taken at random.
fn without_keys(line: String) -> String {
    match line.split_once(": ") {
        Some((name @ ("Sec-WebSocket-Key" | "Sec-WebSocket-Accept"), _)) => format!("{name}: (key)"),
        _ => line,
    }
}

#[tokio::test]
async fn heads_and_frames_are_shown() {
    // Text of two frames and a ping; and when that is answered, a Close frame.
    let url = url("/frames?hex=0101788001798900&then=880503e8627965");
    let authority = url["ws://".len()..].split('/').next().unwrap();
    for option in ["--verbose", "-v"] {
        let headers = ["--header", "authorization: Bearer secret", "--header", "Cookie: id=secret"];
        let arguments = [&["connect", &url, "--no-deflate", "--wait", "forever", option][..], &headers].concat();
        let ended = run(&arguments, "").await;
        assert_eq!((ended.code, ended.text()), (Some(0), "xy\n"));
        let sent: Vec<String> = shown(&ended, "> ").into_iter().map(without_keys).collect();
        let expected = [
            "GET /frames?*** HTTP/1.1",
            &format!("Host: {authority}"),
            "Connection: Upgrade",
            "Pragma: no-cache",
            "Cache-Control: no-cache",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: (key)",
            "authorization: ***",
            "Cookie: ***",
            "Pong, FIN, length 0",
            "Close, FIN, length 2, code 1000",
        ];
        assert_eq!(sent, expected);
        let received: Vec<String> = shown(&ended, "< ").into_iter().map(without_keys).collect();
        let expected = [
            "HTTP/1.1 101 Switching Protocols",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Accept: (key)",
            "Text, length 1",
            "Continuation, FIN, length 1",
            "Ping, FIN, length 0",
            "Close, FIN, length 5, code 1000: bye",
        ];
        assert_eq!(received, expected);
    }
}

#[tokio::test]
async fn the_head_of_a_refusal_is_shown() {
    let ended = run(&["connect", &url("/status?code=404"), "-v"], "").await;
    assert_eq!((ended.code, ended.text()), (Some(1), ""));
    assert_eq!(shown(&ended, "< "), ["HTTP/1.1 404 Test", "Location: /echo", "Content-Length: 0"]);
    let last = ended.stderr.lines().last();
    assert_eq!(last, Some("isosocket: the opening handshake failed: the server answered with status 404"));
}

#[tokio::test]
async fn what_is_compressed_is_shown_as_such() {
    let (_server, url) = echo_server(&[]).await;
    let ended = run(&["connect", &url, "--wait", "0", "-v"], "round and round ".repeat(1000)).await;
    assert_eq!(ended.code, Some(0));
    for way in ["> ", "< "] {
        let shown = shown(&ended, way);
        let [.., text, close] = &shown[..] else { panic!("{shown:?}") };
        assert!(text.starts_with("Text, FIN, length ") && text.ends_with(", compressed"), "{shown:?}");
        assert_eq!(close, "Close, FIN, length 2, code 1000");
    }
}

#[tokio::test]
async fn what_commands_a_terminal_is_not_shown_as_it_is() {
    // A Close frame with a reason, of a code that no frame may have, and whose reason is no text.
    for (frame, expected) in [("880403e81b63", "code 1000: \\u{1b}c"), ("880403edff63", "code 1005: \u{fffd}c")] {
        let ended = run(&["connect", &url(&format!("/frames?hex={frame}")), "-v", "--wait", "forever"], "").await;
        let expected = format!("Close, FIN, length 4, {expected}");
        assert!(shown(&ended, "< ").contains(&expected), "{}", ended.stderr);
    }
}
