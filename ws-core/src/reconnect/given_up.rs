//! Why this side has given a connection up.

use core::{error, fmt, time::Duration};

use crate::{Error, Failure, FailureKind};

/// The cause of a failure. `Debug` shows the words of `Display`: a derived one would be longer, and
/// pages download it.
pub(super) enum GivenUp {
    /// It was not there within this time.
    Late(Duration),
    /// The peer did not say anything for this time.
    Silent(Duration),
    /// The program did not say what to connect to.
    Unanswered,
    /// The program named something that cannot be connected to, or sent.
    Refused(Error),
}

impl From<GivenUp> for Failure {
    fn from(cause: GivenUp) -> Self {
        let kind = match &cause {
            GivenUp::Late(_) | GivenUp::Silent(_) => FailureKind::Timeout,
            GivenUp::Unanswered => FailureKind::Cancelled,
            GivenUp::Refused(Error::Security(_)) => FailureKind::Policy,
            GivenUp::Refused(_) => FailureKind::Misuse,
        };
        Self::new(kind, cause)
    }
}

impl fmt::Display for GivenUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Late(time) => write!(f, "there was no connection within {} ms", time.as_millis() as u64),
            Self::Silent(time) => write!(f, "the peer said nothing for {} ms", time.as_millis() as u64),
            Self::Unanswered => f.write_str("the program did not say what to connect to"),
            Self::Refused(error) => error.fmt(f),
        }
    }
}

impl fmt::Debug for GivenUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl error::Error for GivenUp {}
