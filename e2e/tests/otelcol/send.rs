//! The sender: requests over real sockets.

use anyhow::Context;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::ResourceSpans;
use prost::Message;

use crate::otelcol::Otelcol;

pub(crate) const PROTOBUF: &[(&str, &str)] = &[("content-type", "application/x-protobuf")];
pub(crate) const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

/// Sends `POST url`; the answer with its body.
pub(crate) async fn post(
    url: &str,
    headers: &[(&str, &str)],
    body: Vec<u8>,
) -> anyhow::Result<http::Response<Bytes>> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let mut request = http::Request::post(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = client
        .request(request.body(Full::from(body))?)
        .await
        .with_context(|| format!("POST {url}"))?;
    let (head, body) = answer.into_parts();
    let body = body.collect().await?.to_bytes();
    Ok(http::Response::from_parts(head, body))
}

/// Exports in protobuf; an error unless all of it is acknowledged.
pub(crate) async fn export(
    otelcol: &Otelcol,
    resource_spans: Vec<ResourceSpans>,
) -> anyhow::Result<()> {
    export_to(&otelcol.traces_url(), resource_spans).await
}

/// As [`export`], to an address.
pub(crate) async fn export_to(
    traces_url: &str,
    resource_spans: Vec<ResourceSpans>,
) -> anyhow::Result<()> {
    let request = ExportTraceServiceRequest { resource_spans };
    let answer = post(traces_url, PROTOBUF, request.encode_to_vec()).await?;
    anyhow::ensure!(answer.status() == 200, "{answer:?}");
    let rejected = ExportTraceServiceResponse::decode(answer.body().clone())?.partial_success;
    anyhow::ensure!(
        rejected.clone().unwrap_or_default() == ExportTracePartialSuccess::default(),
        "{rejected:?}"
    );
    Ok(())
}
