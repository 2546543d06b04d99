//! One search from the submit to the painted answer: the root of its trace and the page's spans below it. The
//! functions carry the names of their spans and stand in the order in which they run.

use futures_util::future::join;
use leptos::prelude::*;
use opentelemetry::trace::TraceContextExt;
use opentelemetry::{Context, KeyValue};
use opentelemetry_browser::{fail, in_new_trace, in_span, in_span_async};
use shared::SearchResponse;
use shared::semconv::{attribute, span};
use trace_model::TraceId;
use web_sys::AbortSignal;

use crate::address::Address;
use crate::api::{self, Request};
use crate::capture::question_attributes;
use crate::frame;
use crate::reply::{ApiError, Reply};
use crate::session::Session;
use crate::start_up::watch_start_up;
use crate::state::{Answer, Failure, Question, Shown};

/// A search under way: its question, its place among the searches of this page, and what stops it.
pub(crate) struct Search {
    /// What is searched for.
    pub question: Question,
    /// Grows by one with every search.
    pub number: u64,
    /// Aborted when a newer search starts or the reader leaves.
    pub signal: AbortSignal,
}

/// The trace of a search that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TracedSearch {
    /// Its trace.
    pub trace_id: TraceId,
    /// Whether the trace is recorded at all.
    pub sampled: bool,
}

/// Searches and shows the answer, or why there is none. An aborted search shows nothing.
pub(crate) async fn frontend_search(search: &Search, session: Session) {
    let (traced, on_screen_ns) = in_new_trace(span::FRONTEND_SEARCH, async |cx: Context| {
        let started_ms = now_ms();
        let attributes = question_attributes(&search.question, session.capture());
        cx.span().set_attributes(attributes);
        join(
            update_ui_loading(search, session),
            answer(&cx, search, session),
        )
        .await;
        let on_screen_ns = (now_ms() - started_ms).max(0.0) * 1e6;
        (traced_search(&cx), on_screen_ns as u64)
    })
    .await;
    session
        .state
        .update(|state| state.painted(search.number, on_screen_ns));
    session.show_trace(search, traced);
}

async fn answer(root: &Context, search: &Search, session: Session) {
    let shown = match request(search).await {
        Ok(response) => {
            set(
                root,
                attribute::SEARCH_RESULTS_COUNT,
                response.total_results as i64,
            );
            set(root, attribute::SEARCH_OUTCOME, "answered");
            process_search_results(search, response)
        }
        Err(ApiError::Aborted) => {
            set(root, attribute::SEARCH_OUTCOME, "aborted");
            return;
        }
        Err(error) => {
            set(root, attribute::SEARCH_OUTCOME, "failed");
            fail(root, error.error_type(), error.message());
            if matches!(error, ApiError::Refused { status: 503, .. }) {
                watch_start_up(session);
            }
            handle_search_error(root, &error)
        }
    };
    update_url_params(search, session);
    update_ui_final(search, session, shown).await;
}

async fn request(search: &Search) -> Result<SearchResponse, ApiError> {
    let request = prepare_api_request(search)?;
    let reply = api_request_execute(request, &search.signal).await?;
    parse_response(&reply)
}

/// Runs beside the request, so that waiting for the frame costs the reader nothing.
async fn update_ui_loading(search: &Search, session: Session) {
    in_span_async(span::UPDATE_UI_LOADING, async |_cx: Context| {
        session.state.update(|state| state.begin(search.number));
        frame::next().await;
    })
    .await;
}

fn prepare_api_request(search: &Search) -> Result<Request, ApiError> {
    in_span(span::PREPARE_API_REQUEST, |_cx| {
        api::search_request(&search.question, &search.signal)
    })
}

async fn api_request_execute(request: Request, signal: &AbortSignal) -> Result<Reply, ApiError> {
    in_span_async(span::API_REQUEST_EXECUTE, async |_cx: Context| {
        api::send_traced(request, signal).await
    })
    .await
}

fn parse_response(reply: &Reply) -> Result<SearchResponse, ApiError> {
    in_span(span::PARSE_RESPONSE, |cx| {
        let response = reply.parse::<SearchResponse>()?;
        set(
            cx,
            attribute::SEARCH_RESULTS_COUNT,
            response.total_results as i64,
        );
        Ok(response)
    })
}

fn process_search_results(search: &Search, response: SearchResponse) -> Shown {
    in_span(span::PROCESS_SEARCH_RESULTS, |_cx| {
        Shown::Answer(Answer::new(search.question.clone(), response))
    })
}

fn handle_search_error(root: &Context, error: &ApiError) -> Shown {
    in_span(span::HANDLE_SEARCH_ERROR, |cx| {
        fail(cx, error.error_type(), error.message());
        Shown::Failure(Failure {
            reason: error.reason(),
            trace_id: root.span().span_context().trace_id().to_string(),
        })
    })
}

fn update_url_params(search: &Search, session: Session) {
    in_span(span::UPDATE_URL_PARAMS, |_cx| {
        session.go(Address::Search(search.question.clone()));
    });
}

async fn update_ui_final(search: &Search, session: Session, shown: Shown) {
    in_span_async(span::UPDATE_UI_FINAL, async |_cx: Context| {
        session
            .state
            .update(|state| state.finish(search.number, shown));
        frame::painted().await;
    })
    .await;
}

/// The trace of `root`.
pub(crate) fn traced_search(root: &Context) -> TracedSearch {
    let span = root.span();
    let context = span.span_context();
    TracedSearch {
        trace_id: TraceId(context.trace_id().to_bytes()),
        sampled: context.is_sampled(),
    }
}

fn set(cx: &Context, key: &'static str, value: impl Into<opentelemetry::Value>) {
    cx.span().set_attribute(KeyValue::new(key, value));
}

fn now_ms() -> f64 {
    window().performance().map_or(0.0, |clock| clock.now())
}
