//! Whether the peer of an open connection is alive, and whether the connection is used.

use core::mem;
use core::time::Duration;

use super::config::Config;
use super::outgoing::Outgoing;

/// What [`Config::heartbeat`] and [`Config::idle_timeout`] want to know of a connection.
///
/// What happens is only marked when it happens, and gets its time when the time is next known. The deadline stays where
/// it is meanwhile: when it comes, what has happened may have put it off. It comes sooner by an answered ping alone,
/// behind which the next may be due before the time for an answer is over.
#[derive(Debug)]
pub(super) struct Watch {
    /// When something was last received.
    heard: Duration,
    /// When something of a message last came or went.
    used: Duration,
    /// Where the newest message ends.
    message: Place,
    /// The newest ping, until its pong comes.
    ping: Option<Ping>,
    /// How many pings there were.
    pings: u64,
    /// Of the newest ping that was answered.
    round_trip_time: Option<Duration>,
    /// How many bytes had reached the network when that was last a sign of life.
    #[cfg(feature = "std")]
    transmitted: u64,
    /// How many bytes of the input were left when no more was to be had of it. `None`: there may be more.
    rest: Option<usize>,
    /// When to look at all this. `None`: it lies beyond all time.
    deadline: Option<Duration>,
}

#[derive(Debug)]
struct Ping {
    /// It is the payload.
    number: u64,
    /// Where its frame ends.
    place: Place,
    /// When it was last seen waiting to be transmitted.
    sent: Duration,
    /// When it, or something queued before it, was last seen to have been transmitted.
    moved: Duration,
    /// Nothing was received since.
    unheard: bool,
    /// Its pong was received.
    answered: bool,
}

/// A place in the output, and how many bytes up to it had not reached the network when that was last looked at.
#[derive(Debug, Default)]
struct Place {
    end: u64,
    remaining: u64,
}

/// What was received since that was last asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Heard {
    #[default]
    Nothing,
    /// Something of a control frame.
    Control,
    /// Something of a message.
    Message,
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Due {
    Nothing,
    /// A ping with this payload is to be sent.
    Ping([u8; 8]),
    /// The closing handshake is to be started: the connection is not used.
    Close,
    /// The connection is to be failed: the peer is gone.
    Failure,
}

impl Watch {
    /// Begins now.
    pub(super) fn begin(now: Duration, config: &Config) -> Self {
        let mut watch = Self {
            heard: now,
            used: now,
            message: Place::default(),
            ping: None,
            pings: 0,
            round_trip_time: None,
            #[cfg(feature = "std")]
            transmitted: 0,
            rest: None,
            deadline: None,
        };
        watch.schedule(config);
        watch
    }

    pub(super) fn deadline(&self) -> Option<Duration> {
        self.deadline
    }

    pub(super) fn round_trip_time(&self) -> Option<Duration> {
        self.round_trip_time
    }

    /// Notes what was received, where the last message that was sent ends in the output, and how far that is.
    pub(super) fn note(&mut self, now: Duration, heard: Heard, message_end: u64, outgoing: &Outgoing, config: &Config) {
        self.hear(now, heard, config);
        if let Some(ping) = self.ping.take_if(|ping| ping.answered) {
            self.round_trip_time = Some(now.saturating_sub(ping.sent));
        }
        if let Some(ping) = &mut self.ping {
            // A ping cannot be answered while it is queued behind messages; that these go is a sign of life, too.
            if ping.place.has_moved(outgoing) {
                ping.moved = now;
            }
            if ping.place.remaining > 0 {
                ping.sent = now;
            }
        }
        let is_new = mem::replace(&mut self.message.end, message_end) != message_end;
        if self.message.has_moved(outgoing) || is_new {
            self.used = now;
        }
    }

    fn hear(&mut self, now: Duration, heard: Heard, config: &Config) {
        if heard == Heard::Message {
            self.used = now;
        }
        if heard > Heard::Nothing {
            self.heard = now;
            self.rest = None;
            if let Some(ping) = self.ping.as_mut().filter(|ping| ping.unheard) {
                ping.unheard = false;
                self.schedule(config);
            }
        }
    }

    /// Nothing of the input is looked at as long as so much waits: what is heard of the peer is that it takes some of
    /// that.
    #[cfg(feature = "std")]
    pub(super) fn note_progress(&mut self, now: Duration, outgoing: &Outgoing, config: &Config) {
        let transmitted = outgoing.transmitted_total();
        if mem::replace(&mut self.transmitted, transmitted) != transmitted {
            self.hear(now, Heard::Control, config);
        }
    }

    /// No more is to be had of the input, of which this many bytes are left.
    pub(super) fn wait(&mut self, rest: usize) {
        self.rest = Some(rest);
    }

    /// A pong was received.
    pub(super) fn pong(&mut self, payload: &[u8]) {
        if let Some(ping) = self.ping.as_mut().filter(|ping| ping.number.to_be_bytes() == payload) {
            ping.answered = true;
        }
    }

    /// What is to be done now, where this many bytes of the input are left.
    pub(super) fn due(&mut self, now: Duration, rest: usize, config: &Config) -> Due {
        let is_over = |deadline: Option<Duration>| deadline.is_some_and(|deadline| deadline <= now);
        if !is_over(self.deadline) {
            return Due::Nothing;
        }
        if self.rest != Some(rest) {
            // The program has not looked at what is there, which may be anything.
            self.hear(now, Heard::Message, config);
        }
        let silent = is_over(self.end_of_silence(config));
        let due = if silent && self.unheard().is_some() {
            Due::Failure
        } else if is_over(self.end_of_idleness(config)) {
            Due::Close
        } else if silent {
            Due::Ping((self.pings + 1).to_be_bytes())
        } else {
            Due::Nothing
        };
        self.schedule(config);
        due
    }

    /// The ping that was due was queued, and is the last of the output.
    pub(super) fn pinged(&mut self, now: Duration, outgoing: &Outgoing, config: &Config) {
        self.pings += 1;
        let mut place = Place { end: outgoing.queued_total(), remaining: 0 };
        place.has_moved(outgoing);
        self.ping = Some(Ping { number: self.pings, place, sent: now, moved: now, unheard: true, answered: false });
        self.schedule(config);
    }

    fn schedule(&mut self, config: &Config) {
        self.deadline = [self.end_of_silence(config), self.end_of_idleness(config)].into_iter().flatten().min();
    }

    /// When nothing has been received for so long that a ping is to be sent, or that it should have been answered.
    fn end_of_silence(&self, config: &Config) -> Option<Duration> {
        let heartbeat = config.heartbeat.as_ref()?;
        match self.unheard() {
            Some(ping) => ping.moved.checked_add(heartbeat.timeout),
            None => self.heard.checked_add(heartbeat.interval),
        }
    }

    fn end_of_idleness(&self, config: &Config) -> Option<Duration> {
        self.used.checked_add(config.idle_timeout?)
    }

    /// The ping since which nothing was received.
    fn unheard(&self) -> Option<&Ping> {
        self.ping.as_ref().filter(|ping| ping.unheard)
    }
}

impl Place {
    /// Whether bytes up to it have reached the network, or been queued, since that was last asked.
    fn has_moved(&mut self, outgoing: &Outgoing) -> bool {
        let remaining = outgoing.remaining_to(self.end);
        mem::replace(&mut self.remaining, remaining) != remaining
    }
}
