//! Makes OTLP requests, and reads statuses, for the other files.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};

use crate::host::Answer;

/// An internal span named by its id.
pub(crate) fn span(trace_id: u128, span_id: u64) -> Span {
    Span {
        trace_id: trace_id.to_be_bytes().to_vec(),
        span_id: span_id.to_be_bytes().to_vec(),
        name: format!("span {span_id}"),
        kind: 1,
        start_time_unix_nano: 1_000,
        end_time_unix_nano: 2_000,
        ..Span::default()
    }
}

/// A request with spans of one service.
pub(crate) fn request(service: &str, spans: Vec<Span>) -> ExportTraceServiceRequest {
    let resource = Resource {
        attributes: vec![text("service.name", service)],
        ..Resource::default()
    };
    let scope_spans = vec![ScopeSpans {
        spans,
        ..ScopeSpans::default()
    }];
    let resource_spans = ResourceSpans {
        resource: Some(resource),
        scope_spans,
        ..ResourceSpans::default()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![resource_spans],
    }
}

pub(crate) fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.to_owned()))
}

pub(crate) fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

/// One span in JSON, with these members besides its ids.
pub(crate) fn one_json(members: &str) -> String {
    let ids = r#""traceId":"00000000000000000000000000000001","spanId":"0000000000000002""#;
    format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{{ids}{members}}}]}}]}}]}}"#)
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Code and message of a `google.rpc.Status` in protobuf.
pub(crate) fn status(answer: &Answer) -> (u64, String) {
    let mut rest = answer.body.as_slice();
    assert_eq!(
        prost::encoding::decode_varint(&mut rest).unwrap(),
        1 << 3,
        "field 1, a number"
    );
    let code = prost::encoding::decode_varint(&mut rest).unwrap();
    assert_eq!(
        prost::encoding::decode_varint(&mut rest).unwrap(),
        2 << 3 | 2,
        "field 2, a text"
    );
    let length = prost::encoding::decode_varint(&mut rest).unwrap();
    assert_eq!(length as usize, rest.len());
    (code, String::from_utf8(rest.to_vec()).unwrap())
}
