//! What a decoded span must have to be stored, whatever form it came in. `protobuf` and `json` hand over to this.

use std::sync::Arc;

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;
use trace_model::{SpanId, TraceId};

use crate::store::{EncodedSpan, Operation};

/// `service.name` of a resource; empty when it has none.
pub(super) fn service(resource: Option<&Resource>) -> Arc<str> {
    let attributes = resource.map_or(&[][..], |resource| &resource.attributes);
    let value = attributes
        .iter()
        .find(|attribute| attribute.key == "service.name");
    match value.and_then(|attribute| attribute.value.as_ref()?.value.as_ref()) {
        Some(Value::StringValue(name)) => name.as_str().into(),
        _ => "".into(),
    }
}

/// The span as the store keeps it; nothing when its ids are invalid. `bytes` is the encoded span.
pub(super) fn span(service: &Arc<str>, span: Span, bytes: &[u8]) -> Option<EncodedSpan> {
    let trace_id: [u8; 16] = span.trace_id.try_into().ok()?;
    let span_id: [u8; 8] = span.span_id.try_into().ok()?;
    if trace_id == [0; 16] || span_id == [0; 8] || !matches!(span.parent_span_id.len(), 0 | 8) {
        return None;
    }
    Some(EncodedSpan {
        trace_id: TraceId(trace_id),
        span_id: SpanId(span_id),
        operation: Operation {
            service: service.clone(),
            name: span.name.into_boxed_str(),
            kind: span.kind,
        },
        bytes: bytes.into(),
    })
}
