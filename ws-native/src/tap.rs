//! Taps, which are shown what goes over the wire: for the network panel of an inspector, say.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::proto::{Inspector, Seen};
use crate::stream::Stream;

/// Is shown the heads and frames of a connection as they are on the wire:
/// [`ConnectOptions::tap`](crate::ConnectOptions::tap).
///
/// What was sent is shown when the system, or TLS, has taken its last byte; what was received is
/// shown before the program is told of it. The calls come one after the other, in that order, on a
/// thread that asks for the [tasks](crate::Tasks) of the socket or awaits the
/// [connection](crate::Connection). Nothing is locked: all methods of the socket may be called, and
/// those of a connection's halves that do not wait. A tap that takes its time delays the
/// connection.
///
/// Requests to a proxy and TLS are not shown, and over HTTP/2 there are only frames. A head has
/// secrets in it, such as cookies. A tap cannot tell the connections apart that share it: better
/// give each its own.
///
/// ```no_run
/// use std::sync::Arc;
/// use ws_native::proto::Seen;
/// use ws_native::{ConnectOptions, Tap};
///
/// #[derive(Debug)]
/// struct Panel;
/// impl Tap for Panel {
///     fn sent(&self, seen: Seen) {
///         println!("> {seen:?}");
///     }
///     fn received(&self, seen: Seen) {
///         println!("< {seen:?}");
///     }
/// }
/// let mut options = ConnectOptions::default();
/// options.tap = Some(Arc::new(Panel));
/// ```
pub trait Tap: fmt::Debug + Send + Sync {
    /// This was sent.
    fn sent(&self, seen: Seen);
    /// This was received.
    fn received(&self, seen: Seen);
    /// The most bytes of a payload that the tap wants to see. Asked once, when the connection
    /// begins. Default: 64 KiB.
    fn preview(&self) -> usize {
        Inspector::PREVIEW
    }
}

/// A tap on one connection, and what it is still to be told.
#[derive(Debug)]
pub(crate) struct Tapping {
    tap: Arc<dyn Tap>,
    untold: Mutex<Untold>,
    /// Held by whoever is telling the tap; nobody waits for it.
    telling: Mutex<()>,
    /// The stream is used while something is locked, and whoever uses it tells the tap when nothing
    /// is locked any more.
    held_back: AtomicBool,
}

#[derive(Debug, Default)]
struct Untold {
    seen: VecDeque<(Way, Seen)>,
    /// The bytes in it.
    bytes: usize,
    /// Wakes the task that uses the stream; set only while that waits for the tap to be told.
    waiting: Option<Waker>,
}

#[derive(Clone, Copy, Debug)]
enum Way {
    Sent,
    Received,
}

/// With this many bytes, or this many items, in the queue, nothing more is read or written before
/// the tap was told.
const FULL: usize = 1 << 20;
const MANY: usize = 1 << 10;

impl Tapping {
    /// A tap that is told at once what is seen.
    pub(crate) fn begin(tap: &Arc<dyn Tap>) -> Arc<Self> {
        let (tap, held_back) = (Arc::clone(tap), AtomicBool::new(false));
        Arc::new(Self { tap, untold: Mutex::default(), telling: Mutex::default(), held_back })
    }

    /// From now on [`tell`](Self::tell) is to be called, with nothing locked, whenever the stream was used.
    pub(crate) fn hold_back(&self) {
        self.held_back.store(true, Ordering::Release);
    }

    /// Tells what was seen.
    pub(crate) fn tell(&self) {
        while !self.lock().seen.is_empty() {
            // Whoever is telling already tells this, too: in order, and not from within a call.
            let _telling = match self.telling.try_lock() {
                Ok(telling) => telling,
                // A tap that has panicked is called again.
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return,
            };
            while let Some((way, seen)) = self.next() {
                match way {
                    Way::Sent => self.tap.sent(seen),
                    Way::Received => self.tap.received(seen),
                }
            }
            let waiting = self.lock().waiting.take();
            if let Some(waiting) = waiting {
                waiting.wake();
            }
        }
    }

    fn next(&self) -> Option<(Way, Seen)> {
        let mut untold = self.lock();
        let next = untold.seen.pop_front()?;
        untold.bytes -= size(&next.1);
        Some(next)
    }

    /// Pending while there is much that the tap was not told yet. This wakes nobody, since
    /// something may be locked.
    fn poll_room(&self, cx: &Context<'_>) -> Poll<()> {
        // A waker may be anybody's code: none is cloned or dropped while this is locked.
        let waker = cx.waker().clone();
        let mut untold = self.lock();
        let has_room = untold.bytes < FULL && untold.seen.len() < MANY;
        let unneeded = if has_room { Some(waker) } else { untold.waiting.replace(waker) };
        drop(untold);
        drop(unneeded);
        if has_room { Poll::Ready(()) } else { Poll::Pending }
    }

