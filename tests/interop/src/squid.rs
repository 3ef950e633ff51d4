//! Squid as a forward proxy, with HTTP CONNECT: <http://www.squid-cache.org/Doc/config/>.

use std::process::Command;

use crate::process::{Folder, Process};
use crate::{Credentials, port};

/// Squid, for every port of this machine.
pub struct Squid {
    port: u16,
    _process: Process,
}

impl Squid {
    /// Starts it: for everyone, or for those only who know the credentials.
    pub async fn start(credentials: Option<Credentials>) -> Self {
        let port = port::free();
        let folder = Folder::new();
        let access = match credentials {
            None => "http_access allow localhost".to_owned(),
            Some((name, password)) => {
                // Squid asks a program, with a line for each pair of a name and a password.
                let judge = folder.write(
                    "judge",
                    &format!(
                        "while read -r line; do [ \"$line\" = '{name} {password}' ] && echo OK || echo ERR; done\n"
                    ),
                );
                [
                    &format!("auth_param basic program /bin/sh {}", judge.display()),
                    "auth_param basic children 1 startup=1",
                    "auth_param basic realm test",
                    "acl known proxy_auth REQUIRED",
                    "http_access allow known",
                ]
                .join("\n")
            }
        };
        // A line that begins with a space would continue the one before it.
        let config = [
            &format!("http_port 127.0.0.1:{port}"),
            &access,
            "http_access deny all",
            "cache deny all",
            "access_log none",
            "cache_log /dev/stderr",
            "pid_filename none",
            "visible_hostname localhost",
            "shutdown_lifetime 0 seconds",
            &format!("coredump_dir {}", folder.path().display()),
            "",
        ]
        .join("\n");
        let config = folder.write("squid.conf", &config);
        // One process, in the foreground; its memory is shared by name with any other of the same name.
        let name = format!("isosocket{port}");
        let mut process =
            Process::start(Command::new("squid").args(["-N", "-d", "1", "-n", &name, "-f"]).arg(config), folder);
        process.listens_on(port).await;
        Self { port, _process: process }
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }
}
