//! `isosocket bench`: how much an echo endpoint takes, and how soon it answers.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hdrhistogram::{CreationError, Histogram};
use tokio::select;
use tokio::task::JoinSet;
use tokio::time::{interval_at, timeout};
use ws_core::{Failure, FailureKind};
use ws_native::{Answers, ConnectOptions, Connection, MessageRef};

use crate::client::{Client, seconds, without_secrets};
use crate::{say, tell};

#[derive(clap::Args)]
#[command(after_help = MANNERS)]
pub(crate) struct Arguments {
    #[command(flatten)]
    client: Client,
    /// How many connections.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    connections: u32,
    /// The bytes of each message.
    #[arg(long, value_name = "BYTES", default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=64 << 20))]
    size: u32,
    /// How many messages of a connection are under way at the same time.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    in_flight: u32,
    /// How long to go on sending.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    seconds: Duration,
    /// How long to wait for a message.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    timeout: Duration,
    /// Send text; so it is unless --binary is given.
    #[arg(long, conflicts_with = "binary")]
    text: bool,
    /// Send bytes.
    #[arg(long)]
    binary: bool,
}

const MANNERS: &str = "\
Each message that comes back is compared with the one that was sent, and is followed by another. With one in flight the
round trips say how soon the server answers; with many, how many messages it takes. What is sent is random text of 64
characters, which compression makes no smaller than three quarters.

The result is written to the standard output, how it goes to the standard error. The exit code is 1 if the server does
not send back what it gets, or is silent for --timeout, or if there is no connection; 2 for wrong usage.";

/// The most bytes of a connection that may be under way: no more than the library lets wait.
const MOST_UNDER_WAY: u64 = 128 << 20;

/// How many connections are made at the same time.
const AT_ONCE: usize = 64;

/// How many messages there are that differ.
const VARIETY: usize = 4093;

/// The longest time that is counted for a message, in nanoseconds: an hour.
const LONGEST: u64 = 3_600_000_000_000;

pub(crate) async fn bench(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let Arguments { client, connections, size, in_flight, seconds, timeout, binary, text: _ } = arguments;
    if u64::from(size) * u64::from(in_flight) > MOST_UNDER_WAY {
        let reason = format!("--size times --in-flight is more than {MOST_UNDER_WAY} bytes");
        return Err(Failure::new(FailureKind::Misuse, reason).into());
    }
    let url = client.url.clone();
    let mut options = client.options()?;
    // Whoever makes that many connections to a server wants it measured.
    options.one_at_a_time = false;
    let sockets = connect(url.as_str(), options, connections).await?;
    tell(format_args!("connected to {}, connections: {connections}", without_secrets(&url)));
    let load = Arc::new(Load::new(size, in_flight, binary, timeout));
    let tally = Arc::new(Mutex::new(Tally::new()?));
    let cpu = cpu_time();
    let begin = Instant::now();
    let mut running = JoinSet::new();
    for (socket, number) in sockets.into_iter().zip(0..) {
        running.spawn(run(socket, number, begin + seconds, Arc::clone(&load), Arc::clone(&tally)));
    }
    let second = Duration::from_secs(1);
    let mut ticks = interval_at((begin + second).into(), second);
    let mut told = 0;
    loop {
        select! {
            biased;
            _ = ticks.tick() => {
                let count = tally.lock().unwrap_or_else(PoisonError::into_inner).times.len();
                let (seconds, rate) = (begin.elapsed().as_secs(), load.rate(count - told, second));
                tell(format_args!("{seconds} s: {rate}"));
                told = count;
            }
            ended = running.join_next() => match ended {
                Some(outcome) => outcome??,
                None => break,
            },
        }
    }
    let tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
    report(&load, &tally, connections, begin.elapsed(), cpu_time().zip(cpu).map(|(end, begin)| end - begin))?;
    Ok(())
}

async fn connect(url: &str, options: ConnectOptions, count: u32) -> Result<Vec<Connection>, Box<dyn Error>> {
    let (url, options) = (Arc::<str>::from(url), Arc::new(options));
    let mut connecting = JoinSet::new();
    let mut connections = Vec::new();
    for _ in 0..count {
        if connecting.len() == AT_ONCE
            && let Some(connected) = connecting.join_next().await
        {
            connections.push(connected??);
        }
        let (url, options) = (Arc::clone(&url), Arc::clone(&options));
        connecting.spawn(async move { Connection::connect(&url, &options).await });
    }
    while let Some(connected) = connecting.join_next().await {
        connections.push(connected??);
    }
    Ok(connections)
}

/// What is sent.
struct Load {
    /// Each message is a part of this.
    text: String,
    size: usize,
    in_flight: u32,
    binary: bool,
    timeout: Duration,
}

