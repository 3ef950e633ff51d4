//! Ports for servers that cannot be asked which one the system chose.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};

/// The ports to choose from: below those that the system gives to clients, of which one may be taken at any time.
const FIRST: u32 = 10_000;
const COUNT: u32 = 20_000;

/// A port of the loopback interface that nothing listens on. Tests that run at the same time, in one process or in
/// several, begin their search in different places.
pub(crate) fn free() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    let number = || std::process::id().wrapping_mul(16).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
    let mut candidates = (0..COUNT).map(|_| u16::try_from(FIRST + number() % COUNT).unwrap());
    candidates.find(is_free).expect("a port of the loopback interface is free")
}
