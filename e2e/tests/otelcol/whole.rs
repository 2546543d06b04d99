//! What is sent arrives: every span, once, as it was.

use e2e::wait_for;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::ResourceSpans;

use crate::otelcol::{Otelcol, Setup, loopback_address};
use crate::ours::{Ours, stored_trace};
use crate::send::{JSON, PROTOBUF, export, post};
use crate::spans::{search, whole};

const TRACE: u128 = 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c;
/// Of one [`search`].
const SPANS: u64 = 7;

async fn behind_ours() -> anyhow::Result<(Otelcol, Ours)> {
    let ours = Ours::started().await?;
    let setup = Setup::new("ours.yaml").with("OTELCOL_OURS_ENDPOINT", ours.endpoint());
    Ok((Otelcol::start(setup).await?, ours))
}

/// Span for span the same.
fn assert_same(stored: &[ResourceSpans], sent: &[ResourceSpans]) {
    let stored = whole(stored);
    for (stored, sent) in stored.iter().zip(whole(sent)) {
        assert_eq!(*stored, sent);
    }
    assert_eq!(stored.len() as u64, SPANS);
}

async fn assert_whole_and_once(ours: &Ours, sent: &[ResourceSpans]) -> anyhow::Result<()> {
    ours.holds(SPANS).await?;
    assert_same(&ours.trace(TRACE).await?, sent);
    assert_eq!(ours.count("spans_received").await?, SPANS);
    Ok(())
}

/// What tail sampling leaves of a trace it keeps: everything but the addresses of the schemas.
fn sampled(mut sent: Vec<ResourceSpans>) -> Vec<ResourceSpans> {
    for of_resource in &mut sent {
        of_resource.schema_url.clear();
        for of_scope in &mut of_resource.scope_spans {
            of_scope.schema_url.clear();
        }
    }
    sent
}

#[tokio::test]
async fn protobuf_over_http() -> anyhow::Result<()> {
    let (otelcol, ours) = behind_ours().await?;
    export(&otelcol, search(TRACE)).await?;
    assert_whole_and_once(&ours, &search(TRACE)).await
}

#[tokio::test]
async fn json_over_http() -> anyhow::Result<()> {
    let (otelcol, ours) = behind_ours().await?;
    let request = ExportTraceServiceRequest {
        resource_spans: search(TRACE),
    };
    let body = serde_json::to_vec(&request)?;
    let answer = post(&otelcol.traces_url(), JSON, body).await?;
    assert_eq!(answer.status(), 200, "{answer:?}");
    assert_whole_and_once(&ours, &search(TRACE)).await
}

/// A Collector that exports to another one is the sender over gRPC.
#[tokio::test]
async fn grpc() -> anyhow::Result<()> {
    let (otelcol, ours) = behind_ours().await?;
    let setup = Setup::new("jaeger.yaml")
        .with("OTELCOL_JAEGER_ENDPOINT", otelcol.grpc())
        .deciding_soon();
    let sender = Otelcol::start(setup).await?;
    export(&sender, search(TRACE)).await?;
    assert_whole_and_once(&ours, &sampled(search(TRACE))).await
}

/// What waits for a decision goes into the queue, and what the queue has not given on by the end is there at the next start.
#[tokio::test]
async fn sigterm_loses_nothing() -> anyhow::Result<()> {
    let (otelcol, ours) = behind_ours().await?;
    let setup = Setup::new("jaeger.yaml").with("OTELCOL_JAEGER_ENDPOINT", otelcol.grpc());
    let mut sender = Otelcol::start(setup).await?;
    export(&sender, search(TRACE)).await?;
    assert_eq!(sender.terminate().await?, Some(0));
    sender.restart().await?;
    assert_whole_and_once(&ours, &sampled(search(TRACE))).await
}

#[tokio::test]
async fn a_broken_request_is_refused() -> anyhow::Result<()> {
    let (otelcol, ours) = behind_ours().await?;
    for (headers, body) in [(PROTOBUF, "\u{ff}"), (JSON, "{")] {
        let answer = post(&otelcol.traces_url(), headers, body.into()).await?;
        assert_eq!(answer.status(), 400, "{headers:?}");
    }
    export(&otelcol, search(TRACE)).await?;
    assert_whole_and_once(&ours, &search(TRACE)).await
}

/// One Collector, two destinations, as in Compose: the panel and Jaeger show the same spans.
#[tokio::test]
#[ignore = "needs Jaeger, which JAEGER names"]
async fn jaeger_and_our_collector_have_the_same_spans() -> anyhow::Result<()> {
    let host = loopback_address().to_string();
    let program = std::env::var_os("JAEGER").expect("JAEGER names Jaeger");
    let _jaeger = tokio::process::Command::new(program)
        .env_clear()
        .env("JAEGER_LISTEN_HOST", &host)
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let ours = Ours::started().await?;
    let setup = Setup::new("local.yaml")
        .with("OTELCOL_OURS_ENDPOINT", ours.endpoint())
        .with("OTELCOL_JAEGER_ENDPOINT", format!("{host}:4317"))
        .deciding_soon();
    let otelcol = Otelcol::start(setup).await?;

    export(&otelcol, search(TRACE)).await?;

    assert_whole_and_once(&ours, &search(TRACE)).await?;
    let query = format!("http://{host}:16686");
    let stored = wait_for("the trace in Jaeger", async || {
        let stored = stored_trace(&query, TRACE).await?;
        Ok((!stored.is_empty()).then_some(stored))
    })
    .await?;
    assert_same(&stored, &sampled(search(TRACE)));
    Ok(())
}
