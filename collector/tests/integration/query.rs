//! What is read back: the same as was sent, newest first, whatever it is called.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as ProtoValue;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::trace::v1::span::{Event as ProtoEvent, Link as ProtoLink};
use opentelemetry_proto::tonic::trace::v1::{self as proto, Status as ProtoStatus};
use proptest::prelude::*;
use serde_json::json;
use trace_model::{Event, Kind, Link, Span, SpanId, Status, Summary, TraceId, Tree, Value};

use crate::host::{Host, exchange};
use crate::sample::{attribute, request, span};

/// Trace ids of a list, in its order.
fn listed(host: &Host, query: &str) -> Vec<u128> {
    let answer = host.get(&format!("/api/v3/traces{query}"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let spans = trace_model::otlp_json::parse(&answer.text()).unwrap();
    let mut ids: Vec<u128> = spans
        .iter()
        .map(|span| u128::from_be_bytes(span.trace_id.0))
        .collect();
    ids.dedup();
    ids
}

#[test]
fn traces_are_listed_newest_first() {
    let host = Host::start();
    for trace_id in 1..=30 {
        host.send(&request("shop", vec![span(trace_id, 1)]));
    }
    host.send(&request("late", vec![span(5, 2)]));
    assert_eq!(listed(&host, "?query.num_traces=3"), [30, 29, 28]);
    assert_eq!(
        listed(&host, ""),
        (11..=30).rev().collect::<Vec<_>>(),
        "20 when the request does not say"
    );
    assert_eq!(listed(&host, "?query.num_traces=1000").len(), 30);
    assert_eq!(listed(&host, "?query.service_name=late"), [5]);
    assert_eq!(
        listed(&host, "?query.service_name=shop&query.num_traces=1"),
        [30]
    );
    assert_eq!(listed(&host, "?query.service_name=unknown"), [0; 0]);
}

#[test]
fn a_list_has_200_traces_at_most() {
    let host = Host::start();
    host.send(&request(
        "shop",
        (1..=300).map(|trace_id| span(trace_id, 1)).collect(),
    ));
    assert_eq!(
        listed(&host, "?query.num_traces=4000000000"),
        (101..=300).rev().collect::<Vec<_>>()
    );
}

#[test]
fn a_list_of_large_traces_is_cut_by_bytes() {
    let host = Host::start();
    let large = |trace_id| proto::Span {
        attributes: vec![attribute(
            "filler",
            ProtoValue::BytesValue(vec![0; 900_000]),
        )],
        ..span(trace_id, 1)
    };
    for trace_id in 1..=12 {
        host.send(&request("shop", vec![large(trace_id)]));
    }
    assert_eq!(
        listed(&host, "").len(),
        9,
        "9 times 0.9 MB are within 8 MiB"
    );
}

#[test]
fn a_trace_that_is_not_held_is_404_and_a_wrong_id_400() {
    let host = Host::start();
    let answer = host.get("/api/v3/traces/0af7651916cd43dd8448eb211c80319c");
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (404, "application/problem+json")
    );
    assert_eq!(
        answer.json(),
        json!({
            "title": "Not Found",
            "status": 404,
            "detail": "trace 0af7651916cd43dd8448eb211c80319c is not held: it was never received, or it was evicted",
        })
    );
    for id in [
        "1",
        "00000000000000000000000000000000",
        "0af7651916cd43dd8448eb211c80319g",
        "%00",
        "%F0%9F%A6%80",
    ] {
        assert_eq!(
            host.get(&format!("/api/v3/traces/{id}")).status,
            400,
            "{id}"
        );
    }
}

#[test]
fn wrong_requests_are_problems() {
    let host = Host::start();
    for (path, status) in [
        ("/api/v3/traces?query.num_traces=-1", 400),
        ("/api/v3/traces?query.num_traces=0", 400),
        ("/api/v3/traces?query.num_traces=many", 400),
        ("/api/v3/traces?query.num_traces=1&query.num_traces=2", 400),
        ("/api/v3/operations", 400),
        ("/api/v3/nothing", 404),
        ("/", 404),
    ] {
        let answer = host.get(path);
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (status, "application/problem+json"),
            "{path}"
        );
        assert_eq!(answer.json()["status"], status);
    }
    for (asked, allowed) in [
        ("DELETE /api/v3/traces", "GET,HEAD"),
        ("GET /api/x/traces/1/pin", "PUT,DELETE"),
        ("PUT /api/x/budgets", "GET,HEAD,POST"),
    ] {
        let answer = exchange(host.query, &format!("{asked} HTTP/1.1\r\n"), b"");
        assert_eq!(
            (answer.status, answer.header("allow")),
            (405, allowed),
            "{asked}"
        );
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
}

#[test]
fn health_tells_what_was_received_and_lost() {
    let host = Host::start();
    host.send(&request("shop", vec![span(1, 1), span(1, 1)]));
    host.post("application/json", b"{");
    let health = host.get("/health").json();
    for (counter, expected) in [
        ("status", json!("ok")),
        ("spans_received", json!(2)),
        ("spans_stored", json!(1)),
        ("spans_held", json!(1)),
        ("spans_duplicate", json!(1)),
        ("spans_rejected", json!(0)),
        ("spans_evicted", json!(0)),
        ("traces_held", json!(1)),
        ("traces_evicted", json!(0)),
        ("requests_refused", json!(1)),
        ("max_bytes", json!(64 << 20)),
    ] {
        assert_eq!(health[counter], expected, "{counter}");
    }
    assert!(health["bytes_held"].as_u64().unwrap() > 500);
}

#[test]
fn hostile_names_are_only_names() {
    let names = [
        "",
        "\"}]}",
        "<script>alert(1)</script>",
        "a\0b\r\nc",
        "\u{202e}evil",
        "愛 🦀",
        "../../etc/passwd",
        "%00%0d%0a",
        "&a=b#c d+e",
        "\\u0000\\\"",
        "\u{7f}\u{85}\u{2028}",
    ];
    let host = Host::start();
    for (i, name) in names.into_iter().enumerate() {
        let trace_id = i as u128 + 1;
        let sent = proto::Span {
            name: name.to_owned(),
            attributes: vec![attribute(name, ProtoValue::StringValue(name.to_owned()))],
            ..span(trace_id, 1)
        };
        host.send(&request(name, vec![sent]));
        let read = host.spans_of(trace_id).remove(0);
        assert_eq!((read.name.as_str(), read.service.as_str()), (name, name));
        assert_eq!(
            read.attributes,
            [(name.to_owned(), Value::String(name.to_owned()))]
        );
        if !name.is_empty() {
            let escaped: String = name.bytes().map(|byte| format!("%{byte:02x}")).collect();
            let operations = host
                .get(&format!("/api/v3/operations?service={escaped}"))
                .json();
            assert_eq!(operations["operations"][0]["name"], name);
            assert_eq!(
                listed(&host, &format!("?query.service_name={escaped}")),
                [trace_id]
            );
        }
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        ".{0,12}".prop_map(Value::String),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        // Numbers that decimal text holds exactly.
        any::<i32>().prop_map(|eighths| Value::Double(f64::from(eighths) / 8.0)),
        prop::collection::vec(any::<u8>(), 0..9).prop_map(Value::Bytes),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            prop::collection::vec((".{0,4}", inner), 0..3).prop_map(Value::Map),
        ]
    })
}

