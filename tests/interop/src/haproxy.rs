//! HAProxy as a reverse proxy: <https://docs.haproxy.org/2.6/configuration.html>.

use std::process::Command;

use crate::process::{Folder, Process};
use crate::{Certificate, port};

/// HAProxy in front of a server.
pub struct HaProxy {
    port: u16,
    _process: Process,
}

impl HaProxy {
    /// Starts it in front of the server on this port; with a certificate, clients need TLS, and may speak HTTP/2.
    pub async fn start(upstream: u16, certificate: Option<&Certificate>) -> Self {
        Self::start_with(&format!("127.0.0.1:{upstream}"), certificate).await
    }

    /// The same, but it speaks HTTP/2 over TLS to the server, too.
    pub async fn start_for_http2(upstream: u16, certificate: &Certificate) -> Self {
        let server = format!("127.0.0.1:{upstream} ssl verify none alpn h2 ws h2");
        Self::start_with(&server, Some(certificate)).await
    }

    async fn start_with(server: &str, certificate: Option<&Certificate>) -> Self {
        let port = port::free();
        let folder = Folder::new();
        let ssl = certificate.map_or_else(String::new, |certificate| {
            certificate.write(&folder);
            format!("ssl crt {}/both.pem alpn h2,http/1.1", folder.path().display())
        });
        let config = folder.write(
            "haproxy.cfg",
            &format!(
                "defaults
                    mode http
                    timeout connect 10s
                    timeout client 30s
                    timeout server 30s
                    timeout tunnel 60s
                frontend clients
                    bind 127.0.0.1:{port} {ssl}
                    default_backend servers
                backend servers
                    server upstream {server}\n"
            ),
        );
        // One process, in the foreground.
        let mut process = Process::start(Command::new("haproxy").args(["-db", "-f"]).arg(config), folder);
        process.listens_on(port).await;
        Self { port, _process: process }
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }
}
