//! The protocol's one state machine, for both roles: [RFC 6455][1].
//!
//! Every transition of [`State`] is in this file, which is why it is a long one. In files of their own are how a server
//! answers a request, how events are asked for, what an open connection sends and lends, what it has to do in time, and
//! its side towards the transport. These change what stands beside the state, such as the timer and the end of the
//! input.
//!
//! [1]: https://datatracker.ietf.org/doc/html/rfc6455

mod answer;
#[cfg(feature = "std")]
mod lending;
mod polling;
mod sending;
mod time;
mod transport;

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::mem;
use core::time::Duration;

use bytes::Bytes;

use super::close::Close;
use super::compression::Agreement;
use super::config::Config;
use super::encoder::Encoder;
use super::error::{Error, HandshakeError, Phase};
use super::event::{Closed, Event, SendError};
use super::frame::Opcode;
use super::handshake::client::{self, Established};
use super::handshake::request::Request;
use super::handshake::server::{self, Incoming as IncomingRequest};
use super::incoming::{Delivery, Incoming, Received};
use super::mask::{MaskKeys, Random};
use super::outgoing::Outgoing;
use super::timer::Timer;
use super::watch::Watch;

/// One end of a WebSocket connection, from the opening handshake to the end of the transport.
///
/// The module's documentation has its loop. All times are durations since a moment the caller chooses, once.
pub struct Connection {
    state: State,
    config: Arc<Config>,
    incoming: Incoming,
    outgoing: Outgoing,
    encoder: Encoder,
    /// The answer to the newest ping, while there is [no room](Self::release_pong) for it.
    pong: Option<Bytes>,
    /// Where the last pong ends in the output.
    pong_end: u64,
    /// Where the last message, or part of one, ends among all bytes of the output.
    message_end: u64,
    /// Where the last frame of the program ends in it, be it of a message, a ping or a pong.
    sent_end: u64,
    /// Where the Close frame ends in it, once it was sent.
    close_end: u64,
    /// Something of the program's was thrown away.
    discarded: bool,
    /// The transport has no more bytes to give, or is not waited for any longer.
    ended: bool,
    /// Why nothing can be sent while the connection is not open: who has begun to close it, or has made it fail.
    refusal: SendError,
    /// What the peer must do in time.
    timer: Option<Timer>,
    /// What an open connection is to notice in time, if anything; from when the time is first known.
    watch: Option<Box<Watch>>,
}

/// Which end of the connection this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The end that asked for the connection; it masks what it sends.
    Client,
    /// The end that accepted it.
    Server,
}

enum State {
    /// A client waits for the server's answer.
    ClientHandshake(Box<client::Handshake>),
    /// A server waits for the client's request.
    ServerHandshake(server::Handshake),
    /// A server's program decides about the request.
    Deciding(Arc<IncomingRequest>),
    /// The connection is established. The two Close frames are facts; what may still be done follows from them.
    Established {
        /// A Close frame was sent.
        close_sent: bool,
        /// The Close frame that was received, if one was; `Some(None)`: it had no body.
        close_received: Option<Option<Close>>,
    },
    /// The connection was failed; the program is still to be told.
    Failed(Error),
    /// The program was told the last event.
    Closed,
}

impl Connection {
    /// A client's end. The request is [output](Self::output) at once.
    pub fn client(request: Request, config: impl Into<Arc<Config>>, random: Box<dyn Random>, now: Duration) -> Self {
        let mut keys = Box::new(MaskKeys::new(random));
        let config = config.into();
        let (handshake, head) = client::Handshake::start(request, keys.nonce(), config.compression());
        let mut connection = Self::new(State::ClientHandshake(Box::new(handshake)), config, Some(keys), now);
        connection.outgoing.push_head(&head);
        connection
    }

    /// A server's end.
    pub fn server(config: impl Into<Arc<Config>>, now: Duration) -> Self {
        Self::new(State::ServerHandshake(server::Handshake::new()), config.into(), None, now)
    }

