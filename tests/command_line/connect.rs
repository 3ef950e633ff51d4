//! `isosocket connect`: what is sent, what is written, and who is connected to.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::Stdio;

use tokio::io::BufReader;
use tokio::process::Command;
use ws_test_server::{Authority, TestServer};

use super::support::url;
use super::{Folder, echo_server, end, isosocket, line, nowhere, run};

/// Talks to the echo endpoint, until the input has ended and all is sent.
async fn echoed(arguments: &[&str], input: &[u8]) -> super::Ended {
    let url = url("/echo");
    run(&[&["connect", &url, "--wait", "0"], arguments].concat(), input).await
}

#[tokio::test]
async fn lines_are_text_messages_and_what_comes_are_lines() {
    let ended = echoed(&[], "hi\ngrüß dich\r\n\nno end".as_bytes()).await;
    assert_eq!((ended.code, ended.text()), (Some(0), "hi\ngrüß dich\n\nno end\n"));
    let expected = format!("isosocket: connected to {}\nisosocket: closed with 1000\n", url("/echo"));
    assert_eq!(ended.stderr, expected);
}

#[tokio::test]
async fn the_end_of_the_input_leaves_time_for_an_answer() {
    let ended = run(&["connect", &url("/echo")], "hi\n").await;
    assert_eq!((ended.code, ended.text()), (Some(0), "hi\n"));
}

#[tokio::test]
async fn bytes_are_messages_as_they_come_and_are_written_as_they_are() {
    let bytes: Vec<u8> = (0..300_000_u32).map(|number| (number % 251) as u8).collect();
    let ended = echoed(&["--binary"], &bytes).await;
    assert_eq!(ended.code, Some(0));
    assert!(ended.stdout == bytes, "{} bytes", ended.stdout.len());
}

#[tokio::test]
async fn text_is_written_as_it_is_among_bytes() {
    let ended = run(&["connect", &url("/send?text=a%0Ab"), "--binary", "--wait", "0"], "").await;
    assert_eq!((ended.code, ended.text()), (Some(0), "a\nb"));
}

