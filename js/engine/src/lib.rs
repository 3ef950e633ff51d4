//! The RFC 6455 engine for JavaScript hosts that have sockets and no WebSocket.
//!
//! A host feeds a [`Session`] what its socket gives and the time, and looks at the flags every such call returns:
//!
//! | flag | what the host does |
//! |---|---|
//! | 1 `TASKS` | `begin_turn()`, `next_task()`, fires its event; again as the next task of its event loop, until there is none |
//! | 2 `TRANSMIT` | copies what is at `output_start()`, calls `output_taken(bytes)`, writes it, and calls `transmitted(bytes)` when that is done |
//! | 4 `TIMEOUT` | sets its one timer to `deadline()`, and calls `timeout(now)` when it has passed |
//! | 8 `END` | ends the socket once all is written |
//! | 16 `BATCH` | hands the messages of the batch over, each as a task of its event loop; then `end_batch()` and `poll()` |
//!
//! A host can spare itself copies of messages, and allocations:
//!
//! | message | what the host does |
//! |---|---|
//! | a long binary one that is received, in a chunk | asks `find_aside()` for its length before `receive()`, copies it, and calls `heard()` |
//! | one that is half received already | takes it over with `set_aside()`, appends what is missing of it, and calls `heard()` |
//! | a short one that is sent | writes it on the [`Desk`] of all its sessions, and calls `send_text_on()` or `send_bytes_on()` |
//! | a long one that is sent | calls `reserve()` with its size, and `fill()` with its bytes if they can still be sent |
//!
//! It calls `hold()` when it has a first received message in this way, and `release()` when it has handed all of them over.
//!
//! All times are milliseconds on one monotonic clock. The module knows no socket, no clock and no event class.
#![forbid(unsafe_code)]

mod batch;
mod desk;
mod exception;
mod flags;
mod kinds;
mod memory;
mod random;
mod settings;

use core::time::Duration;

use bytes::Bytes;
use wasm_bindgen::prelude::*;
use ws_core::{BinaryType, BlobError, Close, CloseCode, CloseEvent, Data, Error, MessageEvent, ReadyState, Task, Text};
use ws_native::BlobId;
use ws_native::proto::{Request, SendError};

use batch::Batch;
pub use desk::Desk;
use exception::{exception, is_sent, sent, thrown};
use flags::{BATCH, END, TASKS, TIMEOUT, TRANSMIT};
use kinds::{BINARY, CLOSE, NONE, OPEN, PONG, TEXT};
pub use settings::Settings;

/// The client's end of a WebSocket.
#[wasm_bindgen]
pub struct Session {
    session: ws_native::Session,
    /// The task whose events the host fires.
    task: Current,
    /// The messages that come before the next task.
    batch: Batch,
    /// Whether the host has messages that it has not handed over, besides those of the batch.
    holds: bool,
    /// The deadline the host knows of.
    deadline: Option<Duration>,
    /// The most recent time the host told.
    now: Duration,
}

/// What the task that was taken last carries.
enum Current {
    Nothing,
    Text(Text),
    Binary(Bytes),
    Close { failed: bool, event: CloseEvent },
}

#[wasm_bindgen]
impl Session {
    /// A session that connects. `host`: the value of the Host header; `resource`: path and query; `headers`: names and
    /// values by turns, a character for each byte.
    #[wasm_bindgen(constructor)]
    pub fn new(
        host: &str,
        resource: &str,
        protocols: Vec<String>,
        headers: Vec<String>,
        settings: Settings,
        now: f64,
    ) -> Result<Session, JsValue> {
        let mut request = Request::new(host, resource, &protocols).map_err(|error| exception("SyntaxError", &error))?;
        for pair in headers.chunks_exact(2) {
            let value: Vec<u8> = pair[1].chars().map(|byte| byte as u8).collect();
            request = request.header(&pair[0], value).map_err(|error| exception("SyntaxError", &error))?;
        }
        let now = duration(now);
        let mut session = ws_native::Session::new(request, "".into(), settings.into(), Box::new(random::fill), now);
        // The host makes its own blobs.
        session.model().set_binary_type(BinaryType::ArrayBuffer);
        Ok(Self { session, task: Current::Nothing, batch: Batch::default(), holds: false, deadline: None, now })
    }

