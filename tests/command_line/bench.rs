//! `isosocket bench`.

use super::support::url;
use super::{echo_server, nowhere, run};

#[tokio::test]
async fn it_tells_how_much_an_echo_endpoint_takes() {
    let (_server, url) = echo_server(&[]).await;
    for (arguments, kind) in [(&["--in-flight", "3", "--connections", "70"][..], "text"), (&["--binary"], "binary")] {
        let ended = run(&[&["bench", &url, "--seconds", "1.2", "--size", "1000"], arguments].concat(), "").await;
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let lines: Vec<&str> = ended.text().lines().collect();
        let [count, connections, rate, times, ..] = lines[..] else { panic!("{lines:?}") };
        assert!(count.contains(&format!(" {kind} messages of 1000 bytes in ")), "{count}");
        let count: f64 = count.split(' ').next().unwrap().parse().unwrap();
        assert!(count >= 1.0);
        let expected = match kind {
            "text" => "connections: 70, in flight on each: 3",
            _ => "connections: 1, in flight on each: 1",
        };
        assert_eq!(connections, expected);
        // It went on for 1.2 seconds and then waited for what was under way.
        let rate: f64 = rate.split(' ').next().unwrap().parse().unwrap();
        assert!(rate <= count / 1.2 + 1.0, "{rate} a second, {count} in all");
        for name in ["p50 ", "p90 ", "p99 ", "p99.9 ", "max "] {
            assert!(times.contains(name), "{times}");
        }
        assert!(ended.stderr.contains(" s: "), "{}", ended.stderr);
    }
}

/// The figures are told of when they cannot be written, and nobody has to read them.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_output_that_takes_nothing_is_a_failure_and_one_that_nobody_reads_is_none() {
    use super::{end, isosocket};

    let (_server, url) = echo_server(&[]).await;
    let bench = || isosocket(&["bench", &url, "--seconds", "0.1"]);
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let ended = end(bench().stdout(full).spawn().unwrap()).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.lines().last().unwrap().starts_with("isosocket: No space left on device"), "{}", ended.stderr);
    let mut child = bench().spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(end(child).await.code, Some(0));
}

#[tokio::test]
async fn a_server_that_sends_back_something_else_is_found_out() {
    for path in ["/burst?count=3", "/send?text=x", "/head"] {
        let ended = run(&["bench", &url(path), "--seconds", "5"], "").await;
        assert_eq!((ended.code, ended.text()), (Some(1), ""), "{path}");
        let last = ended.stderr.lines().last().unwrap();
        assert_eq!(last, "isosocket: the server does not send back what it was sent", "{path}");
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let ended = run(&["bench", &url("/slow"), "--timeout", "0.1"], "").await;
    assert_eq!((ended.code, ended.text()), (Some(1), ""));
    let last = ended.stderr.lines().last().unwrap();
    assert_eq!(last, "isosocket: nothing has come back for 100ms: the server does not send back what it was sent");
}

#[tokio::test]
async fn a_server_that_closes_or_is_not_there_is_told_of() {
    let nowhere = nowhere();
    for (url, expected) in [
        (url("/close?code=1001"), "the server closed the connection with 1001 before all had come back".into()),
        (url("/drop"), "the peer ended the connection without a Close frame".into()),
        (url("/status?code=503"), "the opening handshake failed: the server answered with status 503".into()),
        (format!("ws://{nowhere}/"), format!("cannot connect to {nowhere}: ")),
    ] {
        let ended = run(&["bench", &url], "").await;
        assert_eq!((ended.code, ended.text()), (Some(1), ""), "{url}");
        let last = ended.stderr.lines().last().unwrap();
        assert!(last.starts_with(&format!("isosocket: {expected}")), "{url}: {last}");
    }
}

#[tokio::test]
async fn what_cannot_be_measured_is_refused() {
    for arguments in [
        &["--size", "0"][..],
        &["--size", "67108865"],
        &["--connections", "0"],
        &["--in-flight", "0"],
        &["--size", "1000000", "--in-flight", "1000"],
        &["--seconds", "0"],
        &["--text", "--binary"],
        &["--protocol", "a b"],
    ] {
        let ended = run(&[&["bench", "ws://127.0.0.1:1/"], arguments].concat(), "").await;
        assert_eq!((ended.code, ended.text()), (Some(2), ""), "{arguments:?} {}", ended.stderr);
    }
}
