//! Log records and metrics: received as spans are, log records found by their trace, metrics by their latest value.

use collector::otlp::Limits;
use collector::store::MIN_MAX_BYTES;
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{
    Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, metric, number_data_point,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use proptest::prelude::*;
use prost::Message;
use serde_json::json;

use crate::host::Host;
use crate::otlp::{JSON, PROTOBUF};
use crate::sample::{status, text};

fn log(trace_id: u128, body: &str) -> LogRecord {
    LogRecord {
        time_unix_nano: 1_000,
        severity_number: 9,
        body: Some(AnyValue {
            value: Some(Value::StringValue(body.to_owned())),
        }),
        trace_id: trace_id.to_be_bytes().to_vec(),
        span_id: vec![1; 8],
        ..LogRecord::default()
    }
}

fn resource(service: &str) -> Option<Resource> {
    Some(Resource {
        attributes: vec![text("service.name", service)],
        ..Resource::default()
    })
}

fn logs(service: &str, log_records: Vec<LogRecord>) -> ExportLogsServiceRequest {
    ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            resource: resource(service),
            scope_logs: vec![ScopeLogs {
                scope: Some(InstrumentationScope {
                    name: "test".to_owned(),
                    ..InstrumentationScope::default()
                }),
                log_records,
                ..ScopeLogs::default()
            }],
            ..ResourceLogs::default()
        }],
    }
}

fn gauge(name: &str, values: &[i64]) -> Metric {
    let data_points = values.iter().map(|value| NumberDataPoint {
        time_unix_nano: 1_000,
        value: Some(number_data_point::Value::AsInt(*value)),
        ..NumberDataPoint::default()
    });
    Metric {
        name: name.to_owned(),
        data: Some(metric::Data::Gauge(Gauge {
            data_points: data_points.collect(),
        })),
        ..Metric::default()
    }
}

fn metrics(service: &str, metrics: Vec<Metric>) -> ExportMetricsServiceRequest {
    ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: resource(service),
            scope_metrics: vec![ScopeMetrics {
                metrics,
                ..ScopeMetrics::default()
            }],
            ..ResourceMetrics::default()
        }],
    }
}

/// Posts a request that must be taken as a whole.
fn send(host: &Host, path: &str, request: &impl Message) {
    let headers = format!("content-type: {PROTOBUF}\r\n");
    let answer = host.post_to(path, &headers, &request.encode_to_vec());
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b""[..]));
}