    fn lock(&self) -> MutexGuard<'_, Untold> {
        // No foreign code runs while it is locked.
        self.untold.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn size(seen: &Seen) -> usize {
    match seen {
        Seen::Head(head) => head.len(),
        Seen::Frame(frame) => frame.payload.len(),
    }
}

/// A stream whose bytes are looked at.
#[derive(Debug)]
pub(crate) struct Tapped {
    stream: Stream,
    sent: Inspector,
    received: Inspector,
    tapping: Arc<Tapping>,
}

impl Tapped {
    /// A stream with this tap on it. `established`: the opening handshake was done elsewhere.
    pub(crate) fn over(stream: Stream, tapping: &Arc<Tapping>, established: bool) -> Stream {
        let inspector = if established { Inspector::established } else { Inspector::new };
        let preview = tapping.tap.preview();
        let (sent, received) = (inspector(preview), inspector(preview));
        Stream::tapped(Self { stream, sent, received, tapping: Arc::clone(tapping) })
    }

    pub(crate) fn stream(&self) -> &Stream {
        &self.stream
    }

    fn observe(&mut self, way: Way, bytes: &[u8]) {
        let inspector = match way {
            Way::Sent => &mut self.sent,
            Way::Received => &mut self.received,
        };
        inspector.observe(bytes, |seen| {
            let mut untold = self.tapping.lock();
            untold.bytes += size(&seen);
            untold.seen.push_back((way, seen));
        });
        if !self.tapping.held_back.load(Ordering::Acquire) {
            self.tapping.tell();
        }
    }
}

impl AsyncRead for Tapped {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        ready!(self.tapping.poll_room(cx));
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        self.observe(Way::Received, &buffer.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tapped {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.tapping.poll_room(cx));
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        self.observe(Way::Sent, &bytes[..written]);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.tapping.poll_room(cx));
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, slices))?;
        let mut left = written;
        for slice in slices {
            let part = &slice[..slice.len().min(left)];
            self.observe(Way::Sent, part);
            left -= part.len();
        }
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::task::Wake;
    use std::thread;
    use std::time::Duration;
    use tokio::io::{AsyncReadExt as _, duplex};

    #[derive(Debug, Default)]
    struct Sent(Mutex<Vec<Vec<u8>>>);

    impl Tap for Sent {
        fn sent(&self, seen: Seen) {
            let Seen::Frame(frame) = seen else { panic!("no frame: {seen:?}") };
            self.0.lock().unwrap().push(frame.payload.to_vec());
        }
        fn received(&self, seen: Seen) {
            panic!("nobody sent {seen:?}");
        }
    }

    /// A waker that tells the tap when it is dropped.
    struct Tells(Arc<Tapping>);

    impl Wake for Tells {
        fn wake(self: Arc<Self>) {}
    }

    impl Drop for Tells {
        fn drop(&mut self) {
            self.0.tell();
        }
    }

    #[test]
    fn a_waker_may_use_what_it_waits_for() {
        let (done, waits) = mpsc::channel();
        // On a thread of its own, which a deadlock would keep for ever.
        thread::spawn(move || {
            let tapping = Tapping::begin(&(Arc::new(Sent::default()) as Arc<dyn Tap>));
            tapping.lock().bytes = FULL;
            for waker in [Waker::from(Arc::new(Tells(Arc::clone(&tapping)))), Waker::noop().clone()] {
                assert!(tapping.poll_room(&Context::from_waker(&waker)).is_pending());
            }
            done.send(()).unwrap();
        });
        waits.recv_timeout(Duration::from_secs(60)).expect("it ends");
    }

    #[tokio::test]
    async fn what_was_not_written_is_not_shown() {
        const BYTES: &[u8] = b"\x81\x0aHelloWorld\x82\x03one\x82\x00\x82\x05three";
        // So many at a time, and then the rest of what was not taken.
        for room in 1..=BYTES.len() {
            for vectored in [false, true] {
                let tap = Arc::new(Sent::default());
                let (near, mut far) = duplex(room);
                let tapping = Tapping::begin(&(tap.clone() as Arc<dyn Tap>));
                let mut stream = Tapped::over(Stream::other(near), &tapping, true);
                let mut left = BYTES;
                let mut taken = Vec::new();
                while !left.is_empty() {
                    let mut cx = Context::from_waker(std::task::Waker::noop());
                    let (first, second) = left.split_at(left.len() / 2);
                    let written = match vectored {
                        true => {
                            let slices = [IoSlice::new(first), IoSlice::new(&[]), IoSlice::new(second)];
                            Pin::new(&mut stream).poll_write_vectored(&mut cx, &slices)
                        }
                        false => Pin::new(&mut stream).poll_write(&mut cx, left),
                    };
                    match written {
                        Poll::Ready(written) => left = &left[written.unwrap()..],
                        Poll::Pending => taken.push(far.read_u8().await.unwrap()),
                    }
                }
                let expected: [&[u8]; 4] = [b"HelloWorld", b"one", b"", b"three"];
                assert_eq!(*tap.0.lock().unwrap(), expected, "{room} bytes at a time");
                assert!(BYTES.starts_with(&taken));
            }
        }
    }
}
