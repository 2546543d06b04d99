//! How far the server's clock is from the page's, from what answers say: no message tells how long it travelled, but the
//! server's time on it lies between the question and the answer. Each answer gives such bounds, the quickest the tightest,
//! and all of them hold together.

use crate::attribute::{CLOCK_OFFSET_MS, CLOCK_OFFSET_UNCERTAINTY_MS};
use crate::pipeline::Pipeline;
use crate::span::{Item, OpenSpan};

/// The distance from the page's clock to the server's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClockOffset {
    /// What has to be added to the page's times to get the server's, in milliseconds.
    pub offset_ms: f64,
    /// How far the truth may be from it either way, in milliseconds.
    pub uncertainty_ms: f64,
}

/// When a request was under way, by the page's clock, and what time the server wrote on its answer; all in milliseconds
/// since the Unix epoch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) sent_ms: f64,
    pub(crate) received_ms: f64,
    /// The server's time was this or later …
    pub(crate) server_from_ms: f64,
    /// … but not later than this.
    pub(crate) server_to_ms: f64,
}

/// The bounds that all answers agree on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bounds {
    least_ms: f64,
    most_ms: f64,
}

impl Bounds {
    /// What one answer tells; none when it makes no sense.
    fn of(sample: &Sample) -> Option<Self> {
        let bounds = Self {
            least_ms: sample.server_from_ms - sample.received_ms,
            most_ms: sample.server_to_ms - sample.sent_ms,
        };
        let is_sound = bounds.least_ms <= bounds.most_ms
            && bounds.least_ms.is_finite()
            && bounds.most_ms.is_finite();
        is_sound.then_some(bounds)
    }

    /// What `known` and one more answer tell. When they contradict each other, one of the clocks was set, and the new
    /// answer alone counts.
    pub(crate) fn narrowed(known: Option<Self>, sample: &Sample) -> Option<Self> {
        let (Some(known), Some(new)) = (known, Self::of(sample)) else {
            return Self::of(sample).or(known);
        };
        let both = Self {
            least_ms: known.least_ms.max(new.least_ms),
            most_ms: known.most_ms.min(new.most_ms),
        };
        Some(if both.least_ms <= both.most_ms {
            both
        } else {
            new
        })
    }

    /// The middle of the bounds.
    pub(crate) fn offset(self) -> ClockOffset {
        ClockOffset {
            offset_ms: (self.least_ms + self.most_ms) / 2.0,
            uncertainty_ms: (self.most_ms - self.least_ms) / 2.0,
        }
    }
}

impl Pipeline {
    /// An answer to a request that was sent at `sent_ms` by `performance.now()` has just come; the server made it within
    /// these times of its own clock.
    pub(crate) fn on_server_time(&self, sent_ms: f64, (server_from_ms, server_to_ms): (f64, f64)) {
        let unix_ms = |performance_ms| self.unix_ns(performance_ms) as f64 / 1e6;
        let sample = Sample {
            sent_ms: unix_ms(sent_ms),
            received_ms: unix_ms(self.performance_ms()),
            server_from_ms,
            server_to_ms,
        };
        let narrowed = Bounds::narrowed(self.server_clock.get(), &sample);
        self.server_clock.set(narrowed);
    }

    /// The distance to the server's clock; none before an answer has told.
    pub(crate) fn clock_offset(&self) -> Option<ClockOffset> {
        self.server_clock.get().map(Bounds::offset)
    }

    /// Says on a span how far its times are from the server's.
    pub(crate) fn describe_clock(&self, span: &mut OpenSpan) {
        if let Some(offset) = self.clock_offset() {
            // Thousandths of a millisecond are finer than any of the clocks.
            let rounded = |ms: f64| (ms * 1000.0).round_ties_even() / 1000.0;
            for (key, ms) in [
                (CLOCK_OFFSET_MS, offset.offset_ms),
                (CLOCK_OFFSET_UNCERTAINTY_MS, offset.uncertainty_ms),
            ] {
                span.set(key, Item::Double(rounded(ms)), self.limits());
            }
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW_MS: f64 = 1_700_000_000_000.0;

    #[test]
    fn the_middle_of_one_answer() {
        let sample = Sample {
            sent_ms: NOW_MS,
            received_ms: NOW_MS + 20.0,
            server_from_ms: NOW_MS + 90_010.0,
            server_to_ms: NOW_MS + 90_010.0,
        };
        let offset = Bounds::narrowed(None, &sample).unwrap().offset();
        let expected = ClockOffset {
            offset_ms: 90_000.0,
            uncertainty_ms: 10.0,
        };
        assert_eq!(offset, expected);
    }

    #[test]
    fn a_clock_that_was_set_begins_anew() {
        let sample = |server_ms: f64| Sample {
            sent_ms: NOW_MS,
            received_ms: NOW_MS + 2.0,
            server_from_ms: server_ms,
            server_to_ms: server_ms,
        };
        let before = Bounds::narrowed(None, &sample(NOW_MS));
        let after = Bounds::narrowed(before, &sample(NOW_MS - 90_000.0)).unwrap();
        assert_eq!(after.offset().offset_ms, -90_001.0);
    }

    #[test]
    fn nonsense_is_not_heard() {
        for (received_ms, server_ms) in [
            (f64::NAN, NOW_MS),
            (NOW_MS, f64::INFINITY),
            (NOW_MS - 5.0, NOW_MS),
        ] {
            let sample = Sample {
                sent_ms: NOW_MS,
                received_ms,
                server_from_ms: server_ms,
                server_to_ms: server_ms,
            };
            assert_eq!(Bounds::narrowed(None, &sample), None);
        }
    }

    proptest! {
        #[test]
        fn the_truth_is_within_the_bounds_and_answers_never_widen_them(
            true_offset_ms in -100_000.0..100_000.0_f64,
            answers in proptest::collection::vec((0.0..5000.0_f64, 0.0..500.0_f64, 0.0..1.0_f64, any::<bool>()), 1..60),
        ) {
            let mut known = None;
            let mut before_ms = f64::INFINITY;
            let mut now_ms = NOW_MS;
            for (pause_ms, travel_ms, share, is_exact) in answers {
                now_ms += pause_ms;
                let server_ms = now_ms + travel_ms * share + true_offset_ms;
                // A server without a fine clock tells whole seconds, rounded down.
                let (server_from_ms, server_to_ms) = if is_exact {
                    (server_ms, server_ms)
                } else {
                    let second_ms = (server_ms / 1000.0).floor() * 1000.0;
                    (second_ms, second_ms + 1000.0)
                };
                let sample = Sample { sent_ms: now_ms, received_ms: now_ms + travel_ms, server_from_ms, server_to_ms };
                known = Bounds::narrowed(known, &sample);
                let offset = known.unwrap().offset();
                prop_assert!((offset.offset_ms - true_offset_ms).abs() <= offset.uncertainty_ms + 0.01, "{:?}", offset);
                prop_assert!(offset.uncertainty_ms <= before_ms + 0.01);
                before_ms = offset.uncertainty_ms;
            }
        }
    }
}
