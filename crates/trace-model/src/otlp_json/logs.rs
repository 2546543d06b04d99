//! Reads the log records of OTLP JSON: what happened beside spans, and in which of them.

use super::{
    Json, Object, ParseError, as_object, attributes, not, object, objects, string, unsigned, value,
};
use crate::{SpanId, Value};

/// A log record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Log {
    /// The span that was under way; absent when none was.
    pub span_id: Option<SpanId>,
    /// When it happened, or where nobody said, was observed; in nanoseconds since the Unix epoch.
    pub time_ns: u64,
    /// `INFO`, `ERROR` or what else the sender calls it; empty when it does not say.
    pub severity: String,
    /// Name of an event, else the body as text.
    pub text: String,
    /// Attributes in the order they were sent.
    pub attributes: Vec<(String, Value)>,
}

/// Reads `{"resourceLogs":[…]}`; records in the order they are written.
///
/// # Errors
/// As [`super::parse`].
pub fn parse_logs(text: &str) -> Result<Vec<Log>, ParseError> {
    let document = serde_json::from_str::<Json>(text)?;
    let mut logs = Vec::new();
    for batch in objects(as_object("document", &document)?, "resourceLogs")? {
        for scope_logs in objects(batch?, "scopeLogs")? {
            for json in objects(scope_logs?, "logRecords")? {
                logs.push(log(json?)?);
            }
        }
    }
    Ok(logs)
}

fn log(json: &Object) -> Result<Log, ParseError> {
    let span_id = match string(json, "spanId")?.as_str() {
        "" | "0000000000000000" => None,
        id => Some(id.parse().map_err(|_| not("spanId", "16 hex digits"))?),
    };
    let body = match object(json, "body")? {
        Some(body) => value(body)?.map(|body| body.to_string()),
        None => None,
    };
    let name = string(json, "eventName")?;
    let happened_ns = unsigned(json, "timeUnixNano")?;
    Ok(Log {
        span_id,
        time_ns: match happened_ns {
            0 => unsigned(json, "observedTimeUnixNano")?,
            happened_ns => happened_ns,
        },
        severity: severity(json)?,
        text: match name.is_empty() {
            true => body.unwrap_or_default(),
            false => name,
        },
        attributes: attributes(json)?,
    })
}

/// The sender's own word for it, else that of the range its number is in.
fn severity(json: &Object) -> Result<String, ParseError> {
    let text = string(json, "severityText")?;
    if !text.is_empty() {
        return Ok(text);
    }
    let word = match unsigned(json, "severityNumber")? {
        1..=4 => "TRACE",
        5..=8 => "DEBUG",
        9..=12 => "INFO",
        13..=16 => "WARN",
        17..=20 => "ERROR",
        21..=24 => "FATAL",
        _ => "",
    };
    Ok(word.to_owned())
}
