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
    Logs,
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
        if count == 0 {
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
            self.dropped_traces.remove(0);
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
    let mut scopes: Vec<&Scope> = Vec::new();
    for record in records {
        if !scopes.contains(&&record.scope) {
            scopes.push(&record.scope);
        }
    }
    let mut body = Vec::with_capacity(bytes + resource.len() + 256);
    otlp_encoder::encoded_resource_records(&mut body, resource, |writer| {
        for scope in scopes {
            writer.encoded(scope, |writer| {
                for record in records.iter().filter(|record| record.scope == *scope) {
                    writer.encoded(&record.bytes);
                }
            });
        }
    });
    body
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
