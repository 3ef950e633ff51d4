//! What scripts, or rather the glue, can ask of the program around the engine: one function a line of the table below.

use std::cell::{Cell, RefCell};
use std::io::{self, Write};
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use url::{Origin, Position, Url};
use ws_core::{BinaryType, Close, CloseCode, Data, Error, EventKind};
use ws_native::policy::is_forbidden_header;
use ws_native::{BlobId, ConnectOptions, Socket};

use crate::arguments::is_platform_test;
use crate::event_loop::{EventLoop, Task};
use crate::value::{Arguments, Exception, Value};

/// The program around the engine, for its scripts.
pub(crate) struct Host {
    event_loop: Rc<RefCell<EventLoop>>,
    options: ConnectOptions,
    failed: Cell<bool>,
    exit: Cell<bool>,
}

/// A function that scripts can call.
pub(crate) type Function = fn(&Host, &mut Arguments<'_>) -> Result<Value, Exception>;

/// The most connections at a time. A socket more fails as if its connection had, and has none.
const MAX_CONNECTIONS: usize = 1000;

impl Host {
    /// The functions of the object `host`.
    pub(crate) const FUNCTIONS: &'static [(&'static str, Function)] = &[
        ("now", |host, _| Ok(Value::Number(host.event_loop.borrow().now().as_secs_f64() * 1000.0))),
        ("timeOrigin", |host, _| Ok(Value::Number(host.time_origin()))),
        ("print", |_, given| print(given, &mut io::stdout())),
        ("printError", |_, given| print(given, &mut io::stderr())),
        ("fail", |host, _| {
            host.failed.set(true);
            Ok(Value::Undefined)
        }),
        ("exit", |host, _| {
            host.exit.set(true);
            Ok(Value::Undefined)
        }),
        ("isPlatformTest", |_, _| Ok(Value::Boolean(is_platform_test()))),
        ("baseURL", |host, _| Ok(host.base_url())),
        ("startTimer", Self::start_timer),
        ("stopTimer", |host, given| {
            host.event_loop.borrow_mut().stop_timer(given.id()?);
            Ok(Value::Undefined)
        }),
        ("parseUrl", |_, given| parse_url(given)),
        ("setUrlPart", |_, given| set_url_part(given)),
        ("encode", |_, given| Ok(Value::Bytes(Bytes::copy_from_slice(given.text()?.as_bytes())))),
        ("decode", |_, given| Ok(Value::Text(String::from_utf8_lossy(&given.bytes()?).into_owned()))),
        ("open", Self::open),
        ("collected", |host, given| {
            host.event_loop.borrow_mut().drop_socket(given.id()?);
            Ok(Value::Undefined)
        }),
        ("readyState", |host, given| {
            host.socket(given, |socket| Value::Number(f64::from(socket.ready_state() as u16)))
        }),
        ("bufferedAmount", |host, given| host.socket(given, |socket| Value::Number(socket.buffered_amount() as f64))),
        ("extensions", |host, given| host.socket(given, |socket| Value::Text(socket.extensions()))),
        ("protocol", |host, given| host.socket(given, |socket| Value::Text(socket.protocol()))),
        ("sendText", |host, given| host.send(given, |given| Ok(Data::from(given.text()?)))),
        ("sendBytes", |host, given| host.send(given, |given| Ok(Data::from(given.bytes()?)))),
        ("sendBlob", Self::send_blob),
        ("blobRead", Self::blob_read),
        ("close", Self::close),
        ("pause", |host, given| {
            host.socket(given, |socket| {
                socket.pause();
                Value::Undefined
            })
        }),
        ("resume", |host, given| {
            host.socket(given, |socket| {
                socket.resume();
                Value::Undefined
            })
        }),
        ("whenWritten", |host, given| {
            host.event_loop.borrow_mut().when_written(given.id()?);
            Ok(Value::Undefined)
        }),
        ("backlog", |host, given| host.socket(given, |socket| Value::Number(socket.unwritten() as f64))),
        ("setAwaited", |host, given| {
            host.event_loop.borrow_mut().set_awaited(given.id()?, given.boolean()?);
            Ok(Value::Undefined)
        }),
        ("mustBeKept", Self::must_be_kept),
    ];

    pub(crate) fn new(event_loop: Rc<RefCell<EventLoop>>, options: ConnectOptions) -> Self {
        Self { event_loop, options, failed: Cell::new(false), exit: Cell::new(false) }
    }

    /// An exception was not caught, and the glue cannot report it.
    pub(crate) fn fail(&self, words: &str) {
        eprintln!("Uncaught {words}");
        self.failed.set(true);
    }

    /// Whether an exception was not caught.
    pub(crate) fn failed(&self) -> bool {
        self.failed.get()
    }

    /// Whether the script wants the program to end.
    pub(crate) fn exit_requested(&self) -> bool {
        self.exit.get()
    }

    fn time_origin(&self) -> f64 {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        since_epoch.saturating_sub(self.event_loop.borrow().now()).as_secs_f64() * 1000.0
    }

    fn base_url(&self) -> Value {
        let base = self.options.policy.as_ref().and_then(|policy| policy.base_url());
        base.map_or(Value::Undefined, Value::Text)
    }

    fn start_timer(&self, given: &mut Arguments<'_>) -> Result<Value, Exception> {
        let (id, milliseconds, is_awaited) = (given.id()?, given.number()?, given.boolean()?);
        let delay = Duration::try_from_secs_f64(milliseconds / 1000.0).unwrap_or_default();
        self.event_loop.borrow_mut().start_timer(id, delay, is_awaited);
        Ok(Value::Undefined)
    }

    // Sockets.

    /// Makes a socket, which is known by a number from now on. Its tasks are calls of the functions `opened`, `received` and
    /// `closed` of the glue.
    fn open(&self, given: &mut Arguments<'_>) -> Result<Value, Exception> {
        let (url, protocols, headers) = (given.text()?, given.list()?, given.list()?);
        if let Some([name, _]) = headers.chunks_exact(2).find(|pair| is_forbidden_header(&pair[0])) {
            return Err(Exception::new("SyntaxError", format!("the header {name} is not a script's to set")));
        }
        let mut options = self.options.clone();
        options.headers.extend(headers.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())));
        let (socket, tasks) = Socket::open(url, protocols, options)?;
        // A message is bytes here, and becomes a Blob where the script wants one.
        socket.set_binary_type(BinaryType::ArrayBuffer);
        let mut event_loop = self.event_loop.borrow_mut();
        if event_loop.connection_count() >= MAX_CONNECTIONS {
            socket.terminate();
        }
        Ok(Value::Number(event_loop.add_socket(socket, tasks).into()))
    }

    /// Asks a socket. One that is gone is closed.
    fn socket(&self, given: &mut Arguments<'_>, ask: impl FnOnce(&Socket) -> Value) -> Result<Value, Exception> {
        let id = given.id()?;
        let event_loop = self.event_loop.borrow();
        event_loop.socket(id).map(ask).ok_or_else(|| Exception::new("Error", "there is no such socket"))
    }

    fn send(
        &self,
        given: &mut Arguments<'_>,
        data: impl FnOnce(&mut Arguments<'_>) -> Result<Data, Exception>,
    ) -> Result<Value, Exception> {
        let (id, data) = (given.id()?, data(given)?);
        let event_loop = self.event_loop.borrow();
        match event_loop.socket(id).map(|socket| socket.send(data)) {
            // The standard throws nothing for a message that is discarded.
            Some(Ok(()) | Err(Error::Discarded(_))) | None => Ok(Value::Undefined),
            Some(Err(error)) => Err(error.into()),
        }
    }

    /// Keeps a place for a blob, which the glue reads. Undefined: it is discarded.
    fn send_blob(&self, given: &mut Arguments<'_>) -> Result<Value, Exception> {
        let (id, size) = (given.id()?, given.number()? as u64);
        let event_loop = self.event_loop.borrow();
        match event_loop.socket(id).map(|socket| socket.send_blob(size)) {
            Some(Ok(blob)) => Ok(Value::Number(blob.number().into())),
            Some(Err(Error::Discarded(_))) | None => Ok(Value::Undefined),
            Some(Err(error)) => Err(error.into()),
        }
    }

    fn blob_read(&self, given: &mut Arguments<'_>) -> Result<Value, Exception> {
        let (id, blob, bytes) = (given.id()?, given.id()?, given.bytes()?);
        let event_loop = self.event_loop.borrow();
        if let Some(socket) = event_loop.socket(id) {
            socket.blob_read(BlobId::from_number(blob), bytes);
        }
        Ok(Value::Undefined)
    }

    fn close(&self, given: &mut Arguments<'_>) -> Result<Value, Exception> {
        let (id, code, reason) = (given.id()?, given.optional_number()?, given.optional_text()?);
        let close = Close::new(code.map(|code| CloseCode::new(code as u16)), reason)?;
        let event_loop = self.event_loop.borrow();
        if let Some(socket) = event_loop.socket(id) {
            socket.close(close);
        }
        Ok(Value::Undefined)
    }

    /// The rule of the standard for garbage collection, given whether there are listeners for each event.
    fn must_be_kept(&self, given: &mut Arguments<'_>) -> Result<Value, Exception> {
        let id = given.id()?;
        let listeners = [given.boolean()?, given.boolean()?, given.boolean()?, given.boolean()?];
        let event_loop = self.event_loop.borrow();
        let kept = event_loop.socket(id).is_some_and(|socket| {
            socket.must_be_kept(|kind| match kind {
                EventKind::Open => listeners[0],
                EventKind::Message => listeners[1],
                EventKind::Error => listeners[2],
                EventKind::Close => listeners[3],
            })
        });
        Ok(Value::Boolean(kept))
    }
}

