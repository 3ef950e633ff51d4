//! The end of a server, in order.

use std::fmt;
use std::future::{Future, pending};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

/// Ends many connections in order: each tells its peer that it is going away (1001) and waits for the answer.
///
/// ```no_run
/// # async fn program() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use ws_native::{Server, Shutdown};
/// let shutdown = Shutdown::default();
/// let server = Server::bind("127.0.0.1:9001").await?.shutdown(&shutdown);
/// # async fn serve(_: Server) {}
/// # async fn terminated() {}
/// tokio::select! {
///     () = serve(server) => {}
///     () = terminated() => {} // with the server, its port is given up
/// }
/// let left = shutdown.begin(Duration::from_secs(5)).await;
/// println!("{left} connections had to be cut");
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Shutdown(watch::Sender<Phase>);

/// How far the end is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Running,
    /// Connections are to be closed.
    Leaving,
    /// Those that are still there are to be cut.
    Over,
}

impl Shutdown {
    /// Lets every connection that was made to [follow](crate::Connection::follow) this start its closing handshake, and
    /// waits until all are gone, but no longer than `limit`; then those that are left fail. Gives the number of these.
    ///
    /// A connection learns of it while it receives, sends or flushes, and is gone when the program drops it.
    ///
    /// # Cancel safety
    /// Dropped, the connections are closed all the same, but none is cut.
    pub async fn begin(&self, limit: Duration) -> usize {
        self.0.send_replace(Phase::Leaving);
        let _ = timeout(limit, self.0.closed()).await;
        self.0.send_replace(Phase::Over);
        self.0.receiver_count()
    }

    pub(crate) fn follow(&self) -> Follower {
        Follower::new(self.0.subscribe(), Phase::Running)
    }
}

impl Default for Shutdown {
    fn default() -> Self {
        Self(watch::Sender::new(Phase::Running))
    }
}

/// The number of connections that follow it.
impl fmt::Debug for Shutdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shutdown").field("connections", &self.0.receiver_count()).finish_non_exhaustive()
    }
}

/// One connection's knowledge of the end.
pub(crate) struct Follower(Pin<Box<dyn Future<Output = (watch::Receiver<Phase>, Phase)> + Send + Sync>>);

impl Follower {
    /// Waits for a phase beyond this one.
    fn new(mut receiver: watch::Receiver<Phase>, known: Phase) -> Self {
        Self(Box::pin(async move {
            let phase = receiver.wait_for(|phase| *phase > known).await.map(|phase| *phase);
            match phase {
                Ok(phase) => (receiver, phase),
                // Nobody is left who could end anything.
                Err(_) => pending().await,
            }
        }))
    }

    /// Ready once for each phase that comes.
    pub(crate) fn poll_phase(&mut self, cx: &mut Context<'_>) -> Poll<Phase> {
        let (receiver, phase) = ready!(self.0.as_mut().poll(cx));
        *self = Self::new(receiver, phase);
        Poll::Ready(phase)
    }
}

impl fmt::Debug for Follower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follower").finish_non_exhaustive()
    }
}