/// The bodies of the log records of a trace.
fn bodies_of(host: &Host, trace_id: u128) -> Vec<String> {
    let answer = host.get(&format!("/api/x/traces/{trace_id:032x}/logs"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let held: ExportLogsServiceRequest = serde_json::from_slice(&answer.body).unwrap();
    let scopes = held.resource_logs.into_iter().flat_map(|r| r.scope_logs);
    let records = scopes.flat_map(|scope| scope.log_records);
    records
        .map(|record| match record.body.unwrap().value.unwrap() {
            Value::StringValue(body) => body,
            other => panic!("{other:?}"),
        })
        .collect()
}

#[test]
fn log_records_are_found_by_their_trace() {
    let host = Host::start();
    let request = logs("shop", vec![log(1, "a"), log(2, "b"), log(1, "c")]);
    send(&host, "/v1/logs", &request);
    let headers = format!("content-type: {JSON}\r\n");
    let json = serde_json::to_vec(&logs("page", vec![log(1, "d")])).unwrap();
    let answer = host.post_to("/v1/logs", &headers, &json);
    assert_eq!((answer.status, answer.text()), (200, "{}".to_owned()));
    assert_eq!(bodies_of(&host, 1), ["a", "c", "d"]);
    assert_eq!(bodies_of(&host, 2), ["b"]);
    assert_eq!(bodies_of(&host, 3), [""; 0]);
    assert_eq!(host.get("/api/x/traces/x/logs").status, 400);
}

#[test]
fn log_records_come_back_as_they_were_sent_with_resource_and_scope() {
    let host = Host::start();
    let request = logs("shop", vec![log(1, "a"), log(1, "b")]);
    send(&host, "/v1/logs", &request);
    let held = host.get(&format!("/api/x/traces/{:032x}/logs", 1)).body;
    let held: ExportLogsServiceRequest = serde_json::from_slice(&held).unwrap();
    assert_eq!(held, request);
}

#[test]
fn a_log_record_without_a_valid_trace_id_is_taken_and_belongs_to_no_trace() {
    let host = Host::start();
    let mut short = log(1, "short");
    short.trace_id.pop();
    let request = logs("shop", vec![log(0, "zero"), short]);
    send(&host, "/v1/logs", &request);
    let counters = host.counters().logs;
    assert_eq!((counters.logs_held, counters.logs_rejected), (2, 0));
    assert_eq!(bodies_of(&host, 1), [""; 0]);
}

#[test]
fn a_log_record_that_is_too_large_is_a_partial_success_in_log_records() {
    let host = Host::start();
    let request = logs("shop", vec![log(1, &"x".repeat(2 << 20)), log(1, "a")]);
    let headers = format!("content-type: {PROTOBUF}\r\n");
    let answer = host.post_to("/v1/logs", &headers, &request.encode_to_vec());
    let response = ExportLogsServiceResponse::decode(answer.body.as_slice()).unwrap();
    let partial = response.partial_success.unwrap();
    assert_eq!(partial.rejected_log_records, 1);
    let headers = format!("content-type: {JSON}\r\n");
    let json = serde_json::to_vec(&request).unwrap();
    let message = "log records not taken: 1 larger than this collector takes";
    assert_eq!(
        host.post_to("/v1/logs", &headers, &json).json(),
        json!({"partialSuccess": {"rejectedLogRecords": "1", "errorMessage": message}})
    );
    assert_eq!(bodies_of(&host, 1), ["a", "a"]);
}

#[test]
fn the_oldest_log_records_go_first_and_the_bound_holds() {
    let host = Host::with(MIN_MAX_BYTES, Limits::default());
    for call in 0..100 {
        let body = format!("{call} {}", "x".repeat(50_000));
        send(&host, "/v1/logs", &logs("shop", vec![log(call, &body)]));
        let counters = host.counters().logs;
        assert!(counters.logs_bytes_held <= counters.logs_max_bytes);
        assert_eq!(
            counters.logs_received,
            counters.logs_held + counters.logs_evicted
        );
    }
    let is_held = |call: &u128| !bodies_of(&host, *call).is_empty();
    let held: Vec<u128> = (1..100).filter(is_held).collect();
    assert_eq!(held, (80..100).collect::<Vec<_>>(), "a mebibyte holds 20");
}

#[test]
fn metrics_are_kept_with_their_latest_value() {
    let host = Host::start();
    send(
        &host,
        "/v1/metrics",
        &metrics("shop", vec![gauge("a", &[1]), gauge("b", &[2])]),
    );
    send(
        &host,
        "/v1/metrics",
        &metrics("shop", vec![gauge("a", &[3, 4])]),
    );
    let json = serde_json::to_vec(&metrics("page", vec![gauge("a", &[5])])).unwrap();
    let headers = format!("content-type: {JSON}\r\n");
    assert_eq!(host.post_to("/v1/metrics", &headers, &json).text(), "{}");
    let held = host.get("/api/x/metrics").body;
    let held: ExportMetricsServiceRequest = serde_json::from_slice(&held).unwrap();
    let mut expected = metrics("shop", vec![gauge("b", &[2]), gauge("a", &[3, 4])]);
    let page = metrics("page", vec![gauge("a", &[5])]);
    expected.resource_metrics.extend(page.resource_metrics);
    assert_eq!(held, expected);
    let counters = host.counters().metrics;
    assert_eq!(
        (counters.data_points_received, counters.metrics_held),
        (5, 3)
    );
}

#[test]
fn a_metric_that_is_too_large_is_a_partial_success_in_data_points() {
    let host = Host::start();
    let request = metrics(
        "shop",
        vec![gauge("large", &vec![7; 100_000]), gauge("a", &[1])],
    );
    let headers = format!("content-type: {PROTOBUF}\r\n");
    let answer = host.post_to("/v1/metrics", &headers, &request.encode_to_vec());
    let response = ExportMetricsServiceResponse::decode(answer.body.as_slice()).unwrap();
    let partial = response.partial_success.unwrap();
    assert_eq!(partial.rejected_data_points, 100_000);
    assert_eq!(
        partial.error_message,
        "data points not taken: 100000 larger than this collector takes"
    );
    assert_eq!(host.counters().metrics.metrics_held, 1);
}

#[test]
fn the_metrics_that_were_not_updated_longest_go_first() {
    let host = Host::with(MIN_MAX_BYTES, Limits::default());
    let large = |name: &str| Metric {
        description: "x".repeat(50_000),
        ..gauge(name, &[1])
    };
    for call in 0..40 {
        let request = metrics("shop", vec![large("kept"), large(&format!("once {call}"))]);
        send(&host, "/v1/metrics", &request);
    }
    let counters = host.counters().metrics;
    assert!(counters.metrics_bytes_held <= counters.metrics_max_bytes);
    assert_eq!(counters.metrics_held + counters.metrics_evicted, 41);
    assert!(
        host.get("/api/x/metrics")
            .text()
            .contains(r#""name":"kept""#)
    );
}

#[test]
fn every_kind_of_metric_in_json_is_what_it_is_in_protobuf() {
    let metric = |data: &str| {
        let host = Host::start();
        let body = format!(
            r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"name":"m",{data}}}]}}]}}]}}"#
        );
        let headers = format!("content-type: {JSON}\r\n");
        let answer = host.post_to("/v1/metrics", &headers, body.as_bytes());
        assert_eq!(
            (answer.status, answer.text()),
            (200, "{}".to_owned()),
            "{data}"
        );
        let held = host.get("/api/x/metrics").json();
        held["resourceMetrics"][0]["scopeMetrics"][0]["metrics"][0].clone()
    };
    for (data, path, expected) in [
        (
            r#""gauge":{"dataPoints":[{"asInt":"-7","timeUnixNano":5}]}"#,
            "/gauge/dataPoints/0/asInt",
            json!("-7"),
        ),
        (
            r#""gauge":{"dataPoints":[{"asInt":0}]}"#,
            "/gauge/dataPoints/0/asInt",
            json!("0"),
        ),
        (
            r#""sum":{"isMonotonic":true,"dataPoints":[{"asDouble":1.5}]}"#,
            "/sum/dataPoints/0/asDouble",
            json!(1.5),
        ),
        (
            r#""histogram":{"dataPoints":[{"bucketCounts":["1",2],"explicitBounds":[0.5]}]}"#,
            "/histogram/dataPoints/0/bucketCounts",
            json!(["1", "2"]),
        ),
        (
            r#""exponentialHistogram":{"dataPoints":[{"scale":-3,"positive":{"offset":-2,"bucketCounts":["9"]}}]}"#,
            "/exponentialHistogram/dataPoints/0/positive/offset",
            json!(-2),
        ),
        (
            r#""summary":{"dataPoints":[{"quantileValues":[{"quantile":0.5,"value":2}]}]}"#,
            "/summary/dataPoints/0/quantileValues/0/value",
            json!(2.0),
        ),
        (
            r#""gauge":{"dataPoints":[{"asInt":1,"exemplars":[{"traceId":"00F067aa0ba902b700F067aa0ba902b7","asDouble":2}]}]}"#,
            "/gauge/dataPoints/0/exemplars/0/traceId",
            json!("00f067aa0ba902b700f067aa0ba902b7"),
        ),
    ] {
        assert_eq!(metric(data).pointer(path), Some(&expected), "{data}");
    }
}

