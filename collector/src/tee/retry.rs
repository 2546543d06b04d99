//! When something is sent again: the exponential back-off of the OpenTelemetry Collector's exporters, with its figures.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

/// How the pauses between attempts grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// The first pause; each further one is half as long again. All are between half and one and a half of this.
    pub initial_interval: Duration,
    /// The longest pause, unless the other side asks for more, up to `max_elapsed`.
    pub max_interval: Duration,
    /// When something is given up. What is in the write-ahead log is not.
    pub max_elapsed: Duration,
}

impl Default for Retry {
    /// 5 s, 30 s, 5 min.
    fn default() -> Self {
        Self {
            initial_interval: Duration::from_secs(5),
            max_interval: Duration::from_secs(30),
            max_elapsed: Duration::from_secs(300),
        }
    }
}

/// The attempts to send one thing.
pub(super) struct Attempts {
    retry: Retry,
    interval: Duration,
    ends: Option<Instant>,
}

impl Retry {
    /// Attempts from now on, given up in the end or never.
    pub(super) fn attempts(self, gives_up: bool) -> Attempts {
        Attempts {
            retry: self,
            interval: self.initial_interval,
            ends: gives_up.then(|| Instant::now() + self.max_elapsed),
        }
    }
}

impl Attempts {
    /// How long to wait for the next attempt, at least as long as the other side asked for, unless that is longer than
    /// anything is waited for; nothing when it is time to give up.
    pub(super) fn next_pause(&mut self, asked: Option<Duration>) -> Option<Duration> {
        let asked = asked.unwrap_or_default().min(self.retry.max_elapsed);
        let pause = self.interval.mul_f64(0.5 + random()).max(asked);
        self.interval = self.interval.mul_f64(1.5).min(self.retry.max_interval);
        match self.ends {
            Some(ends) if Instant::now() + pause > ends => None,
            _ => Some(pause),
        }
    }
}

/// A number from 0 to 1: every hasher of the standard library has keys of its own.
#[allow(clippy::cast_precision_loss, reason = "only the leading bits count")]
fn random() -> f64 {
    RandomState::new().hash_one(()) as f64 / u64::MAX as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_by_half_to_the_longest_and_are_spread() {
        let mut attempts = Retry::default().attempts(false);
        for expected in [5.0, 7.5, 11.25, 16.875, 25.3125, 30.0, 30.0] {
            let pause = attempts.next_pause(None).unwrap().as_secs_f64();
            assert!(
                pause >= expected * 0.5 && pause <= expected * 1.5,
                "{pause}"
            );
        }
    }

    #[test]
    fn the_other_side_may_ask_for_more() {
        let mut attempts = Retry::default().attempts(false);
        let asked = Duration::from_secs(60);
        assert_eq!(attempts.next_pause(Some(asked)), Some(asked));
    }

    #[test]
    fn the_other_side_may_not_ask_for_ever() {
        let retry = Retry::default();
        let asked = Some(Duration::MAX);
        assert_eq!(
            retry.attempts(false).next_pause(asked),
            Some(retry.max_elapsed)
        );
        assert_eq!(retry.attempts(true).next_pause(asked), None);
    }

    #[test]
    fn it_is_given_up_in_the_end() {
        let retry = Retry {
            max_elapsed: Duration::from_secs(1),
            ..Retry::default()
        };
        assert_eq!(retry.attempts(true).next_pause(None), None);
        assert!(retry.attempts(false).next_pause(None).is_some());
    }
}
