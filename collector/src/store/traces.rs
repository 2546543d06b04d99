//! All traces: by arrival and by id, what they take, and who goes first.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use trace_model::TraceId;

use super::operations::Operations;
use super::trace::{Added, Origin, Trace};
use super::{Counters, EncodedSpan, name_and_kind};

#[derive(Default)]
pub(super) struct Traces {
    /// By arrival of the first span.
    pub(super) by_arrival: BTreeMap<u64, Box<Trace>>,
    arrivals: HashMap<TraceId, u64>,
    last_arrival: u64,
    /// Each held by the traces it occurs in.
    origins: HashSet<Arc<Origin>>,
    pub(super) operations: Operations,
    pub(super) counters: Counters,
    pinned: usize,
    bytes: usize,
    scratch: Vec<u8>,
}

impl Traces {
    pub(super) fn get(&self, id: TraceId) -> Option<&Trace> {
        self.by_arrival
            .get(self.arrivals.get(&id)?)
            .map(|trace| &**trace)
    }

    pub(super) fn arrival(&self, id: TraceId) -> Option<u64> {
        self.arrivals.get(&id).copied()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn pinned(&self) -> usize {
        self.pinned
    }

    /// The one origin that equals this one, to be compared by pointer from now on.
    pub(super) fn interned(&mut self, origin: &Origin) -> Arc<Origin> {
        if let Some(origin) = self.origins.get(origin) {
            return origin.clone();
        }
        let origin = Arc::new(origin.clone());
        self.bytes += origin.bytes();
        self.origins.insert(origin.clone());
        origin
    }

    /// Gives back an origin that was interned for a batch, of which perhaps nothing was stored.
    pub(super) fn release(&mut self, origin: Arc<Origin>) {
        // One is this one, the other the set's own.
        if Arc::strong_count(&origin) == 2 && self.origins.remove(&origin) {
            self.bytes -= origin.bytes();
        }
    }

    pub(super) fn add(
        &mut self,
        origin: &Arc<Origin>,
        span: &EncodedSpan<'_>,
        trace_max_bytes: usize,
    ) -> Added {
        self.counters.spans_received += 1;
        let arrival = *self.arrivals.entry(span.trace_id).or_insert_with(|| {
            self.last_arrival += 1;
            self.last_arrival
        });
        let trace = self.by_arrival.entry(arrival).or_insert_with(|| {
            self.bytes += Trace::OVERHEAD_BYTES;
            Box::new(Trace::new(span.trace_id))
        });
        let bytes_before = trace.bytes();
        let added = trace.add(
            origin,
            span.span_id,
            span.bytes,
            trace_max_bytes,
            &mut self.scratch,
        );
        self.bytes += trace.bytes() - bytes_before;
        match added {
            Added::Stored => {
                self.counters.spans_stored += 1;
                self.counters.spans_held += 1;
                self.bytes += self.operations.add(&origin.service, span.name, span.kind);
            }
            Added::Duplicate => self.counters.spans_duplicate += 1,
            Added::Full => self.counters.spans_rejected += 1,
        }
        added
    }

    /// Lets the oldest traces go until the bound holds; pinned ones only when there are no others.
    pub(super) fn evict(&mut self, max_bytes: usize) {
        while self.bytes > max_bytes {
            let mut oldest = self.by_arrival.iter();
            let unpinned = oldest.find(|(_, trace)| !trace.is_pinned);
            let Some(arrival) = unpinned
                .or_else(|| self.by_arrival.first_key_value())
                .map(|(arrival, _)| *arrival)
            else {
                return;
            };
            if let Some(trace) = self.by_arrival.remove(&arrival) {
                self.forget(*trace);
            }
        }
    }

    fn forget(&mut self, trace: Trace) {
        self.arrivals.remove(&trace.id());
        self.bytes -= trace.bytes();
        self.pinned -= usize::from(trace.is_pinned);
        self.counters.traces_evicted += 1;
        self.counters.spans_evicted += trace.len() as u64;
        self.counters.spans_held -= trace.len() as u64;
        for held in trace.into_view() {
            for span in held.items.iter() {
                let (name, kind) = name_and_kind(span);
                self.bytes -= self.operations.remove(&held.origin.service, name, kind);
            }
            self.release(held.origin);
        }
    }

    /// Whether a trace is held; it is pinned or not from now on.
    pub(super) fn pin(&mut self, id: TraceId, is_pinned: bool) -> bool {
        let trace = self.arrivals.get(&id);
        let Some(trace) = trace.and_then(|arrival| self.by_arrival.get_mut(arrival)) else {
            return false;
        };
        self.pinned += usize::from(is_pinned);
        self.pinned -= usize::from(trace.is_pinned);
        trace.is_pinned = is_pinned;
        true
    }
}
