//! Delays, on a clock that jumps to the next timer.

use std::sync::{Arc, Mutex};

use tokio::time::Instant;
use ws_core::{Failure, FailureKind};

use super::*;

/// A socket that can never be connected, and when it tried to be.
fn hopeless(config: ReconnectConfig) -> (Socket, Told, Arc<Mutex<Vec<Instant>>>) {
    let times = Arc::new(Mutex::new(Vec::new()));
    let tried = Arc::clone(&times);
    let (socket, told) = connect(
        Socket::builder_with(move |attempt| {
            tried.lock().unwrap().push(Instant::now());
            attempt.fail(Failure::new(FailureKind::Network, "down"));
        })
        .config(config),
    );
    (socket, told, times)
}

#[tokio::test(start_paused = true)]
async fn delays_are_those_of_the_policy_and_those_that_are_told() {
    let (socket, mut told, times) = hopeless(ReconnectConfig::default());
    let (sender, mut delays) = mpsc::unbounded_channel();
    socket.set_onreconnecting(move |_, event| sender.send((event.attempt, event.delay)).unwrap());
    let mut promised = Vec::new();
    for attempt in 1..=6 {
        let (number, delay) = delays.recv().await.unwrap();
        assert_eq!(number, attempt);
        promised.push(delay);
        assert_eq!(told.next().await, "error");
        assert_eq!(told.next().await, "close 1006");
    }
    let times = times.lock().unwrap().clone();
    for (index, bound) in [5, 10, 20, 30, 30].into_iter().enumerate() {
        assert!(promised[index] >= Duration::from_secs(1) && promised[index] <= Duration::from_secs(bound));
        let waited = times[index + 1] - times[index];
        let late = waited.checked_sub(promised[index]).expect("not before its time");
        // A runtime's timers are of whole milliseconds.
        assert!(late <= Duration::from_millis(5), "{waited:?} instead of {:?}", promised[index]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_day_without_a_server_costs_its_retries() {
    let (socket, mut told, times) = hopeless(ReconnectConfig::default());
    let start = Instant::now();
    let day = Duration::from_secs(24 * 60 * 60);
    let mut events = 0_usize;
    while start.elapsed() < day {
        told.next().await;
        events += 1;
    }
    let tried = times.lock().unwrap().len();
    // Between the shortest and the longest delay of them all lies their mean: 15.5 s.
    assert!((5_000..6_200).contains(&tried), "{tried}");
    assert!(events.abs_diff(tried * 3) <= 3, "{events} events of {tried} attempts");
    assert!((socket.retry_count() as usize).abs_diff(tried) <= 1);
}
