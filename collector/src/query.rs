//! The way out: what is in the store, as Jaeger's `api_v3` has it, so that other viewers can read it too.
//!
//! | request | answer |
//! | --- | --- |
//! | `GET /api/v3/traces/{trace_id}` | the trace as OTLP JSON, `{"result":{"resourceSpans":[…]}}`; 404 when it is not held |
//! | `GET /api/v3/traces?query.serviceName=&query.searchDepth=` | the newest traces in the same form, newest first |
//! | `GET /api/v3/trace-summaries?…` | the same in a line each, `{"summaries":[…]}` |
//! | `GET /api/v3/services` | `{"services":["…"]}` |
//! | `GET /api/v3/operations?service=&spanKind=` | `{"operations":[{"name":"…","spanKind":"server"}]}` |
//! | `GET /api/x/summaries?limit=&before=` | `{"summaries":[…],"more":false}`: the newest traces in a line each, newest first; those that arrived before another |
//! | `GET /api/x/live?limit=` | the same as server-sent events, with every change: `trace`, `ready`, `missed` |
//! | `GET /api/x/traces/{trace_id}` | as `/api/v3/traces/{trace_id}`, but without any span when it is not held |
//! | `GET /api/x/traces/{trace_id}/view?limit=` | the tree with everything that is computed from it |
//! | `GET /api/x/traces/{trace_id}/logs` | the log records of a trace, `{"resourceLogs":[…]}`; an empty list when none is held |
//! | `PUT`, `DELETE /api/x/traces/{trace_id}/pin` | the trace goes last, or in its turn again: 204; 409 when too many are pinned |
//! | `GET /api/x/diff?a=&b=` | two traces beside each other, span by span |
//! | `GET /api/x/stats?limit=` | counters, and how long the operations of the newest traces take |
//! | `GET /api/x/budgets`, `POST` with budgets | whether the spans held keep to them: [`trace_model::Budgets`] |
//! | `GET /api/x/metrics` | the latest value of each metric, `{"resourceMetrics":[…]}` |
//! | `GET /health` | `{"status":"ok", …}` with the [counters](crate::store::Counters) |
//!
//! `summaries`, `live`, `stats` and `budgets` take `service=`, `text=` (in a name or service, or the beginning of the id),
//! `min_duration=`, `max_duration=` (such as `12.5ms`), `error=true|false` and `attribute=key=value`, the last several times.
//! Under `/api/x/` a parameter that is not known is refused. Answers have an `ETag`; whoever names it in `If-None-Match` gets
//! 304 while it holds. Errors are `application/problem+json`.

mod answer;
mod api_v3;
mod budgets;
mod compare;
mod decode;
mod filter;
mod limits;
mod live;
mod parameters;
mod stats;
mod summaries;
mod trace_json;
mod view;

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::middleware;
use axum::response::Response;
use axum::routing::{get, put};
use axum::{Json, Router};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use serde::Serialize;
use tokio::sync::Semaphore;
use trace_model::{Budgets, TraceId};

use crate::problem::{self, Problem};
pub use limits::{CutCounters, Cuts, Limits};

use crate::store::{Counters, FeedCounters, PinError, Store, TraceView};

/// Answers from `store`.
pub fn router(store: Arc<Store>, limits: Limits) -> Router {
    router_with(store, limits, None, Arc::default())
}

/// Answers from `store`, about these budgets as well, and counts what limits have kept back.
pub fn router_with(
    store: Arc<Store>,
    limits: Limits,
    budgets: Option<Budgets>,
    cuts: Arc<Cuts>,
) -> Router {
    let app = App {
        store,
        budgets: budgets.map(Arc::new),
        cuts,
        limits,
        places: Arc::new(Semaphore::new(limits.work_max.max(1))),
    };
    Router::new()
        .route("/api/v3/traces", get(api_v3::traces))
        .route("/api/v3/traces/{trace_id}", get(api_v3::trace))
        .route("/api/v3/trace-summaries", get(api_v3::trace_summaries))
        .route("/api/v3/services", get(api_v3::services))
        .route("/api/v3/operations", get(api_v3::operations))
        .route("/api/x/summaries", get(summaries::summaries))
        .route("/api/x/live", get(live::live))
        .route("/api/x/traces/{trace_id}", get(api_v3::trace_so_far))
        .route("/api/x/traces/{trace_id}/view", get(view::view))
        .route("/api/x/traces/{trace_id}/logs", get(trace_logs))
        .route("/api/x/traces/{trace_id}/pin", put(pin).delete(unpin))
        .route("/api/x/diff", get(compare::compare))
        .route("/api/x/stats", get(stats::stats))
        .route(
            "/api/x/budgets",
            get(budgets::check_own).post(budgets::check_given),
        )
        .route("/api/x/metrics", get(metrics))
        .route("/health", get(health))
        .fallback(not_found)
        .method_not_allowed_fallback(problem::not_allowed)
        .layer(DefaultBodyLimit::max(limits.body_max_bytes))
        .layer(middleware::from_fn(answer::leave_out_unchanged))
        .with_state(app)
}

/// What the handlers share.
#[derive(Clone)]
struct App {
    store: Arc<Store>,
    budgets: Option<Arc<Budgets>>,
    cuts: Arc<Cuts>,
    limits: Limits,
    /// For work that takes long.
    places: Arc<Semaphore>,
}

impl App {
    /// A trace that is held, with its arrival.
    fn trace(&self, trace_id: TraceId) -> Result<(u64, TraceView), Problem> {
        self.store.trace(trace_id).ok_or_else(|| {
            let detail =
                format!("trace {trace_id} is not held: it was never received, or it was evicted");
            Problem::new(StatusCode::NOT_FOUND, detail)
        })
    }

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

#[derive(Serialize)]
struct Health {
    status: &'static str,
    #[serde(flatten)]
    counters: Counters,
    #[serde(flatten)]
    feeds: FeedCounters,
    #[serde(flatten)]
    cuts: CutCounters,
}

async fn health(State(app): State<App>) -> Json<Health> {
    Json(Health {
        status: "ok",
        counters: app.store.counters(),
        feeds: app.store.feed_counters(),
        cuts: app.cuts.counters(),
    })
}

async fn not_found() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "there is no such route")
}

fn bad_request(detail: String) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, detail)
}
