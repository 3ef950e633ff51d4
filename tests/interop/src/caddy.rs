//! Caddy as a reverse proxy: <https://caddyserver.com/docs/caddyfile/directives/reverse_proxy>.

use std::process::Command;

use crate::port;
use crate::process::{Folder, Process};

/// Caddy in front of a server.
pub struct Caddy {
    port: u16,
    _process: Process,
}

impl Caddy {
    /// Starts it in front of the server on this port.
    pub async fn start(upstream: u16) -> Self {
        let port = port::free();
        let folder = Folder::new();
        let config = folder.write(
            "Caddyfile",
            &format!(
                "{{
                    admin off
                    auto_https off
                }}
                http://:{port} {{
                    bind 127.0.0.1
                    reverse_proxy 127.0.0.1:{upstream}
                }}\n"
            ),
        );
        let mut command = Command::new("caddy");
        command.args(["run", "--adapter", "caddyfile", "--config"]).arg(config);
        // What it keeps goes there.
        command.envs(["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"].map(|name| (name, folder.path())));
        let mut process = Process::start(&mut command, folder);
        process.listens_on(port).await;
        Self { port, _process: process }
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }
}
