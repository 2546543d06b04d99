//! The way out: what is in the store, as Jaeger's `api_v3` has it, so that other viewers can read it too.
//!
//! | request | answer |
//! | --- | --- |
//! | `GET /api/v3/traces/{trace_id}` | the trace as OTLP JSON, `{"result":{"resourceSpans":[…]}}`; 404 when it is not held |
//! | `GET /api/v3/traces?query.service_name=&query.num_traces=` | the newest traces in the same form, newest first |
//! | `GET /api/v3/services` | `{"services":["…"]}` |
//! | `GET /api/v3/operations?service=` | `{"operations":[{"name":"…","spanKind":"server"}]}` |
//! | `GET /health` | `{"status":"ok", …}` with the [counters](crate::store::Counters) |
//!
//! Errors are `application/problem+json`.

mod trace_json;

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderName, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::json;
use trace_model::TraceId;

use crate::problem::{self, Problem};
use crate::store::{Counters, Store};

/// Traces in a list when the request does not say.
const LIST_DEFAULT: usize = 20;
/// Traces in a list, whatever the request says.
const LIST_MAX: usize = 200;
/// Bytes of the traces in a list, as stored; one trace is given even if it is larger.
const LIST_MAX_BYTES: usize = 8 << 20;

/// Answers from `store`.
pub fn router(store: Arc<Store>) -> Router {
    Router::new()
        .route("/api/v3/traces", get(list_traces))
        .route("/api/v3/traces/{trace_id}", get(get_trace))
        .route("/api/v3/services", get(services))
        .route("/api/v3/operations", get(operations))
        .route("/health", get(health))
        .fallback(not_found)
        .method_not_allowed_fallback(not_allowed)
        .with_state(store)
}

async fn get_trace(
    State(store): State<Arc<Store>>,
    Path(trace_id): Path<String>,
) -> Result<Response, Problem> {
    let trace_id: TraceId = trace_id
        .parse()
        .map_err(|error| bad_request(format!("the trace id is not valid: {error}")))?;
    let trace = store.trace(trace_id).ok_or_else(|| {
        let detail =
            format!("trace {trace_id} is not held: it was never received, or it was evicted");
        Problem::new(StatusCode::NOT_FOUND, detail)
    })?;
    otlp_json(move || trace_json::write(&trace)).await
}

#[derive(Deserialize)]
struct ListQuery {
    #[serde(rename = "query.service_name")]
    service_name: Option<String>,
    #[serde(rename = "query.num_traces")]
    num_traces: Option<String>,
}

async fn list_traces(
    State(store): State<Arc<Store>>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(query) = query.map_err(|error| bad_request(error.body_text()))?;
    let count = match query.num_traces.as_deref() {
        None | Some("") => LIST_DEFAULT,
        Some(number) => number
            .parse()
            .ok()
            .filter(|count| *count > 0)
            .ok_or_else(|| {
                bad_request(format!("query.num_traces is a number from 1 to {LIST_MAX}"))
            })?,
    };
    otlp_json(move || {
        let service = query
            .service_name
            .as_deref()
            .filter(|name| !name.is_empty());
        let traces = store.newest(service, count.min(LIST_MAX), LIST_MAX_BYTES);
        trace_json::write(traces.iter().flatten())
    })
    .await
}

async fn services(State(store): State<Arc<Store>>) -> Json<serde_json::Value> {
    let services = store.services();
    let named: Vec<&str> = services
        .iter()
        .map(|name| &**name)
        .filter(|name| !name.is_empty())
        .collect();
    Json(json!({ "services": named }))
}

#[derive(Deserialize)]
struct OperationsQuery {
    service: Option<String>,
}

async fn operations(
    State(store): State<Arc<Store>>,
    query: Result<Query<OperationsQuery>, QueryRejection>,
) -> Result<Json<serde_json::Value>, Problem> {
    let Query(query) = query.map_err(|error| bad_request(error.body_text()))?;
    let service = query.service.filter(|name| !name.is_empty());
    let service = service.ok_or_else(|| bad_request("`service` is missing".to_owned()))?;
    let operations: Vec<_> = store
        .operations(&service)
        .iter()
        .map(|operation| json!({ "name": operation.name, "spanKind": kind_name(operation.kind) }))
        .collect();
    Ok(Json(json!({ "operations": operations })))
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
    #[serde(flatten)]
    counters: Counters,
}

async fn health(State(store): State<Arc<Store>>) -> Json<Health> {
    Json(Health {
        status: "ok",
        counters: store.counters(),
    })
}

async fn not_found() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "there is no such route")
}

async fn not_allowed(method: Method) -> Response {
    problem::not_allowed(&method, "GET")
}

/// Writing many spans takes long; other requests need not wait for it.
async fn otlp_json(
    write: impl FnOnce() -> serde_json::Result<Vec<u8>> + Send + 'static,
) -> Result<Response, Problem> {
    let internal = || {
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the trace could not be written",
        )
    };
    let body = match tokio::task::spawn_blocking(write).await {
        Ok(Ok(body)) => body,
        Ok(Err(error)) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a trace could not be written"
            );
            return Err(internal());
        }
        Err(_) => return Err(internal()),
    };
    const HEADERS: [(HeaderName, &str); 2] = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((HEADERS, body).into_response())
}

fn bad_request(detail: String) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, detail)
}

fn kind_name(kind: i32) -> &'static str {
    match kind {
        1 => "internal",
        2 => "server",
        3 => "client",
        4 => "producer",
        5 => "consumer",
        _ => "unspecified",
    }
}
