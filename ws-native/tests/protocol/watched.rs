//! Ends whose peers are watched: whether they are still there, and whether they have something to say.

use std::time::Duration;

use ws_native::proto::{Closed, Config, Connection, Error, Event, Heartbeat, Phase, Role};

use crate::pair::{bounds, client, server};

pub(crate) const INTERVAL: Duration = Duration::from_secs(30);
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);
pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const INSTANT: Duration = Duration::from_nanos(1);

pub(crate) fn heartbeat() -> Config {
    bounds(|config| config.heartbeat = Some(Heartbeat::default()))
}

/// A client's and a server's end, open and watched from time zero on.
pub(crate) fn ends(config: &Config) -> [Connection; 2] {
    [client(config.clone()), server(config.clone())].map(|mut end| {
        assert!(end.poll(Duration::ZERO).is_none());
        end
    })
}

/// The bytes of a frame that this end receives, of less than 126 bytes.
pub(crate) fn frame(to: &Connection, first: u8, payload: &[u8]) -> Vec<u8> {
    let length = payload.len() as u8;
    match to.role() {
        Role::Client => [&[first, length], payload].concat(),
        Role::Server => [&[first, 0x80 | length, 0, 0, 0, 0], payload].concat(),
    }
}

/// The bytes of the ping with this number.
pub(crate) fn ping(from: &Connection, number: u8) -> Vec<u8> {
    match from.role() {
        Role::Client => [&b"\x89\x88\x37\xfa\x21\x3d\x37\xfa\x21\x3d\x37\xfa\x21"[..], &[0x3d ^ number]].concat(),
        Role::Server => [&b"\x89\x08\0\0\0\0\0\0\0"[..], &[number]].concat(),
    }
}

pub(crate) fn pong(to: &Connection, number: u8) -> Vec<u8> {
    frame(to, 0x8a, &[0, 0, 0, 0, 0, 0, 0, number])
}

/// An end is told the time, and what has happened of itself then.
pub(crate) fn at(end: &mut Connection, now: Duration) -> Option<Event> {
    end.handle_timeout(now);
    end.poll(now)
}

/// Input comes, and everything that it has is taken.
pub(crate) fn hear(end: &mut Connection, bytes: &[u8], now: Duration) {
    end.receive(bytes);
    while let Some(event) = end.poll(now) {
        assert!(!matches!(event, Event::Closed(_)), "{event:?}");
    }
}

pub(crate) fn given_up(event: Option<Event>) -> Box<Closed> {
    match event {
        Some(Event::Closed(closed)) if matches!(closed.error, Some(Error::Timeout(Phase::Heartbeat))) => closed,
        other => panic!("not given up: {other:?}"),
    }
}
