//! The three signals of OTLP: their messages, and what of them is admitted.

use opentelemetry_proto::tonic::collector::{
    logs::v1::{ExportLogsServiceRequest, ExportLogsServiceResponse},
    metrics::v1::{ExportMetricsServiceRequest, ExportMetricsServiceResponse},
    trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse},
};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::{Exemplar, Gauge, Metric, Sum, metric::Data};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::limits::{
    MAX_EVENTS, MAX_ITEMS, MAX_LINKS, clip, cut, cut_attributes, cut_scope, cut_value,
    sign_resource,
};

/// Why a request is refused as a whole, for its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused(pub(super) &'static str);

/// One signal of OTLP.
pub(crate) trait Signal: Send + 'static {
    /// What clients send.
    type Export: Message + Default + DeserializeOwned;
    /// What the receiver answers.
    type Answer: Message + Default + Serialize;
    /// Where the receiver takes it.
    const PATH: &'static str;

    /// Signs every resource with the page's name, cuts what is too long, refuses what is malformed.
    fn admit(export: &mut Self::Export) -> Result<(), Refused>;
}

/// Spans.
pub(crate) struct Traces;
/// Log records.
pub(crate) struct Logs;
/// Metrics.
pub(crate) struct Metrics;

impl Signal for Traces {
    type Export = ExportTraceServiceRequest;
    type Answer = ExportTraceServiceResponse;
    const PATH: &'static str = "/v1/traces";

    fn admit(export: &mut Self::Export) -> Result<(), Refused> {
        let mut spans = 0;
        for of_resource in &mut export.resource_spans {
            sign_resource(&mut of_resource.resource);
            clip(&mut of_resource.schema_url);
            for of_scope in &mut of_resource.scope_spans {
                cut_scope(&mut of_scope.scope);
                clip(&mut of_scope.schema_url);
                spans += of_scope.spans.len();
                of_scope.spans.iter_mut().try_for_each(admit_span)?;
            }
        }
        few_enough(spans)
    }
}

impl Signal for Logs {
    type Export = ExportLogsServiceRequest;
    type Answer = ExportLogsServiceResponse;
    const PATH: &'static str = "/v1/logs";

    fn admit(export: &mut Self::Export) -> Result<(), Refused> {
        let mut records = 0;
        for of_resource in &mut export.resource_logs {
            sign_resource(&mut of_resource.resource);
            clip(&mut of_resource.schema_url);
            for of_scope in &mut of_resource.scope_logs {
                cut_scope(&mut of_scope.scope);
                clip(&mut of_scope.schema_url);
                records += of_scope.log_records.len();
                of_scope.log_records.iter_mut().try_for_each(admit_record)?;
            }
        }
        few_enough(records)
    }
}

impl Signal for Metrics {
    type Export = ExportMetricsServiceRequest;
    type Answer = ExportMetricsServiceResponse;
    const PATH: &'static str = "/v1/metrics";

    fn admit(export: &mut Self::Export) -> Result<(), Refused> {
        let mut points = 0;
        for of_resource in &mut export.resource_metrics {
            sign_resource(&mut of_resource.resource);
            clip(&mut of_resource.schema_url);
            for of_scope in &mut of_resource.scope_metrics {
                cut_scope(&mut of_scope.scope);
                clip(&mut of_scope.schema_url);
                for metric in &mut of_scope.metrics {
                    points += admit_metric(metric)?;
                }
            }
        }
        few_enough(points)
    }
}

fn few_enough(items: usize) -> Result<(), Refused> {
    match items <= MAX_ITEMS {
        true => Ok(()),
        false => Err(Refused("The request holds too many items.")),
    }
}

fn admit_span(span: &mut Span) -> Result<(), Refused> {
    let parent_is_valid = span.parent_span_id.is_empty() || is_span_id(&span.parent_span_id);
    if !is_trace_id(&span.trace_id) || !is_span_id(&span.span_id) || !parent_is_valid {
        return Err(Refused("A span has an invalid id."));
    }
    clip(&mut span.name);
    clip(&mut span.trace_state);
    cut_attributes(&mut span.attributes, &mut span.dropped_attributes_count);
    cut(&mut span.events, MAX_EVENTS, &mut span.dropped_events_count);
    for event in &mut span.events {
        clip(&mut event.name);
        cut_attributes(&mut event.attributes, &mut event.dropped_attributes_count);
    }
    cut(&mut span.links, MAX_LINKS, &mut span.dropped_links_count);
    for link in &mut span.links {
        if !is_trace_id(&link.trace_id) || !is_span_id(&link.span_id) {
            return Err(Refused("A link has an invalid id."));
        }
        clip(&mut link.trace_state);
        cut_attributes(&mut link.attributes, &mut link.dropped_attributes_count);
    }
    if let Some(status) = &mut span.status {
        clip(&mut status.message);
    }
    Ok(())
}

fn admit_record(record: &mut LogRecord) -> Result<(), Refused> {
    in_trace_or_none(&record.trace_id, &record.span_id)?;
    clip(&mut record.severity_text);
    clip(&mut record.event_name);
    if let Some(body) = &mut record.body {
        cut_value(body);
    }
    cut_attributes(&mut record.attributes, &mut record.dropped_attributes_count);
    Ok(())
}

/// Gives the number of data points.
fn admit_metric(metric: &mut Metric) -> Result<usize, Refused> {
    clip(&mut metric.name);
    clip(&mut metric.description);
    clip(&mut metric.unit);
    cut_attributes(&mut metric.metadata, &mut 0);
    let mut points = 0;
    let mut admit = |attributes: &mut Vec<KeyValue>, exemplars: &mut [Exemplar]| {
        points += 1;
        cut_attributes(attributes, &mut 0);
        exemplars.iter_mut().try_for_each(admit_exemplar)
    };
    match &mut metric.data {
        None => (),
        Some(Data::Gauge(Gauge { data_points }) | Data::Sum(Sum { data_points, .. })) => {
            for point in data_points {
                admit(&mut point.attributes, &mut point.exemplars)?;
            }
        }
        Some(Data::Histogram(histogram)) => {
            for point in &mut histogram.data_points {
                admit(&mut point.attributes, &mut point.exemplars)?;
            }
        }
        Some(Data::ExponentialHistogram(histogram)) => {
            for point in &mut histogram.data_points {
                admit(&mut point.attributes, &mut point.exemplars)?;
            }
        }
        Some(Data::Summary(summary)) => {
            for point in &mut summary.data_points {
                admit(&mut point.attributes, &mut [])?;
            }
        }
    }
    Ok(points)
}

fn admit_exemplar(exemplar: &mut Exemplar) -> Result<(), Refused> {
    cut_attributes(&mut exemplar.filtered_attributes, &mut 0);
    in_trace_or_none(&exemplar.trace_id, &exemplar.span_id)
}

fn in_trace_or_none(trace_id: &[u8], span_id: &[u8]) -> Result<(), Refused> {
    let trace_is_valid = trace_id.is_empty() || is_trace_id(trace_id);
    let span_is_valid = span_id.is_empty() || is_span_id(span_id);
    match trace_is_valid && span_is_valid {
        true => Ok(()),
        false => Err(Refused("A record has an invalid trace or span id.")),
    }
}

fn is_trace_id(id: &[u8]) -> bool {
    id.len() == 16 && id.iter().any(|&byte| byte != 0)
}

fn is_span_id(id: &[u8]) -> bool {
    id.len() == 8 && id.iter().any(|&byte| byte != 0)
}
