//! The end of a server, in order.

use std::fmt;
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
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
pub struct Shutdown {
    progress: watch::Sender<Progress>,
    connections: Arc<Connections>,
}

/// The connections that follow: each owns a clone of what is in here.
#[derive(Default)]
struct Connections(Arc<()>);

impl Connections {
    fn count(&self) -> usize {
        Arc::strong_count(&self.0) - 1
    }
}

/// How far the shutdown has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Progress {
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
    /// A connection notices while it receives, sends or flushes, and is gone when the program drops
    /// it.
    ///
    /// # Cancel safety
    /// Dropped, the connections are closed all the same, but none is cut.
    pub async fn begin(&self, limit: Duration) -> usize {
        self.progress.send_if_modified(|progress| {
            let is_new = *progress < Progress::Leaving;
            *progress = Progress::Leaving.max(*progress);
            is_new
        });
        let _ = timeout(limit, self.progress.closed()).await;
        // Once they know, they leave.
        let left = self.connections.count();
        self.progress.send_replace(Progress::Over);
        left
    }

    /// For a connection, which is counted while it follows.
    pub(crate) fn follow(&self) -> Follower {
        Follower::new(self, Some(Arc::clone(&self.connections.0)))
    }

    /// For what carries connections, which follow by themselves. It is not counted, but waited for,
    /// too.
    #[cfg(feature = "http2")]
    pub(crate) fn follow_uncounted(&self) -> Follower {
        Follower::new(self, None)
    }
}

impl Default for Shutdown {
    fn default() -> Self {
        Self { progress: watch::Sender::new(Progress::Running), connections: Arc::default() }
    }
}

/// The number of connections that follow it.
impl fmt::Debug for Shutdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shutdown").field("connections", &self.connections.count()).finish_non_exhaustive()
    }
}

/// Which shutdown a connection follows.
#[derive(Debug, Default)]
pub(crate) enum Following {
    #[default]
    Nothing,
    Shutdown(Follower),
    /// One that is over: neither the peer nor the end of the transport is waited for any more.
    Over,
}

impl Following {
    /// Ready once for each step of the shutdown's progress.
    pub(crate) fn poll_progress(&mut self, cx: &mut Context<'_>) -> Poll<Progress> {
        match self {
            Self::Shutdown(follower) => follower.poll_progress(cx),
            Self::Nothing | Self::Over => Poll::Pending,
        }
    }
}

/// What one connection hears of the shutdown.
pub(crate) struct Follower {
    /// Counts the connection. Dropped before `next`, whose end is what a shutdown waits for.
    _connection: Option<Arc<()>>,
    next: Pin<Box<dyn Future<Output = (watch::Receiver<Progress>, Progress)> + Send + Sync>>,
}

impl Follower {
    fn new(shutdown: &Shutdown, connection: Option<Arc<()>>) -> Self {
        Self { _connection: connection, next: Box::pin(beyond(shutdown.progress.subscribe(), Progress::Running)) }
    }

    /// Ready once for each step of its progress.
    pub(crate) fn poll_progress(&mut self, cx: &mut Context<'_>) -> Poll<Progress> {
        let (receiver, progress) = ready!(self.next.as_mut().poll(cx));
        self.next = Box::pin(beyond(receiver, progress));
        Poll::Ready(progress)
    }
}

/// Waits until the shutdown is further than this.
async fn beyond(mut receiver: watch::Receiver<Progress>, known: Progress) -> (watch::Receiver<Progress>, Progress) {
    let progress = receiver.wait_for(|progress| *progress > known).await.map(|progress| *progress);
    match progress {
        Ok(progress) => (receiver, progress),
        // No handle of the shutdown is left, so it goes no further.
        Err(_) => pending().await,
    }
}

impl fmt::Debug for Follower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follower").finish_non_exhaustive()
    }
}
