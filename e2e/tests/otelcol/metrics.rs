//! Rates and durations are those of all spans, whatever is stored, and no label holds what a user typed.

use e2e::{http_get, wait_for};
use opentelemetry_proto::tonic::common::v1::any_value::Value;

use crate::otelcol::{Otelcol, Setup};
use crate::send::export;
use crate::spans::{attribute, of_service, span, text};

const CALLS: u64 = 150;

#[tokio::test]
async fn spans_are_counted_before_sampling() -> anyhow::Result<()> {
    let setup = Setup::new("jaeger.yaml")
        // Nothing is stored: no error, nothing slow, no ratio, and nobody listens.
        .with("OTELCOL_SAMPLING_PERCENTAGE", "0")
        .with("OTELCOL_JAEGER_ENDPOINT", "127.0.0.1:9")
        .overriding("connectors::span_metrics::metrics_flush_interval: 200ms")
        .overriding("connectors::service_graph::metrics_flush_interval: 200ms")
        .overriding("connectors::service_graph::store::ttl: 1s")
        .deciding_soon();
    let otelcol = Otelcol::start(setup).await?;

    let calls = (1..=u128::from(CALLS)).map(|id| {
        let mut call = span(id, 1, 0, "api_request_execute");
        call.kind = 3;
        call.attributes = vec![text("app.search.query", "whale")];
        call
    });
    let answers = (1..=u128::from(CALLS)).map(|id| {
        let mut answer = span(id, 2, 1, "GET /search");
        answer.kind = 2;
        answer.attributes = vec![
            text("http.route", "/search"),
            text("url.query", "q=whale"),
            attribute("http.response.status_code", Value::IntValue(200)),
        ];
        answer
    });
    // One request for each side, as from two processes.
    export(&otelcol, vec![of_service("page", calls.collect())]).await?;
    export(&otelcol, vec![of_service("backend", answers.collect())]).await?;

    counts(
        &otelcol,
        "traces_span_metrics_calls_total",
        &[
            "service_name=\"backend\"",
            "span_name=\"GET /search\"",
            "span_kind=\"SPAN_KIND_SERVER\"",
            "http_route=\"/search\"",
            "http_response_status_code=\"200\"",
        ],
    )
    .await?;
    // Each takes five milliseconds, and that is where one bucket ends.
    let bucket = "traces_span_metrics_duration_seconds_bucket";
    counts(&otelcol, bucket, &["service_name=\"page\"", "le=\"0.005\""]).await?;
    let graph = "traces_service_graph_request_total";
    counts(&otelcol, graph, &["client=\"page\"", "server=\"backend\""]).await?;

    let none = otelcol
        .metric(8888, "otelcol_exporter_sent_spans", &[])
        .await?;
    assert_eq!(none, 0.0);
    let text = http_get(&otelcol.url(8889, "/metrics"), &[])
        .await?
        .into_body();
    assert!(!text.contains("whale"), "{text}");
    Ok(())
}

async fn counts(otelcol: &Otelcol, name: &str, labels: &[&str]) -> anyhow::Result<()> {
    wait_for(&format!("{name}{labels:?} to be {CALLS}"), async || {
        let value = otelcol.metric(8889, name, labels).await?;
        anyhow::ensure!(value == CALLS as f64, "it is {value}");
        Ok(Some(()))
    })
    .await
}
