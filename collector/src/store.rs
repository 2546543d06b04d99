//! The newest traces, in memory bounded by bytes. `otlp` fills it, `query` reads it.
//!
//! Traces are ordered by the arrival of their first span; what senders say about time has no say in what is kept. When
//! the bytes are over the bound, whole traces go, oldest first and pinned ones last, so that what is left is never a torn trace. One trace may
//! take an eighth of the bound; its further spans are refused. Readers take references to the encoded spans and decode
//! them after the lock is released. Log records and metrics have bounds and locks of their own.

mod feed;
mod logs;
mod metrics;
mod operations;
mod trace;
mod traces;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use trace_model::{SpanId, TraceId};

use crate::otlp::wire::{Value, fields};

pub(crate) use feed::Feed;
pub use feed::FeedCounters;
use feed::Feeds;
pub(crate) use logs::EncodedLog;
pub use logs::LogCounters;
use logs::Logs;
pub(crate) use metrics::EncodedMetric;
pub use metrics::MetricCounters;
use metrics::Metrics;
pub(crate) use operations::Operation;
use trace::Added;
pub(crate) use trace::{Head, Items, Origin, OriginItems, TraceView};
use traces::Traces;

/// The smallest bound a store can work with, in bytes.
pub const MIN_MAX_BYTES: usize = 1 << 20;

/// Traces that may be pinned where nobody says otherwise.
pub const PINNED_MAX: usize = 100;
/// Items that are taken in before readers get their turn.
const ITEMS_PER_LOCK: usize = 32;

/// Traces by arrival, with the log records that belong to them, and the latest metrics.
pub struct Store {
    limits: Limits,
    traces: Mutex<Traces>,
    feeds: Feeds,
    logs: Mutex<Logs>,
    metrics: Mutex<Metrics>,
}

/// How much is kept, in bytes with what it takes to keep it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// All traces together; at least [`MIN_MAX_BYTES`].
    pub traces_max_bytes: usize,
    /// All log records together; at least [`MIN_MAX_BYTES`].
    pub logs_max_bytes: usize,
    /// All metrics together; at least [`MIN_MAX_BYTES`].
    pub metrics_max_bytes: usize,
    /// Traces that may be pinned.
    pub pinned_max: usize,
}

/// What is not taken, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// All traces together.
    pub(crate) store_max_bytes: usize,
    /// One trace.
    pub(crate) trace_max_bytes: usize,
    /// One encoded span, log record or metric.
    pub(crate) item_max_bytes: usize,
    /// One encoded resource, or one scope, with its schema address.
    pub(crate) origin_max_bytes: usize,
    /// How many traces may be pinned.
    pub(crate) pinned_max: usize,
}

/// Items of one origin, as received.
pub(crate) struct Batch<T> {
    pub(crate) origin: Origin,
    pub(crate) items: Vec<T>,
}

/// A span with valid ids.
pub(crate) struct EncodedSpan<'r> {
    pub(crate) trace_id: TraceId,
    pub(crate) span_id: SpanId,
    pub(crate) name: &'r str,
    /// Number of the span kind in OTLP.
    pub(crate) kind: usize,
    /// The protobuf message.
    pub(crate) bytes: &'r [u8],
}

/// Name and number of the kind of an encoded span.
pub(crate) fn name_and_kind(span: &[u8]) -> (&str, usize) {
    let (mut name, mut kind) = ("", 0);
    for field in fields(span) {
        match (field.number, field.value) {
            (5, Value::Delimited(text)) => name = std::str::from_utf8(text).unwrap_or_default(),
            (6, Value::Varint(number)) => kind = usize::try_from(number).unwrap_or_default(),
            _ => {}
        }
    }
    (name, kind)
}