    /// A server's end whose opening handshake was done by somebody else, who agreed to no extensions.
    pub fn server_established(config: impl Into<Arc<Config>>) -> Self {
        let established = State::Established { close_sent: false, close_received: None };
        Self { timer: None, ..Self::new(established, config.into(), None, Duration::ZERO) }
    }

    /// A client's end whose opening handshake was done by somebody else, who agreed to no extensions.
    pub fn client_established(config: impl Into<Arc<Config>>, random: Box<dyn Random>) -> Self {
        let established = State::Established { close_sent: false, close_received: None };
        let keys = Some(Box::new(MaskKeys::new(random)));
        Self { timer: None, ..Self::new(established, config.into(), keys, Duration::ZERO) }
    }

    /// A server's end for a request that an HTTP server has read and answers itself: with
    /// [`accept_value`](IncomingRequest::accept_value), a subprotocol if it likes, and the
    /// [extensions](Established::extensions) that are returned here, if they are not empty.
    pub fn server_upgraded(request: &IncomingRequest, config: impl Into<Arc<Config>>) -> (Self, Established) {
        let mut connection = Self::server_established(config);
        let (agreement, extensions) = request.choose_extensions(connection.config.compression().as_ref()).unzip();
        connection.compress(agreement);
        (connection, Established { extensions: extensions.unwrap_or_default(), ..Established::default() })
    }

    fn new(state: State, config: Arc<Config>, keys: Option<Box<MaskKeys>>, now: Duration) -> Self {
        let role = if keys.is_some() { Role::Client } else { Role::Server };
        let outgoing = Outgoing::new(config.most_queued());
        Self {
            state,
            timer: Some(Timer::handshake(now, &config)),
            config,
            incoming: Incoming::new(role),
            outgoing,
            encoder: Encoder::new(keys),
            pong: None,
            pong_end: 0,
            message_end: 0,
            sent_end: 0,
            close_end: 0,
            discarded: false,
            ended: false,
            refusal: SendError::NotOpen,
            watch: None,
        }
    }

    /// Which end this is.
    pub fn role(&self) -> Role {
        if self.encoder.is_masking() { Role::Client } else { Role::Server }
    }