    /// The host begins to open the transport: so does the time for the opening handshake.
    pub fn connecting(&mut self, now: f64) -> u32 {
        self.at(now);
        self.session.restart_handshake_timer(self.now);
        self.flags()
    }

    /// The transport is open: the request is to be transmitted.
    pub fn connected(&mut self, now: f64) -> u32 {
        self.at(now);
        self.flags()
    }

    /// The transport gave these bytes.
    pub fn receive(&mut self, chunk: &[u8], now: f64) -> u32 {
        self.at(now);
        self.session.receive(chunk);
        self.flags()
    }

    /// The host has received a chunk and passes the next twelve bytes of it, as three big-endian words. If a whole binary message
    /// begins there that the host may copy itself, returns the length of its payload, otherwise 0. The payload begins after 2 bytes
    /// if it is shorter than 126, after 4 if it is shorter than 65,536, otherwise after 10. For header and payload the host calls
    /// [`heard`](Self::heard) instead of `receive()`; it hands the message over behind those that it has already.
    pub fn find_aside(&self, first: u32, second: u32, third: u32) -> usize {
        if !self.batch.is_empty() {
            return 0;
        }
        let front = [first.to_be_bytes(), second.to_be_bytes(), third.to_be_bytes()];
        self.session.find_aside(front.as_flattened()).map_or(0, |payload| payload.len())
    }

    /// If a binary message is half received and at least this many bytes are missing, hands it to the host: returns how many are
    /// missing, and `task_start()` and `task_length()` show what has come. Otherwise 0.
    pub fn set_aside(&mut self, least: usize) -> usize {
        if !self.batch.is_empty() {
            return 0;
        }
        let Some((arrived, missing)) = self.session.set_aside(least) else { return 0 };
        self.task = Current::Binary(arrived);
        missing
    }

    /// Something came of a message that the host takes past the session. To be followed by `receive()` or `poll()`.
    pub fn heard(&mut self) {
        self.session.listen_anew();
    }

    /// The peer has ended the transport.
    pub fn end(&mut self, now: f64) -> u32 {
        self.at(now);
        self.session.receive_end();
        self.flags()
    }

    /// The transport could not be opened, or broke.
    pub fn lost(&mut self, cause: String, now: f64) -> u32 {
        self.at(now);
        self.session.lost(cause);
        self.flags()
    }

    /// The deadline has passed.
    pub fn timeout(&mut self, now: f64) -> u32 {
        self.at(now);
        self.session.handle_timeout(self.now);
        self.flags()
    }

    /// Nothing came from outside; a task was run, and more may have come to light.
    pub fn poll(&mut self, now: f64) -> u32 {
        self.at(now);
        self.flags()
    }

    /// When `timeout` is to be called.
    pub fn deadline(&mut self) -> Option<f64> {
        self.deadline = self.session.deadline();
        self.deadline.map(|deadline| deadline.as_secs_f64() * 1000.0)
    }

    /// Where in memory what is to be transmitted first is, until the session is called again.
    pub fn output_start(&self) -> usize {
        self.session.output().as_ptr() as usize
    }

    /// How many bytes are there. There may be more behind them.
    pub fn output_length(&self) -> usize {
        self.session.output().len()
    }

    /// So many bytes of it were copied, to be transmitted.
    pub fn output_taken(&mut self, bytes: usize) {
        self.session.take_copied(bytes);
    }

    /// So many bytes of what was taken reached the network.
    pub fn transmitted(&mut self, bytes: usize) {
        self.session.transmitted(bytes);
    }

    /// The event loop reached step 1: the buffered amount falls here.
    pub fn begin_turn(&mut self) {
        self.session.begin_turn();
    }

    /// Runs the next task's change of state, and says of which kind it is: `NONE`: there is none; `OPEN`: fire open; `TEXT` and
    /// `BINARY`: message; `CLOSE`: close, after error if `task_failed()`; `PONG`: the answer to a ping. Where the bytes of a message
    /// or an answer are: `task_start()` and `task_length()`.
    pub fn next_task(&mut self) -> u32 {
        if let Some(payload) = self.session.take_pong() {
            self.task = Current::Binary(payload);
            return PONG;
        }
        let (kind, current) = match self.session.next_task(self.now) {
            None => (NONE, Current::Nothing),
            Some(Task::Open) => (OPEN, Current::Nothing),
            Some(Task::Message(MessageEvent { data: Data::Text(text), .. })) => (TEXT, Current::Text(text)),
            Some(Task::Message(MessageEvent { data: Data::Binary(bytes), .. })) => (BINARY, Current::Binary(bytes)),
            // The binary type is never blob here: see `new`.
            Some(Task::Message(_)) => (BINARY, Current::Binary(Bytes::new())),
            Some(Task::Close { failed, event }) => (CLOSE, Current::Close { failed, event }),
        };
        self.task = current;
        kind
    }

