//! The command line, and the program from its beginning to its end: the same for every engine.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use std::{env, fs, process, thread};

use clap::Parser;
use ws_native::policy::Origin;
use ws_native::{ConnectOptions, MemoryJar, Roots, Tls, TlsError, TlsOptions};

use crate::event_loop::{Engine, EventLoop};
use crate::host::Host;
use crate::page::Page;

/// Runs a script with WebSocket, WebSocketStream, EventTarget, Blob, URL, timers and console. Ends when nothing is pending.
#[derive(Parser)]
struct Arguments {
    /// The script, a classic one.
    file: PathBuf,
    /// Ends the program after so many seconds, with status 124.
    #[arg(long, value_parser = seconds)]
    timeout: Option<Duration>,
    /// The URL that relative URLs are resolved against. Its origin is that of the script, unless --origin says otherwise.
    #[arg(long, env = "WPT_URL", value_parser = url)]
    base_url: Option<String>,
    /// The origin of the script, such as https://example.org, or null.
    #[arg(long, env = "WPT_ORIGIN", value_parser = origin)]
    origin: Option<String>,
    /// Takes any certificate of a server: for tests.
    #[arg(long)]
    insecure: bool,
}

/// Runs the program with this engine.
pub(crate) fn run<E: Engine>() -> ExitCode {
    let arguments = Arguments::parse();
    match serve::<E>(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{}: {error}", arguments.file.display());
            ExitCode::from(2)
        }
    }
}

fn serve<E: Engine>(arguments: &Arguments) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let script = read(&arguments.file)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let _within = runtime.enter();
    let event_loop = EventLoop::new();
    let host = Rc::new(Host::new(Rc::clone(&event_loop), options(arguments)?));
    let mut engine = E::new(&host)?;
    let worker = async {
        engine.run_script(&script, &arguments.file.display().to_string());
        loop {
            let task = tokio::select! {
                biased;
                task = EventLoop::next(&event_loop) => task,
                () = tokio::task::yield_now(), if engine.has_rejections() => None,
            };
            let Some(task) = task else {
                if !engine.has_rejections() {
                    break;
                }
                engine.notify();
                continue;
            };
            engine.run_task(task);
            if host.exit_requested() {
                break;
            }
        }
    };
    if let Some(limit) = arguments.timeout {
        watch(limit);
    }
    let ended = runtime.block_on(tokio::time::timeout(arguments.timeout.unwrap_or(Duration::MAX), worker));
    // "Make disappear": what is open is closed with 1001.
    event_loop.borrow_mut().disappear();
    runtime.block_on(async {
        let farewell = async { while EventLoop::next(&event_loop).await.is_some() {} };
        let _ = tokio::time::timeout(FAREWELL, farewell).await;
    });
    if ended.is_err() {
        eprintln!("{TOOK_TOO_LONG}");
        return Ok(ExitCode::from(124));
    }
    Ok(if host.failed() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// How long the closing handshakes may take when the worker goes away.
const FAREWELL: Duration = Duration::from_secs(1);

/// Ends the program when its time is over and the script does not let go of the engine.
fn watch(limit: Duration) {
    thread::spawn(move || {
        thread::sleep(limit.saturating_add(2 * FAREWELL));
        eprintln!("{TOOK_TOO_LONG}");
        process::exit(124);
    });
}

const TOOK_TOO_LONG: &str = "the script took longer than --timeout";

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "it is no number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

fn url(text: &str) -> Result<String, url::ParseError> {
    url::Url::parse(text).map(|_| text.to_owned())
}

fn origin(text: &str) -> Result<String, String> {
    match Origin::of(text) {
        _ if text == "null" => Ok(text.to_owned()),
        Origin::Tuple(origin) if origin == text => Ok(origin),
        _ => Err("it is no origin, such as https://example.org, nor null".to_owned()),
    }
}

fn read(path: &Path) -> Result<String, Box<dyn std::error::Error>> {
    // A decoder of the web's replaces what is not UTF-8, and so may lone surrogates of a test be written.
    Ok(String::from_utf8_lossy(&fs::read(path)?).into_owned())
}

/// How scripts connect: as those of a page at the base URL would.
fn options(arguments: &Arguments) -> Result<ConnectOptions, TlsError> {
    let origin = match (&arguments.origin, &arguments.base_url) {
        (Some(origin), _) if origin == "null" => Origin::Opaque,
        (Some(origin), _) => Origin::Tuple(origin.clone()),
        (None, Some(base)) => Origin::of(base),
        (None, None) => Origin::None,
    };
    let mut options = ConnectOptions::default();
    options.policy = Some(Arc::new(Page::new(arguments.base_url.clone(), origin)));
    options.cookies = Some(Arc::new(MemoryJar::default()));
    options.config.handshake_timeout = Duration::from_secs(60);
    if arguments.insecure {
        options.tls = Some(trusting()?);
    }
    Ok(options)
}

/// Whether the script is a web-platform-test, whose runner names its page.
pub(crate) fn is_platform_test() -> bool {
    env::var_os("WPT_URL").is_some()
}

fn trusting() -> Result<Tls, TlsError> {
    let mut options = TlsOptions::default();
    options.roots = Roots::Unverified;
    Tls::new(options)
}
