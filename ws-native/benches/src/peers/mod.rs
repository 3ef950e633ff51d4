//! The crates that are compared, each used as its own documentation advises for speed.

mod fastwebsockets;
mod floor;
mod ours;
mod ours_fast;
mod sockets;
mod sockudo_ws;
mod tokio_websockets;
mod tungstenite;
mod yawc;

use bytes::Bytes;
use clap::ValueEnum;
use tokio::net::TcpStream;

use crate::block_on::block_on;
use crate::frame::{Message, Opcode};
use crate::memory::Memory;

/// Why a peer stopped.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A crate that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Peer {
    Ours,
    /// The same, as its guide advises for speed.
    OursFast,
    Tungstenite,
    Fastwebsockets,
    TokioWebsockets,
    Yawc,
    SockudoWs,
    /// The least that has to be done, without a single check: a bound, and no WebSocket.
    Floor,
}

/// How a peer is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Settings {
    /// As its documentation advises for speed.
    Fast,
    /// As it is when nothing is set, but for TCP_NODELAY and the size of messages.
    Default,
}

/// Larger than every message that is measured.
const MAX_MESSAGE: usize = 64 << 20;

/// Runs a body for the module of every peer.
macro_rules! for_peer {
    ($peer:expr, $module:ident => $body:expr) => {
        match $peer {
            Peer::Ours => {
                use ours as $module;
                $body
            }
            Peer::OursFast => {
                use ours_fast as $module;
                $body
            }
            Peer::Tungstenite => {
                use tungstenite as $module;
                $body
            }
            Peer::Fastwebsockets => {
                use fastwebsockets as $module;
                $body
            }
            Peer::TokioWebsockets => {
                use tokio_websockets as $module;
                $body
            }
            Peer::Yawc => {
                use yawc as $module;
                $body
            }
            Peer::SockudoWs => {
                use sockudo_ws as $module;
                $body
            }
            Peer::Floor => {
                use floor as $module;
                $body
            }
        }
    };
}

impl Settings {
    pub fn name(self) -> &'static str {
        match self {
            Self::Fast => "fast",
            Self::Default => "default",
        }
    }
}

impl Peer {
    pub fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::OursFast => "ours-fast",
            Self::Tungstenite => "tungstenite",
            Self::Fastwebsockets => "fastwebsockets",
            Self::TokioWebsockets => "tokio-websockets",
            Self::Yawc => "yawc",
            Self::SockudoWs => "sockudo-ws",
            Self::Floor => "floor",
        }
    }

    pub fn is_ours(self) -> bool {
        matches!(self, Self::Ours | Self::OursFast)
    }

    /// Another crate, which ours is compared with.
    pub fn is_rival(self) -> bool {
        !self.is_ours() && self != Self::Floor
    }

    /// As a server, sends back every message until the stream ends.
    pub fn echo(self, stream: Memory) -> Result<(), Failure> {
        for_peer!(self, peer => block_on(peer::echo(stream)))
    }

    /// As a client, sends these messages, which are kept, and flushes them; so many times.
    pub fn send(self, stream: Memory, messages: &[Message], times: u64) -> Result<(), Failure> {
        for_peer!(self, peer => block_on(peer::send(stream, messages, times)))
    }

    /// As a client, receives messages until the stream ends.
    pub fn receive(self, stream: Memory, each: impl FnMut(Opcode, &[u8])) -> Result<(), Failure> {
        for_peer!(self, peer => block_on(peer::receive(stream, each)))
    }

    /// Accepts a WebSocket and sends back every message until the connection ends, in a task of its own.
    pub fn spawn(self, stream: TcpStream, settings: Settings) {
        // A task for each kind of peer: one for all would have the memory of the largest.
        for_peer!(self, peer => drop(tokio::spawn(peer::serve(stream, settings))));
    }
}

/// The messages of a client that sends the same ones again and again.
fn repeat(messages: &[Message], times: u64) -> impl Iterator<Item = impl Iterator<Item = (Opcode, &Bytes)>> {
    (0..times).map(|_| messages.iter().map(|message| (message.opcode, &message.payload)))
}
