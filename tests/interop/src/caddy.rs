//! Caddy as a reverse proxy: <https://caddyserver.com/docs/caddyfile/directives/reverse_proxy>.

use std::process::Command;

use crate::process::{Folder, Process};
use crate::{Certificate, port};

/// Caddy in front of a server.
pub struct Caddy {
    port: u16,
    _process: Process,
}

impl Caddy {
    /// Starts it in front of the server on this port; with a certificate, clients need TLS.
    pub async fn start(upstream: u16, certificate: Option<&Certificate>) -> Self {
        let port = port::free();
        let folder = Folder::new();
        let (address, tls) = match certificate {
            None => (format!("http://:{port}"), String::new()),
            Some(certificate) => {
                certificate.write(&folder);
                let path = folder.path().display();
                (format!("https://localhost:{port}"), format!("tls {path}/certificate.pem {path}/key.pem"))
            }
        };
        let config = folder.write(
            "Caddyfile",
            &format!(
                "{{
                    admin off
                    auto_https off
                }}
                {address} {{
                    bind 127.0.0.1
                    {tls}
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
