//! Randomness for masking keys and nonces.

use rand::Rng as _;

/// Fills the buffer from the thread's generator: ChaCha, seeded by the system's and again from time to time.
pub(crate) fn secure(buffer: &mut [u8]) {
    rand::rng().fill_bytes(buffer);
}
