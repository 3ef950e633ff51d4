//! A server in a process of its own, so that what it spends can be told from what its clients spend.

use std::io::{self, BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::net::TcpListener;

use crate::cpu;
use crate::peers::{Failure, Peer, Settings};

/// A process that serves one peer, until it is dropped.
pub struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    /// # Errors
    /// The process cannot be started, or does not listen.
    pub fn start(peer: Peer, settings: Settings) -> Result<Self, Failure> {
        let process = Command::new(std::env::current_exe()?)
            .args(["serve", peer.name(), settings.name()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut server = Self { process, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        let mut line = String::new();
        BufReader::new(server.process.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        server.address = line.trim().parse()?;
        Ok(server)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has spent until now, when it has nothing more to do.
    pub async fn spent(&self) -> io::Result<Duration> {
        tokio::time::sleep(Duration::from_millis(2)).await;
        cpu::of_process(self.process.id())
    }

    /// Its resident memory in bytes.
    pub fn memory(&self) -> io::Result<u64> {
        cpu::resident_memory(self.process.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Serves a peer on one thread, and prints the address. Ends when the standard input does: with the process that started it.
///
/// # Errors
/// The system has no port, no files, no threads.
pub fn serve(peer: Peer, settings: Settings) -> Result<(), Failure> {
    raise_open_files();
    thread::spawn(|| {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            peer.spawn(stream, settings);
        }
    })
}

/// Allows this process as many open files as it may have. How many.
pub fn raise_open_files() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let raised = rustix::process::Rlimit { current: limit.maximum, ..limit };
    let now = if setrlimit(Resource::Nofile, raised).is_ok() { limit.maximum } else { limit.current };
    now.unwrap_or(u64::MAX)
}