/// What became of spans since the start, and what is held now. `received = held + duplicates + rejected + evicted`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Spans in requests that could be read.
    pub spans_received: u64,
    /// Spans taken into the store.
    pub spans_stored: u64,
    /// Spans ignored because their trace has one of the same id.
    pub spans_duplicate: u64,
    /// Spans refused: invalid ids, too large, or a trace that is full.
    pub spans_rejected: u64,
    /// Spans that went with their evicted trace.
    pub spans_evicted: u64,
    /// Traces evicted.
    pub traces_evicted: u64,
    /// Requests refused as a whole, of any signal.
    pub requests_refused: u64,
    /// Among them, those larger than a request may be.
    pub requests_too_large: u64,
    /// Among them, those that came while others took all the memory there is for them.
    pub requests_without_room: u64,
    /// Among them, those that did not arrive in time.
    pub requests_late: u64,
    /// Traces held.
    pub traces_held: u64,
    /// Traces held that go last.
    pub traces_pinned: u64,
    /// Spans held.
    pub spans_held: u64,
    /// Bytes held, with the store's own for keeping them.
    pub bytes_held: u64,
    /// The bound of `bytes_held`.
    pub max_bytes: u64,
    /// What became of log records.
    #[serde(flatten)]
    pub logs: LogCounters,
    /// What became of metrics.
    #[serde(flatten)]
    pub metrics: MetricCounters,
}

/// Why a trace cannot be pinned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PinError {
    #[error("the trace is not held: it was never received, or it was evicted")]
    NotHeld,
    #[error("{max} traces are pinned, which is as many as may be")]
    TooMany { max: usize },
}

impl Store {
    /// An empty store whose traces take at most `max_bytes`, log records a quarter of that and metrics a sixteenth.
    #[must_use]
    pub fn new(max_bytes: usize) -> Self {
        Self::with(Bounds {
            traces_max_bytes: max_bytes,
            logs_max_bytes: max_bytes / 4,
            metrics_max_bytes: max_bytes / 16,
            pinned_max: PINNED_MAX,
        })
    }

    /// An empty store of these bounds.
    #[must_use]
    pub fn with(bounds: Bounds) -> Self {
        let store_max_bytes = bounds.traces_max_bytes.max(MIN_MAX_BYTES);
        let logs_max_bytes = bounds.logs_max_bytes.max(MIN_MAX_BYTES);
        let metrics_max_bytes = bounds.metrics_max_bytes.max(MIN_MAX_BYTES);
        let trace_max_bytes = store_max_bytes / 8;
        let smallest = trace_max_bytes.min(logs_max_bytes).min(metrics_max_bytes);
        let limits = Limits {
            store_max_bytes,
            trace_max_bytes,
            item_max_bytes: (smallest / 2).min(1 << 20),
            origin_max_bytes: (smallest / 8).min(64 << 10),
            pinned_max: bounds.pinned_max,
        };
        Self {
            limits,
            traces: Mutex::default(),
            feeds: Feeds::default(),
            logs: Mutex::new(Logs::new(logs_max_bytes)),
            metrics: Mutex::new(Metrics::new(metrics_max_bytes)),
        }
    }

