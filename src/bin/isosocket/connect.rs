//! `isosocket connect`: the standard input to a server, and what it says to the standard output.

use std::cell::Cell;
use std::error::Error;
use std::future::{pending, ready};
use std::io;
use std::mem;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::select;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use ws_core::url::SocketUrl;
use ws_core::{BackOff, CloseCode, Failure, FailureKind, Host as _, Reconnect as _, ReconnectConfig};
use ws_native::proto::{Closed, Established, Heartbeat, Part};
use ws_native::{Connection, Native, NativeHost, Receiver, Sender};

use crate::client::{Client, seconds, without_secrets};
use crate::console::{Input, Output};
use crate::interrupts::{INTERRUPTED, Interrupts};
use crate::wire::Wire;
use crate::{exit_code, explain, tell};

#[derive(clap::Args)]
#[command(after_help = MANNERS)]
pub(crate) struct Arguments {
    #[command(flatten)]
    client: Client,
    /// Send the input's bytes as they come, as binary messages, and write messages of both kinds as they are, with nothing
    /// in between.
    #[arg(long)]
    binary: bool,
    /// At the end of the input, close when nothing has come for so long. 0: at once; forever: leave that to the server.
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = wait)]
    wait: Duration,
    /// Send a ping when nothing has come for so long, and give the server up that does not answer it in 10 seconds.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    ping: Option<Duration>,
    /// Show what goes over the wire, on the standard error: the lines of the heads, and a line for each frame, without its
    /// payload. What Authorization, Proxy-Authorization, Cookie and Set-Cookie say is shown as ***, and so is the URL's query;
    /// what is said to a proxy is not shown.
    #[arg(short, long)]
    verbose: bool,
    /// Connect again when there is no connection to be had or when it is lost. Not after the codes 1000, 1002, 1003 and 1007
    /// to 1010, behind which the same would come again.
    #[arg(long)]
    reconnect: bool,
    /// Connect again so many times without a connection that lasts for 5 seconds, and then give up. Default: no end of it.
    #[arg(long, value_name = "N", requires = "reconnect")]
    max_retries: Option<u32>,
    /// The shortest time before connecting again. It is taken at random from there up to five times as much, then ten times and so
    /// on, but no more than 30 seconds, or five times as much if that is more.
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = seconds, requires = "reconnect")]
    retry_delay: Duration,
}

const MANNERS: &str = "\
A line of the input is a text message, without its end. A text message is written as a line; a binary one as a line of
hexadecimal digits, two for each byte, unless --binary says otherwise. At a terminal, characters of a text that would
command it are written out, such as \\u{1b}. What is no message is told on the standard error.
The input is read no further than the server takes it, and the server is read no further than the output is taken.

Ctrl-C or SIGTERM closes the connection with code 1000, and once more ends the program at once.

Exit codes:
  0    the server closed with code 1000 or without one, or this program did: after one of these, because nobody reads its
       output any more, or at the end of the input, if the server did not close with a code for a failure meanwhile
  1    there was no connection, it was lost or closed with another code, or input or output failed
  2    wrong usage
  130  ended by one of these before there was a connection, or by a second one";

pub(crate) async fn connect(arguments: Arguments) -> Result<ExitCode, Box<dyn Error>> {
    let Arguments { client, binary, wait, ping, verbose, reconnect, max_retries, retry_delay } = arguments;
    let url = client.url.clone();
    let mut options = client.options()?;
    options.config.heartbeat = ping.map(|interval| {
        let mut heartbeat = Heartbeat::default();
        heartbeat.interval = interval;
        heartbeat
    });
    if verbose {
        options.tap = Some(Arc::new(Wire));
    }
    let mut retries = if reconnect { Some(Retries::new(max_retries, retry_delay)?) } else { None };
    let mut interrupts = Interrupts::watch()?;
    let mut talk = Talk { input: Input::read(binary)?, output: Output::new(binary), wait };
    loop {
        let connected = select! {
            connected = Connection::connect(url.as_str(), &options) => connected,
            () = interrupts.first() => return Ok(INTERRUPTED.into()),
        };
        let begin = Instant::now();
        let end = match connected {
            Ok(connection) => {
                tell(describe(&url, connection.established()));
                talk.hold(connection, &mut interrupts).await?
            }
            Err(failure) => End::Failed(failure),
        };
        tell(end.describe());
        let Some(delay) = retries.as_mut().and_then(|retries| retries.delay_behind(&end, begin.elapsed())) else {
            return Ok(end.exit_code());
        };
        tell(format_args!("connecting again in {delay:.1?}"));
        select! {
            () = sleep(delay) => {}
            () = interrupts.first() => return Ok(INTERRUPTED.into()),
        }
    }
}

