//! nginx as a reverse proxy: <https://nginx.org/en/docs/http/websocket.html>.

use std::process::Command;

use crate::process::{Folder, Process};
use crate::{Certificate, port};

/// nginx in front of a server.
pub struct Nginx {
    port: u16,
    _process: Process,
}

impl Nginx {
    /// Starts it in front of the server on this port; with a certificate, clients need TLS.
    pub async fn start(upstream: u16, certificate: Option<&Certificate>) -> Self {
        let port = port::free();
        let folder = Folder::new();
        let path = folder.path().display();
        let (ssl, pair) = match certificate {
            None => ("", String::new()),
            Some(certificate) => {
                certificate.write(&folder);
                ("ssl", format!("ssl_certificate {path}/certificate.pem; ssl_certificate_key {path}/key.pem;"))
            }
        };
        let config = folder.write(
            "nginx.conf",
            &format!(
                "daemon off;
                master_process off;
                pid {path}/pid;
                error_log stderr info;
                events {{}}
                http {{
                    access_log off;
                    client_body_temp_path {path}/body;
                    proxy_temp_path {path}/proxy;
                    fastcgi_temp_path {path}/fastcgi;
                    uwsgi_temp_path {path}/uwsgi;
                    scgi_temp_path {path}/scgi;
                    server {{
                        listen 127.0.0.1:{port} {ssl};
                        {pair}
                        location / {{
                            proxy_pass http://127.0.0.1:{upstream};
                            proxy_http_version 1.1;
                            proxy_set_header Host $host;
                            proxy_set_header Upgrade $http_upgrade;
                            proxy_set_header Connection upgrade;
                        }}
                    }}
                }}"
            ),
        );
        let mut command = Command::new("nginx");
        command.args(["-e", "stderr", "-p"]).arg(folder.path()).arg("-c").arg(config);
        let mut process = Process::start(&mut command, folder);
        process.listens_on(port).await;
        Self { port, _process: process }
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }
}
