//! `isosocket connect`: how it ends, and what holds it up.

use std::io::{BufRead as _, BufReader as Lines};
use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::Child;
use tokio::time::timeout;
use ws_core::CloseCode;
use ws_native::Server;
use ws_native::proto::Part;

use super::support::{reported, unique_id, url};
use super::{LIMIT, end, isosocket, line, run};

/// A program that cannot go on for so long is held up.
const STALL: Duration = Duration::from_secs(1);

/// Presses Ctrl-C.
pub(super) fn interrupt(child: &Child) {
    signal(child, "-INT");
}

fn signal(child: &Child, signal: &str) {
    let pid = child.id().expect("it runs").to_string();
    assert!(std::process::Command::new("kill").args([signal, &pid]).status().unwrap().success());
}

/// A program that talks to this path and goes on.
fn connected(path: &str) -> Child {
    let url = url(path);
    isosocket(&["connect", &url, "--wait", "forever"]).stdin(Stdio::piped()).spawn().unwrap()
}

#[tokio::test]
async fn the_exit_code_says_how_the_server_closed() {
    for (query, code, expected) in [
        ("", 0, "no code"),
        ("code=1000", 0, "1000"),
        ("code=1000&reason=done", 0, "1000: done"),
        ("code=1001", 1, "1001"),
        ("code=4000&reason=not%20like%20this", 1, "4000: not like this"),
        // What would be another line, or a command to the terminal, is neither.
        ("code=4000&reason=a%0Ab%1B%5B2J%E2%80%AE", 1, r"4000: a\nb\u{1b}[2J\u{202e}"),
    ] {
        let ended = run(&["connect", &url(&format!("/close?{query}")), "--wait", "forever"], "").await;
        assert_eq!((ended.code, ended.text()), (Some(code), ""), "{query}");
        let last = ended.stderr.lines().last().unwrap();
        assert_eq!(last, format!("isosocket: the server closed with {expected}"), "{query}");
    }
}

#[tokio::test]
async fn what_the_server_says_to_the_end_of_the_input_is_in_the_exit_code() {
    // Behind the Close frame of this program one with 1001, with 1008 and with none.
    for (close, code, expected) in [("880203e9", 0, "1001"), ("880203f0", 1, "1008"), ("8800", 0, "no code")] {
        let ended = run(&["connect", &url(&format!("/frames?then={close}")), "--wait", "0"], "").await;
        assert_eq!(ended.stderr.lines().last(), Some(format!("isosocket: closed with {expected}").as_str()));
        assert_eq!((ended.code, ended.text()), (Some(code), ""), "{expected}");
    }
}

#[tokio::test]
async fn after_an_interrupt_the_server_may_say_what_it_likes() {
    let mut child = connected("/frames?then=880203f0");
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    line(&mut stderr).await;
    interrupt(&child);
    assert_eq!(line(&mut stderr).await, "isosocket: closing; Ctrl-C once more ends it at once\n");
    assert_eq!(line(&mut stderr).await, "isosocket: closed with 1008\n");
    assert_eq!(end(child).await.code, Some(0));
}

#[tokio::test]
async fn a_message_that_is_arriving_is_no_silence() {
    let server = Server::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", server.local_address().unwrap());
    let child = isosocket(&["connect", &url, "--wait", "2"]).spawn().unwrap();
    let serving = async {
        let mut connection = server.accept().await.unwrap().request().await.unwrap().accept(None).await.unwrap();
        // For longer than the program waits.
        for _ in 0..30 {
            connection.send_part(Part::Text { text: "grüß ".into(), last: false }).await.unwrap();
            let read = timeout(Duration::from_millis(100), connection.recv()).await;
            assert!(read.is_err(), "it is closed before the message has ended: {read:?}");
        }
        connection.send_part(Part::Text { text: "dich".into(), last: true }).await.unwrap();
        assert_eq!(connection.recv().await.unwrap(), None);
        connection.closed().unwrap().code()
    };
    let (ended, code) = tokio::join!(end(child), serving);
    assert_eq!((ended.code, ended.text()), (Some(0), format!("{}dich\n", "grüß ".repeat(30)).as_str()));
    assert_eq!(code, CloseCode::NORMAL);
}

