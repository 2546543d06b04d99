//! The entry to search: runs the method that was asked for.

use shared::Method;
use shared::semconv::{attribute, span};
use telemetry::{KeyValue, TraceContextExt, fail, in_span};

use super::bm25_search::bm25_search;
use super::hybrid_search::hybrid_search;
use super::tfidf_search::tfidf_search;
use super::{Answer, Library, Request, SearchError};

/// Answers `request` from `library`.
///
/// # Errors
/// The index cannot be read.
pub fn perform_search(library: &Library, request: &Request<'_>) -> Result<Answer, SearchError> {
    in_span(span::PERFORM_SEARCH, |cx| {
        cx.span().set_attribute(KeyValue::new(
            attribute::SEARCH_METHOD,
            request.method.as_str(),
        ));
        let answer = match request.method {
            Method::Tfidf => tfidf_search(library, request),
            Method::Bm25 => bm25_search(library, request),
            Method::Hybrid => hybrid_search(library, request),
        };
        answer.inspect_err(|error| fail(cx, "index", error.to_string()))
    })
}
