//! Log records take the same way as spans: what the page has to say beside them is masked, and kept where logs are.

use e2e::{http_get, wait_for};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use prost::Message;

use crate::otelcol::{Otelcol, Setup};
use crate::ours::Ours;
use crate::send::{PROTOBUF, post};

const TRACE: u128 = 0x77;

fn text(text: &str) -> AnyValue {
    AnyValue {
        value: Some(any_value::Value::StringValue(text.to_owned())),
    }
}

/// An error of the page that has caught a secret.
fn export() -> Vec<u8> {
    let record = LogRecord {
        trace_id: TRACE.to_be_bytes().to_vec(),
        span_id: vec![7; 8],
        time_unix_nano: 1,
        body: Some(text("cannot reach /books?api_key=hunter2")),
        attributes: vec![KeyValue {
            key: "exception.message".to_owned(),
            value: Some(text("no answer to reader@example.org")),
            ..KeyValue::default()
        }],
        ..LogRecord::default()
    };
    let scope_logs = vec![ScopeLogs {
        log_records: vec![record],
        ..ScopeLogs::default()
    }];
    let resource_logs = vec![ResourceLogs {
        scope_logs,
        ..ResourceLogs::default()
    }];
    ExportLogsServiceRequest { resource_logs }.encode_to_vec()
}

#[tokio::test]
async fn log_records_arrive_at_our_collector_masked() {
    let ours = Ours::started().await.unwrap();
    let setup = Setup::new("local.yaml").with("OTELCOL_OURS_ENDPOINT", ours.endpoint());
    let otelcol = Otelcol::start(setup).await.unwrap();
    let answer = post(&otelcol.url(4318, "/v1/logs"), PROTOBUF, export()).await;
    assert_eq!(answer.unwrap().status(), 200);
    wait_for("the log record", async || {
        Ok((ours.count("logs_held").await? == 1).then_some(()))
    })
    .await
    .unwrap();
    let url = format!("{}/api/x/traces/{TRACE:032x}/logs", ours.query_url());
    let held = http_get(&url, &[]).await.unwrap().into_body();
    for part in [
        "cannot reach /books?",
        "no answer to",
        "deployment.environment.name",
    ] {
        assert!(held.contains(part), "{part} is missing in {held}");
    }
    for secret in ["hunter2", "reader@example.org"] {
        assert!(!held.contains(secret), "{secret} is in {held}");
    }
}

#[tokio::test]
async fn where_no_logs_are_kept_they_are_taken_all_the_same() {
    for overlay in ["jaeger.yaml", "debug.yaml"] {
        let otelcol = Otelcol::start(Setup::new(overlay)).await.unwrap();
        let answer = post(&otelcol.url(4318, "/v1/logs"), PROTOBUF, export()).await;
        assert_eq!(answer.unwrap().status(), 200, "{overlay}");
    }
}
