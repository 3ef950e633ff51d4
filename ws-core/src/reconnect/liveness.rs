//! Whether the peer is still there.

use core::time::Duration;

use super::config::KeepAlive;

/// What is known of a connection's peer. It hears of all messages, and says what to do when a time
/// is over.
#[derive(Debug, Default)]
pub(super) struct Liveness {
    /// When the last message has come, if one has since the current wait began.
    heard: Option<Duration>,
    /// How many bytes were sent.
    sent: u64,
    question: Option<Question>,
}

/// An answer is due.
#[derive(Clone, Copy, Debug)]
struct Question {
    due: Due,
    /// How many bytes had gone out when the current wait began.
    gone: u64,
    /// How many were sent with the question. None if there was no room for it: as long as something
    /// goes out, the peer is there.
    sent: Option<u64>,
}

/// When an answer is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    /// The question, or what was sent before it, is still on its way, which may take a while.
    Later,
    /// The peer has the whole of it.
    Now,
    /// It was due, but the program may have been busy: what has come meanwhile is received first.
    Overdue,
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// To ask again after this time.
    Wait(Duration),
    /// To send the message.
    Ask,
    /// The peer is gone.
    GiveUp,
}

impl Liveness {
    /// A message has come.
    pub(super) fn heard(&mut self, now: Duration) {
        self.heard = Some(now);
    }

    /// So many bytes were sent. What is on its way shows that the peer takes something.
    pub(super) fn sent(&mut self, bytes: u64) {
        self.sent = self.sent.saturating_add(bytes);
    }

    /// Whether the message may be sent ahead of time, because the device may have slept.
    pub(super) fn may_ask(&self) -> bool {
        self.question.is_none() || self.heard.is_some()
    }

    /// A message of this length is being sent, while `buffered` bytes wait for the network. Gives how long to wait for the answer.
    pub(super) fn ask(&mut self, timeout: Duration, length: u64, buffered: u64) -> Duration {
        let gone = self.gone(buffered);
        self.sent(length);
        self.heard = None;
        let due = if buffered == 0 { Due::Now } else { Due::Later };
        self.question = Some(Question { due, gone, sent: Some(self.sent) });
        timeout
    }

    /// There was no room for that message.
    pub(super) fn could_not_ask(&mut self, length: u64) {
        self.sent = self.sent.saturating_sub(length);
        if let Some(question) = &mut self.question {
            (question.due, question.sent) = (Due::Later, None);
        }
    }

    /// The time is over, while `buffered` bytes wait for the network.
    pub(super) fn rang(&mut self, config: &KeepAlive, buffered: u64, now: Duration) -> Verdict {
        if let Some(heard) = self.heard.take() {
            self.question = None;
            return Verdict::Wait(config.interval.saturating_sub(now.saturating_sub(heard)));
        }
        let gone = self.gone(buffered);
        match self.question {
            None => Verdict::Ask,
            // The peer's time to answer begins when the message has gone out: what was sent before
            // it may take longer.
            Some(question) if question.due == Due::Later && gone > question.gone => {
                let Some(sent) = question.sent else { return Verdict::Ask };
                let due = if gone >= sent { Due::Now } else { Due::Later };
                self.question = Some(Question { due, gone, ..question });
                Verdict::Wait(config.timeout)
            }
            Some(question) if question.due != Due::Overdue => {
                self.question = Some(Question { due: Due::Overdue, ..question });
                Verdict::Wait(Duration::ZERO)
            }
            Some(_) => Verdict::GiveUp,
        }
    }

