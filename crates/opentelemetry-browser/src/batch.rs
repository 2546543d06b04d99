//! Spans that have ended and wait to be sent: a queue bounded in spans and in bytes, cut into requests.

use std::collections::VecDeque;
use std::sync::Arc;

use opentelemetry::{InstrumentationScope, KeyValue, TraceId};
use otlp_encoder::Scope;

use crate::span::write_attributes;

/// Most spans in one request.
pub(crate) const BATCH_SPANS: usize = 512;

/// Most bytes of spans in one request; what wraps them keeps it below what a browser sends with `keepalive`.
pub(crate) const BATCH_BYTES: usize = 48 * 1024;

/// Most spans that wait.
const QUEUE_SPANS: usize = 4096;

/// Most bytes that wait, those being sent included.
const QUEUE_BYTES: usize = 1024 * 1024;

/// How many dropped traces are remembered, so that spans of theirs which end later are dropped as well.
const REMEMBERED_TRACES: usize = 256;

/// Key and length of a span inside a request take no more.
const SPAN_FRAME_BYTES: usize = 6;

/// A span as it waits.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) trace_id: TraceId,
    pub(crate) scope: Arc<InstrumentationScope>,
    /// The OTLP span message.
    pub(crate) bytes: Vec<u8>,
}

/// One request to be sent.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) body: Vec<u8>,
    pub(crate) spans: u64,
}

/// First in, first out. When it overflows, the whole trace that made it overflow is dropped: a trace with holes misleads
/// more than a trace that is missing and counted.
#[derive(Debug)]
pub(crate) struct Queue {
    resource: Vec<KeyValue>,
    spans: VecDeque<Finished>,
    bytes: usize,
    dropped_traces: VecDeque<TraceId>,
}

impl Queue {
    /// An empty queue; every request names `resource` as the maker of its spans.
    pub(crate) fn new(resource: Vec<KeyValue>) -> Self {
        Self {
            resource,
            spans: VecDeque::new(),
            bytes: 0,
            dropped_traces: VecDeque::new(),
        }
    }

    /// Spans that wait.
    pub(crate) fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is enough for a request of full size.
    pub(crate) fn fills_a_batch(&self) -> bool {
        self.spans.len() >= BATCH_SPANS || self.bytes >= BATCH_BYTES
    }

    /// Adds a span, while `retained_bytes` are held elsewhere for requests under way. Returns how many spans were
    /// dropped for it.
    pub(crate) fn push(&mut self, span: Finished, retained_bytes: usize) -> u64 {
        if self.dropped_traces.contains(&span.trace_id) {
            return 1;
        }
        let size = span.bytes.len() + SPAN_FRAME_BYTES;
        let is_full =
            self.spans.len() >= QUEUE_SPANS || self.bytes + size + retained_bytes > QUEUE_BYTES;
        if is_full {
            return 1 + self.drop_trace(span.trace_id);
        }
        self.bytes += size;
        self.spans.push_back(span);
        0
    }

    /// Cuts off a request of at most `limit_bytes` of spans, or of one span if the first is larger than that. None when
    /// nothing waits.
    pub(crate) fn take(&mut self, limit_bytes: usize) -> Option<Batch> {
        let mut count = 0;
        let mut bytes = 0;
        for span in self.spans.iter().take(BATCH_SPANS) {
            let size = span.bytes.len() + SPAN_FRAME_BYTES;
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
        let spans: Vec<Finished> = self.spans.drain(..count).collect();
        Some(Batch {
            body: encode(&self.resource, &spans, bytes),
            spans: count as u64,
        })
    }

    fn drop_trace(&mut self, trace_id: TraceId) -> u64 {
        if self.dropped_traces.len() >= REMEMBERED_TRACES {
            self.dropped_traces.pop_front();
        }
        self.dropped_traces.push_back(trace_id);
        let before = self.spans.len();
        self.spans.retain(|span| span.trace_id != trace_id);
        self.bytes = self
            .spans
            .iter()
            .map(|span| span.bytes.len() + SPAN_FRAME_BYTES)
            .sum();
        (before - self.spans.len()) as u64
    }
}

/// The request: the spans by scope, each scope in the order of its first span.
fn encode(resource: &[KeyValue], spans: &[Finished], bytes: usize) -> Vec<u8> {
    let mut scopes: Vec<&Arc<InstrumentationScope>> = Vec::new();
    for span in spans {
        if !scopes.iter().any(|known| is_same(known, &span.scope)) {
            scopes.push(&span.scope);
        }
    }
    let mut body = Vec::with_capacity(bytes + 1024);
    otlp_encoder::resource_spans(
        &mut body,
        |attributes| write_attributes(attributes, resource),
        |writer| {
            for scope in scopes {
                let head = Scope {
                    name: scope.name(),
                    version: scope.version().unwrap_or_default(),
                    schema_url: scope.schema_url().unwrap_or_default(),
                };
                writer.scope(
                    &head,
                    |attributes| write_attributes(attributes, scope.attributes()),
                    |writer| {
                        for span in spans.iter().filter(|span| is_same(scope, &span.scope)) {
                            writer.encoded(&span.bytes);
                        }
                    },
                );
            }
        },
    );
    body
}

/// Two tracers of one library have equal scopes at different addresses. Attributes are compared in their order: the
/// scope's own comparison sorts them first, and a sort is a lot of code for a page.
fn is_same(left: &Arc<InstrumentationScope>, right: &Arc<InstrumentationScope>) -> bool {
    Arc::ptr_eq(left, right)
        || (left.name() == right.name()
            && left.version() == right.version()
            && left.schema_url() == right.schema_url()
            && left.attributes().eq(right.attributes()))
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
