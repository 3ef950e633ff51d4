//! What there is to do, a bit for each: see the table of the crate.

pub(crate) const TASKS: u32 = 1;
pub(crate) const TRANSMIT: u32 = 2;
pub(crate) const TIMEOUT: u32 = 4;
pub(crate) const END: u32 = 8;
pub(crate) const BATCH: u32 = 16;
