//! What has become of the records of an [`Exporter`].

use super::Exporter;
use crate::batch::{Queue, Signal};
#[cfg(feature = "spill")]
use crate::export::Export;
use crate::stats::{SignalStats, Stats};

impl Exporter {
    /// What became of records that were given up.
    pub(crate) fn count_given_up(&mut self, signal: Signal, records: u64, is_kept: bool) {
        let counters = self.counters(signal);
        if is_kept {
            counters.spilled += records;
        } else {
            counters.dropped_unreachable += records;
        }
    }

    /// Counts a request that was kept and is sent after all, or refused.
    #[cfg(feature = "spill")]
    pub(crate) fn count_recovered(&mut self, is_accepted: bool) {
        self.stats.recovered_requests += u64::from(is_accepted);
        self.stats.unrecovered_requests += u64::from(!is_accepted);
    }

    /// The requests that are under way.
    #[cfg(feature = "spill")]
    pub(crate) fn under_way(&self) -> Vec<Export> {
        let requests = self.in_flight.iter();
        requests.map(|request| request.export.clone()).collect()
    }

    pub(crate) fn stats(&self) -> Stats {
        let complete = |signal, queue: &Queue, counters| {
            let requests = self.in_flight.iter().chain(&self.waiting);
            SignalStats {
                queued: queue.len() as u64,
                in_flight: requests
                    .filter(|request| request.export.signal == signal)
                    .map(|request| request.records)
                    .sum(),
                ..counters
            }
        };
        Stats {
            spans: complete(Signal::Spans, &self.spans, self.stats.spans),
            #[cfg(feature = "logs")]
            logs: complete(Signal::Logs, &self.logs, self.stats.logs),
            ..self.stats
        }
    }
}