fn any_attributes() -> impl Strategy<Value = Vec<(String, Value)>> {
    prop::collection::vec((".{0,8}", any_value()), 0..4)
}

prop_compose! {
    fn any_span()(
        (span_id, parent_id, link_id) in (1_u64.., proptest::option::of(1_u64..), 1_u64..),
        (name, service, scope, message) in (".{0,12}", ".{0,12}", ".{0,12}", ".{0,12}"),
        kind in prop::sample::select(vec![
            Kind::Unspecified, Kind::Internal, Kind::Server, Kind::Client, Kind::Producer, Kind::Consumer,
        ]),
        status in 0..3_u8,
        (start_ns, end_ns, time_ns) in any::<(u64, u64, u64)>(),
        (attributes, event_attributes, link_attributes) in (any_attributes(), any_attributes(), any_attributes()),
        (events, links) in (0..3_usize, 0..3_usize),
        counts in any::<[u32; 6]>(),
    ) -> Span {
        let event = Event { time_ns, name: name.clone(), attributes: event_attributes, dropped_attributes: counts[0] };
        let link = Link {
            trace_id: TraceId([7; 16]),
            span_id: SpanId(link_id.to_be_bytes()),
            attributes: link_attributes,
            dropped_attributes: counts[1],
        };
        Span {
            trace_id: TraceId(1_u128.to_be_bytes()),
            span_id: SpanId(span_id.to_be_bytes()),
            parent_id: parent_id.map(|id| SpanId(id.to_be_bytes())),
            name, kind, start_ns, end_ns, attributes, service, scope,
            events: vec![event; events],
            links: vec![link; links],
            status: [Status::Unset, Status::Ok, Status::Error(message)][usize::from(status)].clone(),
            flags: counts[2],
            dropped_attributes: counts[3],
            dropped_events: counts[4],
            dropped_links: counts[5],
            instance: std::sync::Arc::default(),
        }
    }
}

