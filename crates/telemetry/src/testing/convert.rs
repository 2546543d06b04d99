//! Spans of the SDK as spans of the trace model.

use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry::trace::{SpanId, SpanKind, Status as SdkStatus};
use opentelemetry::{Array, KeyValue, Value as SdkValue};
use opentelemetry_sdk::trace::SpanData;
use trace_model::{Event, Kind, Link, Span, Status, Value};

/// The same span; its service is not known here.
pub(super) fn span(data: SpanData) -> Span {
    Span {
        trace_id: trace_model::TraceId(data.span_context.trace_id().to_bytes()),
        span_id: span_id(data.span_context.span_id()),
        parent_id: (data.parent_span_id != SpanId::INVALID).then(|| span_id(data.parent_span_id)),
        name: data.name.into_owned(),
        kind: kind(&data.span_kind),
        start_ns: nanoseconds(data.start_time),
        end_ns: nanoseconds(data.end_time),
        attributes: attributes(data.attributes),
        events: data.events.events.into_iter().map(event).collect(),
        links: data.links.links.into_iter().map(link).collect(),
        status: match data.status {
            SdkStatus::Unset => Status::Unset,
            SdkStatus::Ok => Status::Ok,
            SdkStatus::Error { description } => Status::Error(description.into_owned()),
        },
        service: String::new(),
        instance: std::sync::Arc::default(),
        flags: u32::from(data.span_context.trace_flags().to_u8()),
        scope: data.instrumentation_scope.name().to_owned(),
        dropped_attributes: data.dropped_attributes_count,
        dropped_events: data.events.dropped_count,
        dropped_links: data.links.dropped_count,
    }
}

fn event(event: opentelemetry::trace::Event) -> Event {
    Event {
        time_ns: nanoseconds(event.timestamp),
        name: event.name.into_owned(),
        attributes: attributes(event.attributes),
        dropped_attributes: event.dropped_attributes_count,
    }
}

fn link(link: opentelemetry::trace::Link) -> Link {
    Link {
        trace_id: trace_model::TraceId(link.span_context.trace_id().to_bytes()),
        span_id: span_id(link.span_context.span_id()),
        attributes: attributes(link.attributes),
        dropped_attributes: link.dropped_attributes_count,
    }
}

fn span_id(id: SpanId) -> trace_model::SpanId {
    trace_model::SpanId(id.to_bytes())
}

fn kind(kind: &SpanKind) -> Kind {
    match kind {
        SpanKind::Client => Kind::Client,
        SpanKind::Server => Kind::Server,
        SpanKind::Producer => Kind::Producer,
        SpanKind::Consumer => Kind::Consumer,
        SpanKind::Internal => Kind::Internal,
    }
}

fn attributes(attributes: Vec<KeyValue>) -> Vec<(String, Value)> {
    attributes
        .into_iter()
        .map(|KeyValue { key, value, .. }| (key.to_string(), self::value(value)))
        .collect()
}

fn value(value: SdkValue) -> Value {
    match value {
        SdkValue::Bool(value) => Value::Bool(value),
        SdkValue::I64(value) => Value::Int(value),
        SdkValue::F64(value) => Value::Double(value),
        SdkValue::Array(Array::Bool(values)) => {
            Value::Array(values.into_iter().map(Value::Bool).collect())
        }
        SdkValue::Array(Array::I64(values)) => {
            Value::Array(values.into_iter().map(Value::Int).collect())
        }
        SdkValue::Array(Array::F64(values)) => {
            Value::Array(values.into_iter().map(Value::Double).collect())
        }
        other => Value::String(other.to_string()),
    }
}

fn nanoseconds(time: SystemTime) -> u64 {
    let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX)
}
