//! The three signals of OTLP, and what an item of each must have to be kept.

use std::sync::Arc;

use trace_model::{SpanId, TraceId};

use super::schema::{LOG_RECORD, METRIC, Message, SPAN};
use super::wire::{Value, fields};
use crate::store::{EncodedLog, EncodedMetric, EncodedSpan, Operation};

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

/// A span, a log record or a metric, as it is kept.
pub(super) trait Item: Sized {
    const SIGNAL: Signal;
    const MESSAGE: &'static Message;

    /// The item of these bytes, which are a message of its kind; nothing when its ids are invalid.
    fn read(service: &Arc<str>, bytes: &[u8]) -> Option<Self>;

    /// How many a partial success counts for it.
    fn count(_bytes: &[u8]) -> u64 {
        1
    }
}

impl Item for EncodedSpan {
    const SIGNAL: Signal = Signal::Traces;
    const MESSAGE: &'static Message = &SPAN;

    fn read(service: &Arc<str>, bytes: &[u8]) -> Option<Self> {
        let (mut trace_id, mut span_id, mut parent_id): (&[u8], &[u8], &[u8]) = (&[], &[], &[]);
        let (mut name, mut kind) = ("", 0);
        for field in fields(bytes) {
            match (field.number, field.value) {
                (1, Value::Delimited(bytes)) => trace_id = bytes,
                (2, Value::Delimited(bytes)) => span_id = bytes,
                (4, Value::Delimited(bytes)) => parent_id = bytes,
                (5, Value::Delimited(bytes)) => name = std::str::from_utf8(bytes).ok()?,
                #[allow(clippy::cast_possible_truncation, reason = "as protobuf does")]
                (6, Value::Varint(value)) => kind = value as i32,
                _ => {}
            }
        }
        if !matches!(parent_id.len(), 0 | 8) {
            return None;
        }
        Some(Self {
            trace_id: trace_id_of(trace_id)?,
            span_id: SpanId(span_id.try_into().ok().filter(|id| *id != [0; 8])?),
            operation: Operation {
                service: service.clone(),
                name: name.into(),
                kind,
            },
            bytes: bytes.into(),
        })
    }
}

impl Item for EncodedLog {
    const SIGNAL: Signal = Signal::Logs;
    const MESSAGE: &'static Message = &LOG_RECORD;

    /// A record with an invalid trace id is one without, as its definition says.
    fn read(_service: &Arc<str>, bytes: &[u8]) -> Option<Self> {
        let trace_id = fields(bytes)
            .filter(|field| field.number == 9)
            .filter_map(|field| field.delimited().ok())
            .last();
        Some(Self {
            trace_id: trace_id.and_then(trace_id_of),
            bytes: bytes.into(),
        })
    }
}

impl Item for EncodedMetric {
    const SIGNAL: Signal = Signal::Metrics;
    const MESSAGE: &'static Message = &METRIC;

    fn read(_service: &Arc<str>, bytes: &[u8]) -> Option<Self> {
        let name = fields(bytes)
            .filter(|field| field.number == 1)
            .filter_map(|field| field.delimited().ok())
            .last();
        Some(Self {
            name: std::str::from_utf8(name.unwrap_or_default()).ok()?.into(),
            points: Self::count(bytes),
            bytes: bytes.into(),
        })
    }

    /// Its data points: field 1 of whatever it holds.
    fn count(bytes: &[u8]) -> u64 {
        fields(bytes)
            .filter(|field| matches!(field.number, 5 | 7 | 9 | 10 | 11))
            .filter_map(|field| field.delimited().ok())
            .map(|data| fields(data).filter(|field| field.number == 1).count() as u64)
            .sum()
    }
}

fn trace_id_of(bytes: &[u8]) -> Option<TraceId> {
    let id: [u8; 16] = bytes.try_into().ok()?;
    (id != [0; 16]).then_some(TraceId(id))
}

/// `service.name` in the head of a resource; empty when it has none.
pub(super) fn service(head: &[u8]) -> Arc<str> {
    let inner = |bytes, number| {
        fields(bytes)
            .filter(move |field| field.number == number)
            .filter_map(|field| field.delimited().ok())
    };
    let name = inner(head, 1)
        .flat_map(|resource| inner(resource, 1))
        .find(|attribute| inner(attribute, 1).last() == Some(b"service.name"))
        .and_then(|attribute| inner(inner(attribute, 2).last()?, 1).last());
    std::str::from_utf8(name.unwrap_or_default())
        .unwrap_or_default()
        .into()
}
