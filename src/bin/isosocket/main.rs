//! The command line program.
#![forbid(unsafe_code)]

mod bench;
mod client;
mod connect;
mod console;
mod echo;
mod interrupts;
mod serve;
mod wire;

use std::error::Error;
use std::fmt::Display;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::runtime::Runtime;
use ws_core::{Failure, FailureKind};
use ws_native::{ConnectError, rustls};

#[derive(Parser)]
#[command(version, about = "One WebSocket, the same inside the browser and outside of it")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the workbench page, and an echo endpoint at /echo.
    Serve(serve::Arguments),
    /// Serve an echo endpoint: every message is sent back.
    Echo(echo::Arguments),
    /// Talk to a server: lines of the standard input are sent, what comes is written to the standard output.
    Connect(connect::Arguments),
    /// Measure an echo endpoint: how many messages a second, and how long each takes.
    Bench(bench::Arguments),
}

fn main() -> ExitCode {
    let command = Arguments::parse().command;
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            tell(error);
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(run(command)).unwrap_or_else(|error| match error.downcast_ref() {
        Some(failure) => {
            tell(explain(failure));
            exit_code(failure)
        }
        None => {
            tell(&error);
            ExitCode::FAILURE
        }
    });
    // The system's look-up of a name cannot be given up: the program does not wait for it.
    runtime.shutdown_background();
    code
}

async fn run(command: Command) -> Result<ExitCode, Box<dyn Error>> {
    match command {
        Command::Serve(arguments) => serve::serve(arguments).await?,
        Command::Echo(arguments) => echo::echo(arguments).await?,
        Command::Connect(arguments) => return connect::connect(arguments).await,
        Command::Bench(arguments) => bench::bench(arguments).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// A failure, and the options that may help.
fn explain(failure: &Failure) -> String {
    let refused = match failure.cause().downcast_ref() {
        Some(ConnectError::Tls { source, .. }) => source.get_ref().and_then(|error| error.downcast_ref()),
        _ => None,
    };
    match refused {
        Some(rustls::Error::InvalidCertificate(_)) => {
            format!("{failure}; --ca FILE names the authority to trust, --insecure takes any certificate")
        }
        _ => failure.to_string(),
    }
}

/// The exit code after a failure. For wrong usage it is clap's.
fn exit_code(failure: &Failure) -> ExitCode {
    match failure.kind() {
        FailureKind::Misuse => ExitCode::from(2),
        _ => ExitCode::FAILURE,
    }
}

/// Says something on the standard output. If nobody reads it any more, that does not matter.
///
/// # Errors
/// It cannot be written.
fn say(what: impl Display) -> io::Result<()> {
    match writeln!(io::stdout(), "{what}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome,
    }
}

/// Says something on the standard error, in one line. Part of it may come from somebody else, such
/// as a peer's reason.
fn tell(what: impl Display) {
    // If nobody listens, there is nobody to tell.
    let _ = writeln!(io::stderr(), "isosocket: {}", console::harmless(&what.to_string(), &[]));
}
