//! Reads OTLP JSON, the form in which traces travel to a viewer, into [`Span`]s.
//!
//! Follows the JSON mapping of the OTLP specification: ids are hex of either case, 64-bit numbers are numbers or decimal
//! strings, enums are integers, `null` means absent, fields that are not known are ignored. The values are walked by hand
//! instead of derived, which keeps the wasm module small.

mod logs;
mod write;

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use crate::{Event, Kind, Link, Span, SpanId, Status, TraceId, Value};

pub use logs::{Log, parse_logs};
pub use write::write;

/// What was read is not OTLP JSON.
#[derive(Debug, thiserror::Error)]
pub enum ParseError {
    /// Not JSON at all, or nested too deeply.
    #[error("not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A field holds something else than the specification says.
    #[error("`{field}` is not {expected}")]
    Field {
        /// Name of the field, as it is written in JSON.
        field: &'static str,
        /// What belongs there.
        expected: &'static str,
    },
}

/// Reads `{"resourceSpans":[…]}`, bare or inside `{"result":…}` as the query API wraps it; spans in the order they are
/// written.
///
/// # Errors
/// Text that is no JSON object, or a known field of the wrong type; never for a field that is absent or unknown, except
/// that every span needs a trace id and a span id.
pub fn parse(text: &str) -> Result<Vec<Span>, ParseError> {
    let document = serde_json::from_str::<Json>(text)?;
    let document = as_object("document", &document)?;
    let document = match document.get("result") {
        Some(result) if !result.is_null() => as_object("result", result)?,
        _ => document,
    };
    let mut spans = Vec::new();
    for batch in objects(document, "resourceSpans")? {
        let batch = batch?;
        let resource = match object(batch, "resource")? {
            Some(resource) => attributes(resource)?,
            None => Vec::new(),
        };
        let origin = Origin::of(&resource);
        for scope_spans in objects(batch, "scopeSpans")? {
            let scope_spans = scope_spans?;
            let scope = match object(scope_spans, "scope")? {
                Some(scope) => string(scope, "name")?,
                None => String::new(),
            };
            for json in objects(scope_spans, "spans")? {
                spans.push(span(json?, &origin, &scope)?);
            }
        }
    }
    Ok(spans)
}

type Object = Map<String, Json>;

/// What spans of one resource have in common.
struct Origin {
    service: String,
    instance: Arc<str>,
}

impl Origin {
    fn of(resource: &[(String, Value)]) -> Self {
        let text = |name: &str| match resource.iter().find(|(key, _)| key == name) {
            Some((_, Value::String(text))) => Some(text.as_str()),
            _ => None,
        };
        let instance = text("service.instance.id").or_else(|| text("host.name"));
        Self {
            service: text("service.name").unwrap_or_default().to_owned(),
            instance: instance.unwrap_or_default().into(),
        }
    }
}

fn span(json: &Object, origin: &Origin, scope: &str) -> Result<Span, ParseError> {
    let parent_id = match string(json, "parentSpanId")?.as_str() {
        // Some senders write the absent parent as zeros.
        "" | "0000000000000000" => None,
        id => Some(
            id.parse()
                .map_err(|_| not("parentSpanId", "16 hex digits"))?,
        ),
    };
    Ok(Span {
        trace_id: trace_id(json)?,
        span_id: span_id(json)?,
        parent_id,
        name: string(json, "name")?,
        kind: Kind::of_number(unsigned(json, "kind")?),
        start_ns: unsigned(json, "startTimeUnixNano")?,
        end_ns: unsigned(json, "endTimeUnixNano")?,
        attributes: attributes(json)?,
        events: objects(json, "events")?
            .map(|json| event(json?))
            .collect::<Result<_, _>>()?,
        links: objects(json, "links")?
            .map(|json| link(json?))
            .collect::<Result<_, _>>()?,
        status: status(json)?,
        service: origin.service.clone(),
        instance: origin.instance.clone(),
        flags: count(json, "flags")?,
        scope: scope.to_owned(),
        dropped_attributes: count(json, "droppedAttributesCount")?,
        dropped_events: count(json, "droppedEventsCount")?,
        dropped_links: count(json, "droppedLinksCount")?,
    })
}

fn event(json: &Object) -> Result<Event, ParseError> {
    Ok(Event {
        time_ns: unsigned(json, "timeUnixNano")?,
        name: string(json, "name")?,
        attributes: attributes(json)?,
        dropped_attributes: count(json, "droppedAttributesCount")?,
    })
}

fn link(json: &Object) -> Result<Link, ParseError> {
    Ok(Link {
        trace_id: trace_id(json)?,
        span_id: span_id(json)?,
        attributes: attributes(json)?,
        dropped_attributes: count(json, "droppedAttributesCount")?,
    })
}

fn trace_id(json: &Object) -> Result<TraceId, ParseError> {
    string(json, "traceId")?
        .parse()
        .map_err(|_| not("traceId", "32 hex digits"))
}

fn span_id(json: &Object) -> Result<SpanId, ParseError> {
    string(json, "spanId")?
        .parse()
        .map_err(|_| not("spanId", "16 hex digits"))
}

