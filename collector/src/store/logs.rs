//! The newest log records, found by the trace they were made in.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use serde::Serialize;
use trace_model::TraceId;

use super::{Items, Origin, OriginItems, TraceView};

/// A log record.
pub(crate) struct EncodedLog<'r> {
    /// Absent when it was made outside of any trace.
    pub(crate) trace_id: Option<TraceId>,
    /// The protobuf message.
    pub(crate) bytes: &'r [u8],
}

/// What became of log records since the start, and what is held now. `received = held + rejected + evicted`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LogCounters {
    /// Log records in requests that could be read.
    pub logs_received: u64,
    /// Log records refused because they are too large.
    pub logs_rejected: u64,
    /// Log records that made room for newer ones.
    pub logs_evicted: u64,
    /// Log records held.
    pub logs_held: u64,
    /// Bytes they take, with what it takes to keep them.
    pub logs_bytes_held: u64,
    /// The bound of `logs_bytes_held`.
    pub logs_max_bytes: u64,
}

pub(super) struct Logs {
    max_bytes: usize,
    bytes: usize,
    /// In the order of arrival.
    records: VecDeque<Record>,
    /// How many records there were before the first one held: the number of a record is this and its place.
    first: u64,
    /// Numbers of the records of a trace, ascending.
    by_trace: HashMap<TraceId, VecDeque<u64>>,
    /// Each held by the records that it made.
    origins: HashSet<Arc<Origin>>,
    counters: LogCounters,
}

struct Record {
    origin: Arc<Origin>,
    trace_id: Option<TraceId>,
    bytes: Arc<[u8]>,
}

impl Logs {
    /// What a record takes beyond its bytes, about: its place here and in its trace, two reference counts, the allocator's.
    const RECORD_OVERHEAD_BYTES: usize = 128;
    /// What a trace takes beyond the places of its records, about.
    const TRACE_OVERHEAD_BYTES: usize = 128;

    pub(super) fn new(max_bytes: usize) -> Self {
        Self {
            max_bytes,
            bytes: 0,
            records: VecDeque::new(),
            first: 0,
            by_trace: HashMap::new(),
            origins: HashSet::new(),
            counters: LogCounters::default(),
        }
    }

    pub(super) fn counters(&self) -> LogCounters {
        LogCounters {
            logs_held: self.records.len() as u64,
            logs_bytes_held: self.bytes as u64,
            logs_max_bytes: self.max_bytes as u64,
            ..self.counters
        }
    }

    pub(super) fn count_rejected(&mut self, rejected: u64) {
        self.counters.logs_received += rejected;
        self.counters.logs_rejected += rejected;
    }

    pub(super) fn insert(&mut self, origin: &Origin, logs: &[EncodedLog<'_>]) {
        for log in logs {
            self.counters.logs_received += 1;
            self.add(origin, log);
            while self.bytes > self.max_bytes && self.evict_oldest() {}
        }
    }

    pub(super) fn of(&self, id: TraceId) -> TraceView {
        let numbers = self.by_trace.get(&id).into_iter().flatten();
        let place = |number: &u64| usize::try_from(number - self.first).ok();
        let mut places = HashMap::new();
        let mut view = TraceView::new();
        let mut scratch = Vec::new();
        for record in numbers.filter_map(|number| self.records.get(place(number)?)) {
            let place = *places.entry(&record.origin).or_insert_with(|| {
                view.push(OriginItems {
                    origin: record.origin.clone(),
                    items: Items::default(),
                });
                view.len() - 1
            });
            view[place].items.push(&record.bytes, &mut scratch);
        }
        view
    }

    fn add(&mut self, origin: &Origin, log: &EncodedLog<'_>) {
        let origin = match self.origins.get(origin) {
            Some(origin) => origin.clone(),
            None => {
                let origin = Arc::new(origin.clone());
                self.bytes += origin.bytes();
                self.origins.insert(origin.clone());
                origin
            }
        };
        if let Some(trace_id) = log.trace_id {
            let number = self.first + self.records.len() as u64;
            let numbers = self.by_trace.entry(trace_id).or_insert_with(|| {
                self.bytes += Self::TRACE_OVERHEAD_BYTES;
                VecDeque::new()
            });
            numbers.push_back(number);
        }
        self.bytes += Self::RECORD_OVERHEAD_BYTES + log.bytes.len();
        self.records.push_back(Record {
            origin,
            trace_id: log.trace_id,
            bytes: log.bytes.into(),
        });
    }

    /// Whether there was one.
    fn evict_oldest(&mut self) -> bool {
        let Some(Record {
            origin,
            trace_id,
            bytes,
        }) = self.records.pop_front()
        else {
            return false;
        };
        self.first += 1;
        self.counters.logs_evicted += 1;
        self.bytes -= Self::RECORD_OVERHEAD_BYTES + bytes.len();
        if let Some(trace_id) = trace_id
            && let Entry::Occupied(mut numbers) = self.by_trace.entry(trace_id)
        {
            numbers.get_mut().pop_front();
            if numbers.get().is_empty() {
                numbers.remove();
                self.bytes -= Self::TRACE_OVERHEAD_BYTES;
            }
        }
        // One is this one, the other the set's own.
        if Arc::strong_count(&origin) == 2 {
            self.origins.remove(&origin);
            self.bytes -= origin.bytes();
        }
        true
    }
}
