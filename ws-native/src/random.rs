//! Randomness for masking keys and nonces.

/// Fills the buffer from the system's secure generator.
#[allow(clippy::expect_used, reason = "without randomness nothing may be sent; systems are made not to fail here")]
pub(crate) fn system(buffer: &mut [u8]) {
    getrandom::fill(buffer).expect("the system has a secure generator of randomness");
}
