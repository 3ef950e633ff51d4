//! Other libraries, in programs of their own: see the folder `peers`.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::ChildStdout;

use crate::conversation::in_time;
use crate::process::{Folder, Process};

/// Whose library it is.
#[derive(Clone, Copy, Debug)]
pub enum Language {
    /// `ws`: <https://github.com/websockets/ws>.
    JavaScript,
    /// `websockets`: <https://websockets.readthedocs.io>.
    Python,
}

/// A program that is a server or a client with the library of another language.
pub struct Peer {
    process: Process,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Language {
    /// Starts an echo server, with permessage-deflate or without; gives its port too.
    ///
    /// It behaves as [`EchoServer`](crate::EchoServer) does, and pings its client when it receives the text "ping me":
    /// the pong's payload is sent back as a message. When a connection is closed, its report has the code and the reason.
    pub async fn server(self, deflate: bool) -> (Peer, u16) {
        let mut peer = self.start("server", &[mode(deflate)]);
        let port = peer.report().await.parse().expect("a server prints its port first");
        (peer, port)
    }

    /// Starts a client of the server on this port, which exchanges messages, pings and has them answered, and then does
    /// as it is told: "close 4001 done" closes with that code and reason, "ask 4002 enough" makes the server do it, and
    /// "wait" does nothing.
    ///
    /// It reports what was agreed on, the subprotocol and the extensions, and then the code and the reason of the end.
    pub fn client(self, port: u16, deflate: bool, end: &str) -> Peer {
        self.start("client", &[&format!("ws://127.0.0.1:{port}/"), mode(deflate), end])
    }

    /// Starts a program that opens so many connections to the server on this port, which speak or are silent. It reports
    /// "ready", and "ended" when the server has ended them all.
    pub fn crowd(port: u16, count: usize, speaking: bool) -> Peer {
        let speaking = if speaking { "speaking" } else { "silent" };
        Self::Python.start("crowd", &[&port.to_string(), &count.to_string(), speaking])
    }

    fn start(self, role: &str, arguments: &[&str]) -> Peer {
        let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers");
        let (interpreter, extension) = match self {
            Self::JavaScript => ("node".into(), "mjs"),
            Self::Python => (tools().join("interop/bin/python"), "py"),
        };
        let mut command = Command::new(interpreter);
        command.arg(peers.join(format!("{role}.{extension}"))).args(arguments);
        let (process, output) = Process::start_piped(&mut command, Folder::new());
        let output = ChildStdout::from_std(output).unwrap();
        Peer { process, lines: BufReader::new(output).lines() }
    }
}

impl Peer {
    /// Waits for the next line that the program prints.
    pub async fn report(&mut self) -> String {
        in_time(self.lines.next_line()).await.unwrap().expect("the program prints another line")
    }

    /// Stops the program with SIGSTOP: its connections stay, and nobody answers.
    pub fn suspend(&mut self) {
        self.process.suspend();
    }

    /// Kills the program with SIGKILL.
    pub fn kill(&mut self) {
        self.process.kill();
    }
}

fn mode(deflate: bool) -> &'static str {
    if deflate { "deflate" } else { "plain" }
}

/// Where `scripts/setup` puts what it installs.
fn tools() -> PathBuf {
    let folder = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    folder("ISOSOCKET_TOOLS").unwrap_or_else(|| {
        let cache = folder("XDG_CACHE_HOME").or_else(|| folder("HOME").map(|home| home.join(".cache")));
        cache.expect("HOME is set").join("isosocket")
    })
}
