//! How much a reader may ask for, and how often that was not enough: every answer that leaves something out is counted.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use crate::settings::{duration, positive, size};

/// How much a reader may ask for. Each is a setting: `--query-list-max`, or `COLLECTOR_QUERY_LIST_MAX` in the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Args)]
#[command(next_help_heading = "Bounds of queries")]
pub struct Limits {
    /// Traces in a list when the request does not say.
    #[arg(long = "query-list-default", env = "COLLECTOR_QUERY_LIST_DEFAULT", default_value = "20", value_parser = positive, global = true)]
    pub list_default: usize,
    /// Traces in a list, and operations in statistics, whatever the request says.
    #[arg(long = "query-list-max", env = "COLLECTOR_QUERY_LIST_MAX", default_value = "200", value_parser = positive, global = true)]
    pub list_max: usize,
    /// Bytes of the whole traces in a list, as stored, with KiB, MiB or GiB; one trace is given even if it is larger.
    #[arg(long = "query-list-max-bytes", env = "COLLECTOR_QUERY_LIST_MAX_BYTES", default_value = "8MiB", value_parser = size, global = true)]
    pub list_max_bytes: usize,
    /// Names of services, or of operations, in a list.
    #[arg(long = "query-names-max", env = "COLLECTOR_QUERY_NAMES_MAX", default_value = "10000", value_parser = positive, global = true)]
    pub names_max: usize,
    /// Traces that are looked through for statistics and budgets.
    #[arg(long = "query-scan-max", env = "COLLECTOR_QUERY_SCAN_MAX", default_value = "10000", value_parser = positive, global = true)]
    pub scan_max: usize,
    /// Rows of a view or a comparison when the request does not say.
    #[arg(long = "query-rows-default", env = "COLLECTOR_QUERY_ROWS_DEFAULT", default_value = "10000", value_parser = positive, global = true)]
    pub rows_default: usize,
    /// Rows of a view or a comparison, whatever the request says.
    #[arg(long = "query-rows-max", env = "COLLECTOR_QUERY_ROWS_MAX", default_value = "100000", value_parser = positive, global = true)]
    pub rows_max: usize,
    /// Bytes of a body, with KiB, MiB or GiB.
    #[arg(long = "query-body-max-bytes", env = "COLLECTOR_QUERY_BODY_MAX_BYTES", default_value = "64KiB", value_parser = size, global = true)]
    pub body_max_bytes: usize,
    /// Requests that read and write traces at a time; others wait.
    #[arg(long = "query-work-max", env = "COLLECTOR_QUERY_WORK_MAX", default_value = "4", value_parser = positive, global = true)]
    pub work_max: usize,
    /// Readers of live traces at a time; others are refused.
    #[arg(long = "query-live-readers", env = "COLLECTOR_QUERY_LIVE_READERS", default_value = "64", value_parser = positive, global = true)]
    pub live_readers: usize,
    /// Traces that wait for one such reader; the oldest go when there are more.
    #[arg(long = "query-live-pending", env = "COLLECTOR_QUERY_LIVE_PENDING", default_value = "1000", value_parser = positive, global = true)]
    pub live_pending: usize,
    /// How often such a reader is told at most.
    #[arg(long = "query-live-pause", env = "COLLECTOR_QUERY_LIVE_PAUSE", default_value = "100ms", value_parser = duration, global = true)]
    pub live_pause: Duration,
    /// When such a reader hears a comment if there is nothing to tell. Below the time after which proxies give up.
    #[arg(long = "query-live-silence", env = "COLLECTOR_QUERY_LIVE_SILENCE", default_value = "5s", value_parser = duration, global = true)]
    pub live_silence: Duration,
    /// How long such a reader may take nothing of what is sent before it is left.
    #[arg(long = "query-live-stall", env = "COLLECTOR_QUERY_LIVE_STALL", default_value = "60s", value_parser = duration, global = true)]
    pub live_stall: Duration,
}

impl Default for Limits {
    /// What the settings are when none is given.
    fn default() -> Self {
        Self {
            list_default: 20,
            list_max: 200,
            list_max_bytes: 8 << 20,
            names_max: 10_000,
            scan_max: 10_000,
            rows_default: 10_000,
            rows_max: 100_000,
            body_max_bytes: 64 << 10,
            work_max: 4,
            live_readers: 64,
            live_pending: 1_000,
            live_pause: Duration::from_millis(100),
            live_silence: Duration::from_secs(5),
            live_stall: Duration::from_secs(60),
        }
    }
}

/// Answers that left something out, since there was more than a limit or the request allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CutCounters {
    /// Lists of traces, names or operations.
    pub query_lists_cut: u64,
    /// Views and comparisons with fewer rows than there are.
    pub query_rows_cut: u64,
    /// Statistics and verdicts on budgets that have not looked at every trace.
    pub query_scans_cut: u64,
}

/// Counts the answers that left something out.
#[derive(Debug, Default)]
pub struct Cuts {
    lists: AtomicU64,
    rows: AtomicU64,
    scans: AtomicU64,
}

impl Cuts {
    /// How many there were.
    #[must_use]
    pub fn counters(&self) -> CutCounters {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        CutCounters {
            query_lists_cut: of(&self.lists),
            query_rows_cut: of(&self.rows),
            query_scans_cut: of(&self.scans),
        }
    }

    /// A list, which is cut if `is_cut`.
    pub(super) fn list(&self, is_cut: bool) {
        count(&self.lists, is_cut);
    }

    /// Rows, which are cut if `is_cut`.
    pub(super) fn rows(&self, is_cut: bool) {
        count(&self.rows, is_cut);
    }

    /// A look at all traces, which is cut short if `is_cut`.
    pub(super) fn scan(&self, is_cut: bool) {
        count(&self.scans, is_cut);
    }
}

fn count(counter: &AtomicU64, is_cut: bool) {
    counter.fetch_add(u64::from(is_cut), Ordering::Relaxed);
}