#[tokio::test]
async fn bytes_that_nobody_asked_for_are_hexadecimal_digits() {
    // A binary message, an empty one, text, and a Close frame with 1000.
    let frames = url("/frames?hex=820300a0ff82008101788802") + "03e8";
    let ended = run(&["connect", &frames, "--wait", "forever"], "").await;
    assert_eq!((ended.code, ended.text()), (Some(0), "00a0ff\n\nx\n"));
    assert!(ended.stderr.ends_with("\nisosocket: the server closed with 1000\n"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_message_that_comes_in_parts_is_one() {
    // Of two frames each: a binary message, text that is parted within a character, and a Close frame with 1000.
    let frames = url("/frames?dribble&hex=020200a08001ff0102 78c38001bc 880203e8").replace(' ', "");
    for (arguments, expected) in [(&[][..], &b"00a0ff\nx\xc3\xbc\n"[..]), (&["--binary"], b"\x00\xa0\xffx\xc3\xbc")] {
        let ended = run(&[&["connect", &frames, "--wait", "forever"], arguments].concat(), "").await;
        assert_eq!((ended.code, &ended.stdout[..]), (Some(0), expected), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn who_reads_at_a_terminal_gets_nothing_that_commands_it() {
    // Text, and a Close frame with 1000.
    let frames = url("/frames?hex=8109611b5b324a09620a63880203e8");
    let mut command = Command::new("python3");
    command.args(["-c", "import pty, sys; pty.spawn(sys.argv[1:])", env!("CARGO_BIN_EXE_isosocket"), "connect"]);
    command.args([&frames, "--wait", "forever"]).kill_on_drop(true);
    let ended = end(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()).await;
    // A terminal makes "\r\n" of "\n".
    assert!(ended.text().contains("\r\na\\u{1b}[2J\tb\r\nc\r\n"), "{ended:?}");
}

#[tokio::test]
async fn text_that_is_not_utf8_is_refused_with_its_line() {
    let ended = echoed(&[], b"good\nb\xffd\nunread\n").await;
    assert_eq!((ended.code, ended.text()), (Some(1), "good\n"));
    let last = ended.stderr.lines().last().unwrap();
    assert_eq!(last, "isosocket: line 2 of the input is not UTF-8, as text must be: --binary sends bytes");
}

#[tokio::test]
async fn the_request_is_as_the_options_say() {
    let arguments =
        ["--header", "X-One: a: b", "--header", "X-Two:c", "--origin", "https://example.org", "--no-deflate"];
    let head = url("/head");
    let ended = run(&[&["connect", &head, "--wait", "0"][..], &arguments].concat(), "").await;
    assert_eq!(ended.code, Some(0));
    let head: Vec<&str> = ended.text().lines().map(str::trim_end).collect();
    for expected in ["X-One: a: b", "X-Two: c", "Origin: https://example.org"] {
        assert!(head.contains(&expected), "{head:?}");
    }
    assert!(!ended.text().contains("Sec-WebSocket-Extensions"), "{head:?}");
    assert!(!ended.stderr.contains("extensions"), "{}", ended.stderr);
}

#[tokio::test]
async fn the_subprotocol_is_told() {
    let url = url("/protocol?pick=chat");
    let ended =
        run(&["connect", &url, "--protocol", "talk", "--protocol", "chat", "--no-deflate", "--wait", "0"], "").await;
    assert_eq!(ended.code, Some(0));
    let expected = format!("isosocket: connected to {}, subprotocol chat", url.split('?').next().unwrap());
    assert_eq!(ended.stderr.lines().next(), Some(expected.as_str()));
}

#[tokio::test]
async fn compression_is_told() {
    let (_server, url) = echo_server(&[]).await;
    let text = "round and round ".repeat(1000);
    let ended = run(&["connect", &url, "--wait", "0"], &text).await;
    assert_eq!((ended.code, ended.text().trim_end_matches('\n')), (Some(0), text.as_str()));
    let expected = format!("isosocket: connected to {url}/, extensions permessage-deflate\n");
    assert!(ended.stderr.starts_with(&expected), "{}", ended.stderr);
}

#[tokio::test]
async fn http_is_taken_for_ws_and_neither_a_password_nor_a_token_is_told() {
    let echo = url("/echo?token=secret").replace("ws://", "http://user:secret@");
    let ended = run(&["connect", &echo, "--wait", "0"], "hi\n").await;
    assert_eq!((ended.code, ended.text()), (Some(0), "hi\n"));
    assert!(ended.stderr.contains(&format!("connected to {}", url("/echo"))), "{}", ended.stderr);
    assert!(!ended.stderr.contains("secret"), "{}", ended.stderr);
}

#[tokio::test]
async fn the_servers_authority_is_to_be_known() {
    let authority = Authority::new().unwrap();
    let server = TestServer::bind(([127, 0, 0, 1], 0).into()).await.unwrap().secure(&authority);
    let url = format!("wss://localhost:{}/echo", server.local_address().unwrap().port());
    tokio::spawn(server.serve());
    let folder = Folder::new();
    let (root, other) = (folder.write("root.pem", authority.root()), Authority::new().unwrap());
    let other = folder.write("other.pem", other.root());
    for trust in [&["--ca", &root][..], &["--insecure"]] {
        let ended = run(&[&["connect", &url, "--wait", "0"], trust].concat(), "hi\n").await;
        assert_eq!((ended.code, ended.text()), (Some(0), "hi\n"), "{trust:?} {}", ended.stderr);
    }
    for trust in [&["--ca", &other][..], &[]] {
        let ended = run(&[&["connect", &url, "--wait", "0"], trust].concat(), "hi\n").await;
        assert_eq!((ended.code, ended.text()), (Some(1), ""));
        assert!(ended.stderr.starts_with("isosocket: TLS with localhost failed: "), "{}", ended.stderr);
        let hint = "; --ca FILE names the authority to trust, --insecure takes any certificate\n";
        assert!(ended.stderr.ends_with(hint), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn a_connection_that_cannot_be_made_is_explained() {
    let nowhere = nowhere();
    let (_server, plain) = echo_server(&[]).await;
    let plain = plain.replace("ws:", "wss:");
    for (url, expected) in [
        (format!("ws://{nowhere}/"), format!("cannot connect to {nowhere}: ")),
        ("ws://nobody.invalid/".into(), "the host nobody.invalid cannot be resolved: ".into()),
        (url("/status?code=404"), "the opening handshake failed: the server answered with status 404\n".into()),
        (url("/status?code=302"), "the opening handshake failed: the server answered with status 302\n".into()),
        (url("/garbage"), "the opening handshake failed: the peer does not speak HTTP/1.1 (".into()),
        (url("/abort"), "the opening handshake failed: the connection ended within the opening handshake\n".into()),
        (plain, "127.0.0.1 does not speak TLS on this port: ".into()),
    ] {
        let ended = run(&["connect", &url], "hi\n").await;
        assert_eq!((ended.code, ended.text()), (Some(1), ""), "{url}");
        assert!(ended.stderr.starts_with(&format!("isosocket: {expected}")), "{url}: {}", ended.stderr);
    }
}

#[tokio::test]
async fn what_is_no_argument_is_refused() {
    let url = "ws://127.0.0.1:1/";
    for (arguments, expected) in [
        (&["127.0.0.1:9001"][..], "; is it ws://127.0.0.1:9001 that is meant?"),
        (&["localhost:9001/a"], "; is it ws://localhost:9001/a that is meant?"),
        (&["gopher://localhost/"], "the URL's scheme must be ws, wss, http or https, not gopher"),
        (&["ws://localhost/#"], "the URL must not have a fragment"),
        (&[url, "--header", "novalue"], "a header is NAME: VALUE"),
        (&[url, "--header", "Upgrade: h2c"], ""),
        (&[url, "--header", "A B: c"], ""),
        (&[url, "--protocol", "a b"], "a subprotocol must be an HTTP token"),
        (&[url, "--protocol", "a", "--protocol", "a"], "a subprotocol must be given once"),
        (&[url, "--proxy", "proxy:3128"], "a proxy's URL begins with http, https, socks5 or socks5h"),
        (&[url, "--ca", "/nowhere.pem"], "No such file"),
        (&[url, "--ca", "Cargo.toml"], "there is no certificate in the PEM"),
        (&[url, "--ca", "Cargo.toml", "--insecure"], ""),
        (&[url, "--wait", "soon"], "a number of seconds is wanted, such as 5 or 0.5"),
        (&[url, "--wait=-1"], "it must be more than 0 seconds"),
        (&[url, "--ping", "0"], "it must be more than 0 seconds"),
        (&[url, "--ping", "NaN"], "it must be more than 0 seconds"),
        (&[url, "--max-retries", "1"], "--reconnect"),
    ] {
        let ended = run(&[&["connect"], arguments].concat(), "").await;
        assert_eq!((ended.code, ended.text()), (Some(2), ""), "{arguments:?} {}", ended.stderr);
        assert!(ended.stderr.contains(expected), "{arguments:?}: {}", ended.stderr);
    }
}

#[tokio::test]
async fn a_proxy_is_asked_for_the_way() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("http://user:pass@{}", listener.local_addr().unwrap());
    let heads = std::thread::spawn(move || {
        [(); 2].map(|()| {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                head.push(byte[0]);
            }
            stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").unwrap();
            String::from_utf8(head).unwrap()
        })
    });
    for option in [proxy.as_str(), "env"] {
        let mut command = isosocket(&["connect", "ws://example.invalid/", "--proxy", option]);
        command.env("HTTP_PROXY", &proxy).env("http_proxy", &proxy).env_remove("NO_PROXY").env_remove("no_proxy");
        let ended = end(command.spawn().unwrap()).await;
        assert_eq!(ended.code, Some(1));
        assert!(ended.stderr.starts_with("isosocket: the proxy 127.0.0.1:"), "{option}: {}", ended.stderr);
        assert!(ended.stderr.contains("403"), "{}", ended.stderr);
    }
    for head in heads.join().unwrap() {
        assert!(head.starts_with("CONNECT example.invalid:80 HTTP/1.1\r\n"), "{head}");
        assert!(head.contains("Basic dXNlcjpwYXNz\r\n"), "{head}");
    }
}

#[tokio::test]
async fn a_ping_goes_out_when_it_is_asked_for() {
    let frames = url("/frames?tell");
    let mut child = isosocket(&["connect", &frames, "--ping", "0.05", "--wait", "forever"]).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    // The first byte of a ping.
    assert_eq!(&line(&mut stdout).await[..2], "89");
}
