//! The three signals of OTLP, and what an item of each must have to be kept.

use std::sync::Arc;

use trace_model::{SpanId, TraceId};

use super::schema::{LOG_RECORD, METRIC, Message, SPAN};
use super::wire::{Value, fields};
use crate::store::{EncodedLog, EncodedMetric, EncodedSpan, name_and_kind};

/// A kind of telemetry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// Spans.
    Traces,
    /// Log records.
    Logs,
    /// Metrics.
    Metrics,
}

impl Signal {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Traces, Self::Logs, Self::Metrics];

    /// Where it is received over HTTP.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Traces => "/v1/traces",
            Self::Logs => "/v1/logs",
            Self::Metrics => "/v1/metrics",
        }
    }

    /// Where it is received over gRPC: service and method.
    #[must_use]
    pub fn grpc_path(self) -> &'static str {
        match self {
            Self::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            Self::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
            Self::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        }
    }

    /// What the items of a request are.
    pub(super) fn message(self) -> &'static Message {
        match self {
            Self::Traces => &SPAN,
            Self::Logs => &LOG_RECORD,
            Self::Metrics => &METRIC,
        }
    }

    /// What a request lists, and these list in turn, in JSON.
    pub(super) fn keys(self) -> [&'static str; 3] {
        match self {
            Self::Traces => ["resourceSpans", "scopeSpans", "spans"],
            Self::Logs => ["resourceLogs", "scopeLogs", "logRecords"],
            Self::Metrics => ["resourceMetrics", "scopeMetrics", "metrics"],
        }
    }

    /// The items that a partial success counts.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Traces => "spans",
            Self::Logs => "log records",
            Self::Metrics => "data points",
        }
    }

    /// The name of their count in JSON.
    pub(super) fn rejected_key(self) -> &'static str {
        match self {
            Self::Traces => "rejectedSpans",
            Self::Logs => "rejectedLogRecords",
            Self::Metrics => "rejectedDataPoints",
        }
    }
}

/// A span, a log record or a metric, where it lies in a request.
pub(super) trait Item<'r>: Sized {
    const SIGNAL: Signal;

    /// The item of these bytes, which are a message of its kind; nothing when its ids are invalid.
    fn read(bytes: &'r [u8]) -> Option<Self>;

    /// How many a partial success counts for it.
    fn count(_bytes: &[u8]) -> u64 {
        1
    }
}

impl<'r> Item<'r> for EncodedSpan<'r> {
    const SIGNAL: Signal = Signal::Traces;

    fn read(bytes: &'r [u8]) -> Option<Self> {
        let (mut trace_id, mut span_id, mut parent_id): (&[u8], &[u8], &[u8]) = (&[], &[], &[]);
        for field in fields(bytes) {
            match (field.number, field.value) {
                (1, Value::Delimited(id)) => trace_id = id,
                (2, Value::Delimited(id)) => span_id = id,
                (4, Value::Delimited(id)) => parent_id = id,
                _ => {}
            }
        }
        if !matches!(parent_id.len(), 0 | 8) {
            return None;
        }
        let (name, kind) = name_and_kind(bytes);
        Some(Self {
            trace_id: trace_id_of(trace_id)?,
            span_id: SpanId(span_id.try_into().ok().filter(|id| *id != [0; 8])?),
            name,
            kind,
            bytes,
        })
    }
}

impl<'r> Item<'r> for EncodedLog<'r> {
    const SIGNAL: Signal = Signal::Logs;

    /// A record with an invalid trace id is one without, as its definition says.
    fn read(bytes: &'r [u8]) -> Option<Self> {
        let trace_id = delimited(bytes, 9).last();
        Some(Self {
            trace_id: trace_id.and_then(trace_id_of),
            bytes,
        })
    }
}

impl<'r> Item<'r> for EncodedMetric<'r> {
    const SIGNAL: Signal = Signal::Metrics;

    fn read(bytes: &'r [u8]) -> Option<Self> {
        let name = delimited(bytes, 1).last();
        Some(Self {
            name: std::str::from_utf8(name.unwrap_or_default()).ok()?,
            points: Self::count(bytes),
            bytes,
        })
    }

    /// Its data points: field 1 of whatever it holds.
    fn count(bytes: &[u8]) -> u64 {
        [5, 7, 9, 10, 11]
            .into_iter()
            .flat_map(|number| delimited(bytes, number))
            .map(|data| delimited(data, 1).count() as u64)
            .sum()
    }
}

fn trace_id_of(bytes: &[u8]) -> Option<TraceId> {
    let id: [u8; 16] = bytes.try_into().ok()?;
    (id != [0; 16]).then_some(TraceId(id))
}

/// The values of a field of a message, where they are messages, texts or bytes.
fn delimited(message: &[u8], number: u32) -> impl Iterator<Item = &[u8]> {
    fields(message)
        .filter(move |field| field.number == number)
        .filter_map(|field| field.delimited().ok())
}

/// `service.name` in the head of a resource; empty when it has none.
pub(super) fn service(head: &[u8]) -> Arc<str> {
    let name = delimited(head, 1)
        .flat_map(|resource| delimited(resource, 1))
        .find(|attribute| delimited(attribute, 1).last() == Some(b"service.name"))
        .and_then(|attribute| delimited(delimited(attribute, 2).last()?, 1).last());
    std::str::from_utf8(name.unwrap_or_default())
        .unwrap_or_default()
        .into()
}
