//! The way out: what is in the store, as Jaeger's `api_v3` has it, so that other viewers can read it too.
//!
//! | request | answer |
//! | --- | --- |
//! | `GET /api/v3/traces/{trace_id}` | the trace as OTLP JSON, `{"result":{"resourceSpans":[…]}}`; 404 when it is not held |
//! | `GET /api/v3/traces?query.service_name=&query.num_traces=` | the newest traces in the same form, newest first |
//! | `GET /api/v3/services` | `{"services":["…"]}` |
//! | `GET /api/v3/operations?service=` | `{"operations":[{"name":"…","spanKind":"server"}]}` |
//! | `GET /api/x/summaries?limit=` | `{"summaries":[…],"more":false}`: the newest traces in a line each, newest first |
//! | `GET /api/x/live?limit=` | the same as server-sent events, with every change: [`live`] |
//! | `GET /api/x/traces/{trace_id}/logs` | the log records of a trace, `{"resourceLogs":[…]}`; an empty list when none is held |
//! | `PUT`, `DELETE /api/x/traces/{trace_id}/pin` | the trace goes last, or in its turn again: 204; 409 when too many are pinned |
//! | `GET /api/x/metrics` | the latest value of each metric, `{"resourceMetrics":[…]}` |
//! | `GET /health` | `{"status":"ok", …}` with the [counters](crate::store::Counters) |
//!
//! Both take `service=`, `text=` (in a name or service, or the beginning of the id), `min_duration=`, `max_duration=` (such
//! as `12.5ms`), `error=true|false` and `attribute=key=value`, the last several times; a parameter that is not known is
//! refused. Errors are `application/problem+json`.

mod answer;
mod decode;
mod filter;
mod live;
mod parameters;
mod summaries;
mod trace_json;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use axum::routing::{get, put};
use axum::{Json, Router};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Semaphore;
use trace_model::TraceId;

use crate::problem::{self, Problem};
use crate::store::{Counters, FeedCounters, PinError, Store};

/// How much a reader may ask for.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Traces in a list when the request does not say.
    pub list_default: usize,
    /// Traces in a list, whatever the request says.
    pub list_max: usize,
    /// Bytes of the whole traces in a list, as stored; one trace is given even if it is larger.
    pub list_max_bytes: usize,
    /// Requests that read and write traces at a time; others wait.
    pub work_max: usize,
    /// Readers of `/api/x/live` at a time; others are refused.
    pub live_readers: usize,
    /// Traces that wait for one such reader; the oldest go when there are more.
    pub live_pending: usize,
    /// How often such a reader is told at most.
    pub live_pause: Duration,
    /// When such a reader hears a comment if there is nothing to tell. Below the time after which proxies give up.
    pub live_silence: Duration,
    /// How long such a reader may take nothing of what is sent before it is left.
    pub live_stall: Duration,
}

impl Default for Limits {
    /// 20 traces in a list, 200 at most and of 8 MiB, four requests at work; 64 live readers with 1,000 traces waiting for
    /// each, told every 100 ms at most and every 5 s at least, left after 60 s.
    fn default() -> Self {
        Self {
            list_default: 20,
            list_max: 200,
            list_max_bytes: 8 << 20,
            work_max: 4,
            live_readers: 64,
            live_pending: 1_000,
            live_pause: Duration::from_millis(100),
            live_silence: Duration::from_secs(5),
            live_stall: Duration::from_secs(60),
        }
    }
}

/// Answers from `store`.
pub fn router(store: Arc<Store>, limits: Limits) -> Router {
    let app = App {
        store,
        limits,
        places: Arc::new(Semaphore::new(limits.work_max.max(1))),
    };
    Router::new()
        .route("/api/v3/traces", get(list_traces))
        .route("/api/v3/traces/{trace_id}", get(get_trace))
        .route("/api/v3/services", get(services))
        .route("/api/v3/operations", get(operations))
        .route("/api/x/summaries", get(summaries::summaries))
        .route("/api/x/live", get(live::live))
        .route("/api/x/traces/{trace_id}/logs", get(trace_logs))
        .route("/api/x/traces/{trace_id}/pin", put(pin).delete(unpin))
        .route("/api/x/metrics", get(metrics))
        .route("/health", get(health))
        .fallback(not_found)
        .method_not_allowed_fallback(not_allowed)
        .with_state(app)
}

/// What the handlers share.
#[derive(Clone)]
struct App {
    store: Arc<Store>,
    limits: Limits,
    /// For work that takes long.
    places: Arc<Semaphore>,
}

