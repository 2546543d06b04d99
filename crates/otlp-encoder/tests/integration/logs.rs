//! Log records, alone and in requests.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use otlp_encoder::{LogHead, LogWriter, Scope, log, resource_records};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use prost::Message;

use crate::model::{
    attributes, count, span_id, text, time_ns, trace_id, value, write_attributes, write_values,
};

/// Any log record that the encoder's types can say.
fn record() -> impl Strategy<Value = LogRecord> {
    let head = (time_ns(), time_ns(), 0..=24_i32, text(), text());
    let span = option::of((trace_id(), span_id(), any::<u8>()));
    let body = (option::of(value()), attributes(), count());
    (head, span, body).prop_map(|(head, span, body)| {
        let (trace_id, span_id, trace_flags) = span.unwrap_or_default();
        LogRecord {
            time_unix_nano: head.0,
            observed_time_unix_nano: head.1,
            severity_number: head.2,
            severity_text: head.3,
            body: body.0,
            attributes: body.1,
            dropped_attributes_count: body.2,
            flags: u32::from(trace_flags),
            trace_id,
            span_id,
            event_name: head.4,
        }
    })
}

fn head_of(record: &LogRecord) -> LogHead<'_> {
    let trace_id = record.trace_id.as_slice().try_into().ok();
    LogHead {
        time_ns: record.time_unix_nano,
        observed_ns: record.observed_time_unix_nano,
        severity_number: record.severity_number as u32,
        severity_text: &record.severity_text,
        event_name: &record.event_name,
        span: trace_id.zip(record.span_id.as_slice().try_into().ok()),
        trace_flags: record.flags as u8,
    }
}

fn write_record(writer: &mut LogWriter<'_>, record: &LogRecord) {
    if let Some(body) = &record.body {
        writer.body(|values| write_values(values, std::slice::from_ref(body)));
    }
    write_attributes(&mut writer.attributes(), &record.attributes);
    writer.dropped_attributes(record.dropped_attributes_count);
}

fn encode_record(record: &LogRecord) -> Vec<u8> {
    let mut buffer = Vec::new();
    log(&mut buffer, &head_of(record), |writer| {
        write_record(writer, record)
    });
    buffer
}

/// Any request of log records of one resource and scope.
pub(crate) fn request() -> impl Strategy<Value = ExportLogsServiceRequest> {
    let scope = (text(), text(), attributes(), text());
    (scope, attributes(), vec(record(), 0..4)).prop_map(|(scope, resource, log_records)| {
        let (name, version, attributes, schema_url) = scope;
        ExportLogsServiceRequest {
            resource_logs: vec![ResourceLogs {
                resource: Some(Resource {
                    attributes: resource,
                    ..Resource::default()
                }),
                scope_logs: vec![ScopeLogs {
                    scope: Some(InstrumentationScope {
                        name,
                        version,
                        attributes,
                        dropped_attributes_count: 0,
                    }),
                    log_records,
                    schema_url,
                }],
                schema_url: String::new(),
            }],
        }
    })
}

/// The encoder's bytes for a request; every other record is encoded before it is wrapped.
pub(crate) fn encode_request(request: &ExportLogsServiceRequest) -> Vec<u8> {
    let mut bytes = Vec::new();
    for resource in &request.resource_logs {
        let attributes = &resource.resource.as_ref().unwrap().attributes;
        resource_records(
            &mut bytes,
            |writer| write_attributes(writer, attributes),
            |scopes| {
                for scope_logs in &resource.scope_logs {
                    let scope = scope_logs.scope.as_ref().unwrap();
                    let head = Scope {
                        name: &scope.name,
                        version: &scope.version,
                        schema_url: &scope_logs.schema_url,
                    };
                    scopes.scope(
                        &head,
                        |writer| write_attributes(writer, &scope.attributes),
                        |writer| {
                            for (index, record) in scope_logs.log_records.iter().enumerate() {
                                if index % 2 == 0 {
                                    writer.encoded(&encode_record(record));
                                } else {
                                    let head = head_of(record);
                                    writer.log(&head, |writer| write_record(writer, record));
                                }
                            }
                        },
                    );
                }
            },
        );
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn any_record_decodes_to_itself(record in record()) {
        let bytes = encode_record(&record);
        prop_assert_eq!(&LogRecord::decode(bytes.as_slice()).unwrap(), &record);
        prop_assert!(bytes == record.encode_to_vec(), "not the canonical bytes");
    }

    #[test]
    fn any_request_of_records_decodes_to_itself(request in request()) {
        let bytes = encode_request(&request);
        prop_assert_eq!(&ExportLogsServiceRequest::decode(bytes.as_slice()).unwrap(), &request);
        prop_assert!(bytes == request.encode_to_vec(), "not the canonical bytes");
    }
}

#[test]
fn the_last_body_counts() {
    let mut bytes = Vec::new();
    let record = LogRecord::default();
    log(&mut bytes, &head_of(&record), |writer| {
        writer.body(|values| values.int(1));
        writer.body(|values| values.string("second"));
    });
    let body = LogRecord::decode(bytes.as_slice()).unwrap().body.unwrap();
    assert_eq!(body.value, Some(Value::StringValue("second".to_owned())));
}
