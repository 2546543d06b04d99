//! Nanoseconds since the Unix epoch, from the two clocks of a page: `performance.now()` is fine and monotonic but stops
//! while the machine sleeps and drifts from the wall; `Date.now()` follows the wall in whole milliseconds.
//!
//! The fine clock is read always. Its distance to the wall is corrected only when a trace begins and no span is open, so
//! that spans of one trace stay in order; after a sleep, which no open span survives with sense, it is corrected anyway.

use std::cell::Cell;
use std::time::{Duration, SystemTime};

/// A distance to the wall clock that drift does not explain: the machine has slept, or the clock was set.
const JUMP_MS: f64 = 1000.0;

/// Millisecond stamps of the OpenTelemetry API's own clock this recent mean "now".
const COARSE_NOW_MS: u64 = 2;

/// The page's clocks, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    /// `performance.now()`: since the page's time origin, fractional.
    pub(crate) performance_ms: f64,
    /// `Date.now()`: since the Unix epoch, whole.
    pub(crate) date_ms: f64,
}

/// Turns readings into times. Keeps the Unix time at which the fine clock read zero.
#[derive(Debug)]
pub(crate) struct Clock {
    origin_ms: Cell<f64>,
}

impl Clock {
    /// A clock that trusts `performance.timeOrigin` until the first trace begins.
    pub(crate) fn new(time_origin_ms: f64) -> Self {
        Self {
            origin_ms: Cell::new(time_origin_ms),
        }
    }

    /// Corrects the distance to the wall clock. A whole-millisecond date says that the true time lies within the
    /// millisecond that follows it: the fine clock moves by no more than it takes to lie there too, so that readings at
    /// different phases of the millisecond narrow the distance down. `later_ms` is the fine clock once more, after the date was
    /// read: whatever kept the page from running in between is no distance.
    pub(crate) fn anchor(&self, reading: Reading, later_ms: f64, spans_are_open: bool) {
        let earliest = reading.date_ms - later_ms;
        let latest = reading.date_ms - reading.performance_ms + 1.0;
        let origin_ms = self.origin_ms.get();
        let anchored = origin_ms.max(earliest).min(latest);
        let moved_ms = (anchored - origin_ms).abs();
        if anchored.is_finite() && (!spans_are_open || moved_ms > JUMP_MS) {
            self.origin_ms.set(anchored);
        }
    }

    /// Now, in nanoseconds since the Unix epoch.
    pub(crate) fn now_ns(&self, performance_ms: f64) -> u64 {
        ms_to_ns(self.origin_ms.get()).saturating_add(ms_to_ns(performance_ms))
    }

    /// The time that `timestamp` means, in nanoseconds since the Unix epoch. The OpenTelemetry API stamps what gets no
    /// time of its own from a clock of whole milliseconds; such a stamp of this moment is replaced by the fine clock.
    /// The clocks are read only when the stamp may be such a one.
    pub(crate) fn refine_ns(&self, timestamp: SystemTime, read: impl FnOnce() -> Reading) -> u64 {
        let stamp_ns = unix_ns(timestamp);
        if !stamp_ns.is_multiple_of(1_000_000) {
            return stamp_ns;
        }
        let reading = read();
        let date_ms = reading.date_ms as u64;
        if date_ms.abs_diff(stamp_ns / 1_000_000) <= COARSE_NOW_MS {
            self.now_ns(reading.performance_ms)
        } else {
            stamp_ns
        }
    }
}

/// Nanoseconds since the Unix epoch; zero before it.
pub(crate) fn unix_ns(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since_epoch| {
            ns_of(
                since_epoch.as_secs(),
                1_000_000_000,
                since_epoch.subsec_nanos().into(),
            )
        })
}

/// The reverse of [`unix_ns`].
pub(crate) fn system_time(unix_ns: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_nanos(unix_ns)
}

/// Whole milliseconds and the rest apart, because a Unix time in nanoseconds has more digits than a double. Casts
/// saturate, and turn NaN into zero.
fn ms_to_ns(ms: f64) -> u64 {
    ns_of(ms as u64, 1_000_000, (ms.fract() * 1e6 + 0.5) as u64)
}

