//! The latest of each metric, by the origin that sends it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Serialize;

use super::{Items, Origin, OriginItems, TraceView};

/// A metric with its data points.
pub(crate) struct EncodedMetric<'r> {
    pub(crate) name: &'r str,
    /// How many data points it has.
    pub(crate) points: u64,
    /// The protobuf message.
    pub(crate) bytes: &'r [u8],
}

/// What became of metrics since the start, and what is held now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MetricCounters {
    /// Data points in requests that could be read.
    pub data_points_received: u64,
    /// Data points refused because their metric is too large.
    pub data_points_rejected: u64,
    /// Metrics that made room for others; one that is replaced by its next value is not counted.
    pub metrics_evicted: u64,
    /// Metrics held.
    pub metrics_held: u64,
    /// Bytes they take, with what it takes to keep them.
    pub metrics_bytes_held: u64,
    /// The bound of `metrics_bytes_held`.
    pub metrics_max_bytes: u64,
}

pub(super) struct Metrics {
    max_bytes: usize,
    bytes: usize,
    held: HashMap<Arc<Key>, Latest>,
    /// Who goes first: ordered by the last value.
    by_update: BTreeMap<u64, Arc<Key>>,
    last_update: u64,
    counters: MetricCounters,
}

#[derive(PartialEq, Eq, Hash)]
struct Key {
    origin: Arc<Origin>,
    name: Box<str>,
}

struct Latest {
    update: u64,
    bytes: Arc<[u8]>,
}

impl Metrics {
    /// What a metric takes beyond its bytes, name and origin, about: its places in two maps and the reference counts.
    const OVERHEAD_BYTES: usize = 256;

    pub(super) fn new(max_bytes: usize) -> Self {
        Self {
            max_bytes,
            bytes: 0,
            held: HashMap::new(),
            by_update: BTreeMap::new(),
            last_update: 0,
            counters: MetricCounters::default(),
        }
    }

    pub(super) fn counters(&self) -> MetricCounters {
        MetricCounters {
            metrics_held: self.held.len() as u64,
            metrics_bytes_held: self.bytes as u64,
            metrics_max_bytes: self.max_bytes as u64,
            ..self.counters
        }
    }

    pub(super) fn count_rejected(&mut self, rejected: u64) {
        self.counters.data_points_received += rejected;
        self.counters.data_points_rejected += rejected;
    }

    pub(super) fn insert(&mut self, origin: &Origin, metrics: &[EncodedMetric<'_>]) {
        for metric in metrics {
            self.counters.data_points_received += metric.points;
            self.put(origin, metric);
            while self.bytes > self.max_bytes
                && let Some((_, key)) = self.by_update.pop_first()
            {
                self.forget(&key);
                self.counters.metrics_evicted += 1;
            }
        }
    }

    pub(super) fn latest(&self) -> TraceView {
        let mut places = HashMap::new();
        let mut view = TraceView::new();
        let mut scratch = Vec::new();
        for key in self.by_update.values() {
            let Some(latest) = self.held.get(key) else {
                continue;
            };
            let place = *places.entry(&key.origin).or_insert_with(|| {
                view.push(OriginItems {
                    origin: key.origin.clone(),
                    items: Items::default(),
                });
                view.len() - 1
            });
            view[place].items.push(&latest.bytes, &mut scratch);
        }
        view
    }

    fn put(&mut self, origin: &Origin, metric: &EncodedMetric<'_>) {
        let key = Arc::new(Key {
            origin: Arc::new(origin.clone()),
            name: metric.name.into(),
        });
        if let Some(update) = self.forget(&key) {
            self.by_update.remove(&update);
        }
        self.last_update += 1;
        self.bytes += Self::size(&key, metric.bytes);
        self.by_update.insert(self.last_update, key.clone());
        let latest = Latest {
            update: self.last_update,
            bytes: metric.bytes.into(),
        };
        self.held.insert(key, latest);
    }

    /// Returns when the metric had its last value, if it is held.
    fn forget(&mut self, key: &Arc<Key>) -> Option<u64> {
        let latest = self.held.remove(key)?;
        self.bytes -= Self::size(key, &latest.bytes);
        Some(latest.update)
    }

    fn size(key: &Key, bytes: &[u8]) -> usize {
        Self::OVERHEAD_BYTES + key.origin.bytes() + key.name.len() + bytes.len()
    }
}