    /// What became of everything so far.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let logs = lock(&self.logs).counters();
        let metrics = lock(&self.metrics).counters();
        let traces = self.lock();
        Counters {
            traces_held: traces.by_arrival.len() as u64,
            traces_pinned: traces.pinned() as u64,
            bytes_held: traces.bytes() as u64,
            max_bytes: self.limits.store_max_bytes as u64,
            logs,
            metrics,
            ..traces.counters
        }
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// Takes in what a request brought, and counts the `rejected` spans it could not use. Returns how many spans were
    /// refused because their trace is full.
    pub(crate) fn insert(&self, batches: &[Batch<EncodedSpan<'_>>], rejected: u64) -> u64 {
        let mut full = 0;
        let is_told = self.feeds.has_readers();
        let mut changed: Vec<TraceId> = Vec::new();
        let mut traces = self.lock();
        traces.counters.spans_received += rejected;
        traces.counters.spans_rejected += rejected;
        drop(traces);
        for Batch { origin, items } in batches {
            let origin = self.lock().interned(origin);
            // A few at a time, so that no reader waits for a whole batch.
            for spans in items.chunks(ITEMS_PER_LOCK) {
                let mut traces = self.lock();
                for span in spans {
                    if is_told && changed.last() != Some(&span.trace_id) {
                        changed.push(span.trace_id);
                    }
                    let added = traces.add(&origin, span, self.limits.trace_max_bytes);
                    full += u64::from(added == Added::Full);
                }
                traces.evict(self.limits.store_max_bytes);
            }
            self.lock().release(origin);
        }
        if is_told {
            self.feeds.tell(&changed);
        }
        full
    }

    /// Lets a trace go last, or in its turn again.
    pub(crate) fn pin(&self, id: TraceId, is_pinned: bool) -> Result<(), PinError> {
        let max = self.limits.pinned_max;
        let mut traces = self.lock();
        let is_new = is_pinned && traces.get(id).is_some_and(|trace| !trace.is_pinned);
        if is_new && traces.pinned() >= max {
            return Err(PinError::TooMany { max });
        }
        traces
            .pin(id, is_pinned)
            .then_some(())
            .ok_or(PinError::NotHeld)
    }

    /// Tells of changes from now on; nothing when there are `readers_max` readers already. Changes of `pending_max` traces
    /// wait for the reader.
    pub(crate) fn feed(&self, readers_max: usize, pending_max: usize) -> Option<Arc<Feed>> {
        self.feeds.open(readers_max, pending_max)
    }

    /// Ends all feeds, since the process ends.
    pub fn end_feeds(&self) {
        self.feeds.end();
    }

    /// How readers of changes fare.
    #[must_use]
    pub fn feed_counters(&self) -> FeedCounters {
        self.feeds.counters()
    }

    /// Takes in log records, and counts the `rejected` ones that could not be used.
    pub(crate) fn insert_logs(&self, batches: &[Batch<EncodedLog<'_>>], rejected: u64) {
        lock(&self.logs).count_rejected(rejected);
        for Batch { origin, items } in batches {
            for logs in items.chunks(ITEMS_PER_LOCK) {
                lock(&self.logs).insert(origin, logs);
            }
        }
    }

    /// Takes in metrics, and counts the `rejected` data points that could not be used.
    pub(crate) fn insert_metrics(&self, batches: &[Batch<EncodedMetric<'_>>], rejected: u64) {
        lock(&self.metrics).count_rejected(rejected);
        for Batch { origin, items } in batches {
            for metrics in items.chunks(ITEMS_PER_LOCK) {
                lock(&self.metrics).insert(origin, metrics);
            }
        }
    }

    /// The log records of a trace by origin, each an encoded `LogRecord`, in the order of arrival; empty when none is held.
    pub(crate) fn logs_of(&self, id: TraceId) -> TraceView {
        lock(&self.logs).of(id)
    }

    /// The latest of each metric by origin, each an encoded `Metric`.
    pub(crate) fn latest_metrics(&self) -> TraceView {
        lock(&self.metrics).latest()
    }

    /// Counts a request that was refused as a whole.
    pub(crate) fn count_refused(&self, count_reason: impl FnOnce(&mut Counters)) {
        let counters = &mut self.lock().counters;
        counters.requests_refused += 1;
        count_reason(counters);
    }

    /// A trace and its arrival.
    pub(crate) fn trace(&self, id: TraceId) -> Option<(u64, TraceView)> {
        let traces = self.lock();
        Some((traces.arrival(id)?, traces.get(id)?.view()))
    }

    /// The newest of the traces that arrived before `arrival` and have a span of `service`, or of any when it is absent:
    /// newest first, each with its arrival, at most `count`.
    pub(crate) fn before(
        &self,
        arrival: u64,
        service: Option<&str>,
        count: usize,
    ) -> Vec<(u64, TraceView)> {
        self.lock()
            .by_arrival
            .range(..arrival)
            .rev()
            .filter(|(_, trace)| service.is_none_or(|service| trace.has_service(service)))
            .take(count)
            .map(|(arrival, trace)| (*arrival, trace.view()))
            .collect()
    }

    /// Names of the services that made the spans held, sorted.
    pub(crate) fn services(&self) -> BTreeSet<Arc<str>> {
        self.lock().operations.services()
    }

    /// What a service does in the spans held, sorted.
    pub(crate) fn operations(&self, service: &str) -> BTreeSet<Operation> {
        self.lock().operations.of(service)
    }

    fn lock(&self) -> MutexGuard<'_, Traces> {
        lock(&self.traces)
    }
}

/// Nothing that runs under a lock panics half way through a change.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