#[tokio::test]
async fn a_message_that_is_cut_off_is_not_written() {
    // A message, and the first frame of another: text, and bytes.
    for frames in ["81017801027879", "8201780202a0ff"] {
        let expected = if frames.starts_with("81") { "x\n" } else { "78\n" };
        let ended = run(&["connect", &url(&format!("/frames?hex={frames}8800")), "--wait", "forever"], "").await;
        assert_eq!((ended.code, ended.text()), (Some(0), expected), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn a_connection_that_is_lost_is_a_failure() {
    for arguments in [&["--wait", "forever"][..], &["--wait", "0"]] {
        // The second one is lost while the program closes it.
        let path = if arguments[1] == "0" { "/frames" } else { "/drop" };
        let ended = run(&[&["connect", &url(path)], arguments].concat(), "hi\n").await;
        assert_eq!((ended.code, ended.text()), (Some(1), ""), "{path}");
        let last = ended.stderr.lines().last().unwrap();
        assert_eq!(last, "isosocket: the peer ended the connection without a Close frame", "{path}");
    }
}

#[tokio::test]
async fn a_server_that_breaks_the_protocol_is_told_of() {
    // What came before is written.
    let ended = run(&["connect", &url("/frames?hex=8101788300"), "--wait", "forever"], "").await;
    assert_eq!((ended.code, ended.text()), (Some(1), "x\n"));
    let last = ended.stderr.lines().last().unwrap();
    assert_eq!(last, "isosocket: the peer broke the protocol: the opcode 0x3 is reserved");
}

#[tokio::test]
async fn an_interrupt_or_termination_closes_the_connection() {
    for name in ["-INT", "-TERM"] {
        let id = unique_id();
        let mut child = connected(&format!("/report?id={id}"));
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        assert!(line(&mut stderr).await.starts_with("isosocket: connected to "));
        signal(&child, name);
        assert_eq!(line(&mut stderr).await, "isosocket: closing; Ctrl-C once more ends it at once\n");
        assert_eq!(line(&mut stderr).await, "isosocket: closed with 1000\n");
        assert_eq!(end(child).await.code, Some(0), "{name}");
        assert_eq!(reported(&id).await, "clean 1000 ", "{name}");
    }
}

#[tokio::test]
async fn a_second_interrupt_ends_the_program() {
    let mut child = connected("/slow");
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    line(&mut stderr).await;
    interrupt(&child);
    assert_eq!(line(&mut stderr).await, "isosocket: closing; Ctrl-C once more ends it at once\n");
    interrupt(&child);
    assert_eq!(end(child).await.code, Some(130));
}

#[tokio::test]
async fn an_interrupt_before_there_is_a_connection_ends_the_program() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let child = isosocket(&["connect", &url]).spawn().unwrap();
    let (stream, _) = listener.accept().unwrap();
    let head = Lines::new(&stream).lines().map(Result::unwrap).take_while(|line| !line.is_empty());
    assert!(head.count() > 1);
    interrupt(&child);
    let ended = end(child).await;
    assert_eq!((ended.code, ended.text(), ended.stderr.as_str()), (Some(130), "", ""));
}

#[tokio::test]
async fn an_output_that_nobody_reads_any_more_ends_it_quietly() {
    let mut child = connected("/burst?count=200000");
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    assert_eq!(line(&mut stdout).await, "0\n");
    drop(stdout);
    let ended = end(child).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(ended.stderr.lines().skip(1).collect::<Vec<_>>(), ["isosocket: closed"]);
}

#[tokio::test]
async fn nobody_need_read_what_is_no_message() {
    let mut child = isosocket(&["connect", &url("/order")]).spawn().unwrap();
    drop(child.stderr.take());
    let ended = end(child).await;
    assert_eq!((ended.code, ended.text()), (Some(0), "one\ntwo\nthree\n"));
}

#[tokio::test]
async fn a_slow_output_stops_the_server() {
    let id = unique_id();
    let mut child = connected(&format!("/flood?count=4000&size=16384&id={id}"));
    let sent: usize = reported(&format!("{id}%20stalled")).await.parse().unwrap();
    assert!(sent < 3000, "{sent}");
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    for number in 0..4000 {
        assert_eq!(line(&mut stdout).await, format!("{number:<16384}\n"));
    }
    // The end of the input, for which it waits: it closes by an interrupt.
    interrupt(&child);
    assert_eq!(end(child).await.code, Some(0));
}

#[tokio::test]
async fn an_output_that_is_slow_is_no_silence() {
    let id = unique_id();
    let url = url(&format!("/flood?count=4000&size=16384&id={id}"));
    let mut child = isosocket(&["connect", &url, "--wait", "0.2"]).stdin(Stdio::null()).spawn().unwrap();
    // Which takes longer than it waits.
    reported(&format!("{id}%20stalled")).await;
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    for number in 0..4000 {
        assert_eq!(line(&mut stdout).await, format!("{number:<16384}\n"));
    }
    assert_eq!(end(child).await.code, Some(0));
}

#[tokio::test]
async fn a_slow_server_stops_the_input() {
    let id = unique_id();
    let url = url(&format!("/hold?id={id}"));
    let mut child = isosocket(&["connect", &url, "--no-deflate"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let line = [&[b'x'; 65_535][..], b"\n"].concat();
    let mut bytes = 0;
    let mut rest = &line[..];
    while let Ok(written) = timeout(STALL, stdin.write(rest)).await {
        let written = written.unwrap();
        bytes += written;
        assert!(bytes < 64 << 20, "it reads on and on");
        rest = match &rest[written..] {
            [] => &line,
            rest => rest,
        };
    }
    let released = super::support::connect(&format!("/release?id={id}"));
    let mut stdout = child.stdout.take().unwrap();
    let reading = async {
        let mut received = Vec::new();
        stdout.read_to_end(&mut received).await.unwrap();
        received
    };
    let finishing = async {
        stdin.write_all(rest).await.unwrap();
        bytes += rest.len();
        drop(stdin);
    };
    let (received, ()) = timeout(LIMIT, async { tokio::join!(reading, finishing) }).await.unwrap();
    assert_eq!(received.len(), bytes);
    assert_eq!(end(child).await.code, Some(0));
    let messages = bytes / line.len();
    let expected = format!("{messages} messages, {} bytes, clean 1000 ", bytes - messages);
    assert_eq!(reported(&format!("{id}%20ended")).await, expected);
    drop(released);
}
