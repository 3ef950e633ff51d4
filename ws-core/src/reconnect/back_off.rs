//! When to connect again: later and later, and never all at the same time.
//! <https://datatracker.ietf.org/doc/html/rfc6455#section-7.2.3>

use core::time::Duration;

use super::config::ReconnectConfig;
use crate::CloseCode;

/// Codes after which another connection would end the same way: the peer is done, or does not
/// accept what this side does.
const FINAL_CODES: [u16; 7] = [1000, 1002, 1003, 1007, 1008, 1009, 1010];

/// How many times the shortest delay the first one may be: with one second as the shortest, up to
/// the RFC's five.
const FIRST_SPREAD: u32 = 5;

/// What the bound grows from at the least.
const LEAST_BOUND: Duration = Duration::from_millis(1);

/// How many retries there were since a connection last lasted, and how long the next delay may be.
///
/// A [`ReconnectingWebSocket`](crate::ReconnectingWebSocket) has one. It is for programs that make their connections
/// themselves: without a clock and without chance, it says when the next one is due.
///
/// ```
/// use std::time::Duration;
/// use ws_core::{BackOff, ReconnectConfig};
/// let (mut back_off, mut config) = (BackOff::default(), ReconnectConfig::default());
/// config.max_retries = Some(1);
/// assert!(back_off.is_left(&config));
/// assert_eq!(back_off.delay(&config, 0.5), Duration::from_secs(3));
/// back_off.begin(&config);
/// assert!(!back_off.is_left(&config));
/// ```
#[derive(Debug, Default)]
pub struct BackOff {
    count: u32,
    /// None before the first retry.
    bound: Option<Duration>,
}

impl BackOff {
    /// Whether it is worth connecting again after a connection was closed with this code: yes,
    /// except for 1000, 1002, 1003 and 1007 to 1010, after which the same would happen again.
    ///
    /// ```
    /// use ws_core::{BackOff, CloseCode};
    /// assert!(BackOff::is_worth_it(CloseCode::ABNORMAL));
    /// assert!(!BackOff::is_worth_it(CloseCode::NORMAL));
    /// ```
    pub fn is_worth_it(code: CloseCode) -> bool {
        !FINAL_CODES.contains(&code.get())
    }

    /// How many retries have begun.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Whether another retry is allowed.
    pub fn is_left(&self, config: &ReconnectConfig) -> bool {
        config.max_retries.is_none_or(|most| self.count < most)
    }

    /// How long to wait before the next retry. Chance is from 0 to less than 1.
    pub fn delay(&self, config: &ReconnectConfig, chance: f64) -> Duration {
        let least = config.min_reconnection_delay;
        let spread = self.bound(config).saturating_sub(least);
        least.saturating_add(times(spread, chance).unwrap_or_default())
    }

    /// A retry begins.
    pub fn begin(&mut self, config: &ReconnectConfig) {
        // Zero would never grow.
        let bound = self.bound(config).max(LEAST_BOUND);
        let grown = times(bound, config.reconnection_delay_grow_factor.max(1.0));
        self.bound = Some(grown.unwrap_or(config.max_reconnection_delay));
        self.count = self.count.saturating_add(1);
    }

    /// A connection has lasted, or the program begins anew.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    fn bound(&self, config: &ReconnectConfig) -> Duration {
        let first = config.min_reconnection_delay.saturating_mul(FIRST_SPREAD);
        self.bound.unwrap_or(first).min(config.max_reconnection_delay)
    }
}

/// None if there is no such time.
fn times(duration: Duration, factor: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(duration.as_secs_f64() * factor).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(config: &ReconnectConfig) -> [(u128, u128); 5] {
        let mut back_off = BackOff::default();
        core::array::from_fn(|_| {
            let [least, most] = [0.0, 0.9999].map(|chance| back_off.delay(config, chance).as_millis());
            back_off.begin(config);
            (least, most)
        })
    }

    #[test]
    fn delays_are_of_a_range_that_doubles_up_to_its_bound() {
        let expected = [(1000, 4999), (1000, 9999), (1000, 19998), (1000, 29997), (1000, 29997)];
        assert_eq!(bounds(&ReconnectConfig::default()), expected);
    }

    #[test]
    fn no_factor_makes_it_less_or_fails() {
        for factor in [1.0, 0.5, -3.0, f64::NAN] {
            let config = ReconnectConfig { reconnection_delay_grow_factor: factor, ..ReconnectConfig::default() };
            assert_eq!(bounds(&config), [(1000, 4999); 5], "{factor}");
        }
        for factor in [1e300, f64::INFINITY] {
            let config = ReconnectConfig { reconnection_delay_grow_factor: factor, ..ReconnectConfig::default() };
            assert_eq!(bounds(&config)[1], (1000, 29997), "{factor}");
        }
    }

    #[test]
    fn a_shortest_delay_above_the_longest_is_the_delay() {
        let config = ReconnectConfig { min_reconnection_delay: Duration::from_secs(40), ..ReconnectConfig::default() };
        assert_eq!(bounds(&config), [(40_000, 40_000); 5]);
        let config = ReconnectConfig { min_reconnection_delay: Duration::MAX, ..ReconnectConfig::default() };
        assert_eq!(BackOff::default().delay(&config, 0.5), Duration::MAX);
    }

    #[test]
    fn a_first_retry_at_once_is_followed_by_later_ones() {
        let config = ReconnectConfig { min_reconnection_delay: Duration::ZERO, ..ReconnectConfig::default() };
        assert_eq!(bounds(&config), [(0, 0), (0, 1), (0, 3), (0, 7), (0, 15)]);
    }

    #[test]
    fn as_many_retries_as_are_allowed_and_anew_behind_a_reset() {
        let config = ReconnectConfig { max_retries: Some(2), ..ReconnectConfig::default() };
        let mut back_off = BackOff::default();
        let lefts = [0, 1, 2].map(|_| {
            let left = back_off.is_left(&config);
            back_off.begin(&config);
            left
        });
        assert_eq!(lefts, [true, true, false]);
        back_off.reset();
        assert_eq!((back_off.count(), back_off.is_left(&config)), (0, true));
        assert_eq!(back_off.delay(&config, 0.5), Duration::from_secs(3));
    }
}
