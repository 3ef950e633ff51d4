//! A network that loses packets.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// A network namespace with nothing but a loopback interface, which loses packets at random. It needs root's rights.
pub struct LossyNetwork {
    name: String,
}

impl LossyNetwork {
    /// Makes a namespace that loses this share of its packets.
    pub fn new(percent: u32) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        // Tests are processes of their own, or threads of one.
        let name = format!("ws-interop-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        run("ip", &["netns", "add", &name], "");
        let network = Self { name };
        // Packets as they are on a wire: the loopback interface's own ones have 64 KiB and are few.
        let link = ["link", "set", "dev", "lo", "up", "mtu", "1500", "gso_max_segs", "1"];
        run("ip", &[&["-n", &network.name], &link[..]].concat(), "");
        let rules = format!(
            "table inet lossy {{
                counter lost {{ }}
                chain input {{
                    type filter hook input priority filter;
                    numgen random mod 100 < {percent} counter name lost drop
                }}
            }}"
        );
        run("ip", &["netns", "exec", &network.name, "nft", "-f", "-"], &rules);
        network
    }

    /// Runs a test inside of the namespace, on a thread of its own.
    pub fn run(&self, test: impl Future<Output = ()> + Send) {
        let namespace = File::open(format!("/run/netns/{}", self.name)).unwrap();
        let inside = || {
            move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
        };
        thread::scope(|scope| scope.spawn(inside).join()).expect("the test inside of the namespace passes");
    }

    /// Loses every packet from now on, as if the cable were cut.
    pub fn cut(&self) {
        run("ip", &["netns", "exec", &self.name, "nft", "insert", "rule", "inet", "lossy", "input", "drop"], "");
    }

    /// How many packets were lost.
    pub fn lost(&self) -> u64 {
        let output = run("ip", &["netns", "exec", &self.name, "nft", "list", "counter", "inet", "lossy", "lost"], "");
        let text = String::from_utf8(output.stdout).unwrap();
        let count = text.split_whitespace().skip_while(|word| *word != "packets").nth(1);
        count.and_then(|count| count.parse().ok()).expect("nft prints the counter")
    }
}

impl Drop for LossyNetwork {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "del", &self.name]).status();
    }
}

fn run(program: &str, arguments: &[&str], input: &str) -> Output {
    let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default());
    let piped = Stdio::piped;
    let mut command = Command::new(program);
    command.env("PATH", path).args(arguments).stdin(piped()).stdout(piped()).stderr(piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{program} cannot be started: {error}"));
    child.stdin.take().expect("the input is piped").write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "a network that loses packets cannot be made here. It needs root's rights and a kernel with network namespaces \
         and nftables. '{program} {}' said: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}
