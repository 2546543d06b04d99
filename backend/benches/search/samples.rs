//! Measured times: percentiles and throughput, as cells of a Markdown table.

use std::time::Duration;

/// Times of the same thing done many times over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Samples {
    times: Vec<Duration>,
}

impl Samples {
    /// Adds a time.
    pub(crate) fn add(&mut self, time: Duration) {
        self.times.push(time);
    }

    /// Adds all times of `other`.
    pub(crate) fn append(&mut self, other: &Samples) {
        self.times.extend_from_slice(&other.times);
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.times.len()
    }

    /// The time that `percent` of a hundred do not exceed; 100 is the longest.
    ///
    /// # Panics
    /// There is no time.
    pub(crate) fn percentile(&self, percent: f64) -> Duration {
        let mut times = self.times.clone();
        times.sort_unstable();
        let rank = (times.len() as f64 * percent / 100.0).ceil() as usize;
        times[rank.clamp(1, times.len()) - 1]
    }

    /// How often it is done in a second, one after the other.
    pub(crate) fn per_second(&self) -> f64 {
        let total: Duration = self.times.iter().sum();
        self.times.len() as f64 / total.as_secs_f64()
    }

    /// `p50 | p90 | p99 | max`, in microseconds.
    pub(crate) fn cells(&self) -> String {
        let cell = |percent| format!("{:.1}", us(self.percentile(percent)));
        [50.0, 90.0, 99.0, 100.0].map(cell).join(" | ")
    }
}

/// A time in microseconds.
pub(crate) fn us(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// A time in milliseconds.
pub(crate) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