fn describe(url: &SocketUrl, established: &Established) -> String {
    let mut text = format!("connected to {}", without_secrets(url));
    if let Some(protocol) = &established.protocol {
        text.push_str(&format!(", subprotocol {protocol}"));
    }
    if !established.extensions.is_empty() {
        text.push_str(&format!(", extensions {}", established.extensions));
    }
    text
}

/// What is kept from one connection to the next.
struct Talk {
    input: Input,
    output: Output,
    /// How long the server may be silent after the end of the input.
    wait: Duration,
}

/// Why this program closes a connection.
enum Closing {
    InputEnded,
    InputFailed(String),
    Interrupted,
}

/// What ends one direction of a connection early.
enum Fault {
    Connection(Failure),
    Input(String),
    Output(io::Error),
}

impl Talk {
    /// Sends the input and writes what comes, until the connection has ended.
    async fn hold(&mut self, connection: Connection, interrupts: &mut Interrupts) -> Result<End, Box<dyn Error>> {
        let Self { input, output, wait } = self;
        let (sender, mut receiver) = connection.split();
        let heard = Heard::default();
        let mut closing = None;
        let speaking = async {
            let reason = select! {
                spoken = speak(&sender, input, &heard, *wait) => match spoken {
                    Ok(()) => Some(Closing::InputEnded),
                    Err(Fault::Input(reason)) => Some(Closing::InputFailed(reason)),
                    Err(_) => None,
                },
                () = interrupts.first() => {
                    tell("closing; Ctrl-C once more ends it at once");
                    Some(Closing::Interrupted)
                }
            };
            if reason.is_some() {
                closing = reason;
                // If this fails, so does what is received.
                let _ = sender.close(Some((CloseCode::NORMAL, ""))).await;
            }
            pending().await
        };
        let listened = select! {
            listened = listen(&mut receiver, output, &heard) => listened,
            listened = speaking => listened,
        };
        match (listened, closing) {
            (Err(Fault::Output(error)), _) => {
                hang_up(&sender, &mut receiver).await;
                match error.kind() {
                    io::ErrorKind::BrokenPipe => Ok(End::Done(None)),
                    _ => Err(format!("the output cannot be written: {error}").into()),
                }
            }
            (_, Some(Closing::InputFailed(reason))) => Err(reason.into()),
            (Err(Fault::Connection(failure)), Some(_)) => Ok(End::Abandoned(failure)),
            (Err(Fault::Connection(failure)), None) => Ok(End::Failed(failure)),
            (_, Some(Closing::InputEnded)) => Ok(receiver.closed().map_or(End::Done(None), End::Answered)),
            (_, Some(Closing::Interrupted)) => Ok(End::Done(receiver.closed())),
            (_, None) => Ok(receiver.closed().map_or(End::Done(None), End::Closed)),
        }
    }
}

/// What has come of the server.
#[derive(Default)]
struct Heard {
    /// Something has, and be it a part of a message.
    something: Notify,
    /// The output has not taken all that has come yet, and the server may have more to say.
    is_unwritten: Cell<bool>,
}

/// Sends the input to its end, and waits until the server is silent.
async fn speak(sender: &Sender, input: &mut Input, heard: &Heard, wait: Duration) -> Result<(), Fault> {
    loop {
        let next = match input.at_hand() {
            None => {
                sender.flush().await?;
                input.next().await
            }
            next => next,
        };
        let Some(message) = next.transpose().map_err(Fault::Input)? else { break };
        if let Err(failure) = sender.feed(message.clone()) {
            input.take_back(message);
            return Err(failure.into());
        }
        sender.ready().await?;
    }
    if !wait.is_zero() {
        while timeout(wait, heard.something.notified()).await.is_ok() || heard.is_unwritten.get() {}
    }
    Ok(())
}

/// Writes what comes, until the connection is closed.
async fn listen(receiver: &mut Receiver, output: &mut Output, heard: &Heard) -> Result<(), Fault> {
    // The part of a message that has arrived. It is written only when it is whole: otherwise one
    // that is cut off would look like a line, or run into the first line of the next connection.
    let (mut text, mut bytes) = (String::new(), Vec::new());
    loop {
        let next = select! {
            biased;
            next = receiver.recv_part() => next,
            () = ready(()) => {
                output.flush().await?;
                heard.is_unwritten.set(false);
                receiver.recv_part().await
            }
        };
        let Ok(Some(part)) = next else {
            output.flush().await?;
            return Ok(next.map(drop)?);
        };
        heard.is_unwritten.set(true);
        heard.something.notify_one();
        match part {
            Part::Text { text: part, last } => {
                text.push_str(&part);
                if last {
                    output.write_text(&mem::take(&mut text)).await?;
                }
            }
            Part::Binary { bytes: part, last } => {
                bytes.extend_from_slice(&part);
                if last {
                    output.write_binary(&mem::take(&mut bytes)).await?;
                }
            }
        }
    }
}

