//! Which of a host's addresses to connect to: [Happy Eyeballs, RFC 8305](https://datatracker.ietf.org/doc/html/rfc8305).

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// "Connection Attempt Delay [...] The recommended value is 250 milliseconds."
const DELAY: Duration = Duration::from_millis(250);

/// Connects to the first address that answers. The next one is tried when one fails, or after 250 ms, while those that
/// were tried before may still answer.
///
/// # Errors
/// If all attempts fail, the error of the one that failed last.
pub(super) async fn race<T, F>(addresses: &[SocketAddr], connect: impl Fn(SocketAddr) -> F) -> io::Result<T>
where
    F: Future<Output = io::Result<T>>,
{
    let mut rest = addresses.iter();
    let mut attempts: Vec<Pin<Box<F>>> = Vec::new();
    let mut error = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    let mut next = pin!(sleep_until(Instant::now()));
    poll_fn(|cx| {
        loop {
            let mut failed = false;
            let mut at = 0;
            while let Some(attempt) = attempts.get_mut(at) {
                match attempt.as_mut().poll(cx) {
                    Poll::Ready(Ok(stream)) => return Poll::Ready(Ok(stream)),
                    Poll::Ready(Err(cause)) => {
                        error = cause;
                        failed = true;
                        drop(attempts.swap_remove(at));
                    }
                    Poll::Pending => at += 1,
                }
            }
            if rest.len() == 0 && attempts.is_empty() {
                return Poll::Ready(Err(std::mem::replace(&mut error, io::ErrorKind::Other.into())));
            }
            if rest.len() == 0 || !(failed || next.as_mut().poll(cx).is_ready()) {
                return Poll::Pending;
            }
            attempts.extend(rest.next().map(|address| Box::pin(connect(*address))));
            next.as_mut().reset(Instant::now() + DELAY);
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;
    use std::sync::Mutex;
    use tokio::time::sleep;

    fn v4(last: u8) -> SocketAddr {
        ([192, 0, 2, last], 80).into()
    }

    fn v6(last: u16) -> SocketAddr {
        ([0x2001, 0xdb8, 0, 0, 0, 0, 0, last], 80).into()
    }

    #[tokio::test(start_paused = true)]
    async fn a_dead_address_costs_a_quarter_of_a_second() {
        let start = Instant::now();
        let addresses = [v6(1), v4(1)];
        let connected = race(&addresses, |address| async move {
            match address {
                SocketAddr::V6(_) => pending().await,
                SocketAddr::V4(_) => Ok(address),
            }
        });
        assert_eq!(connected.await.unwrap(), v4(1));
        assert_eq!(start.elapsed(), DELAY);
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_refuses_costs_nothing() {
        let start = Instant::now();
        let addresses = [v6(1), v6(2), v4(1)];
        let connected = race(&addresses, |address| async move {
            if address.is_ipv6() { Err(io::ErrorKind::ConnectionRefused.into()) } else { Ok(address) }
        });
        assert_eq!(connected.await.unwrap(), v4(1));
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_address_still_wins_over_dead_ones_after_it() {
        let tried = Mutex::new(Vec::new());
        let addresses = [v6(1), v4(1), v4(2)];
        let connected = race(&addresses, |address| {
            tried.lock().unwrap().push(address);
            async move {
                sleep(Duration::from_millis(if address.is_ipv6() { 400 } else { 10_000 })).await;
                Ok(address)
            }
        });
        assert_eq!(connected.await.unwrap(), v6(1));
        assert_eq!(*tried.lock().unwrap(), [v6(1), v4(1)], "the third was not needed");
    }

    #[tokio::test(start_paused = true)]
    async fn if_all_fail_the_last_failure_is_told() {
        let addresses = [v4(1), v4(2)];
        let failed = race(&addresses, |address| async move {
            match address == v4(1) {
                true => Err::<(), _>(io::ErrorKind::ConnectionRefused.into()),
                false => Err(io::ErrorKind::HostUnreachable.into()),
            }
        });
        assert_eq!(failed.await.unwrap_err().kind(), io::ErrorKind::HostUnreachable);
        assert!(race(&[], |_| async { Ok(()) }).await.is_err());
    }
}
