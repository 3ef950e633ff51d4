//! The settings of a connection, as a host gives them.

use core::time::Duration;

use wasm_bindgen::prelude::*;
use ws_native::proto::{Compression, Config, Heartbeat};

use crate::duration;

/// Bounds and deadlines of a [`Session`](crate::Session), each with a default. Times are milliseconds.
#[wasm_bindgen]
#[derive(Default)]
pub struct Settings(Config);

#[wasm_bindgen]
impl Settings {
    /// The defaults.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// The most bytes a received message may have.
    pub fn max_payload(&mut self, bytes: u32) {
        self.0.max_message = bytes as usize;
        self.0.max_frame = bytes as usize;
    }

    /// The most frames a received message may come in.
    pub fn max_fragments(&mut self, frames: u32) {
        self.0.max_fragments = frames;
    }

    /// The most bytes the server's half of the opening handshake may have.
    pub fn max_head(&mut self, bytes: u32) {
        self.0.max_head = bytes as usize;
    }

    /// The most bytes that may wait to be transmitted.
    pub fn max_send_queue(&mut self, bytes: u32) {
        self.0.max_send_queue = bytes as usize;
    }

    /// How long the opening handshake may take, the transport's own included.
    pub fn handshake_timeout(&mut self, time: f64) {
        self.0.handshake_timeout = duration(time);
    }

    /// How long the peer may take to answer a Close frame, and how long then to end the transport.
    pub fn close_timeout(&mut self, time: f64) {
        self.0.close_timeout = duration(time);
        self.0.end_timeout = self.0.end_timeout.min(duration(time));
    }

    /// How long no message may come or go.
    pub fn idle_timeout(&mut self, time: f64) {
        self.0.idle_timeout = Some(duration(time));
    }

    /// How long nothing may come before a ping is sent, and how long then before the connection is failed.
    pub fn heartbeat(&mut self, interval: Option<f64>, timeout: Option<f64>) {
        let mut heartbeat = Heartbeat::default();
        set(&mut heartbeat.interval, interval);
        set(&mut heartbeat.timeout, timeout);
        self.0.heartbeat = Some(heartbeat);
    }

    /// permessage-deflate is not offered.
    pub fn no_compression(&mut self) {
        self.0.compression = None;
    }

    /// permessage-deflate is offered, with these settings.
    pub fn compression(
        &mut self,
        level: Option<u8>,
        threshold: Option<u32>,
        no_context_takeover: bool,
        peer_no_context_takeover: bool,
        max_window_bits: Option<u8>,
        peer_max_window_bits: Option<u8>,
    ) {
        let mut compression = Compression::default();
        compression.level = level.unwrap_or(compression.level);
        compression.threshold = threshold.map_or(compression.threshold, |bytes| bytes as usize);
        compression.no_context_takeover = no_context_takeover;
        compression.peer_no_context_takeover = peer_no_context_takeover;
        compression.max_window_bits = max_window_bits.unwrap_or(compression.max_window_bits);
        compression.peer_max_window_bits = peer_max_window_bits.unwrap_or(compression.peer_max_window_bits);
        self.0.compression = Some(compression);
    }
}

impl From<Settings> for Config {
    fn from(Settings(config): Settings) -> Self {
        config
    }
}

fn set(time: &mut Duration, given: Option<f64>) {
    if let Some(given) = given {
        *time = duration(given);
    }
}