    /// The connection's bounds.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Whether the connection is established and this end has not sent a Close frame: messages can be sent.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Established { close_sent: false, .. })
    }

    /// Whether a Close frame was sent and the connection is not closed yet.
    pub fn is_closing(&self) -> bool {
        matches!(self.state, State::Established { close_sent: true, .. })
    }

    /// Whether what the peer sends is looked at: the connection is established, and no Close frame has come.
    #[cfg(feature = "std")]
    pub(crate) fn is_listening(&self) -> bool {
        matches!(self.state, State::Established { close_received: None, .. })
    }

    /// Whether a Close frame was sent, and the peer has time yet to answer it or to end the transport.
    #[cfg(feature = "std")]
    pub(crate) fn has_time_to_close(&self) -> bool {
        self.is_closing() && self.timer.is_some()
    }

    /// Why the connection has failed, until the last event says so.
    pub fn failure(&self) -> Option<&Error> {
        match &self.state {
            State::Failed(error) => Some(error),
            _ => None,
        }
    }

    /// Whether the last event was given out. What is still [output](Self::output) is to be transmitted.
    pub fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    /// Starts the WebSocket closing handshake, after the messages that were sent. `None`: a Close frame with no body.
    ///
    /// Before the connection is established, it is failed instead. Does nothing after a Close frame was sent.
    ///
    /// # Errors
    /// In every state: [`SendError::CloseCode`], and [`SendError::LongControl`] for a reason of more than 123 bytes.
    pub fn start_closing_handshake(&mut self, close: Option<&Close>) -> Result<(), SendError> {
        close.map_or(Ok(()), Close::check)?;
        self.begin_closing(SendError::NotOpen, close);
        Ok(())
    }

    /// Starts the closing handshake for what runs the connection, without its program knowing: see
    /// [`SendError::Leaving`].
    #[cfg(feature = "tokio")]
    pub(crate) fn start_closing_for_host(&mut self, close: &Close) {
        self.begin_closing(SendError::Leaving, Some(close));
    }

    /// Fails the WebSocket connection: [RFC 6455, section 7.1.7][1]. Does nothing to one that has failed or is closed.
    ///
    /// [1]: https://datatracker.ietf.org/doc/html/rfc6455#section-7.1.7
    pub fn fail(&mut self, error: Error) {
        match &self.state {
            State::Failed(_) | State::Closed => return,
            // The closing handshake is complete and its code is known; all that is left is the end of the transport.
            State::Established { close_received: Some(_), .. } => {
                self.ended = true;
                return;
            }
            // "If _The WebSocket Connection is Established_ prior to the point where the endpoint is required to _Fail
            // the WebSocket Connection_, the endpoint SHOULD send a Close frame with an appropriate status code before
            // proceeding to _Close the WebSocket Connection_."
            State::Established { close_sent: false, .. } => {
                if let Some(code) = error.close_code() {
                    self.send_close(Some(&Close::new(code)));
                }
                self.refusal = SendError::Closed;
            }
            // A request that is given up need not go out.
            State::ClientHandshake(_) => self.outgoing.clear(),
            State::Established { .. } | State::ServerHandshake(_) | State::Deciding(_) => {}
        }
        self.timer = None;
        self.state = State::Failed(error);
    }

    /// The next event, for a caller who does not know the time yet. It is to [handle the time](Self::handle_timeout)
    /// before it waits.
    pub(crate) fn advance(&mut self, delivery: Delivery) -> Option<Event> {
        loop {
            match self.step(delivery) {
                Ok(Step::Event(event)) => return Some(event),
                Ok(Step::Wait) => return None,
                Err(error) => self.fail(error),
            }
        }
    }

    fn step(&mut self, delivery: Delivery) -> Result<Step, Error> {
        match &mut self.state {
            State::ClientHandshake(handshake) => {
                match handshake.advance(self.incoming.buffer(), self.config.max_head)? {
                    Some((established, agreement)) => {
                        self.establish();
                        self.compress(agreement);
                        Ok(Step::Event(Event::Established(Box::new(established))))
                    }
                    None => self.wait_unless_ended(HandshakeError::Ended.into()),
                }
            }
            State::ServerHandshake(handshake) => {
                match handshake.advance(self.incoming.buffer(), self.config.max_head) {
                    Ok(Some(request)) => {
                        let request = Arc::new(request);
                        self.state = State::Deciding(request.clone());
                        Ok(Step::Event(Event::Request(request)))
                    }
                    Ok(None) => self.wait_unless_ended(HandshakeError::Ended.into()),
                    Err((error, refusal)) => {
                        self.outgoing.push_head(refusal.as_bytes());
                        Err(error.into())
                    }
                }
            }
            State::Deciding(_) => self.wait_unless_ended(HandshakeError::Ended.into()),
            State::Established { close_received: None, .. } => match self.incoming.next(&self.config, delivery)? {
                Some(received) => Ok(self.take(received)),
                None => self.wait_unless_ended(Error::Ended),
            },
            State::Established { close_received: close_received @ Some(_), .. } => {
                // "After receiving a Close frame, [...] the endpoint [...] discard[s] any further data received."
                self.incoming.buffer().clear();
                // Section 7.1.1: "the server MUST close the connection immediately [...]. The client SHOULD wait for
                // the server to close the connection".
                if self.encoder.is_masking() && !self.ended {
                    return Ok(Step::Wait);
                }
                let closed = Closed { clean: true, received: close_received.take(), error: None };
                Ok(self.close(closed))
            }
            State::Failed(error) => {
                // The state is left at once, and a copy would be code in every page.
                let error = mem::replace(error, Error::Ended);
                Ok(self.close(Closed { clean: false, received: None, error: Some(error) }))
            }
            State::Closed => {
                self.incoming.buffer().clear();
                Ok(Step::Wait)
            }
        }
    }

    fn wait_unless_ended(&self, error: Error) -> Result<Step, Error> {
        if self.ended { Err(error) } else { Ok(Step::Wait) }
    }

    fn establish(&mut self) {
        self.state = State::Established { close_sent: false, close_received: None };
        self.timer = None;
    }

    /// Messages may be compressed from now on, if that was agreed on.
    fn compress(&mut self, agreement: Option<Agreement>) {
        let Some((agreement, compression)) = agreement.zip(self.config.compression()) else { return };
        let (compressor, decompressor) = match self.role() {
            Role::Client => agreement.client(&compression),
            Role::Server => agreement.server(&compression),
        };
        self.encoder.set_compressor(Some(compressor));
        self.incoming.set_decompressor(Some(decompressor));
    }

    fn close(&mut self, closed: Closed) -> Step {
        self.state = State::Closed;
        // Nothing is compressed any more, nor received. The program may keep the connection for as long as it likes.
        self.encoder.set_compressor(None);
        self.incoming = Incoming::new(self.role());
        self.timer = None;
        Step::Event(Event::Closed(Box::new(closed)))
    }

    fn take(&mut self, received: Received) -> Step {
        Step::Event(match received {
            Received::Text(text) => Event::Text(text),
            Received::Part(part) => Event::Part(part),
            Received::Binary(bytes) => Event::Binary(bytes),
            Received::Pong(payload) => {
                if let Some(watch) = &mut self.watch {
                    watch.pong(&payload);
                }
                Event::Pong(payload)
            }
            Received::Ping(payload) => {
                // "Upon receipt of a Ping frame, an endpoint MUST send a Pong frame in response, unless it already
                // received a Close frame."
                self.pong = Some(payload.clone());
                self.release_pong();
                Event::Ping(payload)
            }
            Received::Close(close) => {
                // "If an endpoint receives a Close frame and did not previously send a Close frame, the endpoint MUST
                // send a Close frame in response. (When sending a Close frame in response, the endpoint typically echos
                // the status code it received.)"
                if self.is_open() {
                    let echo = close.as_ref().map(|close| Close::new(close.code));
                    self.send_close(echo.as_ref());
                    self.refusal = SendError::Closed;
                }
                if let State::Established { close_received, .. } = &mut self.state {
                    *close_received = Some(close.clone());
                }
                self.timer = Some(Timer::new(Phase::End));
                Event::ClosingHandshakeStarted(close)
            }
        })
    }

    fn begin_closing(&mut self, refusal: SendError, close: Option<&Close>) {
        match self.state {
            State::Established { close_sent: false, .. } => {
                self.send_close(close);
                self.refusal = refusal;
                self.timer = Some(Timer::new(Phase::Close));
            }
            State::Established { close_sent: true, .. } | State::Failed(_) | State::Closed => {}
            State::ClientHandshake(_) | State::ServerHandshake(_) | State::Deciding(_) => self.fail(Error::Cancelled),
        }
    }

    fn send_close(&mut self, close: Option<&Close>) {
        let body = close.map(Close::encode).unwrap_or_default();
        self.encoder.control(&mut self.outgoing, Opcode::Close, &body);
        self.close_end = self.outgoing.queued_total();
        if let State::Established { close_sent, .. } = &mut self.state {
            *close_sent = true;
        }
    }
}

/// What a step of the state machine came to.
enum Step {
    Event(Event),
    Wait,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("role", &self.role()).field("state", &self.state).finish_non_exhaustive()
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClientHandshake(_) => "ClientHandshake",
            Self::ServerHandshake(_) => "ServerHandshake",
            Self::Deciding(_) => "Deciding",
            Self::Established { .. } => "Established",
            Self::Failed(_) => "Failed",
            Self::Closed => "Closed",
        })
    }
}
