//! `GET /search`: parameters to a question, hits to JSON.

use std::borrow::Cow;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use shared::semconv::{attribute, span};
use shared::{Method, QueryCapture, SearchResponse, UnknownMethod};
use telemetry::{Context, KeyValue, TraceContextExt, fail, in_span};

use super::{ApiError, App};
use crate::search::{FEATURES, Features, MOST_RESULTS, Request, perform_search};

/// Longest query.
const MOST_QUERY_BYTES: usize = 1024;

/// Parameters as they come; numbers are read by [`Parameters::check`], so that what is wrong with them can be said.
#[derive(Deserialize)]
pub(super) struct Parameters {
    /// What to look for.
    q: Option<String>,
    /// How to search, by its wire name.
    method: Option<String>,
    /// Most hits.
    limit: Option<String>,
    /// Score that a hit must exceed.
    threshold: Option<String>,
    /// `5000` for the compatible variant.
    features: Option<String>,
}

pub(super) async fn search(
    State(app): State<Arc<App>>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<SearchResponse>, ApiError> {
    // A search takes microseconds, so it runs here and now: handing it to another thread would take longer.
    search_api(&app, parameters).map(Json)
}

fn search_api(
    app: &App,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<SearchResponse, ApiError> {
    in_span(span::SEARCH_API, |cx| {
        let begin = Instant::now();
        let Query(parameters) =
            parameters.map_err(|_| bad_request("a parameter is given twice or is no text"))?;
        let request = parameters.check()?;
        record(cx, app.capture_query, &request);
        let library = app.library()?;
        let answer = perform_search(library, &request)
            .inspect_err(|error| fail(cx, "index", error.to_string()))?;
        cx.span().set_attributes([
            KeyValue::new(attribute::SEARCH_RESULTS_COUNT, answer.hits.len() as i64),
            KeyValue::new(
                attribute::INDEX_VERSION,
                library.indexes.version().to_owned(),
            ),
        ]);
        Ok(SearchResponse {
            query: request.query.to_owned(),
            method: request.method,
            total_results: answer.hits.len(),
            total_matches: answer.total_matches,
            took_us: begin.elapsed().as_micros().try_into().unwrap_or(u64::MAX),
            results: answer.hits,
            unknown_words: answer.unknown_words,
            suggestions: answer.suggestions,
            dropped_words: answer.dropped_words,
            hints: Vec::new(),
        })
    })
}

impl Parameters {
    fn check(&self) -> Result<Request<'_>, ApiError> {
        let query = self.q.as_deref().unwrap_or_default();
        if query.len() > MOST_QUERY_BYTES {
            return Err(ApiError::QueryTooLong(MOST_QUERY_BYTES));
        }
        if query
            .chars()
            .all(|character| character.is_whitespace() || character.is_control())
        {
            return Err(bad_request(
                "q is missing or blank: say what to look for, such as q=love",
            ));
        }
        let method = self
            .method
            .as_deref()
            .unwrap_or(Method::default().as_str())
            .parse();
        let features = match self.features.as_deref() {
            None => Features::All,
            Some(number) if number.parse() == Ok(FEATURES) => Features::MostFrequent,
            Some(_) => {
                return Err(bad_request(format!(
                    "features: allowed is {FEATURES}, or nothing for all"
                )));
            }
        };
        let limit = || format!("limit: allowed is a whole number from 1 to {MOST_RESULTS}");
        let threshold = || "threshold: allowed is a number from 0 to 1".to_owned();
        Ok(Request {
            query,
            method: method.map_err(|error: UnknownMethod| bad_request(error.to_string()))?,
            features,
            limit: number(
                self.limit.as_deref(),
                |limit| (1..=MOST_RESULTS).contains(limit),
                limit,
            )?
            .unwrap_or(MOST_RESULTS),
            threshold: number(
                self.threshold.as_deref(),
                |score| (0.0..=1.0).contains(score),
                threshold,
            )?,
        })
    }
}

fn number<N: FromStr>(
    text: Option<&str>,
    is_allowed: impl FnOnce(&N) -> bool,
    complaint: impl FnOnce() -> String,
) -> Result<Option<N>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    let number = text.parse().ok().filter(is_allowed);
    number.map(Some).ok_or_else(|| bad_request(complaint()))
}

fn bad_request(detail: impl Into<Cow<'static, str>>) -> ApiError {
    ApiError::BadRequest(detail.into())
}

/// What the span says of the question. Search text is user data, so how much of it is a setting.
fn record(cx: &Context, capture: QueryCapture, request: &Request<'_>) {
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
                request.query.to_owned(),
            ));
        }
        QueryCapture::Hash => {
            let digest = Sha256::digest(request.query);
            let hash: String = digest[..8]
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            span.set_attribute(KeyValue::new(attribute::SEARCH_QUERY_HASH, hash));
        }
        QueryCapture::Off => {}
    }
}