fn to_proto_value(value: &Value) -> ProtoValue {
    match value {
        Value::String(text) => ProtoValue::StringValue(text.clone()),
        Value::Bool(value) => ProtoValue::BoolValue(*value),
        Value::Int(value) => ProtoValue::IntValue(*value),
        Value::Double(value) => ProtoValue::DoubleValue(*value),
        Value::Bytes(bytes) => ProtoValue::BytesValue(bytes.clone()),
        Value::Array(values) => {
            let values = values
                .iter()
                .map(|value| AnyValue {
                    value: Some(to_proto_value(value)),
                })
                .collect();
            ProtoValue::ArrayValue(ArrayValue { values })
        }
        Value::Map(entries) => ProtoValue::KvlistValue(KeyValueList {
            values: to_proto_attributes(entries),
        }),
    }
}

fn to_proto_attributes(attributes: &[(String, Value)]) -> Vec<KeyValue> {
    attributes
        .iter()
        .map(|(key, value)| attribute(key, to_proto_value(value)))
        .collect()
}

fn to_proto(span: &Span) -> ExportTraceServiceRequest {
    let (code, message) = match &span.status {
        Status::Unset => (0, ""),
        Status::Ok => (1, ""),
        Status::Error(message) => (2, message.as_str()),
    };
    let event = |event: &Event| ProtoEvent {
        time_unix_nano: event.time_ns,
        name: event.name.clone(),
        attributes: to_proto_attributes(&event.attributes),
        dropped_attributes_count: event.dropped_attributes,
    };
    let link = |link: &Link| ProtoLink {
        trace_id: link.trace_id.0.to_vec(),
        span_id: link.span_id.0.to_vec(),
        attributes: to_proto_attributes(&link.attributes),
        dropped_attributes_count: link.dropped_attributes,
        ..ProtoLink::default()
    };
    let sent = proto::Span {
        trace_id: span.trace_id.0.to_vec(),
        span_id: span.span_id.0.to_vec(),
        parent_span_id: span.parent_id.map(|id| id.0.to_vec()).unwrap_or_default(),
        flags: span.flags,
        name: span.name.clone(),
        kind: span.kind as i32,
        start_time_unix_nano: span.start_ns,
        end_time_unix_nano: span.end_ns,
        attributes: to_proto_attributes(&span.attributes),
        dropped_attributes_count: span.dropped_attributes,
        events: span.events.iter().map(event).collect(),
        dropped_events_count: span.dropped_events,
        links: span.links.iter().map(link).collect(),
        dropped_links_count: span.dropped_links,
        status: Some(ProtoStatus {
            code,
            message: message.to_owned(),
        }),
        ..proto::Span::default()
    };
    let mut request = request(&span.service, vec![sent]);
    let scope = InstrumentationScope {
        name: span.scope.clone(),
        ..InstrumentationScope::default()
    };
    request.resource_spans[0].scope_spans[0].scope = Some(scope);
    request
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_read_back_equals_what_was_sent(spans in prop::collection::btree_map(1_u64.., any_span(), 1..6)) {
        let sent: Vec<Span> =
            spans.into_iter().map(|(id, span)| Span { span_id: SpanId(id.to_be_bytes()), ..span }).collect();
        let (in_protobuf, in_json) = (Host::start(), Host::start());
        for span in &sent {
            let request = to_proto(span);
            in_protobuf.send(&request);
            let answer = in_json.post("application/json", &serde_json::to_vec(&request).unwrap());
            prop_assert_eq!(answer.text(), "{}");
        }
        for host in [in_protobuf, in_json] {
            let mut read = host.spans_of(1);
            // What the collector computes from its own spans is what a viewer computes from those it has read.
            let mut tree = Tree::new(read.clone());
            tree.adjust_clocks();
            let list = host.get("/api/x/summaries").json();
            prop_assert_eq!(Summary::from_json(&list["summaries"][0]).ok(), Summary::of(&tree));
            let view = host.get(&format!("/api/x/traces/{:032x}/view", 1)).json();
            prop_assert_eq!(&view["whole"], &json!(tree.whole()));
            for (row, span) in tree.spans().iter().enumerate() {
                let shown = &view["rows"][row];
                prop_assert_eq!(&shown["name"], &json!(span.name));
                prop_assert_eq!(&shown["self_ns"], &json!(tree.self_time_ns(row).to_string()));
                prop_assert_eq!(&shown["parent"], &json!(tree.node(row).parent));
            }
            read.sort_by_key(|span| span.span_id);
            prop_assert_eq!(&read, &sent);
        }
    }
}
