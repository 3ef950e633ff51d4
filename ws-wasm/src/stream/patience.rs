//! How long to wait for the peer when the connection is closed. That depends on the size of what it
//! has to take, because a browser does not tell how far a message has gone out before its last byte
//! has.

/// The time between two looks at what the peer has taken, in milliseconds.
pub(super) const TURN: u32 = 10_000;

/// The slowest that a peer may take a message, in bytes a second.
const SLOWEST: u64 = 16 << 10;

/// How many turns a peer has had for one message. Counting begins with the first look, so that a
/// turn that was half over when the browser began with the message does not count.
pub(super) struct Patience(Option<u64>);

impl Patience {
    pub(super) const fn new() -> Self {
        Self(None)
    }

    /// One more turn is over. Says whether the peer still has time for a message of this size.
    pub(super) fn goes_on(&mut self, size: u64) -> bool {
        let turns = self.0.map_or(0, |turns| turns + 1);
        self.0 = Some(turns);
        turns * u64::from(TURN) < time_for(size)
    }
}

/// How long a peer may take for a message of this many bytes, in milliseconds.
fn time_for(size: u64) -> u64 {
    u64::from(TURN) + size.saturating_mul(1000) / SLOWEST
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    /// After how many turns the time for a message of this size is over.
    fn turns_for(size: u64) -> u64 {
        let mut patience = Patience::new();
        assert!(patience.goes_on(size), "a peer that has just begun");
        (1..).find(|_| !patience.goes_on(size)).unwrap_or_default()
    }

    #[wasm_bindgen_test]
    fn a_message_has_ten_seconds_and_one_for_every_16_kib() {
        for (size, time) in [(0, 10_000), (16, 10_000), (17, 10_001), (16 << 10, 11_000), (40 << 20, 2_570_000)] {
            assert_eq!(time_for(size), time, "{size}");
        }
    }

    #[wasm_bindgen_test]
    fn it_is_given_up_with_the_turn_in_which_its_time_ends() {
        assert_eq!(turns_for(0), 1);
        assert_eq!(turns_for(16), 1);
        assert_eq!(turns_for(17), 2);
        assert_eq!(turns_for(160 << 10), 2);
        assert_eq!(turns_for(40 << 20), 257);
    }
}
