//! The overlay for development: what comes in can be read, and a page from `trunk serve` may send.

use e2e::wait_for;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;

use crate::otelcol::{Otelcol, Setup};
use crate::send::post;
use crate::spans::search;

/// The origins that an answer allows to read it.
async fn allowed(otelcol: &Otelcol, origin: &str) -> anyhow::Result<Option<String>> {
    let headers = [
        ("content-type", "application/x-protobuf"),
        ("origin", origin),
    ];
    let request = ExportTraceServiceRequest {
        resource_spans: search(7),
    };
    let answer = post(&otelcol.traces_url(), &headers, request.encode_to_vec()).await?;
    assert_eq!(answer.status(), 200);
    let allowed = answer.headers().get("access-control-allow-origin");
    Ok(allowed.map(|value| value.to_str().unwrap().to_owned()))
}

#[tokio::test]
async fn spans_can_be_read_and_the_development_origin_may_send() -> anyhow::Result<()> {
    let setup = Setup::new("debug.yaml").with("OTELCOL_DEBUG_VERBOSITY", "detailed");
    let otelcol = Otelcol::start(setup).await?;
    for origin in ["http://localhost:3000", "http://127.0.0.1:3000"] {
        assert_eq!(allowed(&otelcol, origin).await?.as_deref(), Some(origin));
    }
    assert_eq!(allowed(&otelcol, "http://localhost:3001").await?, None);
    wait_for("the spans on standard error", async || {
        let log = otelcol.log();
        let written = ["frontend_search", "the whale — кит", "the book is damaged"];
        Ok(written.iter().all(|text| log.contains(text)).then_some(()))
    })
    .await
}

#[tokio::test]
async fn elsewhere_no_other_origin_is_allowed() -> anyhow::Result<()> {
    for overlay in ["ours.yaml", "jaeger.yaml", "local.yaml"] {
        let otelcol = Otelcol::start(Setup::new(overlay)).await?;
        assert_eq!(allowed(&otelcol, "http://localhost:3000").await?, None);
    }
    Ok(())
}