/// A metric of every kind with all that it can hold.
fn metrics_of_every_kind() -> ExportMetricsServiceRequest {
    let json = r#"[
        {"name":"g","unit":"s","description":"d","gauge":{"dataPoints":[{"asDouble":1.5,"flags":1,"timeUnixNano":"5",
            "exemplars":[{"traceId":"00f067aa0ba902b700f067aa0ba902b7","spanId":"00f067aa0ba902b7","asInt":"3","filteredAttributes":[]}]}]}},
        {"name":"s","sum":{"isMonotonic":true,"aggregationTemporality":2,"dataPoints":[{"asInt":"-7","attributes":[{"key":"k","value":{"boolValue":true}}]}]}},
        {"name":"h","histogram":{"dataPoints":[{"count":"3","sum":1.0,"min":0.1,"max":0.9,"bucketCounts":["1","2"],"explicitBounds":[0.5]}]}},
        {"name":"e","exponentialHistogram":{"dataPoints":[{"scale":-3,"zeroCount":"1","zeroThreshold":0.1,
            "positive":{"offset":-2,"bucketCounts":["9","300"]},"negative":{"offset":1,"bucketCounts":[]}}]}},
        {"name":"q","summary":{"dataPoints":[{"count":"1","sum":2.0,"quantileValues":[{"quantile":0.5,"value":2.0}]}]}}]"#;
    metrics("shop", serde_json::from_str(json).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn protobuf_of_logs_and_metrics_is_taken_exactly_when_it_can_be_decoded(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 300),
    ) {
        let host = Host::start();
        let headers = format!("content-type: {PROTOBUF}\r\n");
        let of_logs = logs("shop", vec![log(1, "a"), log(2, "b")]).encode_to_vec();
        let of_metrics = metrics_of_every_kind().encode_to_vec();
        for change in changes.chunks(2) {
            let (mut logs, mut metrics) = (of_logs.clone(), of_metrics.clone());
            for (place, byte) in change {
                logs[place.index(of_logs.len())] = *byte;
                metrics[place.index(of_metrics.len())] = *byte;
            }
            let is_known = ExportLogsServiceRequest::decode(logs.as_slice()).is_ok();
            let expected = if is_known { 200 } else { 400 };
            prop_assert_eq!(host.post_to("/v1/logs", &headers, &logs).status, expected, "{:?}", logs);
            let is_known = ExportMetricsServiceRequest::decode(metrics.as_slice()).is_ok();
            let expected = if is_known { 200 } else { 400 };
            prop_assert_eq!(host.post_to("/v1/metrics", &headers, &metrics).status, expected, "{:?}", metrics);
            prop_assert_eq!(host.get("/api/x/metrics").status, 200);
        }
    }
}

#[test]
fn an_empty_request_is_a_success_and_a_bad_one_a_400_for_every_signal() {
    let host = Host::start();
    for (path, key) in [
        ("/v1/logs", "resourceLogs"),
        ("/v1/metrics", "resourceMetrics"),
    ] {
        let json = format!("content-type: {JSON}\r\n");
        let protobuf = format!("content-type: {PROTOBUF}\r\n");
        assert_eq!(host.post_to(path, &protobuf, b"").status, 200);
        assert_eq!(host.post_to(path, &json, b"{}").text(), "{}");
        let answer = host.post_to(path, &protobuf, &[0xff]);
        assert_eq!((answer.status, status(&answer).0), (400, 3), "{path}");
        let wrong = format!(r#"{{"{key}":[5]}}"#);
        let answer = host.post_to(path, &json, wrong.as_bytes());
        assert_eq!(
            (answer.status, answer.json()["code"].clone()),
            (400, json!(3))
        );
    }
}
