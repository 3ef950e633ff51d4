//! A program that runs as long as a test needs it.

use std::fs::{self, File, Permissions};
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;
use std::{env, thread};

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// Lets this process have as many descriptors as it may, which is to be more than this.
pub fn raise_limit(count: usize) {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
    let enough = maximum.is_none_or(|maximum| maximum > count as u64 + 100);
    assert!(enough, "this needs {count} open files: raise the hard limit (ulimit -Hn)");
}

/// How long a server may take to listen.
const START: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(10);

/// A program that was started, with a folder of its own. Dropped, it is killed and its folder removed; if that is because
/// a test fails, its log is printed first.
pub(crate) struct Process {
    program: String,
    child: Child,
    folder: TempDir,
}

/// The folder of a program that is about to be started.
pub(crate) struct Folder(TempDir);

impl Folder {
    /// An empty folder. Everyone may use it, for some servers become another user when they are started as root.
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("ws-interop-").tempdir().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
        Self(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file, and gives its path.
    pub(crate) fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }
}

impl Process {
    /// Starts a program that writes to its log only.
    pub(crate) fn start(command: &mut Command, folder: Folder) -> Self {
        let log = log_file(&folder);
        command.stdout(log);
        Self::spawn(command, folder)
    }

    /// Starts a program whose output is read by the test, and whose errors go to its log.
    pub(crate) fn start_piped(command: &mut Command, folder: Folder) -> (Self, ChildStdout) {
        command.stdout(Stdio::piped());
        let mut process = Self::spawn(command, folder);
        let output = process.child.stdout.take().expect("the output is piped");
        (process, output)
    }

    fn spawn(command: &mut Command, folder: Folder) -> Self {
        let program = command.get_program().to_string_lossy().into_owned();
        // Debian keeps servers in a folder that is not on every user's path.
        let path = format!("{}:/usr/sbin:/sbin", env::var("PATH").unwrap_or_default());
        let command = command.env("PATH", path).stdin(Stdio::null()).stderr(log_file(&folder));
        let child = command.spawn().unwrap_or_else(|error| {
            panic!("{program} cannot be started ({error}): run 'scripts/setup interop' to install what is missing")
        });
        Self { program, child, folder: folder.0 }
    }

    /// Waits until the program accepts connections on this port of the loopback interface.
    pub(crate) async fn listens_on(&mut self, port: u16) {
        let listening = async {
            while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err() {
                if let Some(status) = self.child.try_wait().unwrap() {
                    panic!("{} ended before it listened: {status}", self.program);
                }
                sleep(POLL).await;
            }
        };
        let listened = timeout(START, listening).await;
        assert!(listened.is_ok(), "{} does not listen on port {port} after {START:?}", self.program);
    }

    /// Stops the program with SIGSTOP.
    pub(crate) fn suspend(&mut self) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::STOP).unwrap();
    }

    /// Kills the program with SIGKILL, which leaves it no time for anything.
    pub(crate) fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if thread::panicking() {
            let log = fs::read(self.folder.path().join(LOG)).unwrap_or_default();
            eprintln!("---- log of {} ----\n{}----", self.program, String::from_utf8_lossy(&log));
        }
    }
}

const LOG: &str = "log";

fn log_file(folder: &Folder) -> File {
    File::options().create(true).append(true).open(folder.path().join(LOG)).unwrap()
}
