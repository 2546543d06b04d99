//! One trace in the store: its spans as encoded bytes, grouped by where they came from.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use trace_model::{SpanId, TraceId};

use super::Operation;

/// What spans of one scope have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Origin {
    /// `service.name` of the resource.
    pub(crate) service: Arc<str>,
    /// An encoded `ResourceSpans` without spans: resource and schema address.
    pub(crate) resource: Head,
    /// An encoded `ScopeSpans` without spans: scope and schema address.
    pub(crate) scope: Head,
}

impl Origin {
    pub(super) fn bytes(&self) -> usize {
        self.service.len() + self.resource.bytes.len() + self.scope.bytes.len()
    }
}

/// Encoded bytes that are compared and hashed with every span: by pointer and by a digest that is computed once.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    digest: u64,
    bytes: Arc<[u8]>,
}

impl Head {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        hasher.write(bytes);
        Self {
            digest: hasher.finish(),
            bytes: bytes.into(),
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
            && (Arc::ptr_eq(&self.bytes, &other.bytes) || self.bytes == other.bytes)
    }
}

impl Eq for Head {}

impl Hash for Head {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.digest);
    }
}

/// The encoded items of one origin, in the order of arrival.
#[derive(Clone)]
pub(crate) struct OriginItems {
    pub(crate) origin: Origin,
    pub(crate) items: Vec<Arc<[u8]>>,
}

/// The spans or log records of a trace by origin.
pub(crate) type TraceView = Vec<OriginItems>;

/// What became of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Added {
    Stored,
    Duplicate,
    Full,
}

pub(super) struct Trace {
    id: TraceId,
    origins: TraceView,
    /// Where in `origins` an origin is.
    places: HashMap<Origin, usize>,
    span_ids: HashSet<SpanId>,
    operations: HashSet<Arc<Operation>>,
    bytes: usize,
}

impl Trace {
    /// What an empty trace takes in the store, about: itself and its places in two maps.
    pub(super) const OVERHEAD_BYTES: usize = 512;
    /// What an origin takes beyond its head: two reference counts, growing vectors, a place in a map.
    const ORIGIN_OVERHEAD_BYTES: usize = 256;
    /// What a span takes beyond its bytes: the reference counts, a pointer in a growing vector, its id and operation in
    /// hash sets that may be half empty, what the allocator adds.
    const SPAN_OVERHEAD_BYTES: usize = 128;

    pub(super) fn new(id: TraceId) -> Self {
        Self {
            id,
            origins: Vec::new(),
            places: HashMap::new(),
            span_ids: HashSet::new(),
            operations: HashSet::new(),
            bytes: Self::OVERHEAD_BYTES,
        }
    }

    pub(super) fn add(
        &mut self,
        origin: &Origin,
        span_id: SpanId,
        span: Arc<[u8]>,
        operation: &Arc<Operation>,
        max_bytes: usize,
    ) -> Added {
        if self.span_ids.contains(&span_id) {
            return Added::Duplicate;
        }
        let place = self.places.get(origin).copied();
        let mut bytes = self.bytes + Self::SPAN_OVERHEAD_BYTES + span.len();
        if place.is_none() {
            bytes += Self::ORIGIN_OVERHEAD_BYTES + origin.bytes();
        }
        if bytes > max_bytes {
            return Added::Full;
        }
        self.bytes = bytes;
        self.span_ids.insert(span_id);
        self.operations.insert(operation.clone());
        match place {
            Some(place) => self.origins[place].items.push(span),
            None => {
                self.places.insert(origin.clone(), self.origins.len());
                self.origins.push(OriginItems {
                    origin: origin.clone(),
                    items: vec![span],
                });
            }
        }
        Added::Stored
    }

    pub(super) fn id(&self) -> TraceId {
        self.id
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many spans it has.
    pub(super) fn len(&self) -> usize {
        self.span_ids.len()
    }

    pub(super) fn has_service(&self, service: &str) -> bool {
        self.origins
            .iter()
            .any(|items| &*items.origin.service == service)
    }

    pub(super) fn view(&self) -> TraceView {
        self.origins.clone()
    }

    pub(super) fn into_operations(self) -> HashSet<Arc<Operation>> {
        self.operations
    }
}