    fn gone(&self, buffered: u64) -> u64 {
        self.sent.saturating_sub(buffered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(100);
    const INTERVAL: Verdict = Verdict::Wait(Duration::from_secs(30));
    const TIMEOUT: Verdict = Verdict::Wait(Duration::from_secs(10));
    const ONCE_MORE: Verdict = Verdict::Wait(Duration::ZERO);

    #[test]
    fn a_peer_is_asked_when_it_has_been_silent_for_the_interval() {
        let (mut liveness, config) = (Liveness::default(), KeepAlive::new("?"));
        liveness.heard(NOW);
        assert_eq!(liveness.rang(&config, 0, NOW + Duration::from_secs(29)), Verdict::Wait(Duration::from_secs(1)));
        assert_eq!(liveness.rang(&config, 0, NOW + Duration::from_secs(30)), Verdict::Ask);
        liveness.heard(NOW);
        assert_eq!(liveness.rang(&config, 0, NOW + Duration::from_secs(31)), Verdict::Wait(Duration::ZERO));
    }

    #[test]
    fn a_peer_that_talks_is_not_asked_and_one_that_answers_stays() {
        let (mut liveness, config) = (Liveness::default(), KeepAlive::new("?"));
        liveness.heard(NOW);
        assert_eq!(liveness.rang(&config, 0, NOW), INTERVAL);
        assert_eq!(liveness.rang(&config, 0, NOW), Verdict::Ask);
        assert_eq!(liveness.ask(config.timeout, 1, 0), config.timeout);
        assert!(!liveness.may_ask());
        liveness.heard(NOW);
        assert!(liveness.may_ask());
        assert_eq!(liveness.rang(&config, 0, NOW), INTERVAL);
        assert!(liveness.may_ask());
    }

    #[test]
    fn a_peer_that_says_nothing_is_given_up() {
        let (mut liveness, config) = (Liveness::default(), KeepAlive::new("?"));
        liveness.heard(NOW);
        liveness.ask(config.timeout, 1, 0);
        assert_eq!(liveness.rang(&config, 0, NOW), ONCE_MORE);
        assert_eq!(liveness.rang(&config, 0, NOW), Verdict::GiveUp);
    }

    #[test]
    fn what_was_sent_before_may_take_its_time_as_long_as_it_goes_out() {
        let (mut liveness, config) = (Liveness::default(), KeepAlive::new("?"));
        liveness.sent(100);
        liveness.ask(config.timeout, 1, 100);
        assert_eq!(liveness.rang(&config, 60, NOW), TIMEOUT);
        // All of it is gone: from now on the peer has its time.
        assert_eq!(liveness.rang(&config, 0, NOW), TIMEOUT);
        assert_eq!(liveness.rang(&config, 0, NOW), ONCE_MORE);
        assert_eq!(liveness.rang(&config, 0, NOW), Verdict::GiveUp);
    }

    #[test]
    fn a_peer_that_takes_nothing_is_given_up() {
        let (mut liveness, config) = (Liveness::default(), KeepAlive::new("?"));
        liveness.sent(100);
        liveness.ask(config.timeout, 1, 100);
        assert_eq!(liveness.rang(&config, 101, NOW), ONCE_MORE);
        assert_eq!(liveness.rang(&config, 101, NOW), Verdict::GiveUp);
    }

    #[test]
    fn without_room_for_the_question_the_peer_is_there_as_long_as_something_goes_out() {
        let (mut liveness, config) = (Liveness::default(), KeepAlive::new("?"));
        liveness.sent(100);
        liveness.ask(config.timeout, 1, 100);
        liveness.could_not_ask(1);
        assert_eq!(liveness.rang(&config, 99, NOW), Verdict::Ask);
        liveness.ask(config.timeout, 1, 99);
        liveness.could_not_ask(1);
        assert_eq!(liveness.rang(&config, 0, NOW), Verdict::Ask);
        liveness.ask(config.timeout, 1, 0);
        assert_eq!(liveness.rang(&config, 0, NOW), ONCE_MORE);
        assert_eq!(liveness.rang(&config, 0, NOW), Verdict::GiveUp);

        liveness.ask(config.timeout, 1, 50);
        liveness.could_not_ask(1);
        assert_eq!(liveness.rang(&config, 50, NOW), ONCE_MORE);
        assert_eq!(liveness.rang(&config, 50, NOW), Verdict::GiveUp);
    }

    #[test]
    fn an_answer_that_has_come_while_the_program_was_busy_counts() {
        let (mut liveness, config) = (Liveness::default(), KeepAlive::new("?"));
        liveness.ask(config.timeout, 1, 0);
        assert_eq!(liveness.rang(&config, 0, NOW), ONCE_MORE);
        liveness.heard(NOW);
        assert_eq!(liveness.rang(&config, 0, NOW), INTERVAL);
        assert!(liveness.may_ask());
    }
}
