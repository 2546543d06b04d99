//! Writes spans as OTLP JSON, as [`super::parse`] reads them.

use serde_json::{Value as Json, json};

use crate::{Event, Link, Span, Status, Value};

/// The spans as `{"resourceSpans":[…]}`: a batch for each run of spans of the same instance of a service and the same scope.
/// Of a resource only what a [`Span`] keeps is written: `service.name` and `service.instance.id`.
#[must_use]
pub fn write(spans: &[Span]) -> Json {
    let origin = |span: &Span| {
        (
            span.service.clone(),
            span.instance.clone(),
            span.scope.clone(),
        )
    };
    let batches = spans.chunk_by(|one, other| origin(one) == origin(other));
    let batches: Vec<Json> = batches
        .map(|spans| {
            let texts = [
                ("service.name", &*spans[0].service),
                ("service.instance.id", &*spans[0].instance),
            ];
            let resource: Vec<(String, Value)> = texts
                .into_iter()
                .filter(|(_, text)| !text.is_empty())
                .map(|(key, text)| (key.to_owned(), Value::String(text.to_owned())))
                .collect();
            let written: Vec<Json> = spans.iter().map(span).collect();
            json!({
                "resource": { "attributes": key_values(&resource) },
                "scopeSpans": [{ "scope": { "name": spans[0].scope }, "spans": written }],
            })
        })
        .collect();
    json!({ "resourceSpans": batches })
}

fn span(span: &Span) -> Json {
    let events: Vec<Json> = span.events.iter().map(event).collect();
    let links: Vec<Json> = span.links.iter().map(link).collect();
    json!({
        "traceId": span.trace_id.to_string(),
        "spanId": span.span_id.to_string(),
        "parentSpanId": span.parent_id.map_or_else(String::new, |id| id.to_string()),
        "name": span.name,
        "kind": span.kind.number(),
        "startTimeUnixNano": span.start_ns.to_string(),
        "endTimeUnixNano": span.end_ns.to_string(),
        "attributes": key_values(&span.attributes),
        "droppedAttributesCount": span.dropped_attributes,
        "events": events,
        "droppedEventsCount": span.dropped_events,
        "links": links,
        "droppedLinksCount": span.dropped_links,
        "status": match &span.status {
            Status::Unset => json!({}),
            Status::Ok => json!({ "code": 1 }),
            Status::Error(message) => json!({ "code": 2, "message": message }),
        },
        "flags": span.flags,
    })
}

fn event(event: &Event) -> Json {
    json!({
        "timeUnixNano": event.time_ns.to_string(),
        "name": event.name,
        "attributes": key_values(&event.attributes),
        "droppedAttributesCount": event.dropped_attributes,
    })
}

fn link(link: &Link) -> Json {
    json!({
        "traceId": link.trace_id.to_string(),
        "spanId": link.span_id.to_string(),
        "attributes": key_values(&link.attributes),
        "droppedAttributesCount": link.dropped_attributes,
    })
}

fn key_values(attributes: &[(String, Value)]) -> Json {
    let pairs = attributes.iter();
    pairs
        .map(|(key, held)| json!({ "key": key, "value": value(held) }))
        .collect()
}

/// Its depth is that of what was read, which is bounded.
fn value(held: &Value) -> Json {
    match held {
        Value::String(text) => json!({ "stringValue": text }),
        Value::Bool(yes) => json!({ "boolValue": yes }),
        Value::Int(number) => json!({ "intValue": number.to_string() }),
        // JSON has no numbers for these; the mapping writes their names.
        Value::Double(number) if !number.is_finite() => json!({ "doubleValue": match number {
            number if number.is_nan() => "NaN",
            number if *number > 0.0 => "Infinity",
            _ => "-Infinity",
        } }),
        Value::Double(number) => json!({ "doubleValue": number }),
        Value::Bytes(bytes) => json!({ "bytesValue": base64(bytes) }),
        Value::Array(values) => {
            let values: Vec<Json> = values.iter().map(value).collect();
            json!({ "arrayValue": { "values": values } })
        }
        Value::Map(entries) => json!({ "kvlistValue": { "values": key_values(entries) } }),
    }
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |place: usize| u32::from(chunk.get(place).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place > chunk.len() {
                '='
            } else {
                char::from(digit)
            });
        }
    }
    text
}
