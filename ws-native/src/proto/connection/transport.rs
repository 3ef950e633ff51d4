//! What a connection takes from its transport, and gives to it.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;

use bytes::{BufMut, Bytes};

use super::{Connection, State};
use crate::proto::error::{Answer, Error};
#[cfg(feature = "std")]
use crate::proto::outgoing::Frames;

impl Connection {
    // Input.

    /// The bytes the transport gave.
    pub fn receive(&mut self, bytes: &[u8]) {
        self.incoming.buffer().extend_from_slice(bytes);
    }

    /// Where the payload of a message stands, counted from the first of these bytes, which are the next that the
    /// transport gives; it may end behind them. Ten bytes are enough. `None`: they do not begin with a binary message
    /// in one frame, neither masked nor compressed, that is within the bounds; or something that was received before is
    /// still to be looked at.
    ///
    /// For a caller who has to copy a message to a place of its own in any case, and can do so from where it was read.
    /// Such a message need not be [received](Self::receive), only what comes behind it; but the connection is to be
    /// told that [something was heard](Self::listen_anew) of its peer.
    ///
    /// ```
    /// # use core::time::Duration;
    /// use ws_native::proto::{Config, Connection};
    ///
    /// # let random = |bytes: &mut [u8]| bytes.fill(7);
    /// let client = Connection::client_established(Config::default(), Box::new(random));
    /// assert_eq!(client.find_aside(b"\x82\x05Hello"), Some(2..7));
    /// assert_eq!(client.find_aside(b"\x81\x05Hello"), None);
    /// ```
    pub fn find_aside(&self, front: &[u8]) -> Option<Range<usize>> {
        if self.is_open() { self.incoming.find_aside(front, &self.config) } else { None }
    }

    /// Takes away from the connection the message that is arriving, if it is an unmasked, uncompressed binary one in
    /// one frame, and at least `least` bytes of it, and at least one, are missing. Gives what has arrived of the
    /// payload, and how many bytes are missing; those must not be passed to [`receive`](Self::receive).
    ///
    /// A message is arriving from when a [poll](Self::poll) has come upon its frame's header.
    ///
    /// ```
    /// # use core::time::Duration;
    /// use ws_native::proto::{Config, Connection, Event};
    ///
    /// # let random = |bytes: &mut [u8]| bytes.fill(7);
    /// # let now = Duration::ZERO;
    /// let mut client = Connection::client_established(Config::default(), Box::new(random));
    /// client.receive(b"\x82\x05Hel");
    /// assert!(client.poll(now).is_none());
    /// let (arrived, missing) = client.set_aside(2).unwrap();
    /// assert_eq!((&arrived[..], missing), (&b"Hel"[..], 2));
    /// // The two bytes, and behind them:
    /// client.listen_anew();
    /// client.receive(b"\x81\x01a");
    /// assert!(matches!(client.poll(now), Some(Event::Text(text)) if text == "a"));
    /// ```
    pub fn set_aside(&mut self, least: usize) -> Option<(Bytes, usize)> {
        if self.is_open() { self.incoming.set_aside(least) } else { None }
    }

    /// Where a transport can write the bytes it gives, with room made for a read.
    pub fn read_buffer(&mut self) -> impl BufMut {
        const LEAST: usize = 4 << 10;
        const MOST: usize = 128 << 10;
        let missing = self.incoming.missing();
        let buffer = self.incoming.buffer();
        if buffer.capacity() - buffer.len() < LEAST / 2 {
            buffer.reserve(missing.clamp(LEAST, MOST));
        }
        buffer
    }

