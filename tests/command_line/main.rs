//! The command line program as its users run it: arguments, standard streams and exit codes.
#![cfg(all(feature = "cli", not(target_arch = "wasm32")))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod bench;
mod connect;
mod echo;
mod ending;
mod reconnect;
mod verbose;

use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

/// The longest that anything is waited for: nothing takes so long that works.
const LIMIT: Duration = Duration::from_secs(60);

/// The program with these arguments, and nothing to read.
fn isosocket(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_isosocket"));
    command.args(arguments).kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What a program has left behind.
#[derive(Debug)]
struct Ended {
    code: Option<i32>,
    stdout: Vec<u8>,
    stderr: String,
}

impl Ended {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).expect("text")
    }
}

impl From<Output> for Ended {
    fn from(Output { status, stdout, stderr }: Output) -> Self {
        Self { code: status.code(), stdout, stderr: String::from_utf8(stderr).expect("text") }
    }
}

/// Runs the program to its end, with this input.
async fn run(arguments: &[&str], input: impl AsRef<[u8]>) -> Ended {
    let mut child = isosocket(arguments).stdin(Stdio::piped()).spawn().expect("the program");
    let mut stdin = child.stdin.take().expect("its input");
    let writing = async {
        // A program that has ended does not read.
        let _ = stdin.write_all(input.as_ref()).await;
        drop(stdin);
    };
    let running = async { tokio::join!(writing, child.wait_with_output()).1 };
    timeout(LIMIT, running).await.expect("it ends").expect("its output").into()
}

/// Waits for the end of a program.
async fn end(child: Child) -> Ended {
    timeout(LIMIT, child.wait_with_output()).await.expect("it ends").expect("its output").into()
}

/// The next line of a program's output.
async fn line(output: &mut (impl AsyncBufRead + Unpin)) -> String {
    let mut line = String::new();
    timeout(LIMIT, output.read_line(&mut line)).await.expect("a line").expect("text");
    line
}

/// An echo server of the program's own, with its URL.
async fn echo_server(arguments: &[&str]) -> (Child, String) {
    let arguments = [&["echo", "--addr", "127.0.0.1:0"], arguments].concat();
    let mut server = isosocket(&arguments).spawn().expect("the program");
    let mut stdout: BufReader<ChildStdout> = BufReader::new(server.stdout.take().expect("its output"));
    let line = line(&mut stdout).await;
    let url = line.trim_end().strip_prefix("listening on ").unwrap_or_else(|| panic!("{line:?}"));
    (server, url.to_owned())
}

/// A folder that is there for as long as this.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("isosocket-{}", support::unique_id()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    /// Writes a file, and gives its path.
    fn write(&self, name: &str, contents: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, contents).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// An address where nobody listens.
fn nowhere() -> std::net::SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[tokio::test]
async fn help_says_what_there_is() {
    let ended = run(&["--help"], "").await;
    assert_eq!(ended.code, Some(0));
    for command in ["serve", "echo", "connect", "bench"] {
        assert!(ended.text().contains(&format!("\n  {command} ")), "{}", ended.text());
        assert_eq!(run(&[command, "--help"], "").await.code, Some(0), "{command}");
    }
    let ended = run(&["connect", "--help"], "").await;
    assert!(ended.text().contains("Exit codes:\n  0    the server closed"), "{}", ended.text());
}

#[tokio::test]
async fn wrong_usage_has_exit_code_2() {
    for arguments in [&["connect"][..], &["unknown"], &[], &["echo", "--addr", "here"], &["echo", "--cert", "c.pem"]] {
        assert_eq!(run(arguments, "").await.code, Some(2), "{arguments:?}");
    }
}
