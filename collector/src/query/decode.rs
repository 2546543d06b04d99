//! Stored spans as the trace model has them.

use std::sync::Arc;

use opentelemetry_proto::tonic::common::v1::any_value::Value as ProtoValue;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::span::{Event as ProtoEvent, Link as ProtoLink};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span as ProtoSpan};
use prost::{DecodeError, Message as _};
use trace_model::{Event, Kind, Link, Span, SpanId, Status, TraceId, Value};

use crate::store::{OriginItems, TraceView};

/// All spans of a trace.
pub(super) fn spans(trace: &TraceView) -> Result<Vec<Span>, DecodeError> {
    let mut spans = Vec::with_capacity(trace.iter().map(|origin| origin.items.len()).sum());
    for stored in trace {
        let instance = instance(&resource(stored)?);
        let scope = ScopeSpans::decode(stored.origin.scope.bytes())?.scope;
        let scope = scope.map_or_else(String::new, |scope| scope.name);
        for bytes in stored.items.iter() {
            spans.push(Span {
                service: stored.origin.service.to_string(),
                instance: instance.clone(),
                scope: scope.clone(),
                ..span(bytes)?
            });
        }
    }
    Ok(spans)
}

/// Attributes of the resource that made these spans.
pub(super) fn resource(spans: &OriginItems) -> Result<Vec<(String, Value)>, DecodeError> {
    let resource = ResourceSpans::decode(spans.origin.resource.bytes())?.resource;
    Ok(attributes(
        resource.map_or_else(Vec::new, |resource| resource.attributes),
    ))
}

/// Which instance of its service a resource is, or else on which host.
fn instance(resource: &[(String, Value)]) -> Arc<str> {
    let text = |name: &str| match resource.iter().find(|(key, _)| key == name) {
        Some((_, Value::String(text))) => Some(text.as_str().into()),
        _ => None,
    };
    text("service.instance.id")
        .or_else(|| text("host.name"))
        .unwrap_or_default()
}

/// A span without what it shares with others.
fn span(bytes: &[u8]) -> Result<Span, DecodeError> {
    let span = ProtoSpan::decode(bytes)?;
    let (code, message) = span
        .status
        .map_or((0, String::new()), |status| (status.code, status.message));
    Ok(Span {
        trace_id: trace_id(&span.trace_id),
        span_id: span_id(&span.span_id),
        // Some senders write the absent parent as zeros.
        parent_id: Some(span_id(&span.parent_span_id)).filter(|id| id.0 != [0; 8]),
        name: span.name,
        kind: Kind::of_number(u64::try_from(span.kind).unwrap_or(0)),
        start_ns: span.start_time_unix_nano,
        end_ns: span.end_time_unix_nano,
        attributes: attributes(span.attributes),
        events: span.events.into_iter().map(event).collect(),
        links: span.links.into_iter().map(link).collect(),
        status: match code {
            1 => Status::Ok,
            2 => Status::Error(message),
            _ => Status::Unset,
        },
        flags: span.flags,
        dropped_attributes: span.dropped_attributes_count,
        dropped_events: span.dropped_events_count,
        dropped_links: span.dropped_links_count,
        ..Span::default()
    })
}

fn event(event: ProtoEvent) -> Event {
    Event {
        time_ns: event.time_unix_nano,
        name: event.name,
        attributes: attributes(event.attributes),
        dropped_attributes: event.dropped_attributes_count,
    }
}

fn link(link: ProtoLink) -> Link {
    Link {
        trace_id: trace_id(&link.trace_id),
        span_id: span_id(&link.span_id),
        attributes: attributes(link.attributes),
        dropped_attributes: link.dropped_attributes_count,
    }
}

/// Ids of stored spans are valid; those of links may be anything, and of the wrong length are shown as zeros.
fn trace_id(bytes: &[u8]) -> TraceId {
    bytes.try_into().map(TraceId).unwrap_or_default()
}

fn span_id(bytes: &[u8]) -> SpanId {
    bytes.try_into().map(SpanId).unwrap_or_default()
}

fn attributes(attributes: Vec<KeyValue>) -> Vec<(String, Value)> {
    // A key without a value says nothing.
    let known = |KeyValue { key, value, .. }: KeyValue| Some((key, self::value(value?)?));
    attributes.into_iter().filter_map(known).collect()
}

/// How deep values nest is bounded by the protobuf decoder.
fn value(value: AnyValue) -> Option<Value> {
    Some(match value.value? {
        ProtoValue::StringValue(text) => Value::String(text),
        ProtoValue::BoolValue(value) => Value::Bool(value),
        ProtoValue::IntValue(value) => Value::Int(value),
        ProtoValue::DoubleValue(value) => Value::Double(value),
        ProtoValue::BytesValue(bytes) => Value::Bytes(bytes),
        // An empty value cannot be shown, but the places after it must not move.
        ProtoValue::ArrayValue(array) => Value::Array(
            array
                .values
                .into_iter()
                .map(|value| self::value(value).unwrap_or(Value::String(String::new())))
                .collect(),
        ),
        ProtoValue::KvlistValue(list) => Value::Map(attributes(list.values)),
        // An index into a table that traces do not have.
        _ => return None,
    })
}