/// The function of the glue that a task is a call of, and what it is given.
pub(crate) fn call_of(task: Task) -> (&'static str, Vec<Value>) {
    let number = |id: u32| Value::Number(id.into());
    match task {
        Task::Timer { id } => ("timer", vec![number(id)]),
        Task::Written { id } => ("written", vec![number(id)]),
        Task::Socket { id, task: ws_core::Task::Open } => ("opened", vec![number(id)]),
        Task::Socket { id, task: ws_core::Task::Message(event) } => {
            let data = match event.data {
                Data::Text(text) => Value::Text(text.to_string()),
                Data::Binary(bytes) => Value::Bytes(bytes),
                Data::Blob(blob) => blob.as_bytes().cloned().map_or(Value::Undefined, Value::Bytes),
            };
            ("received", vec![number(id), data])
        }
        Task::Socket { id, task: ws_core::Task::Close { failed, event } } => {
            let code = Value::Number(event.code.get().into());
            let (reason, was_clean) = (Value::Text(event.reason), Value::Boolean(event.was_clean));
            ("closed", vec![number(id), Value::Boolean(failed), code, reason, was_clean])
        }
    }
}

fn print(given: &mut Arguments<'_>, stream: &mut impl Write) -> Result<Value, Exception> {
    // Where nobody listens any more, there is nobody to tell of it.
    let _ = writeln!(stream, "{}", given.text()?);
    Ok(Value::Undefined)
}

