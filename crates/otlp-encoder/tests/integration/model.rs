//! Any OTLP request as `opentelemetry-proto` has it, and the calls that write the same request.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use otlp_encoder::{
    Attributes, Kind, LinkHead, Scope, SpanHead, SpanWriter, Values, resource_records,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// Text of every script, control characters included, short and long around the sizes where lengths grow by a byte.
pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "\\PC{0,12}",
        2 => any::<Vec<char>>().prop_map(|chars| chars.into_iter().collect()),
        1 => (0..=300_usize).prop_map(|length| "é".repeat(length)),
        1 => (16_370..16_390_usize).prop_map(|length| "x".repeat(length)),
    ]
}

fn double() -> impl Strategy<Value = f64> {
    // NaN equals nothing, not even itself: its bits are compared elsewhere.
    any::<f64>().prop_filter("compared by value", |number| !number.is_nan())
}

pub(crate) fn value() -> impl Strategy<Value = AnyValue> {
    let scalar = prop_oneof![
        text().prop_map(Value::StringValue),
        any::<bool>().prop_map(Value::BoolValue),
        any::<i64>().prop_map(Value::IntValue),
        Just(Value::IntValue(i64::MIN)),
        double().prop_map(Value::DoubleValue),
        vec(any::<u8>(), 0..200).prop_map(Value::BytesValue),
    ];
    let nested = scalar.prop_recursive(3, 12, 4, |inner| {
        let inner = inner.prop_map(|value| AnyValue { value: Some(value) });
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|values| Value::ArrayValue(ArrayValue { values })),
            vec((text(), inner), 0..4).prop_map(|entries| Value::KvlistValue(KeyValueList {
                values: key_values(entries)
            })),
        ]
    });
    nested.prop_map(|value| AnyValue { value: Some(value) })
}

fn key_values(entries: Vec<(String, AnyValue)>) -> Vec<KeyValue> {
    entries
        .into_iter()
        .map(|(key, value)| KeyValue {
            key,
            value: Some(value),
            key_strindex: 0,
        })
        .collect()
}

pub(crate) fn attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    vec((text(), value()), 0..4).prop_map(key_values)
}

pub(crate) fn count() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0), Just(u32::MAX), any::<u32>()]
}

pub(crate) fn time_ns() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), Just(u64::MAX), any::<u64>()]
}

pub(crate) fn trace_id() -> impl Strategy<Value = Vec<u8>> {
    any::<[u8; 16]>().prop_map(Vec::from)
}

pub(crate) fn span_id() -> impl Strategy<Value = Vec<u8>> {
    any::<[u8; 8]>().prop_map(Vec::from)
}

fn event() -> impl Strategy<Value = Event> {
    (time_ns(), text(), attributes(), count()).prop_map(
        |(time_unix_nano, name, attributes, dropped_attributes_count)| Event {
            time_unix_nano,
            name,
            attributes,
            dropped_attributes_count,
        },
    )
}

fn link() -> impl Strategy<Value = Link> {
    (
        trace_id(),
        span_id(),
        text(),
        attributes(),
        count(),
        any::<u32>(),
    )
        .prop_map(
            |(trace_id, span_id, trace_state, attributes, dropped_attributes_count, flags)| Link {
                trace_id,
                span_id,
                trace_state,
                attributes,
                dropped_attributes_count,
                flags,
            },
        )
}

fn status() -> impl Strategy<Value = Option<Status>> {
    prop_oneof![
        Just(None),
        Just(Some(Status {
            message: String::new(),
            code: 1
        })),
        text().prop_map(|message| Some(Status { message, code: 2 })),
    ]
}

/// Any span that the encoder's types can say.
pub(crate) fn span() -> impl Strategy<Value = Span> {
    let identity = (
        trace_id(),
        span_id(),
        prop_oneof![Just(Vec::new()), span_id()],
        text(),
        any::<u32>(),
    );
    let head = (text(), 0..=5_i32, time_ns(), time_ns());
    let body = (
        attributes(),
        vec(event(), 0..3),
        vec(link(), 0..3),
        status(),
    );
    let dropped = (count(), count(), count());
    (identity, head, body, dropped).prop_map(|(identity, head, body, dropped)| {
        let (trace_id, span_id, parent_span_id, trace_state, flags) = identity;
        let (name, kind, start_time_unix_nano, end_time_unix_nano) = head;
        let (attributes, events, links, status) = body;
        Span {
            trace_id,
            span_id,
            trace_state,
            parent_span_id,
            flags,
            name,
            kind,
            start_time_unix_nano,
            end_time_unix_nano,
            attributes,
            dropped_attributes_count: dropped.0,
            events,
            dropped_events_count: dropped.1,
            links,
            dropped_links_count: dropped.2,
            status,
        }
    })
}

