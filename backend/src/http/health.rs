//! `GET /health`, `/livez`, `/readyz`: for people, for those who restart processes, for those who send requests.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use shared::semconv::service;
use shared::{Health, HealthStatus, StartProgress};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::books::skipped;
use super::{ApiError, App};

/// 200 in every state, with the state in it.
pub(super) async fn health(State(app): State<Arc<App>>) -> Json<Health> {
    let library = app.library.get();
    let corpus = library.map(|library| &library.corpus);
    let (phase, done, total) = app.progress.now();
    let progress = library.is_none().then(|| StartProgress {
        phase: phase.as_str().to_owned(),
        done,
        total,
        trace_id: app.startup_trace(),
    });
    let changed = app.corpus_changed.get();
    let status = match corpus {
        None => HealthStatus::Starting,
        Some(corpus) if corpus.skipped.is_empty() && changed.is_none() => HealthStatus::Healthy,
        Some(_) => HealthStatus::Degraded,
    };
    let not_kept = library.and_then(|library| library.not_kept.as_ref());
    let now = OffsetDateTime::now_utc().format(&Rfc3339);
    Json(Health {
        status,
        timestamp: now.expect("RFC 3339 has room for every year of this calendar"),
        service: service::BACKEND.to_owned(),
        searches_refused: app.admission.refused(),
        searches_late: app.admission.late(),
        books: corpus.map_or(0, |corpus| corpus.books.len()),
        skipped: corpus.map(skipped).unwrap_or_default(),
        progress,
        warnings: changed.into_iter().chain(not_kept).cloned().collect(),
    })
}

/// 200 as long as the process answers at all.
pub(super) async fn livez() -> &'static str {
    "ok\n"
}

/// 200 once the index has answered a question.
pub(super) async fn readyz(State(app): State<Arc<App>>) -> Result<&'static str, ApiError> {
    app.library().map(|_| "ok\n")
}