fn status(json: &Object) -> Result<Status, ParseError> {
    let Some(status) = object(json, "status")? else {
        return Ok(Status::Unset);
    };
    Ok(match unsigned(status, "code")? {
        1 => Status::Ok,
        2 => Status::Error(string(status, "message")?),
        _ => Status::Unset,
    })
}

fn attributes(json: &Object) -> Result<Vec<(String, Value)>, ParseError> {
    key_values(json, "attributes")
}

fn key_values(json: &Object, field: &'static str) -> Result<Vec<(String, Value)>, ParseError> {
    let mut entries = Vec::new();
    for entry in objects(json, field)? {
        let entry = entry?;
        // A key without a value says nothing.
        if let Some(holder) = object(entry, "value")?
            && let Some(value) = value(holder)?
        {
            entries.push((string(entry, "key")?, value));
        }
    }
    Ok(entries)
}

/// The first known member that is not null; its depth is bounded by the JSON reader's.
fn value(holder: &Object) -> Result<Option<Value>, ParseError> {
    for (member, json) in holder.iter().filter(|(_, json)| !json.is_null()) {
        return Ok(Some(match member.as_str() {
            "stringValue" => Value::String(string(holder, "stringValue")?),
            "boolValue" => Value::Bool(json.as_bool().ok_or(not("boolValue", "a boolean"))?),
            "intValue" => Value::Int(signed(json).ok_or(not("intValue", "a 64-bit integer"))?),
            "doubleValue" => Value::Double(double(json).ok_or(not("doubleValue", "a number"))?),
            "bytesValue" => Value::Bytes(
                json.as_str()
                    .and_then(base64)
                    .ok_or(not("bytesValue", "bytes in base64"))?,
            ),
            "arrayValue" => {
                let array = as_object("arrayValue", json)?;
                let values = objects(array, "values")?.map(|json| value(json?));
                // An empty value cannot be shown, but the places after it must not move.
                Value::Array(
                    values
                        .map(|value| Ok(value?.unwrap_or(Value::String(String::new()))))
                        .collect::<Result<_, ParseError>>()?,
                )
            }
            "kvlistValue" => Value::Map(key_values(as_object("kvlistValue", json)?, "values")?),
            _ => continue,
        }));
    }
    Ok(None)
}

fn not(field: &'static str, expected: &'static str) -> ParseError {
    ParseError::Field { field, expected }
}

fn as_object<'j>(field: &'static str, json: &'j Json) -> Result<&'j Object, ParseError> {
    json.as_object().ok_or(not(field, "an object"))
}

fn object<'j>(json: &'j Object, field: &'static str) -> Result<Option<&'j Object>, ParseError> {
    match json.get(field) {
        None | Some(Json::Null) => Ok(None),
        Some(json) => as_object(field, json).map(Some),
    }
}

/// The objects of an array; none when it is absent.
fn objects<'j>(
    json: &'j Object,
    field: &'static str,
) -> Result<impl Iterator<Item = Result<&'j Object, ParseError>>, ParseError> {
    let array = match json.get(field) {
        None | Some(Json::Null) => &[],
        Some(Json::Array(array)) => array.as_slice(),
        Some(_) => return Err(not(field, "an array")),
    };
    Ok(array.iter().map(move |json| as_object(field, json)))
}

fn string(json: &Object, field: &'static str) -> Result<String, ParseError> {
    match json.get(field) {
        None | Some(Json::Null) => Ok(String::new()),
        Some(Json::String(text)) => Ok(text.clone()),
        Some(_) => Err(not(field, "a string")),
    }
}

fn unsigned(json: &Object, field: &'static str) -> Result<u64, ParseError> {
    match json.get(field) {
        None | Some(Json::Null) => Some(0),
        Some(Json::String(text)) => text.parse().ok(),
        Some(json) => json.as_u64(),
    }
    .ok_or(not(field, "an unsigned 64-bit integer"))
}

fn count(json: &Object, field: &'static str) -> Result<u32, ParseError> {
    u32::try_from(unsigned(json, field)?).map_err(|_| not(field, "an unsigned 32-bit integer"))
}

fn signed(json: &Json) -> Option<i64> {
    match json {
        Json::String(text) => text.parse().ok(),
        json => json.as_i64(),
    }
}

fn double(json: &Json) -> Option<f64> {
    match json {
        // JSON has no way to write these three, so protobuf's mapping spells them; other numbers may be in quotes too.
        Json::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            // The standard library's own way from text brings ten kilobytes of tables into a page.
            number => serde_json::from_str(number).ok(),
        },
        json => json.as_f64(),
    }
}

/// Bytes of base64 text in the standard or the URL alphabet, padded or not.
fn base64(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=').as_bytes();
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for quad in text.chunks(4) {
        let mut bits = 0;
        for &digit in quad {
            bits = bits << 6 | u32::from(sextet(digit)?);
        }
        match quad.len() {
            4 => bytes.extend_from_slice(&bits.to_be_bytes()[1..]),
            3 => bytes.extend_from_slice(&(bits >> 2).to_be_bytes()[2..]),
            2 => bytes.push((bits >> 4) as u8),
            _ => return None,
        }
    }
    Some(bytes)
}

fn sextet(digit: u8) -> Option<u8> {
    match digit {
        b'A'..=b'Z' => Some(digit - b'A'),
        b'a'..=b'z' => Some(digit - b'a' + 26),
        b'0'..=b'9' => Some(digit - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}
