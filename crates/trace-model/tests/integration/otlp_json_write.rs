//! What is written as OTLP JSON is read as it was.

use proptest::prelude::*;
use trace_model::otlp_json::{parse, write};
use trace_model::{Event, Kind, Link, Span, SpanId, Status, TraceId, Value};

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<String>().prop_map(Value::String),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        any::<i32>().prop_map(|number| Value::Double(f64::from(number) / 8.0)),
        Just(Value::Double(f64::INFINITY)),
        Just(Value::Double(f64::NEG_INFINITY)),
        any::<Vec<u8>>().prop_map(Value::Bytes),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((any::<String>(), inner), 0..4).prop_map(Value::Map),
        ]
    })
}

fn attributes() -> impl Strategy<Value = Vec<(String, Value)>> {
    prop::collection::vec((any::<String>(), values()), 0..4)
}

prop_compose! {
    fn spans()(
        (ids, name, service) in (any::<([u8; 16], [u8; 8])>(), any::<String>(), "[a-z]{0,2}"),
        (attributes, event, link) in (attributes(), attributes(), attributes()),
        (times, dropped) in (any::<(u64, u64)>(), any::<[u32; 3]>()),
        (parent_id, flags, message) in (any::<Option<[u8; 8]>>(), any::<u32>(), any::<Option<String>>()),
        kind in prop::sample::select(vec![Kind::Unspecified, Kind::Internal, Kind::Server, Kind::Client, Kind::Consumer]),
    ) -> Span {
        Span {
            trace_id: TraceId(ids.0),
            span_id: SpanId(ids.1),
            // All zeros stand for none.
            parent_id: parent_id.filter(|id| *id != [0; 8]).map(SpanId),
            name: name.clone(),
            kind,
            start_ns: times.0,
            end_ns: times.1,
            attributes: attributes.clone(),
            events: vec![Event { time_ns: times.1, name, attributes: event, dropped_attributes: dropped[0] }],
            links: vec![Link { trace_id: TraceId(ids.0), span_id: SpanId(ids.1), attributes: link, dropped_attributes: 0 }],
            status: message.map_or(Status::Ok, Status::Error),
            service: service.clone(),
            scope: service,
            flags,
            dropped_attributes: dropped[0],
            dropped_events: dropped[1],
            dropped_links: dropped[2],
            ..Span::default()
        }
    }
}

proptest! {
    #[test]
    fn spans_come_back_as_they_were(spans in prop::collection::vec(spans(), 0..5)) {
        let text = write(&spans).to_string();
        prop_assert_eq!(parse(&text).unwrap(), spans);
    }
}
