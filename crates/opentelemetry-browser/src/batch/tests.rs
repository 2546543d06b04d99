//! The queue: how it is cut into requests, and what is dropped when it overflows.

use opentelemetry::InstrumentationScope;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use otlp_encoder::Attributes;
use prost::Message;

use super::*;

const LIMITS: Limits = Limits::DEFAULT;

fn scope(name: &'static str) -> Scope {
    let scope = InstrumentationScope::builder(name).with_version("1");
    crate::span::scope_of(&scope.build())
}

/// A span of `size` bytes; zeros are no OTLP, which the queue does not look into.
fn span(trace: u8, size: usize) -> Finished {
    Finished {
        trace_id: TraceId::from_bytes([trace; 16]),
        scope: scope("tests"),
        bytes: vec![0; size],
    }
}

fn take(queue: &mut Queue) -> Option<Batch> {
    let mut resource = Vec::new();
    Attributes::of_resource(&mut resource).string("service.name", "tests");
    queue.take(LIMITS.batch_bytes, &resource)
}

fn queue() -> Queue {
    Queue::new(LIMITS)
}

#[test]
fn a_request_holds_512_spans_at_most() {
    let mut queue = queue();
    for _ in 0..LIMITS.batch_records + 1 {
        assert_eq!(queue.push(span(1, 10), 0), 0);
    }
    assert!(queue.fills_a_batch());
    assert_eq!(take(&mut queue).unwrap().records, 512);
    assert!(!queue.fills_a_batch());
    assert_eq!(take(&mut queue).unwrap().records, 1);
    assert!(take(&mut queue).is_none());
}

#[test]
fn a_request_holds_48_kib_of_spans_at_most() {
    let mut queue = queue();
    for _ in 0..60 {
        queue.push(span(1, 1000), 0);
    }
    let batch = take(&mut queue).unwrap();
    assert!(
        batch.body.len() < LIMITS.batch_bytes + 1024,
        "{}",
        batch.body.len()
    );
    assert_eq!(batch.records + take(&mut queue).unwrap().records, 60);
}

#[test]
fn a_span_larger_than_a_request_is_sent_by_itself() {
    let mut queue = queue();
    queue.push(span(1, 10), 0);
    queue.push(span(1, 100_000), 0);
    queue.push(span(1, 10), 0);
    let sizes: Vec<u64> = std::iter::from_fn(|| take(&mut queue))
        .map(|batch| batch.records)
        .collect();
    assert_eq!(sizes, [1, 1, 1]);
}

#[test]
fn an_overflow_drops_the_whole_trace_that_caused_it_and_no_other() {
    let mut queue = queue();
    queue.push(span(1, 10), 0);
    queue.push(span(2, 10), 0);
    queue.push(span(2, 10), 0);
    assert_eq!(
        queue.push(span(2, LIMITS.queue_bytes), 0),
        3,
        "it and the two before"
    );
    assert_eq!(
        queue.push(span(2, 10), 0),
        1,
        "a latecomer of the dropped trace"
    );
    assert_eq!(queue.push(span(1, 10), 0), 0);
    assert_eq!(queue.len(), 2);
}

#[test]
fn what_is_under_way_counts() {
    let mut queue = queue();
    assert_eq!(queue.push(span(1, 10), LIMITS.queue_bytes), 1);
    assert_eq!(queue.push(span(2, 10), 0), 0);
}

#[test]
fn the_count_of_spans_is_bounded_too() {
    let mut queue = queue();
    for _ in 0..LIMITS.queue_records {
        queue.push(span(1, 1), 0);
    }
    assert_eq!(queue.push(span(2, 1), 0), 1);
    assert_eq!(queue.len(), LIMITS.queue_records);
}

#[test]
fn forgotten_traces_make_room_for_new_ones() {
    let mut queue = queue();
    for number in 0..u16::try_from(REMEMBERED_TRACES).unwrap() + 10 {
        let mut id = [1; 16];
        id[..2].copy_from_slice(&number.to_be_bytes());
        queue.push(
            Finished {
                trace_id: TraceId::from_bytes(id),
                ..span(0, LIMITS.queue_bytes)
            },
            0,
        );
    }
    assert_eq!(queue.dropped_traces.len(), REMEMBERED_TRACES);
}

#[test]
fn spans_are_grouped_by_scope() {
    let mut queue = queue();
    for name in ["a", "b", "a"] {
        queue.push(
            Finished {
                scope: scope(name),
                bytes: Vec::new(),
                ..span(1, 0)
            },
            0,
        );
    }
    let body = take(&mut queue).unwrap().body;
    let request = ExportTraceServiceRequest::decode(body.as_slice()).unwrap();
    let resource = &request.resource_spans[0];
    assert_eq!(
        resource.resource.as_ref().unwrap().attributes[0].key,
        "service.name"
    );
    let scopes: Vec<(&str, usize)> = resource
        .scope_spans
        .iter()
        .map(|scope| {
            (
                scope.scope.as_ref().unwrap().name.as_str(),
                scope.spans.len(),
            )
        })
        .collect();
    assert_eq!(scopes, [("a", 2), ("b", 1)]);
}
