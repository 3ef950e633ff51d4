//! The kinds of task: what the host is to fire.

pub(crate) const NONE: u32 = 0;
pub(crate) const OPEN: u32 = 1;
pub(crate) const TEXT: u32 = 2;
pub(crate) const BINARY: u32 = 3;
pub(crate) const CLOSE: u32 = 4;
pub(crate) const PONG: u32 = 5;