    /// Gives back the memory of compression, if
    #[cfg_attr(
        feature = "deflate",
        doc = "[`Compression::release_when_idle`](crate::proto::Compression::release_when_idle)"
    )]
    #[cfg_attr(not(feature = "deflate"), doc = "the settings")]
    /// says so. To be called when the connection is about to wait for its peer; a caller may leave it out.
    pub fn release_idle(&mut self) {
        self.encoder.release();
        self.incoming.release();
    }

    /// The server's answer over HTTP/2 to the request with [these headers](crate::proto::Request::http2_headers). The
    /// transport is the stream of that request. What is output before this is the request over HTTP/1.1: it must not be
    /// transmitted, and is dropped here. Does nothing for a connection that waits for no answer.
    pub fn receive_answer(&mut self, answer: Answer) {
        let State::ClientHandshake(handshake) = &mut self.state else { return };
        handshake.answered_over_http2(answer);
        // It was the request over HTTP/1.1.
        self.outgoing.clear();
    }

    /// The transport has ended: the peer sent all it had to send.
    pub fn receive_end(&mut self) {
        self.ended = true;
    }

    /// The transport could not be opened, or broke.
    pub fn lost(&mut self, error: impl Into<Box<dyn core::error::Error + Send + Sync>>) {
        self.discard_output();
        self.fail(Error::Transport(error.into().into()));
    }

    /// Whether something that the program has sent was thrown away because the transport was gone before it could take
    /// it. A Close frame does not count.
    pub fn has_discarded(&self) -> bool {
        self.discarded
    }

    /// The transport is gone: what waits goes nowhere, and need not be kept.
    pub(crate) fn discard_output(&mut self) {
        self.discarded |= self.outgoing.remaining_to(self.sent_end) > 0;
        self.outgoing.clear();
    }

    // Output.

    /// What is to be transmitted next. Where a long payload is among it, there is more once this was consumed.
    pub fn output(&self) -> &[u8] {
        self.outgoing.first()
    }

    /// What is to be transmitted, in pieces, for a write that takes many. Pieces may be empty. There may be more once
    /// it was consumed: a client's very long payload is masked as it goes.
    pub fn output_pieces(&self) -> impl Iterator<Item = &[u8]> {
        self.outgoing.pieces()
    }

    /// This many bytes of the output, over all its pieces, were transmitted.
    pub fn consume_output(&mut self, count: usize) {
        self.outgoing.consume(count);
        self.transmitted(count);
    }

    /// How many bytes have not reached the network: the output, and what was taken of it.
    pub fn backlog(&self) -> usize {
        self.outgoing.backlog()
    }

    /// How many bytes of output there were since the beginning, transmitted or not.
    pub fn queued_total(&self) -> u64 {
        self.outgoing.queued_total()
    }

    /// Takes this many bytes of the output, of which the caller has a copy, to be transmitted by somebody else, who
    /// then says so with [`transmitted`](Self::transmitted).
    pub fn take_copied(&mut self, count: usize) {
        self.outgoing.consume(count);
    }

    /// Takes the output, to be transmitted by somebody else, who then says so with [`transmitted`](Self::transmitted).
    pub fn take_output(&mut self) -> Vec<u8> {
        self.outgoing.take()
    }

    /// This many bytes of the output that was taken were transmitted.
    pub fn transmitted(&mut self, count: usize) {
        self.outgoing.transmitted(count);
        if self.pong.is_some() {
            self.release_pong();
        }
    }
}

/// For a transport that lends memory, and looks at the clock only when it has to.
#[cfg(feature = "std")]
impl Connection {
    /// The memory that is read into: to be appended to, and to be replaced only with memory that has the same in it.
    pub(crate) fn read_memory(&mut self) -> &mut bytes::BytesMut {
        self.incoming.buffer()
    }

    /// The memory that output is written into, while there is no output: to be replaced only with memory that is empty.
    pub(crate) fn write_memory(&mut self) -> Option<&mut Frames> {
        self.outgoing.memory()
    }

    /// How many bytes the frame that is arriving still lacks, as far as its header is known.
    pub(crate) fn missing(&self) -> usize {
        self.incoming.missing()
    }

    /// Whether the peer has to do something in time.
    pub(crate) fn is_timed(&self) -> bool {
        self.timer.is_some()
    }
}