    /// Where in memory the message of the task that was taken last is, until a call that gives flags.
    pub fn task_start(&self) -> usize {
        self.task_payload().as_ptr() as usize
    }

    /// How many bytes it has.
    pub fn task_length(&self) -> usize {
        self.task_payload().len()
    }

    /// How many messages there are in the batch: they come before the next task.
    pub fn batch_count(&self) -> usize {
        self.batch.count()
    }

    /// Where in memory their places are, until the batch is ended: see [`Batch`].
    pub fn batch_places(&self) -> usize {
        self.batch.places() as usize
    }

    /// The messages of the batch were handed over, or are forgotten.
    pub fn end_batch(&mut self) {
        self.batch.clear();
        self.session.listen_anew();
    }

    /// The host has messages that it has not handed over: what is behind them is not looked at.
    pub fn hold(&mut self) {
        self.holds = true;
    }

    /// They were handed over, or are forgotten.
    pub fn release(&mut self) {
        self.holds = false;
        self.session.listen_anew();
    }

    /// Whether error is fired before close.
    pub fn task_failed(&self) -> bool {
        matches!(self.task, Current::Close { failed: true, .. })
    }

    /// The close event's code.
    pub fn task_code(&self) -> u16 {
        self.close_event().map_or(0, |event| event.code.get())
    }

    /// The close event's reason.
    pub fn task_reason(&self) -> String {
        self.close_event().map_or_else(String::new, |event| event.reason.clone())
    }

    /// The close event's wasClean.
    pub fn task_was_clean(&self) -> bool {
        self.close_event().is_some_and(|event| event.was_clean)
    }

    /// The `send()` method, for text. As with the others, the host calls `poll()` when the program has had its say.
    pub fn send_text(&mut self, text: &str) -> Result<(), JsValue> {
        sent(self.session.send_text(text))
    }

    /// The `send()` method, for text that was written on the desk: so many bytes. Whether it was done: it cannot be while
    /// connecting.
    pub fn send_text_on(&mut self, desk: &Desk, length: usize) -> bool {
        is_sent(&self.session.send_text(desk.text(length)))
    }

    /// Whether a text of so many bytes may be sent, and finds room among what waits to be transmitted.
    pub fn has_room(&self, bytes: u32) -> bool {
        self.session.ready_state() == ReadyState::Open
            && self.session.unwritten() + u64::from(bytes) <= self.session.config().max_send_queue as u64
    }

    /// The `send()` method, for bytes that were written on the desk. Whether it was done: it cannot be while connecting.
    pub fn send_bytes_on(&mut self, desk: &Desk, length: usize) -> bool {
        is_sent(&self.session.send_binary(desk.bytes(length)))
    }

    /// The `send()` method, for a message of this size whose bytes come later, by [`fill`](Self::fill): those of a blob, which the
    /// host reads, or bytes that it copies only if they can be sent. None: it is discarded, and nothing is to be filled.
    pub fn reserve(&mut self, size: f64) -> Result<Option<u32>, JsValue> {
        match self.session.send_blob(size as u64) {
            Ok(id) => Ok(Some(id.number())),
            Err(Error::Discarded(_)) => Ok(None),
            Err(error) => Err(thrown(&error)),
        }
    }

    /// The bytes of a message whose size is reserved, which is a binary one; they are kept. As with what is sent, the host calls
    /// `poll()` then.
    pub fn fill(&mut self, id: u32, bytes: Vec<u8>) {
        self.session.blob_read(BlobId::from_number(id), bytes.into());
    }

    /// The bytes of such a message are not to be had: the connection fails.
    pub fn cannot_fill(&mut self, id: u32, now: f64) -> u32 {
        self.at(now);
        self.session.blob_failed(BlobId::from_number(id), BlobError("the host could not read it".into()));
        self.flags()
    }

