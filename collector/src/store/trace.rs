//! One trace in the store: its spans as encoded bytes, grouped by where they came from.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use prost::encoding::{decode_varint, encode_varint, encoded_len_varint};
use trace_model::{SpanId, TraceId};

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
    /// What it takes to keep it, about: itself, reference counts, a place in a set that may be half empty.
    pub(super) fn bytes(&self) -> usize {
        192 + self.service.len() + self.resource.bytes.len() + self.scope.bytes.len()
    }
}

/// Encoded bytes that are compared and hashed often: by pointer and by a digest that is computed once.
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
    pub(crate) origin: Arc<Origin>,
    pub(crate) items: Items,
}

/// The spans or log records of a trace by origin.
pub(crate) type TraceView = Vec<OriginItems>;

/// Encoded messages, each behind its length, in pieces that are never changed: a reader takes references to the pieces.
#[derive(Clone, Default)]
pub(crate) struct Items {
    pieces: Vec<Arc<[u8]>>,
    count: usize,
}

impl Items {
    /// A piece of less is replaced by one with the next item added, so that few allocations hold many items.
    const PIECE_BYTES: usize = 2 << 10;
    /// What a piece takes beyond its bytes: a pointer in a growing vector, reference counts, what the allocator adds.
    const PIECE_OVERHEAD_BYTES: usize = 56;

    /// What an item of this length may take at most.
    fn size(length: usize) -> usize {
        encoded_len_varint(length as u64) + length + Self::PIECE_OVERHEAD_BYTES
    }

    /// Returns how many bytes more are taken. `scratch` is a buffer that is used again.
    pub(super) fn push(&mut self, item: &[u8], scratch: &mut Vec<u8>) -> usize {
        scratch.clear();
        let length = Self::size(item.len()) - Self::PIECE_OVERHEAD_BYTES;
        self.count += 1;
        let last = self
            .pieces
            .pop_if(|last| last.len() + length <= Self::PIECE_BYTES);
        scratch.extend_from_slice(last.as_deref().unwrap_or_default());
        encode_varint(item.len() as u64, scratch);
        scratch.extend_from_slice(item);
        self.pieces.push(scratch.as_slice().into());
        match last {
            Some(_) => length,
            None => length + Self::PIECE_OVERHEAD_BYTES,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.pieces.iter().flat_map(|piece| {
            let mut rest: &[u8] = piece;
            std::iter::from_fn(move || {
                let length = usize::try_from(decode_varint(&mut rest).ok()?).ok()?;
                let (item, after) = rest.split_at_checked(length)?;
                rest = after;
                Some(item)
            })
        })
    }
}

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
    span_ids: HashSet<SpanId>,
    bytes: usize,
    pub(super) is_pinned: bool,
}

impl Trace {
    /// What an empty trace takes in the store, about: itself and its places in two maps.
    pub(super) const OVERHEAD_BYTES: usize = 320;
    /// What an origin takes in a trace: a pointer and its items in a growing vector.
    const ORIGIN_OVERHEAD_BYTES: usize = 80;
    /// What a span takes beyond its bytes: its id in a hash set that may be half empty.
    const SPAN_OVERHEAD_BYTES: usize = 16;

    pub(super) fn new(id: TraceId) -> Self {
        Self {
            id,
            origins: Vec::new(),
            span_ids: HashSet::new(),
            bytes: Self::OVERHEAD_BYTES,
            is_pinned: false,
        }
    }

    pub(super) fn add(
        &mut self,
        origin: &Arc<Origin>,
        span_id: SpanId,
        span: &[u8],
        max_bytes: usize,
        scratch: &mut Vec<u8>,
    ) -> Added {
        if self.span_ids.contains(&span_id) {
            return Added::Duplicate;
        }
        let at_most = Self::ORIGIN_OVERHEAD_BYTES + Self::SPAN_OVERHEAD_BYTES;
        if self.bytes + at_most + Items::size(span.len()) > max_bytes {
            return Added::Full;
        }
        self.span_ids.insert(span_id);
        // Newest last: spans come in batches of one origin.
        let place = self
            .origins
            .iter()
            .rposition(|held| Arc::ptr_eq(&held.origin, origin));
        let place = place.unwrap_or_else(|| {
            self.bytes += Self::ORIGIN_OVERHEAD_BYTES;
            self.origins.push(OriginItems {
                origin: origin.clone(),
                items: Items::default(),
            });
            self.origins.len() - 1
        });
        let taken = self.origins[place].items.push(span, scratch);
        self.bytes += Self::SPAN_OVERHEAD_BYTES + taken;
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

    pub(super) fn into_view(self) -> TraceView {
        self.origins
    }
}