impl Load {
    fn new(size: u32, in_flight: u32, binary: bool, timeout: Duration) -> Self {
        let size = size as usize;
        let mut state = 1_u64;
        let text = (0..size + VARIETY).map(|_| {
            // The generator of Knuth's MMIX, whose upper bits are good.
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b'0' + (state >> 58) as u8)
        });
        Self { text: text.collect(), size, in_flight, binary, timeout }
    }

    /// The message of this number.
    fn message(&self, number: usize) -> &str {
        let begin = number % VARIETY;
        &self.text[begin..begin + self.size]
    }

    fn feed(&self, number: usize, answers: &mut Answers<'_>) -> Result<(), Failure> {
        match self.message(number) {
            bytes if self.binary => answers.feed_binary(bytes.as_bytes()),
            text => answers.feed_text(text),
        }
    }

    fn is_echo(&self, number: usize, message: &MessageRef<'_>) -> bool {
        message.is_text() != self.binary && message.as_bytes() == self.message(number).as_bytes()
    }

    /// So many messages in this time.
    fn rate(&self, count: u64, time: Duration) -> Rate {
        let messages = count as f64 / time.as_secs_f64();
        Rate { messages, mebibytes: messages * self.size as f64 / f64::from(1 << 20) }
    }
}

struct Rate {
    messages: f64,
    mebibytes: f64,
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0} messages/s, {:.1} MiB/s each way", self.messages, self.mebibytes)
    }
}

/// What has come back, on all connections.
struct Tally {
    /// How long each message took, in nanoseconds.
    times: Histogram<u64>,
}

impl Tally {
    fn new() -> Result<Self, CreationError> {
        Ok(Self { times: Histogram::new_with_bounds(1, LONGEST, 3)? })
    }

    fn record(&mut self, times: &[Duration]) {
        for time in times {
            self.times.saturating_record(u64::try_from(time.as_nanos()).unwrap_or(LONGEST));
        }
    }
}

/// Sends, and compares what comes, on one connection.
async fn run(
    mut connection: Connection,
    first: usize,
    until: Instant,
    load: Arc<Load>,
    tally: Arc<Mutex<Tally>>,
) -> Result<(), Failure> {
    // The messages under way: the number of the first, and when each was sent.
    let (mut number, mut sent) = (first, VecDeque::new());
    for next in 0..load.in_flight as usize {
        match load.message(first + next) {
            bytes if load.binary => connection.feed_binary(bytes.as_bytes())?,
            text => connection.feed_text(text)?,
        }
        sent.push_back(Instant::now());
    }
    let mut times = Vec::new();
    while !sent.is_empty() {
        let receiving = connection.recv_each(|message, answers| {
            let now = Instant::now();
            let Some(then) = sent.pop_front().filter(|_| load.is_echo(number, &message)) else {
                return Err(Failure::new(FailureKind::Protocol, NO_ECHO));
            };
            times.push(now - then);
            if now < until {
                load.feed(number + sent.len() + 1, answers)?;
                sent.push_back(now);
            }
            number += 1;
            Ok(())
        });
        let Ok(received) = timeout(load.timeout, receiving).await else {
            let reason = format!("nothing has come back for {:?}: {NO_ECHO}", load.timeout);
            return Err(Failure::new(FailureKind::Timeout, reason));
        };
        if !received? {
            let how = connection.closed().map_or_else(String::new, |closed| format!(" with {}", closed.code()));
            let reason = format!("the server closed the connection{how} before all had come back");
            return Err(Failure::new(FailureKind::Ended, reason));
        }
        tally.lock().unwrap_or_else(PoisonError::into_inner).record(&times);
        times.clear();
    }
    connection.close(None).await?;
    while connection.recv().await?.is_some() {}
    Ok(())
}

const NO_ECHO: &str = "the server does not send back what it was sent";

fn report(
    load: &Load,
    Tally { times }: &Tally,
    connections: u32,
    elapsed: Duration,
    cpu: Option<Duration>,
) -> io::Result<()> {
    let (count, size, in_flight) = (times.len(), load.size, load.in_flight);
    let kind = if load.binary { "binary" } else { "text" };
    say(format_args!("{count} {kind} messages of {size} bytes in {elapsed:.2?}"))?;
    say(format_args!("connections: {connections}, in flight on each: {in_flight}"))?;
    say(load.rate(count, elapsed))?;
    let at = |quantile| Duration::from_nanos(times.value_at_quantile(quantile));
    let (p50, p90, p99, p999) = (at(0.5), at(0.9), at(0.99), at(0.999));
    let max = Duration::from_nanos(times.max());
    say(format_args!("round trip: p50 {p50:.1?}, p90 {p90:.1?}, p99 {p99:.1?}, p99.9 {p999:.1?}, max {max:.1?}"))?;
    if let Some(cpu) = cpu {
        say(format_args!("CPU of this program: {:.2?} a message", cpu.div_f64(count.max(1) as f64)))?;
    }
    Ok(())
}

/// What this program has used of the processors.
#[cfg(unix)]
fn cpu_time() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Some(Duration::new(time.tv_sec.try_into().ok()?, time.tv_nsec.try_into().ok()?))
}

/// The processor time that this program has used: it is not known here.
#[cfg(not(unix))]
fn cpu_time() -> Option<Duration> {
    None
}