impl App {
    /// Does what takes long away from where requests are answered, only so much of it at a time.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(App) -> anyhow::Result<T> + Send + 'static,
    ) -> Result<T, Problem> {
        let place = self.places.clone().acquire_owned().await;
        let app = self.clone();
        let done = tokio::task::spawn_blocking(move || {
            let done = work(app);
            drop(place);
            done
        });
        let error = match done.await {
            Ok(Ok(done)) => return Ok(done),
            Ok(Err(error)) => error,
            Err(error) => error.into(),
        };
        tracing::error!(
            error = &*error as &dyn std::error::Error,
            "traces could not be read"
        );
        let detail = "the traces could not be read";
        Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, detail))
    }
}

async fn get_trace(
    State(app): State<App>,
    Path(trace_id): Path<String>,
) -> Result<Response, Problem> {
    let trace_id = parse_id(&trace_id)?;
    let trace = app.store.trace(trace_id).ok_or_else(|| {
        let detail =
            format!("trace {trace_id} is not held: it was never received, or it was evicted");
        Problem::new(StatusCode::NOT_FOUND, detail)
    })?;
    app.work(move |_| Ok(answer::json(trace_json::write(&trace)?)))
        .await
}

async fn trace_logs(
    State(app): State<App>,
    Path(trace_id): Path<String>,
) -> Result<Response, Problem> {
    let logs = app.store.logs_of(parse_id(&trace_id)?);
    app.work(move |_| Ok(answer::json(trace_json::write_bare::<LogRecord>(&logs)?)))
        .await
}

async fn pin(State(app): State<App>, Path(trace_id): Path<String>) -> Result<StatusCode, Problem> {
    set_pin(&app, &trace_id, true)
}

async fn unpin(
    State(app): State<App>,
    Path(trace_id): Path<String>,
) -> Result<StatusCode, Problem> {
    set_pin(&app, &trace_id, false)
}

fn set_pin(app: &App, trace_id: &str, is_pinned: bool) -> Result<StatusCode, Problem> {
    let Err(error) = app.store.pin(parse_id(trace_id)?, is_pinned) else {
        return Ok(StatusCode::NO_CONTENT);
    };
    let status = match error {
        PinError::NotHeld => StatusCode::NOT_FOUND,
        PinError::TooMany { .. } => StatusCode::CONFLICT,
    };
    Err(Problem::new(status, error.to_string()))
}

async fn metrics(State(app): State<App>) -> Result<Response, Problem> {
    let metrics = app.store.latest_metrics();
    app.work(move |_| Ok(answer::json(trace_json::write_bare::<Metric>(&metrics)?)))
        .await
}

fn parse_id(trace_id: &str) -> Result<TraceId, Problem> {
    trace_id
        .parse()
        .map_err(|error| bad_request(format!("the trace id is not valid: {error}")))
}

#[derive(Deserialize)]
struct ListQuery {
    #[serde(rename = "query.service_name")]
    service_name: Option<String>,
    #[serde(rename = "query.num_traces")]
    num_traces: Option<String>,
}

async fn list_traces(
    State(app): State<App>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(query) = query.map_err(|error| bad_request(error.body_text()))?;
    let count = match query.num_traces.as_deref() {
        None | Some("") => app.limits.list_default,
        Some(number) => number
            .parse()
            .ok()
            .filter(|count| *count > 0)
            .ok_or_else(|| {
                let max = app.limits.list_max;
                bad_request(format!("query.num_traces is a number from 1 to {max}"))
            })?,
    };
    app.work(move |app| {
        let service = query
            .service_name
            .as_deref()
            .filter(|name| !name.is_empty());
        let count = count.min(app.limits.list_max);
        let traces = app.store.newest(service, count, app.limits.list_max_bytes);
        Ok(answer::json(trace_json::write(traces.iter().flatten())?))
    })
    .await
}

async fn services(State(app): State<App>) -> Json<serde_json::Value> {
    let services = app.store.services();
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
    State(app): State<App>,
    query: Result<Query<OperationsQuery>, QueryRejection>,
) -> Result<Json<serde_json::Value>, Problem> {
    let Query(query) = query.map_err(|error| bad_request(error.body_text()))?;
    let service = query.service.filter(|name| !name.is_empty());
    let service = service.ok_or_else(|| bad_request("`service` is missing".to_owned()))?;
    let operations: Vec<_> = app
        .store
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
    #[serde(flatten)]
    feeds: FeedCounters,
}

async fn health(State(app): State<App>) -> Json<Health> {
    Json(Health {
        status: "ok",
        counters: app.store.counters(),
        feeds: app.store.feed_counters(),
    })
}

async fn not_found() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "there is no such route")
}

async fn not_allowed(method: Method) -> Response {
    problem::not_allowed(&method, "GET")
}

fn bad_request(detail: String) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, detail)
}

fn kind_name(kind: usize) -> &'static str {
    match kind {
        1 => "internal",
        2 => "server",
        3 => "client",
        4 => "producer",
        5 => "consumer",
        _ => "unspecified",
    }
}
