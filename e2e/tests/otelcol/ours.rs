//! Our own collector as the destination, and what it has stored, in the types of the protocol.

use std::net::Ipv4Addr;

use anyhow::Context;
use e2e::{Process, http_get, wait_for};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, TracesData};
use serde_json::Value;

use crate::otelcol::loopback_address;

/// Our collector, on an address of its own that stays the same while it is stopped.
pub(crate) struct Ours {
    address: Ipv4Addr,
    process: Option<Process>,
}

impl Ours {
    /// An address where nobody listens yet.
    pub(crate) fn stopped() -> Ours {
        Ours {
            address: loopback_address(),
            process: None,
        }
    }

    pub(crate) async fn started() -> anyhow::Result<Ours> {
        let mut ours = Ours::stopped();
        ours.start().await?;
        Ok(ours)
    }

    pub(crate) async fn start(&mut self) -> anyhow::Result<()> {
        let otlp = format!("{}:4318", self.address);
        let query = format!("{}:4319", self.address);
        // Nobody here speaks gRPC to it, but its usual port may be another one's.
        let grpc = format!("{}:0", self.address);
        let arguments = [
            "--otlp-http",
            &otlp,
            "--otlp-grpc",
            &grpc,
            "--query",
            &query,
        ];
        self.process = Some(Process::start("collector", &arguments, &[], 3).await?);
        Ok(())
    }

    /// Forgets everything: it stores in memory.
    pub(crate) async fn stop(&mut self) -> anyhow::Result<()> {
        let mut process = self.process.take().context("not running")?;
        process.terminate().await?;
        Ok(())
    }

    /// The value of OTELCOL_OURS_ENDPOINT.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}:4318", self.address)
    }

    /// Where it answers queries.
    pub(crate) fn query_url(&self) -> String {
        format!("http://{}:4319", self.address)
    }

    /// One of its counters.
    pub(crate) async fn count(&self, counter: &str) -> anyhow::Result<u64> {
        let url = format!("{}/health", self.query_url());
        let health: Value = serde_json::from_str(http_get(&url, &[]).await?.body())?;
        health[counter].as_u64().context("no such counter")
    }

    /// Waits until it holds this many spans.
    pub(crate) async fn holds(&self, spans: u64) -> anyhow::Result<()> {
        wait_for(&format!("{spans} spans in our collector"), async || {
            let held = self.count("spans_held").await?;
            anyhow::ensure!(held >= spans, "only {held} are there");
            Ok(Some(()))
        })
        .await?;
        let held = self.count("spans_held").await?;
        anyhow::ensure!(held == spans, "{held} spans instead of {spans}");
        Ok(())
    }

    /// What is stored of a trace, or nothing.
    pub(crate) async fn trace(&self, trace_id: u128) -> anyhow::Result<Vec<ResourceSpans>> {
        stored_trace(&self.query_url(), trace_id).await
    }
}

/// What a server with Jaeger's query API has stored of a trace, or nothing.
pub(crate) async fn stored_trace(
    query_url: &str,
    trace_id: u128,
) -> anyhow::Result<Vec<ResourceSpans>> {
    let answer = http_get(&format!("{query_url}/api/v3/traces/{trace_id:032x}"), &[]).await?;
    if answer.status() == 404 {
        return Ok(Vec::new());
    }
    anyhow::ensure!(answer.status() == 200, "{}", answer.body());
    let mut body: Value = serde_json::from_str(answer.body())?;
    let data: TracesData = serde_json::from_value(body["result"].take())?;
    Ok(data.resource_spans)
}
