//! The end of a connection, for the asynchronous face and for the blocking one.

use std::io;
use std::mem;
use std::task::Poll;
use std::time::Duration;

use ws_core::{Failure, FailureKind};

use crate::proto::{Closed, Connection, Error, Event, PROGRESS};

/// Where a connection stands, beyond what the protocol knows.
#[derive(Debug)]
pub(crate) enum State {
    /// The protocol has events to come.
    Running,
    /// It is closed, and the transport is being ended, for as long as the patience lasts. Then the
    /// program is told.
    Ending { closed: Box<Closed>, patience: Patience },
    /// The program was told.
    Ended(Box<Closed>),
}

impl State {
    /// The protocol has no more events: the transport is to be ended.
    pub(crate) fn begin_end(&mut self, closed: Box<Closed>, protocol: &Connection, now: Duration) {
        let patience = Patience::begin(protocol.backlog(), now, protocol.config().end_timeout);
        *self = Self::Ending { closed, patience };
    }

    /// The transport has ended, or was waited for long enough. Gives the cause of a failure, once.
    pub(crate) fn end(&mut self) -> Option<Failure> {
        match mem::replace(self, Self::Running) {
            Self::Running => None,
            Self::Ending { closed, .. } => {
                let failure = closed.error.clone().map(Failure::from);
                *self = Self::Ended(closed);
                failure
            }
            ended @ Self::Ended(_) => {
                *self = ended;
                None
            }
        }
    }

    /// How the connection was closed, once the program was told.
    pub(crate) fn closed(&self) -> Option<&Closed> {
        match self {
            Self::Running | Self::Ending { .. } => None,
            Self::Ended(closed) => Some(closed),
        }
    }

    /// Why the connection has failed, if it has.
    pub(crate) fn failure<'a>(&'a self, protocol: &'a Connection) -> Option<&'a Error> {
        match self {
            Self::Running => protocol.failure(),
            Self::Ending { closed, .. } | Self::Ended(closed) => closed.error.as_ref(),
        }
    }

    /// The result of a flush: `transmitted` is ready if nothing waits to be written any more,
    /// `broken` is why the stream cannot be written to.
    pub(crate) fn flushed(
        &self,
        protocol: &Connection,
        transmitted: Poll<()>,
        broken: Option<&io::Error>,
    ) -> Poll<Result<(), Failure>> {
        match (transmitted, broken, self) {
            // Nothing waits any more: it was written, or thrown away.
            (Poll::Ready(()), _, _) => Poll::Ready(match self.failure(protocol) {
                Some(error) => Err(error.clone().into()),
                None if protocol.has_discarded() => Err(unwritten()),
                None => Ok(()),
            }),
            (Poll::Pending, Some(error), _) => Poll::Ready(Err(Failure::new(FailureKind::Network, error.to_string()))),
            (Poll::Pending, None, Self::Ended(_)) => Poll::Ready(Err(unwritten())),
            (Poll::Pending, None, Self::Running | Self::Ending { .. }) => Poll::Pending,
        }
    }
}

/// The failure of a flush when a connection that has not failed has left messages unwritten.
fn unwritten() -> Failure {
    Failure::new(FailureKind::Network, "the connection was closed before all was written")
}

/// The failure of an opening handshake, of which this is the last event.
pub(crate) fn failure_of(event: Event) -> Failure {
    match event {
        Event::Closed(closed) => closed.error.unwrap_or(Error::Ended).into(),
        _ => Error::Ended.into(),
    }
}

/// How long to wait for the end of a transport: as long as what is left to write keeps going out,
/// and then a time for the peer.
#[derive(Debug)]
pub(crate) struct Patience {
    /// What was left to write when the time began, in steps.
    remaining: u64,
    deadline: Option<Duration>,
}

impl Patience {
    pub(crate) fn begin(backlog: usize, now: Duration, limit: Duration) -> Self {
        Self { remaining: Self::steps(backlog), deadline: now.checked_add(limit) }
    }

    /// The deadline. The time begins again after every 64 KiB written, and when all is written.
    pub(crate) fn deadline(&mut self, backlog: usize, now: Duration, limit: Duration) -> Option<Duration> {
        if Self::steps(backlog) < self.remaining {
            *self = Self::begin(backlog, now, limit);
        }
        self.deadline
    }

    fn steps(backlog: usize) -> u64 {
        (backlog as u64).div_ceil(PROGRESS)
    }
}
