//! The WHATWG interface over a native socket.

use std::fmt;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::coop::consume_budget;
use ws_core::{
    Backend, BinaryType, Blob, BlobError, Close, CloseEvent, Data, Drained, Error, EventTarget, Failure, Flow,
    ReadyState, Task,
};

use crate::driver::Holding;
use crate::proto::Headers;
use crate::{BlobId, ConnectOptions, Session, Socket, Tasks};

/// The backend of [`WebSocket`](crate::WebSocket): RFC 6455, run by tokio.
///
/// A socket made within a tokio runtime is a task of it, and its handlers run there. One made elsewhere runs on a thread
/// of the crate's own, which all such sockets share.
///
/// A socket ends with its runtime, and is told `close` then. If that runtime is gone already, which a [`Handle`] can
/// outlive, `close` is told within `connect_with`, after the handlers were registered.
pub struct Native {
    /// Those who read its blobs own it, too.
    socket: Arc<Socket>,
    runtime: Handle,
    /// The tasks, until they are run.
    tasks: Mutex<Option<Tasks>>,
}

impl Native {
    /// The headers of the server's answer to the opening handshake; empty before it came.
    ///
    /// ```no_run
    /// # use ws_native::WebSocket;
    /// # fn show(socket: &WebSocket) {
    /// println!("{:?}", socket.backend().answer().get("Server"));
    /// # }
    /// ```
    pub fn answer(&self) -> Headers {
        self.socket.answer()
    }

    /// How long the peer took to answer the newest ping of the [heartbeat](crate::proto::Config::heartbeat) that it has
    /// answered.
    pub fn round_trip_time(&self) -> Option<Duration> {
        self.socket.round_trip_time()
    }

    /// Reads a blob that is being sent.
    fn read(&self, id: BlobId, blob: Blob) {
        let reading = Reading { id, socket: Arc::clone(&self.socket) };
        self.runtime.spawn(async move {
            match blob.bytes().await {
                Ok(bytes) => reading.socket.blob_read(id, bytes),
                Err(error) => reading.socket.blob_failed(id, error),
            }
        });
    }
}

impl Backend for Native {
    type Options = ConnectOptions;

    fn open(url: &str, protocols: &[String], options: ConnectOptions) -> Result<Self, Error> {
        let (socket, tasks) = Socket::open(url, protocols, options)?;
        Ok(Self { socket: Arc::new(socket), runtime: tasks.runtime.clone(), tasks: Mutex::new(Some(tasks)) })
    }

    fn establish(&self, target: EventTarget<Self>) {
        let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(tasks) = tasks {
            // Made here, it tells the end also where the runtime has ended, or does before it comes to run this.
            let running = Running { tasks, last: Last { target, is_told: false } };
            self.runtime.spawn(run(running));
        }
    }

    fn url(&self) -> String {
        self.socket.url().into()
    }

    fn ready_state(&self) -> ReadyState {
        self.socket.ready_state()
    }

    fn buffered_amount(&self) -> u64 {
        self.socket.buffered_amount()
    }

    fn extensions(&self) -> String {
        self.socket.extensions()
    }

    fn protocol(&self) -> String {
        self.socket.protocol()
    }

    fn binary_type(&self) -> BinaryType {
        self.socket.binary_type()
    }

    fn set_binary_type(&self, binary_type: BinaryType) {
        self.socket.set_binary_type(binary_type);
    }

    fn send(&self, data: Data) -> Result<(), Error> {
        match data {
            Data::Blob(blob) if blob.as_bytes().is_none() => {
                let id = self.socket.send_blob(blob.size())?;
                self.read(id, blob);
                Ok(())
            }
            data => self.socket.send(data),
        }
    }

    fn close(&self, close: Option<Close>) {
        self.socket.close(close);
    }

    fn abandon(&self) {
        self.socket.shared.with(crate::Session::abandon);
    }

    fn call(program: impl FnOnce()) {
        // The panic hook has reported it. Nothing is borrowed while the program is called, so a
        // panic leaves nothing half done.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(program)) {
            // Dropping the panic's payload may run the program's code, too.
            mem::forget(payload);
        }
    }

    fn failure(&self) -> Option<Failure> {
        self.socket.failure()
    }
}

/// Nothing is read from the network while messages are held back and one has come.
impl Flow for Native {
    fn hold_back(&self, held: bool) -> bool {
        self.socket.shared.hold(if held { Holding::BeforeFailure } else { Holding::Nothing });
        true
    }

    fn drained(&self, left: u64) -> Drained {
        let shared = Arc::clone(&self.socket.shared);
        Box::pin(async move { shared.written(left).await })
    }

    /// True if no more than [`max_send_queue`](crate::proto::Config::max_send_queue) would wait,
    /// this message included; and of a connection that is not open.
    fn has_room(&self, bytes: u64) -> bool {
        self.socket.shared.lock().session.has_room(bytes)
    }

    fn send_if_room(&self, data: Data) -> Result<Option<Data>, Error> {
        // Asked when nothing is locked: the size of a blob is the program's to tell.
        let length = data.len();
        match data {
            Data::Blob(blob) if blob.as_bytes().is_none() => {
                let sent = |session: &mut Session| session.has_room(length).then(|| session.send_blob(length));
                match self.socket.shared.with(sent).transpose()? {
                    Some(id) => self.read(id, blob),
                    None => return Ok(Some(Data::Blob(blob))),
                }
                Ok(None)
            }
            data => self.socket.shared.with(|session| {
                if session.has_room(length) { session.send(data).map(|()| None) } else { Ok(Some(data)) }
            }),
        }
    }

    /// True for no more than [`max_send_queue`](crate::proto::Config::max_send_queue).
    fn fits(&self, bytes: u64) -> bool {
        bytes <= self.socket.shared.lock().session.config().max_send_queue as u64
    }

    /// 1 MiB, or half of [`max_send_queue`](crate::proto::Config::max_send_queue) if that is less.
    fn high_water_mark(&self) -> u64 {
        let most = self.socket.shared.lock().session.config().max_send_queue;
        (1 << 20).min(most as u64 / 2)
    }
}

/// Runs all tasks there are, with other tasks of the runtime in between: a socket that receives without end must not keep them
/// waiting.
async fn run(mut running: Running) {
    while let Some(task) = running.tasks.next().await {
        running.last.tell(task);
        consume_budget().await;
    }
}

/// A socket that is run. Fields are dropped in this order: the state is CLOSED before anybody is
/// told.
struct Running {
    tasks: Tasks,
    last: Last,
}

/// Who is told of events, and whether the last one was told. If it is dropped before, with its
/// runtime, it tells that the connection is closed: somebody may wait for that elsewhere.
struct Last {
    target: EventTarget<Native>,
    is_told: bool,
}

impl Last {
    fn tell(&mut self, task: Task) {
        self.is_told |= matches!(task, Task::Close { .. });
        Native::call(|| _ = self.target.run(task));
    }
}

impl Drop for Last {
    fn drop(&mut self) {
        if !self.is_told {
            self.tell(Task::Close { failed: true, event: CloseEvent::abnormal() });
        }
    }
}

/// A blob that is being read. If it is dropped before it was read, with its runtime or by a panic,
/// it fails the connection: what was sent after it would wait for ever.
struct Reading {
    id: BlobId,
    socket: Arc<Socket>,
}

impl Drop for Reading {
    fn drop(&mut self) {
        let error = BlobError("the reading was given up".into());
        self.socket.blob_failed(self.id, error);
    }
}

impl fmt::Debug for Native {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Native").field("socket", &self.socket).finish_non_exhaustive()
    }
}
