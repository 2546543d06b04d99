//! Under more load than it has memory for, the Collector refuses and lives.

use e2e::wait_for;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::Link;
use prost::Message;

use crate::otelcol::{Otelcol, Setup};
use crate::send::{PROTOBUF, export, post};
use crate::spans::{of_service, span};

#[tokio::test]
async fn refuses_rather_than_dies() -> anyhow::Result<()> {
    let setup = Setup::new("jaeger.yaml")
        .with("OTELCOL_JAEGER_ENDPOINT", "127.0.0.1:9")
        .with("OTELCOL_SAMPLING_PERCENTAGE", "0")
        .overriding("processors::memory_limiter::limit_mib: 150")
        .overriding("processors::memory_limiter::spike_limit_mib: 50")
        .overriding("processors::memory_limiter::check_interval: 50ms")
        // Long enough that what is held back fills the memory first.
        .overriding("processors::tail_sampling::decision_wait: 10s");
    let otelcol = Otelcol::start(setup).await?;

    // Each request takes a few megabytes until its trace, whose root never comes, is decided.
    let link = Link {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        ..Link::default()
    };
    let mut accepted = 0;
    let refusal = loop {
        let held = Span {
            links: vec![link.clone(); 20_000],
            ..span(accepted + 1, 1, 7, "held")
        };
        let request = ExportTraceServiceRequest {
            resource_spans: vec![of_service("flood", vec![held])],
        };
        let answer = post(&otelcol.traces_url(), PROTOBUF, request.encode_to_vec()).await?;
        if answer.status() != 200 {
            break answer;
        }
        accepted += 1;
        anyhow::ensure!(accepted < 500, "nothing is ever refused");
    };
    // The answer that makes a sender come back with the same spans.
    assert_eq!(refusal.status(), 503, "{refusal:?}");
    assert!(accepted > 5, "{accepted}");
    let refused = "otelcol_receiver_refused_spans";
    assert!(otelcol.metric(8888, refused, &[]).await? >= 1.0);

    wait_for("spans to be taken again", async || {
        let work = vec![span(1 << 64, 1, 0, "work")];
        export(&otelcol, vec![of_service("shop", work)]).await?;
        Ok(Some(()))
    })
    .await
}
