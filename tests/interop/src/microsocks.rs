//! microsocks as a forward proxy, with SOCKS5: <https://github.com/rofl0r/microsocks>.

use std::process::Command;

use crate::process::{Folder, Process};
use crate::{Credentials, port};

/// microsocks.
pub struct Microsocks {
    port: u16,
    _process: Process,
}

impl Microsocks {
    /// Starts it: for everyone, or for those only who know the credentials.
    pub async fn start(credentials: Option<Credentials>) -> Self {
        let port = port::free();
        let mut command = Command::new("microsocks");
        command.args(["-i", "127.0.0.1", "-p", &port.to_string()]);
        if let Some((name, password)) = credentials {
            command.args(["-u", name, "-P", password]);
        }
        let mut process = Process::start(&mut command, Folder::new());
        process.listens_on(port).await;
        Self { port, _process: process }
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }
}