/// So many units and nanoseconds; the end of time when that is past it. `saturating_mul` would multiply to 128 bits.
fn ns_of(units: u64, unit_ns: u64, ns: u64) -> u64 {
    match units <= u64::MAX / unit_ns {
        true => (units * unit_ns).saturating_add(ns),
        false => u64::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(performance_ms: f64, date_ms: f64) -> Reading {
        Reading {
            performance_ms,
            date_ms,
        }
    }

    #[test]
    fn keeps_the_resolution_of_the_fine_clock() {
        let clock = Clock::new(1_700_000_000_000.25);
        assert_eq!(clock.now_ns(0.0), 1_700_000_000_000_250_000);
        assert_eq!(clock.now_ns(0.005), 1_700_000_000_000_255_000);
        assert_eq!(clock.now_ns(86_400_000.1), 1_700_086_400_000_350_000);
    }

    #[test]
    fn moves_no_further_than_the_wall_clock_asks() {
        let clock = Clock::new(1000.0);
        clock.anchor(reading(5.4, 1005.0), 5.4, false);
        assert_eq!(
            clock.now_ns(0.0),
            1_000_000_000,
            "agrees within the millisecond"
        );
        clock.anchor(reading(5.4, 1008.0), 5.4, false);
        assert_eq!(clock.now_ns(5.4), 1_008_000_000, "was behind");
        clock.anchor(reading(7.0, 1003.0), 7.0, false);
        assert_eq!(clock.now_ns(7.0), 1_004_000_000, "was ahead");
    }

    #[test]
    fn readings_at_several_phases_narrow_the_distance_down() {
        let true_origin_ms = 1_700_000_000_000.37;
        let clock = Clock::new(1_700_000_000_040.0);
        for step in 0..200 {
            let performance_ms = f64::from(step) * 3.17;
            let date_ms = (true_origin_ms + performance_ms).floor();
            clock.anchor(reading(performance_ms, date_ms), performance_ms, false);
        }
        let error_ns = clock.now_ns(0.0).abs_diff(1_700_000_000_000_370_000);
        assert!(error_ns < 20_000, "{error_ns} ns off");
    }

    #[test]
    fn a_pause_between_the_clocks_is_no_distance() {
        let clock = Clock::new(1000.0);
        clock.anchor(reading(5.0, 1025.0), 25.5, false);
        assert_eq!(clock.now_ns(0.0), 1_000_000_000);
        clock.anchor(reading(30.0, 1042.0), 32.0, false);
        assert_eq!(clock.now_ns(0.0), 1_010_000_000, "the wall was set forward");
    }

    #[test]
    fn an_open_trace_moves_only_after_a_sleep() {
        let clock = Clock::new(0.0);
        clock.anchor(reading(10.0, 40.0), 10.0, true);
        assert_eq!(clock.now_ns(10.0), 10_000_000);
        let hour_ms = 3_600_000.0;
        clock.anchor(reading(10.0, hour_ms), 10.0, true);
        assert_eq!(clock.now_ns(10.0), 3_600_000_000_000);
    }

    #[test]
    fn replaces_the_coarse_now_and_nothing_else() {
        let clock = Clock::new(1_000_000.0);
        let now = reading(1.7, 1_000_001.0);
        assert_eq!(
            clock.refine_ns(system_time(1_000_001_000_000), || now),
            1_000_001_700_000
        );
        assert_eq!(
            clock.refine_ns(system_time(1_000_001_000_001), || now),
            1_000_001_000_001,
            "finer than the API's clock"
        );
        assert_eq!(
            clock.refine_ns(system_time(999_000_000_000), || now),
            999_000_000_000,
            "long ago"
        );
    }

    #[test]
    fn nonsense_does_no_harm() {
        let clock = Clock::new(f64::NAN);
        clock.anchor(reading(f64::NAN, f64::INFINITY), f64::NAN, false);
        clock.anchor(reading(f64::INFINITY, 0.0), f64::INFINITY, false);
        assert_eq!(clock.now_ns(f64::NAN), 0);
        assert_eq!(clock.now_ns(f64::INFINITY), u64::MAX);
    }
}
