//! `GET /search`: parameters to a question, hits to JSON.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use sha2::{Digest, Sha256};
use shared::semconv::{attribute, span};
use shared::{QueryCapture, SearchResponse};
use telemetry::{Context, KeyValue, TraceContextExt, in_span_async};

use super::parameters::Parameters;
use super::{ApiError, App};
use crate::search::{Request, perform_search};

pub(super) async fn search(
    State(app): State<Arc<App>>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<SearchResponse>, ApiError> {
    search_api(&app, parameters).await.map(Json)
}

async fn search_api(
    app: &App,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<SearchResponse, ApiError> {
    in_span_async(span::SEARCH_API, async |cx| {
        let begin = Instant::now();
        let Query(parameters) = parameters.map_err(|_| ApiError::unreadable_parameter())?;
        let library = app.library()?;
        let request = parameters.check(&library.corpus)?;
        record(&cx, app.capture_query, &request);
        let answer = perform_search(library, &app.admission, &request).await?;
        cx.span().set_attributes([
            KeyValue::new(attribute::SEARCH_RESULTS_COUNT, answer.hits.len() as i64),
            KeyValue::new(
                attribute::INDEX_VERSION,
                library.indexes.version().to_owned(),
            ),
        ]);
        Ok(SearchResponse {
            method: request.method,
            query: request.query.into_owned(),
            total_results: answer.hits.len(),
            total_matches: answer.total_matches,
            took_us: begin.elapsed().as_micros().try_into().unwrap_or(u64::MAX),
            results: answer.hits,
            unknown_words: answer.unknown_words,
            suggestions: answer.suggestions,
            dropped_words: answer.dropped_words,
            hints: answer.hints,
        })
    })
    .await
}

/// What the span says of the question. Search text is user data, so how much of it is a setting.
pub(super) fn record(cx: &Context, capture: QueryCapture, request: &Request<'_>) {
    let span = cx.span();
    span.set_attribute(KeyValue::new(
        attribute::SEARCH_METHOD,
        request.method.as_str(),
    ));
    span.set_attribute(KeyValue::new(
        attribute::SEARCH_QUERY_LENGTH,
        request.query.chars().count() as i64,
    ));
    match capture {
        QueryCapture::Raw => {
            span.set_attribute(KeyValue::new(
                attribute::SEARCH_QUERY,
                request.query.clone().into_owned(),
            ));
        }
        QueryCapture::Hash => {
            let digest = Sha256::digest(request.query.as_bytes());
            let hash: String = digest[..8]
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            span.set_attribute(KeyValue::new(attribute::SEARCH_QUERY_HASH, hash));
        }
        QueryCapture::Off => {}
    }
}