/// Parses a URL. Undefined: it is none.
fn parse_url(given: &mut Arguments<'_>) -> Result<Value, Exception> {
    let (url, base) = (given.text()?, given.optional_text()?);
    let base = match base.map(Url::parse) {
        Some(Err(_)) => return Ok(Value::Undefined),
        base => base.and_then(Result::ok),
    };
    Ok(Url::options().base_url(base.as_ref()).parse(url).map_or(Value::Undefined, |url| parts(&url)))
}

/// Sets a part of a URL, as the setter of this name does.
fn set_url_part(given: &mut Arguments<'_>) -> Result<Value, Exception> {
    let (href, name, value) = (given.text()?, given.text()?, given.text()?);
    let Ok(mut url) = Url::parse(href) else { return Ok(Value::Undefined) };
    match name {
        "pathname" => url::quirks::set_pathname(&mut url, value),
        "search" => url::quirks::set_search(&mut url, value),
        "hash" => url::quirks::set_hash(&mut url, value),
        _ => {
            // A setter of the standard ignores what it cannot set.
            let _ = match name {
                "protocol" => url::quirks::set_protocol(&mut url, value),
                "username" => url::quirks::set_username(&mut url, value),
                "password" => url::quirks::set_password(&mut url, value),
                "host" => url::quirks::set_host(&mut url, value),
                "hostname" => url::quirks::set_hostname(&mut url, value),
                "port" => url::quirks::set_port(&mut url, value),
                _ => Err(()),
            };
        }
    }
    Ok(parts(&url))
}

/// href, protocol, username, password, host, hostname, port, pathname, search, hash, origin.
fn parts(url: &Url) -> Value {
    let origin = match url.origin() {
        Origin::Opaque(_) => "null".to_owned(),
        origin @ Origin::Tuple(..) => origin.ascii_serialization(),
    };
    let parts = [
        url.as_str(),
        &url[..Position::AfterScheme],
        url.username(),
        url.password().unwrap_or_default(),
        url::quirks::host(url),
        url::quirks::hostname(url),
        url::quirks::port(url),
        url::quirks::pathname(url),
        url::quirks::search(url),
        url::quirks::hash(url),
        &origin,
    ];
    let mut parts: Vec<String> = parts.into_iter().map(str::to_owned).collect();
    parts[1].push(':');
    Value::List(parts)
}