/// Closes the connection, and listens no more.
async fn hang_up(sender: &Sender, receiver: &mut Receiver) {
    let ignoring = async { while let Ok(Some(_)) = receiver.recv().await {} };
    // It may have been closed meanwhile.
    let (_, ()) = tokio::join!(sender.close(Some((CloseCode::NORMAL, ""))), ignoring);
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        Self::Connection(failure)
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// How a connection has ended, or why there was none.
enum End {
    /// This program has closed it; what the server says does not matter.
    Done(Option<Closed>),
    /// This program has closed it at the end of the input, and the server says how that was.
    Answered(Closed),
    /// The server has closed it.
    Closed(Closed),
    /// It was lost while this program closed it.
    Abandoned(Failure),
    Failed(Failure),
}

impl End {
    fn describe(&self) -> String {
        match self {
            Self::Done(None) => "closed".into(),
            Self::Done(Some(closed)) | Self::Answered(closed) => format!("closed with {}", code_and_reason(closed)),
            Self::Closed(closed) => format!("the server closed with {}", code_and_reason(closed)),
            Self::Abandoned(failure) | Self::Failed(failure) => explain(failure),
        }
    }

    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Done(_) => ExitCode::SUCCESS,
            Self::Closed(closed) if matches!(closed.code(), CloseCode::NORMAL | CloseCode::NO_STATUS) => {
                ExitCode::SUCCESS
            }
            // A server that goes away meanwhile does not object to what was sent.
            Self::Answered(closed)
                if matches!(closed.code(), CloseCode::NORMAL | CloseCode::GOING_AWAY | CloseCode::NO_STATUS) =>
            {
                ExitCode::SUCCESS
            }
            Self::Closed(_) | Self::Answered(_) => ExitCode::FAILURE,
            Self::Abandoned(failure) | Self::Failed(failure) => exit_code(failure),
        }
    }

    /// Whether another connection may come to more.
    fn is_worth_another(&self) -> bool {
        match self {
            Self::Done(_) | Self::Answered(_) | Self::Abandoned(_) => false,
            Self::Closed(closed) => BackOff::is_worth_it(closed.code()),
            Self::Failed(failure) => failure.kind() != FailureKind::Misuse,
        }
    }
}

fn code_and_reason(closed: &Closed) -> String {
    match (closed.code(), closed.reason()) {
        (CloseCode::NO_STATUS, _) => "no code".into(),
        (code, "") => code.to_string(),
        (code, reason) => format!("{code}: {reason}"),
    }
}

/// When to connect again.
struct Retries {
    config: ReconnectConfig,
    back_off: BackOff,
    host: NativeHost,
}

impl Retries {
    fn new(most: Option<u32>, shortest: Duration) -> Result<Self, ws_core::Error> {
        let mut config = ReconnectConfig::default();
        config.max_retries = most;
        config.min_reconnection_delay = shortest;
        // The clients of a server should not all come back at the same time, however long they
        // wait.
        config.max_reconnection_delay = config.max_reconnection_delay.max(shortest.saturating_mul(5));
        Ok(Self { config, back_off: BackOff::default(), host: Native::host()? })
    }

    /// How long to wait for the next connection, if there is to be one.
    fn delay_behind(&mut self, end: &End, lasted: Duration) -> Option<Duration> {
        if lasted >= self.config.min_uptime {
            self.back_off.reset();
        }
        if !end.is_worth_another() || !self.back_off.is_left(&self.config) {
            return None;
        }
        let delay = self.back_off.delay(&self.config, self.host.chance());
        self.back_off.begin(&self.config);
        Some(delay)
    }
}

/// How long to wait after the end of the input.
fn wait(text: &str) -> Result<Duration, String> {
    match text {
        "0" => Ok(Duration::ZERO),
        "forever" => Ok(Duration::MAX),
        time => seconds(time),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_has_its_part_in_delays_of_any_length() {
        let longest = |seconds| {
            let shortest = Duration::from_secs(seconds);
            Retries::new(None, shortest).unwrap().config.max_reconnection_delay.as_secs()
        };
        assert_eq!([1, 6, 7, 60].map(longest), [30, 30, 35, 300]);
    }
}
