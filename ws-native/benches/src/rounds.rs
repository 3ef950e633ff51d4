//! Measuring several contestants on a machine that is not always equally fast.

use std::time::Duration;

/// Whose turn it is: each one's once a round, in an order that rotates, so that none has all the quiet moments.
pub fn turns(rounds: usize, contestants: usize) -> impl Iterator<Item = usize> {
    (0..rounds).flat_map(move |round| (0..contestants).map(move |turn| (round + turn) % contestants))
}

/// The middle one, if there is any.
pub fn median(mut samples: Vec<f64>) -> Option<f64> {
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() / 2).copied()
}

/// How often something must be done to take about so long, given how long it took a number of times.
pub fn count_for(target: Duration, taken: Duration, times: u64) -> u64 {
    let factor = target.as_secs_f64() / taken.as_secs_f64().max(1e-6);
    ((times as f64 * factor) as u64).max(1)
}
