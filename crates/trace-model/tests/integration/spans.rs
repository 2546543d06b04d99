//! Makes spans for the other files: readable ones by name, and arbitrary ones.

use proptest::prelude::*;
use trace_model::{Kind, Span, SpanId, TraceId};

/// An internal span of the service `page`; ids are small numbers, parent 0 is none.
pub(crate) fn span(name: &str, id: u64, parent: u64, start_ns: u64, end_ns: u64) -> Span {
    Span {
        trace_id: TraceId(1_u128.to_be_bytes()),
        span_id: SpanId(id.to_be_bytes()),
        parent_id: (parent != 0).then(|| SpanId(parent.to_be_bytes())),
        name: name.to_owned(),
        kind: Kind::Internal,
        start_ns,
        end_ns,
        service: "page".to_owned(),
        ..Span::default()
    }
}

/// The same span of another kind and service.
pub(crate) fn of(span: Span, kind: Kind, service: &str) -> Span {
    Span {
        kind,
        service: service.to_owned(),
        ..span
    }
}

/// Spans whose parents may be missing, circular or themselves, whose ids may repeat and whose times may be anything.
pub(crate) fn any_spans() -> impl Strategy<Value = Vec<Span>> {
    let time = || prop_oneof![9 => 0_u64..200, 1 => any::<u64>()];
    let kind = prop_oneof![Just(Kind::Internal), Just(Kind::Client), Just(Kind::Server)];
    let service = prop_oneof![Just("page"), Just("proxy"), Just("backend")];
    let one = (1_u64..24, 0_u64..24, time(), time(), kind, service).prop_map(
        |(id, parent, start_ns, end_ns, kind, service)| {
            of(span("any", id, parent, start_ns, end_ns), kind, service)
        },
    );
    prop::collection::vec(one, 0..24)
}

/// Spans of one trace with one root, ids 1 to n, each child inside its parent.
pub(crate) fn nested_spans() -> impl Strategy<Value = Vec<Span>> {
    let child = (any::<prop::sample::Index>(), 0.0..1.0_f64, 0.0..1.0_f64);
    prop::collection::vec(child, 0..40).prop_map(|children| {
        let mut spans = vec![span("root", 1, 0, 1_000, 1_001_000)];
        for (i, (parent, from, length)) in children.into_iter().enumerate() {
            let parent = &spans[parent.index(spans.len())];
            let room_ns = parent.duration_ns() as f64;
            let start_ns = parent.start_ns + (room_ns * from) as u64;
            let end_ns = start_ns + ((parent.end_ns - start_ns) as f64 * length) as u64;
            let parent_id = u64::from_be_bytes(parent.span_id.0);
            spans.push(span("child", i as u64 + 2, parent_id, start_ns, end_ns));
        }
        spans
    })
}
