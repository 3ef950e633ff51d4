//! What asks the program to end: Ctrl-C, and on Unix SIGTERM, by which supervisors do.

use std::io;

use tokio::sync::watch;

/// The exit code of a program that was ended by Ctrl-C, as shells have it.
pub(crate) const INTERRUPTED: u8 = 130;

/// The first of them is for the program to heed. The second one ends it, whatever it is doing.
pub(crate) struct Interrupts(watch::Receiver<bool>);

impl Interrupts {
    /// Begins to listen to them.
    pub(crate) fn watch() -> io::Result<Self> {
        let mut requests = Requests::listen()?;
        let (sender, receiver) = watch::channel(false);
        tokio::spawn(async move {
            requests.next().await;
            sender.send_replace(true);
            requests.next().await;
            std::process::exit(INTERRUPTED.into());
        });
        Ok(Self(receiver))
    }

    /// Waits for the first.
    pub(crate) async fn first(&mut self) {
        // The other end lives as long as the program.
        let _ = self.0.wait_for(|came| *came).await;
    }
}

#[cfg(unix)]
struct Requests {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Requests {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(windows)]
struct Requests(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Requests {
    fn listen() -> io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}
