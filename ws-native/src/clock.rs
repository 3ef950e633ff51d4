//! The time of one connection.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// A clock that begins with the connection, and its one timer.
#[derive(Debug)]
pub(crate) struct Clock {
    start: Instant,
    /// Made when there first is a deadline.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { start: Instant::now(), timer: None }
    }

    /// The time since the start.
    pub(crate) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// Ready when the deadline has passed, never if there is none.
    pub(crate) fn poll_deadline(&mut self, deadline: Option<Duration>, cx: &mut Context<'_>) -> Poll<()> {
        // A deadline that is too far away for the clock never comes.
        let Some(deadline) = deadline.and_then(|deadline| self.start.checked_add(deadline)) else {
            self.timer = None;
            return Poll::Pending;
        };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        timer.as_mut().poll(cx)
    }
}
