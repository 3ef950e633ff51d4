//! A connection that has failed, and a peer that takes no notice of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::advance;
use ws_native::Connection;
use ws_native::proto::Config;

/// A peer that begins with a frame of an opcode that there is not, and has always something more to say; and a clock that moves on
/// by a millisecond with each read.
struct Endless {
    /// Whether it is pending when its task is to let others run, as the streams of tokio are.
    yields: bool,
    reads: u32,
}

/// After so many it ends, so that a test which does not hold ends.
const MOST_READS: u32 = 20_000;

impl AsyncRead for Endless {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.yields {
            ready!(pin!(tokio::task::consume_budget()).poll(cx));
        }
        let _ = pin!(advance(Duration::from_millis(1))).poll(&mut Context::from_waker(Waker::noop()));
        self.reads += 1;
        match self.reads {
            1 => buffer.put_slice(b"\x83\x00"),
            2..MOST_READS => buffer.put_slice(&[0; 100]),
            _ => {}
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Endless {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_sends_on_for_ever_is_waited_for_no_longer_than_the_end_timeout() {
    for yields in [false, true] {
        let mut config = Config::default();
        config.end_timeout = Duration::from_millis(500);
        let mut client = Connection::client_established(Endless { yields, reads: 0 }, config);
        let failure = client.recv().await.unwrap_err();
        assert!(failure.to_string().contains("opcode"), "{failure}");
        let reads = client.stream().reads;
        assert!((500..=600).contains(&reads), "{reads} reads");
    }
}
