//! What the page's own telemetry has done so far, as the rows of a table, and how it came to that.

use opentelemetry_browser::{SignalStats, Stats};

/// How many readings a trend goes back.
const READINGS: usize = 60;

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// What is counted.
    pub name: &'static str,
    /// Spans and events.
    pub counts: [u64; 2],
    /// Whether a count other than zero is a loss.
    pub is_loss: bool,
}

/// The readings of the last minute, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Readings(Vec<Stats>);

/// The rows for one reading.
pub(crate) fn rows(stats: &Stats) -> Vec<Row> {
    type Count = fn(&SignalStats) -> u64;
    const ROWS: [(&str, bool, Count); 10] = [
        ("created", false, |signal| signal.created),
        ("open", false, |signal| signal.open),
        ("waiting", false, |signal| signal.queued),
        ("on the way", false, |signal| signal.in_flight),
        ("sent", false, |signal| signal.exported),
        ("kept for later", false, |signal| signal.spilled),
        ("dropped: too many", true, |signal| signal.dropped_overload),
        ("dropped: refused", true, |signal| signal.dropped_refused),
        ("dropped: no answer", true, |signal| {
            signal.dropped_unreachable
        }),
        ("dropped: rejected", true, |signal| signal.dropped_rejected),
    ];
    ROWS.iter()
        .map(|(name, is_loss, count)| Row {
            name,
            counts: [count(&stats.spans), count(&stats.logs)],
            is_loss: *is_loss,
        })
        .collect()
}

/// Bytes in the unit that reads best.
pub(crate) fn bytes(count: u64) -> String {
    match count {
        0..1_000 => format!("{count} bytes"),
        1_000..1_000_000 => format!("{:.1} KB", count as f64 / 1e3),
        _ => format!("{:.1} MB", count as f64 / 1e6),
    }
}

impl Readings {
    /// Adds a reading; the oldest makes room.
    pub(crate) fn add(&mut self, stats: Stats) {
        if self.0.len() >= READINGS {
            self.0.remove(0);
        }
        self.0.push(stats);
    }

    /// The newest.
    pub(crate) fn latest(&self) -> Stats {
        self.0.last().copied().unwrap_or_default()
    }

    /// The points of a line through what row `index` counted in all, in a box of 60 × 16 whose top is the most.
    pub(crate) fn line(&self, index: usize) -> String {
        let count = |stats: &Stats| {
            rows(stats)
                .get(index)
                .map_or(0, |row| row.counts.iter().sum())
        };
        let counts: Vec<u64> = self.0.iter().map(count).collect();
        let most = counts.iter().copied().max().unwrap_or(0).max(1);
        let points = counts.iter().enumerate().map(|(x, count)| {
            let y = 15.0 - 14.0 * (*count as f64) / (most as f64);
            format!("{x},{y:.1}")
        });
        points.collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats(created: u64, refused: u64) -> Stats {
        Stats {
            spans: SignalStats {
                created,
                dropped_refused: refused,
                ..SignalStats::default()
            },
            ..Stats::default()
        }
    }

    #[test]
    fn every_count_of_a_signal_has_its_row() {
        let all = SignalStats {
            created: 1,
            open: 2,
            queued: 3,
            in_flight: 4,
            exported: 5,
            spilled: 6,
            dropped_overload: 7,
            dropped_refused: 8,
            dropped_unreachable: 9,
            dropped_rejected: 10,
        };
        let stats = Stats {
            spans: all,
            ..Stats::default()
        };
        let counts: Vec<u64> = rows(&stats).iter().map(|row| row.counts[0]).collect();
        assert_eq!(counts, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        let lost: u64 = rows(&stats)
            .iter()
            .filter(|row| row.is_loss)
            .map(|row| row.counts[0])
            .sum();
        assert_eq!(lost, all.dropped());
    }

    #[test]
    fn a_trend_grows_to_the_top_of_its_box() {
        let mut readings = Readings::default();
        for created in [0, 5, 10] {
            readings.add(stats(created, 0));
        }
        assert_eq!(readings.line(0), "0,15.0 1,8.0 2,1.0");
        assert_eq!(readings.line(1), "0,15.0 1,15.0 2,15.0");
    }

    #[test]
    fn a_minute_is_kept() {
        let mut readings = Readings::default();
        for created in 0..100 {
            readings.add(stats(created, 0));
        }
        assert_eq!(readings.0.len(), READINGS);
        assert_eq!(readings.latest(), stats(99, 0));
    }

    #[test]
    fn sizes_read_well() {
        assert_eq!(bytes(999), "999 bytes");
        assert_eq!(bytes(1_500), "1.5 KB");
        assert_eq!(bytes(2_340_000), "2.3 MB");
    }
}
