//! Every request the page makes. Nothing else in the page speaks HTTP.

pub(crate) use gloo_net::http::Request;
use gloo_net::http::{RequestBuilder, Response};
use opentelemetry_browser::SendTraced;
use shared::{PageConfig, QueryCapture};
use trace_model::TraceId;
use web_sys::AbortSignal;

use crate::from_json::FromJson;
use crate::reply::{ApiError, Reply};
use crate::state::Question;

/// Reads `/config.json`. A page that cannot reach it works with careful defaults: queries are hashed, every search
/// is traced, the panel asks for traces.
pub(crate) async fn config() -> PageConfig {
    let defaults = PageConfig {
        capture_query: QueryCapture::Hash,
        sampling_ratio: 1.0,
        trace_link: String::new(),
        trace_panel: true,
        events: false,
    };
    match send(Request::get("/config.json")).await {
        Ok(reply) => reply
            .accepted()
            .and_then(|reply| reply.parse())
            .unwrap_or(defaults),
        Err(_) => defaults,
    }
}

/// Writes down the request for a question; `signal` can abort it.
pub(crate) fn search_request(
    question: &Question,
    signal: &AbortSignal,
) -> Result<Request, ApiError> {
    let mut parameters = vec![
        ("q", question.query.as_str()),
        ("method", question.method.as_str()),
    ];
    if let Some(book) = &question.book {
        parameters.push(("book", book));
    }
    Request::get("/api/search")
        .query(parameters)
        .header("accept", "application/json")
        .abort_signal(Some(signal))
        .build()
        .map_err(|_| ApiError::Unsendable)
}

/// Sends a traced request and waits until its body is complete; a refusal is an error.
pub(crate) async fn send_traced(request: Request, signal: &AbortSignal) -> Result<Reply, ApiError> {
    let received = async { complete(request.send_traced().await?).await }.await;
    match received {
        Ok(reply) => reply.accepted(),
        Err(_) if signal.aborted() => Err(ApiError::Aborted),
        Err(_) => Err(ApiError::Unreachable),
    }
}

/// Reads `path` of the API with a traced request.
pub(crate) async fn read<T: FromJson>(
    path: &str,
    parameters: &[(&str, &str)],
) -> Result<T, ApiError> {
    let request = Request::get(&format!("/api{path}"))
        .query(parameters.iter().copied())
        .header("accept", "application/json")
        .build()
        .map_err(|_| ApiError::Unsendable)?;
    let received = async { complete(request.send_traced().await?).await }.await;
    received
        .map_err(|_| ApiError::Unreachable)?
        .accepted()?
        .parse()
}

/// A trace as far as it has arrived, in the words of the collector; status 304 and no body where it is what `known` names.
/// Never traced itself.
pub(crate) async fn trace(id: TraceId, known: &str) -> Result<Reply, ApiError> {
    let request = Request::get(&format!("/telemetry/api/x/traces/{id}"));
    send(match known.is_empty() {
        true => request,
        false => request.header("if-none-match", known),
    })
    .await
}

/// The log records of a trace, as the collector has written them.
pub(crate) async fn logs(id: TraceId) -> Result<Reply, ApiError> {
    send(Request::get(&format!("/telemetry/api/x/traces/{id}/logs"))).await
}

/// Whether spans keep to the budgets that the collector was started with, perhaps none.
pub(crate) async fn budgets() -> Result<serde_json::Value, ApiError> {
    send(Request::get("/telemetry/api/x/budgets"))
        .await?
        .accepted()?
        .json()
}

/// Names of the services whose spans the collector holds.
pub(crate) async fn services() -> Result<serde_json::Value, ApiError> {
    let reply = send(Request::get("/telemetry/api/v3/services")).await?;
    reply.accepted()?.json()
}

/// How far the backend's start is; nothing once it is over, or where nobody answers. Never traced itself.
pub(crate) async fn start_progress() -> Option<serde_json::Value> {
    let reply = send(Request::get("/api/health")).await.ok()?;
    let mut health = reply.json().ok()?;
    Some(health.get_mut("progress")?.take())
}

/// Fetches `url` as code does that knows nothing of tracing, and throws the answer away.
pub(crate) async fn touch(url: &str, signal: Option<&AbortSignal>) {
    // Whatever goes wrong is what the caller wants to see in the trace.
    let _ = send(Request::get(url).abort_signal(signal)).await;
}

async fn send(request: RequestBuilder) -> Result<Reply, ApiError> {
    let received = async { complete(request.send().await?).await }.await;
    received.map_err(|_| ApiError::Unreachable)
}

async fn complete(response: Response) -> Result<Reply, gloo_net::Error> {
    Ok(Reply {
        status: response.status(),
        etag: response.headers().get("etag").unwrap_or_default(),
        body: response.text().await?,
    })
}
