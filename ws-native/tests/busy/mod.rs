//! A server at a Unix socket that takes nobody.
#![allow(dead_code, reason = "each test file is a crate of its own and uses a part of this")]

use std::io::ErrorKind;
use std::path::PathBuf;

use socket2::{Domain, SockAddr, Socket, Type};

/// A server at this path, which is removed, that takes nobody else until it accepts those who wait.
pub(crate) struct Busy {
    pub(crate) path: PathBuf,
    pub(crate) listener: Socket,
    pub(crate) clients: Vec<Socket>,
}

/// On Linux a client waits for room among those that wait to be accepted.
pub(crate) fn busy(name: &str) -> Busy {
    let path = std::env::temp_dir().join(format!("ws-native-{name}-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let address = SockAddr::unix(&path).unwrap();
    let socket = || Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
    let listener = socket();
    listener.bind(&address).unwrap();
    listener.listen(0).unwrap();
    let mut clients = Vec::new();
    loop {
        let client = socket();
        client.set_nonblocking(true).unwrap();
        match client.connect(&address) {
            Ok(()) => clients.push(client),
            Err(error) => break assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
    }
    Busy { path, listener, clients }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