    /// The `close()` method.
    pub fn close(&mut self, code: Option<u16>, reason: Option<String>, now: f64) -> Result<u32, JsValue> {
        self.at(now);
        let close = Close::new(code.map(CloseCode::new), reason.as_deref()).map_err(|error| thrown(&error))?;
        self.session.close(close);
        Ok(self.flags())
    }

    /// Sends a ping, of no more than 125 bytes. Does nothing once the connection closes.
    pub fn ping(&mut self, payload: &[u8], now: f64) -> Result<u32, JsValue> {
        self.at(now);
        let outcome = match self.session.ping(payload) {
            Err(SendError::LongControl) => Err(exception("RangeError", &"a ping can carry 125 bytes")),
            Err(SendError::Full) => {
                Err(exception("RangeError", &"too many bytes wait to be transmitted (max_send_queue)"))
            }
            Err(_) if self.session.ready_state() == ReadyState::Connecting => {
                Err(exception("InvalidStateError", &"the connection is not open for sending"))
            }
            _ => Ok(()),
        };
        outcome.map(|()| self.flags())
    }

    /// Ends the connection at once: the host has to end the transport without transmitting anything.
    pub fn terminate(&mut self, now: f64) -> u32 {
        self.at(now);
        self.session.terminate();
        self.flags()
    }

    /// The `readyState` attribute.
    #[wasm_bindgen(getter)]
    pub fn ready_state(&self) -> u16 {
        self.session.ready_state() as u16
    }

    /// The `bufferedAmount` attribute.
    #[wasm_bindgen(getter)]
    pub fn buffered_amount(&mut self) -> f64 {
        self.session.model().buffered_amount() as f64
    }

    /// How many bytes that were sent, frames and all, have not reached the network.
    #[wasm_bindgen(getter)]
    pub fn backlog(&self) -> usize {
        self.session.backlog()
    }

    /// The `extensions` attribute.
    #[wasm_bindgen(getter)]
    pub fn extensions(&mut self) -> String {
        self.session.model().extensions().into()
    }

    /// The `protocol` attribute.
    #[wasm_bindgen(getter)]
    pub fn protocol(&mut self) -> String {
        self.session.model().protocol().into()
    }

    /// Why the connection failed. For the host program, never for an event.
    #[wasm_bindgen(getter)]
    pub fn failure(&self) -> Option<String> {
        self.session.failure().map(ToString::to_string)
    }

    fn at(&mut self, now: f64) {
        self.now = duration(now);
    }

    fn task_payload(&self) -> &[u8] {
        match &self.task {
            Current::Text(text) => text.as_bytes(),
            Current::Binary(bytes) => bytes,
            Current::Nothing | Current::Close { .. } => &[],
        }
    }

    fn close_event(&self) -> Option<&CloseEvent> {
        match &self.task {
            Current::Close { event, .. } => Some(event),
            _ => None,
        }
    }

    fn flags(&mut self) -> u32 {
        // The host has what it needs of it. A connection that then is idle would keep its last message.
        self.task = Current::Nothing;
        if !memory::grow_ahead(self.session.ready_state() == ReadyState::Connecting) {
            self.session.lost("the engine has used up its memory: it has 4 GiB for a thread");
        }
        // Nothing is looked at that comes behind messages that the host has not handed over. Behind those of a connection that has
        // failed there is nothing but the end, which lets the host hand them over.
        if self.batch.is_empty() && !self.holds {
            self.session.take_messages(self.now, |message| self.batch.push(message));
        }
        let batch = if self.batch.is_empty() { 0 } else { BATCH };
        let looks = batch == 0 && !self.holds || self.session.has_failed();
        let has_task = looks && (self.session.has_task(self.now) || self.session.has_pong());
        let tasks = if has_task { TASKS } else { 0 };
        let transmit = if self.session.output().is_empty() { 0 } else { TRANSMIT };
        let timeout = if self.session.deadline() == self.deadline { 0 } else { TIMEOUT };
        let end = if self.session.connection_is_closed() { END } else { 0 };
        batch | tasks | transmit | timeout | end
    }
}

fn duration(milliseconds: f64) -> Duration {
    Duration::try_from_secs_f64(milliseconds / 1000.0).unwrap_or_default()
}
