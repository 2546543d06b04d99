//! Spans and log records that are finished and wait to be sent: queues bounded in records and in bytes, cut into requests.

use opentelemetry::TraceId;

use crate::limits::Limits;
use crate::span::Scope;

/// How many dropped traces are remembered, so that spans of theirs which end later are dropped as well.
const REMEMBERED_TRACES: usize = 256;

/// Key and length of a record inside a request take no more.
const RECORD_FRAME_BYTES: usize = 6;

/// A kind of records, which has a queue and requests of its own.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Signal {
    Spans,
    #[cfg(feature = "logs")]
    Logs,
}

impl Signal {
    /// All that the page may record.
    pub(crate) const ALL: &[Self] = &[
        Self::Spans,
        #[cfg(feature = "logs")]
        Self::Logs,
    ];
}

/// Takes out an item; none when there is none at this place. `Vec::remove` would bring along what tells of that in a panic. What
/// follows moves up one by one: for short lists, or near the end of long ones.
pub(crate) fn take_at<T>(items: &mut Vec<T>, index: usize) -> Option<T> {
    let mut rest = items.get_mut(index..)?.iter_mut();
    let mut place = rest.next()?;
    for next in rest {
        std::mem::swap(place, next);
        place = next;
    }
    items.pop()
}

/// A span or log record as it waits.
#[derive(Debug)]
pub(crate) struct Finished {
    /// The trace that is dropped as a whole when there is no room; invalid for a record that is dropped alone.
    pub(crate) trace_id: TraceId,
    pub(crate) scope: Scope,
    /// The OTLP message.
    pub(crate) bytes: Vec<u8>,
}

/// One request to be sent.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) body: Vec<u8>,
    pub(crate) records: u64,
}

/// First in, first out. When it overflows, the whole trace that made it overflow is dropped: a trace with holes misleads
/// more than a trace that is missing and counted.
#[derive(Debug)]
pub(crate) struct Queue {
    limits: Limits,
    records: Vec<Finished>,
    bytes: usize,
    dropped_traces: Vec<TraceId>,
}

impl Queue {
    /// An empty queue.
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            records: Vec::new(),
            bytes: 0,
            dropped_traces: Vec::new(),
        }
    }

    /// Records that wait.
    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is enough for a request of full size.
    pub(crate) fn fills_a_batch(&self) -> bool {
        self.len() > 0
            && (self.len() >= self.limits.batch_records || self.bytes >= self.limits.batch_bytes)
    }

    /// Adds a record, while `retained_bytes` are held elsewhere for requests under way. Returns how many records were
    /// dropped for it.
    pub(crate) fn push(&mut self, record: Finished, retained_bytes: usize) -> u64 {
        if self.dropped_traces.contains(&record.trace_id) {
            return 1;
        }
        let size = record.bytes.len() + RECORD_FRAME_BYTES;
        let is_full = self.records.len() >= self.limits.queue_records
            || self.bytes + size + retained_bytes > self.limits.queue_bytes;
        if is_full {
            return 1 + self.drop_trace(record.trace_id);
        }
        self.bytes += size;
        self.records.push(record);
        0
    }

    /// Cuts off a request of at most `limit_bytes` of records, or of one record if the first is larger than that; it
    /// names `resource`, the attributes of one in OTLP, as their maker. None when nothing waits.
    pub(crate) fn take(&mut self, limit_bytes: usize, resource: &[u8]) -> Option<Batch> {
        let mut count = 0;
        let mut bytes = 0;
        for record in self.records.iter().take(self.limits.batch_records.max(1)) {
            let size = record.bytes.len() + RECORD_FRAME_BYTES;
            if count > 0 && bytes + size > limit_bytes {
                break;
            }
            count += 1;
            bytes += size;
        }
        if count == 0 || count > self.records.len() {
            return None;
        }
        self.bytes = self.bytes.saturating_sub(bytes);
        let later = self.records.split_off(count);
        let records = std::mem::replace(&mut self.records, later);
        Some(Batch {
            body: encode(resource, &records, bytes),
            records: count as u64,
        })
    }

    fn drop_trace(&mut self, trace_id: TraceId) -> u64 {
        if trace_id == TraceId::INVALID {
            return 0;
        }
        if self.dropped_traces.len() >= REMEMBERED_TRACES {
            take_at(&mut self.dropped_traces, 0);
        }
        self.dropped_traces.push(trace_id);
        let before = self.records.len();
        self.records.retain(|record| record.trace_id != trace_id);
        self.bytes = self
            .records
            .iter()
            .map(|record| record.bytes.len() + RECORD_FRAME_BYTES)
            .sum();
        (before - self.records.len()) as u64
    }
}

/// The request: the records by scope, each scope in the order of its first record.
fn encode(resource: &[u8], records: &[Finished], bytes: usize) -> Vec<u8> {
    let mut body = Vec::with_capacity(bytes + resource.len() + 256);
    otlp_encoder::encoded_resource_records(&mut body, resource, |writer| {
        for (position, first) in records.iter().enumerate() {
            let is_of_scope = |record: &&Finished| record.scope == first.scope;
            // A scope that came before was written then.
            if !records
                .iter()
                .take(position)
                .any(|before| is_of_scope(&before))
            {
                writer.encoded(&first.scope, |writer| {
                    for record in records.iter().filter(is_of_scope) {
                        writer.encoded(&record.bytes);
                    }
                });
            }
        }
    });
    body
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