/// Any request that the encoder's types can say.
pub(crate) fn request() -> impl Strategy<Value = ExportTraceServiceRequest> {
    let scope = (text(), text(), attributes(), text(), vec(span(), 0..3));
    let scope_spans = scope.prop_map(
        |(name, version, attributes, schema_url, spans)| ScopeSpans {
            scope: Some(InstrumentationScope {
                name,
                version,
                attributes,
                dropped_attributes_count: 0,
            }),
            spans,
            schema_url,
        },
    );
    let resource = (attributes(), vec(scope_spans, 0..3)).prop_map(|(attributes, scope_spans)| {
        ResourceSpans {
            resource: Some(Resource {
                attributes,
                dropped_attributes_count: 0,
                entity_refs: Vec::new(),
            }),
            scope_spans,
            schema_url: String::new(),
        }
    });
    vec(resource, 0..3).prop_map(|resource_spans| ExportTraceServiceRequest { resource_spans })
}

/// The encoder's bytes for a request.
pub(crate) fn encode_request(request: &ExportTraceServiceRequest) -> Vec<u8> {
    let mut buffer = Vec::new();
    for resource in &request.resource_spans {
        resource_records(
            &mut buffer,
            |writer| {
                resource
                    .resource
                    .iter()
                    .for_each(|resource| write_attributes(writer, &resource.attributes))
            },
            |writer| {
                for scope_spans in &resource.scope_spans {
                    let scope = scope_spans.scope.as_ref().unwrap();
                    let head = Scope {
                        name: &scope.name,
                        version: &scope.version,
                        schema_url: &scope_spans.schema_url,
                    };
                    writer.scope(
                        &head,
                        |writer| write_attributes(writer, &scope.attributes),
                        |writer| {
                            for span in &scope_spans.spans {
                                writer.span(&head_of(span), |writer| write_span(writer, span));
                            }
                        },
                    );
                }
            },
        );
    }
    buffer
}

/// The encoder's bytes for one bare span.
pub(crate) fn encode_span(span: &Span) -> Vec<u8> {
    let mut buffer = Vec::new();
    otlp_encoder::span(&mut buffer, &head_of(span), |writer| {
        write_span(writer, span)
    });
    buffer
}

fn head_of(span: &Span) -> SpanHead<'_> {
    SpanHead {
        trace_id: span.trace_id.as_slice().try_into().unwrap(),
        span_id: span.span_id.as_slice().try_into().unwrap(),
        parent_span_id: span.parent_span_id.as_slice().try_into().ok(),
        trace_state: &span.trace_state,
        flags: span.flags,
        name: &span.name,
        kind: [
            Kind::Unspecified,
            Kind::Internal,
            Kind::Server,
            Kind::Client,
            Kind::Producer,
            Kind::Consumer,
        ][span.kind as usize],
        start_ns: span.start_time_unix_nano,
        end_ns: span.end_time_unix_nano,
    }
}

fn write_span(writer: &mut SpanWriter<'_>, span: &Span) {
    write_attributes(&mut writer.attributes(), &span.attributes);
    writer.dropped_attributes(span.dropped_attributes_count);
    for event in &span.events {
        writer.event(&event.name, event.time_unix_nano, |attributes| {
            write_attributes(attributes, &event.attributes);
            event.dropped_attributes_count
        });
    }
    writer.dropped_events(span.dropped_events_count);
    for link in &span.links {
        let head = LinkHead {
            trace_id: link.trace_id.as_slice().try_into().unwrap(),
            span_id: link.span_id.as_slice().try_into().unwrap(),
            trace_state: &link.trace_state,
            flags: link.flags,
        };
        writer.link(&head, |attributes| {
            write_attributes(attributes, &link.attributes);
            link.dropped_attributes_count
        });
    }
    writer.dropped_links(span.dropped_links_count);
    writer.status(match &span.status {
        None => otlp_encoder::Status::Unset,
        Some(Status { code: 1, .. }) => otlp_encoder::Status::Ok,
        Some(Status { message, .. }) => otlp_encoder::Status::Error(message),
    });
}

pub(crate) fn write_attributes(writer: &mut Attributes<'_>, attributes: &[KeyValue]) {
    for KeyValue { key, value, .. } in attributes {
        match value.as_ref().unwrap().value.as_ref().unwrap() {
            Value::StringValue(value) => writer.string(key, value),
            Value::BoolValue(value) => writer.bool(key, *value),
            Value::IntValue(value) => writer.int(key, *value),
            Value::DoubleValue(value) => writer.double(key, *value),
            Value::BytesValue(value) => writer.bytes(key, value),
            Value::ArrayValue(array) => {
                writer.array(key, |values| write_values(values, &array.values))
            }
            Value::KvlistValue(map) => {
                writer.map(key, |entries| write_attributes(entries, &map.values))
            }
            Value::StringValueStrindex(_) => unreachable!("never generated"),
        }
    }
}

pub(crate) fn write_values(writer: &mut Values<'_>, values: &[AnyValue]) {
    for value in values {
        match value.value.as_ref().unwrap() {
            Value::StringValue(value) => writer.string(value),
            Value::BoolValue(value) => writer.bool(*value),
            Value::IntValue(value) => writer.int(*value),
            Value::DoubleValue(value) => writer.double(*value),
            Value::BytesValue(value) => writer.bytes(value),
            Value::ArrayValue(array) => writer.array(|values| write_values(values, &array.values)),
            Value::KvlistValue(map) => writer.map(|entries| write_attributes(entries, &map.values)),
            Value::StringValueStrindex(_) => unreachable!("never generated"),
        }
    }
}
